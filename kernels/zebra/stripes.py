"""Stripes across a picture: as wide at any size as on a screen of 1080 rows, one way or the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._facts import Array, Facts

# Units are pixels of a picture whose shorter side has so many; what is less than 4 px wide is no stripe.
_ROWS = 1080
_PERIOD_LEAST = 4.0
# Edges fade over this part of a period, over one pixel at least.
_FEATHER = 1 / 8
# Adding and taking away 1.5 · 2**23 leaves a float32 without its fraction, in two operations that vectorise.
WHOLE = 12582912.0


def cover(row, col, down, right, start, half_px, period_px, per_feather):
    """How much of a pixel a stripe covers, 0 … 1: so many turns down and right, so wide, so soft."""
    turns = f32(row) * down + (f32(col) * right + start)
    away = abs(turns - ((turns + WHOLE) - WHOLE)) * period_px
    return min(max((half_px - away) * per_feather + 0.5, 0.0), 1.0)


@dataclass(frozen=True)
class Stripes:
    """Where stripes lie, in numbers of `cover`.

    Parameters
    ----------
    down, right : float
        Turns per pixel of those that rise to the right; those that fall have the opposite ``right``.
    start : float
        Turns at the first pixel, 0 … 1.
    half_px, period_px, per_feather : float
    """

    down: float
    right: float
    start: float
    half_px: float
    period_px: float
    per_feather: float

    def constants(self) -> dict[str, float]:
        return dict(vars(self))

    def covers(self, rows: Array, cols: Array, *, falls: Array) -> Array:
        """`cover` of many pixels at once."""
        right = np.where(falls, -self.right, self.right)
        turns = rows * self.down + cols * right + self.start
        away = np.abs(turns - np.rint(turns)) * self.period_px
        return np.asarray(np.clip((self.half_px - away) * self.per_feather + 0.5, 0, 1), np.float32)


def stripes(facts: Facts, *, period: float, angle: float, duty: float, phase: float) -> Stripes:
    """Stripes of a picture, moved on by one unit per frame of its sequence.

    Parameters
    ----------
    facts : Facts
        Of the finished frame.
    period : float
        Across the stripes, units.
    angle : float
        Degrees from the horizontal.
    duty : float
        Part of a period that is painted; 1 paints all of it.
    phase : float
        Units.
    """
    period_px = max(period * min(facts.rows, facts.cols) / _ROWS, _PERIOD_LEAST)
    feather_px = max(_FEATHER * period_px, 1.0)
    return Stripes(
        down=math.cos(math.radians(angle)) / period_px,
        right=math.sin(math.radians(angle)) / period_px,
        start=math.fmod(phase + facts.number, period) / period,
        half_px=0.5 * duty * period_px if duty < 1 else period_px,
        period_px=period_px,
        per_feather=1.0 / feather_px,
    )
