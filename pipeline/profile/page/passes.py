"""Passes and stages of a profile as tables: all their figures."""

from __future__ import annotations

from tenbit.pipeline.profile.page.figures import interval
from tenbit.pipeline.profile.page.markup import Markup
from tenbit.pipeline.profile.page.places import Told
from tenbit.pipeline.profile.page.roofline import share_of_roof
from tenbit.pipeline.profile.page.tables import Cell, number, table
from tenbit.pipeline.profile.parts import PassProfile


def passes(one: Told) -> Markup:
    profile = one.profile
    columns = ("pass", "steps", "access", "rows × cols", "ms", "low", "high", "CPU ms", "MB in", "MB out", "GB/s",
               "copy, %", "Mop", "Gop/s", "arith., %", "op/B", "roof, %")  # fmt: skip
    rows = []
    for n, each in enumerate(profile.passes, 1):
        found, timing = interval(each.timing.wall_s), each.timing
        rows.append([
            Cell(str(n), n), Cell(_short_steps(each), tip=each.label), Cell(each.access),
            Cell(f"{each.rows} × {each.cols}", each.rows * each.cols), number(timing.median_s, 1e3),
            number(found and found.low, 1e3), number(found and found.high, 1e3), number(timing.median_cpu_s, 1e3),
            number(each.bytes_read, 1e-6), number(each.bytes_written, 1e-6), number(each.bytes_per_s, 1e-9),
            number(each.bytes_per_s / profile.ceilings.copy_bytes_per_s, 100), number(each.operations, 1e-6),
            number(each.operations_per_s, 1e-9),
            number(each.operations_per_s / profile.ceilings.operations_per_s, 100), number(each.intensity),
            number(share_of_roof(profile, each), 100),
        ])  # fmt: skip
    caption = f"Passes of {one.name}; low and high: of the median's 95 % interval, ms; %: of what is possible"
    return table(caption, columns, rows, name=f"{one.ident}-passes")


def _short_steps(each: PassProfile) -> str:
    names = list(dict.fromkeys(step.partition(".")[0] for step in each.steps))
    if len(names) <= 4:
        return " + ".join(names)
    return f"{' + '.join(names[:2])} + … + {names[-1]} ({len(each.steps)} steps)"


def stages(one: Told) -> Markup:
    rows = []
    for n, each in enumerate(one.profile.passes, 1):
        for share in each.shares:
            found, median = interval(share.timing.wall_s), share.timing.median_s
            rate = share.operations / median if share.operations and median > 0 else None
            rows.append([
                Cell(str(n), n), Cell(share.name), number(median, 1e3), number(found and found.low, 1e3),
                number(found and found.high, 1e3), number(median / each.timing.median_s, 100),
                number(share.operations or None, 1e-6), number(rate, 1e-9),
            ])  # fmt: skip
    if not rows:
        return Markup()
    columns = ("pass", "stage", "ms, estimated", "low", "high", "of the pass, %", "Mop", "Gop/s")
    return table(f"Stages of {one.name}: estimates", columns, rows, name=f"{one.ident}-shares")
