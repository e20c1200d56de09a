"""What follows a row of the CPU: edges for those who read around their pixels, counts, and the way to memory."""

from __future__ import annotations

from tenbit.kernels._bound import HOISTED
from tenbit.kernels._legs import Leg, planes_of
from tenbit.kernels._rows import Rows, tables
from tenbit.kernels._source import called, indented, mirror
from tenbit.kernels._stage import Access, Step

# A REDUCE of so few counters is counted by comparing, which vectorises; others by raising one counter after another.
_FEW = 4


def ends(rows: Rows, leg: Leg) -> list[str]:
    """Columns beyond the frame's edges, of the planes that others read around their pixels."""
    lines: list[str] = []
    period, index = rows.period, rows.legs.index(leg)
    for plane in leg.keeps:
        lines += [f"kept = {rows.kept(index, plane)} - left + {rows.margin}"]
        for span in (f"left - {leg.halo}, 0", f"(cols - pc + {period - 1}) // {period}, right + {leg.halo}"):
            lines += [f"for e in range({span}):"]
            mirrored = f"{called(mirror)}({period} * e + pc, cols, {period}) // {period}"
            lines += [f"    scratch[uint64(kept + e)] = scratch[uint64(kept + {mirrored})]"]
    return lines


def tallied(rows: Rows, leg: Leg) -> list[str]:
    """Counters raised for the pixels of a row that are the band's own."""
    lines: list[str] = []
    for number, step in enumerate(leg.steps):
        if step.access is not Access.REDUCE:
            continue
        counted = _counted(rows, step)
        if step.is_sampled:
            every = rows.bound.expression(rows.work.steps.index(step), "every", "0")
            counted = [f"if row % {every} == 0:", *indented([*_binned(rows, leg, number), *counted], 1)]
        lines += counted
    return ["if first <= y < last and hi > left:", *indented(lines, 1)] if lines else []


def _binned(rows: Rows, leg: Leg, number: int) -> list[str]:
    """A row's counters of a step that leaves rows out, found by a loop of its own from what it looks at."""
    step, seen = leg.steps[number], rows.seen(leg)
    tally = rows.work.tallies.index(step)
    lines = [f"l{line} = seen[{line}]" for line in sorted({seen[number, plane] for plane in step.reads})]
    values = {plane: f"l{seen[number, plane]}[x]" for plane in step.reads}
    body, out = rows.writer.paste(step, values=values, site=HOISTED)
    inner = [f"col = int64(uint64({rows.period}) * x) + ({rows.period} * lo + pc)", *body]
    for n, name in enumerate(out):
        lines += [f"b{tally}_{n} = bins{tally}[{n}]"]
        inner += [raised(step, f"b{tally}_{n}", name)]
    return [*lines, "for x in range(n):", *indented(inner, 1)]


def raised(step: Step, line: str, index: str) -> str:
    """The statement that keeps the index of a counter to raise; below 0 is as far beyond the last as can be."""
    return f"{line}[x] = {kept_as(step)}(min(uint32({index}), uint32({step.counters})))"


def kept_as(step: Step) -> str:
    """The dtype of the lines that hold indices of counters: as narrow as may be, one more than the counters."""
    return "uint8" if step.counters < 2**8 else "uint16" if step.counters < 2**16 else "uint32"


def _counted(rows: Rows, step: Step) -> list[str]:
    """A row's own counters raised.

    Values of a pixel take turns, and pixels beside each other have tables of their own: equal neighbours need not wait
    for each other's counter to come back from memory.
    """
    tally, several = rows.work.tallies.index(step), range(rows.values_of(step))
    lines = [f"own{n} = bins{tally}[{n}, left - lo : min(right, hi) - lo]" for n in several]
    if step.counters <= _FEW:
        for n in several:
            for counter in range(step.counters):
                lines += ["total = uint32(0)", f"for x in range(uint64(len(own{n}))):"]
                lines += [
                    f"    total = uint32(total + (own{n}[x] == {counter}))",
                    f"counts{tally}[0, {counter}] += total",
                ]
        return lines
    count = tables(step, len(several))
    lines += [f"table{n} = counts{tally}[{n}]" for n in range(count)]
    lines += [f"for x in range(uint64(len(own0) // {count})):"]
    for pixel in range(count):
        lines += [f"    table{pixel}[own{n}[uint64({count}) * x + uint64({pixel})]] += uint32(1)" for n in several]
    if count > 1:
        lines += [f"for x in range(uint64(len(own0) // {count} * {count}), uint64(len(own0))):"]
        lines += [f"    table0[own{n}[x]] += uint32(1)" for n in several]
    return lines


def woven(rows: Rows, leg: Leg) -> list[str]:
    """The band's own part of a row of results, from a line per site and plane to how it lies in memory."""
    lines: list[str] = []
    period = rows.period
    for slot in leg.slots:
        number, count = rows.work.outs.index(slot), len(planes_of(slot))
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
