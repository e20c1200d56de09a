"""Spans of time that somebody wants to know of: what was done, where and when. Where nobody does they cost a look.

A recorder is set for the whole process by `recording`; `span` and `mark` tell it. It lies on the lowest floor because
bands of rows are done here; what is made of spans (traces, profiles) is the pipeline's business.

======= ======================================================================================
kind    what lies inside
======= ======================================================================================
file    all that a lane does for one file; ``read``, ``develop``, ``write`` lie inside
plan    a chain and a frame's facts become passes
pass    one trip over the frame; on a card by its own clock
band    some rows and columns of a pass, on a thread of its own
compile a loop or a kernel that numba compiles; ``load``: one that the cache had
up      a copy to a card; ``down``: one from it
overlay what monitors measure, paint and draw once the picture is finished
======= ======================================================================================
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

_NOTHING: AbstractContextManager[None] = nullcontext()


class Recorder(Protocol):
    """What wants to know of spans; asked by any thread, by several at once."""

    def span(self, kind: str, name: str, facts: dict[str, Any]) -> AbstractContextManager[object]:
        """A context whose time is wanted, or one that does nothing."""

    def wants(self, kind: str) -> bool:
        """Whether spans of a kind are wanted: some change what is done, as events between the kernels of a card do."""

    def add(self, kind: str, name: str, track: str, began_s: float, seconds: float, facts: dict[str, Any]) -> None:
        """A span that another clock has measured; ``began_s`` as `time.perf_counter` would have told it."""


_recorder: Recorder | None = None


def span(kind: str, name: str, **facts: Any) -> AbstractContextManager[object]:
    """A context for what is done inside, in this thread."""
    return _NOTHING if _recorder is None else _recorder.span(kind, name, facts)


def recorder() -> Recorder | None:
    """Who wants to know of spans; None where nobody does."""
    return _recorder


@contextlib.contextmanager
def recording(wanted: Recorder) -> Iterator[None]:
    """Inside, a recorder is told of every thread's spans; one at a time in a process.

    Raises
    ------
    RuntimeError
        If another one is told already.
    """
    global _recorder
    if _recorder is not None:
        raise RuntimeError("spans are recorded already")
    _recorder = wanted
    try:
        yield
    finally:
        _recorder = None
