"""The histogram's panel: the paint against a panel drawn by numpy, column by column and line by line."""

from typing import Literal

import numpy as np
import pytest

from tenbit.kernels import histogram
from tenbit.kernels._draw import COLOURS
from tenbit.kernels._facts import Array

Scale = Literal["linear", "log"]
_GROUND = (0.04, 0.04, 0.05)
_GROUND_ALPHA = 0.62
_CURVE_ALPHA = 0.9
_GRID_ALPHA = 0.16
# What a channel adds to the colour of its area; all three together make a light grey.
_AREA = np.array([[0.62, 0.05, 0.05], [0.02, 0.5, 0.06], [0.02, 0.07, 0.6]])
# Part of the pixels from which a clip mark shows, and from which it is full: 0.001 % and 1 %.
_CLIP_SEEN, _CLIP_FULL = 1e-5, 1e-2


def panel(counts: Array, *, shape: tuple[int, int], scale: Scale) -> Array:
    """A histogram drawn to be laid over a picture.

    Parameters
    ----------
    counts : array
        (4, bins), int: red, green, blue, luma.
    shape : tuple of int
        (rows, cols) of the panel in pixels.
    scale : {"linear", "log"}
        Height of a count. The height is filled by the count that one bin in fifty exceeds, the two end bins left out:
        a spike is cut off at the top and does not press the rest flat.

    Returns
    -------
    array
        (rows, cols, 4), float32: red, green, blue and opacity, 0 … 1. Three areas that add up where they lie over each
        other, a line for luma, quarters of the range as a grid, and in the upper corners a mark for every channel with
        pixels in its first (left) or last bin (right).
    """
    rows, cols = shape
    colour = np.broadcast_to(np.array(_GROUND), (rows, cols, 3)).copy()
    alpha = np.full((rows, cols), _GROUND_ALPHA)
    pad = max(round(0.05 * rows), 1)
    high, wide = rows - 2 * pad, cols - 2 * pad
    if high < 2 or wide < 2:
        return np.dstack([colour, alpha]).astype(np.float32)
    inner, opacity = colour[pad : pad + high, pad : pad + wide], alpha[pad : pad + high, pad : pad + wide]
    _grid(inner)
    heights = high * _heights(counts, wide, scale)
    # Middle of each row of pixels above the base line; an edge covers a pixel in part.
    above = (high - np.arange(high) - 0.5)[:, None]
    cover = np.clip(heights[:3, None, :] - above + 0.5, 0, 1)
    area = np.einsum("crx,cn->rxn", cover, _AREA)
    any_cover = cover.max(axis=0)
    inner += (area - inner) * any_cover[..., None]
    np.maximum(opacity, _CURVE_ALPHA * any_cover, out=opacity)
    line = _line(heights[3], above, max(high / 90, 0.8))
    inner += (1.0 - inner) * 0.9 * line[..., None]
    np.maximum(opacity, _CURVE_ALPHA * line, out=opacity)
    _clip_marks(inner, opacity, counts)
    return np.dstack([colour, alpha]).clip(0, 1).astype(np.float32)


def _grid(inner: Array) -> None:
    """Quarters of the range."""
    high, wide, _ = inner.shape
    for quarter in (1, 2, 3):
        inner[:, min(round(quarter * wide / 4), wide - 1)] += _GRID_ALPHA
    inner[high - 1] += _GRID_ALPHA


def _heights(counts: Array, wide: int, scale: Scale) -> Array:
    """(4, wide): height of each channel at each column of the panel, 0 … 1, column by column."""
    values = [[float(np.log(n + 1)) if scale == "log" else float(n) for n in channel] for channel in counts]
    ordered = sorted(v for channel in values for v in channel[1:-1])
    place = 0.98 * (len(ordered) - 1)
    below = int(place)
    full = ordered[below] + (place - below) * (ordered[min(below + 1, len(ordered) - 1)] - ordered[below])
    full = max(full or ordered[-1], 1e-9)
    bins, rows = len(values[0]), []
    for channel in values:
        shown = []
        for col in range(wide):
            if wide < bins:
                shown.append(max(channel[col * bins // wide : (col + 1) * bins // wide]))
                continue
            left, rest = divmod(col * (bins - 1), wide - 1)
            here, there = channel[left], channel[min(left + 1, bins - 1)]
            shown.append(here + rest / (wide - 1) * (there - here))
        rows.append([min(max(v / full, 0.0), 1.0) for v in shown])
    return np.array(rows)


def _line(heights: Array, above: Array, thick: float) -> Array:
    """Cover of a line that reaches halfway to the heights of both neighbours, column by column."""
    cover = np.zeros((above.shape[0], len(heights)))
    for col, height in enumerate(heights):
        ends = [height]
        ends += [(height + heights[n]) / 2 for n in (col - 1, col + 1) if 0 <= n < len(heights)]
        inside = np.minimum(max(ends) + thick / 2 - above[:, 0], above[:, 0] - (min(ends) - thick / 2))
        cover[:, col] = np.clip(inside + 0.5, 0, 1)
    return cover


def _clip_marks(inner: Array, opacity: Array, counts: Array) -> None:
    """Squares in the upper corners: one per channel, the brighter the more of its pixels are at the end."""
    high, wide, _ = inner.shape
    side = max(round(high / 14), 2)
    gap = max(side // 3, 1)
    if wide < 8 * (side + gap) or high < 2 * side:
        return
    pixels = max(int(counts[0].sum()), 1)
    for channel, name in enumerate(("red", "green", "blue")):
        step = channel * (side + gap)
        for end, left in ((0, step), (-1, wide - side - (2 * (side + gap) - step))):
            part = counts[channel, end] / pixels
            if part < _CLIP_SEEN:
                continue
            strength = np.interp(np.log10(part), [np.log10(_CLIP_SEEN), np.log10(_CLIP_FULL)], [0.4, 1.0])
            here = inner[:side, left : left + side]
            here += (np.array(COLOURS[name]) - here) * strength
            opacity[:side, left : left + side] = np.maximum(opacity[:side, left : left + side], _CURVE_ALPHA)


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("shape", [(1, 1), (5, 9), (60, 108), (270, 486)])
def test_panel_is_a_picture(scale, shape):
    counts = np.random.default_rng(4).integers(0, 9, (4, 256))
    drawn = panel(counts, shape=shape, scale=scale)
    assert drawn.shape == (*shape, 4)
    assert drawn.dtype == np.float32
    assert 0 <= drawn.min() <= drawn.max() <= 1


def test_panel_shows_where_the_counts_are():
    counts = np.zeros((4, 256), int)
    counts[:, 5] = 100  # all in the shadows
    counts[0, 200:220] = 100  # and red in the lights
    drawn = panel(counts, shape=(120, 300), scale="linear")
    inside = drawn[6:-6, 6:-6]
    left, right, gap = inside[60, 5], inside[60, 238], inside[60, 120]
    assert left[3] > gap[3]
    assert right[0] > 0.5 > 2 * right[1]
    assert gap[:3].max() < 0.1


def test_clip_marks_light_up_by_channel():
    counts = np.zeros((4, 256), int)
    counts[:, 100] = 1000
    bare = panel(counts, shape=(120, 300), scale="linear")
    counts[2, 255] = 50  # blue clips
    marked = panel(counts, shape=(120, 300), scale="linear")
    where = np.argwhere((bare != marked).any(axis=-1))
    lit = marked[tuple(where[0])]
    assert where[:, 1].min() > 150
    assert lit[2] > 0.8 > lit[0]


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("shape", [(9, 14), (40, 90), (70, 120)])
def test_panel_is_what_numpy_draws(develop, planes, scale, shape):
    samples = np.random.default_rng(6).normal(0.5, 0.3, (*shape, 3)).astype(np.float32)
    asked = {"size": 0.8, "scale": scale, "opacity": 0.7}
    out = develop(planes(samples, state="display"), ("histogram", asked))
    place = histogram.place_of(histogram.Parameters(**asked), planes(samples).facts)
    drawn = panel(out.results["histogram"].counts, shape=(place["rows"], place["cols"]), scale=scale)
    expected = samples.copy()
    here = expected[place["top"] : place["top"] + place["rows"], place["left"] : place["left"] + place["cols"]]
    here += (drawn[..., :3] - here) * drawn[..., 3:] * 0.7
    # heights of a hundred pixels in float32 place an edge to a hundred-thousandth of one
    np.testing.assert_allclose(out.samples, expected, atol=2e-5)
