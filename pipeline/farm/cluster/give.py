"""Frames given to a cluster's workers; outcomes in the order of the jobs, whatever happens to the workers."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import pickle
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from tenbit import __version__
from tenbit.pipeline.batch import Order, develop_one
from tenbit.pipeline.drawings import check_drawings, names_of, paths_of
from tenbit.pipeline.errors import TenbitError
from tenbit.pipeline.farm.cluster import work
from tenbit.pipeline.farm.cluster.connect import Cluster, connected
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome, failed
from tenbit.pipeline.run import Said

# A task costs this process 6 ms with its scheduler, and each frame in it 1 ms (one core of an EPYC): so it holds frames
# for so long.
_TASK_S = 0.5
_MOST_FRAMES = 16
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


@dataclass(eq=False)
class _Slot:
    """One job: given to a worker, or what became of it.

    Parameters
    ----------
    job : Job
    number : int
        By which workers tell of it.
    is_new : bool
        Whether there was no output when it was given.
    is_begun : bool
        Whether a worker has told that it begins with it.
    deaths : int
        How often a task with it was given up because workers died.
    lost : int
        How many workers died over those tasks.
    """

    job: Job
    number: int
    is_new: bool = False
    is_begun: bool = False
    deaths: int = 0
    lost: int = 0
    outcome: Outcome | None = None
    is_dropped: bool = False

    @property
    def is_over(self) -> bool:
        return self.is_dropped or self.outcome is not None


@dataclass(eq=False)
class _Task:
    """A few jobs that a worker does one after another."""

    slots: list[_Slot]
    is_apart: bool = False
    future: Any = field(default=None, repr=False)


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
            pickle.dumps(_everywhere(self._order)),
        )
        self._waiting: deque[_Slot] = deque()
        self._out: set[_Task] = set()
        self._came: SimpleQueue[_Task | str | int] = SimpleQueue()
        self._coming: list[_Slot] = []
        self._numbers = itertools.count()
        self._threads, self._looked = 0, -_LOOK_S
        self._seconds: float | None = None
        self._again = 0
        self._is_ending = False
        self._probe: Path | None = None
        self._is_probed = cluster.is_local
        self._caller = ThreadPoolExecutor(1, thread_name_prefix="tenbit-dask")

    def outcomes(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        self._client.subscribe_topic(self._ticket.run, lambda event: self._came.put(event[1]))
        try:
            for outcome in self._in_order(iter(jobs)):
                yield outcome
                if outcome.status == "failed" and self._order.on_error == "stop":
                    break
            else:
                return
            yield from self._rest()
        except KeyboardInterrupt:
            yield from self._rest()
            raise
        finally:
            self._end()

    def _in_order(self, jobs: Iterator[Job]) -> Iterator[Outcome]:
        is_over = False
        while True:
            while not is_over and self._has_room():
                job = next(jobs, None)
                is_over = job is None
                if job is not None:
                    self._line_up(job)
                if self._coming and (is_over or len(self._coming) >= self._frames_per_task()):
                    self._give(_Task(self._coming))
                    self._coming = []
            if not self._waiting:
                return
            if self._waiting[0].is_over:
                # Told of first, taken off the list afterwards: what stops it in between is told with the rest.
                if (outcome := self._waiting[0].outcome) is not None:
                    yield outcome
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
        return len(self._out) < most and len(self._waiting) < _AHEAD * most * self._frames_per_task()

    def _frames_per_task(self) -> int:
        if not self._seconds:
            return 1
        return max(1, min(_MOST_FRAMES, int(_TASK_S / self._seconds)))

    def _line_up(self, job: Job) -> None:
        """Put a job into the next task, or tell at once what needs no worker."""
        order = self._order
        there = [path for path in (job.target, *paths_of(job.target, self._names)) if path.exists()]
        slot = _Slot(job, next(self._numbers), is_new=not there)
        self._waiting.append(slot)
        if job.target in there and order.existing != "replace" and order.manifest is None:
            slot.outcome = develop_one(job, dataclasses.replace(order, device="cpu"))
            return
        if not self._is_probed:
            self._is_probed = True
            self._probe = _probe(job.target, self._ticket.run)
            self._ticket = dataclasses.replace(self._ticket, probe=str(self._probe or ""))
        self._coming.append(slot)

    def _give(self, task: _Task) -> None:
        errands = [
            work.Errand(
                dataclasses.replace(slot.job, source=slot.job.source.absolute(), target=slot.job.target.absolute()),
                slot.number,
                slot.is_new,
            )
            for slot in task.slots
        ]
        task.future = self._asked(
            self._client.submit,
            work.develop,
            self._ticket,
            pickle.dumps(errands),
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

    def _settle(self, task: _Task) -> None:
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

    def _finished(self, slot: _Slot, outcome: Outcome) -> None:
        drawings = tuple(slot.job.target.with_name(path.name) for path in outcome.drawings)
        attempts = outcome.attempts + slot.lost
        slot.outcome = dataclasses.replace(outcome, job=slot.job, drawings=drawings, attempts=attempts)
        if outcome.status == "done":
            before = self._seconds
            self._seconds = outcome.seconds if before is None else 0.8 * before + 0.2 * outcome.seconds

    def _failed(self, task: _Task, error: Exception) -> None:
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
                self._give(_Task([slot], is_apart=is_suspect))

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


def _everywhere(order: Order) -> Order:
    """The order with paths that do not depend on the folder that a process is in."""
    chain, asked, manifest = order.chain, order.asked, order.manifest
    if chain.source is not None:
        chain = dataclasses.replace(chain, source=chain.source.absolute())
    if asked is not None and isinstance(asked.lens, Path):
        asked = dataclasses.replace(asked, lens=asked.lens.absolute())
    return dataclasses.replace(order, chain=chain, asked=asked, manifest=manifest and manifest.absolute())


def _probe(target: Path, name: str) -> Path | None:
    """A file that workers must see: where outputs will be, as far as the folder is there; None where none can be."""
    folder = target.absolute().parent
    while not folder.exists():
        folder = folder.parent
    path = folder / f".{name}.probe"
    try:
        path.touch(exist_ok=False)
    except OSError:
        return None
    return path
