"""Plan: a chain and a frame's facts become passes, each one trip over the frame. Pure: no device, no samples."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from tenbit.kernels import _shared, quantise, unpack
from tenbit.kernels._facts import Facts, State
from tenbit.kernels._overlay import SEEN, Overlay
from tenbit.kernels._pass import Layout, Packing, Pass
from tenbit.kernels._stage import ANYWHERE, PICTURE, PLANES, Access, Prepared, Stage, Step, Told, require_signal
from tenbit.kernels.errors import StageError
from tenbit.pipeline.passes import Placed, passes_of


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
    notes : tuple of str
        What the user should be told, a line each.
    overlay : Overlay
        What is measured and drawn once the picture is finished.
    keeps : tuple of str
        Side planes that the overlay wants to see.
    bits : int or None
        As which whole numbers the picture is stored; None for float32.
    grouped : callable
        The steps in as few passes as can be of which each meets a condition, if there is one.
    """

    facts: Facts
    notes: tuple[str, ...]
    overlay: Overlay
    keeps: tuple[str, ...]
    bits: int | None
    grouped: Callable[[Callable[[Pass], bool] | None], tuple[Pass, ...]] = field(repr=False, compare=False)

    @cached_property
    def passes(self) -> tuple[Pass, ...]:
        """For the CPU."""
        return self.grouped(None)

    @cached_property
    def cuda_passes(self) -> tuple[Pass, ...]:
        """For CUDA, where a pass must fit the shared memory of a block; they make the same picture."""
        return self.grouped(_shared.fits)

    @cached_property
    def paint_passes(self) -> tuple[Pass, ...]:
        """What paints the finished picture pixel by pixel, on the host whatever the target was."""
        return paint_passes(self.overlay.paint, self.facts, self.bits)

    def passes_for(self, target: Literal["cpu", "cuda"]) -> tuple[Pass, ...]:
        """The passes of one target."""
        return self.cuda_passes if target == "cuda" else self.passes


class PlanError(StageError):
    """A chain that cannot be planned for a frame; ``faults`` has a line for each stage that cannot work."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


def plan(
    chain: Sequence[Link],
    facts: Facts,
    *,
    bits: int | None = None,
    packing: Packing | None = None,
    came_bits: int | None = None,
    fuse: bool = True,
) -> Plan:
    """Passes that do a chain to a frame.

    Parameters
    ----------
    chain : sequence of Link
    facts : Facts
        Of the frame as read.
    bits : int, optional
        8 or 16: the picture is stored as whole numbers. By default it stays float32.
    packing : Packing, optional
        How the samples of the frame as read are packed, if they are.
    came_bits : int, optional
        8 or 16 when the samples of a display frame are whole code values; by default they are 0 … 1.
    fuse : bool
        False makes every step a pass of its own: the same picture, slower.

    Raises
    ------
    PlanError
        If stages cannot work on the frame at their places; every fault begins with the place. After a stage that takes
        no frame of this state, the ones behind it are not looked at.
    """
    start = facts
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
        draft.notes.append(Told(f"{' and '.join(draft.left_out)} left out: the file is demosaiced already"))
    draft.notes += _left_undone(draft.facts)
    overlay, keeps = draft.overlay(), tuple(dict.fromkeys(draft.keeps))
    if overlay.layers and draft.facts.orientation != 1:
        drawn = ", ".join(dict.fromkeys(layer.name for layer in overlay.layers))
        draft.notes.append(f"{drawn}: drawn as the samples lie, and a viewer will turn the picture; put orient first")
    facts, shape = draft.facts, (draft.facts.rows, draft.facts.cols)
    placed = [*draft.placed, *(Placed(step, facts, shape) for step in draft.paint)]
    if bits is not None:
        try:
            require_signal("output", facts)
        except StageError as error:
            raise PlanError([str(error)]) from None
        placed.append(Placed(quantise.step(facts, bits), facts, shape))
    if came_bits is not None and start.state == "display":
        placed.insert(0, Placed(unpack.from_codes(start, came_bits), start, (start.rows, start.cols)))
    came: Layout = packing or ("planar" if draft.came_as == "mosaic" else "interleaved")

    def grouped(can: Callable[[Pass], bool] | None) -> tuple[Pass, ...]:
        passes = passes_of(placed, came, facts.state, keeps=keeps, fuse=fuse, can=can)
        if packing and not (passes and passes[0].outs and passes[0].steps[0].access not in ANYWHERE):
            # Bodies that look at computed places need samples, and a loop that writes nothing an array to go by.
            first = Placed(unpack.step(start), start, (start.rows, start.cols))
            passes = passes_of([first, *placed], came, facts.state, keeps=keeps, fuse=fuse, can=can)
        elif came == "interleaved" and passes and passes[0].steps[0].access is Access.WARP:
            # Sixteen neighbours are read of every plane: each pays for being apart from the next.
            first = Placed(unpack.step(start), start, (start.rows, start.cols))
            passes = passes_of([first, *placed], came, facts.state, keeps=keeps, fuse=fuse, can=can)
        return tuple(passes if bits is None else _stored(passes, bits))

    return Plan(facts, tuple(draft.notes), overlay, keeps, bits, grouped)


def paint_passes(paint: Sequence[Step], facts: Facts, bits: int | None) -> tuple[Pass, ...]:
    """Passes that paint a finished picture: each step goes by the picture as it was before any of them.

    Parameters
    ----------
    paint : sequence of Step
        See `tenbit.kernels._overlay.Overlay`.
    facts : Facts
        Of the finished frame.
    bits : int or None
        Of its code values, which stay what they are where nothing is painted; None for float32.
    """
    if not paint:
        return ()
    rgb = PLANES["display"]
    steps = [Step("seen", Access.POINT, unpack.same_of_three, rgb, SEEN), *paint]
    if bits is not None:
        steps = [unpack.from_codes(facts, bits), *steps, quantise.step(facts, bits)]
    shape = facts.rows, facts.cols
    passes = passes_of([Placed(step, facts, shape) for step in steps], "interleaved", "display")
    return tuple(passes if bits is None else _stored(passes, bits))


def _stored(passes: list[Pass], bits: int) -> list[Pass]:
    """Passes whose last one stores the picture as whole numbers."""
    last = max(n for n, work in enumerate(passes) if set(work.writes) & PICTURE)
    return [dataclasses.replace(p, dtype=f"uint{bits}") if n == last else p for n, p in enumerate(passes)]


def _left_undone(facts: Facts) -> list[str]:
    """What the file, or the user with it, knows to be wrong with the frame, and no stage of the chain has put right."""
    notes = []
    # A reader that does not know an optional one may go on.
    left = [o for o in facts.opcodes if not (o.is_optional and o.name.startswith("Unknown"))]
    hints = "; put linearise first", "; put file_corrections behind black_level", "; lens and vignetting apply such"
    for number, hint in enumerate(hints, 1):
        names = Counter(opcode.name for opcode in left if opcode.list == number)
        if names:
            counted = ", ".join(f"{count} {name}" for name, count in names.items())
            is_known = any(not name.startswith("Unknown") for name in names)
            notes.append(f"opcode list {number} of the file is not applied: {counted}{hint if is_known else ''}")
    if facts.defects is not None:
        notes.append(f"{len(facts.defects)} known defects are not repaired; put defect_pixels before black_level")
    return notes


class _WrongStateError(StageError):
    """A stage meets a frame of a state that it does not take: what stands behind it would meet wrong ones too."""


@dataclass
class _Draft:
    """A plan that grows stage by stage; a stage that cannot work leaves it as it was."""

    facts: Facts
    came_as: State
    placed: list[Placed] = field(default_factory=list)
    paint: list[Step] = field(default_factory=list)
    painters: list[str] = field(default_factory=list)
    overlays: list[tuple[str, Link, Callable[[Facts], Overlay]]] = field(default_factory=list)
    keeps: list[str] = field(default_factory=list)
    shared: list[Step] = field(default_factory=list)
    """Steps done already that other stages may ask for too: what they have read is still the same."""
    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    interpolated_by: str = ""
    """The stage that made three planes of the mosaic."""

    def add(self, link: Link) -> None:
        """Put a stage behind the others."""
        name, facts = link.stage.name, self.facts
        if facts.state not in link.stage.takes:
            if self.came_as == "linear" and link.stage.takes == ("mosaic",):
                self.left_out.append(name)
                return
            if name == "demosaic" and self.interpolated_by not in ("", name):
                self.notes.append(
                    Told(f"demosaic left out: {self.interpolated_by} has made three colours of the mosaic")
                )
                return
            states = " or ".join(link.stage.takes)
            raise _WrongStateError(f"{name} takes a {states} frame; here it is {facts.state} ({_WHY[facts.state]})")
        prepared = link.stage.prepare(link.parameters, facts)
        self._refuse_after_paint(name, prepared)
        self._refuse_uneven_black(name, prepared)
        shape = facts.rows, facts.cols
        for step in prepared.steps:
            if step.is_shared and any(_is_same(step, other) for other in self.shared):
                shape = step.shape or shape
                continue
            self.shared = [s for s in self.shared if not set(step.writes) & {*s.reads, *s.writes}]
            self.shared += [step] if step.is_shared else []
            # What a stage keeps for itself may be smaller; the next stage meets the frame again.
            shape = step.shape or shape
            self.placed.append(Placed(step, facts, shape))
            if step.writes == PLANES["linear"] and facts.state == "mosaic":
                # What follows inside the same stage meets planes.
                facts = dataclasses.replace(prepared.facts, rows=shape[0], cols=shape[1])
        if prepared.paint:
            self.painters.append(name)
            self.paint += prepared.paint
        if prepared.overlay is not None:
            self.painters += [name] if self.facts.state == "display" else []
            self.overlays.append((name, link, prepared.overlay))
        self.keeps += prepared.keeps
        self.notes += [type(note)(f"{name}: {note}") for note in prepared.notes]
        if self.facts.state == "mosaic" != prepared.facts.state:
            self.interpolated_by = name
        self.facts = prepared.facts

    def overlay(self) -> Overlay:
        """What all stages measure and draw over the finished frame.

        Raises
        ------
        PlanError
            If one of them cannot, on such a frame.
        """
        made, faults = [], []
        for _, link, overlay in self.overlays:
            try:
                made.append(overlay(self.facts))
            except StageError as error:
                faults.append(_at(link, str(error)))
        if faults:
            raise PlanError(faults)
        return Overlay(
            tuple(meter for one in made for meter in one.meters),
            tuple(step for one in made for step in one.paint),
            tuple(layer for one in made for layer in one.layers),
        )

    def _refuse_after_paint(self, name: str, prepared: Prepared) -> None:
        """Monitors come last: what they have measured must be the picture that is finished."""
        if (prepared.paint or prepared.overlay) and name in self.painters and self.facts.state == "display":
            raise StageError(f"{name} stands twice in the chain; once is allowed")
        if not self.painters:
            return
        before = f"put it before {', '.join(sorted(self.painters))}"
        if (prepared.facts.rows, prepared.facts.cols) != (self.facts.rows, self.facts.cols):
            raise StageError(f"{name} changes the frame's size; {before}")
        if any(set(step.writes) & PICTURE for step in prepared.steps):
            raise StageError(f"{name} changes the picture; {before}")

    def _refuse_uneven_black(self, name: str, prepared: Prepared) -> None:
        """Where black differs by row or column, it must be taken off before pixels go elsewhere."""
        now, then = self.facts, prepared.facts
        kept = (then.black_rows is now.black_rows is not None) or (then.black_cols is now.black_cols is not None)
        if kept and any(step.access in ANYWHERE for step in prepared.steps):
            raise StageError(
                f"{name} moves pixels, and in this file black differs by row or column; put black_level before it"
            )


def _is_same(one: Step, other: Step) -> bool:
    """Whether two shared steps do the same."""
    return (one.name, one.body, one.reads, one.writes, one.shape) == (
        other.name,
        other.body,
        other.reads,
        other.writes,
        other.shape,
    ) and one.constants == other.constants


# What a user can do about a frame of the wrong state.
_WHY: dict[State, str] = {
    "mosaic": "put demosaic before it",
    "linear": "it has been through demosaic",
    "display": "it has been through tone",
}


def _at(link: Link, text: str) -> str:
    return f"{link.place}: {text}" if link.place else text
