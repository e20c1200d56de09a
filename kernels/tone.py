"""Tone: scene-linear light becomes a picture for a display."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._spaces import encode, is_encoded
from tenbit.kernels._stage import Constants, Prepared, Stage, Step, param, point
from tenbit.kernels.errors import StageError

GREY = 0.18
# Cells of a table over √value of 0 … 1: off by less than a quarter of a code value at 16 bits (a test holds that).
CELLS = 4096.0
_TINY = 1e-20


@dataclass(frozen=True)
class Parameters:
    """Map scene light to display light with a filmic curve, bring colours into the space, encode for the display."""

    curve: Literal["filmic", "linear"] = param(
        "filmic", "filmic: an S with soft highlights, middle grey kept; linear: cut off at 0 and 1, only encoded."
    )
    exposure_ev: float = param(0.0, "Stops brighter before the curve.", unit="EV", low=-10, high=10)
    contrast: float = param(
        1.4, "filmic: slope at middle grey, display stops per scene stop.", unit="stops per stop", low=1, high=3
    )
    white_ev: float = param(
        3.2,
        "filmic: what is this far above middle grey becomes white; the sensor clips at 2.5.",
        unit="EV",
        low=2.5,
        high=8,
    )
    toe_ev: float = param(
        4.0, "filmic: deeper than this below middle grey, shadows are not deepened further.", unit="EV", low=0, high=10
    )


def at_root(table, value):
    """A table over √value of 0 … 1 at a value, between its entries; values outside are taken as 0 or 1."""
    inside = value if value > 0.0 else 0.0
    inside = inside if inside < 1.0 else 1.0
    position = f32(math.sqrt(inside)) * CELLS
    cell = int(position)
    low = table[cell]
    return low + (table[cell + 1] - low) * (position - f32(cell))


def share_of_white(light, white_share):
    """Scene light as 0 … 1, 1 at white: even steps of its root are fine in the dark and follow the curve's shoulder."""
    seen = max(light, 0.0)
    return white_share * (seen / (seen + GREY))


def filmic(red, green, blue, k):
    """One pixel: the largest and the smallest channel through the curve, the third where it was between them.

    ``top − output = pull · (top' − input)`` with the same pull for all three, so that order and ratio of the
    differences stay: the hue of HSV. A channel below 0 (a colour outside the space) becomes 0 with the others drawn in.
    What is brighter than white fades to white.
    """
    r, g, b = red * k.gain, green * k.gain, blue * k.gain
    largest = max(max(r, g), b)
    smallest = min(min(r, g), b)
    top = at_root(k.curve, share_of_white(largest, k.white_share))
    floor = at_root(k.curve, share_of_white(smallest, k.white_share))
    excess = max(largest * k.per_white - 1.0, 0.0)
    pull = (top - floor) / ((1.0 + excess * excess) * max(largest - smallest, _TINY))
    return top - pull * (largest - r), top - pull * (largest - g), top - pull * (largest - b)


def clipped(red, green, blue, k):
    """One pixel, each channel cut off at 0 and 1."""
    return (
        min(max(red * k.gain, 0.0), 1.0),
        min(max(green * k.gain, 0.0), 1.0),
        min(max(blue * k.gain, 0.0), 1.0),
    )


def encoded(red, green, blue, k):
    """One pixel through the space's own curve."""
    return at_root(k.code, red), at_root(k.code, green), at_root(k.code, blue)


def filmic_curve(light: Array, *, contrast: float, white_ev: float, toe_ev: float) -> Array:
    """Display light of 0 … 1 for scene light of 0 … ``0.18 · 2**white_ev``.

    Notes
    -----
    Ours, after the logistic of film's density against log exposure: with r = light / 0.18 and t = 2**−toe_ev,
    ``u = r ((r + t) / (1 + t))**(power − 1)`` and ``display = (1 + a / u(white)) u / (u + a)``. a and power follow from
    three wishes: 0.18 stays 0.18, white becomes 1, and the slope in stops at 0.18 is ``contrast``.
    """
    toe = 2.0**-toe_ev
    white = 2.0**white_ev

    def raised(r: Array, power: float) -> Array:
        u: Array = r * ((r + toe) / (1.0 + toe)) ** (power - 1.0)
        return u

    def shape(power: float) -> float:
        return (1.0 - GREY) / (GREY - 1.0 / float(raised(np.array(white), power)))

    # The slope at grey rises with the power; below the lowest power, white is not reached.
    low = 1.0 - math.log(white * GREY) / math.log((white + toe) / (1.0 + toe)) + 1e-9
    high = 20.0
    for _ in range(60):
        power = 0.5 * (low + high)
        a = shape(power)
        slope = (1.0 + (power - 1.0) / (1.0 + toe)) * a / (1.0 + a)
        low, high = (power, high) if slope < contrast else (low, power)
    a = shape(power)
    u = raised(np.asarray(light, np.float64) / GREY, power)
    curve: Array = (1.0 + a / raised(np.array(white), power)) * u / (u + a)
    return curve


def tabulated(values: Array) -> Array:
    """A table for `at_root`: the values at (n / CELLS)², and the last one again."""
    return np.append(values, values[-1])


def roots() -> Array:
    """Where a table for `at_root` has its entries, 0 … 1."""
    places: Array = (np.arange(CELLS + 1.0) / CELLS) ** 2
    return places


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The curve as a table, and the space's own curve as another.

    Raises
    ------
    StageError
        If the samples still hold their black level.
    """
    if not facts.is_signal:
        raise StageError("tone: the samples are counts above a black level; put black_level before it")
    notes = ("no colour before it: camera colours are shown as they are",) if facts.space == "camera" else ()
    gain = 2.0**parameters.exposure_ev
    steps: list[Step] = []
    constants: Constants = {"gain": gain}
    if parameters.curve == "filmic":
        white = GREY * 2.0**parameters.white_ev
        white_share = (white + GREY) / white
        shares = roots() / white_share
        shape = {"contrast": parameters.contrast, "white_ev": parameters.white_ev, "toe_ev": parameters.toe_ev}
        curve = tabulated(filmic_curve(GREY * shares / (1.0 - shares), **shape))
        constants = {**constants, "per_white": 1.0 / white, "white_share": white_share, "curve": curve}
        steps.append(point("tone", filmic, facts, constants=constants))
    else:
        steps.append(point("tone", clipped, facts, constants=constants))
    if is_encoded(facts.space):
        code = tabulated(encode(facts.space, roots()))
        steps.append(point("tone.encode", encoded, facts, constants={"code": code}))
    return Prepared(dataclasses.replace(facts, state="display"), tuple(steps), notes=notes)


STAGE = Stage("tone", Parameters, ("linear",), prepare)
