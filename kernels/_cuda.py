"""The CUDA schedule: one thread per CFA period, neighbours read from a tile in shared memory.

A thread computes every site of its period, so that nothing branches on parity. Points before a STENCIL run once per
pixel on the way into the tile, points after it in registers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenbit.kernels._facts import Array
from tenbit.kernels._source import Bound, Writer, gathered, indented, mirror, stored
from tenbit.kernels._stage import Access, Pass

# Threads of a block, as (rows, cols): 32 wide so that a warp reads one row segment.
BLOCK = (8, 32)
DECORATOR = "@cuda.jit(cache=True)"
_HEADER = [
    "import math",
    "",
    "import numpy as np",
    "from numba import cuda, float32, uint8, uint16",
    "",
    "f32 = np.float32",
    "",
]


def source(work: Pass, bound: Bound) -> str:
    """Source of a module whose ``kernel(kf, ki, *ins, *arrays, *outs, *counters)`` does a pass."""
    writer = Writer(bound, work.steps)
    core = work.core.access if work.core else Access.POINT
    lines = {Access.STENCIL: _stencil, Access.GATHER: _gather}.get(core, _points)(work, writer)
    ins = [f"in{n}" for n in range(len(work.reads))]
    arrays = [f"a{i}_{name}" for i, name in bound.arrays]
    outs = [f"out{n}" for n in range(len(work.writes))]
    counters = ["counters"] if core is Access.REDUCE else []
    head = [DECORATOR, f"def kernel({', '.join(['kf', 'ki', *ins, *arrays, *outs, *counters])}):"]
    head += indented([*bound.preamble(uniform=core in (Access.STENCIL, Access.GATHER)), "rows, cols = in0.shape"], 1)
    return "\n".join([*_HEADER, *writer.helper_source("@cuda.jit(device=True)"), *head, *indented(lines, 1), ""])


def _stores(work: Pass, values: dict[str, str]) -> list[str]:
    return [f"out{n}[row, col] = {stored(values[plane], work.dtype_of(plane))}" for n, plane in enumerate(work.writes)]


def _here(period: int) -> list[str]:
    lines = [
        f"row = cuda.blockIdx.y * {BLOCK[0]} + cuda.threadIdx.y",
        f"col = cuda.blockIdx.x * {BLOCK[1]} + cuda.threadIdx.x",
    ]
    return lines + ([f"site = (row % {period}) * {period} + col % {period}"] if period > 1 else [])


def _points(work: Pass, writer: Writer) -> list[str]:
    site = "site" if work.period > 1 else "0"
    values = {plane: f"p{n}" for n, plane in enumerate(work.reads)}
    inner = [f"p{n} = f32(in{n}[row, col])" for n in range(len(work.reads))]
    inner += writer.points(work.before, values, site=site)
    if work.core:
        more, out = writer.paste(work.core, values=values, site=site)
        inner += more
        for name in out:
            inner += [f"if 0 <= {name} < {work.core.counters}:", f"    cuda.atomic.add(counters, {name}, 1)"]
    inner += writer.points(work.after, values, site=site)
    return [*_here(work.period), "if row < rows and col < cols:", *indented([*inner, *_stores(work, values)], 1)]


def _gather(work: Pass, writer: Writer) -> list[str]:
    assert work.core is not None
    inner, values = gathered(writer, work.core, {plane: f"in{n}" for n, plane in enumerate(work.reads)})
    inner += writer.points(work.after, values)
    inside = "if row < out0.shape[0] and col < out0.shape[1]:"
    return [*_here(1), inside, *indented([*inner, *_stores(work, values)], 1)]


def _stencil(work: Pass, writer: Writer) -> list[str]:
    assert work.core is not None
    core, period, radius = work.core, work.period, work.radius
    high, wide = BLOCK[0] * period, BLOCK[1] * period
    tile_rows, tile_cols = high + 2 * radius, wide + 2 * radius
    writer.helpers["mirror"] = mirror
    lines = [f"t{n} = cuda.shared.array(({tile_rows}, {tile_cols}), float32)" for n in range(len(core.reads))]
    lines += [f"top, left = cuda.blockIdx.y * {high}, cuda.blockIdx.x * {wide}"]
    values = {plane: f"p{n}" for n, plane in enumerate(work.reads)}
    fill = [f"row = mirror(top + i - {radius}, rows, {period})", f"col = mirror(left + j - {radius}, cols, {period})"]
    fill += [f"site = (row % {period}) * {period} + col % {period}"] if period > 1 else []
    fill += [f"p{n} = f32(in{n}[row, col])" for n in range(len(work.reads))]
    fill += writer.points(work.before, values, site="site" if period > 1 else "0")
    fill += [f"t{n}[i, j] = {values[plane]}" for n, plane in enumerate(core.reads)]
    lines += [f"for i in range(cuda.threadIdx.y, {tile_rows}, {BLOCK[0]}):"]
    lines += indented([f"for j in range(cuda.threadIdx.x, {tile_cols}, {BLOCK[1]}):", *indented(fill, 1)], 1)
    lines += ["cuda.syncthreads()"]
    lines += [f"y, x = {period} * cuda.threadIdx.y + {radius}, {period} * cuda.threadIdx.x + {radius}"]
    for site in range(period * period):
        pr, pc = divmod(site, period)

        def reader(n: int, pr: int = pr, pc: int = pc) -> Callable[[int, int], str]:
            return lambda d_row, d_col: f"t{n}[y + {pr + d_row}, x + {pc + d_col}]"

        reads = {plane: reader(n) for n, plane in enumerate(core.reads)}
        inner, out = writer.paste(core, values={}, reads=reads, site=str(site))
        values = dict(zip(core.writes, out, strict=True))
        inner += writer.points(work.after, values, site=str(site))
        lines += [f"row, col = top + y + {pr - radius}, left + x + {pc - radius}"]
        lines += ["if row < rows and col < cols:", *indented([*inner, *_stores(work, values)], 1)]
    return lines


class CudaPass:
    """A compiled pass, ready to be launched on frames of any size."""

    def __init__(self, work: Pass, kernel: Any) -> None:
        self.work, self.kernel = work, kernel

    def __call__(
        self,
        ins: list[Any],
        outs: list[Any],
        packed: tuple[Any, Any, list[Any]],
        *,
        counters: list[Any],
        stream: Any = 0,
    ) -> None:
        """Launch over whole planes, all of them device arrays; every REDUCE adds to its ``counters`` (int32).

        ``stream`` is one of numba's; 0 is the default stream.
        """
        work = self.work
        rows, cols = (outs or ins)[0].shape[:2]
        period = work.period if work.core and work.core.access is Access.STENCIL else 1
        grid = (-(-cols // (BLOCK[1] * period)), -(-rows // (BLOCK[0] * period)))
        kf, ki, arrays = packed
        self.kernel[grid, (BLOCK[1], BLOCK[0]), stream](kf, ki, *ins, *arrays, *outs, *counters)


__all__ = ["Array", "CudaPass", "source"]
