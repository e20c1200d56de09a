"""Calls in a process of its own, timed in turns with others: a line asks for one, a line says that it is done.

What a call costs more for being asked (a line through each of two pipes) is some tens of microseconds.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Worker:
    """A process that has several calls to offer.

    Parameters
    ----------
    command : sequence of str
        Starts it; its last argument will be the file that ``given`` is pickled into. It answers to each line of its
        input: to ``FILE NAME`` by the picture that the call NAME makes, saved as FILE; to ``NAME`` by the call. Its
        first line says the version of what it is.
    given : mapping
        What it works on: plain numbers and arrays, where its Python is another one.
    environment : mapping, optional
        Added to this process's.

    Raises
    ------
    RuntimeError
        If it does not start; if it ends.
    """

    def __init__(
        self, command: Sequence[str], given: Mapping[str, Any], environment: Mapping[str, str] | None = None
    ) -> None:
        self._name = Path(command[1]).name
        with contextlib.ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            file = self._folder / "given.pickle"
            file.write_bytes(pickle.dumps(dict(given)))
            self._process = subprocess.Popen(
                (*command, str(file)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, **(environment or {})},
            )
            # Closes its pipes and waits for it.
            stack.enter_context(self._process)
            stack.callback(self._process.kill)
            self.version = self._answer()
            self._stack = stack.pop_all()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def call(self, name: str) -> str:
        """Have it do a call; returns when it is done."""
        return self._asked(name)

    def picture(self, name: str) -> NDArray[np.generic]:
        """What the call makes."""
        path = self._folder / "picture.npy"
        self._asked(f"{path} {name}")
        return np.asarray(np.load(path))

    def _asked(self, line: str) -> str:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout and self._process.stderr
        line = self._process.stdout.readline()
        if not line:
            said = self._process.stderr.read().strip().splitlines()
            raise RuntimeError(
                f"{Path(self._process.args[1]).name} has ended: {said[-1] if said else 'without a word'}"
            )
        return line.strip()
