"""One file: read, run, written; its outcome, whatever happens."""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tenbit.kernels._spans import span
from tenbit.pipeline import manifest as manifests
from tenbit.pipeline.batch.budget import Budget, default_bytes
from tenbit.pipeline.batch.order import Order
from tenbit.pipeline.config import Chain
from tenbit.pipeline.device import CpuDevice, Device, choose, usable_cores
from tenbit.pipeline.drawings import paths_of, written
from tenbit.pipeline.errors import ExistsError
from tenbit.pipeline.foreseen import bits_of, opened, planned
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.images import write
from tenbit.pipeline.isolated import reading
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.manifest import Entry
from tenbit.pipeline.outcome import Outcome, as_json, failed
from tenbit.pipeline.overlay.layers import drawings_of
from tenbit.pipeline.plan import Plan
from tenbit.pipeline.run import PendingFrame, Said, begin, bytes_needed, is_auto

# Another try changes nothing about these.
_FINAL = ("UnsupportedError", "StageError", "ChainError", "ExistsError", "FullError")
_LONGEST_WAIT_S = 30.0


class DroppedError(Exception):
    """The batch ends: a file that has not come to its writing is let go of."""


class Around:
    """What the files of a batch share in one process.

    Parameters
    ----------
    order : Order
    device : Device
    said : callable, optional
    budget : Budget
    """

    def __init__(self, order: Order, device: Device, said: Said | None, budget: Budget) -> None:
        self.order, self.device, self.said, self.budget = order, device, said, budget
        self.stop = threading.Event()
        self.manifest = manifests.opened(order)
        self.cores = order.threads or usable_cores()
        self._running = 0
        self._lock = threading.Lock()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Inside, files can be read."""
        with reading(self.order.isolate, self.order.limits) as self.read:
            yield

    @contextmanager
    def running(self, work: Work) -> Iterator[None]:
        """Inside, a file is on a lane."""
        with self._lock:
            self._running += 1
        try:
            with span("file", work.job.source.name):
                yield
        finally:
            with self._lock:
                self._running -= 1
            self.budget.release(work)

    def lane_device(self) -> Device:
        """The device for one more frame: on the CPU with its share of the cores."""
        with self._lock:
            threads = max(1, self.cores // max(self._running, 1))
        return self.device.shared(threads) if isinstance(self.device, CpuDevice) else self.device

    def end(self) -> None:
        """The batch ends: nobody waits for a file that takes long to read."""
        self.stop.set()
        self.read.close()

    def check_going(self) -> None:
        """Raise `DroppedError` if the batch ends."""
        if self.stop.is_set():
            raise DroppedError


class Work:
    """One file on its way."""

    def __init__(self, job: Job, around: Around) -> None:
        self.job, self.around, self.order = job, around, around.order
        self.phases: dict[str, float] = {}
        self.entry: Entry | None = None
        self.pixels = 0

    @property
    def chain(self) -> Chain:
        """The batch's, with what this frame is given."""
        return self.order.chain if self.job.given is None else self.job.given.applied(self.order.chain)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Count the seconds inside to a phase."""
        began = time.perf_counter()
        try:
            with span(phase, phase, file=self.job.source.name):
                yield
        finally:
            self.phases[phase] = self.phases.get(phase, 0.0) + time.perf_counter() - began

    def told(self, outcome: Outcome) -> Outcome:
        """An outcome with the seconds so far and the size of the frame."""
        phases = dict(self.phases)
        return dataclasses.replace(outcome, seconds=sum(phases.values()), phases=phases, pixels=self.pixels)


def develop_one(job: Job, order: Order, *, said: Said | None = None) -> Outcome:
    """What became of one file, all in this thread; see `tenbit.pipeline.batch.develop`.

    Raises
    ------
    DeviceError
        If the device asked for cannot be used.
    """
    around = Around(order, choose(order.device)[0], said, Budget(default_bytes()))
    work = Work(job, around)
    with around.opened(), around.running(work):
        return tried(work, put_down)


def tried(work: Work, last: Callable[[Work, Frame | PendingFrame], Outcome]) -> Outcome:
    """The outcome of a file that is tried as often as the order says, while another try may help.

    Raises
    ------
    DroppedError
        If the batch ends before the file is written.
    """
    for attempt in itertools.count(1):
        outcome = _attempted(work, last)
        may_help = outcome.status == "failed" and outcome.kind not in _FINAL
        if not may_help or attempt > work.order.retries:
            return dataclasses.replace(outcome, attempts=attempt)
        # What cured itself by waiting: a share that was away, a file that was still on its way.
        work.around.stop.wait(min(0.25 * 2**attempt, _LONGEST_WAIT_S))
        work.around.check_going()
    raise AssertionError


def _attempted(work: Work, last: Callable[[Work, Frame | PendingFrame], Outcome]) -> Outcome:
    around, job = work.around, work.job
    try:
        around.check_going()
        with work.timed("read"):
            if _is_kept(work):
                return Outcome(job, "skipped")
            try:
                came = _read(work)
            except Exception:
                # Perhaps because the batch ends.
                around.check_going()
                raise
        work.pixels = came.facts.rows * came.facts.cols
        around.check_going()
        with work.timed("develop"):
            begun = _begun(work, came)
        del came
        around.check_going()
        return last(work, begun)
    except DroppedError:
        raise
    except Exception as error:
        return work.told(failed(job, error))


def _read(work: Work) -> Frame:
    order, read = work.order, work.around.read
    return opened(work.job.source, work.chain, camera=order.camera, defects=order.defects, asked=order.asked, read=read)


def _begun(work: Work, came: Frame) -> Frame | PendingFrame:
    """The frame that the CPU has developed, or that is on its way through a card."""
    job, around = work.job, work.around
    device = around.lane_device()
    with span("plan", work.chain.name):
        what = planned(came.facts, work.chain, packing=came.packing)
    around.budget.correct(work, job.source, _taken(what, came, device))
    drawn = paths_of(job.target, drawings_of(what.overlay.layers))
    # Without their picture they are what an interrupted run has left, or files of the user's.
    if not _may_replace_drawings(work) and (there := next((path for path in drawn if path.exists()), None)):
        raise _exists(there)
    pending = begin(came, what, device, said=around.said, may_fall_back=is_auto(work.order.device))
    # The CPU has done it already, and then lets go of the samples that it was made from.
    return pending.finish() if pending.device.target == "cpu" else pending


def _taken(what: Plan, came: Frame, device: Device) -> int:
    """Bytes that a frame takes at most: its arrays, and as much again as the picture for its encoder."""
    return bytes_needed(what, came, device.target) + 3 * what.facts.rows * what.facts.cols


def put_down(work: Work, begun: Frame | PendingFrame) -> Outcome:
    """The outcome of a frame that is finished and written."""
    job, output = work.job, work.order.chain.output
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
    if work.around.manifest is not None and work.entry is not None:
        work.around.manifest.add(work.entry, drawings)
    return dataclasses.replace(work.told(finished(job, done)), drawings=drawings)


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


def _is_kept(work: Work) -> bool:
    """Whether an output that is there already stays.

    Raises
    ------
    ExistsError
        If it is in the way.
    """
    job, manifest = work.job, work.around.manifest
    if manifest is not None:
        work.entry = manifest.entry(job)
        if manifest.is_done(work.entry):
            return True
        if not manifest.may_replace(work.entry):
            raise ExistsError(f"{job.target} exists already, and tenbit did not make it of this file; --overwrite does")
        return False
    if work.order.existing == "replace" or not job.target.exists():
        return False
    if work.order.existing == "refuse":
        raise _exists(job.target)
    return True


def _may_replace_drawings(work: Work) -> bool:
    """Whether what lies where a drawing goes may be replaced: with a manifest, beside a picture that may be."""
    return work.order.existing != "refuse" or (work.entry is not None and work.job.target.exists())


def _exists(path: Path) -> ExistsError:
    return ExistsError(f"{path} exists already; --overwrite replaces it, --skip-existing leaves it")
