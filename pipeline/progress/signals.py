"""The signals that end a batch early."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# What a terminal or a scheduler sends to all of a group, programs in between (timeout, uv run) send on once more.
_SAME_S = 2.0


class Stopped(KeyboardInterrupt):
    """The process was told to end; ``number`` is the signal's."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(signal.Signals(number).name)


class Signals:
    """What comes of a signal: `Stopped` is raised, at once or when nothing is half told.

    Parameters
    ----------
    clock : callable
        Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard: float | None = None
        self._is_telling = False
        self._waiting = 0

    def came(self, number: int, _: FrameType | None = None) -> None:
        """Raise `Stopped`, or note the signal for later; one more within two seconds is the same one.

        Raises
        ------
        Stopped
            Unless something is told of just now.
        """
        now = self._clock()
        if self._heard is not None and now - self._heard < _SAME_S:
            return
        self._heard = now
        if not self._is_telling:
            raise Stopped(number)
        self._waiting = number

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Inside, signals wait: what is told of a file is told everywhere, and counted.

        Raises
        ------
        Stopped
            On leaving, if one came meanwhile.
        """
        self._is_telling = True
        try:
            yield
        finally:
            self._is_telling = False
            number, self._waiting = self._waiting, 0
        if number:
            raise Stopped(number)


@contextmanager
def stoppable() -> Iterator[Signals]:
    """Inside, SIGINT, SIGTERM and SIGHUP raise `Stopped`, a KeyboardInterrupt: half-done work is removed."""
    signals = Signals()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            # What nohup has made deaf stays so.
            if number not in before and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, signals.came)
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
