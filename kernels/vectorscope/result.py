"""What a vectorscope has counted: pairs of colour differences."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._scope import LUMA, Range

CODES = 256
"""Codes of each colour difference that are told apart: of 8 bits."""
NEUTRAL = 128
# Degrees from +Cb towards +Cr: the I axis of NTSC, on which scopes draw the line of skin.
SKIN_DEGREES = 123.0
_SKIN_WITHIN = 10.0
# Distances from neutral between which a colour may be skin's: greys have no hue, paint has more colour.
_SKIN_LEAST, _SKIN_MOST = 0.03, 0.25


def difference_scales(matrix: str) -> tuple[float, float]:
    """How many times Cb and Cr are in B - Y and R - Y."""
    red, blue = LUMA[matrix]
    return 2.0 * (1.0 - blue), 2.0 * (1.0 - red)


def chroma_of(rgb: tuple[float, float, float], matrix: str) -> tuple[float, float]:
    """(Cb, Cr) of encoded RGB, -0.5 … 0.5."""
    (red_share, blue_share), (by, ry) = LUMA[matrix], difference_scales(matrix)
    luma = red_share * rgb[0] + (1.0 - red_share - blue_share) * rgb[1] + blue_share * rgb[2]
    return (rgb[2] - luma) / by, (rgb[0] - luma) / ry


def rgb_of(cb: Array, cr: Array, matrix: str) -> Array:
    """How far R, G and B lie from luma: (..., 3)."""
    (red_share, blue_share), (by, ry) = LUMA[matrix], difference_scales(matrix)
    red, blue = np.broadcast_arrays(cr * ry, cb * by)
    green = -(red_share * red + blue_share * blue) / (1.0 - red_share - blue_share)
    return np.stack([red, green, blue], axis=-1)


@dataclass(frozen=True, eq=False)
class Vectors:
    """Counts of pairs of colour differences.

    Parameters
    ----------
    counts : array
        (256, 256), int64: rows are codes of Cr, columns those of Cb, with 8 bits; 128 is neutral.
    matrix : {"bt709", "bt601", "bt2020"}
    range : {"full", "legal"}
        Of the picture; codes of 128 ± 127.5 or ± 112 are what 100 % of a primary reach.
    every : int
        One row of so many was counted.
    """

    counts: Array
    matrix: str
    range: Range
    every: int

    @property
    def pixels(self) -> int:
        """How many were counted."""
        return int(self.counts.sum())

    @property
    def codes(self) -> float:
        """Codes between -0.5 and 0.5."""
        return 224.0 if self.range == "legal" else 255.0

    @cached_property
    def chroma(self) -> tuple[Array, Array]:
        """Cb and Cr, -0.5 … 0.5, of the places that hold pixels: (n,) each."""
        cr, cb = np.nonzero(self.counts)
        return (cb - NEUTRAL) / self.codes, (cr - NEUTRAL) / self.codes

    @cached_property
    def weights(self) -> Array:
        """Parts of the pixels at these places: (n,)."""
        return np.asarray(self.counts[np.nonzero(self.counts)] / self.pixels)

    def as_record(self) -> dict[str, Any]:
        """Numbers fit for JSON; the counts are left out.

        ``cb`` and ``cr`` are means, -0.5 … 0.5; ``hue_degrees`` is the direction of that mean from +Cb towards +Cr,
        null within half a code of neutral; ``distance`` is the mean distance from neutral. ``saturation`` holds the
        99th percentile and the largest: 1 is that of 75 % bars, 4/3 the most there is, in every direction, for the
        hexagon that joins the bars is where the largest of R, G and B is 0.75 above the smallest. ``skin`` is the part
        of the pixels within 10 degrees of the skin line, between 0.03 and 0.25 from neutral.
        """
        (cb, cr), weights = self.chroma, self.weights
        rgb = rgb_of(cb, cr, self.matrix)
        saturation = (rgb.max(axis=-1) - rgb.min(axis=-1)) / 0.75
        distance, angle = np.hypot(cb, cr), np.degrees(np.arctan2(cr, cb))
        is_skin = (abs(angle - SKIN_DEGREES) <= _SKIN_WITHIN) & (distance >= _SKIN_LEAST) & (distance <= _SKIN_MOST)
        mean_cb, mean_cr = float(cb @ weights), float(cr @ weights)
        order = np.argsort(saturation)
        is_reached = np.cumsum(weights[order]) >= 0.99 - 1e-12
        hue = math.degrees(math.atan2(mean_cr, mean_cb)) % 360
        return {
            "matrix": self.matrix,
            "range": self.range,
            "every": self.every,
            "pixels": self.pixels,
            "cb": round(mean_cb, 5),
            "cr": round(mean_cr, 5),
            "hue_degrees": round(hue, 2) if math.hypot(mean_cb, mean_cr) > 0.5 / self.codes else None,
            "distance": round(float(distance @ weights), 5),
            "saturation": {
                "p99": round(float(saturation[order][is_reached.argmax()]), 4),
                "max": round(float(saturation.max()), 4),
            },
            "skin": float(weights[is_skin].sum()),
        }


def counted(counters: Array, *, matrix: str, span: Range, every: int) -> Vectors:
    """The counters of a step as `Vectors`."""
    return Vectors(counters.reshape(CODES, CODES), matrix, span, every)
