"""One file: read, run, written; its outcome, whatever happens."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tenbit.pipeline.batch.order import Existing, Order
from tenbit.pipeline.config import Chain
from tenbit.pipeline.device import Device, choose
from tenbit.pipeline.drawings import paths_of, written
from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.foreseen import bits_of, opened, planned
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.images import write
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome, as_json, failed
from tenbit.pipeline.overlay.layers import drawings_of
from tenbit.pipeline.run import PendingFrame, Said, begin, is_auto


@dataclass
class Work:
    """One file on its way."""

    job: Job
    order: Order
    phases: dict[str, float] = field(default_factory=dict)

    @property
    def chain(self) -> Chain:
        """The batch's, with what this frame is given."""
        return self.order.chain if self.job.given is None else self.job.given.applied(self.order.chain)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Count the seconds inside to a phase."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.phases[phase] = self.phases.get(phase, 0.0) + time.perf_counter() - began

    def told(self, outcome: Outcome) -> Outcome:
        """An outcome with the seconds so far."""
        return dataclasses.replace(outcome, seconds=sum(self.phases.values()), phases=dict(self.phases))


def develop_one(job: Job, order: Order, *, said: Said | None = None) -> Outcome:
    """What became of one file, all in this thread; see `tenbit.pipeline.batch.develop`.

    Raises
    ------
    DeviceError
        If the device asked for cannot be used.
    """
    where, _ = choose(order.device)
    work = Work(job, order)
    came = came_in(work)
    if isinstance(came, Outcome):
        return came
    begun = set_off(work, came, where, said=said)
    return begun if isinstance(begun, Outcome) else put_down(work, begun)


def came_in(work: Work) -> Frame | Outcome:
    """The frame that was read; an outcome for a file that is done already, or cannot be read."""
    job, order = work.job, work.order
    try:
        with work.timed("read"):
            if kept := _kept(job, order.existing):
                return kept
            return opened(job.source, work.chain, camera=order.camera, defects=order.defects, asked=order.asked)
    except Exception as error:
        return work.told(failed(job, error))


def set_off(work: Work, came: Frame, device: Device, *, said: Said | None = None) -> Frame | PendingFrame | Outcome:
    """The frame that the CPU has developed, or that is on its way through a card; an outcome if it fails."""
    job, order = work.job, work.order
    try:
        with work.timed("develop"):
            what = planned(came.facts, work.chain, packing=came.packing)
            drawn = paths_of(job.target, drawings_of(what.overlay.layers))
            # Without their picture they are what an interrupted run has left, or files of the user's.
            if order.existing == "refuse" and (there := next((path for path in drawn if path.exists()), None)):
                raise _exists(there)
            pending = begin(came, what, device, said=said, may_fall_back=is_auto(order.device))
            # The CPU has done it already, and then lets go of the samples that it was made from.
            return pending.finish() if pending.device.target == "cpu" else pending
    except Exception as error:
        return work.told(failed(job, error))


def put_down(work: Work, begun: Frame | PendingFrame) -> Outcome:
    """The outcome of a frame that is finished and written."""
    job, output = work.job, work.order.chain.output
    try:
        with work.timed("develop"):
            done = begun if isinstance(begun, Frame) else begun.finish()
        with work.timed("write"), written(job.target, done.drawings) as drawings:
            write(
                job.target,
                done.samples,
                space=done.facts.space,
                state=done.state,
                format=output.format,
                bits=bits_of(output),
                quality=output.quality,
                subsampling=output.subsampling,
                compression=output.compression,
                exif=done.exif,
                orientation=done.facts.orientation,
                record={**done.record, "source": job.source.name, "chain": work.chain.as_record()},
                facts=done.facts,
            )
        return dataclasses.replace(work.told(finished(job, done)), drawings=drawings)
    except Exception as error:
        return work.told(failed(job, error))


def finished(job: Job, done: Frame) -> Outcome:
    """The outcome of a frame that was developed: what was measured, where, and what was done about the lens."""
    return Outcome(
        job,
        "done",
        warnings=done.warnings,
        results={name: as_json(value) for name, value in done.results.items()},
        device=str(done.record["device"]),
        lens=done.record.get("lens", {}),
        corrections=done.record.get("corrections", ()),
    )


def _kept(job: Job, existing: Existing) -> Outcome | None:
    """The outcome when an output that is there already stays; None when the job is to be done."""
    if existing == "replace" or not job.target.exists():
        return None
    if existing == "skip":
        return Outcome(job, "skipped")
    raise _exists(job.target)


def _exists(path: Path) -> WriteError:
    return WriteError(f"{path} exists already; --overwrite replaces it, --skip-existing leaves it")
