"""Orient: the picture turned and mirrored as it should be seen."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._stage import PLANES, Access, Prepared, Stage, Step, param
from tenbit.kernels.errors import StageError

# Which pixel of the samples lies at (row, col) of the picture: ((row by row, row by col), (col by row, col by col)).
# A negative number counts from the last pixel. EXIF 2.32, tag 274.
Turn = tuple[tuple[int, int], tuple[int, int]]
ORIENTATIONS: dict[int, Turn] = {
    1: ((1, 0), (0, 1)),
    2: ((1, 0), (0, -1)),
    3: ((-1, 0), (0, -1)),
    4: ((-1, 0), (0, 1)),
    5: ((0, 1), (1, 0)),
    6: ((0, -1), (1, 0)),
    7: ((0, -1), (-1, 0)),
    8: ((0, 1), (-1, 0)),
}
_CLOCKWISE = {0: ORIENTATIONS[1], 90: ORIENTATIONS[6], 180: ORIENTATIONS[3], 270: ORIENTATIONS[8]}


@dataclass(frozen=True)
class Parameters:
    """Turn and mirror the picture: as the file says, then as asked."""

    to: Literal["file", "none"] = param(
        "file", "file: upright, by the file's orientation; none: as the samples lie, for viewers too."
    )
    degrees: Literal[0, 90, 180, 270] = param(0, "A further turn, clockwise.", unit="degrees")
    mirror: bool = param(False, "Swap left and right, after the turns.")


def turned(plane, row, col, k):
    """The pixel of the samples that lies at this place of the picture."""
    return plane[k.row_0 + k.row_by_row * row + k.row_by_col * col, k.col_0 + k.col_by_row * row + k.col_by_col * col]


def then(first: Turn, second: Turn) -> Turn:
    """One turn for two, one after the other: the product of their matrices."""
    (a, b), (c, d) = first
    (e, f), (g, h) = second
    return (a * e + b * g, a * f + b * h), (c * e + d * g, c * f + d * h)


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The step that moves every pixel, and the facts of the turned frame, whose orientation is 1.

    With ``to: none`` too: who asks for the samples as they lie wants no viewer to turn them behind his back. A chain
    without this stage leaves the file's orientation in the picture.

    Raises
    ------
    StageError
        If the frame's orientation is none of 1 … 8.
    """
    if facts.orientation not in ORIENTATIONS:
        raise StageError(f"orient: the file's orientation is {facts.orientation}; 1 to 8 are known")
    asked = then(_CLOCKWISE[parameters.degrees], ORIENTATIONS[2 if parameters.mirror else 1])
    turn = then(ORIENTATIONS[facts.orientation if parameters.to == "file" else 1], asked)
    (row_by_row, row_by_col), (col_by_row, col_by_col) = turn
    row_0 = facts.rows - 1 if row_by_row + row_by_col < 0 else 0
    col_0 = facts.cols - 1 if col_by_row + col_by_col < 0 else 0
    rows, cols = (facts.rows, facts.cols) if row_by_row else (facts.cols, facts.rows)

    def moved(row: float, col: float) -> tuple[float, float]:
        """Where a point of the samples comes to lie: a turn's inverse is its transpose."""
        row, col = row - row_0, col - col_0
        return row_by_row * row + col_by_row * col, row_by_col * row + col_by_col * col

    def came_from(rows: Array, cols: Array) -> tuple[Array, Array]:
        """The inverse of `moved`: as `turned` looks its pixels up."""
        return row_0 + row_by_row * rows + row_by_col * cols, col_0 + col_by_row * rows + col_by_col * cols

    crop = facts.crop
    if crop is not None:
        ends = moved(crop[0], crop[1]), moved(crop[0] + crop[2] - 1, crop[1] + crop[3] - 1)
        top, left = (int(min(a, b)) for a, b in zip(*ends, strict=True))
        crop = (top, left, *(crop[2:] if row_by_row else crop[:1:-1]))
    after = dataclasses.replace(
        facts, rows=rows, cols=cols, crop=crop, orientation=1, optical_centre=moved(*facts.optical_centre)
    )
    if turn == ORIENTATIONS[1]:
        return Prepared(after)
    after = dataclasses.replace(after, moved_by=(*facts.moved_by, "orient"), moves=(*facts.moves, came_from))
    constants = {
        "row_0": row_0,
        "row_by_row": row_by_row,
        "row_by_col": row_by_col,
        "col_0": col_0,
        "col_by_row": col_by_row,
        "col_by_col": col_by_col,
    }
    planes = PLANES[facts.state]
    return Prepared(
        after, (Step("orient", Access.GATHER, turned, planes, planes, constants=constants, shape=(rows, cols)),)
    )


STAGE = Stage("orient", Parameters, ("linear", "display"), prepare)
