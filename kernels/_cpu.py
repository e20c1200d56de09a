"""The CPU schedule: bands of rows over a pool of threads that let go of Python's lock.

A STENCIL's input is staged through the band's scratch, split by CFA site, so that at a known site every read is
``plane[x + constant]`` of a contiguous row and LLVM vectorises the loop; the points before it run once per pixel on
the way into the scratch, the points after it on the way out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._source import Bound, Writer, gathered, indented, mirror, stored
from tenbit.kernels._stage import Access, Pass

# Scratch of one band: small enough for the second-level cache of the machines we know (512 KiB and up).
SCRATCH_BYTES = 384 * 1024
_JIT = '@njit(nogil=True, error_model="numpy", cache=True)'
_INLINE = '@njit(inline="always", error_model="numpy")'
_HEADER = [
    "import math",
    "",
    "import numpy as np",
    "from numba import int64, njit, uint8, uint16, uint64",
    "",
    "f32 = np.float32",
    "",
]


def source(work: Pass, bound: Bound) -> str:
    """Source of a module whose ``band(first, last, scratch, kf, ki, *ins, *arrays, *outs)`` does some rows of a pass.

    ``first`` and ``last`` count CFA periods of rows (rows, when the pass reads planes); ``scratch`` is what
    `scratch_shape` says, or the counters of a REDUCE.
    """
    writer = Writer(bound, work.steps)
    core = work.core.access if work.core else Access.POINT
    make = {Access.POINT: _points, Access.STENCIL: _stencil, Access.GATHER: _gather, Access.REDUCE: _points}[core]
    lines = make(work, writer)
    ins = [f"in{n}" for n in range(len(work.reads))]
    arrays = [f"a{i}_{name}" for i, name in bound.arrays]
    outs = [f"out{n}" for n in range(len(work.writes))]
    signature = ", ".join(["first", "last", "scratch", "kf", "ki", *ins, *arrays, *outs])
    head = [_JIT, f"def band({signature}):", *indented([*bound.preamble(uniform=True), "rows, cols = in0.shape"], 1)]
    return "\n".join([*_HEADER, *writer.helper_source(_INLINE), *head, *indented(lines, 1), ""])


def _stores(work: Pass, values: dict[str, str], at: str) -> list[str]:
    return [f"o{n}[{at}] = {stored(values[plane], work.dtype_of(plane))}" for n, plane in enumerate(work.writes)]


def _points(work: Pass, writer: Writer) -> list[str]:
    """Loops of a pass without neighbours: every site of a row in a loop of its own."""
    period = work.period
    lines = ["for y in range(first, last):"]
    for site in range(period * period):
        pr, pc = divmod(site, period)
        lines += indented([f"row = {period} * y + {pr}", "if row < rows:"], 1)
        lines += indented([f"i{n} = in{n}[row]" for n in range(len(work.reads))], 2)
        lines += indented([f"o{n} = out{n}[row]" for n in range(len(work.writes))], 2)
        at = f"uint64({period}) * x + uint64({pc})"
        values = {plane: f"p{n}" for n, plane in enumerate(work.reads)}
        inner = [f"at = {at}", "col = int64(at)"]
        inner += [f"p{n} = f32(i{n}[at])" for n in range(len(work.reads))]
        inner += writer.points(work.before, values, site=str(site))
        if work.core:
            more, out = writer.paste(work.core, values=values, site=str(site))
            inner += more
            for name in out:
                inner += [f"if 0 <= {name} < {work.core.counters}:", f"    scratch[{name}] += 1"]
        inner += writer.points(work.after, values, site=str(site))
        inner += _stores(work, values, "at")
        lines += indented(
            [f"for x in range(uint64((cols - {pc} + {period - 1}) // {period})):", *indented(inner, 1)], 2
        )
    return lines


def _stencil(work: Pass, writer: Writer) -> list[str]:
    """Loops that fill the scratch, then loops that read neighbours from it."""
    assert work.core is not None
    core, period = work.core, work.period
    sites = period * period
    halo = -(-work.radius // period)
    writer.helpers["mirror"] = mirror
    lines = [f"whole, width = cols // {period}, (cols + {period - 1}) // {period}"]
    lines += [f"for y in range(first - {halo}, last + {halo}):"]
    for site in range(sites):
        pr, pc = divmod(site, period)
        fill = [f"row = mirror({period} * y + {pr}, rows, {period})"]
        fill += [f"i{n} = in{n}[row]" for n in range(len(work.reads))]
        fill += [f"s{n} = scratch[{n * sites + site}, y - first + {halo}]" for n in range(len(core.reads))]

        def staged(at: str, col: str, site: int = site) -> list[str]:
            values = {plane: f"p{n}" for n, plane in enumerate(work.reads)}
            inner = [f"col = {col}", *(f"p{n} = f32(i{n}[col])" for n in range(len(work.reads)))]
            inner += writer.points(work.before, values, site=str(site))
            return inner + [f"s{n}[{at}] = {values[plane]}" for n, plane in enumerate(core.reads)]

        fill += ["for x in range(uint64(whole)):"]
        fill += indented(staged(f"x + uint64({halo})", f"uint64({period}) * x + uint64({pc})"), 1)
        fill += [f"for e in range({2 * halo} + width - whole):"]
        fill += indented([f"q = e - {halo} if e < {halo} else whole + e - {halo}"], 1)
        fill += indented(staged(f"q + {halo}", f"mirror({period} * q + {pc}, cols, {period})"), 1)
        lines += indented(fill, 1)
    lines += ["for y in range(first, last):"]
    for site in range(sites):
        pr, pc = divmod(site, period)
        rows: dict[str, str] = {}

        def reader(n: int, pr: int = pr, pc: int = pc, rows: dict[str, str] = rows) -> Callable[[int, int], str]:
            def read(d_row: int, d_col: int) -> str:
                q_row, s_row = divmod(pr + d_row, period)
                q_col, s_col = divmod(pc + d_col, period)
                plane = n * sites + s_row * period + s_col
                name = f"r{plane}_{q_row + halo}"
                rows[name] = f"{name} = scratch[{plane}, y - first + {q_row + halo}]"
                return f"{name}[x + uint64({q_col + halo})]"

            return read

        reads = {plane: reader(n) for n, plane in enumerate(core.reads)}
        inner, out = writer.paste(core, values={}, reads=reads, site=str(site))
        values = dict(zip(core.writes, out, strict=True))
        inner = [f"at = uint64({period}) * x + uint64({pc})", "col = int64(at)", *inner]
        inner += writer.points(work.after, values, site=str(site))
        inner += _stores(work, values, "at")
        loop = [f"for x in range(uint64((cols - {pc} + {period - 1}) // {period})):", *indented(inner, 1)]
        views = [*rows.values(), *(f"o{n} = out{n}[row]" for n in range(len(work.writes)))]
        lines += indented([f"row = {period} * y + {pr}", "if row < rows:", *indented([*views, *loop], 1)], 1)
    return lines


def _gather(work: Pass, writer: Writer) -> list[str]:
    assert work.core is not None
    inner, values = gathered(writer, work.core, {plane: f"in{n}" for n, plane in enumerate(work.reads)})
    inner += writer.points(work.after, values)
    inner += _stores(work, values, "col")
    views = [f"o{n} = out{n}[row]" for n in range(len(work.writes))]
    return [
        "for row in range(first, last):",
        *indented([*views, "for col in range(o0.shape[0]):", *indented(inner, 1)], 1),
    ]


def scratch_shape(work: Pass, cols: int, periods: int) -> tuple[int, int, int]:
    """(planes × sites, rows, cols) of the float32 scratch that a band of ``periods`` CFA periods needs."""
    assert work.core is not None
    halo = -(-work.radius // work.period)
    return len(work.core.reads) * work.period**2, periods + 2 * halo, -(-cols // work.period) + 2 * halo


class CpuPass:
    """A compiled pass, ready to run on frames of any size."""

    def __init__(self, work: Pass, band: Callable[..., None]) -> None:
        self.work, self.band = work, band
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
        """Run over whole planes; returns the counters of each REDUCE, int64."""
        work = self.work
        rows, cols = ins[0].shape
        kf, ki, arrays = packed
        periods = -(-(outs[0].shape[0] if outs else rows) // work.period)
        is_stencil = work.core is not None and work.core.access is Access.STENCIL
        deep = 64
        if is_stencil:
            row_bytes = 4 * int(np.prod(scratch_shape(work, cols, 1))) // scratch_shape(work, cols, 1)[1]
            deep = max(4, SCRATCH_BYTES // row_bytes - 2 * (-(-work.radius // work.period)))
        deep = max(1, min(deep, -(-periods // threads)))
        counters = work.core.counters if work.core and work.core.access is Access.REDUCE else 0

        def job(first: int) -> Array | None:
            last = min(first + deep, periods)
            scratch = self._reused(scratch_shape(work, cols, deep)) if is_stencil else np.zeros(counters or 1, np.int64)
            self.band(first, last, scratch, kf, ki, *ins, *arrays, *outs)
            return scratch if counters else None

        partial = list(pool.map(job, range(0, periods, deep)))
        return [np.stack([p for p in partial if p is not None]).sum(axis=0)] if counters else []

    def _reused(self, shape: tuple[int, ...]) -> Array:
        """This thread's scratch: a fresh buffer costs a page fault per 4 KiB, ten times dearer than the copy."""
        scratch = getattr(self._scratch, "array", None)
        if scratch is None or scratch.shape != shape:
            scratch = self._scratch.array = np.empty(shape, np.float32)
        return scratch
