"""Python's calls in every thread, counted and timed, in the format of `pstats`.

cProfile would be quicker, and knows one thread: from Python 3.12 a second profiler of it in a process is refused
("Another profiling tool is already active"), and the one there is takes the calls of all threads for one stack (two
lanes that each call f for 1 s: f's callers and times are mixed). `sys.setprofile` is a thread's own in every version.
"""

from __future__ import annotations

import marshal
import pstats
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

from tenbit.pipeline.trace.kept import kept

Key: TypeAlias = tuple[str, int, str]
"""File, line and name of a function."""


@contextmanager
def cprofiling(path: Path) -> Iterator[None]:
    """Inside, calls of this thread and of those that begin inside are counted; the file is there when this is left.

    A call costs two to four microseconds more (cProfile: 0.4), which count to its caller: small functions look dear.

    Parameters
    ----------
    path : Path
        Replaced when it is there. `python -m pstats FILE` and viewers of cProfile's files read it.

    Raises
    ------
    RequestError
        At once, if the file cannot be written.
    WriteError
        In the end, if it could not be; then there is none.
    """
    counted = _Counted()
    with kept(path, "cprofile", lambda handle: marshal.dump(counted.stats(), handle)), counted.counting():
        yield


class _Counted:
    """The calls of several threads."""

    def __init__(self) -> None:
        self._threads: list[_Calls] = []
        self.is_over = False

    @contextmanager
    def counting(self) -> Iterator[None]:
        before = sys.getprofile(), threading.getprofile()
        # Called in each new thread, which from then on has a counter of its own.
        threading.setprofile(self._begin)
        sys.setprofile(self._begin)
        try:
            yield
        finally:
            sys.setprofile(before[0])
            threading.setprofile(before[1])
            self.is_over = True

    def stats(self) -> dict[Key, Any]:
        """All threads as one."""
        known: list[Any] = [calls for calls in self._threads if calls.has_any]
        merged: Any = pstats.Stats(*known) if known else pstats.Stats()
        found: dict[Key, Any] = merged.stats
        return found

    def _begin(self, frame: FrameType, event: str, argument: Any) -> None:
        calls = _Calls(self)
        self._threads.append(calls)
        heard = calls.listener()
        sys.setprofile(heard)
        heard(frame, event, argument)


class _Calls:
    """The calls of one thread; what `pstats.Stats` asks of a profiler."""

    def __init__(self, counted: _Counted) -> None:
        self._counted = counted
        # By caller and function: outermost calls, all calls, own seconds, seconds of the outermost.
        self._between: dict[tuple[Any, Any], list[Any]] = {}
        # What a function is, by what stands for it above.
        self._named: dict[Any, Key] = {}
        self.stats: dict[Key, Any] = {}

    @property
    def has_any(self) -> bool:
        return bool(self._between)

    def create_stats(self) -> None:
        """Fill in what `pstats` reads."""
        self.stats = {}
        for (caller, function), counts in list(self._between.items()):
            *before, callers = self.stats.get(self._named[function], (0, 0, 0.0, 0.0, {}))
            added = [old + more for old, more in zip(before, counts, strict=True)]
            if caller is not None:
                callers[self._named[caller]] = tuple(counts)
            self.stats[self._named[function]] = (*added, callers)

    def listener(self) -> Callable[[FrameType, str, Any], None]:
        """What hears that a call begins or returns; those that began before are not known.

        Each call of the thread comes here twice: local names, and nothing made that is not needed.
        """
        counted, between, named, clock = self._counted, self._between, self._named, time.perf_counter
        stack: list[list[Any]] = []
        deep: dict[Any, int] = {}
        alive = []

        def heard(frame: FrameType, event: str, argument: Any) -> None:
            if event == "call":
                code = frame.f_code
                function: Any = id(code)
                if function not in deep:
                    alive.append(code)
                    named[function] = (code.co_filename, code.co_firstlineno, code.co_name)
            elif event == "c_call":
                # A method of an object is a new one each time: its names stand for it.
                function = (argument.__module__, argument.__qualname__)
                if function not in deep:
                    named[function] = _of_builtin(*function)
            else:
                if counted.is_over:
                    sys.setprofile(None)
                elif stack:
                    returned(clock())
                return
            deep[function] = deep.get(function, 0) + 1
            stack.append([function, stack[-1][0] if stack else None, 0.0, clock()])

        def returned(now: float) -> None:
            function, caller, inside, began = stack.pop()
            took = now - began
            if stack:
                stack[-1][2] += took
            counts = between.get((caller, function))
            if counts is None:
                counts = between[caller, function] = [0, 0, 0.0, 0.0]
            counts[1] += 1
            counts[2] += took - inside
            deep[function] -= 1
            if not deep[function]:
                # Of a function that calls itself the outermost call alone has all the time.
                counts[0] += 1
                counts[3] += took

        return heard


def _of_builtin(module: str | None, name: str) -> Key:
    """As cProfile calls it."""
    owner, _, method = name.rpartition(".")
    return "~", 0, f"<method '{method}' of '{owner}' objects>" if owner else f"<built-in method {module}.{name}>"
