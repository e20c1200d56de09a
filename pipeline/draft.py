"""A plan that grows stage by stage: what each makes of the facts, its steps, and what it may not do at its place."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenbit.kernels._facts import Facts, State
from tenbit.kernels._overlay import Overlay
from tenbit.kernels._stage import ANYWHERE, PICTURE, PLANES, Prepared, Stage, Step, Told
from tenbit.kernels.errors import StageError
from tenbit.pipeline.passes import Placed


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


class PlanError(StageError):
    """A chain that cannot be planned for a frame; ``faults`` has a line for each stage that cannot work."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


class WrongStateError(StageError):
    """A stage meets a frame of a state that it does not take: what stands behind it would meet wrong ones too."""


@dataclass
class Draft:
    """A plan that grows stage by stage; a stage that cannot work leaves it as it was."""

    facts: Facts
    came_as: State
    placed: list[Placed] = field(default_factory=list)
    monitors: set[tuple[str, State]] = field(default_factory=set)
    """Names of those that stand in it, and the state of the frame there."""
    overlays: list[tuple[Link, Callable[[Facts], Overlay]]] = field(default_factory=list)
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
            if self.came_as == "linear" and "mosaic" in link.stage.takes:
                self.left_out.append(name)
                return
            if name == "demosaic" and self.interpolated_by not in ("", name):
                self.notes.append(
                    Told(f"demosaic left out: {self.interpolated_by} has made three colours of the mosaic")
                )
                return
            states = " or ".join(link.stage.takes)
            raise WrongStateError(f"{name} takes a {states} frame; here it is {facts.state} ({_WHY[facts.state]})")
        prepared = link.stage.prepare(link.parameters, facts)
        self._refuse_behind_monitors(name, prepared)
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
        if prepared.overlay is not None:
            self.monitors.add((name, self.facts.state))
            self.overlays.append((link, prepared.overlay))
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
        for link, overlay in self.overlays:
            try:
                made.append(overlay(self.facts))
            except StageError as error:
                faults.append(at_place(link, str(error)))
        if faults:
            raise PlanError(faults)
        return Overlay(
            tuple(meter for one in made for meter in one.meters),
            tuple(step for one in made for step in one.paint),
            tuple(layer for one in made for layer in one.layers),
        )

    def _refuse_behind_monitors(self, name: str, prepared: Prepared) -> None:
        """Monitors come last: what they have measured must be the picture that is finished."""
        if prepared.overlay and (name, self.facts.state) in self.monitors:
            raise StageError(f"{name} stands twice in the chain; once is allowed")
        behind = sorted(monitor for monitor, state in self.monitors if state == "display")
        if not behind:
            return
        before = f"put it before {', '.join(behind)}"
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


def at_place(link: Link, text: str) -> str:
    """A fault behind the place of its stage."""
    return f"{link.place}: {text}" if link.place else text


def left_undone(facts: Facts) -> list[str]:
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
