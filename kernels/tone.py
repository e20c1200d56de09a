"""Tone: scene-linear light becomes a picture for a display."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._facts import Facts
from tenbit.kernels._spaces import KNEES, encode, is_encoded
from tenbit.kernels._stage import Constants, Prepared, Stage, Step, param, point, require_signal

GREY = 0.18
_TINY = 1e-20
# Light this far above grey is white however far: keeps what is infinite out of the arithmetic.
_MOST = 1e6


@dataclass(frozen=True)
class Parameters:
    """Map scene light to display light with a filmic curve, bring colours into the space, encode for the display."""

    curve: Literal["filmic", "linear"] = param(
        "filmic", "filmic: an S with soft highlights, middle grey kept; linear: cut off at 0 and 1, only encoded."
    )
    exposure_ev: float = param(0.0, "Stops brighter before the curve.", unit="EV", low=-10, high=10)
    contrast: float = param(
        1.45, "filmic: slope at middle grey, display stops per scene stop.", unit="stops per stop", low=1, high=2.4
    )
    white_ev: float = param(
        3.2,
        "filmic: what is this far above middle grey becomes white; without exposure the sensor clips at 2.5.",
        unit="EV",
        low=2.5,
        high=8,
    )


def film(greys, toe, half, top, white):
    """Display light for scene light in units of middle grey: see `film_constants`."""
    inside = greys if greys > 0.0 else 0.0
    inside = inside if inside < white else white
    bent = inside + toe
    u = inside * bent * bent
    return top * u / (u + half)


def filmic(red, green, blue, k):
    """One pixel: the largest and the smallest channel through the curve, the third where it was between them.

    ``top − output = pull · (top' − input)`` with the same pull for all three, so that order and ratio of the
    differences stay: the hue of HSV. A channel below 0 (a colour outside the space) becomes 0 with the others drawn in.
    What is brighter than white fades to white.
    """
    r, g, b = min(red * k.greys, _MOST), min(green * k.greys, _MOST), min(blue * k.greys, _MOST)
    largest = max(max(r, g), b)
    smallest = min(min(r, g), b)
    top = film(largest, k.toe, k.half, k.top, k.white)
    floor = film(smallest, k.toe, k.half, k.top, k.white)
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


def code_of(light, knee, slope, c0, c1, c2, c3, c4, c5, c6):
    """One channel encoded: a line below the knee, a polynomial in the fourth root of the light above it."""
    inside = light if light > 0.0 else 0.0
    root = f32(math.sqrt(f32(math.sqrt(inside))))
    curved = c0 + root * (c1 + root * (c2 + root * (c3 + root * (c4 + root * (c5 + root * c6)))))
    code = curved if inside > knee else inside * slope
    return code if code < 1.0 else 1.0


def encoded(red, green, blue, k):
    """One pixel through the space's own curve."""
    return (
        code_of(red, k.knee, k.slope, k.c0, k.c1, k.c2, k.c3, k.c4, k.c5, k.c6),
        code_of(green, k.knee, k.slope, k.c0, k.c1, k.c2, k.c3, k.c4, k.c5, k.c6),
        code_of(blue, k.knee, k.slope, k.c0, k.c1, k.c2, k.c3, k.c4, k.c5, k.c6),
    )


def film_constants(*, contrast: float, white_ev: float) -> dict[str, float]:
    """What `film` needs: ``toe``, ``half``, ``top``, and ``white`` in units of middle grey.

    Notes
    -----
    Ours: the sigmoid of film's density over log exposure in plain arithmetic. With r = light / 0.18 and
    ``u = r (r + toe)**2``, ``display = top u / (u + half)``: shadows run into a straight line, highlights bend into
    white. The three constants follow from three wishes: 0.18 stays 0.18, white becomes 1, and at 0.18 the slope in
    display stops per scene stop is ``contrast``.
    """
    white = 2.0**white_ev

    def others(toe: float) -> tuple[float, float, float]:
        """half, top, and the slope at grey."""
        at_grey, at_white = (1.0 + toe) ** 2, white * (white + toe) ** 2
        half = at_grey * (1.0 - GREY) / (GREY - at_grey / at_white)
        return half, 1.0 + half / at_white, (1.0 + 2.0 / (1.0 + toe)) * half / (at_grey + half)

    low, high = -20.0, 20.0
    for _ in range(60):  # The slope falls as the toe, here its logarithm, grows.
        middle = 0.5 * (low + high)
        low, high = (middle, high) if others(2.0**middle)[2] > contrast else (low, middle)
    toe = 2.0 ** (0.5 * (low + high))
    half, top, _ = others(toe)
    return {"toe": toe, "half": half, "top": top, "white": white}


def code_constants(space: str) -> Constants:
    """What `code_of` needs for a space's curve.

    A polynomial and no table: a loop that looks something up is not vectorised (one core of an EPYC, three channels,
    stored as 8 bits: 110 MP/s with tables, 600 so). Of degree 6 and in float32 it is within 0.12 code values at 16 bits
    for sRGB, 0.03 for BT.2020.
    """
    knee = KNEES[space]
    lowest = knee**0.25
    fit = np.polynomial.Chebyshev.interpolate(lambda root: encode(space, root**4), 6, domain=[lowest, 1.0])
    coefficients = fit.convert(kind=np.polynomial.Polynomial).coef
    slope = float(encode(space, 0.5 * knee)) / (0.5 * knee)
    return {"knee": knee, "slope": slope} | {f"c{n}": float(c) for n, c in enumerate(coefficients)}


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The constants of the curve, and of the space's own curve.

    Raises
    ------
    StageError
        If the samples still hold their black level.
    """
    require_signal("tone", facts)
    notes = ("no colour before it: camera colours are shown as they are",) if facts.space == "camera" else ()
    gain = 2.0**parameters.exposure_ev
    steps: list[Step] = []
    if parameters.curve == "filmic":
        shape = film_constants(contrast=parameters.contrast, white_ev=parameters.white_ev)
        shape |= {"greys": gain / GREY, "per_white": 1.0 / shape["white"]}
        steps.append(point("tone", filmic, facts, constants=shape))
    else:
        steps.append(point("tone", clipped, facts, constants={"gain": gain}))
    if is_encoded(facts.space):
        steps.append(point("tone.encode", encoded, facts, constants=code_constants(facts.space)))
    return Prepared(dataclasses.replace(facts, state="display"), tuple(steps), notes=notes)


STAGE = Stage("tone", Parameters, ("linear",), prepare)
