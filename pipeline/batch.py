"""Many frames through one chain: read, run, write; a file that fails leaves the others alone."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tenbit.kernels import _native
from tenbit.pipeline.config import Chain
from tenbit.pipeline.device import Device, choose
from tenbit.pipeline.drawings import check_drawings, paths_of, written
from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.foreseen import CameraLike, bits_of, opened, planned
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.images import write
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome, as_json, failed
from tenbit.pipeline.overlay.layers import drawings_of
from tenbit.pipeline.raw.defects import DefectList
from tenbit.pipeline.run import PendingFrame, Said, begin, is_auto

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked

Existing = Literal["refuse", "skip", "replace"]


def develop(
    jobs: Sequence[Job],
    chain: Chain,
    *,
    device: str | None = None,
    camera: CameraLike = None,
    defects: DefectList | None = None,
    asked: Asked | None = None,
    existing: Existing = "refuse",
    said: Said | None = None,
) -> Iterator[Outcome]:
    """Outcomes of the jobs, one by one and in their order.

    While one frame is run, the next is read and the one before it is written: three frames are in memory at most. A
    card is given a frame while the one before it is still on its way to be written.

    Parameters
    ----------
    jobs : sequence of Job
    chain : Chain
        Its output's format is that of every job.
    device : str, optional
        See `tenbit.pipeline.device.choose`.
    camera : str or mapping, optional
        For packed dumps, see `tenbit.pipeline.raw.read`.
    defects : DefectList, optional
        Sites of the sensor that are known to be defective, for `defect_pixels`.
    asked : Asked, optional
        What the user says of the lens, its aperture and distance, and of the sensor's size.
    existing : {"refuse", "skip", "replace"}
        What happens where an output is there already.
    said : callable, optional
        Told, a line each, of a fall-back to the CPU and of compiles that take seconds.

    Raises
    ------
    DeviceError
        If the device asked for cannot be used.
    RequestError
        If what monitors draw beside a picture would be written over another file of these jobs.
    """
    check_drawings(chain, jobs)

    def come(job: Job) -> _Came | Outcome:
        return _read(job, lambda: opened(job.source, chain, camera=camera, defects=defects, asked=asked), existing)

    with (
        ThreadPoolExecutor(1, thread_name_prefix="tenbit-read") as reader,
        ThreadPoolExecutor(1, thread_name_prefix="tenbit-write") as writer,
    ):
        writing: Future[Outcome] | None = None
        coming: list[Future[Any]]
        try:
            coming = [reader.submit(come, job) for job in jobs[:1]]
            where, note = choose(device)
            if note and said:
                said(note)
            if where.target == "cpu":
                # LLVM, while the first file is read.
                _native.prepare()
            for number in range(len(jobs)):
                if writing is not None and writing in wait([*coming, writing], return_when=FIRST_COMPLETED).done:
                    outcome, writing = writing.result(), None
                    yield outcome
                came: _Came | Outcome = coming.pop().result()
                coming = [reader.submit(come, job) for job in jobs[number + 1 : number + 2]]
                begun = _begun(came, chain, where, existing, said=said, may_fall_back=is_auto(device))
                del came
                # Nothing is being written while the caller has his turn: an interrupt then leaves nothing untold.
                if writing is not None:
                    outcome, writing = writing.result(), None
                    yield outcome
                if isinstance(begun, Outcome):
                    yield begun
                elif coming:
                    writing = writer.submit(_write, begun, chain)
                else:
                    yield _write(begun, chain)
                del begun
        except KeyboardInterrupt:
            if writing is not None:
                yield writing.result()
            raise
        finally:
            reader.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class _Came:
    """A frame that was read, and the seconds that this took."""

    job: Job
    frame: Frame
    seconds: float


@dataclass(frozen=True)
class _Begun:
    """A frame that is developed, or on its way through a card; and the seconds that it took so far."""

    job: Job
    frame: Frame | PendingFrame
    seconds: float


def _kept(job: Job, existing: Existing) -> Outcome | None:
    """The outcome when an output that is there already stays; None when the job is to be done."""
    if existing == "replace" or not job.target.exists():
        return None
    if existing == "skip":
        return Outcome(job, "skipped")
    raise _exists(job.target)


def _exists(path: Path) -> WriteError:
    return WriteError(f"{path} exists already; --overwrite replaces it, --skip-existing leaves it")


def _read(job: Job, open_: Callable[[], Frame], existing: Existing) -> _Came | Outcome:
    began = time.perf_counter()
    try:
        if kept := _kept(job, existing):
            return kept
        return _Came(job, open_(), time.perf_counter() - began)
    except Exception as error:
        return dataclasses.replace(failed(job, error), seconds=time.perf_counter() - began)


def _begun(
    came: _Came | Outcome, chain: Chain, device: Device, existing: Existing, *, said: Said | None, may_fall_back: bool
) -> _Begun | Outcome:
    if isinstance(came, Outcome):
        return came
    began = time.perf_counter() - came.seconds
    try:
        what = planned(came.frame.facts, chain, packing=came.frame.packing)
        drawn = paths_of(came.job.target, drawings_of(what.overlay.layers))
        # Without their picture they are what an interrupted run has left, or files of the user's.
        if existing == "refuse" and (there := next((path for path in drawn if path.exists()), None)):
            raise _exists(there)
        pending = begin(came.frame, what, device, said=said, may_fall_back=may_fall_back)
        # The CPU has done it already, and then lets go of the samples that it was made from.
        frame = pending.finish() if pending.device.target == "cpu" else pending
        return _Begun(came.job, frame, time.perf_counter() - began)
    except Exception as error:
        return dataclasses.replace(failed(came.job, error), seconds=time.perf_counter() - began)


def _write(begun: _Begun, chain: Chain) -> Outcome:
    began = time.perf_counter() - begun.seconds
    job, output = begun.job, chain.output
    try:
        done = begun.frame if isinstance(begun.frame, Frame) else begun.frame.finish()
        with written(job.target, done.drawings) as drawings:
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
                record={**done.record, "source": job.source.name, "chain": chain.as_record()},
                facts=done.facts,
            )
        results = {name: as_json(value) for name, value in done.results.items()}
    except Exception as error:
        return dataclasses.replace(failed(job, error), seconds=time.perf_counter() - began)
    seconds = time.perf_counter() - began
    return Outcome(
        job,
        "done",
        seconds,
        warnings=done.warnings,
        results=results,
        device=str(done.record["device"]),
        lens=done.record.get("lens", {}),
        corrections=done.record.get("corrections", ()),
        drawings=drawings,
    )
