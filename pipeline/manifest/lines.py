"""Lines of JSON that threads, processes and hosts append to one file."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tenbit.pipeline.errors import FullError, RequestError, WriteError
from tenbit.pipeline.jobs.checks import MANIFEST

try:
    import fcntl
except ImportError:  # Windows: a line is one write to the end of the file, which suffices within one machine
    fcntl = None  # type: ignore[assignment]

_BEGINS = MANIFEST + b"1,"
_HEADER_BYTES = len(_BEGINS) + len('"id":"0123456789abcdef"}\n')


class Lines:
    """A file of JSON lines, which only grows.

    A line is one write under a lock on the file (``flock``, which NFS passes on to other hosts; where the file system
    has none, to the end of the file all the same). Nothing is forced onto the disk: after a power cut the last seconds'
    lines may be missing, and what they noted is done again. A line that was cut off is ended by the next append, and
    not read.

    Parameters
    ----------
    path : Path
        Made with its folder by the first line.

    Raises
    ------
    RequestError
        If it is a file of another kind.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._header, self._read_to = b"", 0
        self._mine = threading.Lock()

    def fresh(self) -> tuple[bool, list[dict[str, Any]]]:
        """Whether the file is another than at the last call, and what was appended since, by whomever.

        Raises
        ------
        RequestError
            If the file is of another kind, or cannot be read.
        """
        try:
            size = self.path.stat().st_size
            if size == self._read_to:
                return False, []
            with self.path.open("rb") as handle:
                # Its own name: a file that was removed and begun anew may have the same inode.
                header = handle.readline()
                is_anew = header != self._header or size < self._read_to
                handle.seek(0 if is_anew else self._read_to)
                content = handle.read()
        except FileNotFoundError:
            was_there, self._header, self._read_to = bool(self._read_to), b"", 0
            return was_there, []
        except OSError as error:
            raise RequestError(f"{self.path}: cannot be read: {error.strerror or error}") from None
        if is_anew and not content.startswith(_BEGINS) and not _BEGINS.startswith(content):
            raise RequestError(f"{self.path}: is no manifest of tenbit; give the manifest a name of its own")
        whole = content[: content.rfind(b"\n") + 1]
        self._read_to = len(whole) + (0 if is_anew else self._read_to)
        self._header = header
        return is_anew, [record for line in whole.splitlines() if (record := _parsed(line)) is not None]

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a line.

        Raises
        ------
        WriteError
            If it cannot be written; what was of it is taken back.
        """
        line = _line(record)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._mine, self.path.open("a+b", buffering=0) as handle, _locked(handle.fileno()):
                end = handle.seek(0, os.SEEK_END)
                handle.seek(max(end - 1, 0))
                if end < _HEADER_BYTES:
                    if end:  # cut off within its first line
                        handle.truncate(end := 0)
                    line = _BEGINS + f'"id":"{os.urandom(8).hex()}"}}\n'.encode() + line
                elif handle.read(1) != b"\n":
                    line = b"\n" + line
                if handle.write(line) != len(line):
                    with suppress(OSError):
                        handle.truncate(end)
                    raise FullError(f"{self.path}: cannot be written: no space left on the device")
        except OSError as error:
            kind = FullError if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS) else WriteError
            raise kind(f"{self.path}: cannot be written: {error.strerror or error}") from error


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """The file for this process alone, where its file system can do that."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield  # closing the file lets go of it


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
