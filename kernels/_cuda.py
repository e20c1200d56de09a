"""The CUDA schedule: a block does a tile of the frame, leg by leg, in shared memory.

What a leg keeps for later ones lies in shared memory (`_shared`) with a margin around the tile; beyond the frame it is
computed at the mirrored place. Where a body depends on the CFA site a thread does a whole period, so that nothing
branches on parity. Counters of REDUCE steps are raised in shared memory and added up once per block.
"""

from __future__ import annotations

from tenbit.kernels._bound import Bound
from tenbit.kernels._cells import is_gathered
from tenbit.kernels._legs import MEMORY, Leg, legs_of, planes_of
from tenbit.kernels._pass import Pass
from tenbit.kernels._shared import BLOCKS, Tile, blocks_of, fits, has_own, loop_of, shared_bytes
from tenbit.kernels._source import PACKINGS, Read, Writer, gathered, indented, interpolated, needed, source_of, stored
from tenbit.kernels._stage import ANYWHERE, PLANES, Access, Step

__all__ = ["BLOCK", "DECORATOR", "fits", "shared_bytes", "source"]

BLOCK = BLOCKS[0]
DECORATOR = "@cuda.jit(cache=True, **bounds)"
_HEADER = [
    "import math",
    "",
    "import numpy as np",
    "from numba import config, cuda, float32, int32, uint8, uint16, uint32",
    "",
    "f32 = np.float32",
    # The simulator knows no bounds.
    "bounds = {{}} if config.ENABLE_CUDASIM else {{'launch_bounds': (256, {0})}}",
    "if config.ENABLE_CUDASIM:",
    "    def fma(a, b, c):",
    "        return f32(float(a) * float(b) + float(c))",
    "    place = int",
    "else:",
    "    from numba.cuda.libdevice import fmaf as fma",
    # Below 0 numba's indices count from the end, which takes time to find out.
    "    place = uint32",
    "",
]
_DEVICE = "@cuda.jit(device=True)"
# As `_source.mirror`, in 32 bits and without a division: over a thousand instructions fewer in a mosaic's pass.
_MIRRORED = {
    False: [
        "while index < 0 or index >= count:",
        "    index = int32(-index if index < 0 else 2 * (count - 1) - index)",
    ],
    True: [
        "while index < 0:",
        "    index = int32(index + {0})",
        "while index >= count:",
        "    index = int32(index - {0})",
    ],
}


def _resident(work: Pass) -> int:
    """Blocks that shall be resident at once: how many registers a thread may have, so that it spills none.

    Four of 256 threads, 64 registers each, are half of an sm_90 or sm_100. Two where each thread does sixteen sites and
    wants a constant for each, and where tiles leave an sm_75 room for one block alone.
    """
    return 2 if work.period > 2 or shared_bytes(work) > 32 * 1024 else 4


def source(work: Pass, bound: Bound) -> str:
    """Source of a module whose ``kernel(kf, ki, *ins, *arrays, *outs, *counters)`` does a pass.

    Three whole numbers behind the constants in ``ki`` are for frames that are done in tiles of rows: the row of the
    frame that is row 0 here, and the first and the end of the rows whose pixels are counted. Two more are the shape of
    what it goes over, for a pass that looks anywhere and writes counters alone.
    """
    return _Tiles(work, bound).module()


class _Tiles:
    """Writes the module of one pass."""

    def __init__(self, work: Pass, bound: Bound) -> None:
        self.work, self.bound = work, bound
        self.legs = legs_of(work)
        self.period = work.period
        self.blocks = blocks_of(work)
        self.span = self.blocks.span
        self.high, self.wide = (self.span * side for side in self.blocks.threads)
        self.writer = Writer(bound, work.steps)

    def module(self) -> str:
        work, bound = self.work, self.bound
        numbers = [f"ki[{len(bound.ints) + n}]" for n in range(5)]
        lines = ["rows, cols = int32({0}.shape[0]), int32({0}.shape[1])".format("out0" if work.outs else "in0")]
        if work.steps[0].access in ANYWHERE and not work.outs:
            lines = [f"rows, cols = {numbers[3]}, {numbers[4]}"]
        lines += [f"{n} = {ki}" for n, ki in zip(("first_row", "low_row", "high_row"), numbers, strict=False)]
        lines += ["ty, tx = int32(cuda.threadIdx.y), int32(cuda.threadIdx.x)"]
        lines += [f"top = int32(cuda.blockIdx.y * {self.high})"]
        lines += [f"left = int32(cuda.blockIdx.x * {self.wide})"]
        lines += [f"me = {self.blocks.threads[1]} * ty + tx"]
        if self.blocks.floats:
            lines += [f"shared = cuda.shared.array({self.blocks.floats}, float32)"]
        own = [(n, tally) for n, tally in enumerate(work.tallies) if has_own(tally)]
        for n, tally in own:
            lines += [f"sum{n} = cuda.shared.array({tally.counters}, int32)"]
            lines += [f"for n in range(me, {tally.counters}, {self.blocks.count}):"]
            lines += [f"    sum{n}[n] = 0"]
        if own:
            lines += ["cuda.syncthreads()"]
        for index, leg in enumerate(self.legs):
            lines += self._leg(index, leg)
            if leg is not self.legs[-1] or own:
                lines += ["cuda.syncthreads()"]
        for n, tally in own:
            lines += [f"for n in range(me, {tally.counters}, {self.blocks.count}):"]
            lines += [f"    if sum{n}[n] > 0:", f"        cuda.atomic.add(counters{n}, n, sum{n}[n])"]
        ins = [f"in{n}" for n in range(len(work.ins))]
        arrays = [f"a{i}_{name}" for i, name in bound.arrays]
        outs = [f"out{n}" for n in range(len(work.outs))]
        counters = [f"counters{n}" for n in range(len(work.tallies))]
        head = [DECORATOR, f"def kernel({', '.join(['kf', 'ki', *ins, *arrays, *outs, *counters])}):"]
        head += indented(needed(bound.preamble(uniform=True), lines), 1)
        header = [line.format(_resident(work)) for line in _HEADER]
        parts = [*header, *self._mirrored(), *self.writer.helper_source(_DEVICE), *head, *indented(lines, 1), ""]
        return "\n".join(parts)

    def _mirrored(self) -> list[str]:
        if self.span == 1 and len(self.legs) == 1:
            return []
        body = [line.format(self.period) for line in _MIRRORED[self.period > 2]]
        one = [] if self.period > 2 else ["if count == 1:", "    return int32(0)"]
        return [_DEVICE, "def mirrored(index, count):", *indented([*one, *body, "return index"], 1), ""]

    def _leg(self, index: int, leg: Leg) -> list[str]:
        """One leg over the tile and its margin."""
        loop, (tall, across) = loop_of(leg, self.blocks, self.period), self.blocks.threads
        inner: list[str] = []
        if leg.is_by_site:
            for site in range(self.period**2):
                pr, pc = divmod(site, self.period)
                inner += [f"r, c = int32({self.period} * i + {pr}), int32({self.period} * j + {pc})"]
                inner += self._pixel(index, leg, str(site))
        else:
            inner += self._pixel(index, leg, "site" if self.period > 1 else "0")
        rows, cols = ("i", "j") if leg.is_by_site else ("r", "c")
        if (loop.high, loop.wide) == self.blocks.threads:
            return [f"{rows}, {cols} = ty, tx", *inner]
        if loop.is_through:
            lines = [f"for n in range(me, {loop.high * loop.wide}, {self.blocks.count}):"]
            at = f"{rows}, {cols} = int32(place(n) // place({loop.wide})), int32(place(n) % place({loop.wide}))"
            return [*lines, *indented([at, *inner], 1)]
        lines = [
            f"for {rows} in range(ty, {loop.high}, {tall}):",
            f"    for {cols} in range(tx, {loop.wide}, {across}):",
        ]
        return lines + indented(inner, 2)

    def _pixel(self, index: int, leg: Leg, site: str) -> list[str]:
        """One pixel of the tile at ``r``, ``c``, which count from the margin's corner."""
        period, around = self.period, leg.pixels
        own = "True"
        lines = [f"row, col = int32(top + r - {around}), int32(left + c - {around})"]
        inside = f"row < rows + {around} and col < cols + {around}" if around else "row < rows and col < cols"
        inner: list[str] = []
        if around:
            inner += [f"is_own = row >= top and row < top + {self.high} and row < rows"]
            inner += [f"is_own = is_own and col >= left and col < left + {self.wide} and col < cols"]
            inner += ["row, col = mirrored(row, rows), mirrored(col, cols)"]
            own = "is_own"
        if site == "site":
            inner += [f"site = (row % {period}) * {period} + col % {period}"]
        widths = dict.fromkeys(self.blocks.tiles[taken, p].cols for p, taken in leg.takes.items() if taken != MEMORY)
        inner += [f"at_{cols} = int32((row - top) * {cols} + col - left)" for cols in widths]
        more, values = self._loaded(leg)
        inner += more
        if leg.core is not None and leg.core.access is Access.GATHER:
            # Cells lie in the tile that there is, other places in the frame.
            row = "row" if is_gathered(leg.core) else "(row + first_row)"
            more, made = gathered(self.writer, leg.core, self._whole(leg.core), row=row)
            inner, values = inner + more, values | made
        elif leg.core is not None and leg.core.access is Access.WARP:
            whole = self._whole(leg.core)
            for n, (plane, target) in enumerate(zip(leg.core.reads, leg.core.writes, strict=True)):
                inner += source_of(self.writer, leg.core, n, row="(row + first_row)")
                more, values[target] = interpolated(self.writer, leg.core, whole[plane])
                inner += more
        elif leg.core is not None:
            reads = {plane: self._reader(leg.takes[plane], plane) for plane in leg.core.reads}
            more, out = self.writer.paste(leg.core, values={}, reads=reads, site=site, row="(row + first_row)")
            inner, values = inner + more, values | dict(zip(leg.core.writes, out, strict=True))
        for step in leg.steps:
            more, out = self.writer.paste(step, values=values, site=site, row="(row + first_row)")
            if step.access is Access.REDUCE:
                inner += self._counted(step, more, out, own)
                continue
            inner += more
            values |= dict(zip(step.writes, out, strict=True))
        for plane in leg.keeps:
            inner += _kept(self.blocks.tiles[index, plane], around, values[plane])
        stores = [
            f"out{self.work.outs.index(slot)}[row, col{f', {n}' if slot.name == 'rgb' else ''}] = "
            f"{stored(values[plane], slot.dtype)}"
            for slot in leg.slots
            for n, plane in enumerate(planes_of(slot))
        ]
        if stores:
            inner += stores if own == "True" else [f"if {own}:", *indented(stores, 1)]
        return [*lines, f"if {inside}:", *indented(inner, 1)]

    def _counted(self, step: Step, body: list[str], out: list[str], own: str) -> list[str]:
        """Counters raised, for a pixel of this tile that no other tile counts."""
        number = self.work.tallies.index(step)
        lines = list(body)
        sums = f"{'sum' if has_own(step) else 'counters'}{number}"
        for name in out:
            lines += [f"if 0 <= {name} < {step.counters}:", f"    cuda.atomic.add({sums}, {name}, 1)"]
        test = f"if {own} and low_row <= row and row < high_row"
        if step.is_sampled:
            every = self.bound.expression(self.work.steps.index(step), "every", "0")
            test += f" and (row + first_row) % {every} == 0"
        return [f"{test}:", *indented(lines, 1)]

    def _loaded(self, leg: Leg) -> tuple[list[str], dict[str, str]]:
        """Lines that load what a leg needs at its own pixel, and the variable of each."""
        lines, values = [], {}
        for plane, taken in leg.takes.items():
            values[plane] = f"p_{plane}"
            if taken != MEMORY:
                lines += [f"p_{plane} = {self._reader(taken, plane)(0, 0)}"]
            elif plane == "mosaic" and self.work.comes in PACKINGS:
                group, low = PACKINGS[self.work.comes]
                start = f"col // {group} * {group + 1}"
                lines += [f"high = int32(in0[row, {start} + col % {group}]) << {low}"]
                lines += [f"low = int32(in0[row, {start} + {group}]) >> (col % {group} * {low}) & {2**low - 1}"]
                lines += ["p_mosaic = f32(high | low)"]
            elif plane in self.work.ins:
                lines += [f"p_{plane} = f32(in{self.work.ins.index(plane)}[row, col])"]
            else:
                channel = PLANES["linear"].index(plane)
                lines += [f"p_{plane} = f32(in{self.work.ins.index('rgb')}[row, col, {channel}])"]
        return lines, values

    def _whole(self, core: Step) -> dict[str, str]:
        """The whole planes that a GATHER looks into."""
        ins = self.work.ins
        return {
            plane: f"in{ins.index(plane)}"
            if plane in ins
            else f"in{ins.index('rgb')}[:, :, {PLANES['linear'].index(plane)}]"
            for plane in core.reads
        }

    def _reader(self, taken: int, plane: str) -> Read:
        tile = self.blocks.tiles[taken, plane]

        def read(d_row: int, d_col: int) -> str:
            first = tile.first + (tile.around + d_row) * tile.cols + tile.around + d_col
            return f"shared[place(at_{tile.cols} + {first})]"

        return read


def _kept(tile: Tile, around: int, value: str) -> list[str]:
    """A value kept in a tile by a leg that goes so many pixels beyond what the block owns."""
    beyond = around - tile.around
    line = f"shared[place({tile.cols} * r + c + {tile.first - beyond * (tile.cols + 1)})] = {value}"
    if not beyond:
        return [line]
    test = f"if {beyond} <= r and r < {tile.rows + beyond} and {beyond} <= c and c < {tile.cols + beyond}:"
    return [test, f"    {line}"]
