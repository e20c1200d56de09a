"""Lanes of a card: each has a stream and buffers of its own, so that neighbouring frames overlap.

Inside a lane everything is queued in order on one stream: no step waits for another by hand. The host waits for an
event when a frame is finished, and before a lane's buffers are written to again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._pass import Pass
from tenbit.pipeline.device.buffers import Buffers
from tenbit.pipeline.device.contract import Done, Rows, Said, said_once, stretches, summary
from tenbit.pipeline.device.numbers import Numbers
from tenbit.pipeline.device.program import Program, Stretch, copied_down, copied_up
from tenbit.pipeline.device.timeline import UNTIMED, Untimed, timeline_for


class Card(Protocol):
    """What a lane needs of its device."""

    cupy: Any
    pinned: Buffers
    name: str
    said_before: set[str]

    def here(self) -> contextlib.AbstractContextManager[None]:
        """The device as the calling thread's own, for one thread at a time."""

    def errors(self) -> contextlib.AbstractContextManager[None]:
        """CuPy's errors as ours."""

    def kept(self, array: Array) -> Array:
        """A finished array as it is handed out."""


@dataclass(frozen=True)
class Errand:
    """What is to be done to a frame; see `Device.begin`."""

    passes: Sequence[Pass]
    frame: Mapping[str, Array]
    wanted: Sequence[str]
    known: Mapping[str, Any]
    rows: Rows
    said: Said | None


class Lane:
    """A stream, the program whose buffers are on it, and the frame that is on its way.

    Parameters
    ----------
    cupy : module
    name : str
        What a trace calls its stream.
    """

    def __init__(self, cupy: Any, name: str) -> None:
        self._cupy, self._name = cupy, name
        self.stream = cupy.cuda.Stream(non_blocking=True)
        self.program: Program | None = None
        self.key: object = None
        self._pending: CudaPending | None = None

    @property
    def nbytes(self) -> int:
        """Device memory that it holds."""
        return self.program.nbytes if self.program else 0

    def is_idle(self) -> bool:
        """Whether its last frame is through; does not wait."""
        return self._pending is None or self._pending.is_through()

    def settle(self) -> None:
        """Wait for the frame that is on this lane: after that its buffers may be written to, or dropped."""
        if self._pending is not None:
            self._pending.settle()
            self._pending = None

    def drop(self) -> None:
        """Let go of its buffers; it must be settled."""
        self.program = self.key = None

    def start(self, card: Card, errand: Errand) -> CudaPending:
        """Queue a frame: up, passes, down. The host waits inside only where constants follow from counters.

        The lane must be settled, and its program be one for these passes and this frame.
        """
        pending = CudaPending(card)
        # Held here too: a caller may let go of a frame while the queue still reads and writes its memory.
        self._pending = pending
        try:
            self._queue(card, errand, pending)
        except BaseException:
            with contextlib.suppress(self._cupy.cuda.runtime.CUDARuntimeError):
                self.stream.synchronize()
            self._pending = None
            self.drop()
            raise
        return pending

    def _queue(self, card: Card, errand: Errand, pending: CudaPending) -> None:
        cupy, stream, program = self._cupy, self.stream, self.program
        assert program is not None
        timeline = pending.timeline = timeline_for(cupy, stream, self._name)
        for name, plane in errand.frame.items():
            source = plane
            if not (card.pinned.owns(plane) and plane.flags.c_contiguous):
                source = card.pinned.empty(plane.shape, plane.dtype)
                np.copyto(source, plane)
            pending.holds.append(source)
            timeline.mark()
            copied_up(cupy, program.array(program.places.ins[name]), source, stream)
            timeline.mark("up", name, bytes=source.nbytes)
        pending.began.record(stream)
        first, groups = 0, stretches(errand.passes, errand.known)
        for group in groups:
            results = {**pending.results, **errand.known}
            constants = [[step.resolved(results) for step in work.steps] for work in group]
            stretch = program.queue(first, group, Numbers(group, constants, errand.rows), errand.said, timeline)
            pending.waits_for(group, stretch)
            if stretch.no_graph:
                said_once(card, errand.said, "graphs", f"{card.name}: kernels are not replayed: {stretch.no_graph}")
            first += len(group)
            if group is not groups[-1]:
                stream.synchronize()
                pending.count()
        pending.ended.record(stream)
        for name in errand.wanted:
            place = program.places.left[name]
            target = card.pinned.empty(place.slot.shape, place.slot.dtype)
            pending.arrays[name] = target
            timeline.mark()
            copied_down(cupy, target, program.array(place), stream)
            timeline.mark("down", name, bytes=target.nbytes)
        pending.down.record(stream)


class CudaPending:
    """A frame on its way through a card."""

    def __init__(self, card: Card) -> None:
        events = card.cupy.cuda.Event
        self._card, self.began, self.ended, self.down = card, events(), events(), events(disable_timing=True)
        self.holds: list[Array] = []
        self.arrays: dict[str, Array] = {}
        self.results: dict[str, Any] = {}
        self.timeline: Untimed = UNTIMED
        self._counters: dict[str, Array] = {}
        self._last: tuple[Sequence[Pass], Stretch] | None = None
        self._is_settled = False
        self._done: Done | None = None

    def is_through(self) -> bool:
        """Whether the card has done with it; does not wait."""
        return self._is_settled or bool(self.down.done)

    def waits_for(self, passes: Sequence[Pass], stretch: Stretch) -> None:
        """Remember whose counters are on their way."""
        self._last = passes, stretch

    def count(self) -> None:
        """Take the counters that have come down, and what they say."""
        if self._last is None:
            return
        passes, stretch = self._last
        for work, counts in zip(passes, stretch.counters(), strict=True):
            for tally, counters in zip(work.tallies, counts, strict=True):
                self._counters[tally.writes[0]] = counters
                self.results[tally.writes[0]] = summary(tally, counters)
        self._last = None

    def settle(self) -> None:
        """Wait until its lane may be used for another frame."""
        if not self._is_settled:
            self.down.synchronize()
            self.count()
            self.timeline.tell()
            self.holds.clear()
            self._is_settled = True

    def finish(self) -> Done:
        if self._done is None:
            # Waited for first, so that another thread may begin the next frame meanwhile.
            with self._card.errors():
                self.down.synchronize()
            with self._card.here():
                self.settle()
                arrays = {name: self._card.kept(array) for name, array in self.arrays.items()}
                self._done = Done(arrays, self._counters, self.results)
                self.arrays = {}
        return self._done

    @property
    def kernel_ms(self) -> float:
        """Milliseconds from the first kernel to the last by the card's own clock; it must be finished."""
        return float(self._card.cupy.cuda.get_elapsed_time(self.began, self.ended))
