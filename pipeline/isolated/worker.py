"""What the process does in which files are read."""

from __future__ import annotations

import os
import queue
import signal
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tenbit.pipeline.child import Line, named
from tenbit.pipeline.errors import TenbitError
from tenbit.pipeline.isolated.header import Fault, Header, dumped

# A second more than the parent allows: it has killed this process by then, or is gone.
_GRACE_S = 1.0


class Setup(NamedTuple):
    """The first message: what reads, and within which limits."""

    read: str
    seconds: float
    memory_bytes: int


class Request(NamedTuple):
    """Every further one: a file."""

    path: Path
    camera: Any
    keep_packed: bool
    max_pixels: int


def serve(line: Line) -> None:
    """Read files until the parent has no more, or is gone: that ends this process in the midst of one, too."""
    setup: Setup = line.receive()
    read = named(setup.read)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(line, requests), daemon=True).start()
    _limit_memory(setup.memory_bytes)
    while True:
        request = requests.get()
        _set_alarm(setup.seconds + _GRACE_S)
        payload = None
        message: Header | Fault
        try:
            path, *_ = request
            frame = read(path, camera=request.camera, keep_packed=request.keep_packed, max_pixels=request.max_pixels)
            payload = np.ascontiguousarray(frame.samples).data.cast("B")
            message = Header.of(frame)
            del frame
        except Exception as error:
            message = _fault(error)
        try:
            line.send(message, dumps=dumped, payload=payload)
        except OSError:
            return
        _set_alarm(0)


def _listen(line: Line, requests: queue.SimpleQueue[Request]) -> None:
    with suppress(EOFError, OSError):
        while True:
            requests.put(line.receive())
    os._exit(1)


def _limit_memory(memory_bytes: int) -> None:
    """So much address space more than is taken now, where the system can say so."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + memory_bytes
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _set_alarm(seconds: float) -> None:
    """End this process then, even when a library that hangs lets no thread of Python's run."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _fault(error: Exception) -> Fault:
    # What readers make one line of; LibRaw has a kind of its own.
    is_memory = any("Memory" in type(one).__name__ for one in (error, error.__context__))
    if isinstance(error, TenbitError):
        return Fault(type(error).__name__, getattr(error, "reason", str(error)), is_memory)
    return Fault(type(error).__name__, str(error), is_memory, traceback.format_exc())
