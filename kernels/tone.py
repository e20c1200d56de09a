"""Tone: scene-linear light becomes a picture for a display."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._facts import Facts
from tenbit.kernels._spaces import KNEES, encode, is_encoded
from tenbit.kernels._stage import Constants, Prepared, Stage, Step, param, point, require_signal

GREY = 0.18
_TINY = 1e-20
# Light this far above grey is white however far: keeps what is infinite out of the arithmetic.
_MOST = 1e6
# Degrees above and below the bar of the quotient that encodes, and the power of light in which its points are spread.
_ABOVE, _BELOW = 6, 5
_SPREAD = 0.08


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


def bent(greys, toe, white):
    """``u`` of `film_constants`, for scene light in units of middle grey."""
    inside = greys if greys > 0.0 else 0.0
    inside = inside if inside < white else white
    lifted = inside + toe
    return inside * lifted * lifted


def filmic(red, green, blue, k):
    """One pixel: the largest and the smallest channel through the curve, the third where it was between them.

    ``output − top = pull · (top' − input)`` with the same pull, below 0, for all three, so that order and ratio of the
    differences stay: the hue of HSV. A channel below 0 (a colour outside the space) becomes 0 with the others drawn in.
    What is brighter than white fades to white. The three quotients share one division, over the product of what stands
    below their bars.
    """
    r, g, b = min(red * k.greys, _MOST), min(green * k.greys, _MOST), min(blue * k.greys, _MOST)
    largest = max(max(r, g), b)
    smallest = min(min(r, g), b)
    high, low = bent(largest, k.toe, k.white), bent(smallest, k.toe, k.white)
    under_high, under_low = high + k.half, low + k.half
    excess = max(fma(largest, k.per_white, -1.0), 0.0)
    under_pull = fma(excess, excess, 1.0) * max(largest - smallest, _TINY)
    share = k.top / (under_high * under_low * under_pull)
    top = high * (under_low * under_pull) * share
    pull = fma(low, under_high, -(high * under_low)) * share
    return fma(pull, largest - r, top), fma(pull, largest - g, top), fma(pull, largest - b, top)


def clipped(red, green, blue, k):
    """One pixel, each channel cut off at 0 and 1."""
    return (
        min(max(red * k.gain, 0.0), 1.0),
        min(max(green * k.gain, 0.0), 1.0),
        min(max(blue * k.gain, 0.0), 1.0),
    )


def above(x, k0, k1, k2, k3, k4, k5, k6):
    """What stands above the bar of `encoded`."""
    return fma(x, fma(x, fma(x, fma(x, fma(x, fma(x, k6, k5), k4), k3), k2), k1), k0)


def below(x, k1, k2, k3, k4, k5):
    """What stands below the bar of `encoded`."""
    return fma(x, fma(x, fma(x, fma(x, fma(x, k5, k4), k3), k2), k1), 1.0)


def inside(light):
    """Light held inside 0 … 1; what is no number becomes 0."""
    lit = light if light > 0.0 else 0.0
    return lit if lit < 1.0 else 1.0


def code_of(light, curved, knee, slope):
    """A line below the knee, the curve above it."""
    code = curved if light > knee else light * slope
    return code if code < 1.0 else 1.0


def encoded(red, green, blue, k):
    """One pixel through the space's own curve, a quotient of polynomials; the three share one division."""
    r, g, b = inside(red), inside(green), inside(blue)
    r_above = above(r, k.a0, k.a1, k.a2, k.a3, k.a4, k.a5, k.a6)
    g_above = above(g, k.a0, k.a1, k.a2, k.a3, k.a4, k.a5, k.a6)
    b_above = above(b, k.a0, k.a1, k.a2, k.a3, k.a4, k.a5, k.a6)
    r_below = below(r, k.b1, k.b2, k.b3, k.b4, k.b5)
    g_below = below(g, k.b1, k.b2, k.b3, k.b4, k.b5)
    b_below = below(b, k.b1, k.b2, k.b3, k.b4, k.b5)
    rg = r_below * g_below
    share = 1.0 / (rg * b_below)
    return (
        code_of(r, r_above * (g_below * b_below) * share, k.knee, k.slope),
        code_of(g, g_above * (r_below * b_below) * share, k.knee, k.slope),
        code_of(b, b_above * rg * share, k.knee, k.slope),
    )


def film_constants(*, contrast: float, white_ev: float) -> dict[str, float]:
    """What `bent` and `filmic` need: ``toe``, ``half``, ``top``, and ``white`` in units of middle grey.

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


@cache
def code_constants(space: str) -> Constants:
    """What `encoded` needs for a space's curve: ``a0`` … ``a6``, ``b1`` … ``b5``, ``knee`` and ``slope``.

    Notes
    -----
    No table: a loop that looks something up is not vectorised. No roots: two square roots a channel took 0.67 ns a
    pixel of one core of an EPYC 9005. The quotient meets the curve at 12 points, spread so that its largest error is
    nearly the least possible: 0.15 code values at 16 bits for sRGB, 0.02 for BT.2020. Powers between 0 and 1 are what
    quotients of polynomials follow well (Newman 1964, "Rational approximation to |x|").
    """
    knee = KNEES[space]
    ends = knee**_SPREAD, 1.0
    points = np.polynomial.chebyshev.chebpts1(_ABOVE + _BELOW + 1)
    light = (sum(ends) / 2 + (ends[1] - ends[0]) / 2 * points) ** (1 / _SPREAD)
    code = encode(space, light)
    above_bar, below_bar = light[:, None] ** np.arange(_ABOVE + 1), light[:, None] ** np.arange(1, _BELOW + 1)
    system = np.hstack([above_bar, -code[:, None] * below_bar])
    scale = np.abs(system).max(axis=0)
    solved = (np.linalg.solve(system / scale, code) / scale).tolist()
    slope = float(encode(space, 0.5 * knee)) / (0.5 * knee)
    named = {f"a{n}": v for n, v in enumerate(solved[: _ABOVE + 1])}
    named |= {f"b{n}": v for n, v in enumerate(solved[_ABOVE + 1 :], 1)}
    return {"knee": knee, "slope": slope, **named}


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
