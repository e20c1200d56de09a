"""Cells on the way through a row of the CPU: rows added up into lines of sums, and at a cell's last row the means.

The sums are those of `_cells.mean`, in its order. A line of sums per CFA column; rows that are in no cell, or another
band's, are added to a line that nobody reads, so that the loop over a row need not ask.
"""

from __future__ import annotations

from tenbit.kernels._legs import Leg
from tenbit.kernels._rows import Rows
from tenbit.kernels._source import indented
from tenbit.kernels._stage import Access, Step

# Sides of cells whose means are made by whole vectors: of pictures from 4 to 60 megapixels (4096 columns in cells of 3:
# 0.85 to 0.07 ns a column).
_SIDES = (2, 3, 4, 5, 6)


def _made(rows: Rows, leg: Leg) -> list[tuple[int, Step, list[tuple[str, str]]]]:
    """Steps of a leg that make cells: number in the pass, step, and what it averages into what is written."""
    names = {slot.name for slot in rows.work.outs}
    made = []
    for step in leg.steps:
        if step.access is not Access.CELLS:
            continue
        if pairs := [(a, b) for a, b in zip(step.reads, step.writes, strict=True) if b in names]:
            made.append((rows.work.steps.index(step), step, pairs))
    return made


def buffers(rows: Rows) -> list[tuple[str, int, str]]:
    """Name, lines and dtype of the sums."""
    made = [one for leg in rows.legs for one in _made(rows, leg)]
    lines = [(f"cells{number}", (rows.period + 1) * len(pairs), "float32") for number, _, pairs in made]
    return [*lines, ("sums", 0, "float32")] if made and rows.period > 1 else lines


def begun(rows: Rows, leg: Leg) -> list[str]:
    """Lines before a row: which row of which cell it is, and sums that begin at 0."""
    lines: list[str] = []
    for number, _, pairs in _made(rows, leg):
        cell = rows.bound.expression(number, "cell", "0")
        high = f"out{_slot(rows, pairs[0][1])}.shape[0]"
        lines += [f"below{number}, within{number} = row // {cell}, row % {cell}"]
        lines += [f"counts_{number} = first <= y < last and below{number} < {high}"]
        lines += [f"if counts_{number} and within{number} == 0:", f"    for total in range({_lines(rows, pairs)}):"]
        lines += [f"        zeroed = cells{number}[total]", "        for x in range(uint64(len(zeroed))):"]
        lines += ["            zeroed[x] = f32(0.0)"]
    return lines


def added(rows: Rows, leg: Leg, step: Step, values: dict[str, str]) -> tuple[list[str], list[str]]:
    """Lines at one pixel, and the lines of sums that they add to."""
    inner, sinks = [], []
    for number, other, pairs in _made(rows, leg):
        if other is not step:
            continue
        for n, (plane, _) in enumerate(pairs):
            line, first = f"e{number}_{n}", (rows.period + 1) * n
            sinks += [f"{line} = cells{number}[{first} + (pc if counts_{number} else {rows.period})]"]
            inner += [f"{line}[x] = {line}[x] + {values[plane]}"]
    return inner, sinks


def averaged(rows: Rows, leg: Leg) -> list[str]:
    """Lines behind a row: the means of the cells that it is the last row of."""
    lines: list[str] = []
    period = rows.period
    for number, _, pairs in _made(rows, leg):
        cell, high, wide, share = (rows.bound.expression(number, k, "0") for k in ("cell", "rows", "cols", "share"))
        outs = [f"out{_slot(rows, plane)}" for _, plane in pairs]
        inner = [f"from_cell, lo = {period} * left // {cell}, max(left - {leg.halo}, 0)"]
        inner += [f"to_cell = {outs[0]}.shape[1] if {period} * right >= cols else {period} * right // {cell}"]
        for n, out in enumerate(outs):
            first, sums = (period + 1) * n, f"cells{number}[{(period + 1) * n}]"
            if period > 1:
                inner += [f"e{k} = cells{number}[{first + k}]" for k in range(period)]
                inner += [f"for x in range(uint64(min(right + {leg.halo}, (cols + {period - 1}) // {period}) - lo)):"]
                inner += [f"    sums[uint64({period}) * x + uint64({k})] = e{k}[x]" for k in range(period)]
                sums = "sums"
            sums += f"[from_cell * {cell} - {period} * lo :]"
            inner += [f"means({sums}, {out}[below{number}, from_cell:to_cell], {cell}, {wide}, {share})"]
        lines += [f"if counts_{number} and within{number} == {high} - 1:", *indented(inner, 1)]
    return lines


def function(rows: Rows) -> list[str]:
    """Source of ``means``: those of a line of sums. Steps of a width that is known make whole vectors."""
    lines = ["def means(sums, out, cell, wide, share):", "    n = uint64(len(out))"]
    for side in _SIDES:
        total = " + ".join(["f32(0.0)", *(f"sums[uint64({side}) * x + uint64({d})]" for d in range(side))])
        lines += [f"    {'el' if side != _SIDES[0] else ''}if cell == wide == {side}:"]
        lines += ["        for x in range(n):", f"            out[x] = ({total}) * share"]
    rest = ["out[:] = f32(0.0)", "for d in range(uint64(wide)):", "    for x in range(n):"]
    rest += [
        "        out[x] = out[x] + sums[uint64(cell) * x + d]",
        "for x in range(n):",
        "    out[x] = out[x] * share",
    ]
    return [*lines, "    else:", *indented(rest, 2), ""]


def _slot(rows: Rows, plane: str) -> int:
    return next(n for n, slot in enumerate(rows.work.outs) if slot.name == plane)


def _lines(rows: Rows, pairs: list[tuple[str, str]]) -> int:
    return (rows.period + 1) * len(pairs)
