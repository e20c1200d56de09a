"""Source of the CPU's loops: leg after leg, row after row, CFA site after site; the names are those of `_rows`."""

from __future__ import annotations

from tenbit.kernels import _row_cells
from tenbit.kernels._bound import Bound
from tenbit.kernels._legs import Leg, planes_of
from tenbit.kernels._pass import Pass
from tenbit.kernels._row_cells import averaged, begun
from tenbit.kernels._row_inputs import parted, unpacked
from tenbit.kernels._row_loops import computed, is_apart
from tenbit.kernels._row_outputs import ends, kept_as, tallied, woven
from tenbit.kernels._rows import Rows
from tenbit.kernels._source import PACKINGS, indented, names_in, needed
from tenbit.kernels._stage import Access

_JIT = '@njit(nogil=True, error_model="numpy", cache=True)'
_LEG = '@njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)'
_INLINE = '@njit(forceinline=True, error_model="numpy")'
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


def source(work: Pass, bound: Bound) -> str:
    """Source of a module whose ``band`` does some rows and columns of a pass; see `_cpu.CpuPass`."""
    rows = Rows(work, bound)
    ins = [f"in{n}" for n in range(len(rows.work.ins))]
    ins += ["flat"] if "rgb" in rows.work.ins else []
    arrays = [f"a{i}_{name}" for i, name in rows.bound.arrays]
    outs = [f"out{n}" for n in range(len(rows.work.outs))]
    counts = [f"counts{n}" for n in range(len(rows.work.tallies))]
    plain = ["rows", "cols", "first", "last", "left", "right", "deep", "near", "rings", "scratch", "wide"]
    plain += [*(name for name, _, _ in _buffers(rows)), "kf", "ki", *ins, *arrays, *outs, *counts]
    known = [*rows.bound.preamble(uniform=True), *_fixed(rows)]
    for place in range(sum(len(leg.keeps) for leg in rows.legs)):
        known += [f"first{place}, deep{place} = rings[{place}, 0], rings[{place}, 1]"]
    parts: list[str] = []
    calls: list[str] = []
    for n, leg in enumerate(rows.legs):
        body = _leg(rows, leg)
        # With what it looks at alone: half of the statements otherwise, and a fifth of the time to compile.
        body = [*needed(known, body), *body]
        there = names_in(body)
        call = f"leg{n}({', '.join(['top', 'bottom', *(name for name in plain if name in there)])})"
        calls += [call]
        # A function each: what LLVM does to one grows faster than its length (eleven legs: minutes and gigabytes).
        parts += [_LEG, f"def {call}:", *indented(body, 1), ""]
    # Early enough for the first leg's rows above the band.
    before = 2 * max(leg.halo for leg in rows.legs)
    lines = [_JIT, f"def band({', '.join(plain)}):", f"    for top in range(first - {before}, last, deep):"]
    lines += ["        bottom = min(top + deep, last)"]
    lines += indented(calls, 2)
    means = [_LEG, *_row_cells.function(rows)] if rows.work.small else []
    return "\n".join([*_HEADER, *rows.writer.helper_source(_INLINE), *means, *parts, *lines, ""])


def buffers(work: Pass, bound: Bound) -> list[tuple[str, int, str]]:
    """What a band is handed over besides its scratch: name, lines (0: one as long as a row of samples), dtype.

    Made outside: a loop that allocates nothing needs nothing of numba when it runs.
    """
    return _buffers(Rows(work, bound))


def _buffers(rows: Rows) -> list[tuple[str, int, str]]:
    found = []
    if cores := [len(leg.core.writes) for leg in rows.legs if leg.core and is_apart(leg)]:
        found += [("core", max(cores), "float32")]
    if rows.work.comes in PACKINGS:
        found += [("line", 0, "uint16")]
    planes = dict.fromkeys(plane for leg in rows.legs for plane in rows.planes_in(leg))
    found += [(f"split_{plane}", rows.period, "float32") for plane in planes]
    for n, slot in enumerate(rows.work.outs):
        if slot.name not in rows.work.small:
            found += [(f"woven{n}", rows.period * len(planes_of(slot)), slot.dtype)]
    found += _row_cells.buffers(rows)
    if count := max(max(rows.seen(leg).values(), default=-1) + 1 for leg in rows.legs):
        found += [("seen", count, "float32")]
    for n, tally in enumerate(rows.work.tallies):
        # Unsigned: below 0 numba's indices count from the end, which takes time to find out.
        found += [(f"bins{n}", rows.values_of(tally), kept_as(tally))]
    if rows.anywhere is not None and rows.anywhere.access is Access.WARP:
        found += [("far", 1, "int64"), ("parts", 2, "float32"), ("warped", len(rows.anywhere.reads), "float32")]
    return found


def _fixed(rows: Rows) -> list[str]:
    """Views that do not change from row to row."""
    lines: list[str] = []
    if rows.anywhere is not None:
        lines += [f"whole_{plane} = {_array(rows, plane)}" for plane in rows.anywhere.reads]
    if rows.anywhere is not None and rows.anywhere.access is Access.WARP:
        lines += ["moves, part_rows, part_cols = far[0], parts[0], parts[1]"]
    return lines


def _array(rows: Rows, plane: str) -> str:
    """The whole plane as the array that is looked into at computed places."""
    if plane in rows.work.ins:
        return f"in{rows.work.ins.index(plane)}"
    return f"in{rows.work.ins.index('rgb')}[:, :, {('red', 'green', 'blue').index(plane)}]"


def _leg(rows: Rows, leg: Leg) -> list[str]:
    """Loops that do one leg as far as the chunk needs it."""
    period, halo = rows.period, leg.halo
    site = [f"lo, hi = max(left - {halo}, 0), min(right + {halo}, (cols - pc + {period - 1}) // {period})"]
    site += ["n, base = uint64(max(hi - lo, 0)), lo - left"]
    site += computed(rows, leg)
    site += [*ends(rows, leg), *tallied(rows, leg)]
    here = [f"site = {period} * pr + pc"] if period > 1 else ["site = 0"]
    site = [*here, *needed(rows.bound.hoisted(rows.sites), site), *site]
    row = [f"row = {period} * y + pr", "if 0 <= row < rows:"]
    row += indented([*unpacked(rows, leg), *parted(rows, leg), *begun(rows, leg)], 1)
    row += indented([f"for pc in range({period}):", *indented(site, 1)], 1)
    row += indented([*averaged(rows, leg), *woven(rows, leg)], 1)
    lines = [f"for y in range(max(top + {halo}, first - {halo}), bottom + {halo}):"]
    return lines + indented([f"for pr in range({period}):", *indented(row, 1)], 1)
