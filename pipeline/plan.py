"""Plan: a chain and a frame's facts become passes, each one trip over the frame. Pure: no device, no samples."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tenbit.kernels import quantise
from tenbit.kernels._facts import Facts, State
from tenbit.kernels._stage import PICTURE, PLANES, Access, Pass, Prepared, Stage, Step, require_signal
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


class PlanError(StageError):
    """A chain that cannot be planned for a frame; ``faults`` has a line for each stage that cannot work."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


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
    PlanError
        If stages cannot work on the frame at their places; every fault begins with the place. After a stage that takes
        no frame of this state, the ones behind it are not looked at.
    """
    draft = _Draft(facts, came_as=facts.state)
    faults: list[str] = []
    for link in chain:
        try:
            draft.add(link)
        except _WrongStateError as error:
            faults.append(_at(link, str(error)))
            break
        except StageError as error:
            faults.append(_at(link, str(error)))
    if faults:
        raise PlanError(faults)
    if draft.left_out:
        draft.notes.append(f"{' and '.join(draft.left_out)} left out: the file is demosaiced already")
    facts, shape = draft.facts, (draft.facts.rows, draft.facts.cols)
    placed = [*draft.placed, *(_Placed(step, facts, shape) for step in draft.paint)]
    if bits is not None:
        try:
            require_signal("output", facts)
        except StageError as error:
            raise PlanError([str(error)]) from None
        placed.append(_Placed(quantise.step(facts, bits), facts, shape))
    passes = _grouped(placed, fuse=fuse)
    if bits is not None:
        passes[-1] = dataclasses.replace(passes[-1], dtype=f"uint{bits}")
    return Plan(facts, tuple(_freed(passes, PLANES[facts.state])), tuple(draft.notes))


class _WrongStateError(StageError):
    """A stage meets a frame of a state that it does not take: what stands behind it would meet wrong ones too."""


@dataclass
class _Draft:
    """A plan that grows stage by stage; a stage that cannot work leaves it as it was."""

    facts: Facts
    came_as: State
    placed: list[_Placed] = field(default_factory=list)
    paint: list[Step] = field(default_factory=list)
    painters: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, link: Link) -> None:
        """Put a stage behind the others."""
        name, facts = link.stage.name, self.facts
        if facts.state not in link.stage.takes:
            if self.came_as == "linear" and link.stage.takes == ("mosaic",):
                self.left_out.append(name)
                return
            states = " or ".join(link.stage.takes)
            raise _WrongStateError(f"{name} takes a {states} frame; here it is {facts.state} ({_WHY[facts.state]})")
        prepared = link.stage.prepare(link.parameters, facts)
        self._refuse_after_paint(name, prepared)
        for step in prepared.steps:
            shape = self.placed[-1].shape if self.placed else (facts.rows, facts.cols)
            self.placed.append(_Placed(step, facts, step.shape or shape))
            if step.writes == PLANES["linear"] and facts.state == "mosaic":
                # What follows inside the same stage meets planes.
                facts = dataclasses.replace(prepared.facts, rows=shape[0], cols=shape[1])
        if prepared.paint:
            self.painters.append(name)
            self.paint += prepared.paint
        self.notes += [f"{name}: {note}" for note in prepared.notes]
        self.facts = prepared.facts

    def _refuse_after_paint(self, name: str, prepared: Prepared) -> None:
        """Monitors come last: what they have measured must be the picture that is finished."""
        if prepared.paint and name in self.painters:
            raise StageError(f"{name} stands twice in the chain; once is allowed")
        if not self.paint:
            return
        before = f"put it before {', '.join(sorted(self.painters))}"
        if (prepared.facts.rows, prepared.facts.cols) != (self.facts.rows, self.facts.cols):
            raise StageError(f"{name} changes the frame's size; {before}")
        if any(set(step.writes) & PICTURE for step in prepared.steps):
            raise StageError(f"{name} changes the picture; {before}")


# What a user can do about a frame of the wrong state.
_WHY: dict[State, str] = {
    "mosaic": "put demosaic before it",
    "linear": "it has been through demosaic",
    "display": "it has been through tone",
}


def _at(link: Link, text: str) -> str:
    return f"{link.place}: {text}" if link.place else text


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


def _freed(passes: list[Pass], finished: tuple[str, ...]) -> list[Pass]:
    """The passes, each with the arrays that are done with after it."""
    wanted, out = set(finished), []
    for work in reversed(passes):
        made = {slot.name for slot in work.outs}
        gone = [name for name in work.ins if name not in wanted or name in made]
        out.append(dataclasses.replace(work, frees=tuple(gone)))
        wanted = (wanted - made) | set(work.ins)
    return out[::-1]
