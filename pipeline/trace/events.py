"""Spans as events of the trace-event format, which Perfetto and Chrome's tracing page open.

Of its phases three are used: ``X``, a span with its duration; ``C``, a counter's value; ``M``, names of the process and
of its tracks. Times are microseconds since the trace began. The format: "Trace Event Format", Google, 2016.
"""

from __future__ import annotations

import datetime
import json
import math
import numbers
import os
import platform
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import tenbit
from tenbit.pipeline.progress import shown

Told: TypeAlias = tuple[str, str, int, int, int | None, dict[str, Any], str | None]
"""Kind, name, began and took in ns, the thread's CPU time in ns, facts, error; a counter has no kind."""

HEAD = b'{"displayTimeUnit":"ms","traceEvents":[\n'

# Reserved names of colours; Perfetto chooses its own by the span's name.
_COLOURS = {
    "file": "grey",
    "read": "thread_state_iowait",
    "plan": "yellow",
    "develop": "rail_response",
    "write": "rail_load",
    "pass": "thread_state_running",
    "band": "good",
    "compile": "terrible",
    "load": "bad",
    "up": "rail_animation",
    "down": "rail_idle",
    "overlay": "olive",
}
# The order of the tracks: by the beginning of their names, then by the number at the end.
_ORDER = ("MainThread", "tenbit-lane", "tenbit", "", "cuda")
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def event(track: int, told: Told, began_ns: int) -> bytes:
    """One event, as JSON on a line."""
    kind, name, at, took, cpu, facts, error = told
    args = {key: plain(value) for key, value in facts.items()}
    made: dict[str, Any] = {"name": plain(name), "pid": os.getpid(), "tid": track, "ts": (at - began_ns) / 1000}
    if not kind:
        return _encode({"ph": "C", **made, "args": args}).encode()
    if cpu is not None:
        args["cpu_ms"] = cpu / 1e6
    if error is not None:
        args["error"] = plain(error)
    made |= {"ph": "X", "cat": kind, "dur": took / 1000, "args": args}
    if kind in _COLOURS:
        made["cname"] = _COLOURS[kind]
    return _encode(made).encode()


def names(tracks: Iterable[tuple[int, str]], notes: Iterable[str]) -> Iterator[bytes]:
    """What the process and its tracks are called, in which order they are shown, and what is to be known of them."""
    yield _named("process_name", 0, name=f"tenbit {tenbit.__version__}")
    for note in notes:
        yield _named("process_labels", 0, labels=note)
    for number, name in tracks:
        yield _named("thread_name", number, name=plain(name))
        yield _named("thread_sort_index", number, sort_index=_place(name))


def tail(*, began_s: float, **more: Any) -> bytes:
    """The end of the file: when and where it was made."""
    began = datetime.datetime.fromtimestamp(began_s, datetime.UTC).isoformat(timespec="milliseconds")
    known = {"tenbit": tenbit.__version__, "python": platform.python_version(), "began": began, **more}
    return f'],"otherData":{_encode(known)}}}\n'.encode()


def plain(value: Any) -> Any:
    """A fact as JSON holds it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real) and math.isfinite(value):
        return float(value)
    # Names of files may hold line ends, and bytes that are no text.
    return shown(str(value))


def _named(what: str, track: int, **args: Any) -> bytes:
    return _encode({"name": what, "ph": "M", "ts": 0, "pid": os.getpid(), "tid": track, "args": args}).encode()


def _place(name: str) -> int:
    group = next(n for n, start in enumerate(_ORDER) if name.startswith(start) and (start or "cuda" not in name))
    number = re.search(r"(\d+)$", name)
    return 10_000 * group + min(int(number[1]) if number else 0, 9_999)
