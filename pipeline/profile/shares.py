"""What each stage adds to a fused pass: the pass done without its last stages, one after another, and the differences.

A loop that fuses ten stages has no time of each: they share what they load, and LLVM weaves them together. What can be
said is what a pass costs with a stage and without it. Stages stand on those before them, so they are left out from the
end; what is left stores the picture as far as it has come, in the pass's own whole numbers. The differences add up to
the pass by construction; how well shows beside the pass as it was timed within the chain.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tenbit.kernels import unpack
from tenbit.kernels._facts import Array
from tenbit.kernels._pass import Pass
from tenbit.kernels._spans import recording
from tenbit.kernels._stage import ANYWHERE, PICTURE, Access, Step
from tenbit.pipeline.device import Device, Said
from tenbit.pipeline.profile.parts import Share, Timing

LOAD_AND_STORE = "load and store"


class Cut(NamedTuple):
    """A pass without its last stages; ``name`` is the last one that is left."""

    name: str
    work: Pass


def cuts(work: Pass) -> list[Cut]:
    """A pass after each of its stages, and before the first where it can do nothing but load and store."""
    groups = [(name, list(steps)) for name, steps in itertools.groupby(work.steps, key=_stage_of)]
    found = []
    if work.steps[0].access not in ANYWHERE and (bare := _cut(work, 0)) is not None:
        found.append(Cut(LOAD_AND_STORE, bare))
    count = 0
    for name, steps in groups:
        count += len(steps)
        part = work if count == len(work.steps) else _cut(work, count)
        if part is not None:
            found.append(Cut(name, part))
    return found


def _stage_of(step: Step) -> str:
    return step.name.partition(".")[0]


def _cut(work: Pass, count: int) -> Pass | None:
    """The first steps of a pass; None where they would make nothing."""
    # Where no stage is left a step that changes nothing: a kernel has one at least.
    steps = work.steps[:count] or _nothing(_picture(work, 0))
    made = {plane for step in steps if step.access is not Access.REDUCE for plane in step.writes}
    writes = tuple(plane for plane in work.writes if plane in made and plane not in PICTURE)
    if set(work.writes) & PICTURE:
        writes = (*_picture(work, count), *writes)
    if not writes and not any(step.access is Access.REDUCE for step in steps):
        return None
    reads: list[str] = []
    known: set[str] = set()
    for step in steps:
        reads += [plane for plane in step.reads if plane not in known and plane not in reads]
        known |= set(step.writes) if step.access is not Access.REDUCE else set()
    reads += [plane for plane in writes if plane not in known and plane not in reads]
    # In the pass's own order: an interleaved picture is one array of three planes.
    kept = set(reads) | (set(work.reads) & PICTURE if set(reads) & PICTURE else set())
    goes = work.goes if "mosaic" not in writes else "planar"
    ordered = tuple(plane for plane in work.reads if plane in kept)
    return dataclasses.replace(work, steps=steps, reads=ordered, writes=writes, goes=goes, frees=())


def _nothing(planes: tuple[str, ...]) -> tuple[Step, ...]:
    """A step that leaves a picture as it is; none for no picture."""
    body = unpack.same if planes == ("mosaic",) else unpack.same_of_three
    return (Step(LOAD_AND_STORE, Access.POINT, body, planes, planes),) if planes else ()


def _picture(work: Pass, count: int) -> tuple[str, ...]:
    """The planes that hold the picture after so many steps; none where it is not made yet and was not read."""
    for step in reversed(work.steps[:count]):
        if made := [plane for plane in step.writes if plane in PICTURE]:
            return ("mosaic",) if "mosaic" in made else ("red", "green", "blue")
    return tuple(plane for plane in ("mosaic", "red", "green", "blue") if plane in work.reads)


class Shared(NamedTuple):
    """One pass taken apart: its cuts, and what they take."""

    number: int
    cuts: Sequence[Cut]
    planes: Mapping[str, Array]
    known: Mapping[str, Any]

    def once(self, device: Device, clock: Any, *, said: Said | None = None) -> list[float]:
        """Seconds of each cut, one after another, by what ``clock()`` counts of a pass."""
        found = []
        for cut in self.cuts:
            counted = clock()
            with recording(counted):
                began = time.perf_counter()
                device.begin([cut.work], self.planes, (), known=self.known, said=said).finish()
                elapsed_s = time.perf_counter() - began
            spent = counted.of("pass")
            found.append(elapsed_s if spent is None else spent.wall_s)
        return found


def taken_apart(
    passes: Sequence[Pass], planes: Mapping[str, Array], device: Device, *, said: Said | None = None
) -> list[Shared]:
    """Every pass with its cuts and with the arrays that it reads, which the passes before it have made.

    Parameters
    ----------
    passes : sequence of Pass
    planes : mapping
        The frame's arrays.
    device : Device
    said : callable, optional
        Told of compiles: each cut is a loop of its own.
    """
    kept = [dataclasses.replace(work, frees=()) for work in passes]
    done = device.begin(kept, planes, (), said=said).finish()
    found = []
    for number, work in enumerate(passes):
        before = kept[:number]
        made = {slot.name for earlier in before for slot in earlier.outs}
        wanted = [name for name in work.ins if name in made]
        arrays = {name: planes[name] for name in work.ins if name not in made}
        if wanted:
            arrays |= device.begin(before, planes, wanted, known=done.results).finish().arrays
        found.append(Shared(number, cuts(kept[number]), arrays, done.results))
    return found


def shares_of(part: Shared, rounds: Sequence[Sequence[float]], operations: Sequence[float]) -> tuple[Share, ...]:
    """What each stage adds to a pass, from the seconds of its cuts in every round.

    Parameters
    ----------
    part : Shared
    rounds : sequence of sequence of float
        Per round, seconds of every cut.
    operations : sequence of float
        Of every step of the whole pass.
    """
    steps = part.cuts[-1].work.steps
    found, before, done = [], [0.0] * len(rounds), 0
    for number, cut in enumerate(part.cuts):
        here = [row[number] for row in rounds]
        more = tuple(now - then for now, then in zip(here, before, strict=True))
        count = 0 if cut.name == LOAD_AND_STORE else len(cut.work.steps)
        found.append(Share(cut.name, Timing((more,)), float(sum(operations[done:count]))))
        before, done = here, count
    assert done == len(steps)
    return tuple(found)
