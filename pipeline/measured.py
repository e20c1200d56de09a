"""Files measured by monitors: raw ones on their way through a chain, developed ones as they are."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit.kernels import STAGES, _native, stage
from tenbit.kernels._facts import Facts, State
from tenbit.kernels._overlay import Overlay
from tenbit.kernels._stage import Prepared, Stage
from tenbit.pipeline.batch import CameraLike, opened
from tenbit.pipeline.config import Chain, final_facts, load
from tenbit.pipeline.device import Device, choose
from tenbit.pipeline.draft import Link
from tenbit.pipeline.errors import ReadError, RequestError, TenbitError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.outcome import failed
from tenbit.pipeline.pictures import is_picture, read_picture, upright
from tenbit.pipeline.plan import Plan, plan
from tenbit.pipeline.run import PendingFrame, Said, begin, came_bits, is_auto
from tenbit.pipeline.schema import hint

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked

DISPLAY = ("false_colour", "zebra", "peaking", "histogram", "waveform", "parade", "vectorscope", "spot")
"""What is measured of every picture, in the order of the columns."""
RAW = ("histogram", "zebra", "exposure_advice")
"""What is measured of the samples of every raw file."""

# Raw samples are counted before these change what they are counted against.
_BEFORE_RAW = ("linearise", "defect_pixels")


@dataclass(frozen=True)
class _Nothing:
    """No parameters."""


def _focus(_: _Nothing, facts: Facts) -> Prepared:
    from tenbit.kernels import _focus

    return Prepared(facts, tuple(_focus.focus_steps(facts)))


# How sharp a picture is; peaking and loupe measure it for themselves, scopes of every picture.
FOCUS = Stage("focus", _Nothing, ("display",), _focus)


@dataclass(frozen=True)
class Measures:
    """What is done to a file and measured of it.

    Parameters
    ----------
    chain : Chain or None
        Of the user; its monitors stay as they stand there.
    monitors : tuple of str
        Which are measured beside those of the chain, by name.
    fallback : Chain
        For raw files, where the user has no chain.
    """

    chain: Chain | None
    monitors: tuple[str, ...]
    fallback: Chain

    @property
    def developing(self) -> Chain:
        """What raw files go through."""
        return self.chain or self.fallback

    def links(self, facts: Facts) -> tuple[Link, ...]:
        """The chain for one file, with the monitors that it lacks.

        A developed picture meets what stands behind the last stage that takes none: monitors, a crop, a resize.
        """
        if facts.state == "display":
            links = list(self.chain.links) if self.chain else []
            behind = [n for n, link in enumerate(links) if "display" not in link.stage.takes]
            links = links[max(behind, default=-1) + 1 :]
            # What was measured of the samples by a monitor of the chain is not there any more.
            return (*links, *self._lacking(links, "display"))
        links = list(self.developing.links)
        is_whole = _ends_as(self.developing) == "display"
        late = self._lacking(_behind_demosaic(links), "display") if is_whole else []
        early: list[Link] = []
        if facts.state == "mosaic":
            before = links[: _first_linear(links)]
            early = self._lacking(before, "mosaic")
        at = next((n for n, link in enumerate(links) if link.stage.name not in _BEFORE_RAW), len(links))
        return (*links[:at], *early, *links[at:], *late)

    def _lacking(self, links: Sequence[Link], state: State) -> list[Link]:
        """Monitors that are wanted of a state and stand not there."""
        there = {link.stage.name for link in links}
        names = DISPLAY if state == "display" else RAW
        known = [stage(n) for n in STAGES if n in names and n in self.monitors and n not in there]
        more = [FOCUS] if state == "display" and "focus" in self.monitors else []
        return [Link(one, one.parameters()) for one in (*known, *more) if state in one.takes]


def measures(
    chain: str | None, *, overrides: Sequence[str] = (), monitors: Sequence[str] = (), fallback: str = "fast"
) -> Measures:
    """What is measured, checked before any file is touched.

    Parameters
    ----------
    chain : str or None
        A shipped chain's name or a chain file.
    overrides : sequence of str
        See `tenbit.pipeline.config.load`.
    monitors : sequence of str
        By default all.
    fallback : str
        A chain for raw files, where there is none.

    Raises
    ------
    ChainError
        If the chain is wrong.
    RequestError
        For a monitor that is none.
    """
    able = measurable()
    for name in monitors:
        if name not in able:
            raise RequestError(f"--monitor {name}: measures nothing; {hint(name, able)}")
    usual = load(fallback, overrides=() if chain else overrides)
    return Measures(_load(chain, overrides) if chain else None, tuple(monitors) or able, usual)


def _load(chain: str, overrides: Sequence[str]) -> Chain:
    """A chain for raw files, or one of stages that take a developed picture."""
    loose = load(chain, overrides=overrides, is_order_checked=False)
    is_for_pictures = bool(loose.links) and all("display" in link.stage.takes for link in loose.links)
    return loose if is_for_pictures else load(chain, overrides=overrides)


def measurable() -> tuple[str, ...]:
    """Names of all that can be measured."""
    return (*(name for name in STAGES if name in {*DISPLAY, *RAW}), "focus")


def _ends_as(chain: Chain) -> State:
    try:
        return final_facts(chain).state
    except TenbitError:
        # For developed pictures: no raw file goes through it.
        return "display"


def _first_linear(links: Sequence[Link]) -> int:
    """Where a mosaic becomes three colours; the number of links where it does not."""
    return next((n for n, link in enumerate(links) if "mosaic" not in link.stage.takes), len(links))


def _behind_demosaic(links: Sequence[Link]) -> Sequence[Link]:
    """Links that meet a finished picture: a monitor before demosaic measures other things."""
    names = [link.stage.name for link in links]
    return links[names.index("tone") + 1 :] if "tone" in names else links[_first_linear(links) :]


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
    cause : BaseException or None
        The exception behind an error that tenbit did not expect.
    warnings : tuple of str
    seconds : float
    """

    path: Path
    kind: str = ""
    made: Any = None
    error: str = ""
    cause: BaseException | None = None
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
            return opened(path, wanted.developing, camera=camera, asked=asked), time.perf_counter() - began
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
    return Measured(path, error=outcome.error, cause=outcome.cause)
