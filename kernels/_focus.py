"""How sharp a picture is, at the size at which a screen shows it: measured once, for every stage that asks.

An edge is sharp where its slope is a large part of the contrast around it: that holds for weak edges and strong ones,
and falls as a lens goes out of focus. The slope is believed only where it stands clear of the noise that the picture
shows at that brightness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._cells import cell_of, cell_shape, cells
from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._luma import luma_of, shares
from tenbit.kernels._stage import PLANES, Access, Constants, Results, Step

# Noise is measured by brightness, in so many levels, from windows' mean squared slope, whose eighth root is counted.
LEVELS, SLOPES = 8, 64
SLOPE_LOW, SLOPE_STEP = 0.15, 0.01
# Of windows that hold nothing but noise, one in fifty has less than this part of the mean. (White noise, behind a
# demosaic, at ISO 100 … 6400: 0.41 … 0.47.)
QUANTILE, QUANTILE_OF_MEAN = 0.02, 0.42
# Windows that a level has to have to be measured.
FEWEST = 200
# A mean squared slope that is never undercut: what rounding to 8 bits makes.
LEAST_NOISE = (0.3 / 255) ** 2
# What a window, and a cell, must have of squared slope, in those of noise; and the cell of that of its window, so that
# edges are found and not what is around them.
WINDOW_OVER, CELL_OVER, RIDGE = 4.5, 7.0, 0.7
# Of counts of responses.
RESPONSES = 32
HIGHEST = 0.8
PER_RESPONSE = RESPONSES / HIGHEST
# A tile is at least so many cells wide and high; so many are along the shorter side and along the longer one at most.
# As many are always counted, so that one loop does for pictures of all shapes.
TILE_SIDE, TILES = 90, (12, 18)
COUNTERS = 12 * 18 * RESPONSES
# So much of a tile must be edges, or its score is less in proportion.
EDGES = 0.01
TILE_QUANTILE = 0.8
# One tile in so many may be better than the frame's score.
TILES_OVER = 64


def light(red, green, blue, k):
    """Luminance of one pixel, decoded by squares: free of the noise that decoding dark channels of a colour shows."""
    r, g, b = within(red, 1.0), within(green, 1.0), within(blue, 1.0)
    return luma_of(r * r, g * g, b * b, k.red_share, k.green_share, k.blue_share)


def encoded(light):
    """Brightness of a luminance; a grey has that of its channels."""
    return f32(math.sqrt(light))


def within(value, high):
    """A value held between 0 and another."""
    return min(max(value, 0.0), high)


def soft_and_slope(y):
    """Brightness smoothed 1 2 1 along both sides, and its squared slope per cell, by Scharr's filters."""
    above, here, below = y(-1, -1) + y(-1, 1), y(0, -1) + y(0, 1), y(1, -1) + y(1, 1)
    soft = ((above + below) + 2.0 * (here + (y(-1, 0) + y(1, 0))) + 4.0 * y(0, 0)) * 0.0625
    across = 3.0 * ((y(-1, 1) - y(-1, -1)) + (y(1, 1) - y(1, -1))) + 10.0 * (y(0, 1) - y(0, -1))
    down = 3.0 * ((y(1, -1) - y(-1, -1)) + (y(1, 1) - y(-1, 1))) + 10.0 * (y(1, 0) - y(-1, 0))
    return soft, (across * across + down * down) * (1.0 / 1024.0)


def windows_across(soft, slope):
    """Along a row, seven cells: the most and the least brightness, the mean squared slope."""
    most = max(
        max(max(soft(0, -3), soft(0, -2)), max(soft(0, -1), soft(0, 0))), max(max(soft(0, 1), soft(0, 2)), soft(0, 3))
    )
    least = min(
        min(min(soft(0, -3), soft(0, -2)), min(soft(0, -1), soft(0, 0))), min(min(soft(0, 1), soft(0, 2)), soft(0, 3))
    )
    energy = mean_of_seven(slope(0, -3), slope(0, -2), slope(0, -1), slope(0, 0), slope(0, 1), slope(0, 2), slope(0, 3))
    return most, least, energy


def windows(most, least, energy):
    """The same down the columns, of 7 × 7 cells: contrast, mean squared slope, most brightness.

    A window with an edge has the brightness of its lighter side, of which there are flat ones too: the greys between
    ink and paper, which only edges have, do not pass for noisy.
    """
    high = max(
        max(max(most(-3, 0), most(-2, 0)), max(most(-1, 0), most(0, 0))), max(max(most(1, 0), most(2, 0)), most(3, 0))
    )
    low = min(
        min(min(least(-3, 0), least(-2, 0)), min(least(-1, 0), least(0, 0))),
        min(min(least(1, 0), least(2, 0)), least(3, 0)),
    )
    slope = mean_of_seven(
        energy(-3, 0), energy(-2, 0), energy(-1, 0), energy(0, 0), energy(1, 0), energy(2, 0), energy(3, 0)
    )
    return high - low, slope, high


def mean_of_seven(a, b, c, d, e, f, g):
    """Weights 1 6 15 20 15 6 1."""
    return ((a + g) + 6.0 * (b + f) + 15.0 * (c + e) + 20.0 * d) * 0.015625


def noise_counter(energy, level, k):
    """The counter of a window by its brightness and its slopes; none where nothing differs from anything."""
    eighth = f32(math.sqrt(f32(math.sqrt(f32(math.sqrt(energy))))))
    wide = int(within((eighth - SLOPE_LOW) * (1.0 / SLOPE_STEP), f32(SLOPES - 1)))
    bright = int(min(level * f32(LEVELS), f32(LEVELS - 1)))
    return SLOPES * bright + wide if energy > k.least else -1


def response(slope, contrast, energy, level, k):
    """Slope over contrast, 0 … 1, where the slope is that of an edge and not of noise; else 0.

    Noise adds to what passes for an edge: its own slope is taken off, so that it makes nothing sharper. The noise at a
    brightness lies straight between those at the middles of the levels.
    """
    darker = k.bend_0 * max(level - 0.0625, 0.0) + k.bend_1 * max(level - 0.1875, 0.0)
    dark = k.bend_2 * max(level - 0.3125, 0.0) + k.bend_3 * max(level - 0.4375, 0.0)
    light = k.bend_4 * max(level - 0.5625, 0.0) + k.bend_5 * max(level - 0.6875, 0.0)
    lighter = k.bend_6 * max(level - 0.8125, 0.0) + k.bend_7 * max(level - 0.9375, 0.0)
    noise = max(k.noise + darker + dark + light + lighter, k.least)
    over = max(f32(math.sqrt(slope)) - f32(math.sqrt(noise)), 0.0)
    is_edge = energy > noise * WINDOW_OVER and slope > max(noise * CELL_OVER, energy * RIDGE)
    return min(over / max(contrast, 0.001), 1.0) if is_edge else 0.0


def tile_counter(response, k, row, col):
    """The counter of a response in its tile; none of what is no edge."""
    down, right = int(f32(row) * k.per_row), int(f32(col) * k.per_col)
    step = int(min(response * PER_RESPONSE, f32(RESPONSES - 1)))
    return (down * k.tile_cols + right) * RESPONSES + step if response > 0.0 else -1


@dataclass(frozen=True, eq=False)
class Focus:
    """How sharp a frame is.

    Parameters
    ----------
    tiles : array
        (rows, cols) float64: of each tile, the slope over contrast that one in five of its edges has, in parts per
        cell. About 0.4 and more in focus, 0.3 where a point is a disc of three cells, under 0.2 nothing is sharp; 0
        without an edge that stands clear of the noise. Contrast and exposure do not change it.
    """

    tiles: Array

    @property
    def score(self) -> float:
        """Of the frame: what its sharpest tiles have, one in 64 of all being better."""
        ordered = np.sort(self.tiles, axis=None)[::-1]
        return float(ordered[round(ordered.size / TILES_OVER)])

    @property
    def sharpest(self) -> tuple[float, float]:
        """Middle of the sharpest tile: parts of the picture's height and width, from the top and the left."""
        rows, cols = self.tiles.shape
        row, col = np.unravel_index(int(self.tiles.argmax()), (rows, cols))
        return (int(row) + 0.5) / rows, (int(col) + 0.5) / cols

    def as_record(self) -> dict[str, Any]:
        """The same as numbers, lists and dicts, fit for JSON."""
        row, col = self.sharpest
        return {"score": round(self.score, 4), "sharpest": [row, col], "tiles": self.tiles.round(4).tolist()}


def focus_steps(facts: Facts) -> tuple[Step, ...]:
    """Steps that measure the sharpness of a display frame, shared by the stages that ask for them.

    They leave ``results["focus"]`` (a `Focus`), ``results["focus_noise"]``, and on the cells of `cell_of` the side
    planes ``focus_cells`` (brightness, encoded) and ``focus_response`` (slope over contrast, 0 … 1).
    """
    rgb, cell = PLANES[facts.state], cell_of(facts)
    rows, cols = cell_shape(facts, cell)
    tile_rows, tile_cols = tiles_of(rows, cols)
    averaged = (cells("focus.light_cells", ("focus_light",), ("focus_light_cells",), facts, cell),) if cell > 1 else ()
    plane = "focus_light_cells" if cell > 1 else "focus_light"
    places = {"per_row": tile_rows / rows, "per_col": tile_cols / cols, "tile_cols": tile_cols}
    sums = ("focus_most", "focus_least", "focus_slopes")
    found = ("focus_contrast", "focus_energy", "focus_level")
    return (
        Step("focus.light", Access.POINT, light, rgb, ("focus_light",), shares(facts.space), is_shared=True),
        *averaged,
        Step("focus.cells", Access.POINT, encoded, (plane,), ("focus_cells",), is_shared=True),
        _stencil("focus.slope", soft_and_slope, ("focus_cells",), ("focus_soft", "focus_slope"), 1),
        _stencil("focus.across", windows_across, ("focus_soft", "focus_slope"), sums, 3),
        _stencil("focus.windows", windows, sums, found, 3),
        Step(
            "focus.noise", Access.REDUCE, noise_counter, ("focus_energy", "focus_level"), ("focus_noise",),
            {"least": LEAST_NOISE / 10}, counters=LEVELS * SLOPES, summary=noise_of, every=max(1, rows // 384),
            is_shared=True,
        ),
        Step(
            "focus", Access.POINT, response, ("focus_slope", *found), ("focus_response",), noise_constants,
            is_shared=True,
        ),
        Step(
            "focus.tiles", Access.REDUCE, tile_counter, ("focus_response",), ("focus",), places,
            counters=COUNTERS, summary=partial(focus_of, cells=(rows, cols)), is_shared=True,
        ),
    )  # fmt: skip


def tiles_of(rows: int, cols: int) -> tuple[int, int]:
    """(rows, cols) of tiles over so many cells."""
    side = max(TILE_SIDE, min(rows, cols) / TILES[0])
    return min(max(round(rows / side), 1), TILES[1]), min(max(round(cols / side), 1), TILES[1])


def noise_of(counters: Array) -> Array:
    """Noise of the picture: the mean squared slope of what is flat, at each level of brightness, (LEVELS,) float64.

    Levels that few windows have get that of their neighbours; 0 where nothing is known.
    """
    counts = counters.reshape(LEVELS, SLOPES)
    windows, levels = counts.sum(axis=1), np.arange(LEVELS)
    known = levels[windows >= FEWEST]
    if not known.size:
        return np.zeros(LEVELS)
    edges = (SLOPE_LOW + SLOPE_STEP * np.arange(SLOPES + 1)) ** 8
    below = np.pad(counts[known].cumsum(axis=1), ((0, 0), (1, 0))) / windows[known, None]
    found = np.array([np.interp(QUANTILE, one, edges) for one in below]) / QUANTILE_OF_MEAN
    noise = np.interp(levels, known, found)
    around = np.pad(noise, 1, mode="edge")
    return np.asarray(np.maximum(noise, np.sqrt(around[:-2] * around[2:])))


def noise_constants(results: Results) -> Constants:
    """The noise at black, and by how much its slope against brightness bends at the middle of each level."""
    noise = results["focus_noise"]
    slopes = np.concatenate([[0.0], np.diff(noise) * LEVELS, [0.0]])
    bends = {f"bend_{n}": float(bend) for n, bend in enumerate(np.diff(slopes))}
    return {"noise": float(noise[0]), **bends, "least": LEAST_NOISE}


def focus_of(counters: Array, *, cells: tuple[int, int]) -> Focus:
    """The scores that the counted responses of all tiles show."""
    shape = tiles_of(*cells)
    counts = counters.reshape(-1, RESPONSES)[: shape[0] * shape[1]]
    steps = np.linspace(0, HIGHEST, RESPONSES + 1)
    tiles = np.zeros(len(counts))
    enough = EDGES * cells[0] * cells[1] / len(counts)
    for n, tile in enumerate(counts):
        total = int(tile.sum())
        if total:
            below = np.concatenate([[0], tile.cumsum()]) / total
            tiles[n] = np.interp(TILE_QUANTILE, below, steps) * min(1.0, total / enough)
    return Focus(tiles.reshape(shape))


def _stencil(name: str, body: Any, reads: tuple[str, ...], writes: tuple[str, ...], radius: int) -> Step:
    return Step(name, Access.STENCIL, body, reads, writes, radius=radius, is_shared=True)
