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
from collections.abc import Iterator
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

    A call costs about a microsecond more, which counts to its caller: small functions look dearer than they are.

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
        self._is_over = False

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
            self._is_over = True

    def stats(self) -> dict[Key, Any]:
        """All threads as one."""
        known: list[Any] = [calls for calls in self._threads if calls.stats]
        merged: Any = pstats.Stats(*known) if known else pstats.Stats()
        found: dict[Key, Any] = merged.stats
        return found

    def _begin(self, frame: FrameType, event: str, argument: Any) -> None:
        calls = _Calls(self)
        self._threads.append(calls)
        sys.setprofile(calls.heard)
        calls.heard(frame, event, argument)

    @property
    def is_over(self) -> bool:
        return self._is_over


class _Calls:
    """The calls of one thread; what `pstats.Stats` asks of a profiler."""

    def __init__(self, counted: _Counted) -> None:
        self._counted = counted
        self._stack: list[tuple[Key, float, list[float]]] = []
        self._deep: dict[Key, int] = {}
        self.stats: dict[Key, tuple[int, int, float, float, dict[Key, tuple[int, int, float, float]]]] = {}

    def create_stats(self) -> None:
        """They are made as calls return."""

    def heard(self, frame: FrameType, event: str, argument: Any) -> None:
        """A call begins or returns; those that began before are not known."""
        now = time.perf_counter()
        if self._counted.is_over:
            sys.setprofile(None)
        elif event in ("call", "c_call"):
            key = _of_code(frame) if event == "call" else _of_builtin(argument)
            self._deep[key] = self._deep.get(key, 0) + 1
            self._stack.append((key, now, [0.0]))
        elif self._stack:
            self._returned(now)

    def _returned(self, now: float) -> None:
        key, began, (inside,) = self._stack.pop()
        self._deep[key] -= 1
        took = now - began
        if self._stack:
            self._stack[-1][2][0] += took
        # Of a function that calls itself the outermost call alone has all the time.
        is_first = not self._deep[key]
        one = int(is_first), 1, took - inside, took if is_first else 0.0
        first, every, own, whole, callers = self.stats.get(key, (0, 0, 0.0, 0.0, {}))
        if self._stack:
            caller = self._stack[-1][0]
            a, b, c, d = callers.get(caller, (0, 0, 0.0, 0.0))
            callers[caller] = a + one[0], b + one[1], c + one[2], d + one[3]
        self.stats[key] = first + one[0], every + one[1], own + one[2], whole + one[3], callers


def _of_code(frame: FrameType) -> Key:
    code = frame.f_code
    return code.co_filename, code.co_firstlineno, code.co_name


def _of_builtin(function: Any) -> Key:
    """As cProfile calls it."""
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "?")
    if owner is None or isinstance(owner, type(sys)):
        return "~", 0, f"<built-in method {getattr(function, '__module__', None) or 'builtins'}.{name}>"
    kind = owner if isinstance(owner, type) else type(owner)
    return "~", 0, f"<method '{name}' of '{kind.__name__}' objects>"
