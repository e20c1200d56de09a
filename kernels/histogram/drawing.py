"""The panels of a histogram, on a canvas: areas that add up where they lie over each other, a line for luma, a grid."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tenbit.kernels._draw import COLOURS, percent
from tenbit.kernels._facts import Array, Triple
from tenbit.kernels._overlay import GRID, GROUND, GROUND_ALPHA, INK, TEXT, Canvas, Seen
from tenbit.kernels._raw_counts import CHANNELS
from tenbit.kernels.histogram.counted import Histogram
from tenbit.kernels.histogram.raw import PER_EV, RAW, RawHistogram

Scale = Literal["linear", "log"]
Show = Literal["rgb", "luma", "parade"]

# What a channel adds to the colour of its area; all three together make a light grey.
_AREAS: Array = np.array([[0.62, 0.05, 0.05], [0.02, 0.5, 0.06], [0.02, 0.07, 0.6]])
_GREY: Array = np.array([[0.72, 0.72, 0.72]])
_AREA_ALPHA = 0.9
_GRID_ALPHA = 0.35
_NAMES = ("red", "green", "blue")
# Part of the pixels from which a clip mark shows, and from which it is full: 0.001 % and 1 %.
_CLIP_SEEN, _CLIP_FULL = 1e-5, 1e-2
# A panel of fewer units has no room for text.
_UNITS_OF_TEXT = 120
# Codes above black between which a third of a stop has no room for another.
_APART = 4


@dataclass(frozen=True)
class Inside:
    """The part of a panel that the areas fill, in pixels."""

    top: float
    left: float
    rows: int
    cols: int

    @property
    def bottom(self) -> float:
        return self.top + self.rows


def draw_picture(canvas: Canvas, seen: Seen, *, show: Show, scale: Scale) -> None:
    """The histogram of the picture."""
    found: Histogram = seen.results["histogram"]
    inside = _ground(canvas)
    if inside is None:
        return
    counts = {"rgb": found.counts, "luma": found.counts[3:], "parade": found.counts[:3]}[show]
    parts = len(counts) if show == "parade" else 1
    heights = heights_of(counts, max(inside.cols // parts, 1), scale)
    for line in range(1, 4 * parts):
        _upright(canvas, inside, line / (4 * parts))
    _areas(canvas, inside, heights, show)
    if show == "rgb":
        _luma_line(canvas, inside, heights[3])
    _ends(canvas, inside, found.crushed, found.clipped, ("luma",) if show == "luma" else _NAMES)


def draw_raw(canvas: Canvas, seen: Seen, *, show: Show, scale: Scale) -> None:
    """The histogram of the raw samples, white at the right; the two greens are one area, but side by side."""
    found: RawHistogram = seen.results[RAW]
    inside = _ground(canvas, has_axis=True)
    if inside is None:
        return
    parts = 4 if show == "parade" else 1
    cols = max(inside.cols // parts, 1)
    heights = raw_heights(found, cols, scale)
    shown = {"rgb": (heights[[0, 1, 3]] + heights[[0, 2, 3]]) / 2, "luma": heights.mean(axis=0)[None]}
    for part in range(parts):
        _axis(canvas, Inside(inside.top, inside.left + part * cols, inside.rows, cols), found)
    _areas(canvas, inside, shown.get(show, heights), show)
    clipped, black = found.raw.clipped, found.at_black
    _ends(canvas, inside, _of_colours(black), _of_colours(clipped), _NAMES)


def heights_of(counts: Array, cols: int, scale: Scale) -> Array:
    """Height of each channel at each column of a panel, 0 … 1: (channels, cols), from (channels, bins).

    The height is filled by the count that one bin in fifty exceeds, the two end bins left out: a spike is cut off at
    the top and does not press the rest flat.
    """
    bins = counts.shape[1]
    if cols >= bins:
        at = np.linspace(0, bins - 1, cols)
        shown = np.stack([np.interp(at, np.arange(bins), channel) for channel in counts])
    else:
        edges = np.arange(cols + 1) * bins // cols
        shown = np.add.reduceat(counts, edges[:-1], axis=1) / np.diff(edges)
    values = np.log1p(shown) if scale == "log" else shown
    inside = values[:, 1:-1] if cols > 2 else values
    top = max(float(np.quantile(inside, 0.98)) or float(inside.max()), 1e-9)
    return np.asarray(np.clip(values / top, 0, 1))


def raw_heights(found: RawHistogram, cols: int, scale: Scale) -> Array:
    """Height of R, G1, G2 and B at each column, 0 … 1: (4, cols). A bar for a third of a stop.

    Where codes are further apart than that, each code has a tooth of its own: the comb is how the sensor tells shadows.
    """
    bars = PER_EV * found.stops
    at = np.arange(cols) * bars // cols
    values = np.stack([found.bars(name)[at].astype(np.float64) for name in CHANNELS])
    if found.raw.is_exact:
        for channel, name in enumerate(CHANNELS):
            _comb(values[channel], found, name, at)
    if scale == "log":
        values = np.log1p(values)
    top = float(values[:, at < bars - 1].max(initial=0.0)) or float(values.max())
    return np.asarray(np.clip(values / max(top, 1e-9), 0, 1))


def _comb(values: Array, found: RawHistogram, name: str, at: Array) -> None:
    """Teeth instead of bars near black."""
    cols, bars = len(values), PER_EV * found.stops
    evs, first = found.evs(name), math.floor(found.raw.black[name]) + 1
    codes = range(first, min(first + _APART, len(evs)))
    until = max(((evs[code] + found.stops) * PER_EV for code in codes), default=0.0)
    values[at <= until] = 0.0
    half = max(cols / bars / 4, 0.5)
    for code in codes:
        middle = (evs[code] + found.stops) / found.stops * cols
        if middle >= 0:
            here = slice(max(round(middle - half), 0), max(round(middle + half), round(middle - half) + 1))
            values[here] = np.maximum(values[here], found.raw[name][code])


def _ground(canvas: Canvas, *, has_axis: bool = False) -> Inside | None:
    """Ground and base line; what is left for the areas, or None where that is nothing."""
    canvas.rect(0, 0, canvas.rows, canvas.cols, GROUND, GROUND_ALPHA)
    pad = max(0.04 * canvas.rows, 1.0)
    text = 1.5 * TEXT * canvas.unit if _has_text(canvas) else 0.0
    rows = math.floor(canvas.rows - 2 * pad - text * (2 if has_axis else 1))
    cols = math.floor(canvas.cols - 2 * pad)
    if rows < 2 or cols < 2:
        return None
    inside = Inside(pad + text, pad, rows, cols)
    base = [(inside.bottom, inside.left), (inside.bottom, inside.left + cols)]
    canvas.polyline(np.array(base), GRID, alpha=_GRID_ALPHA)
    return inside


def _has_text(canvas: Canvas) -> bool:
    return canvas.rows / canvas.unit >= _UNITS_OF_TEXT


def _upright(canvas: Canvas, inside: Inside, part: float) -> None:
    """A line of the grid."""
    col = inside.left + part * inside.cols
    canvas.polyline(np.array([(inside.top, col), (inside.bottom, col)]), GRID, alpha=_GRID_ALPHA)


def _areas(canvas: Canvas, inside: Inside, heights: Array, show: Show) -> None:
    """Areas from the base line up, whose edges are one pixel soft."""
    if show == "parade":
        of = _AREAS[[0, 1, 1, 2]] if len(heights) == 4 else _AREAS
        cols = heights.shape[1]
        for part, (height, colour) in enumerate(zip(heights, of, strict=True)):
            image, cover = areas(height[None] * inside.rows, inside.rows, np.minimum(1.5 * colour, 1.0)[None])
            canvas.image(inside.top, inside.left + part * cols, inside.rows, cols, image, _AREA_ALPHA * cover)
        return
    of = _AREAS if show == "rgb" else _GREY
    image, cover = areas(heights[: len(of)] * inside.rows, inside.rows, of)
    canvas.image(inside.top, inside.left, inside.rows, inside.cols, image, _AREA_ALPHA * cover)


def areas(heights: Array, rows: int, colours: Array) -> tuple[Array, Array]:
    """Areas of so many pixels above a base line, whose colours add up: (rows, cols, 3) and the cover, (rows, cols).

    Parameters
    ----------
    heights : array
        (areas, cols), pixels, 0 … rows.
    rows : int
    colours : array
        (areas, 3)
    """
    colours = colours.astype(np.float32)
    count, bits = len(heights), np.arange(len(heights))
    # A whole pixel has one of few colours: looked up, a panel of a million takes 3 ms, added up 60.
    first = np.ceil(rows - heights).astype(np.int32)
    at = np.arange(rows, dtype=np.int32)[:, None]
    which = functools.reduce(np.bitwise_or, [(at >= first[n]).view(np.uint8) << n for n in range(count)])
    sums = (np.arange(2**count)[:, None] >> bits & 1).astype(np.float32) @ colours
    image, cover = np.take(sums, which, axis=0), (which > 0).astype(np.float32)
    # One above lies the edge, whose pixels are covered in part by one or several areas.
    row, col = first - 1, np.broadcast_to(np.arange(heights.shape[1]), heights.shape)
    row, col = row[row >= 0], col[row >= 0]
    covers = np.clip(heights[:, col] - rows + row + 1, 0, 1).astype(np.float32)
    most = covers.max(axis=0)
    image[row, col] = covers.T @ colours / np.maximum(most, 1e-6)[:, None]
    cover[row, col] = most
    return image, cover


def _luma_line(canvas: Canvas, inside: Inside, heights: Array) -> None:
    """A line that has a point per unit."""
    at = np.arange(0, len(heights), max(int(canvas.unit), 1))
    points = np.stack([inside.bottom - heights[at] * inside.rows, inside.left + at + 0.5], axis=1)
    canvas.polyline(points, (1.0, 1.0, 1.0), width=1.2, alpha=0.85)


def _axis(canvas: Canvas, inside: Inside, found: RawHistogram) -> None:
    """Every second stop below white, and the hatched part in which signal is no more than noise."""
    every = 2 if inside.cols > 20 * found.stops * canvas.unit else 4
    for ev in range(0, found.stops + 1, every):
        part = 1 - ev / found.stops
        _upright(canvas, inside, part)
        # Where axes stand side by side the far end of one is where the other has its white.
        if _has_text(canvas) and (part > 0.05 or inside.cols > canvas.cols / 2):
            col = inside.left + part * inside.cols
            anchor: Literal["left", "centre", "right"] = "right" if ev == 0 else "centre" if part > 0.05 else "left"
            label = "0 EV" if ev == 0 else f"\N{MINUS SIGN}{ev}"
            canvas.text(inside.bottom + 0.8 * TEXT * canvas.unit, col, label, anchor=anchor, size=0.9 * TEXT)
    floor = found.floor_ev
    if floor is None or floor <= -found.stops:
        return
    cols = inside.cols * min(1 + floor / found.stops, 1.0)
    canvas.rect(inside.top, inside.left, inside.rows, cols, GRID, 0.22)
    # Each line rises by 45 degrees and is cut where it leaves the rectangle.
    for start in np.arange(-inside.rows, cols, max(8 * canvas.unit, 3.0)):
        low, high = max(start, 0.0), min(start + inside.rows, cols)
        if high > low:
            ends = [(inside.bottom - (col - start), inside.left + col) for col in (low, high)]
            canvas.polyline(np.array(ends), GRID, alpha=0.3)


def _ends(
    canvas: Canvas, inside: Inside, low: Mapping[str, float], high: Mapping[str, float], names: tuple[str, ...]
) -> None:
    """For each channel with samples at an end of the range a mark, the brighter the more there are, and their part."""
    side = min(max(0.8 * TEXT * canvas.unit, 2.0), inside.rows, inside.cols / 8)
    shown = [percent(parts[name]) for parts in (low, high) for name in names if parts[name] >= _CLIP_SEEN]
    room = inside.cols - sum(canvas.text_cols(label) + 2 * side for label in shown)
    has_text = _has_text(canvas)
    top = inside.top - 1.2 * side if has_text else inside.top
    has_text = has_text and room > 0
    for parts, is_high in ((low, False), (high, True)):
        col = inside.left + inside.cols if is_high else inside.left
        # From the corner inwards, so that red stands left of blue at both ends.
        for name in reversed(names) if is_high else names:
            if parts[name] < _CLIP_SEEN:
                continue
            colour = COLOURS.get(name, INK)
            label = percent(parts[name]) if has_text else ""
            wide = side + (0.3 * side + canvas.text_cols(label) if label else 0.0)
            left = col - wide if is_high else col
            ends = np.log10(_CLIP_SEEN), np.log10(_CLIP_FULL)
            canvas.rect(top, left, side, side, colour, float(np.interp(np.log10(parts[name]), ends, [0.4, 1.0])))
            if label:
                canvas.text(top + 0.5 * side, left + 1.3 * side, label, _light(colour))
            col += -(wide + 0.7 * side) if is_high else wide + 0.7 * side


def _light(colour: Triple) -> Triple:
    """A colour that can be read on the ground of a panel."""
    red, green, blue = (0.45 + 0.55 * value for value in colour)
    return red, green, blue


def _of_colours(parts: Mapping[str, float]) -> dict[str, float]:
    """Parts of R, G1, G2, B as those of red, green and blue: of the two greens the larger."""
    return {"red": parts["R"], "green": max(parts["G1"], parts["G2"]), "blue": parts["B"]}
