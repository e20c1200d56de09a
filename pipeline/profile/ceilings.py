"""What this machine can do at best, by way of what the passes are made of: copies, multiplications, additions.

A ceiling is the best of many short rounds, where a time is a median: a round that others disturb says nothing of what
can be had. Memory is warm: a page that was never touched costs ten times its copy, and passes use theirs again too.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tenbit.kernels._ceiling import multiply_add
from tenbit.kernels._facts import Array
from tenbit.pipeline.device import Device, Said
from tenbit.pipeline.device.buffers import an_eighth_of_memory
from tenbit.pipeline.profile.parts import Ceilings
from tenbit.pipeline.profile.traffic import counted

_CACHES = Path("/sys/devices/system/cpu")
_TOLD = "level", "shared_cpu_list", "size"
_LAST_LEVEL = 32 * 2**20  # where the system tells of none
_TIMES_LAST_LEVEL = 4
_COPIED_AT_MOST = 2**29  # touching more takes longer than copying it
# A thread copies half of it to the other: beyond any first level of cache, inside any second.
_IN_CACHE = 256 * 2**10
_ALIGNED = 64
_NO_TIME_S = 1e-9


@dataclass(frozen=True)
class Effort:
    """How much is done to find a ceiling.

    Parameters
    ----------
    copied : int
        Bytes of each buffer of the large copies; 0 for four times a CPU's last level of cache, as far as memory goes.
    rows, cols : int
        Of the plane whose pixels multiply and add.
    seconds : float
        Spent on each ceiling, a round at least.
    """

    copied: int
    rows: int
    cols: int
    seconds: float = 0.4


_OF_CPU = Effort(0, 256, 8192)
_OF_CARD = Effort(2**28, 4096, 8192)
TINY = Effort(2**12, 2, 4, 0.0)
"""For the simulator of a card, and for tests: figures that mean nothing."""


def ceilings(device: Device, *, effort: Effort | None = None, said: Said | None = None) -> Ceilings:
    """The ceilings of a device, with all of its threads; about a second and a half, and a compile the first time.

    Parameters
    ----------
    device : Device
    effort : Effort, optional
        By default what the device is worth.
    said : callable, optional
        Told of the compile.

    Raises
    ------
    DeviceError
        If the device fails.
    """
    threads = int(getattr(device, "threads", 1))
    if getattr(device, "cupy", None) is not None:
        effort = effort or _OF_CARD
        free = device.free_bytes()
        rates = _card_copies(device, min(effort.copied, free // 4) if free else effort.copied, effort.seconds)
        operations = _multiply_add(device, effort, said=said)
        return Ceilings(rates[0], operations, up_bytes_per_s=rates[1], down_bytes_per_s=rates[2])
    if device.target == "cuda":
        effort = effort or TINY
        copy = host_copy(effort.copied, 1, effort.seconds)
        return Ceilings(copy, _multiply_add(device, effort, said=said), up_bytes_per_s=copy, down_bytes_per_s=copy)
    effort = effort or _OF_CPU
    size = effort.copied or min(_TIMES_LAST_LEVEL * _last_level_bytes(), _COPIED_AT_MOST, an_eighth_of_memory() // 2)
    return Ceilings(
        host_copy(size, threads, effort.seconds),
        _multiply_add(device, effort, said=said),
        cache_bytes_per_s=_cache_copy(threads, effort.seconds),
    )


def host_copy(size: int, threads: int, seconds: float) -> float:
    """Bytes per second, read and written, of copies between two buffers that are kept, a part for each thread."""
    source, to = (np.array_split(np.full(size, n, np.uint8), threads) for n in (1, 0))
    with _pool(threads) as each:
        return 2 * size / _best_s(lambda: each(np.copyto, to, source), seconds)


def _cache_copy(threads: int, seconds: float) -> float:
    """The same inside of caches: each thread copies a window to a window, both of which slide by a line at a time.

    All in one call of numpy's, so that threads do not wait for each other's Python.
    """
    half, window = _IN_CACHE // 2, _IN_CACHE // 2 - _IN_CACHE // 16

    def windows(fill: int) -> Array:
        memory = np.full(half // 8 + _ALIGNED, fill, np.int64)
        first = -memory.ctypes.data % _ALIGNED // 8
        aligned = memory[first : first + half // 8]
        return np.lib.stride_tricks.sliding_window_view(aligned, window // 8, writeable=True)[:: _ALIGNED // 8]

    source, to = ([windows(n) for _ in range(threads)] for n in (1, 0))
    with _pool(threads) as each:
        best_s = _best_s(lambda: each(np.copyto, to, source), seconds)
    return 2 * threads * source[0].size * 8 / best_s


def _multiply_add(device: Device, effort: Effort, *, said: Said | None = None) -> float:
    """Operations per second of a pass of nothing else; on a card by its own clock."""
    work = multiply_add(effort.rows, effort.cols)
    plane = np.full(work.shape, 0.5, np.float32)

    def once() -> float:
        began = time.perf_counter()
        pending = device.begin([work], {"mosaic": plane}, (), said=said)
        pending.finish()
        ms = getattr(pending, "kernel_ms", None)
        return time.perf_counter() - began if ms is None else float(ms) / 1e3

    once()
    return sum(counted(work)) / _best_of(once, effort.seconds)


def _card_copies(device: Any, size: int, seconds: float) -> tuple[float, float, float]:
    """Bytes per second of copies by a card's own clock: on it (read and written), to it, and from it."""
    cupy = device.cupy
    kinds = cupy.cuda.runtime
    with device.here():
        stream = cupy.cuda.Stream(non_blocking=True)
        with stream:
            a, b = (cupy.empty((size,), np.uint8) for _ in range(2))
        host = device.empty((size,), "uint8")
        host[...] = 0
        ways = (
            (b.data.ptr, a.data.ptr, kinds.memcpyDeviceToDevice),
            (a.data.ptr, host.ctypes.data, kinds.memcpyHostToDevice),
            (host.ctypes.data, a.data.ptr, kinds.memcpyDeviceToHost),
        )

        def once(target: int, source: int, kind: int) -> float:
            began, ended = cupy.cuda.Event(), cupy.cuda.Event()
            began.record(stream)
            kinds.memcpyAsync(target, source, size, kind, stream.ptr)
            ended.record(stream)
            ended.synchronize()
            return float(cupy.cuda.get_elapsed_time(began, ended)) / 1e3

        on_it, up, down = (size / _best_of(lambda way=way: once(*way), seconds) for way in ways)  # type: ignore[misc]
    return 2 * on_it, up, down


def _last_level_bytes() -> int:
    """Of all the last levels of cache that the machine's cores have, together."""
    levels: dict[tuple[int, str], int] = {}
    with contextlib.suppress(OSError, ValueError):
        for cache in _CACHES.glob("cpu[0-9]*/cache/index[0-9]*"):
            level, cores, size = ((cache / name).read_text("ascii").strip() for name in _TOLD)
            levels[int(level), cores] = int(size[:-1]) * 2 ** {"K": 10, "M": 20, "G": 30}[size[-1]]
    last = max((level for level, _ in levels), default=0)
    return sum(size for (level, _), size in levels.items() if level == last) or _LAST_LEVEL


@contextlib.contextmanager
def _pool(threads: int) -> Iterator[Callable[..., Any]]:
    """What does a call per thread, and waits."""
    if threads == 1:
        yield lambda call, *given: [call(*own) for own in zip(*given, strict=True)]
        return
    with ThreadPoolExecutor(threads) as pool:
        yield lambda call, *given: list(pool.map(call, *given))


def _best_s(work: Callable[[], object], seconds: float) -> float:
    """The shortest that some work took."""

    def once() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    once()
    return _best_of(once, seconds)


def _best_of(once: Callable[[], float], seconds: float) -> float:
    """The least of what is measured for so many seconds; once at least."""
    until, best = time.perf_counter() + seconds, math.inf
    while best is math.inf or time.perf_counter() < until:
        best = min(best, once())
    return max(best, _NO_TIME_S)
