"""A report that grows with its batch: whenever it ends, all but the last line are whole."""

from __future__ import annotations

import json
import math
import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from tenbit.pipeline.config import Chain
from tenbit.pipeline.errors import WriteError

if TYPE_CHECKING:
    from tenbit.pipeline.batch.order import Order
    from tenbit.pipeline.outcome import Outcome

STATUSES = ("done", "skipped", "failed")


class Report:
    """A file of JSON lines: what is done, a line per file, and what it came to.

    The first line is ``{"batch": {"versions": …, "chain": …, "started": …}}`` with every value of the chain; then
    `Outcome.as_record` of each file; the last ``{"end": {"files": …, "done": …, "skipped": …, "failed": …,
    "interrupted": …, "seconds": …}}``. A report without that line was cut off. Each line is one write and is not kept
    back: a process that is killed loses at most one.

    Parameters
    ----------
    path : Path or None
        Replaced; a pipe or a device is written to. None writes nothing.
    of : Order or Chain

    Raises
    ------
    WriteError
        On entering, if it cannot be opened. On leaving, if a line could not be written: the reader has gone, or the
        disk is full. The batch goes on meanwhile.
    """

    def __init__(self, path: Path | None, of: Order | Chain) -> None:
        self.path = path
        self.chain = of if isinstance(of, Chain) else of.chain
        self.is_interrupted = False
        self._counts: Counter[str] = Counter()
        self._began = 0.0
        self._handle: BinaryIO | None = None
        self._fault: OSError | None = None
        self._mine = threading.Lock()

    def __enter__(self) -> Report:
        from tenbit.pipeline.doctor import versions

        self._began = time.monotonic()
        if self.path is not None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._handle = self.path.open("wb", buffering=0)
            except OSError as error:
                raise WriteError(self._told(error)) from error
        self._write({"batch": {"versions": versions(), "chain": self.chain.as_record(), "started": now()}})
        return self

    def add(self, outcome: Outcome) -> None:
        """Write what became of a file; in whatever thread."""
        with self._mine:
            self._counts[outcome.status] += 1
            self._write(outcome.as_record())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_interrupted |= kind is not None
        counts = {status: self._counts[status] for status in STATUSES}
        end = {
            "files": self._counts.total(),
            **counts,
            "interrupted": self.is_interrupted,
            "seconds": round(time.monotonic() - self._began, 3),
        }
        with self._mine:
            self._write({"end": end})
            if self._handle is not None:
                try:
                    self._handle.close()
                except OSError as fault:  # what a network's file system has kept for itself
                    self._fault = self._fault or fault
        if self._fault is not None and kind is None:
            raise WriteError(self._told(self._fault)) from self._fault

    def _write(self, record: Mapping[str, Any]) -> None:
        if self._handle is None or self._fault is not None:
            return
        rest = memoryview(line(record))
        try:
            while rest:
                rest = rest[self._handle.write(rest) :]
        except OSError as error:
            self._fault = error

    def _told(self, error: OSError) -> str:
        return f"{self.path}: the report cannot be written: {error.strerror or error}"


def line(record: Mapping[str, Any]) -> bytes:
    """One line of JSON; numbers that JSON has not become null (NaN) or the texts ``inf`` and ``-inf``."""
    try:
        text = json.dumps(record, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(record), allow_nan=False)
    return text.encode() + b"\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def now() -> str:
    """The time, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
