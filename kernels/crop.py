"""Crop: a rectangle of the frame."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from tenbit.kernels._facts import Facts, cut_from
from tenbit.kernels._stage import PLANES, Access, Prepared, Stage, Step, param
from tenbit.kernels.errors import StageError


@dataclass(frozen=True)
class Parameters:
    """Keep a rectangle: the file's own crop, one given in pixels, or the largest of an aspect ratio."""

    to: Literal["file", "none"] = param(
        "file", "file: what the maker wants shown (DefaultCrop); none: all. Not looked at when a rectangle is given."
    )
    top: int | None = param(None, "First row; by default the rectangle is centred.", unit="px", low=0)
    left: int | None = param(None, "First column; by default the rectangle is centred.", unit="px", low=0)
    rows: int | None = param(None, "Height; by default all rows from the top.", unit="px", low=1)
    cols: int | None = param(None, "Width; by default all columns from the left.", unit="px", low=1)
    aspect: str | None = param(
        None, "Width to height, as 3:2: the largest such rectangle in the middle of what is left by the others."
    )


def shifted(plane, row, col, k):
    """The pixel of the frame that lies at this place of the rectangle."""
    return plane[row + k.top, col + k.left]


def _span(first: int | None, count: int | None, whole: int) -> tuple[int, int]:
    """(first, count) along one side, centred when only the count is known."""
    if count is None:
        return first or 0, whole - (first or 0)
    return (whole - count) // 2 if first is None else first, count


def _ratio(aspect: str) -> float:
    """Width over height of ``3:2``, ``16:9`` …

    Raises
    ------
    StageError
        If it is not two numbers above 0.
    """
    wide, _, high = aspect.partition(":")
    try:
        numbers = float(wide), float(high)
    except ValueError:
        numbers = 0.0, 0.0
    if not (0 < numbers[0] < float("inf") and 0 < numbers[1] < float("inf")):
        raise StageError(f"crop: aspect {aspect!r} is not two numbers above 0 like '3:2'")
    return numbers[0] / numbers[1]


def rectangle(parameters: Parameters, facts: Facts) -> tuple[int, int, int, int]:
    """(top, left, rows, cols) of what is kept.

    Raises
    ------
    StageError
        If it does not lie inside the frame, or the aspect ratio is not one.
    """
    p = parameters
    whole = (0, 0, facts.rows, facts.cols)
    if all(n is None for n in (p.top, p.left, p.rows, p.cols)):
        box = facts.crop if p.to == "file" and facts.crop is not None else whole
        whose = "the file's crop"
    else:
        (top, rows), (left, cols) = _span(p.top, p.rows, facts.rows), _span(p.left, p.cols, facts.cols)
        box, whose = (top, left, rows, cols), "the rectangle"
    top, left, rows, cols = box
    if min(top, left) < 0 or min(rows, cols) < 1 or top + rows > facts.rows or left + cols > facts.cols:
        raise StageError(
            f"crop: {whose}, {rows} x {cols} from row {top}, column {left}, "
            f"is not inside the frame of {facts.rows} x {facts.cols}"
        )
    if p.aspect is None:
        return box
    ratio = _ratio(p.aspect)
    kept_rows = max(min(rows, round(cols / ratio)), 1)
    kept_cols = max(min(cols, round(rows * ratio)), 1)
    return top + (rows - kept_rows) // 2, left + (cols - kept_cols) // 2, kept_rows, kept_cols


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The step that copies the rectangle, and the facts of the smaller frame.

    Raises
    ------
    StageError
        As `rectangle`; and between `lateral_colour` and `lens`, whose radii are counted in the same diagonal.
    """
    top, left, rows, cols = rectangle(parameters, facts)
    if (rows, cols) == (facts.rows, facts.cols):
        return Prepared(facts)
    if facts.has_lateral_colour and facts.state == "linear":
        raise StageError("crop: lateral colour was measured on the whole frame; put lens before crop")
    centre_row, centre_col = facts.optical_centre
    after = dataclasses.replace(
        facts,
        rows=rows,
        cols=cols,
        crop=None,
        optical_centre=(centre_row - top, centre_col - left),
        moved_by=(*facts.moved_by, "crop"),
        moves=(*facts.moves, cut_from(top, left)),
    )
    planes = PLANES[facts.state]
    constants = {"top": top, "left": left}
    return Prepared(
        after, (Step("crop", Access.GATHER, shifted, planes, planes, constants=constants, shape=(rows, cols)),)
    )


STAGE = Stage("crop", Parameters, ("linear", "display"), prepare)
