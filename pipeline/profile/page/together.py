"""Several profiles side by side."""

from __future__ import annotations

from collections.abc import Sequence

from tenbit.pipeline.profile.page.bars import bars
from tenbit.pipeline.profile.page.figures import digits, interval, milliseconds, spread
from tenbit.pipeline.profile.page.markup import Markup, element, figure
from tenbit.pipeline.profile.page.places import Told
from tenbit.pipeline.profile.page.scaling import SCALES, Series, Size, scaling
from tenbit.pipeline.profile.page.tables import Cell, number, table
from tenbit.pipeline.profile.page.times import bar


def together(every: Sequence[Told]) -> list[Markup]:
    """Several profiles side by side, and by size where a chain was timed at several; nothing of one."""
    if len(every) < 2:
        return []
    rows = [bar(one.name, one.profile.frame_timing, n) for n, one in enumerate(every)]
    chart = bars(rows, "median time of a frame, ms; the whisker is its 95 % interval", digits, hatch="all-hatch")
    parts = [figure("Frames", chart.markup("all-frames", "Time of a frame", "A bar per profile."), "")]
    found: dict[str, list[Told]] = {}
    for one in every:
        who = one.profile
        found.setdefault(" · ".join((who.name, who.device, f"{who.threads} threads")), []).append(one)
    series: list[Series] = []
    for name, some in found.items():
        if len({one.profile.megapixels for one in some}) > 1:
            series.append(Series(name, len(series), [_size(one) for one in some]))
    if series:
        chart = scaling(series)
        about = "Time per megapixel over the size of the frame."
        parts.append(figure("By size", chart.markup("all-sizes", "Time by size", about), SCALES))
    return [element("section", element("h2", "Together"), element("div", *parts, class_="figures"), _compared(every),
                    id="together")]  # fmt: skip


def _size(one: Told) -> Size:
    timing, megapixels = one.profile.frame_timing, one.profile.megapixels
    found = interval(timing.wall_s)
    took = f"{milliseconds(timing.median_s)} a frame of {digits(megapixels)} MP"
    tip = f"{one.name}\n{took}\n95 % interval {spread(timing)}"
    return Size(megapixels, timing.median_s, found and found.low, found and found.high, tip)


def _compared(every: Sequence[Told]) -> Markup:
    columns = (
        "profile",
        "frame",
        "MP",
        "ms",
        "low",
        "high",
        "MP/s",
        "passes",
        "peak MiB",
        "first, s",
        "host, ms",
    )
    rows = []
    for one in every:
        who, found = one.profile, interval(one.profile.frame_timing.wall_s)
        median = who.frame_timing.median_s
        rows.append([
            Cell(one.name), Cell(str(who.frame.get("name", ""))), number(who.megapixels), number(median, 1e3),
            number(found and found.low, 1e3), number(found and found.high, 1e3), number(who.megapixels / median),
            Cell(str(len(who.passes)), len(who.passes)), number(who.peak_bytes, 2**-20), number(who.first.frame_s),
            number(who.host_timing.median_s, 1e3),
        ])  # fmt: skip
    return table("Profiles; low and high: of the median's 95 % interval, ms", columns, rows, name="all-profiles")
