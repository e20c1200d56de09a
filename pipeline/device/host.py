"""Devices whose arrays are numpy's: the CPU, and numba's simulator of a CUDA card. ``begin`` does all the work."""

from __future__ import annotations

import copy
import math
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from tenbit.kernels._bound import Bound
from tenbit.kernels._facts import Array
from tenbit.kernels._pass import Pass, label
from tenbit.kernels._schedule import Schedule
from tenbit.kernels._spans import span
from tenbit.kernels._stage import Access, Constants
from tenbit.pipeline.device.buffers import an_eighth_of_memory, reused
from tenbit.pipeline.device.contract import WHOLE, Done, Finished, Rows, Said, Target, native, said_once, summary
from tenbit.pipeline.device.numbers import packed


class HostDevice(ABC):
    """Passes one after the other on arrays of the host."""

    name: str
    target: Target

    def __init__(self) -> None:
        self.said_before: set[str] = set()
        self._buffers = reused()

    def empty(self, shape: tuple[int, ...], dtype: str) -> Array:
        return self._buffers.empty(shape, dtype)

    def free_bytes(self) -> int | None:
        return None

    def keep_at_most(self, count: int) -> None:
        self._buffers.most_bytes = min(count, an_eighth_of_memory())

    @abstractmethod
    def run(
        self,
        work: Pass,
        constants: list[Constants],
        ins: list[Array],
        outs: list[Array],
        said: Said | None = None,
        rows: Rows = WHOLE,
    ) -> list[Array]:
        """Do one pass; returns the counters of each REDUCE that rides on it, int64."""

    def begin(
        self,
        passes: Sequence[Pass],
        planes: Mapping[str, Array],
        wanted: Sequence[str],
        *,
        known: Mapping[str, Any] | None = None,
        rows: Rows = WHOLE,
        said: Said | None = None,
    ) -> Finished:
        arrays = {name: np.ascontiguousarray(native(plane)) for name, plane in planes.items()}
        results: dict[str, Any] = {}
        counters: dict[str, Array] = {}
        for number, work in enumerate(passes):
            constants = [step.resolved({**results, **(known or {})}) for step in work.steps]
            outs = [self.empty(slot.shape, slot.dtype) for slot in work.outs]
            with span("pass", label(work), number=number):
                counts = self.run(work, constants, [arrays[name] for name in work.ins], outs, said, rows)
            for tally, count in zip(work.tallies, counts, strict=True):
                counters[tally.writes[0]] = count
                results[tally.writes[0]] = summary(tally, count)
            for name in work.frees:
                arrays.pop(name, None)
            arrays |= {slot.name: array for slot, array in zip(work.outs, outs, strict=True)}
        return Finished(Done({name: arrays[name] for name in wanted}, counters, results))


class CpuDevice(HostDevice):
    """The CPU: bands of rows over a pool of threads.

    Parameters
    ----------
    threads : int, optional
        Of a frame that is done alone; by default what ``tenbit tune`` has kept, else the cores that may be used.
    schedule : Schedule, optional
        Sizes that passes are done by; by default what ``tenbit tune`` has kept, else those that we know.
    """

    target: Target = "cpu"

    def __init__(self, threads: int | None = None, schedule: Schedule | None = None) -> None:
        from tenbit.pipeline.tune.kept import Kept, kept_for_cpu

        super().__init__()
        kept = Kept() if threads and schedule else kept_for_cpu()
        self.threads = threads or kept.setting.threads or usable_cores()
        self.schedule = schedule or kept.setting.schedule
        self._note = kept.note
        # Not with how many threads: a picture's record, and so its bytes, are the same on every machine.
        self.name = "cpu"
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="tenbit")

    def shared(self, threads: int) -> CpuDevice:
        """The same device for a frame that gets so many of its threads, all at most; with one, the caller's own."""
        if threads >= self.threads:
            return self
        part = copy.copy(self)
        part.threads = threads
        return part

    def scheduled(self, schedule: Schedule) -> CpuDevice:
        """The same device, its threads and its memory, by other sizes."""
        part = copy.copy(self)
        part.schedule = schedule
        return part

    def run(
        self,
        work: Pass,
        constants: list[Constants],
        ins: list[Array],
        outs: list[Array],
        said: Said | None = None,
        rows: Rows = WHOLE,
    ) -> list[Array]:
        from tenbit.kernels import _compile

        if self._note:
            said_once(self, said, "tuning", self._note)
        bound = Bound.of(constants)
        ready = _compile.cpu_pass(work, bound, said)
        sides = [
            given["cell"] for step, given in zip(work.steps, constants, strict=True) if step.access is Access.CELLS
        ]
        return ready(
            ins,
            outs,
            bound.packed(constants),
            shape=work.shape,
            whole=math.lcm(*map(int, sides)),  # type: ignore[arg-type]
            pool=self._pool,
            threads=self.threads,
            schedule=self.schedule,
        )


class SimulatedDevice(HostDevice):
    """CUDA kernels in numba's simulator."""

    target: Target = "cuda"
    # While it runs a kernel, numba's simulator puts the kernel's threads in the place of numba.cuda, for the process.
    _alone = threading.Lock()

    def __init__(self, number: int = 0) -> None:
        super().__init__()
        self.name = f"cuda:{number} (simulator)"

    def run(
        self,
        work: Pass,
        constants: list[Constants],
        ins: list[Array],
        outs: list[Array],
        said: Said | None = None,
        rows: Rows = WHOLE,
    ) -> list[Array]:
        from tenbit.kernels import _compile

        bound = Bound.of(constants)
        ready = _compile.cuda_pass(work, bound, said)
        counters = [np.zeros(tally.counters, np.int32) for tally in work.tallies]
        with self._alone:
            ready(ins, outs, packed(work, bound, constants, rows), shape=work.shape, counters=counters)
        return [array.astype(np.int64) for array in counters]


_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> int:
    """Cores that this process may use: those that it is bound to, or as many as its container's time is worth."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = map(int, _QUOTA.read_text("ascii").split())
    except (OSError, ValueError):  # no such limit, or "max"
        return bound
    return max(1, min(bound, math.ceil(quota / period)))
