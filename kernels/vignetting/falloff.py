"""Gains of radius: bodies that multiply by them, and a law of light turned into their numbers.

Two forms. Where a law is a quotient of polynomials in r² its terms are used as they are. Else (points of a table, a
part of a law) the gain is two to the power of a cubic spline in r, which is no table: each of its knots adds a power of
what r is beyond it, so that the CPU's loop has neither branches nor look-ups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
from numpy import float32 as f32

from tenbit.kernels import _laws
from tenbit.kernels._arithmetic import fma
from tenbit.kernels._facts import Facts
from tenbit.kernels._optics import Law
from tenbit.kernels._stage import PLANES, Access, Body, Step, point
from tenbit.kernels.errors import StageError

# Where samples are cut off that may become as large as they will.
UNBOUNDED = 3e38
# Samples above this share of white count as clipped: half a step of 10 bits below it.
FULL = 0.9995
# Knots of the spline between axis and corner: points of the tables that are known, and seven that lie evenly follow
# the square root of any shipped law to 1e-5 EV.
KNOTS = 7
# What no lens takes, and as much as `power_of_two` can give back.
DARKEST = 2.0**-8
_POINTS = 1025
# The side plane that hands a pixel's gain on.
GAIN = "vignetting_gain"
# 2 ** y for y of −1 … 1, less 1: minimax in float64.
E1, E2, E3, E4, E5, E6 = 0.693148313, 0.240224739, 0.0554926566, 0.00962316414, 0.00135870147, 0.000151899343
Radii = npt.NDArray[np.float64]


class DarkError(StageError):
    """A law leaves no light somewhere in the picture: nothing can be given back there."""


@dataclass(frozen=True)
class Place:
    """Where a law holds.

    Parameters
    ----------
    centre : tuple of float
        (row, col) of its axis, from the centre of pixel (0, 0).
    valid_px : float
        Radius that it is known to; farther out the gain stays what it is there.
    """

    centre: tuple[float, float]
    valid_px: float = float("inf")


@dataclass(frozen=True)
class Lifting:
    """Steps that undo a fall-off, and what they do.

    Parameters
    ----------
    steps : tuple of Step
    mean : float
        Gain, over the frame.
    corner_ev : float
        Gain at the pixel farthest from the axis.
    residual_ev : float
        Largest difference between the law and what the body makes of it.
    """

    steps: tuple[Step, ...]
    mean: float
    corner_ev: float
    residual_ev: float


def square_at(row, col, centre_row, centre_col, per_square):
    """The square of a pixel's radius, 1 at the farthest that the law is known to and held there."""
    down, right = f32(row) - centre_row, f32(col) - centre_col
    return min(fma(down, down, right * right) * per_square, 1.0)


def cut_off(value, gain, high, full):
    """A value times a gain, at most ``high``; one that was clipped stays so, whatever the gain."""
    lifted = min(value * gain, high)
    return max(lifted, min(value, high)) if value >= full else lifted


def quotient(square, g1, g2, g3, g4, g5, l1, l2, l3):
    """The gain (1 + g1 r² + … + g5 r¹⁰) / (1 + l1 r² + l2 r⁴ + l3 r⁶)."""
    over = fma(square, fma(square, fma(square, fma(square, fma(square, g5, g4), g3), g2), g1), 1.0)
    return over / fma(square, fma(square, fma(square, l3, l2), l1), 1.0)


def power_of_two(ev):
    """Two to the power of −8 … 8: the eighth power of a polynomial, 1.3e-7 off at most before it is raised."""
    y = ev * 0.125
    odd = fma(y, fma(y, fma(y, E6, E5), E4), E3)
    root = fma(y, fma(y, fma(y, odd, E2), E1), 1.0)
    root = root * root
    root = root * root
    return root * root


def beyond(r, knot, first, second, third):
    """What one knot of the spline adds at ``r``: beyond it, another cubic."""
    far = max(r - knot, 0.0)
    return far * fma(far, fma(far, third, second), first)


def by_quotient(plane, k, row, col):
    """The gain at one pixel, by a quotient."""
    square = square_at(row, col, k.centre_row, k.centre_col, k.per_square)
    return quotient(square, k.g1, k.g2, k.g3, k.g4, k.g5, k.l1, k.l2, k.l3)


def by_spline(plane, k, row, col):
    """The gain at one pixel, by a spline."""
    r = f32(math.sqrt(square_at(row, col, k.centre_row, k.centre_col, k.per_square)))
    ev = fma(r, fma(r, fma(r, k.e3, k.e2), k.e1), k.e0)
    ev = ev + beyond(r, k.at0, k.a0, k.b0, k.c0) + beyond(r, k.at1, k.a1, k.b1, k.c1)
    ev = ev + beyond(r, k.at2, k.a2, k.b2, k.c2) + beyond(r, k.at3, k.a3, k.b3, k.c3)
    ev = ev + beyond(r, k.at4, k.a4, k.b4, k.c4) + beyond(r, k.at5, k.a5, k.b5, k.c5)
    return power_of_two(ev + beyond(r, k.at6, k.a6, k.b6, k.c6))


def lifted(mosaic, gain, k):
    """One sample of a mosaic."""
    return cut_off(mosaic, gain, k.high, k.full)


def lifted_planes(red, green, blue, gain, k):
    """One pixel of three planes."""
    return cut_off(red, gain, k.high, k.full), cut_off(green, gain, k.high, k.full), cut_off(blue, gain, k.high, k.full)


def lifting(name: str, law: Law, facts: Facts, place: Place, *, strength: float = 1.0) -> Lifting:
    """The steps that undo a law of light.

    Parameters
    ----------
    name : str
        The stage's.
    law : Law
        Of the light that is left, its unit in pixels.
    facts : Facts
    place : Place
    strength : float
        Part of the stops that are given back.

    Raises
    ------
    DarkError
        If the law leaves no light somewhere in the picture.
    """
    far = farthest(facts, place)
    reach = min(far, place.valid_px)
    radii = np.linspace(0.0, reach, _POINTS)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = _laws.light(law, radii)
        is_dark = ~(np.isfinite(left) & (left >= DARKEST))
    if is_dark.any():
        at = radii[is_dark][0] / (np.hypot(facts.rows, facts.cols) / 2)
        raise DarkError(f"no light is left at radius {at:.3f}, inside the picture (1 is the corner)")
    ev = -strength * np.log2(left)
    terms = _quotient(law, reach) if strength == 1.0 else None
    body = by_quotient
    if terms is None:
        body, terms = by_spline, _spline(law, radii, ev)
    constants = {
        "centre_row": place.centre[0],
        "centre_col": place.centre[1],
        "per_square": 1.0 / max(reach, 1e-6) ** 2,
    }
    planes = PLANES[facts.state]
    limits = {"high": UNBOUNDED, "full": UNBOUNDED}
    if facts.exposure_ev == 0.0 and (facts.is_clipped or not facts.is_balanced):
        limits = {"high": 1.0, "full": FULL}
    steps = (
        Step(f"{name}.gain", Access.POINT, body, planes[:1], (GAIN,), constants | terms),
        point(name, lifted if facts.state == "mosaic" else lifted_planes, facts, constants=limits, also_reads=(GAIN,)),
    )
    rows, cols = ((np.arange(33) + 0.5) / 33 * side - 0.5 for side in (facts.rows, facts.cols))
    grid = np.hypot(rows[:, None] - place.centre[0], cols - place.centre[1])
    mean = float(np.exp2(np.interp(grid, radii, ev)).mean())
    return Lifting(steps, mean, float(ev[-1]), _residual(body, terms, radii / max(reach, 1e-6), ev))


def farthest(facts: Facts, place: Place) -> float:
    """Pixels from the axis to the farthest pixel of the frame."""
    down = max(place.centre[0], facts.rows - 1 - place.centre[0])
    right = max(place.centre[1], facts.cols - 1 - place.centre[1])
    return float(np.hypot(down, right))


def _quotient(law: Law, reach: float) -> dict[str, float] | None:
    """Terms of a law that is a quotient of polynomials, of radii that are 1 at ``reach``; None of another."""
    over, under = [0.0] * 5, [0.0] * 3
    if law.model == "pa":
        under[: len(law.terms)] = law.terms
    elif law.model == "gain":
        over[: len(law.terms)] = law.terms
    elif law.model == "cos4":
        over[:2] = 2.0, 1.0
    else:
        return None
    square = (reach / law.unit_mm) ** 2
    terms = {f"g{n}": term * square**n for n, term in enumerate(over, 1)}
    return terms | {f"l{n}": term * square**n for n, term in enumerate(under, 1)}


def _spline(law: Law, radii: Radii, ev: Radii) -> dict[str, float]:
    """Terms of the cubic spline that is nearest to EV at radii, the last of which counts as 1."""
    r, inner = radii / max(radii[-1], 1e-6), np.linspace(0, 1, KNOTS + 2)[1:-1]
    if law.model == "table":
        known = np.array(law.terms[0::2]) * law.unit_mm / max(radii[-1], 1e-6)
        known = known[(known > 1e-3) & (known < 0.999)]
        if known.size <= KNOTS:
            # A knot at the corner adds nothing.
            inner = np.concatenate([known, np.ones(KNOTS - known.size)])
    basis = np.stack(
        [*(r**n for n in range(4)), *(np.maximum(r - at, 0.0) ** n for n in (1, 2, 3) for at in inner)], axis=1
    )
    found = np.linalg.lstsq(basis, ev, rcond=None)[0].tolist()
    terms = {f"e{n}": found[n] for n in range(4)}
    terms |= {f"at{n}": float(at) for n, at in enumerate(inner)}
    for name, first in zip("abc", range(4, 4 + 3 * KNOTS, KNOTS), strict=True):
        terms |= {f"{name}{n}": found[first + n] for n in range(KNOTS)}
    return terms


def _residual(body: Body, terms: dict[str, float], r: Radii, ev: Radii) -> float:
    """The largest difference in EV between a law at radii, 1 at the farthest, and its body."""
    k = SimpleNamespace(
        centre_row=f32(0), centre_col=f32(0), per_square=f32(1), **{n: f32(v) for n, v in terms.items()}
    )
    every = slice(None, None, 16)
    made = [float(body(None, k, 0, at)) for at in r[every].astype(np.float32)]
    return float(np.abs(np.log2(made) - ev[every]).max())
