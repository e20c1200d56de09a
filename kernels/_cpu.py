"""The CPU schedule: bands of rows over a pool of threads that let go of Python's lock.

A band is done a few rows at a time, leg by leg. What a leg keeps for later ones stays in a scratch that fits the
second-level cache and slides down the band, so that nothing is done twice inside it. Rows are split by CFA site: at a
known site every neighbour is ``line[x + constant]`` and LLVM vectorises the loops. Results are woven together on the
way out (EPYC 9005, one thread, RGB8: stores of every sixth byte 260 MP/s, woven 420).
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._legs import Kept, Leg, legs_of
from tenbit.kernels._pass import Pass, label
from tenbit.kernels._rows import LANES, reach_of, tables
from tenbit.kernels._schedule import DEFAULT, Schedule
from tenbit.kernels._source import mirror
from tenbit.kernels._spans import span


def tiling(work: Pass, cols: int, schedule: Schedule = DEFAULT) -> tuple[int, int]:
    """How many strips a frame of so many columns is done in, and how many CFA periods of rows at a time.

    0 rows stand for all of a band, where no scratch is needed.
    """
    if not _kept(work):
        return 1, 0
    wide, margin = -(-cols // work.period), 2 * margin_of(work)

    def strips(deep: int) -> int:
        room = schedule.scratch_bytes // (4 * rings(work, deep)[1]) - margin
        return -(-wide // max(room, 1))

    fewest = min(strips(1), -(-wide // (schedule.least_wide * margin)))
    return fewest, max((deep for deep in range(1, schedule.most_deep + 1) if strips(deep) <= fewest), default=1)


def scratch_bytes(work: Pass, cols: int, schedule: Schedule = DEFAULT) -> int:
    """Bytes of scratch that a thread uses for frames of so many columns."""
    strips, deep = tiling(work, cols, schedule)
    return 4 * math.prod(_shape(work, deep, -(-cols // (work.period * strips)))) if deep else 0


def rings(work: Pass, deep: int) -> tuple[Array, int]:
    """Where each plane that is kept lies in the scratch, as (first row, rows per site), and the rows of all.

    The rows of a site are used in turn; a power of two of them, so that a row's place needs no division.
    """
    places, first = [], 0
    for leg, kept in _kept(work):
        count = 1 << (deep + leg.halo - kept.low - 1).bit_length()
        places.append((first, count))
        first += count * work.period**2
    return np.array(places or [(0, 0)], np.int64), first


def divided(work: Pass, shape: tuple[int, int], *, threads: int, schedule: Schedule = DEFAULT) -> tuple[int, int, int]:
    """Strips, CFA periods of rows at a time (see `tiling`), and bands that a frame of (rows, cols) is done in.

    What a band does beyond its own rows for its later legs is done again by the next one.
    """
    strips, deep = tiling(work, shape[1], schedule)
    if threads == 1:
        return strips, deep, 1
    high = -(-shape[0] // work.period)
    tall = high // (2 * schedule.least_wide * margin_of(work))
    wanted = min(max(tall, -(-threads // strips)), -(-threads * schedule.bands // strips))
    return strips, deep, max(1, min(wanted, high // max(deep, 1)))


def _parts(count: int, parts: int, unit: int) -> list[tuple[int, int]]:
    """``range(count)`` in about so many parts, as first and end; they meet at multiples of ``unit``."""
    units = -(-count // unit)
    ends = [min(units * n // parts * unit, count) for n in range(parts + 1)]
    return [(first, end) for first, end in itertools.pairwise(ends) if first < end]


def margin_of(work: Pass) -> int:
    """Columns beside a strip, in CFA periods, that the scratch has."""
    return max(leg.halo for leg in legs_of(work)) + 1


def _kept(work: Pass) -> list[tuple[Leg, Kept]]:
    """What is kept by which leg, in the order of its places."""
    every = [(leg, kept) for leg in legs_of(work) for kept in leg.keeps.values()]
    return sorted(every, key=lambda pair: pair[1].place)


def _shape(work: Pass, deep: int, wide: int) -> tuple[int, int]:
    """(rows, cols) of the scratch."""
    return (rings(work, deep)[1], wide + 2 * margin_of(work)) if _kept(work) else (1, 1)


def _near(work: Pass, rows: int) -> Array:
    """The CFA period in which each row lies, from as far above the frame as is read to as far below."""
    reach = reach_of(work)
    near = np.arange(-reach, rows + reach)
    for beyond in (*range(reach), *range(rows + reach, rows + 2 * reach)):
        near[beyond] = mirror(beyond - reach, rows, work.period)
    return near // work.period


class CpuPass:
    """A compiled pass, ready to run on frames of any size."""

    def __init__(self, work: Pass, band: Callable[..., None], buffers: list[tuple[str, int, str]]) -> None:
        self.work, self.band, self.buffers = work, band, buffers
        self._label = label(work)
        self._scratch = threading.local()

    def __call__(
        self,
        ins: list[Array],
        outs: list[Array],
        packed: tuple[Array, Array, list[Array]],
        *,
        shape: tuple[int, int],
        whole: int = 1,
        pool: Executor,
        threads: int,
        schedule: Schedule = DEFAULT,
    ) -> list[Array]:
        """Run over whole arrays of a frame of ``shape``; returns the counters of each REDUCE, int64.

        Bands and strips meet at multiples of ``whole`` pixels: the side of its cells. One thread is the caller's own.
        """
        kf, ki, arrays = packed
        (rows, cols), period = shape, self.work.period
        unit = math.lcm(whole, period) // period
        high, wide = -(-rows // period), -(-cols // period)
        strips, deep, count = divided(self.work, shape, threads=threads, schedule=schedule)
        # A row of three planes as one row of numbers; not inside the loop, where a reshape needs numba's run-time.
        ins = [
            *ins,
            *(array.reshape(len(array), -1) for name, array in zip(self.work.ins, ins, strict=True) if name == "rgb"),
        ]
        margin, near = 2 * margin_of(self.work), _near(self.work, rows)
        places, _ = rings(self.work, deep)
        flat = [out.reshape(len(out), -1) for out in outs]
        across_all = _parts(wide, strips, unit)
        bands = _parts(high, count, unit)
        widest = max(right - left for left, right in across_all)

        # Per thread, in 32 bits: no frame has as many pixels.
        counted: dict[int, list[Array]] = {}

        def job(place: tuple[tuple[int, int], tuple[int, int]]) -> None:
            (left, right), (first, last) = place
            me = threading.get_ident()
            if me not in counted:
                counted[me] = [np.zeros((tables(t), t.counters + 1), np.uint32) for t in self.work.tallies]
            step = deep or last - first
            tall, across = _shape(self.work, step, widest)
            scratch = self._reused(tall * across)
            reach = right - left + margin + LANES
            more = [np.empty((lines, reach) if lines else cols + 8, dtype) for _, lines, dtype in self.buffers]
            more += [kf, ki, *ins, *arrays, *flat, *counted[me]]
            with span("band", self._label, row=first * period, col=left * period):
                self.band(rows, cols, first, last, left, right, step, near, places, scratch, across, *more)

        # Strip after strip: bands that are done at the same time then share no line of memory.
        every = itertools.product(across_all, bands)
        for _ in map(job, every) if threads == 1 else pool.map(job, every):
            pass
        tallied = zip(*counted.values(), strict=True)
        return [np.asarray(parts).sum(axis=(0, 1), dtype=np.int64)[:-1] for parts in tallied]

    def _reused(self, size: int) -> Array:
        """This thread's scratch: a fresh buffer costs a page fault per 4 KiB, ten times dearer than the copy."""
        scratch: Array | None = getattr(self._scratch, "array", None)
        if scratch is None or scratch.size < size:
            scratch = self._scratch.array = np.empty(size, np.float32)
        return scratch[:size]
