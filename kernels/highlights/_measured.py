"""What is measured of a frame's highlights: where each colour is full, and how it differs from the others there."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenbit.kernels._facts import Array

# Histograms of each colour. Samples over their clip level: 1/256 of white a bin, from 0.75 on.
TOP_BINS, TOP_FIRST, TOP_FINE = 128.0, 0.75, 256.0
# Samples less the mean of the other colours, at the rim of what is lost: 1/128 of white a bin, from -1 to 1.
RIM_BINS, RIM_FINE, RIM_MOST = 256.0, 128.0, 0.99
# Samples darker than this part of their clip level tell nothing of the light at the rim.
RIM_LEAST = 0.2
COUNTERS = int(3 * (TOP_BINS + RIM_BINS))
# Rim samples below which nothing is concluded.
_FEWEST = 20
# A deep colour must not tint the highlights of everything else: a pink drink made white petals pink by 0.57.
_FARTHEST = 0.12
# Samples above all others that may be defects: so many, or so many of a million.
_DEFECTS, _DEFECTS_PER_MILLION = 16, 20
# A sensor is full where one bin holds so many times what is usual in the 20 below, close to the brightest samples: by
# light alone a histogram seldom ends in a wall.
_WALL, _USUAL, _NEAR = 6.0, 20, 6
# One evenly lit thing makes a wall too, of one colour and as wide as its noise. A wall is believed where nothing much
# lies beyond it, as a share of it, or where two colours have one so close together, as a fraction of white: sensors
# that are full at slightly different counts.
_BEYOND, _TOGETHER = 0.1, 2.5 / TOP_FINE


def top_of(share, first):
    """The counter of a sample over its clip level, in the histogram that begins at counter ``first``; else -1."""
    return int(first + (share - TOP_FIRST) * TOP_FINE) if TOP_FIRST < share < TOP_FIRST + TOP_BINS / TOP_FINE else -1


def counted(mosaic, one, other, near, k):
    """The counters of one sample of a mosaic, with what lies around it."""
    difference = min(max(mosaic - 0.5 * (one + other), -RIM_MOST), RIM_MOST)
    is_whole = k.least < mosaic < k.start and one < k.one_start and other < k.other_start
    rim = int(k.rim + (difference + 1.0) * RIM_FINE) if is_whole and near > k.end else -1
    return top_of(mosaic * k.per_clip, k.top), rim


def counted_planes(red, green, blue, k):
    """The counters of one pixel of three planes: there nothing is known of a rim."""
    return (
        top_of(red * k.red_per_clip, 0.0),
        top_of(green * k.green_per_clip, TOP_BINS),
        top_of(blue * k.blue_per_clip, 2.0 * TOP_BINS),
    )


def concluded(counters: Array, *, samples: tuple[float, float, float]) -> dict[str, Any]:
    """Where each colour is full, and what it differs by from the mean of the others where it is nearly so.

    Parameters
    ----------
    counters : array
        Of `counted`.
    samples : tuple of float
        How many the frame has of each colour, about.

    Returns
    -------
    dict
        ``saturation``: of red, green and blue, as a fraction of white; 1 where the frame does not show it.
        ``offset``: in units of the balanced samples, drawn towards 0 by as much as it varies: a mean over things of one
        colour is a colour, over things of many it is none.
    """
    tops = counters[: int(3 * TOP_BINS)].reshape(3, int(TOP_BINS))
    rims = counters[int(3 * TOP_BINS) :].reshape(3, int(RIM_BINS))
    seen = [_end(top, count) for top, count in zip(tops, samples, strict=True)]
    walls = [full for _, full, _ in seen if full is not None]
    ends = [
        (end, full if full is not None and (is_sharp or _is_shared(full, walls)) else None)
        for end, full, is_sharp in seen
    ]
    found = [full for _, full in ends if full is not None]
    # All colours of a sensor are full at one count; one that is not, in this frame, has not got so far.
    common = min(found) if found else 1.0
    saturation = tuple(full if full is not None else (common if end <= common else 1.0) for end, full in ends)
    return {"saturation": saturation, "offset": tuple(_offset(rim) for rim in rims)}


def _is_shared(full: float, walls: list[float]) -> bool:
    """Whether another colour has its wall where one has."""
    return sum(abs(full - other) <= _TOGETHER for other in walls) > 1


def _end(histogram: Array, samples: float) -> tuple[float, float | None, bool]:
    """The brightest that is no defect, where a wall is if there is one, as fractions of white, and if it is sharp."""
    above = np.cumsum(histogram[::-1])[::-1]
    there = np.flatnonzero(above > max(_DEFECTS, samples * _DEFECTS_PER_MILLION / 1e6))
    if not there.size:
        return 0.0, None, False
    last = int(there[-1])
    wall = max(last - _NEAR, 0) + int(histogram[max(last - _NEAR, 0) : last + 1].argmax())
    usual = np.median(histogram[max(wall - _USUAL - _NEAR, 0) : max(wall - _NEAR, 1)])
    is_wall = histogram[wall] > _WALL * usual + _DEFECTS
    # The lower end of the bin: white itself stays 1.
    full = TOP_FIRST + wall / TOP_FINE if is_wall else None
    return TOP_FIRST + last / TOP_FINE, full, bool(histogram[wall + 1 :].sum() <= _BEYOND * histogram[wall])


def _offset(histogram: Array) -> float:
    total = int(histogram.sum())
    if total < _FEWEST:
        return 0.0
    at = (np.arange(RIM_BINS) + 0.5) / RIM_FINE - 1.0
    mean = float(histogram @ at) / total
    spread = float(histogram @ (at - mean) ** 2) / total
    offset = mean**3 / (mean**2 + spread) if mean else 0.0
    return min(max(offset, -_FARTHEST), _FARTHEST)
