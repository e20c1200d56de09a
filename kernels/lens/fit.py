"""Numbers of the bodies: a colour's law as a polynomial of the radius that float32 can carry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from tenbit.kernels import _laws
from tenbit.kernels._facts import GREEN, Array, Facts
from tenbit.kernels._laws import Radii
from tenbit.kernels._optics import Lateral
from tenbit.kernels._stage import Constants, PerPlane
from tenbit.kernels.lens.path import COLOURS, Path, law_of

EVEN, ODD = 8, 4
# What the place of a pixel may be off by: a thousandth of what anybody sees.
CLOSE_PX = 0.002
_NODES = 256
# What a misfit counts where lateral colour is held and distortion is not: no polynomial has such a corner.
_BEYOND = 0.1


@dataclass(frozen=True)
class Fit:
    """``Rd / Ru - 1`` of a colour: ``sum(even[i] s^i) + r sum(odd[i] s^i)``, s = r², r = 1 at the unit.

    Of a law whose own ratio stays as it is inside of a radius, and beyond another, r is held there.

    Parameters
    ----------
    even, odd : array
        (8,) and (4,) float64.
    error_px : float
        How far a pixel may be off where the law is known, as float32 carries it.
    """

    even: Radii
    odd: Radii
    error_px: float


def unit_px(path: Path, reach_px: float) -> float:
    """The ideal radius that the bodies call 1: the corner's, or where what is known ends."""
    return min(path.limit_px, 1.001 * reach_px)


# The frames of a batch mostly are of one lens on one sensor: 2 to 5 ms each, were it worked out anew.
@lru_cache(maxsize=64)
def fitted(path: Path, colour: int, unit_px: float, *, is_free: bool) -> Fit:
    """The polynomial of as few terms as come close, or of those that come closest.

    Parameters
    ----------
    path : Path
    colour : int
    unit_px : float
    is_free : bool
        Whether it may have odd powers.
    """
    r, bases = _bases()
    bent = np.clip(r, *_span(path, colour, unit_px)) if is_free else r
    if not np.array_equal(bent, r):
        bases = _powers(bent)
    wanted = path.ratio(colour, r * unit_px) - 1
    is_known = r * unit_px <= path.known_px
    # Errors count in pixels: at the axis a wrong ratio moves nothing.
    weight = np.where(is_known, r, _BEYOND * r)
    best = Fit(np.zeros(EVEN), np.zeros(ODD), float("inf"))
    for even in range(1, EVEN + 1):
        odd = min(even, ODD) if is_free else 0
        basis = np.concatenate([bases[:, :even], bases[:, EVEN : EVEN + odd]], axis=1)
        terms, *_ = np.linalg.lstsq(basis * weight[:, None], wanted * weight, rcond=None)
        fit = np.zeros(EVEN + ODD)
        fit[:even], fit[EVEN : EVEN + odd] = terms[:even], terms[even:]
        error = float(np.abs((_carried(fit, bent) - wanted) * r)[is_known].max()) * unit_px
        if error < best.error_px:
            best = Fit(fit[:EVEN], fit[EVEN:], error)
        if error < CLOSE_PX / 10:
            break
    return best


@cache
def _bases() -> tuple[Radii, Radii]:
    """Radii, denser towards both ends, and the powers of each."""
    r = (1 - np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)) / 2
    return r, _powers(r)


def _powers(r: Radii) -> Radii:
    s = r * r
    return np.stack([*(s**n for n in range(EVEN)), *(r * s**n for n in range(ODD))], axis=1)


def _span(path: Path, colour: int, unit_px: float) -> tuple[float, float]:
    """Radii that are 1 at the unit, between which a colour's law bends."""
    low, high = path.span_px(colour)
    return min(low / unit_px, 1.0), min(high / unit_px, 1.0)


def _carried(terms: Radii, r: Radii) -> Array:
    """The polynomial as float32 has it."""
    inside = r.astype(np.float32)
    s = inside * inside
    even, odd = np.zeros_like(s), np.zeros_like(s)
    for term in terms[EVEN - 1 :: -1].astype(np.float32):
        even = even * s + term
    for term in terms[: EVEN - 1 : -1].astype(np.float32):
        odd = odd * s + term
    return even + inside * odd


def is_plain(path: Path, reach_px: float) -> bool:
    """Whether `displaced` will do: one law of three even powers for all colours, known everywhere, and a zoom each."""
    if path.limit_px < reach_px or (path.lateral is not None and not isinstance(path.lateral, Lateral)):
        return False
    if path.lateral is not None:
        for law in (path.lateral.red, path.lateral.blue):
            if any(law.terms[1:]) or path.lateral.origin.valid_mm < reach_px * path.pixel_mm:
                return False
    if path.warp is None:
        return True
    law = law_of(path.warp, GREEN)
    if _laws.is_of_angles(law) or _laws.is_reciprocal(law) or _laws.span(law) != (0.0, float("inf")):
        return False
    powers = _laws.powers(law)
    return powers[0] > 0 and not any(powers[1::2]) and not any(powers[7:]) and _laws.tangential(law) == (0.0, 0.0)


def plain_constants(path: Path, scale: float) -> Constants:
    """What `displaced` needs."""
    powers, unit = np.array([1.0]), 1.0
    if path.warp is not None:
        law = law_of(path.warp, GREEN)
        powers, unit = _laws.powers(law), law.unit_mm / path.pixel_mm
    k1, k2, k3 = (float(powers[n] / powers[0]) if n < powers.size else 0.0 for n in (2, 4, 6))
    colours = [1.0, 1.0, 1.0]
    if isinstance(path.lateral, Lateral):
        colours = [float(_laws.colour_ratio(path.lateral.red, 0.0)), 1.0]
        colours += [float(_laws.colour_ratio(path.lateral.blue, 0.0))]
    zooms = [float(powers[0]) * colour / scale for colour in colours]
    return {
        **_place(path, unit * scale),
        "k1": k1,
        "k2": k2,
        "k3": k3,
        "zoom": PerPlane(zooms),
        "zoom_beyond_1": PerPlane(zoom - 1 for zoom in zooms),
    }


def constants(path: Path, facts: Facts, scale: float, *, is_free: bool) -> Constants:
    """What `displaced_evenly` needs, or `displaced_freely`."""
    unit = unit_px(path, path.reach_px(facts) / scale)
    fits = [fitted(path, colour, unit, is_free=is_free) for colour in COLOURS]
    out: dict[str, float | PerPlane] = {**_place(path, unit * scale), "zoom_beyond_1": 1 / scale - 1}
    out |= {f"e{n}": PerPlane(float(fit.even[n]) / scale for fit in fits) for n in range(EVEN)}
    if is_free:
        leans = [path.lean(colour) for colour in COLOURS]
        spans = [_span(path, colour, unit) for colour in COLOURS]
        out |= {"nearest": PerPlane(low for low, _ in spans), "farthest": PerPlane(high for _, high in spans)}
        out |= {f"o{n}": PerPlane(float(fit.odd[n]) / scale for fit in fits) for n in range(ODD)}
        out |= {"down": PerPlane(lean[0] / scale**2 for lean in leans)}
        out |= {"right": PerPlane(lean[1] / scale**2 for lean in leans)}
    return out


def needs_freedom(path: Path, reach_px: float) -> bool:
    """Whether even powers alone do not come close, or there are terms across the radius or radii that end the law."""
    unit = unit_px(path, reach_px)
    if any(path.lean(colour) != (0.0, 0.0) or _span(path, colour, unit) != (0.0, 1.0) for colour in COLOURS):
        return True
    even = max(fitted(path, colour, unit, is_free=False).error_px for colour in COLOURS)
    if even < CLOSE_PX:
        return False
    return even > 2 * max(fitted(path, colour, unit, is_free=True).error_px for colour in COLOURS)


def _place(path: Path, unit_px: float) -> dict[str, float]:
    return {"centre_row": path.centre[0], "centre_col": path.centre[1], "per_square": 1 / unit_px**2}
