"""A process beside this one: how it is started, how the two speak, and how it is told that one of them is gone.

It is a fresh interpreter, not a fork, which would copy locks that this process's threads hold; and not one of
`multiprocessing`, which would run the user's main module once more.
"""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

# Ctrl-C, a closed terminal and a farm's SIGTERM reach the whole group; what becomes of a child is its parent's affair.
_NOT_ITS_OWN = ("SIGINT", "SIGHUP", "SIGTERM")
_LENGTH = struct.Struct("<Q")


class Line:
    """Both directions between two processes: messages that are pickled, and bytes as they are.

    Parameters
    ----------
    incoming, outgoing : IO[bytes]
    """

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming, self._outgoing = incoming, outgoing

    def send(self, message: Any, *, dumps: Callable[[Any], bytes] = pickle.dumps, payload: Any = None) -> None:
        """Send a message, and bytes behind it that the receiver fetches by `fill`.

        Raises
        ------
        OSError
            If the other process is gone.
        """
        text = dumps(message)
        self._outgoing.write(_LENGTH.pack(len(text)))
        self._outgoing.write(text)
        if payload is not None:
            self._outgoing.write(payload)
        self._outgoing.flush()

    def receive(self, *, loads: Callable[[bytes], Any] = pickle.loads, most_bytes: int = 2**62) -> Any:
        """The next message.

        Raises
        ------
        EOFError
            If the other process is gone.
        ValueError
            If the message is longer than ``most_bytes``.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > most_bytes:
            raise ValueError(f"a message of {length} bytes")
        return loads(self._exactly(length))

    def fill(self, memory: memoryview) -> None:
        """Bytes into memory that is given, all of it.

        Raises
        ------
        EOFError
            If the other process is gone.
        """
        done = 0
        while done < len(memory):
            count = self._incoming.readinto(memory[done:])  # type: ignore[attr-defined]
            if not count:
                raise EOFError
            done += count

    def hang_up(self) -> None:
        """Send no more: the other process is told so."""
        # What could not be sent to a process that is gone.
        with suppress(OSError):
            self._outgoing.close()

    def close(self) -> None:
        """End both directions."""
        self.hang_up()
        self._incoming.close()

    def _exactly(self, length: int) -> bytes:
        data = self._incoming.read(length)
        if len(data) < length:
            raise EOFError
        return data


class Child(Line):
    """A process that was started and is spoken to; what it writes to stdout and stderr goes nowhere.

    Parameters
    ----------
    target : str
        ``module:function``, called there with its end of the line.
    env : mapping, optional
        Variables of its environment that differ from this process's.
    """

    def __init__(self, target: str, *, env: dict[str, str] | None = None) -> None:
        code = f"import sys; sys.path[:] = {sys.path!a}; from tenbit.pipeline.child import run; run({target!r})"
        with _deaf():
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **(env or {})},
                # Windows has no signals to be deaf to, but groups that Ctrl-C goes to.
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        assert self.process.stdin and self.process.stdout
        super().__init__(self.process.stdout, self.process.stdin)

    def ended(self) -> str:
        """Waits for its end and says how it came: ``was killed by SIGSEGV``, ``ended with status 1``."""
        code = self.process.wait()
        if code >= 0:
            return f"ended with status {code}"
        try:
            name = signal.Signals(-code).name
            return f"was killed by {name}{' (out of memory?)' if name == 'SIGKILL' else ''}"
        except ValueError:
            return f"was killed by signal {-code}"

    def kill(self) -> None:
        """End it, whatever it does; nothing is left of it."""
        self.process.kill()
        self.process.wait()
        self.close()


def run(target: str) -> None:
    """What a child does first: its line in a safe place, where no library writes; then what it was started for."""
    # Nothing of what it crashes over is to be left on a farm's disks.
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    named(target)(Line(incoming, outgoing))


def named(target: str) -> Callable[..., Any]:
    """The function that ``module:function`` names."""
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


@contextmanager
def _deaf() -> Iterator[None]:
    """Inside, this thread, and what it starts for good, is deaf to signals that are the parent's affair."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    numbers = [getattr(signal, name) for name in _NOT_ITS_OWN]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
