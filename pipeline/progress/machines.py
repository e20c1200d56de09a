"""Progress for programs: JSON lines on stderr, Open Job Description's messages on stdout."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from tenbit.pipeline.progress.reporter import Reporter
from tenbit.pipeline.progress.streams import shown

# How often a batch of small files tells how far it has come.
_EVERY_S = 1.0
# Open Job Description's library cuts lines of 64,000 characters in two, and what is left over begins a line.
_LONGEST = 60_000
_LONGEST_MESSAGE = 1000


class _Paced(Reporter):
    """Progress that is told at most once a second, and at the last file."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._next_s = 0.0
        self._at: Path | None = None
        self._first_failure = ""

    def _begun(self, source: Path) -> None:
        self._at = source

    def _finished(self, record: dict[str, Any]) -> None:
        if record["error"] and not self._first_failure:
            self._first_failure = f"{record['input']}: {record['error']}"
        self._file(record)
        now = self.tally.clock()
        if now >= self._next_s or self.tally.finished == self.tally.total:
            self._next_s = now + _EVERY_S
            self._progress(Path(record["input"]))

    def _file(self, record: dict[str, Any]) -> None:
        """Tell of one more file."""

    def _progress(self, last: Path) -> None:
        """Tell how far this has come."""


class JsonLines(_Paced):
    """Objects with ``event``: ``begin``, ``file``, ``progress``, ``end``; and ``log`` where the log is JSON too."""

    def __enter__(self) -> Self:
        from tenbit import __version__

        self._object("begin", {"doing": self._doing, "tenbit": __version__, **self.tally.as_record()})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        # What ends a batch before its time, a device that is gone, is no interrupt: nobody sums up after it.
        if error is not None and not isinstance(error, KeyboardInterrupt):
            self._end("failed", " ".join(str(error).split()))

    def _file(self, record: dict[str, Any]) -> None:
        self._object("file", {**record, **self.tally.as_record()})

    def _progress(self, last: Path) -> None:
        at = self._at or last
        self._object("progress", {"percent": self.tally.percent, "file": str(at), **self.tally.as_record()})

    def _ended(self, is_stopped: bool) -> None:
        self._end("interrupted" if is_stopped else "failed" if self.failed else "done", self._first_failure)

    def _end(self, status: str, error: str) -> None:
        self._object("end", {"status": status, "error": error or None, **self.tally.as_record()})


class OpenJobDescription(_Paced):
    """``openjd_progress``, ``openjd_status``, ``openjd_fail``, each at the beginning of a line of stdout.

    A runner reads both streams as one, and takes a line for a message even where its case or blanks before it are
    wrong: a file's name must not come to stand there.
    """

    def _message(self, kind: str, text: str) -> None:
        super()._line(f"openjd_{kind}: {shown(text)[:_LONGEST_MESSAGE]}", sys.stdout)

    def _line(self, text: str, stream: TextIO | None) -> None:
        if text.lstrip().lower().startswith("openjd"):
            text = f"| {text}"
        super()._line(text[:_LONGEST], stream)

    def _progress(self, last: Path) -> None:
        tally = self.tally
        if tally.percent is not None:
            self._message("progress", f"{tally.percent:.1f}")
        of = "" if tally.total is None else f" of {tally.total}"
        parts = [f"{tally.finished}{of} finished"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        self._message("status", ", ".join((*parts, *tally.speed, (self._at or last).name)))

    def _ended(self, is_stopped: bool) -> None:
        if is_stopped:
            self._message("fail", f"interrupted: {self.tally}")
        elif self.failed:
            of = "" if self.tally.total is None else f" of {self.tally.total}"
            self._message("fail", f"{self.failed}{of} failed; the first: {self._first_failure}")
