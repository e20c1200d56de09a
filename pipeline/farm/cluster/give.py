"""Frames given to a cluster's workers; outcomes in the order of the jobs, whatever happens to the workers."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import pickle
import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from tenbit import __version__
from tenbit.pipeline.batch import Order, develop_one
from tenbit.pipeline.batch.engine import to_the_end
from tenbit.pipeline.drawings import check_drawings, names_of, paths_of
from tenbit.pipeline.errors import TenbitError
from tenbit.pipeline.farm.cluster import work
from tenbit.pipeline.farm.cluster.connect import Cluster, connected
from tenbit.pipeline.farm.cluster.shared import everywhere, probe
from tenbit.pipeline.farm.cluster.slots import Pace, Slot, Task
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome, failed
from tenbit.pipeline.run import Said

# Frames that may wait for one before them, per frame that a worker may have.
_AHEAD = 8
_LOOK_S = 1.0
_GRACE_S = 15.0


def develop(
    jobs: Iterable[Job], order: Order, address: str, *, said: Said | None = None, lost_retries: int = 2
) -> Iterator[Outcome]:
    """Outcomes of the jobs, developed by the workers of a cluster, one by one and in the order of the jobs.

    A file that fails leaves the others alone, one that kills its worker too: the frames that were on that worker are
    tried again in a process of their own each, so that it is known which of them it was.

    Parameters
    ----------
    jobs : iterable of Job
        Asked for the next one as workers are free. Workers must see inputs and outputs under these names.
    order : Order
        Its memory and threads are those of this machine for ``local:N``, else of each worker.
    address : str
        ``local:N``, a scheduler's address or its scheduler file; see `connected`.
    said : callable, optional
        Told, a line each, what workers say, and which of them died.
    lost_retries : int
        How often a frame is tried again that may have killed its worker. A scheduler that is not of this batch first
        gives it to other workers as often as its ``distributed.scheduler.allowed-failures`` says.

    Raises
    ------
    RequestError
        If the cluster cannot be used, or what monitors draw would be written over another file of these jobs.
    DeviceError
        If workers have not got the device asked for.
    TenbitError
        If the cluster goes away.
    KeyboardInterrupt
        When it is raised in here: frames that are being written are finished and all others dropped, the outcomes that
        are left are given, and then it goes up.
    """
    if isinstance(jobs, Sequence):
        check_drawings(order.chain, jobs)
    say = said or (lambda _: None)
    with connected(address, order, said=say) as cluster:
        yield from _Giving(cluster, say, lost_retries).outcomes(jobs)


class _Giving:
    """One batch on a cluster."""

    def __init__(self, cluster: Cluster, said: Said, lost_retries: int) -> None:
        self._cluster, self._client, self._order = cluster, cluster.client, cluster.order
        self._said, self._lost_retries = said, lost_retries
        self._names = names_of(self._order.chain)
        self._ticket = work.Ticket(
            f"tenbit-{uuid.uuid4().hex[:12]}",
            __version__,
            work.hash_of(self._order),
            pickle.dumps(everywhere(self._order)),
        )
        self._waiting: deque[Slot] = deque()
        self._out: set[Task] = set()
        self._came: SimpleQueue[Task | str | int] = SimpleQueue()
        self._coming: list[Slot] = []
        self._numbers = itertools.count()
        self._threads, self._looked = 0, -_LOOK_S
        self._pace = Pace()
        self._again = 0
        self._is_ending = False
        self._probe: Path | None = None
        self._is_probed = cluster.is_local
        self._caller = ThreadPoolExecutor(1, thread_name_prefix="tenbit-dask")

    def outcomes(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        self._client.subscribe_topic(self._ticket.run, lambda event: self._came.put(event[1]))
        try:
            yield from to_the_end(self._in_order(iter(jobs)), self._rest, self._order)
        finally:
            self._end()

    def _in_order(self, jobs: Iterator[Job]) -> Generator[Outcome, None, None]:
        is_over = False
        while True:
            while not is_over and self._has_room():
                job = next(jobs, None)
                is_over = job is None
                if job is not None:
                    self._line_up(job)
                if self._coming and (is_over or len(self._coming) >= self._pace.frames):
                    self._give(Task(self._coming))
                    self._coming = []
            if not self._waiting:
                return
            if self._waiting[0].is_over:
                try:
                    if (outcome := self._waiting[0].outcome) is not None:
                        yield outcome
                finally:
                    # Told, even if it is now that the caller is stopped; what stops it before is told with the rest.
                    self._waiting.popleft()
            else:
                self._take(_LOOK_S)

    def _has_room(self) -> bool:
        """Whether a worker will soon have nothing to do; as many tasks as threads wait for one."""
        now = time.monotonic()
        if now - self._looked > _LOOK_S:
            self._looked = now
            self._threads = sum(self._asked(self._client.nthreads).values())
            if not self._threads:
                self._said(f"cluster {self._cluster.address}: waiting for workers")
        most = 2 * max(self._threads, 1)
        return len(self._out) < most and len(self._waiting) < _AHEAD * most * self._pace.frames

    def _line_up(self, job: Job) -> None:
        """Put a job into the next task, or tell at once what needs no worker."""
        order = self._order
        there = [path for path in (job.target, *paths_of(job.target, self._names)) if path.exists()]
        slot = Slot(job, next(self._numbers), is_new=not there)
        self._waiting.append(slot)
        if job.target in there and order.existing != "replace" and order.manifest is None:
            slot.outcome = develop_one(job, dataclasses.replace(order, device="cpu"))
            return
        if not self._is_probed:
            self._is_probed = True
            self._probe = probe(job.target, self._ticket.run)
            self._ticket = dataclasses.replace(self._ticket, probe=str(self._probe or ""))
        self._coming.append(slot)

    def _give(self, task: Task) -> None:
        task.future = self._asked(
            self._client.submit,
            work.develop,
            self._ticket,
            task.errands(),
            is_apart=task.is_apart,
            key=f"tenbit-develop-{uuid.uuid4().hex}",
            pure=False,
            retries=self._order.retries,
            resources=self._cluster.resources or None,
        )
        self._out.add(task)
        task.future.add_done_callback(lambda _: self._came.put(task))

    def _take(self, wait_s: float, *, is_heard_only: bool = False) -> None:
        """Wait for a task that is done, or for what workers say."""
        try:
            came = self._came.get(timeout=wait_s)
        except Empty:
            return
        if isinstance(came, str):
            self._said(came)
            return
        if isinstance(came, int):
            for slot in self._waiting:
                slot.is_begun |= slot.number == came
            return
        if not is_heard_only:
            self._settle(came)

    def _settle(self, task: Task) -> None:
        """Take what a task that is done has brought."""
        if task not in self._out:
            return
        brought: list[Outcome | None] = []
        error: Exception | None = None
        try:
            # Asked for, not taken by what it was: outcomes may be lost with a worker that has just told of them.
            brought = self._asked(task.future.result)
        except Exception as raised:
            error = raised
        # Held, it would be done again if the worker that holds it dies.
        task.future.release()
        self._out.discard(task)
        if error is not None:
            self._failed(task, error)
            return
        # Nothing comes of a batch that has ended.
        for slot, outcome in zip(task.slots, brought or [None] * len(task.slots), strict=True):
            slot.is_dropped = outcome is None
            if outcome is not None:
                self._finished(slot, outcome)

    def _finished(self, slot: Slot, outcome: Outcome) -> None:
        drawings = tuple(slot.job.target.with_name(path.name) for path in outcome.drawings)
        attempts = outcome.attempts + slot.lost
        slot.outcome = dataclasses.replace(outcome, job=slot.job, drawings=drawings, attempts=attempts)
        if outcome.status == "done":
            self._pace.add(outcome.seconds)

    def _failed(self, task: Task, error: Exception) -> None:
        """What was raised instead of outcomes: a worker that died, or one that cannot take part."""
        from distributed.scheduler import KilledWorker

        if isinstance(error, CancelledError):
            raise TenbitError(
                f"cluster {self._cluster.address}: the scheduler is gone; what is written stays, and --resume goes on"
            )
        if not isinstance(error, KilledWorker):
            if isinstance(error, TenbitError):
                raise error
            for slot in task.slots:
                slot.outcome = failed(slot.job, error)
            return
        last = max((slot.number for slot in task.slots if slot.is_begun), default=None)
        for slot in task.slots:
            slot.deaths += 1
            slot.lost += error.allowed_failures + 1
            # The word of a worker may have died with it: the second time each of them is under suspicion.
            is_suspect = task.is_apart or slot.number == last or slot.deaths > 1
            if task.is_apart and slot.deaths > self._lost_retries:
                worker = error.last_worker.address
                text = f"the worker that was to develop it died, {slot.lost} times; the last was {worker}"
                slot.outcome = Outcome(slot.job, "failed", error=text, kind="WorkerDied", attempts=slot.lost)
            elif not self._is_ending:
                self._again += 1
                slot.is_begun = False
                self._give(Task([slot], is_apart=is_suspect))

    def _rest(self) -> Iterator[Outcome]:
        """What was not told yet; workers are told to end, and frames that none of them is writing are dropped."""
        self._is_ending = True
        self._tell_workers()
        until = time.monotonic() + _GRACE_S
        while self._out and time.monotonic() < until:
            self._take(0.1, is_heard_only=True)
            # What stopped the batch may have come just when one had been taken: they are looked at, not listened for.
            for task in [task for task in self._out if task.future.done()]:
                with contextlib.suppress(TenbitError):
                    self._settle(task)
        while self._waiting:
            outcome = self._waiting.popleft().outcome
            if outcome is not None:
                yield outcome

    def _tell_workers(self) -> None:
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            self._asked(self._client.run, work.end, self._ticket.run, on_error="ignore")

    def _asked(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """The answer to a call of dask; a thread waits for it that no signal stops, which would break dask's own."""
        return self._caller.submit(call, *arguments, **options).result()

    def _end(self) -> None:
        if self._out and not self._is_ending:
            for _ in self._rest():
                pass
        if self._again:
            self._said(f"{self._again} frames were given out again, because their worker died")
        if self._probe:
            with contextlib.suppress(OSError):
                self._probe.unlink()
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            self._client.unsubscribe_topic(self._ticket.run)
            self._asked(self._client.cancel, [task.future for task in self._out], force=True)
        self._tell_workers()
        self._caller.shutdown()
