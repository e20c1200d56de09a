"""Stripes over what the sensor has clipped, in a colour for each set of channels that are gone."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._cells import cell_of
from tenbit.kernels._draw import COLOURS
from tenbit.kernels._facts import Array, Facts, Triple
from tenbit.kernels._overlay import Canvas, Seen
from tenbit.kernels._places import looked_up
from tenbit.kernels.zebra.stripes import Stripes

# By which channels are gone: 1 for red, 2 for green, 4 for blue, added up. 8 is green in the noise.
COLOURS_OF: dict[int, Triple] = {
    1: COLOURS["red"],
    2: COLOURS["green"],
    3: COLOURS["yellow"],
    4: COLOURS["blue"],
    5: COLOURS["magenta"],
    6: COLOURS["cyan"],
    7: COLOURS["black"],
    8: COLOURS["white"],
}
GONE, FLOOR = "raw_zebra_gone", "raw_zebra_floor"
CELLS = {GONE: "raw_zebra_gone_cells", FLOOR: "raw_zebra_floor_cells"}


def channels_gone(means: Array, pixels: int) -> Array:
    """Which channels are gone in each cell, as the keys of `COLOURS_OF`; 0 where none is.

    Parameters
    ----------
    means : array
        Means of the weights: ``base**channel`` per clipped sample.
    pixels : int
        Of a cell.
    """
    found = np.zeros(means.shape, np.uint8)
    at = np.nonzero(means)
    base = pixels + 1
    total = np.rint(means[at].astype(np.float64) * pixels).astype(np.int64)
    red, green, blue = total % base > 0, total // base % base > 0, total // base**2 > 0
    found[at] = red + 2 * green + 4 * blue
    return found


def draw_gone(canvas: Canvas, seen: Seen, *, stripes: Stripes, came: Facts, cell: int, pixels: int) -> None:
    """Stripes in the colour of what is gone; those of the floor fall, the others rise."""
    found = channels_gone(seen.planes[CELLS[GONE]], pixels)
    if CELLS[FLOOR] in seen.planes:
        # Half of a cell's samples are green: in the noise where most of them are.
        found = np.where((found == 0) & (seen.planes[CELLS[FLOOR]] > 0.25), np.uint8(8), found)
    if not found.any():
        return
    side = cell_of(seen.facts)
    kinds = looked_up(found, seen.facts, came, side=side, cell=cell)
    middle = 0.5 * side - 0.5
    row, col = np.nonzero(kinds)
    kind = kinds[row, col]
    covers = stripes.covers(row * side + middle, col * side + middle, falls=kind == 8)
    for number, colour in COLOURS_OF.items():
        is_of = kind == number
        if is_of.any():
            mask = np.zeros(kinds.shape, np.float32)
            mask[row[is_of], col[is_of]] = covers[is_of]
            canvas.marks(mask, side, colour)
