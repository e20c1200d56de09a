"""Spans of every thread, as they end, on their way to a file."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from tenbit.pipeline.trace import events

# Events that wait in memory: at a file's end, when no span of its thread is open, they are written out.
_MOST_WAITING = 2_000
# Where no file ends: so many of one thread, at the end of any span (5 us each).
_MOST_OF_A_THREAD = 20_000
MOST_BANDS = 500_000
"""Bands that are kept: 100 MB, which a browser still opens."""


class Trace:
    """A recorder whose spans become events in a file; they are written out on the way, so memory does not grow.

    A span costs its thread about two microseconds, and no lock: each thread has a list of its own.

    Parameters
    ----------
    most_bands : int
        Further bands are left out, counted, and said at the end.
    """

    def __init__(self, *, most_bands: int = MOST_BANDS) -> None:
        self._most_bands = most_bands
        self._own = threading.local()
        self._tracks: list[_Track] = []
        self._named: dict[str, _Track] = {}
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._began_ns, self._began_s = time.perf_counter_ns(), time.time()
        self._bands = self._flying = 0
        self._fault: OSError | None = None
        self.bands_left_out = 0
        self._counters = _Track(0, "counters")
        self._handle: BinaryIO | None = None
        self._separator = events.HEAD

    def begin(self, handle: BinaryIO) -> None:
        """From here on events go to a file."""
        self._handle = handle

    def span(self, kind: str, name: str, facts: dict[str, Any]) -> AbstractContextManager[object]:
        if kind == "band":
            # Counted without a lock: a few more or less do not matter.
            self._bands += 1
            if self._bands > self._most_bands:
                self.bands_left_out += 1
                return nullcontext()
        return _Span(self, kind, name, facts)

    def wants(self, kind: str) -> bool:
        return True

    def add(self, kind: str, name: str, track: str, began_s: float, seconds: float, facts: dict[str, Any]) -> None:
        with self._lock:
            found = self._named.get(track)
            if found is None:
                found = self._named[track] = self._new(track)
            # On a stream one thing comes after the other; its clock is known to some microseconds.
            began = max(round(began_s * 1e9), found.ended_ns)
            took = round(seconds * 1e9)
            found.ended_ns = began + took
        found.waiting.append((kind, name, began, took, None, facts, None))

    def finish(self) -> None:
        """Write what is left, and the end. Spans that end later are nobody's.

        Raises
        ------
        OSError
            If the file could not be written, now or earlier.
        """
        with self._writing:
            self._write_out()
            if self._fault is not None:
                raise self._fault
            notes = [f"{self.bands_left_out} bands are left out"] if self.bands_left_out else []
            for event in events.names([(track.number, track.name) for track in self._tracks], notes):
                self._put(event)
            self._separator = b"\n"
            self._put(events.tail(began_s=self._began_s, bands_left_out=self.bands_left_out))
            self._handle = None

    def opened(self, kind: str) -> None:
        """A span begins."""
        if kind == "file":
            with self._lock:
                self._flying += 1
                self._count("files under way", {"files": self._flying})

    def ended(
        self, kind: str, name: str, began: int, took: int, cpu: int, facts: dict[str, Any], error: str | None
    ) -> None:
        """A span of this thread has ended; nanoseconds."""
        track: _Track | None = getattr(self._own, "track", None)
        if track is None:
            with self._lock:
                track = self._own.track = self._new(threading.current_thread().name)
        track.waiting.append((kind, name, began, took, cpu, facts, error))
        if kind == "file":
            with self._lock:
                self._flying -= 1
                self._count("files under way", {"files": self._flying})
                if resident := resident_bytes():
                    self._count("memory", {"resident MiB": round(resident / 2**20, 1)})
            is_full = sum(len(other.waiting) for other in self._tracks) > _MOST_WAITING
        else:
            is_full = len(track.waiting) > _MOST_OF_A_THREAD
        if is_full and self._writing.acquire(blocking=False):
            try:
                self._write_out()
            finally:
                self._writing.release()

    def _new(self, name: str) -> _Track:
        self._tracks.append(_Track(len(self._tracks) + 1, name))
        return self._tracks[-1]

    def _count(self, name: str, values: dict[str, float]) -> None:
        self._counters.waiting.append(("", name, time.perf_counter_ns(), 0, None, values, None))

    def _write_out(self) -> None:
        """All that waits, as events; what cannot be written is told at the end, not to the file's lane."""
        try:
            for track in (self._counters, *self._tracks):
                # A thread appends at one end while this one takes at the other: both are one step of Python's.
                with suppress(IndexError):
                    while True:
                        self._put(events.event(track.number, track.waiting.popleft(), self._began_ns))
        except OSError as error:
            self._fault = self._fault or error

    def _put(self, event: bytes) -> None:
        if self._handle is not None and self._fault is None:
            self._handle.write(self._separator + event)
            self._separator = b",\n"


class _Track:
    """Events of one thread, or of one stream of a card, that wait for the file."""

    def __init__(self, number: int, name: str) -> None:
        self.number, self.name, self.ended_ns = number, name, 0
        self.waiting: deque[events.Told] = deque()


class _Span:
    """What is done inside, timed by the wall's clock and by this thread's own."""

    __slots__ = ("_began", "_cpu", "_facts", "_kind", "_name", "_trace")

    def __init__(self, trace: Trace, kind: str, name: str, facts: dict[str, Any]) -> None:
        self._trace, self._kind, self._name, self._facts = trace, kind, name, facts

    def __enter__(self) -> None:
        self._trace.opened(self._kind)
        self._cpu = time.thread_time_ns()
        self._began = time.perf_counter_ns()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        took = time.perf_counter_ns() - self._began
        cpu = time.thread_time_ns() - self._cpu
        text = None if error is None else f"{type(error).__name__}: {error}"
        self._trace.ended(self._kind, self._name, self._began, took, cpu, self._facts, text)


def resident_bytes() -> int | None:
    """Memory of this process that is in use now; None where the system does not tell it at once."""
    if sys.platform != "linux":
        return None
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return None
