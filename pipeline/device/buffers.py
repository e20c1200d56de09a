"""Host memory that is used again from frame to frame.

A fresh buffer costs a page fault per 4 KiB, ten times dearer than the copy that fills it. So memory that nobody looks
at any more is kept, and handed out again for the next array of its size.
"""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array

Allocate = Callable[[int], Array]


class _Loan:
    """Memory that goes back when the last array that looks at it is gone.

    numpy keeps the object behind ``__array_interface__`` alive for as long as an array, or any view of it, is.
    """

    def __init__(self, memory: Array, shape: tuple[int, ...], dtype: np.dtype[Any], back: Callable[[Array], None]):
        self.memory, self._back = memory, back
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": dtype.str,
            "data": (memory.ctypes.data, False),
        }

    def __del__(self) -> None:
        self._back(self.memory)


class Buffers:
    """A free list of host memory, safe to use from several threads.

    Parameters
    ----------
    most_bytes : int
        Kept at most while nobody uses it; the memory that was used longest ago goes first.
    allocate : callable, optional
        Bytes of memory as a uint8 array; by default ordinary memory.
    """

    def __init__(self, most_bytes: int, allocate: Allocate | None = None) -> None:
        self.most_bytes = most_bytes
        self._allocate = allocate or (lambda count: np.empty(count, np.uint8))
        self._free: list[Array] = []
        # The garbage collector may end a loan in a thread that holds the lock: what comes back waits here.
        self._back: deque[Array] = deque()
        self._lock = threading.Lock()
        self._lent = 0

    @property
    def lent(self) -> int:
        """Arrays that are out now."""
        return self._lent - len(self._back)

    def empty(self, shape: tuple[int, ...], dtype: str | np.dtype[Any]) -> Array:
        """An array of any content, C-ordered; its memory comes back by itself when nobody looks at it any more."""
        kind = np.dtype(dtype)
        count = max(1, math.prod(shape) * kind.itemsize)
        with self._lock:
            self._take_back()
            # The newest first: it is the likeliest to be in a cache.
            at = next((n for n in reversed(range(len(self._free))) if self._free[n].nbytes == count), None)
            memory = self._free.pop(at) if at is not None else None
            self._lent += 1
        if memory is None:
            memory = self._fresh(count)
        return np.asarray(_Loan(memory, shape, kind, self._returned))

    def owns(self, array: Array) -> bool:
        """Whether an array lies in memory of this free list."""
        base: Any = array
        while isinstance(base, np.ndarray):
            base = base.base
        return isinstance(base, _Loan) and base._back.__self__ is self  # type: ignore[attr-defined]

    def drop(self) -> None:
        """Give all memory that is not in use back to the system."""
        with self._lock:
            self._take_back()
            self._free.clear()

    def _fresh(self, count: int) -> Array:
        try:
            return self._allocate(count)
        except MemoryError:
            self.drop()
        try:
            return self._allocate(count)
        except MemoryError:
            with self._lock:
                self._lent -= 1
            raise

    def _returned(self, memory: Array) -> None:
        self._back.append(memory)
        if self._lock.acquire(blocking=False):
            try:
                self._take_back()
            finally:
                self._lock.release()

    def _take_back(self) -> None:
        """Under the lock: what has come back becomes free, and what is too much goes."""
        while self._back:
            self._lent -= 1
            self._free.append(self._back.popleft())
        while sum(kept.nbytes for kept in self._free) > self.most_bytes:
            self._free.pop(0)


@cache
def reused() -> Buffers:
    """The ordinary memory of this process that readers and the CPU use again."""
    return Buffers(an_eighth_of_memory())


def an_eighth_of_memory() -> int:
    """Bytes that a process may keep for later without being a bad neighbour."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 8
    except (AttributeError, ValueError, OSError):
        return 2**30
