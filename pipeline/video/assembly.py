"""The frames of a batch into a video, whatever fails on the way."""

from __future__ import annotations

import dataclasses
from bisect import bisect
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast

from tenbit.kernels._facts import Array, Facts
from tenbit.pipeline.batch import Order, frames
from tenbit.pipeline.config import Chain, Output, final_facts
from tenbit.pipeline.errors import ChainError, RequestError, WriteError
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome, failed
from tenbit.pipeline.run import Said
from tenbit.pipeline.shots.pattern import gaps
from tenbit.pipeline.shots.ranges import shown
from tenbit.pipeline.video.codec import CODECS, Codec
from tenbit.pipeline.video.encode import Look, Reel, opened
from tenbit.pipeline.video.planes import COLOURS

Missing = Literal["stop", "hold", "black"]


@dataclass(frozen=True)
class Film:
    """How the frames of a shot become a video.

    Parameters
    ----------
    codec : Codec
    rate : Fraction
        Frames per second.
    timecode : str
        Of the first frame, see `timecode_from`; empty for none.
    crf : float, optional
        Of HEVC: 0 is the best, 51 the smallest.
    missing : {"stop", "hold", "black"}
        What stands for a frame that fails, and for a number that is not there: nothing (there is no video then), the
        frame before it, or black. With ``hold`` the first good frame stands for those that are missing before it.
    is_numbered : bool
        Whether a number between two frames that none of them has is a frame that is missing.
    """

    codec: Codec = CODECS["prores"]
    rate: Fraction = Fraction(24)
    timecode: str = ""
    crf: float | None = None
    missing: Missing = "stop"
    is_numbered: bool = False


def for_video(chain: Chain) -> Chain:
    """The chain with an output of 16 bits, as videos are made from.

    Raises
    ------
    ChainError
        If what it makes is no picture for a display.
    """
    try:
        _check_shown(final_facts(chain))
    except WriteError as error:
        raise ChainError([f"{chain.source or chain.name}: {error}"]) from None
    # Only the bits matter: no picture is written.
    return settled(dataclasses.replace(chain, output=Output(format="tiff", bits=16)), "tiff")


def film(jobs: Sequence[Job], order: Order, target: Path, how: Film, *, said: Said | None = None) -> Iterator[Outcome]:
    """Outcomes of the jobs in their order, while their frames are put into a video; when all are told, it is there.

    Parameters
    ----------
    jobs : sequence of Job
        Where they would be written is nobody's concern here.
    order : Order
        Its chain comes from `for_video`.
    target : Path
        The video; a file of that name is replaced. It is complete or absent.
    how : Film
    said : callable, optional
        Told, a line each, what a user wants to know.

    Raises
    ------
    RequestError
        If numbers are missing and may not, or PyAV is not installed.
    WriteError
        If a frame failed and may not, if all did, or if the video cannot be written.
    DeviceError
        If the device asked for cannot be used.
    """
    missing = lacking(jobs, target, how)
    absent = [0, *(bisect(missing, job.number) - bisect(missing, before.number) for before, job in pairwise(jobs))]
    if missing and said:
        stand_in = "the frame before them is repeated" if how.missing == "hold" else "black is shown"
        said(f"{target}: frames {shown(missing)} are not there: {stand_in}")
    # What is done about a failure is decided here.
    order = dataclasses.replace(order, on_error="skip")
    look = Look(how.codec, how.rate, how.timecode, how.crf, order.threads or 0)
    with opened(target, look) as reel, closing(cast(Any, frames(jobs, order, said=said))) as developed:
        cutter = _Cutter(reel, how, len(jobs), said)
        for gap, (outcome, frame) in zip(absent, developed, strict=True):
            told = cutter.take(outcome, frame, gap)
            yield told
            if told.status == "failed" and how.missing == "stop":
                raise WriteError(
                    f"{target}: not written, for {outcome.job.source.name} failed; "
                    "--on-error hold repeats the frame before it, --on-error black shows black"
                )
        if reel.size is None:
            raise WriteError(f"{target}: not written, for no frame could be developed")


def lacking(jobs: Sequence[Job], target: Path, how: Film) -> list[int]:
    """Numbers of a shot that no frame has, for each of which something else is shown.

    Parameters
    ----------
    jobs, target, how
        See `film`.

    Raises
    ------
    RequestError
        If there are some, and nothing may be shown in their place.
    """
    numbers = gaps([job.number for job in jobs]) if how.is_numbered else []
    if numbers and how.missing == "stop":
        raise RequestError(
            f"{target}: frames {shown(numbers)} are not there; "
            "--on-error hold repeats the frame before them, --on-error black shows black"
        )
    return numbers


class _Cutter:
    """Puts what comes, and what stands for what does not come, into a video."""

    def __init__(self, reel: Reel, how: Film, count: int, said: Said | None) -> None:
        self._reel, self._how, self._count, self._said = reel, how, count, said
        self._absent = 0
        self._last: Array | None = None

    def take(self, outcome: Outcome, frame: Frame | None, gap: int) -> Outcome:
        """The outcome of one more frame, a failure too if it does not fit the video."""
        self._stand_in(gap)
        if frame is not None:
            try:
                self._check(frame)
            except WriteError as error:
                outcome, frame = dataclasses.replace(failed(outcome.job, error), seconds=outcome.seconds), None
        if frame is None:
            if outcome.status != "failed":
                # A video must never be shorter than its shot without a word.
                raise RuntimeError(f"{outcome.job.source} was {outcome.status}, and there is no frame of it")
            self._stand_in(1)
            return outcome
        if self._reel.size is None:
            self._begin(frame)
            times = self._absent if self._how.missing == "hold" else 0
            self._reel.black(self._absent - times)
            self._absent = 0
            self._reel.put(frame.samples, times=1 + times)
        else:
            self._reel.put(frame.samples)
        self._last = frame.samples if self._how.missing == "hold" else None
        return outcome

    def _stand_in(self, number: int) -> None:
        """Something for frames that are missing, now or once the video's size is known."""
        if self._how.missing == "stop" or not number:
            return
        if self._reel.size is None:
            self._absent += number
        elif self._last is not None:
            self._reel.put(self._last, times=number)
        else:
            self._reel.black(number)

    def _check(self, frame: Frame) -> None:
        _check_shown(frame.facts)
        size = (frame.facts.rows, frame.facts.cols)
        if self._reel.size not in (None, size):
            rows, cols = self._reel.size
            raise WriteError(f"{size[0]} x {size[1]} pixels; the video has {rows} x {cols}, by its first frame")

    def _begin(self, frame: Frame) -> None:
        facts, source = frame.facts, frame.source
        row_step, col_step = self._how.codec.subsampling
        cut = [f"last {name}" for name, n in (("row", facts.rows % row_step), ("column", facts.cols % col_step)) if n]
        if cut and self._said:
            self._said(
                f"{self._how.codec.name} takes even sizes: the {' and the '.join(cut)} of each frame is left out"
            )
        if facts.orientation != 1 and self._said:
            self._said("the frames lie as the sensor did; the orient stage would turn them upright")
        record = {**frame.record, "source": source.name if source else "", "frames": self._count}
        self._reel.begin(facts.rows, facts.cols, space=facts.space, record=record)


def _check_shown(facts: Facts) -> None:
    """Refuse what is no picture for a display.

    Raises
    ------
    WriteError
        With the stages that make one.
    """
    if facts.state == "mosaic":
        raise WriteError("a mosaic is no video's picture: add demosaic, colour and tone")
    if facts.state != "display":
        raise WriteError("linear light would band in a video: add the tone stage")
    if facts.space not in COLOURS:
        raise WriteError(f"a video is of {', '.join(COLOURS)}, not {facts.space}: see the colour stage")
