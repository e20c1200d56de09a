"""What happens to many files, told as it happens; and the signals that end it early."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from tenbit.kernels._stage import Told
from tenbit.pipeline.outcome import Outcome


class Stopped(KeyboardInterrupt):
    """The process was told to end; ``number`` is the signal's."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(signal.Signals(number).name)


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP raise `Stopped` as Ctrl-C raises KeyboardInterrupt: half-done work is removed."""

    def stop(number: int, _: FrameType | None) -> None:
        raise Stopped(number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            # What nohup has made deaf stays so.
            if number not in before and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def shown(text: str) -> str:
    """The text on one line: what does not print, a newline too, is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class Progress:
    """Lines about files: a bar on a terminal, plain lines anywhere else.

    A stream that takes no more lines is let go: the pictures are worth more than the lines about them.

    Parameters
    ----------
    total : int
        Files to come.
    doing : str
        What the bar says beside itself.
    """

    def __init__(self, total: int, doing: str = "developing") -> None:
        self.is_listing_lost = False
        self._total, self._doing = total, doing
        self._warned: Counter[str] = Counter()
        self._noted: set[str] = set()
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if sys.stderr is not None and sys.stderr.isatty() and self._total > 1:
            from rich.console import Console
            from rich.progress import Progress as Bar

            self._bar = Bar(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self._doing, total=self._total)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            # A terminal that was closed takes no last line; what stopped the batch must not be lost over it.
            with suppress(OSError):
                self._bar.stop()
            self._bar = None

    def say(self, text: str) -> None:
        """A line on stderr, once."""
        if text not in self._noted:
            self._noted.add(text)
            self._line(text, sys.stderr)

    def show(self, outcome: Outcome, *, is_debug: bool) -> None:
        """One line on stdout for a picture, on stderr for a failure; a warning is said for the first file only."""
        self.tell(outcome.job.source, outcome.warnings, outcome.error, outcome.trace if is_debug else "")
        if outcome.status != "failed":
            what = f"{outcome.seconds:.2f} s" if outcome.status == "done" else "exists, skipped"
            self._line(shown(f"{outcome.job.target}  {what}"), sys.stdout)

    def tell(self, source: Path, warnings: Sequence[str], error: str, trace: str = "") -> None:
        """Lines on stderr for one more file: its warnings, each for the first file only, and why it failed."""
        for warning in dict.fromkeys(warnings):
            self._warned[warning] += 1
            if self._warned[warning] == 1:
                self._line(shown(f"{source}: {_kind(warning)}: {warning}"), sys.stderr)
        if error:
            self._line(shown(f"{source}: {error}"), sys.stderr)
        if trace:
            self._line(trace, sys.stderr)
        if self._bar:
            self._bar.advance(self._task)

    def sum_up(self, outcomes: list[Outcome], *, is_stopped: bool) -> None:
        """How many files each warning is about, and what became of all; nothing for a single file that was finished."""
        for warning, number in self._warned.items():
            if number > 1:
                more = f"{number - 1} more file{'s' if number > 2 else ''}"
                self._line(shown(f"{more}: {_kind(warning)}: {warning}"), sys.stderr)
        counts = Counter(outcome.status for outcome in outcomes)
        said = [f"{n} {status}" for status, n in sorted(counts.items())]
        if is_stopped:
            said.insert(0, f"interrupted after {len(outcomes)} of {self._total}")
        if self._total > 1 or is_stopped:
            self._line(", ".join(said), sys.stderr)

    def _line(self, text: str, stream: TextIO | None) -> None:
        """A line, above the bar where both are the terminal; a stream that is closed takes none."""
        if stream is None:
            return
        text = text.encode(stream.encoding or "utf-8", "backslashreplace").decode(stream.encoding or "utf-8")
        try:
            if self._bar and stream.isatty():
                self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
            else:
                stream.write(f"{text}\n")
                stream.flush()
        except OSError as error:
            let_go(stream)
            # `| head -1` has what it wants; a full disk has not.
            if stream is not sys.stderr and not isinstance(error, BrokenPipeError):
                self.is_listing_lost = True
                self._line(f"standard output: {error.strerror}; the rest is developed without a word there", sys.stderr)


def _kind(text: str) -> str:
    return "note" if isinstance(text, Told) else "warning"


def let_go(stream: TextIO) -> None:
    """Send what a stream still holds, and will be given, nowhere: at its end Python would fail over it once more."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
