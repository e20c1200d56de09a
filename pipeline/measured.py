"""Files measured by monitors: raw ones on their way through a chain, developed ones as they are."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit.kernels import _native
from tenbit.kernels._overlay import Overlay
from tenbit.pipeline.batch.order import Limits
from tenbit.pipeline.device import Device, choose
from tenbit.pipeline.draft import Link
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.foreseen import CameraLike, opened
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.isolated import reading
from tenbit.pipeline.measures import Measures
from tenbit.pipeline.outcome import failed
from tenbit.pipeline.pictures import is_picture, read_picture, upright
from tenbit.pipeline.plan import Plan, plan
from tenbit.pipeline.run import PendingFrame, Said, begin, came_bits, is_auto

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked


@dataclass(frozen=True)
class Measured:
    """What became of one file.

    Parameters
    ----------
    path : Path
    kind : {"raw", "picture", ""}
        Empty where it could not be read.
    made : object
        What the caller's function made of the frame; None where that failed.
    error : str
        Why it failed, one line.
    trace : str
        The traceback of an error that tenbit did not expect.
    warnings : tuple of str
    seconds : float
    """

    path: Path
    kind: str = ""
    made: Any = None
    error: str = ""
    trace: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


Watch = Callable[[Plan, tuple[Link, ...]], Overlay]
Make = Callable[[Frame], Any]


def measured(
    paths: Sequence[Path],
    wanted: Measures,
    make: Make,
    *,
    watch: Watch | None = None,
    device: str | None = None,
    camera: CameraLike = None,
    asked: Asked | None = None,
    said: Said | None = None,
) -> Iterator[Measured]:
    """What became of files, one by one and in their order: while one is run, the next is read, the last one made into.

    Parameters
    ----------
    paths : sequence of Path
    wanted : Measures
    make : callable
        ``make(frame)`` of the finished frame, in a thread of its own; what it returns is kept.
    watch : callable, optional
        ``watch(plan, links)``: the overlay that runs instead of the plan's. By default its meters alone: nothing is
        drawn.
    device, camera, asked, said
        See `tenbit.pipeline.batch.develop`.

    Raises
    ------
    DeviceError
        If the device asked for cannot be used.
    """

    def come(path: Path) -> tuple[Frame, float] | Measured:
        began = time.perf_counter()
        try:
            if camera is None and is_picture(path):
                return upright(read_picture(path)), time.perf_counter() - began
            frame = opened(path, wanted.developing, camera=camera, asked=asked, read=read)
            return frame, time.perf_counter() - began
        except Exception as error:
            return _failed(path, error)

    def begun(path: Path, came: tuple[Frame, float] | Measured) -> tuple[PendingFrame, str, float] | Measured:
        if isinstance(came, Measured):
            return came
        frame, seconds = came
        kind = "picture" if frame.reader == "picture" else "raw"
        began = time.perf_counter() - seconds
        try:
            pending = _begun(frame, wanted, where, watch, said=said, may_fall_back=is_auto(device))
            return pending, kind, time.perf_counter() - began
        except Exception as error:
            return dataclasses.replace(_failed(path, error), kind=kind)

    def finished(path: Path, pending: tuple[PendingFrame, str, float] | Measured) -> Measured:
        if isinstance(pending, Measured):
            return pending
        frame, kind, seconds = pending
        began = time.perf_counter() - seconds
        try:
            done = frame.finish()
            made = make(done)
            return Measured(path, kind, made, warnings=done.warnings, seconds=time.perf_counter() - began)
        except Exception as error:
            return dataclasses.replace(_failed(path, error), kind=kind)

    with (
        reading("auto", Limits()) as read,
        ThreadPoolExecutor(1, thread_name_prefix="tenbit-read") as reader,
        ThreadPoolExecutor(1, thread_name_prefix="tenbit-make") as maker,
    ):
        making: Future[Measured] | None = None
        try:
            coming = [reader.submit(come, path) for path in paths[:1]]
            where, note = choose(device)
            if note and said:
                said(note)
            if where.target == "cpu":
                _native.prepare()
            for number, path in enumerate(paths):
                came = coming.pop().result()
                coming = [reader.submit(come, after) for after in paths[number + 1 : number + 2]]
                ready = begun(path, came)
                del came
                if making is not None:
                    yield making.result()
                making = maker.submit(finished, path, ready)
                del ready
            if making is not None:
                yield making.result()
        finally:
            reader.shutdown(wait=False, cancel_futures=True)
            maker.shutdown(wait=False, cancel_futures=True)


def _begun(
    frame: Frame, wanted: Measures, where: Device, watch: Watch | None, *, said: Said | None, may_fall_back: bool
) -> PendingFrame:
    links = wanted.links(frame.facts)
    packing, bits = frame.packing, came_bits(frame)
    what = plan(links, frame.facts, packing=packing, came_bits=bits)
    if what.facts.is_signal:
        # Counts, of a chain that ends in a mosaic, stay what they are.
        what = plan(links, frame.facts, bits=8, packing=packing, came_bits=bits)
    overlay = Overlay(what.overlay.meters) if watch is None else watch(what, links)
    return begin(frame, dataclasses.replace(what, overlay=overlay), where, said=said, may_fall_back=may_fall_back)


def _failed(path: Path, error: Exception) -> Measured:
    from tenbit.pipeline.jobs import Job

    if isinstance(error, ReadError):
        return Measured(path, error=" ".join(error.reason.split()))
    outcome = failed(Job(path, path), error)
    return Measured(path, error=outcome.error, trace=outcome.trace)
