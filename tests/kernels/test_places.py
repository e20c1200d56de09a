"""Cells looked up from the finished picture against the way of every pixel."""

import dataclasses
from functools import partial

import numpy as np
import pytest

from tenbit.kernels import lens, stage
from tenbit.kernels._facts import Cfa, Facts, cut_from, scaled_from
from tenbit.kernels._optics import Law, Origin, Warp
from tenbit.kernels._places import looked_up, places
from tenbit.kernels.lens.path import Path

CAME = Facts(state="mosaic", rows=1500, cols=2000, cfa=Cfa("RGGB"), black=(0,) * 4, white=(1,) * 4)
FLAT = Facts(state="display", rows=1500, cols=2000, optical_centre=(749.5, 999.5))
BARREL = Path(1.0, (749.5, 999.5), Warp((Law("even", (-0.05, 0.01), 1250.0),), Origin("made up", "made up")))


def turned(facts, degrees):
    made = stage("orient")
    return made.prepare(made.parameters(degrees=degrees, mirror=True), facts).facts


def moved(facts, *moves, rows, cols):
    return dataclasses.replace(facts, moves=(*facts.moves, *moves), rows=rows, cols=cols)


FINALS = {
    "as it is": FLAT,
    "cut": moved(FLAT, cut_from(100, 200), rows=901, cols=1203),
    "larger and turned": turned(moved(FLAT, scaled_from(1.5, 1.5), rows=2250, cols=3000), 90),
    "turned back": turned(FLAT, 180),
    "through a lens": moved(FLAT, partial(lens.came_from, path=BARREL, scale=1.0), rows=1500, cols=2000),
    "one pixel": moved(FLAT, cut_from(7, 9), rows=1, cols=1),
}


@pytest.mark.parametrize("name", list(FINALS))
@pytest.mark.parametrize("side", [1, 3])
def test_every_cell_comes_from_its_place(name, side):
    """0.05 px of a picture whose corners the lens has moved by 50; each way of looking up takes the nearest cell."""
    final = FINALS[name]
    rows, cols = -(-final.rows // side), -(-final.cols // side)
    middle = np.indices((rows, cols)) * side + (side - 1) / 2
    expected = final.came_from(*middle)
    found = places(final, CAME, side=side)
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one - other).max() < 0.05
    cell = 4
    values = np.arange(375 * 500, dtype=np.int32).reshape(375, 500) + 1
    taken = looked_up(values, final, CAME, side=side, cell=cell)
    down, across = ((part + 0.5) / cell for part in expected)
    is_clear = (np.abs(down - np.rint(down)) > 0.02) & (np.abs(across - np.rint(across)) > 0.02)
    is_inside = (down >= 0) & (down < 376) & (across >= 0) & (across < 501)
    nearest = values[np.clip(down, 0, 374).astype(int), np.clip(across, 0, 499).astype(int)] * is_inside
    np.testing.assert_array_equal(taken[is_clear], nearest[is_clear])
    assert is_clear.any()
