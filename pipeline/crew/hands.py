"""The processes of a crew: what each is given, and what it tells."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from tenbit.pipeline.batch.order import Order
from tenbit.pipeline.child import Child
from tenbit.pipeline.crew.shares import Share, shares
from tenbit.pipeline.crew.worker import GRACE_S, Over, Setup, Task, Tell
from tenbit.pipeline.drawings import check_drawings
from tenbit.pipeline.errors import DeviceError, RequestError, TenbitError
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome
from tenbit.pipeline.run import Said

# Jobs that a process has beside one for each of its cores: a little more than its engine looks ahead.
_AHEAD = 8
# Files that may be finished behind one that takes long, for each process.
_UNTOLD = 64

# Processes that may die in a row before they are ready: one may be the victim of a system out of memory.
_STARTS = 3


def develop(
    jobs: Iterable[Job],
    order: Order,
    processes: int,
    *,
    said: Said | None = None,
    engine: str = "tenbit.pipeline.batch:develop",
) -> Iterator[Outcome]:
    """Outcomes of the jobs in their order, developed by so many processes; see `tenbit.pipeline.batch.develop`.

    A process that dies takes no file with it: what it had is done again, one by one, in a new one. The file over which
    that dies too, and as many more as ``order.retries`` allows, fails (``WorkerDied``).

    Parameters
    ----------
    jobs : iterable of Job
        Asked for as processes need them; each process has a few more than it works on.
    order : Order
        Cores and memory are divided; ``cuda`` is a card for each process, in turn.
    processes : int
        Started as there are jobs for them.
    said : callable, optional
        Told what the processes say, each line once.
    engine : str
        What they call over their jobs, as ``module:function``.

    Raises
    ------
    DeviceError, RequestError
        As in one process.
    TenbitError
        If processes cannot be started.
    KeyboardInterrupt
        When it is raised in here, or thrown in: processes are told to stop, and what they finish within ten seconds is
        given before it goes up. None of them is left behind, however this ends.
    """
    if isinstance(jobs, Sequence):
        check_drawings(order.chain, jobs)
    return _Crew(shares(order, processes), engine, said).outcomes(iter(jobs))


class _Numbered(NamedTuple):
    number: int
    job: Job
    was_there: bool
    """Whether a file of the output's name was there before."""
    deaths: int = 0
    """How often its process has died over it."""


class _Hand:
    """One process, its jobs, and a thread that takes down what it tells.

    Parameters
    ----------
    share : Share
    engine : str
    heard : callable
        Called in that thread with this hand and what is told; with None for its end.
    """

    def __init__(self, share: Share, engine: str, heard: Callable[[_Hand, Tell | None], None]) -> None:
        self.share = share
        self.has: deque[_Numbered] = deque()
        self.is_ready = self.is_hungry = self.is_careful = self.is_over = False
        self._heard = heard
        self.child = Child("tenbit.pipeline.crew.worker:serve", env=share.env)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.send(Setup(engine, share.order))

    @property
    def most(self) -> int:
        """Jobs that it may have."""
        return (self.share.order.threads or 1) + _AHEAD

    def send(self, message: Setup | Task | Over) -> None:
        # To one that has died: the listener tells of that.
        with suppress(OSError):
            self.child.send(message)

    def stop(self) -> None:
        """Tell it to end: at once if it works on something."""
        if self.has:
            self.child.process.terminate()
        self.child.hang_up()

    def ended(self, seconds: float) -> str:
        """How it ended; it is killed if it has not within so many seconds."""
        try:
            self.child.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.process.kill()
        how = self.child.ended()
        self._listener.join()
        self.child.close()
        return how

    def _listen(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                self._heard(self, self.child.receive())
        self._heard(self, None)


class _Crew:
    def __init__(self, parts: list[Share], engine: str, said: Said | None) -> None:
        self._engine, self._said = engine, said
        self._idle = list(reversed(parts))
        self._order = parts[0].order
        self._most_untold = _UNTOLD * len(parts)
        self._hands: list[_Hand] = []
        self._mail: queue.SimpleQueue[tuple[_Hand, Tell | None]] = queue.SimpleQueue()
        self._suspects: deque[_Numbered] = deque()
        self._done: dict[int, Outcome] = {}
        self._lines: set[str] = set()
        self._given = self._told = self._stillborn = 0
        self._is_over = self._must_stop = False

    def outcomes(self, coming: Iterator[Job]) -> Iterator[Outcome]:
        try:
            while not self._must_stop:
                self._feed(coming)
                while self._told in self._done:
                    yield from self._tell(self._told)
                    self._told += 1
                if self._is_over and self._told == self._given:
                    return
                self._open(*self._mail.get())
            yield from self._rest()
        except KeyboardInterrupt:
            yield from self._rest()
            raise
        finally:
            self._end()

    def _tell(self, number: int) -> Iterator[Outcome]:
        try:
            yield self._done[number]
        finally:
            # Told, even if it is now that the caller is stopped.
            del self._done[number]

    def _feed(self, coming: Iterator[Job]) -> None:
        """Give suspects to processes that have nothing else to lose, and jobs to those that have the fewest."""
        while self._suspects and (hand := self._careful()):
            hand.is_careful = True
            hand.has.append(self._suspects.popleft())
            hand.send(Task(hand.has[0].job, is_again=not hand.has[0].was_there))
            hand.send(Over())
        while not self._is_over and (hand := self._poorest()):
            job = next(coming, None)
            if job is None:
                self._is_over = True
                break
            hand.is_hungry = False
            # Unlike Path.exists, it takes a name that is too long for one that is not there.
            hand.has.append(_Numbered(self._given, job, os.path.exists(job.target)))  # noqa: PTH110
            self._given += 1
            hand.send(Task(job, is_again=False))
        for hand in self._hands:
            # One that waits for a job may keep the very outcome that all others wait for: its run ends.
            if (self._is_over and not hand.is_over) or hand.is_hungry:
                hand.is_over, hand.is_hungry = self._is_over, False
                hand.send(Over())

    def _careful(self) -> _Hand | None:
        free = next((hand for hand in self._hands if hand.is_careful and not hand.has), None)
        return free or (self._started() if self._idle else None)

    def _poorest(self) -> _Hand | None:
        """Who is to have the next job, if anyone."""
        if self._given - self._told >= self._most_untold:
            return None
        able = [hand for hand in self._hands if not hand.is_careful and (hand.is_hungry or len(hand.has) < hand.most)]
        if self._idle and all(hand.has for hand in able):
            return self._started()
        return min(able, key=lambda hand: len(hand.has), default=None)

    def _started(self) -> _Hand:
        self._hands.append(_Hand(self._idle.pop(), self._engine, self._heard))
        return self._hands[-1]

    def _heard(self, hand: _Hand, message: Tell | None) -> None:
        """Take down an outcome, in the listener's thread: no signal comes in between; the rest is done in ours."""
        if message is not None and message.kind == "outcome":
            self._done[hand.has.popleft().number] = message.what
            self._must_stop |= self._order.is_ended_by(message.what)
        self._mail.put((hand, message))

    def _open(self, hand: _Hand, message: Tell | None) -> None:
        """What a process tells, and what follows from it."""
        if message is None:
            self._bury(hand)
        elif message.kind == "ready":
            hand.is_ready = True
            self._stillborn = 0
        elif message.kind == "hungry":
            hand.is_hungry = True
        elif message.kind == "said":
            if self._said and message.what not in self._lines:
                self._lines.add(message.what)
                self._said(message.what)
        elif message.kind == "outcome":
            # A process that came through with its suspects is one as any other.
            hand.is_careful = hand.is_careful and bool(hand.has or self._suspects)
        else:
            raise _raised(*message.what)

    def _bury(self, hand: _Hand) -> None:
        """A process has died: what it had is suspect, or failed if it was done alone."""
        how = hand.ended(GRACE_S)
        self._hands.remove(hand)
        self._idle.append(hand.share)
        if not hand.is_ready:
            # No file is to blame.
            self._stillborn += 1
            self._suspects.extendleft(reversed(hand.has))
            if self._stillborn == _STARTS:
                raise TenbitError(f"{_STARTS} processes that were to develop files {how} before their first one")
            return
        tried = [entry._replace(deaths=entry.deaths + 1) for entry in hand.has]
        if tried and hand.is_careful and tried[0].deaths > 1 + self._order.retries:
            number, job, _, deaths = tried.pop()
            text = f"the process that developed it {how}, with no other file beside it"
            self._done[number] = Outcome(job, "failed", error=text, kind="WorkerDied", attempts=deaths)
            self._must_stop |= self._order.on_error == "stop"
        self._suspects.extend(tried)

    def _rest(self) -> Iterator[Outcome]:
        """Outcomes that were not told yet, those too that processes tell while they stop."""
        for hand in self._hands:
            hand.stop()
        deadline = time.monotonic() + GRACE_S
        while self._hands and (left := deadline - time.monotonic()) > 0:
            with suppress(queue.Empty):
                hand, message = self._mail.get(timeout=left)
                if message is None:
                    hand.ended(0.0)
                    self._hands.remove(hand)
        for number in sorted(self._done):
            yield from self._tell(number)

    def _end(self) -> None:
        """Nobody is left behind."""
        for hand in self._hands:
            hand.stop()
        deadline = time.monotonic() + GRACE_S
        for hand in self._hands:
            hand.ended(max(0.0, deadline - time.monotonic()))


def _raised(kind: str, text: str, trace: str) -> Exception:
    for known in (DeviceError, RequestError):
        if kind == known.__name__:
            return known(text)
    unexpected = RuntimeError(f"{kind}: {text}")
    unexpected.add_note(trace)
    return unexpected
