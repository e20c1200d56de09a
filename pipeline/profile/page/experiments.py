"""What a page says of an experiment: speed against quality, scaling, all points as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenbit.pipeline.profile.page.bars import Bar, bars
from tenbit.pipeline.profile.page.figures import digits
from tenbit.pipeline.profile.page.markup import Markup, element, figure
from tenbit.pipeline.profile.page.points import Points, Quality, Row, front, grouped
from tenbit.pipeline.profile.page.scaling import SCALES, Series, Size, scaling
from tenbit.pipeline.profile.page.scatter import point_tip, scatter
from tenbit.pipeline.profile.page.tables import Cell, facts, number, table

_MOST_CHARTS = 40  # of one kind: a page stays small
_MOST_BARS = 40
_MOST_NOTES = 6
_Chart = tuple[Markup, dict[str, str]]
"""With what it differs in from the others of its figure."""
_HOSTS = ("machine", "cores", "host", "device", "tenbit", "python", "numpy", "numba", "commit")


def section(ident: str, points: Points) -> Markup:
    """All of an experiment."""
    done = points.done
    failed = sum(row.get("status") == "failed" for row in points.rows)
    wide = sum(row.get("is_conclusive") is False for row in done)
    warnings = [text for text in (
        f"{failed} of {len(points.rows)} points failed; the table says why." if failed else "",
        f"{wide} of {len(done)} points have an interval too wide to conclude: hollow dots, wide in the table."
        if wide else "",
        *_notes(points),
    ) if text]  # fmt: skip
    kinds = [_qualities(ident, points), _sizes(ident, points)] if done else []
    if done and not any(kinds):
        kinds = [_times(ident, points)]
    varied = ", ".join(f"{axis} ({len(points.values(axis))})" for axis in points.axes)
    measured = [
        ("varied", varied),
        *((name, _value(value).text) for name, value in points.fixed.items() if name not in _HOSTS),
        *((name, ", ".join(values)) for name in _HOSTS if (values := _all(points, name))),
    ]
    return element(
        "section", element("h2", f"Experiment {points.name}"),
        element("p", f"{len(points.rows)} points, {len(done)} of them timed", class_="soft"),
        element("ul", *(element("li", text) for text in warnings), class_="warnings") if warnings else Markup(),
        element("div", *kinds, class_="figures"), _table(ident, points), element("h3", "What was measured"),
        facts(measured), id=ident,
    )  # fmt: skip


def _notes(points: Points) -> list[str]:
    """What points note, each once; the first of many."""
    every = list(dict.fromkeys(row["notes"] for row in points.rows if row.get("notes")))
    left_out = len(every) - _MOST_NOTES
    return every[:_MOST_NOTES] + ([f"… and {left_out} more notes"] if left_out > 0 else [])


def _all(points: Points, name: str) -> list[str]:
    return [str(value) for value in dict.fromkeys(row.get(name) for row in points.rows) if value not in (None, "")]


def _qualities(ident: str, points: Points) -> Markup:
    """A chart per measure of quality and per picture, chosen by buttons; nothing where no quality was asked for."""
    pictures = grouped(points.done, points.content)
    every = [(quality, name, rows) for quality in points.qualities for name, rows in pictures.items()]
    charts: list[_Chart] = []
    for quality, name, rows in every[:_MOST_CHARTS]:
        if drawing := scatter(points, rows, quality):
            title = f"{quality.name} over speed{', ' + name if name else ''}"
            about = f"A dot per point. Nothing is faster and better at once than: {_best(points, rows, quality)}."
            chart = drawing.markup(f"{ident}-q{len(charts)}", title, about)
            charts.append((chart, {"quality": quality.name, "picture": name}))
    caption = (
        "A dot per point; the line is the Pareto front: nothing else is faster and better at once; what it beats is "
        "paler. Quality is compared within one picture. Hollow: the interval is too wide to conclude."
    )
    return _chosen("Speed against quality", charts, caption, len(every) - _MOST_CHARTS)


def _best(points: Points, rows: Sequence[Row], quality: Quality) -> str:
    return "; ".join(points.label(row, without=points.content) or "the only point" for row in front(rows, quality))


def _sizes(ident: str, points: Points) -> Markup:
    """A chart per combination of what neither the size nor the series is; nothing where sizes do not vary."""
    if len({row["megapixels"] for row in points.done}) < 2:
        return Markup()
    others = [axis for axis in points.axes if axis not in ("frame", points.series)]
    charts: list[_Chart] = []
    every = grouped(points.done, others)
    for name, rows in list(every.items())[:_MOST_CHARTS]:
        lines = grouped(rows, [points.series] if points.series else [])
        series = [
            Series(line or str(some[0]["chain"]), points.number(some[0]), [_size(points, row) for row in some])
            for line, some in lines.items()
        ]
        about = "Time per megapixel over the size of the frame, a line per series."
        title = f"Time by size{', ' + name if name else ''}"
        charts.append((scaling(series).markup(f"{ident}-s{len(charts)}", title, about), {"of": name}))
    return _chosen("By size", charts, SCALES, len(every) - _MOST_CHARTS)


def _size(points: Points, row: Row) -> Size:
    return Size(row["megapixels"], row["median_s"], row.get("low_s"), row.get("high_s"), point_tip(points, row))


def _times(ident: str, points: Points) -> Markup:
    """The fastest points as bars: where there is neither quality nor size to show them by."""
    fastest = sorted(points.done, key=lambda row: float(row["median_s"]))[:_MOST_BARS]
    rows = []
    for row in fastest:
        low, high = (row[name] * 1e3 if row.get(name) is not None else None for name in ("low_s", "high_s"))
        value, colour = row["median_s"] * 1e3, points.number(row)
        rows.append(Bar(points.label(row), value, point_tip(points, row), low, high, colour, told=digits(value)))
    chart = bars(rows, "median time of a frame, ms; the whisker is its 95 % interval", digits, hatch=f"{ident}-hatch")
    more = f"The fastest {_MOST_BARS} of {len(points.done)}." if len(points.done) > _MOST_BARS else ""
    return figure("Points", chart.markup(f"{ident}-times", "Time of a frame", "A bar per point."), more)


def _chosen(title: str, charts: Sequence[_Chart], caption: str, left_out: int) -> Markup:
    """Charts of which one is seen at a time: a row of buttons for each of what they differ in."""
    if not charts:
        return Markup()
    rows = []
    for key in charts[0][1]:
        names = list(dict.fromkeys(which[key] for _, which in charts))
        if len(names) > 1:
            buttons = (element("button", name, type="button", aria_pressed="false") for name in names)
            rows.append(element("div", *buttons, class_="choose", role="group", aria_label=key))
    shown = []
    for chart, which in charts:
        name = " · ".join(filter(None, which.values()))
        choices = [value for key, value in which.items() if len({other[key] for _, other in charts}) > 1]
        shown.append(element("div", element("h4", name), chart, class_="choice", data_choice="\n".join(choices)))
    if left_out > 0:
        caption += f" {left_out} more charts are left out; the table has all points."
    return element(
        "figure", element("h3", title), *rows, *shown, element("figcaption", caption),
        class_="choices" if rows else None,
    )  # fmt: skip


def _table(ident: str, points: Points) -> Markup:
    best = {id(row) for quality in points.qualities for some in grouped(points.done, points.content).values()
            for row in front(some, quality)}  # fmt: skip
    figures: list[tuple[str, str, float]] = [
        ("ms", "median_s", 1e3), ("low", "low_s", 1e3), ("high", "high_s", 1e3), ("MP/s", "mp_per_s", 1),
        ("of baseline", "ratio", 1), ("ratio low", "ratio_low", 1), ("ratio high", "ratio_high", 1),
        *((one.short, one.column, 1) for one in points.qualities),
        ("CPU ms", "cpu_s", 1e3), ("first, s", "first_s", 1), ("MP", "megapixels", 1), ("passes", "passes", 1),
        ("plan MiB", "planned_bytes", 2**-20), ("rounds", "rounds", 1),
    ]  # fmt: skip
    figures = [one for one in figures if any(row.get(one[1]) is not None for row in points.rows)]
    marks = ["front"] if best else []
    columns = [*points.axes, "status", *marks, *(name for name, _, _ in figures)]
    rows = []
    for row in points.rows:
        cells = [*(_value(row[axis]) for axis in points.axes), _status(row)]
        cells += [Cell("●" if id(row) in best else "", 1.0 if id(row) in best else 0.0)] if marks else []
        rows.append([*cells, *(number(row.get(column), factor) for _, column, factor in figures)])
    caption = f"Points of {points.name}; low and high: of the median's 95 % interval, ms"
    return table(caption + ("; front: nothing is faster and better at once, by some measure" if best else ""),
                 columns, rows, name=f"{ident}-points")  # fmt: skip


def _value(value: Any) -> Cell:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Cell(digits(value) if isinstance(value, float) else str(value), value)
    return Cell("–" if value is None else str(value).lower() if isinstance(value, bool) else str(value))


def _status(row: Row) -> Cell:
    if row.get("status") != "done":
        return Cell(f"{row.get('status')}: {row.get('error') or ''}".rstrip(": "), look="wrong")
    if row.get("is_conclusive") is False:
        return Cell("wide", tip="The interval is too wide to conclude.", look="wrong")
    return Cell("done")
