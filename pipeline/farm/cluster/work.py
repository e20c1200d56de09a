"""What runs in a worker: frames of a batch, one after another in each of its threads.

A batch stays open in the process from its first frame to its end: the device, compiled loops, readers and buffers are
those of the frame before.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import pickle
import socket
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit import __version__
from tenbit.pipeline.errors import RequestError

if TYPE_CHECKING:
    from tenbit.pipeline.batch import Order
    from tenbit.pipeline.jobs import Job
    from tenbit.pipeline.outcome import Outcome

# Open at once in one worker: several users may share it, and one that was killed says no goodbye.
_MOST_OPEN = 4


@dataclass(frozen=True)
class Ticket:
    """What a worker must know of a batch.

    Its order is packed, so that a worker of another tenbit can say so instead of failing over it.

    Parameters
    ----------
    run : str
        Tells batches apart; the topic of what workers say.
    tenbit : str
        The version that the batch is to be developed by.
    chain : str
        Hash of the chain with every value.
    order : bytes
        The pickled `Order`.
    probe : str
        A file beside the outputs, which a worker must see; empty for none.
    """

    run: str
    tenbit: str
    chain: str
    order: bytes
    probe: str = ""


@dataclass(frozen=True)
class Errand:
    """A frame as a worker is given it.

    Parameters
    ----------
    job : Job
        With absolute paths.
    number : int
        What the worker says when it begins with it.
    is_new : bool
        Whether only this batch can have made an output that is there by then.
    """

    job: Job
    number: int
    is_new: bool


def develop(ticket: Ticket, errands: bytes, *, is_apart: bool = False) -> list[Outcome | None]:
    """Outcomes of a few frames; None for one that was dropped because the batch has ended.

    Parameters
    ----------
    ticket : Ticket
    errands : bytes
        Of a pickled list of `Errand`.
    is_apart : bool
        Whether each is developed in a process of its own, because the worker that had it before has died.

    Raises
    ------
    RequestError
        If this worker cannot take part: another tenbit, another chain, storage that is not shared.
    DeviceError
        If the device asked for cannot be used here.
    """
    if ticket.run in _ENDED:
        return []
    batch = _opened(ticket)
    return [batch.outcome(errand, is_apart=is_apart) for errand in pickle.loads(errands)]


def examined(dask_worker: Any) -> tuple[str, dict[str, float]]:
    """Version of tenbit, and the resources of a worker; also imports what frames will need."""
    from tenbit.pipeline import batch

    assert batch
    return __version__, dict(dask_worker.state.total_resources)


def end(run: str) -> None:
    """Begin no more frame of a batch here, and drop those that are not being written yet."""
    _ENDED.append(run)
    with _LOCK:
        batch = _OPEN.pop(run, None)
    if batch:
        batch.end()


class _Batch:
    """A batch that is open in this process.

    Parameters
    ----------
    ticket : Ticket

    Raises
    ------
    RequestError, DeviceError
        See `develop`.
    """

    def __init__(self, ticket: Ticket) -> None:
        from distributed import get_worker

        from tenbit.kernels import _native
        from tenbit.pipeline.batch.budget import Budget, default_bytes
        from tenbit.pipeline.batch.one import Around
        from tenbit.pipeline.device import choose

        worker = get_worker()
        self._run, self._worker = ticket.run, worker
        host = socket.gethostname()
        self._place = f"{worker.address} on {host}"
        if ticket.tenbit != __version__:
            raise RequestError(f"worker {self._place} has tenbit {__version__}, and this batch is of {ticket.tenbit}")
        if ticket.probe and not Path(ticket.probe).exists():
            folder = Path(ticket.probe).parent
            raise RequestError(f"worker {self._place} does not see {folder}, where outputs are to be written")
        order: Order = pickle.loads(ticket.order)
        if (found := hash_of(order)) != ticket.chain:
            raise RequestError(f"worker {self._place} reads the chain as {found[:12]}, not as {ticket.chain[:12]}")
        device, note = choose(order.device)
        if note:
            self.said(note)
        if device.target == "cpu":
            _native.prepare()
        keep_freed_memory()
        # Dask stops a worker at 80 % of its limit: frames on their way take a quarter, as they do of a machine.
        limit = worker.memory_manager.memory_limit
        most = order.memory_bytes or (limit // 4 if limit else default_bytes())
        device.keep_at_most(most)
        self._order = dataclasses.replace(order, threads=order.threads or worker.state.nthreads, memory_bytes=most)
        budget = Budget(most)
        self._around = {
            is_new: Around(self._as_told(is_new=is_new), device, self.said, budget) for is_new in (False, True)
        }
        self._inside, self._is_ending = 0, False
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()
        for around in self._around.values():
            self._stack.enter_context(around.opened())

    @property
    def is_idle(self) -> bool:
        """Whether no frame is on its way."""
        return not self._inside

    def said(self, text: str) -> None:
        """Tell whoever gave the batch."""
        self._worker.log_event(self._run, text)

    def outcome(self, errand: Errand, *, is_apart: bool) -> Outcome | None:
        """What became of one frame; None if it was dropped."""
        with self._lock:
            if self._is_ending:
                return None
            self._inside += 1
        # Gone within 2 ms, and so before most things that can kill this process.
        self._worker.log_event(self._run, errand.number)
        try:
            outcome = self._apart(errand) if is_apart else self._here(errand)
        finally:
            with self._lock:
                self._inside -= 1
                is_last = self._is_ending and not self._inside
            if is_last:
                self._stack.close()
        return outcome and self._told(outcome)

    def end(self) -> None:
        with self._lock:
            self._is_ending = True
            is_idle = not self._inside
        for around in self._around.values():
            around.end()
        if is_idle:
            self._stack.close()

    def _as_told(self, *, is_new: bool) -> Order:
        # A worker may die behind the writing of an output: the next one finds it, and must not take it for another's.
        return dataclasses.replace(self._order, existing="replace") if is_new else self._order

    def _here(self, errand: Errand) -> Outcome | None:
        from tenbit.pipeline.batch.one import DroppedError, Work, put_down, tried

        around = self._around[errand.is_new]
        work = Work(errand.job, around)
        while not around.budget.promise(work, errand.job.source):
            if around.stop.wait(0.02):
                return None
        with around.running(work), contextlib.suppress(DroppedError):
            return tried(work, put_down)
        return None

    def _apart(self, errand: Errand) -> Outcome | None:
        from tenbit.pipeline import crew

        outcomes = list(crew.develop([errand.job], self._as_told(is_new=errand.is_new), 1, said=self.said))
        return outcomes[0] if outcomes else None

    def _told(self, outcome: Outcome) -> Outcome:
        """An outcome that says where it comes from."""
        if outcome.status == "failed" and not outcome.job.source.exists():
            return dataclasses.replace(outcome, error=f"{outcome.error} (as worker {self._place} sees it)")
        if outcome.device:
            return dataclasses.replace(outcome, device=f"{outcome.device} at {self._worker.address}")
        return outcome


def keep_freed_memory() -> None:
    """Let the C library keep what was freed for the next frame, as it does where nobody asks for something else.

    Dask's nanny asks for it (``MALLOC_TRIM_THRESHOLD_``), and then 12.5 MP through `standard` are 6000 page faults and
    0.36 s of CPU, instead of 470 and 0.25.
    """
    if "MALLOC_TRIM_THRESHOLD_" in os.environ:
        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL("libc.so.6")
            trim_threshold, mmap_threshold = -1, -3
            libc.mallopt(trim_threshold, 64 << 20)
            libc.mallopt(mmap_threshold, 32 << 20)


def hash_of(order: Order) -> str:
    """SHA-256 of an order's chain with every value."""
    import hashlib
    import json

    return hashlib.sha256(json.dumps(order.chain.as_record(), sort_keys=True).encode()).hexdigest()


def _opened(ticket: Ticket) -> _Batch:
    with _LOCK:
        if ticket.run not in _OPEN:
            _OPEN[ticket.run] = _Batch(ticket)
        olds = [_OPEN.pop(run) for run in list(_OPEN)[:-_MOST_OPEN] if _OPEN[run].is_idle]
        batch = _OPEN[ticket.run]
    for old in olds:
        old.end()
    return batch


_LOCK = threading.Lock()
_OPEN: dict[str, _Batch] = {}
_ENDED: deque[str] = deque(maxlen=100)
