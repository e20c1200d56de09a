"""How much of each pixel a polygon or a line covers, without drawing at a larger size."""

from __future__ import annotations

import math

import numpy as np

from tenbit.kernels._facts import Array


def polygon_cover(points: Array, rows: int, cols: int) -> tuple[int, int, Array]:
    """Exact share of each pixel inside a polygon.

    Every edge adds, to the row that it crosses, the area between itself and the right end of the row; sums from left to
    right then are the cover. Cost goes with the length of the outline, but for one sum over its box.

    Parameters
    ----------
    points : array
        (count, 2) rows and cols; closed by itself. Inside is where the outline winds around.
    rows, cols : int
        Of the canvas; what lies outside is cut off.

    Returns
    -------
    tuple
        First row, first column, and the cover (n, m) float32 of a box that holds all of it, 0 … 1.
    """
    points = np.asarray(points, np.float64).reshape(-1, 2)
    empty = 0, 0, np.zeros((0, 0), np.float32)
    if len(points) < 3:
        return empty
    top, left = (max(0, math.floor(v)) for v in points.min(axis=0))
    bottom, right = (min(n, math.ceil(v)) for n, v in zip((rows, cols), points.max(axis=0), strict=True))
    if bottom <= top or right <= left:
        return empty
    shape = bottom - top, right - left
    here = points - (top, left)
    row, begin, end, height = _by_row(here, np.roll(here, -1, axis=0), shape[0])
    row, begin, end, height = _by_col(row, begin, end, height, shape[1])
    col = np.floor(np.minimum(begin, end))
    right_of = height * (1 - ((begin + end) / 2 - col))
    inside = col < shape[1]
    row, col = row[inside].astype(np.int64), np.maximum(col[inside], 0).astype(np.int64)
    right_of, height = right_of[inside], height[inside]
    width = shape[1] + 1
    at = row * width + col
    size = shape[0] * width
    grown = np.bincount(np.r_[at, at + 1], np.r_[right_of, height - right_of], size).reshape(shape[0], width)
    total = np.cumsum(grown[:, :-1], axis=1, dtype=np.float32)
    np.abs(total, out=total)
    return top, left, np.minimum(total, np.float32(1), out=total)


def _by_row(begin: Array, end: Array, rows: int) -> tuple[Array, Array, Array, Array]:
    """Edges cut at whole rows: row, column where each piece begins and ends, and its height, negative upwards."""
    is_kept = begin[:, 0] != end[:, 0]
    begin, end = begin[is_kept], end[is_kept]
    low = np.clip(np.minimum(begin[:, 0], end[:, 0]), 0, rows)
    high = np.clip(np.maximum(begin[:, 0], end[:, 0]), 0, rows)
    first = np.floor(low)
    which, step = _counted(np.where(high > low, np.ceil(high) - first, 0))
    row = first[which] + step
    above, below = np.maximum(low[which], row), np.minimum(high[which], row + 1)
    slope = ((end[:, 1] - begin[:, 1]) / (end[:, 0] - begin[:, 0]))[which]
    start_row, start_col = begin[which, 0], begin[which, 1]
    sign = np.where(end[which, 0] > start_row, 1.0, -1.0)
    return row, start_col + slope * (above - start_row), start_col + slope * (below - start_row), sign * (below - above)


def _by_col(row: Array, begin: Array, end: Array, height: Array, cols: int) -> tuple[Array, Array, Array, Array]:
    """Pieces cut at whole columns too; what is left of the first column stands at it, right of the last is nothing."""
    low, high = np.minimum(begin, end), np.maximum(begin, end)
    span = np.where(high > low, high - low, 1.0)
    before = np.where(high > low, np.clip(-low, 0, span) / span, low < 0)
    inside = np.where(high > low, np.clip(np.minimum(high, cols) - np.maximum(low, 0), 0, None) / span, low >= 0)
    row, height = np.r_[row, row], np.r_[height * before, height * inside]
    low, high = (np.r_[np.zeros(len(ends)), np.clip(ends, 0, cols)] for ends in (low, high))
    first = np.floor(low)
    which, step = _counted(np.maximum(np.ceil(high) - first, 1))
    col = first[which] + step
    a, b = np.maximum(low[which], col), np.minimum(high[which], col + 1)
    wide = (high - low)[which]
    part = np.where(wide > 0, (b - a) / np.where(wide > 0, wide, 1), 1.0)
    return row[which], a, np.where(wide > 0, b, a), height[which] * part


def _counted(counts: Array) -> tuple[Array, Array]:
    """For counts (n,): whose each one is, and which of its owner's it is."""
    counts = counts.astype(np.int64)
    which = np.repeat(np.arange(len(counts)), counts)
    return which, np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)


def line_cover(points: Array, width: float, rows: int, cols: int) -> tuple[Array, Array, Array]:
    """Share of each pixel that a line covers, by the distance of its centre; ends and corners are round.

    Parameters
    ----------
    points : array
        (count, 2) rows and cols.
    width : float
        Pixels.
    rows, cols : int
        Of the canvas; what lies outside is cut off.

    Returns
    -------
    tuple of array
        Rows, cols and cover 0 … 1 of every pixel touched, (n,), each once.
    """
    points = np.asarray(points, np.float64).reshape(-1, 2)
    begin, end = points[:-1], points[1:]
    reach = width / 2 + 0.5
    # Along its longer direction a segment is a few pixels thick at every step, whatever its slope.
    along = end - begin
    is_tall = np.abs(along[:, 0]) >= np.abs(along[:, 1])
    lo = np.where(is_tall, np.minimum(begin[:, 0], end[:, 0]), np.minimum(begin[:, 1], end[:, 1]))
    hi = np.where(is_tall, np.maximum(begin[:, 0], end[:, 0]), np.maximum(begin[:, 1], end[:, 1]))
    most = np.where(is_tall, rows, cols)
    first, last = np.maximum(np.floor(lo - reach), 0), np.minimum(np.ceil(hi + reach), most)
    which, step = _counted(np.maximum(last - first, 0))
    a, d, tall = begin[which], along[which], is_tall[which]
    major = first[which] + step
    long_, short = np.where(tall, d[:, 0], d[:, 1]), np.where(tall, d[:, 1], d[:, 0])
    run = np.where(long_ != 0, (major + 0.5 - np.where(tall, a[:, 0], a[:, 1])) / np.where(long_ != 0, long_, 1), 0)
    middle = np.where(tall, a[:, 1], a[:, 0]) + np.clip(run, 0, 1) * short
    half = math.ceil(reach * math.sqrt(2))
    offsets = np.arange(-half - 1, half + 1)
    minor = np.floor(middle)[:, None] + offsets
    major = np.broadcast_to(major[:, None], minor.shape)
    row, col = np.where(tall[:, None], major, minor), np.where(tall[:, None], minor, major)
    down, right = row + 0.5 - a[:, :1], col + 0.5 - a[:, 1:]
    length = (d**2).sum(axis=1)[:, None]
    at = np.clip((down * d[:, :1] + right * d[:, 1:]) / np.where(length > 0, length, 1), 0, 1)
    distance = np.hypot(down - at * d[:, :1], right - at * d[:, 1:])
    cover = np.clip(reach - distance, 0, min(width, 1.0))
    kept = (cover > 0) & (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
    place, cover = (row[kept] * cols + col[kept]).astype(np.int64), cover[kept]
    order = np.argsort(place, kind="stable")
    place, cover = place[order], cover[order]
    if not len(place):
        return place, place, cover.astype(np.float32)
    starts = np.flatnonzero(np.r_[True, place[1:] != place[:-1]])
    place = place[starts]
    return place // cols, place % cols, np.maximum.reduceat(cover, starts).astype(np.float32)
