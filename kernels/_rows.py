"""Source of the CPU's loops: leg after leg, row after row, CFA site after site.

Names in the generated text: ``y`` and ``x`` count CFA periods, ``row`` and ``col`` pixels; ``pr`` and ``pc`` are the
place inside a period, ``site`` its number. ``lo`` … ``hi`` is what a leg does of a row. ``top`` … ``bottom`` are the
periods that the last leg is at, ``margin`` what the scratch holds beyond them.
"""

from __future__ import annotations

from tenbit.kernels._legs import MEMORY, Leg, legs_of, planes_of
from tenbit.kernels._resample import between
from tenbit.kernels._source import (
    HOISTED,
    PACKINGS,
    Bound,
    Read,
    Writer,
    called,
    clamped,
    gathered,
    indented,
    mirror,
    source_of,
    stored,
)
from tenbit.kernels._stage import ANYWHERE, Access, Pass, Step

_JIT = '@njit(nogil=True, error_model="numpy", cache=True)'
_INLINE = '@njit(inline="always", error_model="numpy")'
_HEADER = [
    "import math",
    "",
    "import numpy as np",
    "from numba import float32, int32, int64, njit, uint8, uint16, uint32, uint64",
    "from numba.extending import intrinsic",
    "",
    "f32 = np.float32",
    "",
    "@intrinsic",
    "def fma(context, a, b, c):",
    "    def code(target, builder, signature, values):",
    "        return builder.fma(*values)",
    "    return float32(float32, float32, float32), code",
    "",
]
# A REDUCE of so few counters is counted by comparing, which vectorises; others by raising one counter after another.
_FEW = 4
# Pixels of a WARP that are done together: the widest vectors that there are.
LANES = 16


class RowWriter:
    """Writes the module of one pass.

    Parameters
    ----------
    work : Pass
    bound : Bound
        Where its constants are found.
    """

    def __init__(self, work: Pass, bound: Bound) -> None:
        self.work, self.bound = work, bound
        self.legs = legs_of(work)
        self.period = work.period
        self.sites = work.period**2
        self.margin = max(leg.halo for leg in self.legs) + 1
        self.writer = Writer(bound, work.steps)
        self.writer.helpers[called(mirror)] = mirror

    def module(self) -> str:
        """The whole text."""
        lines = self._fixed()
        chunk = ["bottom = min(top + deep, last)"]
        if any(leg.keeps for leg in self.legs):
            chunk += ["if top > first:", f"    for y in range({2 * self.margin}):"]
            chunk += ["        for k in range(scratch.shape[0]):"]
            chunk += ["            kept, slid = scratch[k, y + deep], scratch[k, y]"]
            # Not by an assignment of slices, whose error texts need numba's run-time.
            chunk += ["            for x in range(uint64(len(slid))):", "                slid[x] = kept[x]"]
        for index, leg in enumerate(self.legs):
            chunk += self._leg(index, leg)
        lines += ["for top in range(first, last, deep):", *indented(chunk, 1)]
        ins = [f"in{n}" for n in range(len(self.work.ins))]
        ins += ["flat"] if "rgb" in self.work.ins else []
        arrays = [f"a{i}_{name}" for i, name in self.bound.arrays]
        outs = [f"out{n}" for n in range(len(self.work.outs))]
        counts = [f"counts{n}" for n in range(len(self.work.tallies))]
        plain = ["rows", "cols", "first", "last", "left", "right", "deep", "scratch"]
        plain += [*(name for name, _, _ in self.buffers()), "kf", "ki"]
        head = [_JIT, f"def band({', '.join([*plain, *ins, *arrays, *outs, *counts])}):"]
        head += indented(self.bound.preamble(uniform=True), 1)
        return "\n".join([*_HEADER, *self.writer.helper_source(_INLINE), *head, *indented(lines, 1), ""])

    def buffers(self) -> list[tuple[str, int, str]]:
        """What a band is handed over besides its scratch: name, lines (0: one as long as a row of samples), dtype.

        Made outside: a loop that allocates nothing needs nothing of numba when it runs.
        """
        found = []
        cores = [len(leg.core.writes) for leg in self.legs if leg.core and isinstance(leg.core.body, tuple)]
        if cores:
            found += [("core", max(cores), "float32")]
        if self.work.comes in PACKINGS:
            found += [("line", 0, "uint16")]
        planes = dict.fromkeys(plane for leg in self.legs for plane in self._planes_in(leg))
        found += [(f"split_{plane}", self.period, "float32") for plane in planes]
        for n, slot in enumerate(self.work.outs):
            found += [(f"woven{n}", self.period * len(planes_of(slot)), slot.dtype)]
        for n, tally in enumerate(self.work.tallies):
            # Unsigned: below 0 numba's indices count from the end, which takes time to find out.
            found += [(f"bins{n}", self._values(tally), "uint32")]
        if self._anywhere is not None and self._anywhere.access is Access.WARP:
            found += [("far", 1, "int64"), ("parts", 2, "float32"), ("warped", len(self._anywhere.reads), "float32")]
        return found

    def _fixed(self) -> list[str]:
        """Views that do not change from row to row."""
        lines: list[str] = []
        if self._anywhere is not None:
            lines += [f"whole_{plane} = {self._array(plane)}" for plane in self._anywhere.reads]
        if self._anywhere is not None and self._anywhere.access is Access.WARP:
            lines += ["moves, part_rows, part_cols = far[0], parts[0], parts[1]"]
        return lines

    @property
    def _anywhere(self) -> Step | None:
        core = self.legs[0].core
        return core if core and core.access in ANYWHERE else None

    def _array(self, plane: str) -> str:
        """The whole plane as the array that is looked into at computed places."""
        if plane in self.work.ins:
            return f"in{self.work.ins.index(plane)}"
        return f"in{self.work.ins.index('rgb')}[:, :, {('red', 'green', 'blue').index(plane)}]"

    def _values(self, tally: Step) -> int:
        """How many counters one pixel may raise."""
        body = tally.body[0] if isinstance(tally.body, tuple) else tally.body
        return self.writer.values(body)

    def _leg(self, index: int, leg: Leg) -> list[str]:
        """Loops that do one leg as far as the chunk needs it."""
        period, halo = self.period, leg.halo
        begin = f"(first if top == first else top + {halo}) - ({halo} if top == first else 0)"
        site = [f"site = {period} * pr + pc"] if period > 1 else ["site = 0"]
        site += self.bound.hoisted(self.sites)
        site += [f"lo, hi = max(left - {halo}, 0), min(right + {halo}, (cols - pc + {period - 1}) // {period})"]
        site += ["n, base = uint64(max(hi - lo, 0)), lo - left"]
        site += self._loops(index, leg)
        site += self._ends(leg)
        row = [f"row = {period} * y + pr", "if 0 <= row < rows:"]
        row += indented([*self._unpack(leg), *self._split(leg)], 1)
        row += indented([f"for pc in range({period}):", *indented([*site, *self._tallied(leg)], 1)], 1)
        row += indented(self._weave(leg), 1)
        lines = [f"begin = {begin}", f"for y in range(begin, bottom + {halo}):"]
        lines += indented([f"for pr in range({period}):", *indented(row, 1)], 1)
        return lines + self._outside(leg)

    # ---- what a row needs ----
    def _unpack(self, leg: Leg) -> list[str]:
        """The samples of this row from a packed mosaic, a margin beside the strip with them."""
        if self.work.comes not in PACKINGS or leg.takes.get("mosaic") != MEMORY:
            return []
        group, low = PACKINGS[self.work.comes]
        span, halo = self.period, leg.halo
        lines = [f"start = max({span} * (left - {halo}), 0) // {group}"]
        lines += [f"stop = (min({span} * (right + {halo}), cols) + {group - 1}) // {group}"]
        lines += [f"bytes_, samples = in0[row, {group + 1} * start :], line[{group} * start :]"]
        inner = [
            f"o = uint64({group + 1}) * n",
            f"s = uint64({group}) * n",
            f"low = uint16(bytes_[o + uint64({group})])",
        ]
        for k in range(group):
            rest = f"(low >> uint16({low * k})) & uint16({2**low - 1})"
            inner += [f"samples[s + uint64({k})] = (uint16(bytes_[o + uint64({k})]) << uint16({low})) | ({rest})"]
        return [*lines, "for n in range(uint64(stop - start)):", *indented(inner, 1)]

    def _split(self, leg: Leg) -> list[str]:
        """A row of samples parted by CFA site, as float32.

        All sites in one loop: LLVM loads whole vectors and shuffles, where for one site it would pick samples one by
        one (a sixth of the fast chain's time).
        """
        lines: list[str] = []
        period, halo = self.period, leg.halo
        for plane in self._planes_in(leg):
            row = "line" if self.work.comes in PACKINGS else f"in{self.work.ins.index(plane)}[row]"
            lines += [f"lo = max(left - {halo}, 0)", f"samples = {row}[{period} * lo :]"]
            lines += [f"full = min(right + {halo}, cols // {period}) - lo"]
            lines += [f"e{k} = split_{plane}[{k}]" for k in range(period)]
            inner = [f"e{k}[x] = f32(samples[uint64({period}) * x + uint64({k})])" for k in range(period)]
            lines += ["for x in range(uint64(max(full, 0))):", *indented(inner, 1)]
            lines += [f"if right + {halo} > cols // {period}:", f"    for k in range(cols % {period}):"]
            lines += [f"        split_{plane}[k, full] = f32(samples[{period} * full + k])"]
        return lines

    def _planes_in(self, leg: Leg) -> list[str]:
        """Planes of a mosaic's pass that a leg takes from memory."""
        return [plane for plane, source in leg.takes.items() if source == MEMORY] if self.period > 1 else []

    def _loaded(self, leg: Leg) -> tuple[list[str], dict[str, str]]:
        """Views of what a leg takes at its own pixel, and the text of each value at ``x``."""
        lines: list[str] = []
        values: dict[str, str] = {}
        for plane, source in leg.takes.items():
            if self._is_around(leg, plane) and not self._is_here(leg, plane):
                continue
            view = f"i_{plane}"
            if source != MEMORY:
                lines += [f"{view} = {self._kept(source, plane)}[base + {self.margin} :]"]
                values[plane] = f"{view}[x]"
                continue
            if self.period > 1:
                lines += [f"{view} = split_{plane}[pc]"]
                values[plane] = f"{view}[x]"
            elif self.work.comes in PACKINGS and plane == "mosaic":
                lines += [f"{view} = line[lo:]"]
                values[plane] = f"f32({view}[x])"
            elif plane in self.work.ins:
                lines += [f"{view} = in{self.work.ins.index(plane)}[row, lo:]"]
                values[plane] = f"f32({view}[x])"
            else:
                # Flat, so that LLVM knows the stride and loads whole vectors.
                channel = ("red", "green", "blue").index(plane)
                lines += ["i_rgb = flat[row, 3 * lo :]"] if "i_rgb = flat[row, 3 * lo :]" not in lines else []
                values[plane] = f"f32(i_rgb[uint64(3) * x + uint64({channel})])"
        return lines, values

    def _is_around(self, leg: Leg, plane: str) -> bool:
        return leg.core is not None and leg.core.access is Access.STENCIL and plane in leg.core.reads

    def _is_here(self, leg: Leg, plane: str) -> bool:
        """Whether the leg needs a plane's value at its own pixel, beside what its STENCIL reads."""
        made = set(leg.core.writes) if leg.core else set()
        for step in leg.steps:
            if plane in step.reads and plane not in made:
                return True
            made |= set(step.writes)
        return any(plane in planes_of(slot) and plane not in made for slot in leg.slots)

    def _kept(self, source: int, plane: str, *, site: str = "site", row: str = "y") -> str:
        """A row of the scratch, the whole reach of it."""
        first = self.legs[source].keeps[plane] * self.sites
        return f"scratch[{first} + {site}, {row} - top + {self.margin}]"

    # ---- the loops ----
    def _loops(self, index: int, leg: Leg) -> list[str]:
        """Everything that a leg computes of one row at one site."""
        lines, values = self._loaded(leg)
        inner: list[str] = []
        if leg.core is not None and leg.core.access is Access.GATHER:
            inner, made = gathered(self.writer, leg.core, {p: f"whole_{p}" for p in leg.core.reads})
            values |= made
        elif leg.core is not None and leg.core.access is Access.WARP:
            lines += self._warped(leg.core)
            lines += [f"warp_{plane} = warped[{n}]" for n, plane in enumerate(leg.core.writes)]
            values |= {plane: f"warp_{plane}[x]" for plane in leg.core.writes}
        elif leg.core is not None and isinstance(leg.core.body, tuple):
            lines += self._by_site(leg)
            lines += [f"core_{plane} = core[{n}]" for n, plane in enumerate(leg.core.writes)]
            values |= {plane: f"core_{plane}[x]" for plane in leg.core.writes}
        elif leg.core is not None:
            views, reads = self._neighbours(leg, None)
            inner, out = self.writer.paste(leg.core, values={}, reads=reads, site=HOISTED)
            lines += views
            values |= dict(zip(leg.core.writes, out, strict=True))
        head = [f"col = int64(uint64({self.period}) * x) + ({self.period} * lo + pc)"]
        loads = []
        for plane, text in list(values.items()):
            if "[" in text:
                loads += [f"p_{plane} = {text}"]
                values[plane] = f"p_{plane}"
        everywhere, sinks = self._points(leg, dict(values), leaves_out=True)
        everywhere = [*head, *loads, *inner, *everywhere]
        panels = [step for step in leg.steps if step.within]
        if not panels:
            return [*lines, *sinks, "for x in range(n):", *indented(everywhere, 1)]
        inside, _ = self._points(leg, dict(values), leaves_out=False)
        lines += ["start, stop = n, uint64(0)"]
        for step in panels:
            lines += self._widened(step)
        lines += ["stop = max(start, stop)", *sinks, "for side in range(2):"]
        beside = ["first_x, last_x = (uint64(0), start) if side == 0 else (stop, n)"]
        beside += ["for x in range(first_x, last_x):", *indented(everywhere, 1)]
        within = ["for x in range(start, stop):", *indented([*head, *loads, *inner, *inside], 1)]
        return [*lines, *indented(beside, 1), *within]

    def _widened(self, step: Step) -> list[str]:
        """Lines that widen ``start`` … ``stop`` of a row to what a step may change of it."""
        assert step.within is not None
        index = self.work.steps.index(step)
        top, left, rows, cols = (self.bound.expression(index, name, "0") for name in step.within)
        period = self.period

        def at(col: str) -> str:
            return f"uint64(min(max(({col} - pc + {period - 1}) // {period} - lo, 0), int64(n)))"

        inner = [f"start, stop = min(start, {at(left)}), max(stop, {at(f'{left} + {cols}')})"]
        return [f"if {top} <= row < {top} + {rows}:", *indented(inner, 1)]

    def _by_site(self, leg: Leg) -> list[str]:
        """A STENCIL with a body per site: one loop each, into ``core``."""
        assert leg.core is not None
        lines: list[str] = []
        for site in range(self.sites):
            views, reads = self._neighbours(leg, site)
            inner, out = self.writer.paste(leg.core, values={}, reads=reads, site=str(site))
            inner = [f"col = int64(uint64({self.period}) * x) + ({self.period} * lo + pc)", *inner]
            inner += [f"c{n}[x] = {name}" for n, name in enumerate(out)]
            views += [f"c{n} = core[{n}]" for n in range(len(out))]
            lines += [f"if site == {site}:", *indented([*views, "for x in range(n):", *indented(inner, 1)], 1)]
        return lines

    def _warped(self, core: Step) -> list[str]:
        """A WARP into ``warped``: where a row's pixels come from, then run after run of pixels that move alike.

        The source of such a run lies in rows of its own, so that it is read by whole vectors; the lanes behind its end
        are done over by the next run.
        """
        lines: list[str] = []
        for n, plane in enumerate(core.reads):
            where = ["col = lo + int64(x)", *source_of(self.writer, core, n)]
            # Rows and columns in one number: one comparison finds the end of a run.
            where += ["moves[x] = (int64(far_row) << 32) + int64(far_col)"]
            where += ["part_rows[x], part_cols[x] = part_row, part_col"]
            lines += ["for x in range(n):", *indented(where, 1)]

            def read(d_row: int, d_col: int) -> str:
                return f"f32(q{d_row + 1}[e + uint64({d_col + 1})])"

            names = {"down": "u[e]", "right": "v[e]"}
            alike, (value,) = self.writer.paste_body(between, reads={"plane": read}, names=names)
            together = [f"q{k} = whole_{plane}[above + {k}, before:]" for k in range(4)]
            together += [f"u, v, w = part_rows[run:], part_cols[run:], warped[{n}, run:]"]
            together += ["for block in range(blocks):", f"    for lane in range({LANES}):"]
            together += indented([f"e = uint64({LANES} * block + lane)", *alike, f"w[e] = {value}"], 2)
            lone, value = clamped(self.writer, f"whole_{plane}")
            lone = ["part_row, part_col, col = part_rows[e], part_cols[e], lo + e", *lone, f"warped[{n}, e] = {value}"]
            step = ["move, end = moves[run], run + 1"]
            step += ["while end < hi - lo and moves[uint64(end)] == move:", "    end += 1"]
            step += ["far_row = (move + (int64(1) << 31)) >> 32", "far_col = move - (far_row << 32)"]
            step += ["above, before = row + far_row - 1, lo + run + far_col - 1"]
            step += [f"blocks, (high_in, wide_in) = (end - run + {LANES - 1}) // {LANES}, whole_{plane}.shape"]
            step += ["is_inside = above >= 0 and above + 3 < high_in and before >= 0"]
            step += [f"if is_inside and before + {LANES} * blocks + 3 <= wide_in:"]
            step += [*indented(together, 1), "else:", "    for e in range(run, end):", *indented(lone, 2), "run = end"]
            lines += ["run = int64(0)", "while run < hi - lo:", *indented(step, 1)]
        return lines

    def _neighbours(self, leg: Leg, site: int | None) -> tuple[list[str], dict[str, Read]]:
        """Views of the scratch around a row, filled as reads are met, and the text of a relative read.

        At a known site the text of a read holds its place; else the place is worked out once per row.
        """
        assert leg.core is not None
        period, views = self.period, _Views()
        around = -(-leg.core.radius // period)

        def reader(plane: str) -> Read:
            source = leg.takes[plane]

            def read(d_row: int, d_col: int) -> str:
                if site is not None or period == 1:
                    pr, pc = divmod(site or 0, period)
                    (q_row, s_row), (q_col, s_col) = divmod(pr + d_row, period), divmod(pc + d_col, period)
                    here = str(s_row * period + s_col)
                    row = self._kept(source, plane, site=here, row=f"y + {q_row}")
                    view = views.named(f"{row}[base + {self.margin - around} :]")
                    return f"{view}[x + uint64({q_col + around})]"
                here = f"(pr + {d_row}) % {period} * {period} + (pc + {d_col}) % {period}"
                row = self._kept(source, plane, site=here, row=f"y + (pr + {d_row}) // {period}")
                view = views.named(f"{row}[base + {self.margin} + (pc + {d_col}) // {period} :]")
                return f"{view}[x]"

            return read

        return views.lines, {plane: reader(plane) for plane in leg.core.reads}

    def _points(self, leg: Leg, values: dict[str, str], *, leaves_out: bool) -> tuple[list[str], list[str]]:
        """Lines at one pixel behind the core, and the rows that they write into.

        ``leaves_out`` steps that change a part of the picture only.
        """
        inner: list[str] = []
        sinks: list[str] = []
        for step in leg.steps:
            if leaves_out and step.within:
                continue
            more, out = self.writer.paste(step, values=values, site=HOISTED)
            inner += more
            if step.access is not Access.REDUCE:
                values |= dict(zip(step.writes, out, strict=True))
                continue
            tally, none = self.work.tallies.index(step), step.counters
            for n, name in enumerate(out):
                sinks += [f"b{tally}_{n} = bins{tally}[{n}]"]
                inner += [f"b{tally}_{n}[x] = uint32({name} if 0 <= {name} < {none} else {none})"]
        for plane in leg.keeps:
            sinks += [f"s_{plane} = {self._kept(self.legs.index(leg), plane)}[base + {self.margin} :]"]
            inner += [f"s_{plane}[x] = {values[plane]}"]
        for slot in leg.slots:
            number, planes = self.work.outs.index(slot), planes_of(slot)
            for n, plane in enumerate(planes):
                sinks += [f"w{number}_{n} = woven{number}[{len(planes)} * pc + {n}]"]
                inner += [f"w{number}_{n}[x] = {stored(values[plane], slot.dtype)}"]
        return inner, sinks

    # ---- what follows a row ----
    def _ends(self, leg: Leg) -> list[str]:
        """Columns beyond the frame's edges, of the planes that others read around their pixels."""
        lines: list[str] = []
        period, index = self.period, self.legs.index(leg)
        for plane in leg.keeps:
            lines += [f"kept = {self._kept(index, plane)}"]
            for span in (f"left - {leg.halo}, 0", f"(cols - pc + {period - 1}) // {period}, right + {leg.halo}"):
                lines += [f"for e in range({span}):"]
                mirrored = f"{called(mirror)}({period} * e + pc, cols, {period}) // {period}"
                lines += [f"    kept[e - left + {self.margin}] = kept[{mirrored} - left + {self.margin}]"]
        return lines

    def _outside(self, leg: Leg) -> list[str]:
        """Rows beyond the frame's edges."""
        if not leg.keeps or not leg.halo:
            return []
        index, period = self.legs.index(leg), self.period
        copies: list[str] = []
        for plane in leg.keeps:
            away = self._kept(index, plane, site=f"{period} * pr + pc")
            within = self._kept(index, plane, site=f"{period} * pr + pc", row="inside")
            copies += [f"kept, slid = {within}, {away}", "for x in range(uint64(len(slid))):", "    slid[x] = kept[x]"]
        inner = [f"row = {period} * y + pr", "if row < 0 or row >= rows:"]
        inner += [f"    inside = {called(mirror)}(row, rows, {period}) // {period}", f"    for pc in range({period}):"]
        inner += indented(copies, 2)
        lines = [f"for y in range(begin, bottom + {leg.halo}):", f"    for pr in range({period}):"]
        return lines + indented(inner, 2)

    def _tallied(self, leg: Leg) -> list[str]:
        """Counters raised for the pixels of a row that are the band's own."""
        lines: list[str] = []
        for step in leg.steps:
            if step.access is not Access.REDUCE:
                continue
            tally = self.work.tallies.index(step)
            for n in range(self._values(step)):
                lines += [f"own = bins{tally}[{n}, left - lo : min(right, hi) - lo]"]
                if step.counters <= _FEW:
                    for counter in range(step.counters):
                        count = f"sum_{tally}_{counter}"
                        lines += [f"{count} = 0", "for x in range(uint64(len(own))):"]
                        lines += [f"    {count} += own[x] == {counter}", f"counts{tally}[0, {counter}] += {count}"]
                    continue
                # Two tables: equal neighbours need not wait for each other.
                lines += ["for x in range(uint64(len(own) // 2)):"]
                lines += [f"    counts{tally}[0, own[uint64(2) * x]] += 1"]
                lines += [f"    counts{tally}[1, own[uint64(2) * x + uint64(1)]] += 1"]
                lines += ["if len(own) % 2:", f"    counts{tally}[0, own[len(own) - 1]] += 1"]
        return ["if first <= y < last and hi > left:", *indented(lines, 1)] if lines else []

    def _weave(self, leg: Leg) -> list[str]:
        """The band's own part of a row of results, from a line per site and plane to how it lies in memory."""
        lines: list[str] = []
        period = self.period
        for slot in leg.slots:
            number, count = self.work.outs.index(slot), len(planes_of(slot))
            streams = period * count
            row = f"out{number}[row, {streams} * left :]"
            inner = [f"result = {row}", f"skip = left - max(left - {leg.halo}, 0)"]
            inner += [f"t{n} = woven{number}[{n}, skip:]" for n in range(streams)]
            inner += [f"full = max(min(right, cols // {period}) - left, 0)", "for x in range(uint64(full)):"]
            inner += [f"    result[uint64({streams}) * x + uint64({n})] = t{n}[x]" for n in range(streams)]
            if period > 1:
                # The last period of the frame is not whole.
                inner += [f"for rest in range({period} * full, min({period} * right, cols) - {period} * left):"]
                inner += [f"    for plane in range({count}):"]
                inner += [
                    f"        result[{count} * rest + plane] = "
                    f"woven{number}[rest % {period} * {count} + plane, skip + rest // {period}]"
                ]
            lines += inner
        return ["if first <= y < last:", *indented(lines, 1)] if lines else []


class _Views:
    """Rows of the scratch by name, each once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[str, str] = {}

    def named(self, text: str) -> str:
        """The variable that holds a view."""
        if text not in self._names:
            self._names[text] = f"r{len(self._names)}"
            self.lines.append(f"{self._names[text]} = {text}")
        return self._names[text]
