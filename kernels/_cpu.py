"""The CPU schedule: bands of rows over a pool of threads that let go of Python's lock.

A band is done a few rows at a time, leg by leg. What a leg keeps for later ones stays in a scratch that fits the
second-level cache and slides down the band, so that nothing is done twice inside it. Rows are split by CFA site: at a
known site every neighbour is ``line[x + constant]`` and LLVM vectorises the loops. Results are woven together on the
way out (EPYC 9005, one thread, RGB8: stores of every sixth byte 260 MP/s, woven 420).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._legs import legs_of
from tenbit.kernels._rows import LANES
from tenbit.kernels._stage import Pass

# Scratch of one band: small enough for the second-level cache of the machines we know (512 KiB and up).
SCRATCH_BYTES = 384 * 1024
# Rows, in CFA periods, that are at least done at a time; a frame too wide for them is done in strips.
_LEAST_DEEP = 6
# Bands per thread: the last ones to finish leave little idle time.
_BANDS = 4


def tiling(work: Pass, cols: int) -> tuple[int, int]:
    """How many strips a frame of so many columns is done in, and how many CFA periods of rows at a time.

    0 rows stand for all of a band, where no scratch is needed.
    """
    legs = legs_of(work)
    if not any(leg.keeps for leg in legs):
        return 1, 0
    wide, halo = -(-cols // work.period), max(leg.halo for leg in legs)
    for strips in range(1, wide + 1):
        planes, around, reach = _shape(work, 0, -(-wide // strips))
        deep = SCRATCH_BYTES // (4 * planes * reach) - around
        if deep >= _LEAST_DEEP or reach < 16 * (halo + 1):
            break
    return strips, max(deep, 1)


def scratch_bytes(work: Pass, cols: int) -> int:
    """Bytes of scratch that a thread uses for frames of so many columns."""
    strips, deep = tiling(work, cols)
    return 4 * math.prod(_shape(work, deep, -(-cols // (work.period * strips)))) if deep else 0


def _shape(work: Pass, deep: int, wide: int) -> tuple[int, int, int]:
    """(planes × sites, rows, cols) of the scratch."""
    legs = legs_of(work)
    around = 2 * (max(leg.halo for leg in legs) + 1)
    kept = sum(len(leg.keeps) for leg in legs)
    return (kept * work.period**2, deep + around, wide + around) if kept else (1, 1, 1)


class CpuPass:
    """A compiled pass, ready to run on frames of any size."""

    def __init__(self, work: Pass, band: Callable[..., None], buffers: list[tuple[str, int, str]]) -> None:
        self.work, self.band, self.buffers = work, band, buffers
        self._scratch = threading.local()

    def __call__(
        self,
        ins: list[Array],
        outs: list[Array],
        packed: tuple[Array, Array, list[Array]],
        *,
        pool: Executor,
        threads: int,
    ) -> list[Array]:
        """Run over whole arrays; returns the counters of each REDUCE, int64."""
        kf, ki, arrays = packed
        (rows, cols), period = (outs or ins)[0].shape[:2], self.work.period
        high, wide = -(-rows // period), -(-cols // period)
        strips, deep = tiling(self.work, cols)
        # A row of three planes as one row of numbers; not inside the loop, where a reshape needs numba's run-time.
        ins = [
            *ins,
            *(array.reshape(len(array), -1) for name, array in zip(self.work.ins, ins, strict=True) if name == "rgb"),
        ]
        margin = 2 * (max(leg.halo for leg in legs_of(self.work)) + 1)
        flat = [out.reshape(len(out), -1) for out in outs]
        bands = max(1, min(-(-threads * _BANDS // strips), high // max(deep, 1)))

        def job(place: tuple[int, int]) -> list[Array]:
            band, strip = place
            first, last = high * band // bands, high * (band + 1) // bands
            left, right = wide * strip // strips, wide * (strip + 1) // strips
            counts = [np.zeros((2, tally.counters + 1), np.int64) for tally in self.work.tallies]
            step = deep or last - first
            scratch = self._reused(_shape(self.work, step, -(-wide // strips)))
            reach = right - left + margin + LANES
            more = [np.empty((lines, reach) if lines else cols + 8, dtype) for _, lines, dtype in self.buffers]
            self.band(rows, cols, first, last, left, right, step, scratch, *more, kf, ki, *ins, *arrays, *flat, *counts)
            return counts

        # Strip after strip: bands that are done at the same time then share no line of memory.
        done = list(pool.map(job, [(band, strip) for strip in range(strips) for band in range(bands)]))
        return [np.sum(parts, axis=(0, 1))[:-1] for parts in zip(*done, strict=True)]

    def _reused(self, shape: tuple[int, int, int]) -> Array:
        """This thread's scratch: a fresh buffer costs a page fault per 4 KiB, ten times dearer than the copy."""
        size = math.prod(shape)
        scratch: Array | None = getattr(self._scratch, "array", None)
        if scratch is None or scratch.size < size:
            scratch = self._scratch.array = np.empty(size, np.float32)
        return scratch[:size].reshape(shape)
