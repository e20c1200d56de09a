"""Formulas of radius: distortion, lateral colour and fall-off, in float64 on arrays of radii in millimetres.

The only home of these formulas: stages turn them into numbers of their bodies; profiles are fitted, drawn and
converted by them. Sources: lensfun 0.3's and Hugin's models by their documentation; D. C. Brown, "Close-range camera
calibration", Photogrammetric Engineering 37 (1971); J. Kannala, S. S. Brandt, "A generic camera model and calibration
method for conventional, wide-angle, and fish-eye lenses", PAMI 28 (2006), as OpenCV has it; Adobe, DNG 1.6, chapter 7.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tenbit.kernels._optics import Law
from tenbit.kernels.errors import StageError

Radii = npt.NDArray[np.float64]
DISTORTIONS = (
    "even",
    "poly3",
    "poly5",
    "ptlens",
    "acm",
    "fisheye",
    "warp_rectilinear",
    "warp_rectilinear_2",
    "warp_fisheye",
)
COLOURS = ("poly3", "acm")
LIGHTS = ("pa", "gain", "table", "cos4")
_MOST = {"even": 3, "poly3": 1, "poly5": 2, "ptlens": 3, "acm": 5, "fisheye": 4, "warp_rectilinear": 6}
_MOST |= {"warp_rectilinear_2": 20, "warp_fisheye": 4}
_OF_ANGLES = ("fisheye", "warp_fisheye")
# Newton steps inside a bracket that is halved where they leave it: more than float64 can use.
_STEPS = 80
_INFINITY = float("inf")


def terms(law: Law, count: int | None = None) -> tuple[float, ...]:
    """The terms of a law of distortion, those that are missing at the end as 0.

    Raises
    ------
    StageError
        If there are too many, or the model is not known.
    """
    if law.model not in _MOST and count is None:
        raise StageError(f"{law.model!r} is no model of distortion; there are {', '.join(DISTORTIONS)}")
    wanted = _MOST[law.model] if count is None else count
    if len(law.terms) > wanted:
        raise StageError(f"{law.model} has {wanted} terms at most, not {len(law.terms)}")
    return (*law.terms, *(0.0,) * (wanted - len(law.terms)))


def powers(law: Law) -> Radii:
    """Coefficients c of a law of distortion, ``Rd / Ru = c0 + c1 r + c2 r² …``.

    ``r`` is the ideal radius in the law's unit. Of a fisheye it is θ = atan r instead, and the polynomial ``Rd / θ``;
    of a ``warp_rectilinear_2`` by reciprocals it is ``Ru / Rd``.
    """
    k = terms(law)
    if law.model == "poly3":
        return np.array([1 - k[0], 0.0, k[0]])
    if law.model == "ptlens":
        return np.array([1 - sum(k), k[2], k[1], k[0]])
    if law.model == "warp_rectilinear_2":
        return np.array(k[:15])
    radial = k[:4] if law.model.startswith("warp") else (1.0, *(k[:3] if law.model == "acm" else k))
    out = np.zeros(2 * len(radial) - 1)
    out[::2] = radial
    return out


def is_of_angles(law: Law) -> bool:
    """Whether its polynomial is of the angle, not of the radius."""
    return law.model in _OF_ANGLES


def is_reciprocal(law: Law) -> bool:
    """Whether its polynomial is what the ideal radius is divided by."""
    return law.model == "warp_rectilinear_2" and terms(law)[19] != 0


def span(law: Law) -> tuple[float, float]:
    """Ideal radii in its unit outside of which a law's own ratio stays as it is there; mostly 0 and infinity."""
    if law.model != "warp_rectilinear_2":
        return 0.0, _INFINITY
    low, high = terms(law)[17:19]
    return max(low, 0.0), high if high > max(low, 0.0) else _INFINITY


def ratio(law: Law, radius_mm: npt.ArrayLike, valid_mm: float = _INFINITY) -> Radii:
    """Rd / Ru: how much farther out than it should the light of an ideal point lands, tangential terms left aside.

    Parameters
    ----------
    law : Law
        Of distortion.
    radius_mm : array
        Ideal radii Ru on the sensor, of any shape.
    valid_mm : float
        Radius up to which the law is known; farther out the displacement, in mm, stays what it is there.
    """
    radius = np.asarray(radius_mm, np.float64)
    inside = np.minimum(radius, valid_mm)
    found = _ratio(law, inside / law.unit_mm)
    return _held(found, radius, inside)


def tangential(law: Law) -> tuple[float, float]:
    """(down, right): terms of displacements that are not along the radius, per mm.

    The point (v, h) mm down and right of the axis moves on by ``down (r² + 2 v²) + 2 right v h`` down and
    ``right (r² + 2 h²) + 2 down v h`` to the right (Brown 1971).
    """
    k = terms(law)
    if law.model == "acm":
        return k[3] / law.unit_mm, k[4] / law.unit_mm
    if law.model == "warp_rectilinear":
        return k[4] / law.unit_mm, k[5] / law.unit_mm
    if law.model == "warp_rectilinear_2":
        return k[15] / law.unit_mm, k[16] / law.unit_mm
    return 0.0, 0.0


def colour_ratio(law: Law, rd_mm: npt.ArrayLike, valid_mm: float = _INFINITY) -> Radii:
    """Radius of red or blue over that of green, which lands at ``rd_mm``.

    Parameters
    ----------
    law : Law
        Of a colour beside green.
    rd_mm : array
        Distorted radii of green on the sensor.
    valid_mm : float
        As in `ratio`.
    """
    radius = np.asarray(rd_mm, np.float64)
    inside = np.minimum(radius, valid_mm)
    r = inside / law.unit_mm
    if law.model == "poly3":
        v, c, b = terms(law, 3)
        return _held(v + r * (c + r * b), radius, inside)
    if law.model != "acm":
        raise StageError(f"{law.model!r} is no model of lateral colour; there are {', '.join(COLOURS)}")
    scale, k1, k2, k3, _, _ = terms(law, 6)
    square = r * r
    return _held(scale * (1 + square * (k1 + square * (k2 + square * k3))), radius, inside)


def colour_tangential(law: Law) -> tuple[float, float]:
    """As `tangential`, of a colour beside green: from where green lands."""
    if law.model != "acm":
        return 0.0, 0.0
    scale, _, _, _, down, right = terms(law, 6)
    return scale * down / law.unit_mm, scale * right / law.unit_mm


def light(law: Law, radius_mm: npt.ArrayLike, valid_mm: float = _INFINITY) -> Radii:
    """The light that is left, 1 at the axis of most laws; not above 0 where the law is broken.

    Parameters
    ----------
    law : Law
        Of fall-off.
    radius_mm : array
        Radii on the sensor.
    valid_mm : float
        Radius up to which the law is known; farther out the light stays what it is there.
    """
    radius = np.minimum(np.asarray(radius_mm, np.float64), valid_mm)
    r = radius / law.unit_mm
    square = r * r
    if law.model == "pa":
        k1, k2, k3 = terms(law, 3)
        return np.asarray(1 + square * (k1 + square * (k2 + square * k3)))
    if law.model == "gain":
        k0, k1, k2, k3, k4 = terms(law, 5)
        return np.asarray(1 / (1 + square * (k0 + square * (k1 + square * (k2 + square * (k3 + square * k4))))))
    if law.model == "cos4":
        return np.asarray(1 / np.square(1 + square))
    if law.model != "table":
        raise StageError(f"{law.model!r} is no model of fall-off; there are {', '.join(LIGHTS)}")
    return np.asarray(np.exp2(_along(law, r)))


def turning_radius(law: Law) -> float:
    """The ideal radius in mm at which Rd stops growing; infinite when it never does."""
    c, (_, high) = powers(law), span(law)
    growth = c * (1 - np.arange(c.size)) if is_reciprocal(law) else c * (1 + np.arange(c.size))
    turns = [_first_root(growth)]
    if is_reciprocal(law):
        turns.append(_first_root(c))
    turn = min(turns)
    if is_of_angles(law):
        turn = float(np.tan(turn)) if turn < np.pi / 2 else _INFINITY
    return turn * law.unit_mm if turn <= high else _INFINITY


def inverse(law: Law, rd_mm: npt.ArrayLike, valid_mm: float = _INFINITY) -> Radii:
    """Ru of each Rd, by Newton's method inside a bracket; tangential terms left aside.

    Parameters
    ----------
    law : Law
        Of distortion.
    rd_mm : array
        Distorted radii on the sensor, of any shape.
    valid_mm : float
        As in `ratio`.

    Raises
    ------
    StageError
        If no ideal point lands as far out as the farthest: the law turns back before, or ends.
    """
    wanted = np.asarray(rd_mm, np.float64)
    farthest = float(wanted.max(initial=0.0))
    turn = turning_radius(law)
    turn = _INFINITY if valid_mm <= turn else turn
    top = min(max(farthest, 1e-9), turn)
    while float(top * ratio(law, top, valid_mm)) < farthest * (1 - 1e-12):
        if top >= min(turn, 1e6 * farthest):
            raise StageError(
                f"{law.model} {', '.join(f'{k:g}' for k in law.terms)} (unit {law.unit_mm:g} mm) reaches "
                f"{float(top * ratio(law, top, valid_mm)):.3f} mm at most; {farthest:.3f} mm are asked for"
            )
        top = min(1.25 * top, turn)
    low, high = np.zeros_like(wanted), np.full_like(wanted, top)
    guess = np.minimum(wanted, top)
    for _ in range(_STEPS):
        value = guess * ratio(law, guess, valid_mm)
        low, high = np.where(value <= wanted, guess, low), np.where(value >= wanted, guess, high)
        slope = _slope(law, guess, valid_mm)
        step = guess - (value - wanted) / np.where(slope > 0, slope, 1.0)
        step = np.where((slope > 0) & (step >= low) & (step <= high), step, (low + high) / 2)
        moved = float(np.abs(step - guess).max(initial=0.0))
        guess = step
        if moved <= 1e-14 * max(top, 1e-9):
            break
    return np.asarray(guess)


def _ratio(law: Law, r: Radii) -> Radii:
    """Rd / Ru of ideal radii in the law's unit."""
    c = powers(law)
    if is_of_angles(law):
        angle = np.arctan(r)
        return np.asarray(_polynomial(angle, c) * np.divide(angle, r, out=np.ones_like(r), where=r > 0))
    found = _polynomial(np.clip(r, *span(law)), c)
    return np.asarray(1 / found if is_reciprocal(law) else found)


def _polynomial(r: Radii, c: Radii) -> Radii:
    return np.asarray(np.polynomial.polynomial.polyval(r, c), np.float64)


def _slope(law: Law, radius: Radii, valid_mm: float) -> Radii:
    """dRd / dRu at ideal radii in mm."""
    r, c, (low, high) = radius / law.unit_mm, powers(law), span(law)
    growth = c * (1 + np.arange(c.size))
    if is_of_angles(law):
        found = _polynomial(np.arctan(r), growth) / (1 + r * r)
    elif is_reciprocal(law):
        found = _polynomial(r, c * (1 - np.arange(c.size))) / np.square(_polynomial(r, c))
    else:
        found = _polynomial(r, growth)
    found = np.where((r < low) | (r > high), _ratio(law, r), found)
    return np.where(radius > valid_mm, 1.0, found)


def _held(found: Radii, radius: Radii, inside: Radii) -> Radii:
    """Ratios at ``radius`` whose displacements are those at ``inside``, which is no farther out."""
    part = np.divide(inside, radius, out=np.ones_like(radius), where=radius > 0)
    return np.where(inside < radius, 1 + (found - 1) * part, found)


def _first_root(c: Radii) -> float:
    """The smallest positive root of a polynomial, lowest power first; infinite when there is none."""
    if not np.any(c[1:]):
        return _INFINITY
    roots = np.roots(np.trim_zeros(c[::-1], "f"))
    found = [float(r.real) for r in roots if r.real > 0 and abs(r.imag) < 1e-7 * abs(r)]
    return min(found, default=_INFINITY)


def _along(law: Law, r: Radii) -> Radii:
    """EV at radii, between the points of a table by monotone cubics, held beyond its ends.

    F. N. Fritsch, J. Butland, "A method for constructing local monotone piecewise cubic interpolants", SIAM J. Sci.
    Stat. Comput. 5 (1984); slopes at the ends by three points, limited.
    """
    at, ev = np.array(law.terms[0::2], np.float64), np.array(law.terms[1::2], np.float64)
    if at.size != ev.size or at.size < 2 or not np.all(np.diff(at) > 0):
        raise StageError("table: pairs of a radius and EV, two at least, radii growing")
    step, rise = np.diff(at), np.diff(ev) / np.diff(at)
    slope = np.zeros_like(ev)
    if at.size == 2:
        slope[:] = rise[0]
    else:
        before, after = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
        is_one_way = rise[:-1] * rise[1:] > 0
        safe_before, safe_after = np.where(is_one_way, rise[:-1], 1.0), np.where(is_one_way, rise[1:], 1.0)
        slope[1:-1] = np.where(is_one_way, (before + after) / (before / safe_before + after / safe_after), 0.0)
        slope[0] = _end(step[0], step[1], rise[0], rise[1])
        slope[-1] = _end(step[-1], step[-2], rise[-1], rise[-2])
    r = np.clip(r, at[0], at[-1])
    n = np.clip(np.searchsorted(at, r, "right") - 1, 0, at.size - 2)
    t = (r - at[n]) / step[n]
    rest = 1 - t
    return np.asarray(
        ev[n] * rest * rest * (1 + 2 * t)
        + ev[n + 1] * t * t * (3 - 2 * t)
        + step[n] * t * rest * (slope[n] * rest - slope[n + 1] * t)
    )


def _end(step: float, next_step: float, rise: float, next_rise: float) -> float:
    """The slope at an end of a table."""
    slope = ((2 * step + next_step) * rise - step * next_rise) / (step + next_step)
    if slope * rise <= 0:
        return 0.0
    return 3 * rise if rise * next_rise <= 0 and abs(slope) > 3 * abs(rise) else slope
