"""A chain timed on a frame: passes, stages, copies, the host, beside what the machine can do at best.

Nothing is timed before its picture has been held against the reference. Every round does everything once, in turns, so
that a slow spell of the machine meets all of it.
"""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Sequence
from typing import Any

from tenbit.pipeline.describe import access_of
from tenbit.pipeline.device import Said
from tenbit.pipeline.doctor import versions
from tenbit.pipeline.profile.ceilings import Effort, ceilings
from tenbit.pipeline.profile.machine import commit, machine, peak_memory
from tenbit.pipeline.profile.measure import Bench, Clock, Once, Spent, uncollected
from tenbit.pipeline.profile.notes import notes_on
from tenbit.pipeline.profile.parts import PassProfile, Timing
from tenbit.pipeline.profile.record import Profile
from tenbit.pipeline.profile.shares import shares_of, taken_apart
from tenbit.pipeline.profile.traffic import traffic
from tenbit.pipeline.run import bytes_needed, picture_of


def profiled(
    bench: Bench,
    *,
    rounds: int = 15,
    has_shares: bool = False,
    said: Said | None = None,
    checks: bool = True,
    effort: Effort | None = None,
) -> Profile:
    """Everything that is known of a chain on a frame, from one run of the program.

    Parameters
    ----------
    bench : Bench
    rounds : int
        How often everything is timed, after a round that does not count.
    has_shares : bool
        Whether passes are taken apart by stages; each stage then costs a loop that is compiled.
    said : callable, optional
        Told, a line each, of what takes long.
    checks : bool
        Whether the picture is held against its reference first.
    effort : Effort, optional
        Spent on the ceilings.

    Raises
    ------
    RequestError
        If the picture is not that of the reference.
    """
    tell = said or (lambda _: None)
    first = bench.first(said=said)
    text = bench.check() if checks else "not checked"
    tell(f"checked: {text}")
    device, frame, what = bench.device, bench.frame, bench.plan
    passes = what.passes_for(device.target)
    # Before there are arrays of cuts, which are no part of the chain.
    with peak_memory() as peak:
        bench.developed()
    apart = taken_apart(passes, {picture_of(frame.state): frame.samples}, device, said=said) if has_shares else []
    limits = ceilings(device, effort=effort, said=said)
    counted = traffic(what, frame.facts, dtype=str(frame.samples.dtype), packing=frame.packing, target=device.target)
    whole, plans = list[Once](), list[Spent]()
    cuts: list[list[list[float]]] = [[] for _ in apart]
    with uncollected():
        for turn in range(rounds + 1):
            once, planned = bench.once(), bench.plan_s()
            rows = [part.once(device, Clock, said=said) for part in apart]
            if turn:
                whole.append(once)
                plans.append(planned)
                for kept, row in zip(cuts, rows, strict=True):
                    kept.append(row)
            gc.collect()
    shares = {
        part.number: shares_of(part, kept, amounts.operations)
        for part, kept, amounts in zip(apart, cuts, counted, strict=bool(apart))
    }
    known = tuple(
        PassProfile(
            tuple(step.name for step in work.steps),
            access_of(work),
            *work.shape,
            amounts.bytes_read,
            amounts.bytes_written,
            sum(amounts.operations),
            _timing([once.passes[number] for once in whole]),
            shares.get(number, ()),
        )
        for number, (work, amounts) in enumerate(zip(passes, counted, strict=True))
    )
    found = Profile(
        name=bench.chain.name,
        chain=bench.chain.as_record(),
        frame=_frame_record(bench),
        device=device.name,
        target=device.target,
        threads=getattr(device, "threads", 1),
        machine=machine(),
        versions=versions(),
        commit=commit(),
        checked=text,
        ceilings=limits,
        planned_bytes=bytes_needed(what, frame, device.target),
        peak_bytes=peak.nbytes,
        first=first,
        frame_timing=_timing([once.frame for once in whole]),
        plan_timing=_timing(plans),
        host_timing=_timing([once.host for once in whole]),
        passes=known,
        overlay_timing=_timing_if([once.overlay for once in whole]),
        copies_timing=_timing_if([once.copies for once in whole]),
        schedule=schedule.as_record() if (schedule := getattr(device, "schedule", None)) else {},
    )
    return dataclasses.replace(found, notes=notes_on(found))


def _timing(every: Sequence[Spent]) -> Timing:
    """The rounds of one run."""
    cpu = [spent.cpu_s for spent in every if spent.cpu_s is not None]
    return Timing((tuple(spent.wall_s for spent in every),), (tuple(cpu),) if len(cpu) == len(every) else ())


def _timing_if(every: Sequence[Spent | None]) -> Timing | None:
    known = [spent for spent in every if spent is not None]
    return _timing(known) if known else None


def _frame_record(bench: Bench) -> dict[str, Any]:
    frame, facts = bench.frame, bench.frame.facts
    return {
        "name": bench.frame_name,
        "rows": facts.rows,
        "cols": facts.cols,
        "state": facts.state,
        "cfa": facts.cfa.name if facts.cfa else None,
        "stored": frame.packing or str(frame.samples.dtype),
        "bits": bench.plan.bits,
        "is_fused": bench.fuse,
    }
