"""The histogram as a picture: heights worked out on the host, column by column, and drawn by the paint itself."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._draw import COLOURS, over
from tenbit.kernels._facts import Array
from tenbit.kernels._stage import Constants

Scale = Literal["linear", "log"]
_GROUND, _GROUND_BLUE = 0.04, 0.05
_GROUND_ALPHA = 0.62
_CURVE_ALPHA = 0.9
_GRID_ALPHA = 0.16
# What a channel adds to the colour of its area; all three together make a light grey.
_RED_IN_RED, _RED_IN_GREEN, _RED_IN_BLUE = 0.62, 0.05, 0.05
_GREEN_IN_RED, _GREEN_IN_GREEN, _GREEN_IN_BLUE = 0.02, 0.5, 0.06
_BLUE_IN_RED, _BLUE_IN_GREEN, _BLUE_IN_BLUE = 0.02, 0.07, 0.6
# Part of the pixels from which a clip mark shows, and from which it is full: 0.001 % and 1 %.
_CLIP_SEEN, _CLIP_FULL = 1e-5, 1e-2
# Lines of the table of `panel_constants`.
_RED, _GREEN, _BLUE, _LOW, _HIGH, _GRID, _INNER, _MARK, _MARK_RED, _MARK_GREEN, _MARK_BLUE = range(11)


def part(value):
    """Cover of a pixel whose middle lies so far inside an edge that is one pixel soft."""
    return min(max(value + 0.5, 0.0), 1.0)


def drawn(red, green, blue, k, row, col):
    """One pixel of the panel over the picture.

    Three areas that add up where they lie over each other, a line for luma, quarters of the range as a grid, and in the
    upper corners a mark for every channel with pixels in its first (left) or last bin (right).
    """
    r, c = row - k.top, col - k.left
    is_inner = (r >= k.pad) & (r < k.pad + k.high)
    inner = k.table[_INNER, c] if is_inner else 0.0
    above = f32(k.pad + k.high - r) - 0.5
    in_red = part(k.table[_RED, c] - above) * inner
    in_green = part(k.table[_GREEN, c] - above) * inner
    in_blue = part(k.table[_BLUE, c] - above) * inner
    line = part(min(k.table[_HIGH, c] - above, above - k.table[_LOW, c])) * inner * 0.9
    base = _GRID_ALPHA if r == k.pad + k.high - 1 else 0.0
    grid = (k.table[_GRID, c] + base) * inner
    most = max(max(in_red, in_green), in_blue)
    is_marked = is_inner & (r < k.pad + k.side)
    mark = k.table[_MARK, c] if is_marked else 0.0
    red_area = in_red * _RED_IN_RED + in_green * _GREEN_IN_RED + in_blue * _BLUE_IN_RED
    green_area = in_red * _RED_IN_GREEN + in_green * _GREEN_IN_GREEN + in_blue * _BLUE_IN_GREEN
    blue_area = in_red * _RED_IN_BLUE + in_green * _GREEN_IN_BLUE + in_blue * _BLUE_IN_BLUE
    cover = max(max(_GROUND_ALPHA, _CURVE_ALPHA * most), line)
    alpha = max(cover, _CURVE_ALPHA if mark > 0.0 else 0.0) * k.opacity
    return (
        over(red, shade(grid + _GROUND, red_area, most, line, k.table[_MARK_RED, c], mark), alpha),
        over(green, shade(grid + _GROUND, green_area, most, line, k.table[_MARK_GREEN, c], mark), alpha),
        over(blue, shade(grid + _GROUND_BLUE, blue_area, most, line, k.table[_MARK_BLUE, c], mark), alpha),
    )


def shade(ground, area, most, line, colour, mark):
    """One channel: the areas over the ground, the line over them, the mark over all."""
    under = fma(area - ground, most, ground)
    lined = fma(1.0 - under, line, under)
    return min(max(fma(colour - lined, mark, lined), 0.0), 1.0)


def panel_constants(counts: Array, *, shape: tuple[int, int], scale: Scale) -> Constants:
    """What `drawn` needs beside the panel's place: ``pad``, ``high``, ``side`` and ``table``, (11, cols).

    Parameters
    ----------
    counts : array
        (4, bins), int: red, green, blue, luma.
    shape : tuple of int
        (rows, cols) of the panel in pixels.
    scale : {"linear", "log"}
        Height of a count. The height is filled by the count that one bin in fifty exceeds, the two end bins left out:
        a spike is cut off at the top and does not press the rest flat.
    """
    rows, cols = shape
    pad = max(round(0.05 * rows), 1)
    high, wide = rows - 2 * pad, cols - 2 * pad
    table = np.zeros((11, cols), np.float32)
    if high < 2 or wide < 2:
        return {"pad": pad, "high": 0, "side": 0, "table": table}
    inner = table[:, pad : pad + wide]
    heights = high * _heights(counts, wide, scale)
    inner[_RED], inner[_GREEN], inner[_BLUE] = heights[:3]
    inner[_LOW], inner[_HIGH] = _line(heights[3], max(high / 90, 0.8))
    inner[_INNER] = 1.0
    for quarter in (1, 2, 3):
        inner[_GRID, min(round(quarter * wide / 4), wide - 1)] += _GRID_ALPHA
    return {"pad": pad, "high": high, "side": _mark(inner, counts, high), "table": table}


def _heights(counts: Array, wide: int, scale: Scale) -> Array:
    """(4, wide): height of each channel at each column of the panel, 0 … 1."""
    values = np.log1p(counts) if scale == "log" else counts.astype(np.float64)
    inside = values[:, 1:-1]
    top = max(float(np.quantile(inside, 0.98)) or float(inside.max()), 1e-9)
    bins = values.shape[1]
    if wide >= bins:
        at = np.linspace(0, bins - 1, wide)
        shown = np.stack([np.interp(at, np.arange(bins), channel) for channel in values])
    else:
        first = np.arange(wide) * bins // wide
        shown = np.maximum.reduceat(values, first, axis=1)
    return np.asarray(np.clip(shown / top, 0, 1))


def _line(heights: Array, thick: float) -> tuple[Array, Array]:
    """Lower and upper edge of a line: halfway to each column's neighbours, so that steep parts hold together."""
    padded = np.pad(heights, 1, mode="edge")
    low, high = np.minimum(padded[:-2], padded[2:]), np.maximum(padded[:-2], padded[2:])
    return (
        np.minimum(heights, (low + heights) / 2) - thick / 2,
        np.maximum(heights, (high + heights) / 2) + thick / 2,
    )


def _mark(inner: Array, counts: Array, high: int) -> int:
    """Squares in the upper corners, the brighter the more pixels are at the end; how many rows they take."""
    wide = inner.shape[1]
    side = max(round(high / 14), 2)
    gap = max(side // 3, 1)
    if wide < 8 * (side + gap) or high < 2 * side:
        return 0
    pixels = max(int(counts[0].sum()), 1)
    for channel, name in enumerate(("red", "green", "blue")):
        step = channel * (side + gap)
        for end, left in ((0, step), (-1, wide - side - (2 * (side + gap) - step))):
            share = counts[channel, end] / pixels
            if share < _CLIP_SEEN:
                continue
            here = slice(left, left + side)
            ends = np.log10(_CLIP_SEEN), np.log10(_CLIP_FULL)
            inner[_MARK, here] = np.interp(np.log10(share), ends, [0.4, 1.0])
            inner[_MARK_RED : _MARK_BLUE + 1, here] = np.array(COLOURS[name])[:, None]
    return side
