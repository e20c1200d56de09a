"""Plan: a chain and a frame's facts become passes, each one trip over the frame. Pure: no device, no samples."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tenbit.kernels import quantise
from tenbit.kernels._facts import Facts
from tenbit.kernels._stage import PICTURE, PLANES, Access, Pass, Stage, Step, require_signal
from tenbit.kernels.errors import StageError


@dataclass(frozen=True)
class Link:
    """One stage of a chain with its parameters.

    Parameters
    ----------
    stage : Stage
    parameters : object
        An instance of ``stage.parameters``.
    place : str
        Where it stands, for messages: ``job.yaml:7:5: chain[2]``.
    """

    stage: Stage
    parameters: Any
    place: str = ""


@dataclass(frozen=True)
class Plan:
    """What will be done to one frame.

    Parameters
    ----------
    facts : Facts
        Of the finished frame.
    passes : tuple of Pass
    notes : tuple of str
        What the user should be told, a line each.
    """

    facts: Facts
    passes: tuple[Pass, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Placed:
    """A step with the facts of the frame that it meets."""

    step: Step
    facts: Facts
    shape: tuple[int, int]


def plan(chain: Sequence[Link], facts: Facts, *, bits: int | None = None, fuse: bool = True) -> Plan:
    """Passes that do a chain to a frame.

    Parameters
    ----------
    chain : sequence of Link
    facts : Facts
        Of the frame as read.
    bits : int, optional
        8 or 16: the picture is stored as whole numbers. By default it stays float32.
    fuse : bool
        False makes every step a pass of its own: the same picture, slower.

    Raises
    ------
    StageError
        If a stage cannot work on the frame at its place; the text begins with the place.
    """
    placed: list[_Placed] = []
    paint: list[Step] = []
    painters: set[str] = set()
    notes: list[str] = []
    left_out: list[str] = []
    came_as = facts.state
    for link in chain:
        name = link.stage.name
        if facts.state not in link.stage.takes:
            if came_as == "linear" and link.stage.takes == ("mosaic",):
                left_out.append(name)
                continue
            raise StageError(
                _at(
                    link, f"{name} takes a {' or '.join(link.stage.takes)} frame; here it is {facts.state}{_why(facts)}"
                )
            )
        try:
            prepared = link.stage.prepare(link.parameters, facts)
        except StageError as error:
            raise StageError(_at(link, str(error))) from None
        if prepared.paint:
            if name in painters:
                raise StageError(_at(link, f"{name} stands twice in the chain; once is allowed"))
            painters.add(name)
        for step in prepared.steps:
            rows, cols = placed[-1].shape if placed else (facts.rows, facts.cols)
            placed.append(_Placed(step, facts, step.shape or (rows, cols)))
            if step.writes == PLANES["linear"] and facts.state == "mosaic":
                # What follows inside the same stage meets planes.
                facts = dataclasses.replace(prepared.facts, rows=rows, cols=cols)
        if paint and (prepared.facts.rows, prepared.facts.cols) != (facts.rows, facts.cols):
            raise StageError(_at(link, f"{name} changes the frame's size; put it before {', '.join(sorted(painters))}"))
        if paint and prepared.steps and any(set(s.writes) & PICTURE for s in prepared.steps):
            raise StageError(_at(link, f"{name} changes the picture; put it before {', '.join(sorted(painters))}"))
        paint += prepared.paint
        notes += [f"{name}: {note}" for note in prepared.notes]
        facts = prepared.facts
    if left_out:
        notes.append(f"{' and '.join(left_out)} left out: the file is demosaiced already")
    shape = (facts.rows, facts.cols)
    placed += [_Placed(step, facts, shape) for step in paint]
    if bits is not None:
        require_signal("output", facts)
        placed.append(_Placed(quantise.step(facts, bits), facts, shape))
    passes = _grouped(placed, fuse=fuse)
    if bits is not None:
        passes[-1] = dataclasses.replace(passes[-1], dtype=f"uint{bits}")
    return Plan(facts, tuple(passes), tuple(notes))


def _at(link: Link, text: str) -> str:
    return f"{link.place}: {text}" if link.place else text


def _why(facts: Facts) -> str:
    """What a user can do about a frame of the wrong state."""
    return {
        "mosaic": " (put demosaic before it)",
        "linear": "",
        "display": " (it has been through tone)",
    }[facts.state]


def _grouped(placed: list[_Placed], *, fuse: bool) -> list[Pass]:
    """Steps in the fewest passes: points fused around at most one step of another access."""
    passes: list[Pass] = []
    before: list[_Placed] = []
    core: _Placed | None = None
    after: list[_Placed] = []

    def close() -> None:
        nonlocal core
        if before or core:
            passes.append(_one(before, core, after))
        before.clear()
        after.clear()
        core = None

    for here in placed:
        step = here.step
        if not fuse:
            close()
        if step.access is Access.POINT:
            if core is None:
                before.append(here)
            elif _fits_behind(step, core.step):
                after.append(here)
            else:
                close()
                before.append(here)
            continue
        if core is not None or not _takes_in(step, [b.step for b in before]):
            close()
        core = here
    close()
    return passes


def _takes_in(core: Step, points: list[Step]) -> bool:
    """Whether points may be done on the way into a core: nobody else needs what they make.

    The core must be a STENCIL that reads all that they write and puts its own result in the place of it.
    """
    made = {plane for step in points for plane in step.writes}
    replaced = set(core.writes) | ({"mosaic"} if core.writes == PLANES["linear"] else set())
    return core.access is Access.STENCIL and made <= set(core.reads) and made <= replaced and made <= PICTURE


def _fits_behind(point: Step, core: Step) -> bool:
    """Whether a POINT step needs no more than what the core makes of the same pixel.

    A GATHER does not know the CFA site that it writes: steps on a mosaic that it makes start a pass of their own.
    """
    return set(point.reads) <= set(core.writes) and core.access is not Access.REDUCE and core.writes != PLANES["mosaic"]


def _one(before: list[_Placed], core: _Placed | None, after: list[_Placed]) -> Pass:
    placed = [*before, *((core,) if core else ()), *after]
    reads: list[str] = []
    made: set[str] = set()
    for here in placed:
        reads += [plane for plane in here.step.reads if plane not in made and plane not in reads]
        made |= set(here.step.writes)
    writers = [*((core,) if core else before), *after]
    is_reduce = core is not None and core.step.access is Access.REDUCE
    writes = () if is_reduce else tuple(dict.fromkeys(plane for here in writers for plane in here.step.writes))
    first = placed[0].facts
    is_gather = core is not None and core.step.access is Access.GATHER
    period = first.cfa.period if first.cfa is not None and "mosaic" in reads and not is_gather else 1
    return Pass(
        tuple(h.step for h in before),
        core.step if core else None,
        tuple(h.step for h in after),
        tuple(reads),
        writes,
        period,
        placed[-1].shape,
    )
