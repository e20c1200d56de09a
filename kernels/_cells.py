"""Cells: the picture in squares of a few pixels, as large as what a screen shows of it."""

from __future__ import annotations

import dataclasses

from tenbit.kernels._facts import Facts
from tenbit.kernels._stage import Access, Step

# A viewfinder, and most of what pictures are judged on, shows about so many rows.
DISPLAY_ROWS = 1080


def cell_of(facts: Facts) -> int:
    """Side of a cell, px, so that a picture has about `DISPLAY_ROWS` rows of them (its shorter side is counted)."""
    return max(1, round(min(facts.rows, facts.cols) / DISPLAY_ROWS))


def cell_shape(facts: Facts, cell: int) -> tuple[int, int]:
    """(rows, cols) of whole cells; what is left at the bottom and the right is in none. At least one of each."""
    return max(1, facts.rows // cell), max(1, facts.cols // cell)


def mean(plane, row, col, k):
    """The mean of a cell: columns added up first, from the top, then from the left.

    So that rows can be added to a line of sums as they come, by whole vectors.
    """
    total = 0.0
    for d_col in range(k.cols):
        column = 0.0
        for d_row in range(k.rows):
            column = column + plane[row * k.cell + d_row, col * k.cell + d_col]
        total = total + column
    return total * k.share


def gathered(step: Step) -> Step:
    """The same as a GATHER, for targets that cannot average on the way."""
    return dataclasses.replace(step, access=Access.GATHER)


def is_gathered(step: Step) -> bool:
    """Whether it is cells as `gathered` makes them: it looks inside of its own cell alone."""
    return step.access is Access.GATHER and step.body is mean


def cells(name: str, planes: tuple[str, ...], writes: tuple[str, ...], facts: Facts, cell: int) -> Step:
    """The step that averages side planes, or the picture's, over cells, into side planes of `cell_shape`.

    Parameters
    ----------
    name : str
    planes, writes : tuple of str
        Read and written, one for one.
    facts : Facts
        Of the frame whose planes they are.
    cell : int
        Side, px; for a mosaic a multiple of its CFA's period.
    """
    shape = cell_shape(facts, cell)
    rows, cols = min(cell, facts.rows), min(cell, facts.cols)
    constants = {"cell": cell, "rows": rows, "cols": cols, "share": 1.0 / (rows * cols)}
    return Step(name, Access.CELLS, mean, planes, writes, constants, shape=shape, is_shared=True)
