"""Passes: the steps of a chain grouped into as few trips over the frame as a target can make, and what lies between."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tenbit.kernels._cells import gathered
from tenbit.kernels._facts import Facts, State
from tenbit.kernels._pass import Layout, Pass
from tenbit.kernels._stage import ANYWHERE, PICTURE, PLANES, Access, PerSite, Step


@dataclass(frozen=True)
class Placed:
    """A step with the facts of the frame that it meets."""

    step: Step
    facts: Facts
    shape: tuple[int, int]
    """(rows, cols) that it writes."""
    grid: tuple[object, ...] = ()
    """Which cells, and of which, its pixels are; empty for those of the frame. Cells may have the frame's shape."""

    @cached_property
    def period(self) -> int:
        """Of the CFA whose sites the step must know; 1 when it need not."""
        step = self.step
        if step.access in ANYWHERE or self.facts.cfa is None:
            return 1
        constants = () if callable(step.constants) else step.constants.values()
        is_by_site = isinstance(step.body, tuple) or any(isinstance(value, PerSite) for value in constants)
        return self.facts.cfa.period if "mosaic" in step.reads or is_by_site else 1


def passes_of(
    placed: list[Placed],
    came: Layout,
    state: State,
    *,
    keeps: tuple[str, ...] = (),
    fuse: bool = True,
    can: Callable[[Pass], bool] | None = None,
) -> list[Pass]:
    """Steps in the fewest passes, each with the arrays that it takes and makes.

    Parameters
    ----------
    placed : list of Placed
    came : Layout
        How the picture lies before the first.
    state : State
        Of the finished frame.
    keeps : tuple of str
        Side planes that are wanted beside the picture.
    fuse : bool
        False makes every step a pass of its own.
    can : callable, optional
        Whether a target can do a pass at all.
    """
    groups: list[list[Placed]] = []
    counted: set[str] = set()
    for here in _on_grids(placed, can):
        number = _group_for(here, groups, counted, can) if fuse else None
        if number is None:
            groups.append([here])
        else:
            groups[number] = [*groups[number], here]
        if here.step.access is Access.REDUCE:
            counted.add(here.step.writes[0])
    return _arranged([_one(group) for group in groups], came, state, keeps)


def _group_for(
    here: Placed, groups: list[list[Placed]], counted: set[str], can: Callable[[Pass], bool] | None
) -> int | None:
    """The group that a step joins: the last that makes planes which it reads, else the last that it can join."""
    number = None
    for n in range(len(groups) - 1, -1, -1):
        group = groups[n]
        # Neighbours of what is resampled are resampled too: no reason to go back for.
        is_dear = n < len(groups) - 1 and here.step.access is Access.STENCIL and group[0].step.access in ANYWHERE
        if not is_dear and _may_join(group, here) and (can is None or can(_one([*group, here]))):
            if any(set(here.step.reads) & set(other.step.writes) for other in group):
                return n
            number = n if number is None else number
        if not _may_go_before(group, here, counted):
            break
    return number


def _on_grids(placed: list[Placed], can: Callable[[Pass], bool] | None) -> Iterator[Placed]:
    """The steps with the grid and the shape of the pixels that they go over; cells as the target makes them."""
    grids: dict[str, tuple[object, ...]] = {}
    shapes: dict[str, tuple[int, int]] = {}
    for here in placed:
        step, shape = here.step, here.shape
        grid: tuple[object, ...] = ()
        if step.reads:
            grid, shape = grids.get(step.reads[0], ()), shapes.get(step.reads[0], (here.facts.rows, here.facts.cols))
        if step.access is Access.CELLS:
            assert step.shape is not None and not callable(step.constants)
            out = Placed(step, here.facts, shape, grid)
            grid, shape = (*grid, step.constants["cell"]), step.shape
            if can is not None and not can(_one([out])):
                out = Placed(gathered(step), here.facts, shape, grid)
        elif step.access in ANYWHERE:
            if step.access is Access.GATHER:
                grid = () if PICTURE.issuperset(step.writes) else (*grid, step.name)
            out = dataclasses.replace(here, grid=grid)
            shape = here.shape
        else:
            out = Placed(step, here.facts, shape, grid)
        yield out
        if step.access is not Access.REDUCE:
            grids |= dict.fromkeys(step.writes, grid)
            shapes |= dict.fromkeys(step.writes, shape)


def _may_go_before(group: list[Placed], here: Placed, counted: set[str]) -> bool:
    """Whether a step may be done before others that stand before it: they have nothing to do with each other."""
    step, others = here.step, [other.step for other in group]
    makes = {plane for other in others if other.access is not Access.REDUCE for plane in other.writes}
    if step.access is Access.REDUCE:
        # Others may look at an earlier count of the same name.
        return not (makes & set(step.reads) or step.writes[0] in counted or callable(step.constants))
    if callable(step.constants) and any(other.access is Access.REDUCE for other in others):
        return False
    touches = makes | {plane for other in others for plane in other.reads}
    return not (makes & set(step.reads) or touches & set(step.writes))


def _may_join(group: list[Placed], here: Placed) -> bool:
    """Whether a step can be done in the trip over the frame that others make."""
    step, before = here.step, [other.step for other in group]
    if step.access in ANYWHERE or (here.shape, here.grid) != (group[-1].shape, group[-1].grid):
        return False
    if callable(step.constants) and any(other.access is Access.REDUCE for other in before):
        # It may need what they count.
        return False
    if before[0].access in ANYWHERE and not set(step.reads) <= {p for other in before for p in other.writes}:
        # What lies in memory is of the frame before it was resampled.
        return False
    periods = {other.period for other in (*group, here)} - {1}
    # Beyond its edges a quad-Bayer mosaic goes on in another way than planes do.
    is_mixed = any(s.period == 1 and s.step.access is Access.STENCIL for s in (*group, here))
    return not periods or (len(periods) == 1 and not (is_mixed and max(periods) > 2))


def _one(group: list[Placed]) -> Pass:
    """A pass that writes all that its steps make."""
    reads: list[str] = []
    made: dict[str, None] = {}
    for here in group:
        reads += [plane for plane in here.step.reads if plane not in made and plane not in reads]
        if here.step.access is not Access.REDUCE:
            made |= dict.fromkeys(here.step.writes)
    sides = [side if isinstance(side, int) else 0 for side in group[-1].grid]
    return Pass(
        tuple(here.step for here in group),
        tuple(reads),
        tuple(made),
        max(here.period for here in group),
        group[-1].shape,
        cell=math.prod(sides),
    )


def _arranged(passes: list[Pass], came: Layout, state: State, keeps: tuple[str, ...]) -> list[Pass]:
    """The passes with what they need not write left out, and with the place of every plane in memory."""
    finished = set(PLANES[state])
    wanted = finished | set(keeps)
    kept: list[Pass] = []
    for work in reversed(passes):
        writes = tuple(plane for plane in work.writes if plane in wanted)
        if not (writes or work.tallies):
            continue
        reads = work.reads
        if 0 < len(set(writes) & finished - {"mosaic"}) < len(finished):
            # The three planes stay together: one that is not made is handed through.
            reads += tuple(plane for plane in PLANES[state] if plane not in (*writes, *reads))
            writes = (*PLANES[state], *(plane for plane in writes if plane not in finished))
        wanted = wanted - set(writes) | set(reads)
        kept.append(dataclasses.replace(work, reads=reads, writes=writes))
    passes = kept[::-1]
    painters = [n for n, work in enumerate(passes) if set(work.writes) & PICTURE]
    layout = came
    out: list[Pass] = []
    for n, work in enumerate(passes):
        goes: Layout = "interleaved" if painters and n == painters[-1] and state != "mosaic" else "planar"
        out.append(dataclasses.replace(work, comes=layout if set(work.reads) & PICTURE else "planar", goes=goes))
        if n in painters:
            layout = goes
    return _freed(out, {"mosaic" if state == "mosaic" else "rgb", *keeps})


def _freed(passes: list[Pass], finished: set[str]) -> list[Pass]:
    """The passes, each with the arrays that are done with after it."""
    wanted, out = set(finished), []
    for work in reversed(passes):
        made = {slot.name for slot in work.outs}
        gone = tuple(name for name in work.ins if name not in wanted or name in made)
        out.append(dataclasses.replace(work, frees=gone))
        wanted = (wanted - made) | set(work.ins)
    return out[::-1]
