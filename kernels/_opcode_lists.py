"""A DNG opcode list as what a stage does to a frame: steps, the facts afterwards, and notes."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import numpy as np

from tenbit.kernels import _opcodes
from tenbit.kernels._facts import Array, Facts, Opcode, cut_from
from tenbit.kernels._gain_maps import said_of
from tenbit.kernels._noise import multiplied
from tenbit.kernels._opcodes import POINTWISE, Scale
from tenbit.kernels._repair import mark_constant, mark_sites
from tenbit.kernels._stage import PLANES, Access, Prepared, Step, Told
from tenbit.kernels.errors import StageError

DEFECTS = ("FixBadPixelsConstant", "FixBadPixelsList")


def applied(name: str, facts: Facts, number: int, scale: Scale) -> Prepared:
    """What the opcodes of one list do to a frame, in the order of the list.

    Parameters
    ----------
    name : str
        The stage's.
    facts : Facts
        Areas, sites and maps of its opcodes are in pixels of the frame.
    number : int
        1 or 2.
    scale : Scale
        What numbers of the opcodes mean for the samples.

    Returns
    -------
    Prepared
        Opcodes that were applied are no longer in its facts. Those that are not known stay: whoever made the plan says
        so, but for those that the file calls optional.

    Raises
    ------
    StageError
        If the frame is no longer the one that the opcodes are of, or would be trimmed to nothing or through a block of
        its CFA.
    """
    steps: list[Step] = []
    done: list[Opcode] = []
    waiting: list[Opcode] = []

    def flush() -> None:
        # Neighbouring gain maps are one step: they are handed over together.
        steps.extend(_opcodes.steps_of(waiting, facts, scale, name))
        waiting.clear()

    mine = [entry for entry in facts.opcodes if entry.list == number]
    here = facts.rows, facts.cols, facts.state == "mosaic"
    if mine and mine[0].parameters.get("OfFrame", here) != here:
        raise StageError(f"{name}: opcode list {number} of the file is of the frame as read; put {name} further ahead")
    for opcode in mine:
        if opcode.name in POINTWISE:
            waiting.append(opcode)
            # Noise that was measured goes along with gains, but is not what it was behind a curve.
            is_curve = opcode.name in (*_opcodes.TABLES, "MapPolynomial")
            facts = multiplied(facts, None if is_curve else _opcodes.mean_gains([opcode], facts))
        elif opcode.name == "TrimBounds":
            flush()
            step, facts = _trimmed(opcode, facts, name)
            steps.extend(step)
        elif opcode.name in DEFECTS and facts.state == "mosaic" and number == 1:
            flush()
            steps.extend(repaired((opcode,), facts, name))
        else:
            continue
        done.append(opcode)
    flush()
    facts = dataclasses.replace(
        facts,
        opcodes=tuple(o for o in facts.opcodes if not any(o is d for d in done)),
        corrections=(*facts.corrections, *said_of(done)),
    )
    return Prepared(facts, tuple(steps), notes=_said(done, number))


def repaired(opcodes: Sequence[Opcode], facts: Facts, name: str) -> tuple[Step, ...]:
    """Steps that mark and fill the sites of opcodes 4 and 5."""
    steps: list[Step] = []
    for opcode in opcodes:
        if opcode.name == "FixBadPixelsConstant":
            steps += mark_constant(facts, opcode.parameters["Constant"], name)
        else:
            steps += mark_sites(facts, sites_of(opcode, facts), name)
    return tuple(steps)


def sites_of(opcode: Opcode, facts: Facts) -> Array:
    """(count, 2) rows and columns of a FixBadPixelsList: its points, and all in its rectangles, inside the frame."""
    is_bad = np.zeros((facts.rows, facts.cols), bool)
    points = np.asarray(opcode.parameters["Points"], np.int64)
    points = points[((points >= 0) & (points < (facts.rows, facts.cols))).all(axis=1)]
    is_bad[points[:, 0], points[:, 1]] = True
    for top, left, bottom, right in np.asarray(opcode.parameters["Rectangles"], np.int64).clip(min=0).tolist():
        is_bad[top:bottom, left:right] = True
    return np.argwhere(is_bad)


def _said(done: Sequence[Opcode], number: int) -> tuple[str, ...]:
    counted = ", ".join(f"{count} {name}" for name, count in Counter(opcode.name for opcode in done).items())
    return (Told(f"opcode list {number} of the file applied: {counted}"),) if done else ()


def cut(plane, row, col, k):
    """The sample of the frame that lies at this place of what is left of it."""
    return plane[row + k.top, col + k.left]


def _trimmed(opcode: Opcode, facts: Facts, name: str) -> tuple[tuple[Step, ...], Facts]:
    """The step that trims, and the facts of what is left."""
    p = opcode.parameters
    top, left = max(p["Top"], 0), max(p["Left"], 0)
    rows, cols = min(p["Bottom"], facts.rows) - top, min(p["Right"], facts.cols) - left
    period = facts.cfa.period if facts.cfa else 1
    if min(rows, cols) < period:
        raise StageError(f"{name}: TrimBounds of the file leaves nothing of the frame ({rows} x {cols})")
    if (rows, cols) == (facts.rows, facts.cols):
        return (), facts
    try:
        cfa = facts.cfa.shifted(top, left) if facts.cfa else None
    except ValueError as error:
        raise StageError(f"{name}: TrimBounds of the file: {error}") from None
    sites = [((site // period + top) % period) * period + (site % period + left) % period for site in range(period**2)]

    def moved(levels: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(levels[site] for site in sites) if facts.cfa else levels

    def span(values: Array | None, first: int, count: int) -> Array | None:
        return None if values is None else values[first : first + count]

    after = dataclasses.replace(
        facts,
        rows=rows,
        cols=cols,
        cfa=cfa,
        black=moved(facts.black),
        white=moved(facts.white),
        black_rows=span(facts.black_rows, top, rows),
        black_cols=span(facts.black_cols, left, cols),
        masked_black=None if facts.masked_black is None else moved(facts.masked_black),
        masked_rows=span(facts.masked_rows, top, rows),
        defects=None if facts.defects is None else facts.defects - np.array([top, left]),
        crop=None if facts.crop is None else _inside(facts.crop, top, left, rows, cols),
        optical_centre=(facts.optical_centre[0] - top, facts.optical_centre[1] - left),
        moves=(*facts.moves, cut_from(top, left)),
    )
    planes = PLANES[facts.state]
    step = Step(
        f"{name}.TrimBounds", Access.GATHER, cut, planes, planes, {"top": top, "left": left}, shape=(rows, cols)
    )
    return (step,), after


def _inside(
    crop: tuple[int, int, int, int], top: int, left: int, rows: int, cols: int
) -> tuple[int, int, int, int] | None:
    """A crop as seen after trimming; None when nothing of it is left."""
    first_row, first_col = max(crop[0] - top, 0), max(crop[1] - left, 0)
    end_row, end_col = min(crop[0] + crop[2] - top, rows), min(crop[1] + crop[3] - left, cols)
    if end_row <= first_row or end_col <= first_col:
        return None
    return first_row, first_col, end_row - first_row, end_col - first_col
