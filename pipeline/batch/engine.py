"""Many files at once: lanes that each read, run and write a file of their own; outcomes in the order of the jobs.

A lane is a thread. On the CPU there is one more than cores: while each core runs or encodes a frame, the next is read.
A frame is run on one thread while there are as many frames as cores, and on more when there are fewer: no band waits
for another then, and no core for an encoder. On a card there are four: two frames that it has, one that is read, one
that is written.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing

from tenbit.kernels import _native
from tenbit.pipeline.batch.budget import Budget, default_bytes
from tenbit.pipeline.batch.one import Around, DroppedError, Work, finished, put_down, tried
from tenbit.pipeline.batch.order import Order
from tenbit.pipeline.device import choose
from tenbit.pipeline.drawings import check_drawings
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome
from tenbit.pipeline.run import PendingFrame, Said

_CARD_LANES = 4
# A frame that takes long holds up the telling of those behind it, which may run ahead so far.
_AHEAD = 4

Last = Callable[[Work, Frame | PendingFrame], Outcome]


def develop(jobs: Iterable[Job], order: Order, *, said: Said | None = None) -> Generator[Outcome, None, None]:
    """Outcomes of the jobs, one by one and in their order; a file that fails leaves the others alone.

    Parameters
    ----------
    jobs : iterable of Job
        Asked for the next one as lanes and memory are free.
    order : Order
    said : callable, optional
        Told, a line each, of a fall-back to the CPU and of compiles that take seconds.

    Raises
    ------
    DeviceError
        If the device asked for cannot be used.
    RequestError
        If what monitors draw beside a picture would be written over another file of a sequence of jobs.
    KeyboardInterrupt
        When it is raised in here, or thrown in: frames that are being written are finished and all others dropped,
        the outcomes that are left are given, and then it goes up.
    """
    if isinstance(jobs, Sequence):
        check_drawings(order.chain, jobs)
    yield from _Lanes(order, put_down, said).outcomes(jobs)


def frames(jobs: Iterable[Job], order: Order, *, said: Said | None = None) -> Iterator[tuple[Outcome, Frame | None]]:
    """Finished frames in the order of their jobs, nothing written; None where a file failed.

    Parameters
    ----------
    jobs, order, said
        See `develop`. Nothing is written, so outputs that exist and a manifest do not matter.

    Raises
    ------
    DeviceError
        If the device asked for cannot be used.
    """
    kept: dict[int, Frame] = {}

    def keep(work: Work, begun: Frame | PendingFrame) -> Outcome:
        with work.timed("develop"):
            done = begun if isinstance(begun, Frame) else begun.finish()
        kept[id(work.job)] = done
        work.around.budget.hold(id(work.job), done.samples.nbytes)
        return work.told(finished(work.job, done))

    order = dataclasses.replace(order, existing="replace", manifest=None)
    lanes = _Lanes(order, keep, said, ahead=0)
    for outcome in lanes.outcomes(jobs):
        lanes.around.budget.release(id(outcome.job))
        yield outcome, kept.pop(id(outcome.job), None)


def to_the_end(
    steps: Generator[Outcome, None, None], rest: Callable[[], Iterator[Outcome]], order: Order
) -> Iterator[Outcome]:
    """Outcomes as they come; where one of them or an interrupt ends the batch, those that are left too.

    Parameters
    ----------
    steps : generator of Outcome
    rest : callable
        Ends the batch and gives what it has not told of.
    order : Order

    Raises
    ------
    KeyboardInterrupt
        As it was raised in ``steps`` or thrown in, after the rest.
    """
    try:
        with closing(steps):
            for outcome in steps:
                yield outcome
                if order.is_ended_by(outcome):
                    break
            else:
                return
        yield from rest()
    except KeyboardInterrupt:
        yield from rest()
        raise


class _Lanes:
    """The lanes of one batch.

    Parameters
    ----------
    order : Order
    last : callable
        What is done with a developed frame.
    said : callable, optional
    ahead : int
        Finished files that may wait for one before them, beside those on lanes.
    """

    def __init__(self, order: Order, last: Last, said: Said | None, *, ahead: int = _AHEAD) -> None:
        where, note = choose(order.device)
        if note and said:
            said(note)
        if where.target == "cpu":
            # LLVM, while the first file is read.
            _native.prepare()
        most = order.memory_bytes or default_bytes()
        where.keep_at_most(most)
        self.around = Around(order, where, said, Budget(most))
        self.last = last
        self.count = self.around.cores + 1 if where.target == "cpu" else _CARD_LANES
        self.window = self.count + ahead
        self.waiting: deque[tuple[Work, Future[Outcome]]] = deque()

    def outcomes(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        with self.around.opened(), ThreadPoolExecutor(self.count, thread_name_prefix="tenbit-lane") as pool:
            try:
                yield from to_the_end(self._in_order(iter(jobs), pool), self._rest, self.around.order)
            finally:
                # However it ends, the pool waits for no file that takes long to read.
                self.around.end()

    def _in_order(self, coming: Iterator[Job], pool: ThreadPoolExecutor) -> Generator[Outcome, None, None]:
        ahead: Work | None = None
        is_over = False
        while True:
            running = [future for _, future in self.waiting if not future.done()]
            while not is_over and len(running) < self.count and len(self.waiting) < self.window:
                if ahead is None:
                    job = next(coming, None)
                    is_over = job is None
                    ahead = None if job is None else Work(job, self.around)
                if ahead is None or not self.around.budget.promise(ahead, ahead.job.source):
                    break
                running.append(pool.submit(self._done, ahead))
                self.waiting.append((ahead, running[-1]))
                ahead = None
            if not self.waiting:
                return
            if self.waiting[0][1].done():
                outcome = self.waiting[0][1].result()
                try:
                    yield outcome
                finally:
                    # Told, even if it is now that the caller is stopped; what stops it before is told with the rest.
                    self.waiting.popleft()
            else:
                wait(running, return_when=FIRST_COMPLETED)

    def _rest(self) -> Iterator[Outcome]:
        """What was not told yet; lanes are told to end, and files that no lane has begun are dropped."""
        self.around.end()
        while self.waiting:
            _, future = self.waiting.popleft()
            if not future.cancel() and not isinstance(future.exception(), DroppedError | KeyboardInterrupt):
                yield future.result()

    def _done(self, work: Work) -> Outcome:
        with self.around.running(work):
            return tried(work, self.last)
