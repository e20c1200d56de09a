"""The way of light through a lens, per colour: from ideal radius to where it lands, in pixels, float64."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tenbit.kernels import _laws
from tenbit.kernels._facts import BLUE, GREEN, RED, Facts
from tenbit.kernels._laws import Radii
from tenbit.kernels._optics import Lateral, Law, Warp
from tenbit.kernels.errors import StageError

COLOURS = (RED, GREEN, BLUE)
# Points along each border at which the zoom of `autoscale` is worked out.
_BORDER_POINTS = 33
# Between these zooms `autoscale` looks for one.
_LEAST, _MOST = 1 / 16, 16.0
_HALVINGS = 36
# Radii at which a law is looked at to see whether it folds.
_LOOKED_AT = 1025


@dataclass(frozen=True)
class Path:
    """What the lens did: the laws that are undone.

    Parameters
    ----------
    pixel_mm : float
        From one pixel to the next, in the unit that the laws call a millimetre.
    centre : tuple of float
        (row, col) of the optical axis in the frame.
    warp : Warp or None
        Of its laws that of green counts, unless ``lateral`` is the same.
    lateral : Lateral, Warp or None
        Of a warp of three laws, what those of red and blue differ from that of green.
    """

    pixel_mm: float
    centre: tuple[float, float]
    warp: Warp | None = None
    lateral: Lateral | Warp | None = None

    @property
    def limit_px(self) -> float:
        """Ideal radius from which on nothing but what is there is known: all displacements are held."""
        known = self.warp or self.lateral
        return known.origin.valid_mm / self.pixel_mm if known else float("inf")

    @property
    def known_px(self) -> float:
        """Radius to which all of it is known; from there to `limit_px` lateral colour alone is held."""
        colour = self.lateral.origin.valid_mm / self.pixel_mm if self.lateral else float("inf")
        return min(self.limit_px, colour)

    def span_px(self, colour: int) -> tuple[float, float]:
        """Ideal radii outside of which a colour's ratio is what it is there; mostly 0 and infinity."""
        if self.warp is None or (colour != GREEN and self.lateral is not None and self.lateral is not self.warp):
            return 0.0, float("inf")
        law = law_of(self.warp, colour if self.lateral is self.warp else GREEN)
        low, high = (r * law.unit_mm / self.pixel_mm for r in _laws.span(law))
        return low, high

    def ratio(self, colour: int, radius_px: npt.ArrayLike) -> Radii:
        """Rd / Ru of a colour at ideal radii, tangential terms left aside."""
        radius = np.minimum(np.asarray(radius_px, np.float64), self.limit_px)
        found = self._ratio(colour, radius * self.pixel_mm)
        part = np.divide(radius, radius_px, out=np.ones_like(radius), where=np.asarray(radius_px) > radius)
        return np.asarray(1 + (found - 1) * part)

    def _ratio(self, colour: int, radius_mm: Radii) -> Radii:
        if self.warp is not None and self.lateral is self.warp:
            return _laws.ratio(law_of(self.warp, colour), radius_mm)
        green = np.ones_like(radius_mm) if self.warp is None else _laws.ratio(law_of(self.warp, GREEN), radius_mm)
        if colour == GREEN or self.lateral is None:
            return green
        landed = radius_mm * green
        if isinstance(self.lateral, Lateral):
            law = self.lateral.red if colour == RED else self.lateral.blue
            return green * _laws.colour_ratio(law, landed, self.lateral.origin.valid_mm)
        own, other = law_of(self.lateral, GREEN), law_of(self.lateral, colour)
        ideal = _laws.inverse(own, landed, self.lateral.origin.valid_mm)
        apart = _laws.ratio(other, ideal) / _laws.ratio(own, ideal)
        return np.asarray(green * apart)

    def lean(self, colour: int) -> tuple[float, float]:
        """(down, right): tangential terms of a colour, per pixel."""
        down = right = 0.0
        if self.warp is not None:
            law = law_of(self.warp, colour if self.lateral is self.warp else GREEN)
            down, right = _laws.tangential(law)
        if isinstance(self.lateral, Lateral) and colour != GREEN:
            own = self.lateral.red if colour == RED else self.lateral.blue
            scale, more = float(_laws.colour_ratio(own, 0.0)), _laws.colour_tangential(own)
            down, right = scale * down + more[0], scale * right + more[1]
        return down * self.pixel_mm, right * self.pixel_mm

    def landed(self, colour: int, down_px: Radii, right_px: Radii) -> tuple[Radii, Radii]:
        """Where ideal points land, all in pixels down and right of the axis."""
        radius = np.hypot(down_px, right_px)
        ratio, (down, right) = self.ratio(colour, radius), self.lean(colour)
        if not (down or right):
            return down_px * ratio, right_px * ratio
        held = np.minimum(1.0, self.limit_px / np.maximum(radius, 1e-9))
        v, h = down_px * held, right_px * held
        square, product = v * v + h * h, v * h
        return (
            np.asarray(down_px * ratio + down * (square + 2 * v * v) + 2 * right * product),
            np.asarray(right_px * ratio + right * (square + 2 * h * h) + 2 * down * product),
        )

    def turning_px(self, reach_px: float) -> float:
        """The ideal radius at which a colour's distorted radius stops growing; infinite when not before ``reach``."""
        radius = np.linspace(0, reach_px, _LOOKED_AT)
        turn = float("inf")
        if self.warp is not None:
            for law in self.warp.laws:
                turn = min(turn, _laws.turning_radius(law) / self.pixel_mm)
            turn = turn if turn < min(reach_px, self.limit_px) else float("inf")
        for colour in COLOURS:
            try:
                landed = radius * self.ratio(colour, radius) - self._leaning(colour, radius)
            except StageError:
                # Another source's warp, of which the colours' differences are taken, ends inside the picture.
                return 0.0
            folds = np.flatnonzero(np.diff(landed) <= 0)
            if folds.size and radius[folds[0]] < turn and not np.isclose(radius[folds[0]], turn, rtol=2 / _LOOKED_AT):
                turn = float(radius[folds[0]])
        return turn

    def _leaning(self, colour: int, radius_px: Radii) -> Radii:
        """How much nearer the axis tangential terms bring a point, on the side where they do so most."""
        return 3 * float(np.hypot(*self.lean(colour))) * np.square(np.minimum(radius_px, self.limit_px))

    def farthest_px(self, reach_px: float) -> float:
        """How far from the axis light of ideal points up to ``reach`` lands; not a number where the law is broken."""
        radius = np.linspace(0, reach_px, _LOOKED_AT)
        return float(
            np.max([np.abs(radius * self.ratio(c, radius)) + self._leaning(c, radius) for c in COLOURS], initial=0.0)
        )

    def reach_px(self, facts: Facts) -> float:
        """From the axis to the farthest pixel."""
        return _reach(self.centre, facts.rows, facts.cols)

    def is_straight(self, reach_px: float) -> bool:
        """Whether nothing is moved by as much as can be told from nothing."""
        radius = np.linspace(0, reach_px, _LOOKED_AT)
        return all(
            self.lean(c) == (0.0, 0.0) and float(np.abs((self.ratio(c, radius) - 1) * radius).max()) < 1e-9
            for c in COLOURS
        )


def _reach(centre: tuple[float, float], rows: int, cols: int) -> float:
    return float(np.hypot(max(centre[0], rows - 1 - centre[0]), max(centre[1], cols - 1 - centre[1])))


def law_of(warp: Warp, colour: int) -> Law:
    """The law of one colour."""
    return warp.laws[colour if len(warp.laws) == 3 else 0]


def filling_scale(path: Path, facts: Facts) -> float:
    """The smallest zoom at which no pixel looks beyond the frame, in any colour, or beyond where the law turns back.

    Raises
    ------
    StageError
        If even one of 16 does not fill the frame.
    """
    return _filling(path, facts.rows, facts.cols)


# As of `fit.fitted`: 15 to 20 ms a frame, were it worked out anew.
@lru_cache(maxsize=16)
def _filling(path: Path, rows_in_all: int, cols_in_all: int) -> float:
    (row_0, col_0), last_row, last_col = path.centre, rows_in_all - 1, cols_in_all - 1
    along = np.linspace(0, 1, _BORDER_POINTS)
    zero = np.zeros_like(along)
    rows = np.concatenate([along, along, zero, zero + 1]) * last_row - row_0
    cols = np.concatenate([zero, zero + 1, along, along]) * last_col - col_0
    radius = np.hypot(rows, cols)
    rows, cols, radius = rows[radius > 1e-3], cols[radius > 1e-3], radius[radius > 1e-3]
    if not radius.size:
        return 1.0
    turn = path.turning_px(_reach(path.centre, rows_in_all, cols_in_all) / _LEAST) * (1 - 1e-6)
    low, high = np.full_like(radius, 1 / _MOST), np.full_like(radius, 1 / _LEAST)

    def is_inside(part: Radii) -> npt.NDArray[np.bool_]:
        inside = part * radius <= turn
        for colour in COLOURS:
            row, col = path.landed(colour, part * rows, part * cols)
            inside &= (row >= -row_0 - 1e-9) & (row <= last_row - row_0 + 1e-9)
            inside &= (col >= -col_0 - 1e-9) & (col <= last_col - col_0 + 1e-9)
        return inside

    if not is_inside(low).all():
        raise StageError(f"lens: autoscale: not even a zoom of {_MOST:g} fills the frame; smaller numbers are needed")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        inside = is_inside(middle)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return float((1 / low).max())
