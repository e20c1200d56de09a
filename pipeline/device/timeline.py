"""When things happened on a card: events of its own clock between what is queued, told on the host's clock."""

from __future__ import annotations

import time
from typing import Any

from tenbit.kernels import _spans

OF_A_CARD = ("pass", "up", "down")
"""Kinds of spans that a card's clock tells."""


class Untimed:
    """What is queued when nobody wants to know: nothing is marked."""

    is_kept = False

    def mark(self, kind: str = "", name: str = "", **facts: Any) -> None:
        """See `Timeline`."""

    def tell(self) -> None:
        """See `Timeline`."""


UNTIMED = Untimed()


class Timeline(Untimed):
    """Marks in what is queued for one frame on one stream; told to a recorder when the card has done with it.

    Parameters
    ----------
    cupy : module
    stream : cupy.cuda.Stream
        The lane's, with nothing of an earlier frame on it.
    recorder : Recorder
    track : str
        What the stream is called: ``cuda:0 stream 1``.
    """

    is_kept = True

    def __init__(self, cupy: Any, stream: Any, recorder: _spans.Recorder, track: str) -> None:
        self._cupy, self._stream, self._recorder, self._track = cupy, stream, recorder, track
        self._marks: list[tuple[str, str, dict[str, Any], Any]] = []
        # On an idle stream, so that it happens now; a new one per frame, since the time between two events is kept in
        # milliseconds of 32 bits, which are 60 us wide after a quarter of an hour.
        self._first = self._recorded()
        before = time.perf_counter()
        self._first.synchronize()
        # Waiting for an event that has come takes some microseconds: the card's time is that far off at most.
        self._began_s = (before + time.perf_counter()) / 2

    def mark(self, kind: str = "", name: str = "", **facts: Any) -> None:
        """What was queued since the last mark; without a kind nothing was: the card waited for the host."""
        self._marks.append((kind, name, facts, self._recorded()))

    def tell(self) -> None:
        """Tell of all marks, once; the card must have done with them."""
        before, marks = 0.0, self._marks
        self._marks = []
        for kind, name, facts, event in marks:
            after = self._cupy.cuda.get_elapsed_time(self._first, event) / 1000
            if kind and self._recorder.wants(kind):
                self._recorder.add(kind, name, self._track, self._began_s + before, max(after - before, 0.0), facts)
            before = after

    def _recorded(self) -> Any:
        event = self._cupy.cuda.Event()
        event.record(self._stream)
        return event


def timeline_for(cupy: Any, stream: Any, track: str) -> Untimed:
    """That of a frame which is begun now: kept if a recorder wants to know."""
    recorder = _spans.recorder()
    if recorder is None or not any(map(recorder.wants, OF_A_CARD)):
        return UNTIMED
    return Timeline(cupy, stream, recorder, track)
