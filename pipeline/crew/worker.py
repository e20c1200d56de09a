"""What a process of a crew does: runs of the batch engine over jobs that come one by one."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from types import FrameType
from typing import Any, NamedTuple

from tenbit.pipeline.batch.order import Order
from tenbit.pipeline.child import Line, named
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome
from tenbit.pipeline.progress import Stopped

GRACE_S = 10.0
"""What a process that was told to stop may take to finish what it writes."""


class Setup(NamedTuple):
    """The first message: what develops files, and how."""

    develop: str
    order: Order


class Task(NamedTuple):
    """A job; one that is done again may have left its picture already."""

    job: Job
    is_again: bool


class Over(NamedTuple):
    """No more jobs of this run: what is begun is finished and told."""


class Tell(NamedTuple):
    """A message to the parent: ``ready``, ``hungry``, ``said``, ``outcome`` or ``error``, and what."""

    kind: str
    what: Any = None


def serve(line: Line) -> None:
    """Develop jobs until the parent has no more, tells this process to stop, or is gone."""
    hand = _Hand(line)
    try:
        while isinstance(message := hand.next_message(), Task | Over):
            if isinstance(message, Task):
                hand.run(message)
    except KeyboardInterrupt:
        pass
    except Exception as error:
        hand.tell("error", (type(error).__name__, str(error), traceback.format_exc()))


class _Hand:
    def __init__(self, line: Line) -> None:
        setup: Setup = line.receive()
        self._order, self._develop = setup.order, named(setup.develop)
        self._line = line
        self._lock = threading.Lock()
        self._inbox: queue.SimpleQueue[Task | Over | None] = queue.SimpleQueue()
        self._is_running = self._is_drained = False
        self._may_stop = self._is_stopped = self._is_late = False
        signal.signal(signal.SIGTERM, self._stop)
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        threading.Thread(target=self._listen, daemon=True).start()
        self.tell("ready")

    def tell(self, kind: str, what: Any = None) -> None:
        """A message to the parent, from any thread."""
        with self._lock:
            self._line.send(Tell(kind, what))

    def next_message(self) -> Task | Over | None:
        """What comes next; None when the parent has ended its line."""
        self._go()
        message = self._inbox.get()
        self._may_stop = False
        return message

    def run(self, first: Task) -> None:
        """One run of the engine, over this job and those that come until it is over.

        Raises
        ------
        KeyboardInterrupt
            When it was stopped; the outcomes that were left have been told.
        """
        order = replace(self._order, existing="replace") if first.is_again else self._order
        steps = iter(self._develop(self._jobs(first), order, said=lambda text: self.tell("said", text)))
        box: deque[Outcome] = deque()
        self._is_running = True
        try:
            while True:
                self._go()
                # In C from the engine's hands into the box: no signal comes in between.
                box.extend(islice(steps, 1))
                self._may_stop = False
                if not box:
                    break
                self.tell("outcome", box.popleft())
            if not self._is_drained:
                # The engine has stopped at a failure; the parent ends the batch.
                raise SystemExit
        except KeyboardInterrupt as stop:
            for outcome in (*box, *_thrown(steps, stop)):
                self.tell("outcome", outcome)
            raise
        finally:
            self._is_running = False

    def _jobs(self, first: Task) -> Iterator[Job]:
        self._is_drained = False
        message: Task | Over | None = first
        while isinstance(message, Task):
            yield message.job
            try:
                message = self._inbox.get_nowait()
            except queue.Empty:
                # More than the parent thought of: the engine would wait, and tell nothing of what is finished.
                self.tell("hungry")
                message = self._inbox.get()
        self._is_drained = True

    def _listen(self) -> None:
        try:
            while True:
                self._inbox.put(self._line.receive())
        except (EOFError, OSError):
            self._inbox.put(None)
        if self._is_running:
            # The parent is gone: what is being written is finished.
            if hasattr(signal, "pthread_kill"):
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(GRACE_S)
            os._exit(1)

    def _go(self) -> None:
        """From here on a signal stops what is done; one that came before does so now."""
        self._may_stop = not self._is_stopped
        if self._is_late:
            self._is_late = False
            raise Stopped(signal.SIGTERM)

    def _stop(self, number: int, _: FrameType | None) -> None:
        """Stop once: at once, or behind the outcome that is being told."""
        if self._is_stopped:
            return
        self._is_stopped, self._is_late = True, not self._may_stop
        if self._may_stop:
            self._may_stop = False
            raise Stopped(number)


def _thrown(steps: Iterator[Outcome], stop: KeyboardInterrupt) -> Iterator[Outcome]:
    """The last outcomes of an engine that is told to stop."""
    try:
        yield steps.throw(stop)  # type: ignore[attr-defined]
        yield from steps
    except (KeyboardInterrupt, StopIteration):
        return
