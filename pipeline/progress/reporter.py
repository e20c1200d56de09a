"""Plain lines about many files: the list of results on stdout, warnings and failures on stderr, as text or JSON."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TextIO

from tenbit.kernels._stage import Told
from tenbit.pipeline.progress.streams import encodable, let_go, shown
from tenbit.pipeline.progress.tally import Tally

if TYPE_CHECKING:
    from tenbit.pipeline.jobs import Job
    from tenbit.pipeline.outcome import Outcome

Log = Literal["text", "json"]
# Texts that are remembered in order not to be said again: some name a file's own numbers, and files are many.
_MOST_TEXTS = 1000


class Reporter:
    """Lines about files; several threads may have something said.

    A stream that takes no more lines is let go: the pictures are worth more than the lines about them.

    Parameters
    ----------
    total : int or None
        Files to come.
    doing : str
        What is being done to them.
    log : {"text", "json"}
        How warnings, failures and what is said are written to stderr.
    is_counting : bool
        Whether the last line counts the files; of a batch that was interrupted it always does.
    clock : callable
        Seconds.

    Attributes
    ----------
    is_listing_lost : bool
        Whether results were to be listed on a stream that did not take them.
    tally : Tally
    """

    def __init__(
        self,
        total: int | None,
        doing: str = "developing",
        *,
        log: Log = "text",
        is_counting: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_listing_lost = False
        self.tally = Tally(total, clock)
        self._doing, self._log, self._is_counting = doing, log, is_counting
        self._warned: Counter[str] = Counter()
        self._noted: set[str] = set()
        self._lock = threading.RLock()

    @property
    def failed(self) -> int:
        """Files that failed so far."""
        return self.tally.counts["failed"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Nothing is held here."""

    def at_work(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """The jobs, each noted as the one at work when it is taken."""
        for job in jobs:
            self._begun(job.source)
            yield job

    def say(self, text: str) -> None:
        """A line on stderr, once."""
        with self._lock:
            if text not in self._noted:
                if len(self._noted) < _MOST_TEXTS:
                    self._noted.add(text)
                self._note("info", text)

    def show(self, outcome: Outcome, *, is_debug: bool = False) -> None:
        """One line on stdout for a picture, on stderr for a failure; a warning is said for the first file only."""
        with self._lock:
            source, target = outcome.job.source, outcome.job.target
            self._doubt(source, outcome.warnings, outcome.error, outcome.trace if is_debug else "")
            if outcome.status != "failed":
                what = f"{outcome.seconds:.2f} s" if outcome.status == "done" else "exists, skipped"
                self._line(shown(f"{target}  {what}"), sys.stdout)
            self.tally.add(outcome.status, outcome.pixels)
            self._finished(
                {
                    "input": str(source),
                    "output": str(target),
                    "status": outcome.status,
                    "seconds": round(outcome.seconds, 4),
                    "attempts": outcome.attempts,
                    "device": outcome.device,
                    "error": outcome.error or None,
                    "error_class": outcome.kind or None,
                    "warnings": list(outcome.warnings),
                }
            )

    def tell(self, source: Path, warnings: Sequence[str], error: str, trace: str = "") -> None:
        """Count one more file that becomes no picture: its warnings, if no file had them before, and why it failed."""
        with self._lock:
            status = "failed" if error else "done"
            self._doubt(source, warnings, error, trace)
            self.tally.add(status)
            record = {"status": status, "error": error or None, "warnings": list(warnings)}
            self._finished({"input": str(source), "output": None, **record})

    def sum_up(self, *, is_stopped: bool = False) -> None:
        """How many files each warning is about, and what became of all; nothing for a single file that was finished."""
        with self._lock:
            for warning, number in self._warned.items():
                if number > 1:
                    more = f"{number - 1} more file{'s' if number > 2 else ''}"
                    self._note(_kind(warning), f"{more}: {_kind(warning)}: {warning}")
            parts, total = [str(self.tally)] if self.tally.finished else [], self.tally.total
            is_short = total is not None and self.tally.finished < total
            if how := "interrupted" if is_stopped else "stopped" if is_short else "":
                parts.insert(0, f"{how} after {self.tally.finished}{'' if total is None else f' of {total}'}")
            if self._is_counting or how:
                self._note("info", ", ".join(parts) or "no file")
            self._ended(is_stopped)

    def _begun(self, source: Path) -> None:
        """Tell that a file is at work."""

    def _finished(self, record: dict[str, Any]) -> None:
        """Tell that the tally has one more file."""

    def _ended(self, is_stopped: bool) -> None:
        """Tell that no file comes any more."""

    def _doubt(self, source: Path, warnings: Sequence[str], error: str, trace: str) -> None:
        """What is to be doubted about a file: warnings that no file had before, and why it failed."""
        for warning in dict.fromkeys(warnings):
            if warning in self._warned or len(self._warned) < _MOST_TEXTS:
                self._warned[warning] += 1
            if self._warned[warning] < 2:
                self._note(_kind(warning), f"{_kind(warning)}: {warning}", source)
        if error:
            self._note("error", error, source, trace)
        elif trace:
            self._note("debug", trace)

    def _note(self, level: str, text: str, source: Path | None = None, trace: str = "") -> None:
        """A line of the log."""
        if self._log == "json":
            message = text.removeprefix(f"{level}: ")
            record = {"level": "info" if level == "note" else level, "message": message, "file": source and str(source)}
            self._object("log", {**record, "trace": trace} if trace else record)
            return
        self._line(shown(text if source is None else f"{source}: {text}"), sys.stderr)
        for line in trace.splitlines():
            self._line(shown(line), sys.stderr)

    def _object(self, event: str, record: dict[str, Any]) -> None:
        """A line of JSON on stderr."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._line(json.dumps({"event": event, "time": now, **record}), sys.stderr)

    def _line(self, text: str, stream: TextIO | None) -> None:
        """A line, in one write; a stream that is closed takes none."""
        if stream is None:
            return
        with self._lock:
            try:
                self._put(encodable(text, stream), stream)
            except OSError as error:
                let_go(stream)
                # `| head -1` has what it wants; a full disk has not.
                if stream is not sys.stderr and not isinstance(error, BrokenPipeError):
                    self.is_listing_lost = True
                    lost = f"standard output: {error.strerror}; the rest is done without a word there"
                    self._note("error", lost)

    def _put(self, text: str, stream: TextIO) -> None:
        stream.write(f"{text}\n")
        stream.flush()


def _kind(text: str) -> str:
    return "note" if isinstance(text, Told) else "warning"
