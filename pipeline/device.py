"""Where passes run: the CPU, or a CUDA device. The only module that imports cupy.

A device holds planes as its own arrays (numpy, cupy, or numpy standing in for the card under numba's simulator) and
runs passes on them. `choose` is the one place where ``auto`` becomes one or the other.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Protocol

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._source import Bound
from tenbit.kernels._stage import Constants, Pass
from tenbit.pipeline.errors import DeviceError

Said = Callable[[str], None]


class Device(Protocol):
    """Arrays and passes on one device."""

    name: str
    """As records and reports show it: ``cpu (2 threads)``, ``cuda:0 NVIDIA H200``."""

    def upload(self, array: Array) -> Any:
        """A plane of the host, (rows, cols), as the device's array."""

    def download(self, array: Any) -> Array:
        """The device's array as a numpy array."""

    def empty(self, shape: tuple[int, ...], dtype: str) -> Any:
        """A device array of any content."""

    def free_bytes(self) -> int | None:
        """Memory left; None where it is not counted."""

    def run(
        self, work: Pass, constants: list[Constants], ins: list[Any], outs: list[Any], said: Said | None
    ) -> list[Array]:
        """Do a pass; returns the counters of each REDUCE that rides on it, as int64 on the host."""


class CpuDevice:
    """The CPU: bands of rows over a pool of threads."""

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or usable_cores()
        self.name = f"cpu ({self.threads} thread{'s' if self.threads > 1 else ''})"
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="tenbit")

    def upload(self, array: Array) -> Array:
        return np.ascontiguousarray(array)

    def download(self, array: Array) -> Array:
        return array

    def empty(self, shape: tuple[int, ...], dtype: str) -> Array:
        return np.empty(shape, dtype)

    def free_bytes(self) -> None:
        return None

    def run(
        self, work: Pass, constants: list[Constants], ins: list[Array], outs: list[Array], said: Said | None = None
    ) -> list[Array]:
        from tenbit.kernels import _compile

        bound = Bound.of(constants)
        ready = _compile.cpu_pass(work, bound, said)
        return ready(ins, outs, bound.packed(constants), pool=self._pool, threads=self.threads)


class DeviceFullError(DeviceError):
    """A frame does not fit into the memory that the device has free."""


class CudaDevice:
    """A CUDA device through CuPy's memory and numba's kernels, or numba's simulator of one."""

    def __init__(self, number: int = 0) -> None:
        self._number = number
        self._cupy: Any = None
        if is_simulated():
            self.name = f"cuda:{number} (simulator)"
            return
        if reason := _unusable(number):
            raise DeviceError(f"cuda:{number}: {reason}")
        import cupy

        self._cupy = cupy
        properties = cupy.cuda.runtime.getDeviceProperties(number)
        self.name = f"cuda:{number} {properties['name'].decode()}"

    @contextlib.contextmanager
    def _here(self) -> Iterator[None]:
        """This device as the calling thread's own; CuPy's shortage of memory as ours."""
        if self._cupy is None:
            yield
            return
        with self._cupy.cuda.Device(self._number):
            try:
                yield
            except self._cupy.cuda.memory.OutOfMemoryError:
                raise DeviceFullError(f"the frame does not fit into the memory of {self.name}") from None

    def upload(self, array: Array) -> Any:
        array = np.ascontiguousarray(array)
        with self._here():
            return array.copy() if self._cupy is None else self._cupy.asarray(array)

    def download(self, array: Any) -> Array:
        with self._here():
            return np.array(array) if self._cupy is None else np.asarray(self._cupy.asnumpy(array))

    def empty(self, shape: tuple[int, ...], dtype: str) -> Any:
        with self._here():
            return np.empty(shape, dtype) if self._cupy is None else self._cupy.empty(shape, dtype)

    def free_bytes(self) -> int | None:
        if self._cupy is None:
            return None
        with self._here():
            # What CuPy's pool holds of earlier frames is free for this one.
            return int(self._cupy.cuda.runtime.memGetInfo()[0] + self._cupy.get_default_memory_pool().free_bytes())

    def run(
        self, work: Pass, constants: list[Constants], ins: list[Any], outs: list[Any], said: Said | None = None
    ) -> list[Array]:
        from tenbit.kernels import _compile

        bound = Bound.of(constants)
        ready = _compile.cuda_pass(work, bound, said)
        kf, ki, arrays = bound.packed(constants)
        packed = (self.upload(kf), self.upload(ki), [self.upload(a) for a in arrays])
        with self._here():
            counters = [self.upload(np.zeros(tally.counters, np.int32)) for tally in work.tallies]
            ready(ins, outs, packed, counters=counters)
            return [self.download(array).astype(np.int64) for array in counters]


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_simulated() -> bool:
    """Whether numba simulates CUDA in this process."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")


def _unusable(number: int) -> str | None:
    """Why a CUDA device cannot be used, and what would help; None when it can."""
    extra = "(pip install 'tenbit[cuda12]' or 'tenbit[cuda13]', as the driver supports)"
    if importlib.util.find_spec("cupy") is None:
        return f"CuPy is not installed {extra}"
    if importlib.util.find_spec("numba_cuda") is None:
        # The numba.cuda inside numba (0.68) cannot compile max(a, b).
        return f"numba-cuda is not installed {extra}"
    try:
        import cupy

        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # CuPy raises its own kinds for a missing driver or library, ImportError among them.
        return f"no usable NVIDIA driver ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
    if number >= count:
        return f"there are {count} CUDA devices, numbered from 0"
    return None


@cache
def _opened(name: str) -> Device:
    """One device object per name and process: its threads and its memory are reused from frame to frame."""
    if name == "cpu":
        return CpuDevice()
    number = name.partition(":")[2] or "0"
    if not number.isdigit():
        raise DeviceError(f"device: {name!r} is not one of auto, cpu, cuda, cuda:N")
    return CudaDevice(int(number))


def choose(name: str | None = None) -> tuple[Device, str | None]:
    """The device asked for, and why ``auto`` fell back to the CPU, if it did.

    Parameters
    ----------
    name : str, optional
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; by default ``$TENBIT_DEVICE``, else ``auto``.

    Raises
    ------
    DeviceError
        If ``cuda`` is asked for and cannot be had, or the name is none of these.
    """
    name = (name or os.environ.get("TENBIT_DEVICE") or "auto").lower()
    if name == "auto":
        if reason := _unusable(0):
            return _opened("cpu"), f"no GPU is used: {reason}"
        return _opened("cuda:0"), None
    if name != "cpu" and name.partition(":")[0] != "cuda":
        raise DeviceError(f"device: {name!r} is not one of auto, cpu, cuda, cuda:N")
    return _opened("cuda:0" if name == "cuda" else name), None
