"""Horizontal bars: one of segments that add up, and one per row with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tenbit.pipeline.profile.page.drawing import COLOURS, LINE, SIZE, WIDE, Drawing
from tenbit.pipeline.profile.page.figures import cut, text_px
from tenbit.pipeline.profile.page.markup import Markup, element
from tenbit.pipeline.profile.page.scales import Axis, Scale

_TALL = 24.0  # px of a row
_MOST_NAME = 250.0  # px that names may take
_BOLD = 1.1  # bold type beside plain


@dataclass(frozen=True)
class Bar:
    """A row of a chart of bars.

    Parameters
    ----------
    name : str
        Cut where it is long.
    value : float
        What the axis shows; below 0 it goes to the left.
    tip : str
        All that is known of it; lines.
    low, high : float or None
        Where the value lies: whiskers.
    colour : int
        Of the series.
    is_estimated : bool
        Hatched.
    is_inner : bool
        A part of the row above: set in and thinner.
    told : str
        The value as it stands behind the bar.
    """

    name: str
    value: float
    tip: str = ""
    low: float | None = None
    high: float | None = None
    colour: int = 0
    is_estimated: bool = False
    is_inner: bool = False
    told: str = ""


@dataclass(frozen=True)
class Segment:
    """A part of a whole."""

    name: str
    value: float
    tip: str
    colour: int


def bars(rows: Sequence[Bar], title: str, told: Callable[[float], str], *, hatch: str = "hatch") -> Drawing:
    """A bar per row over one axis.

    Parameters
    ----------
    rows : sequence of Bar
    title : str
        Of the axis, with its unit.
    told : callable
        Text of a tick.
    hatch : str
        Name of the pattern of estimates: of a page, every chart has its own.
    """
    drawing = Drawing(len(rows) * _TALL + 2 * LINE + 10)
    drawing.parts.append(_hatch(hatch))
    indent = 14.0
    wanted = [_name_px(row) + indent * row.is_inner for row in rows]
    left = min(_MOST_NAME, max(wanted, default=0)) + 12
    behind = max((text_px(row.told, SIZE) for row in rows), default=0) + 12
    reach = [one for row in rows for one in (row.value, row.low, row.high) if one is not None]
    low, high = min([0.0, *reach]), max([0.0, *reach])
    high = high if high > low else low + 1.0
    axis = Axis(Scale(low, high, left, WIDE - behind), title, told)
    top, bottom = 2.0, 2.0 + len(rows) * _TALL
    for value in axis.scale.ticks():
        col = axis.scale.at(value)
        drawing.line((col, top), (col, bottom), "grid")
        drawing.text((col, bottom + LINE - 2), told(value), "soft", anchor="middle")
    drawing.text(((left + WIDE - behind) / 2, bottom + 2 * LINE), title, anchor="middle")
    for n, row in enumerate(rows):
        _row(drawing, row, axis.scale, top + n * _TALL, left, indent if row.is_inner else 0.0, hatch)
    zero = axis.scale.at(0)
    drawing.line((zero, top), (zero, bottom), "axis")
    return drawing


def _name_px(row: Bar) -> float:
    return text_px(row.name, SIZE) * (1 if row.is_inner else _BOLD)


def _row(drawing: Drawing, row: Bar, scale: Scale, top: float, left: float, indent: float, hatch: str) -> None:
    inset = 5.0 if row.is_inner else 3.0
    middle = top + _TALL / 2
    first, last = sorted((scale.at(0), scale.at(row.value)))
    name = cut(row.name, (left - 12 - indent) / (1 if row.is_inner else _BOLD), SIZE)
    drawing.text((indent, middle + SIZE / 3), name, "soft" if row.is_inner else "strong", full=row.name)
    inner = drawing.inner()
    look = f"c{row.colour % COLOURS} {'faint' if row.is_estimated else 'bar'}"
    inner.box(first, top + inset, max(last - first, 0.75), _TALL - 2 * inset, look)
    if row.is_estimated:
        hatched = f"url(#{hatch})"
        inner.box(first, top + inset, max(last - first, 0.75), _TALL - 2 * inset, "hatched", fill=hatched)
    end = last
    if row.low is not None and row.high is not None:
        ends = scale.at(row.low), scale.at(row.high)
        end = max(last, *ends)
        inner.line((ends[0], middle), (ends[1], middle), "whisker")
        for col in ends:
            inner.line((col, middle - 4), (col, middle + 4), "whisker")
    inner.text((end + 6, middle + SIZE / 3), row.told)
    drawing.mark(row.tip or f"{row.name}: {row.told}", inner)


def segments(
    parts: Sequence[Segment], title: str, told: Callable[[float], str], short: Callable[[float], str]
) -> Drawing:
    """One bar of parts that add up, with their names below.

    Parameters
    ----------
    parts : sequence of Segment
        Those below 0 take no room.
    title : str
        Of the axis, with its unit.
    told, short : callable
        Text of a tick; of a value where there is room for it inside a part.
    """
    shown = [part for part in parts if part.value > 0]
    drawing = Drawing(0)
    total = sum(part.value for part in shown) or 1.0
    scale = Scale(0, total, 8, WIDE - 40)
    tall, top = 40.0, 2.0
    at = 0.0
    for value in scale.ticks():
        col = scale.at(value)
        drawing.line((col, top), (col, top + tall + 5), "grid")
        drawing.text((col, top + tall + LINE), told(value), "soft", anchor="middle")
    for part in shown:
        first, last = scale.at(at), scale.at(at + part.value)
        inner = drawing.inner()
        inner.box(first, top, last - first, tall, f"c{part.colour % COLOURS} bar part")
        if text_px(short(part.value), SIZE) + 8 < last - first:
            inner.text(((first + last) / 2, top + tall / 2 + SIZE / 3), short(part.value), "on", anchor="middle")
        drawing.mark(part.tip, inner)
        at += part.value
    drawing.text(((8 + WIDE - 40) / 2, top + tall + 2 * LINE + 2), title, anchor="middle")
    drawing.tall = _swatches(drawing, parts, top + tall + 3 * LINE + 12) - LINE + 8
    return drawing


def _swatches(drawing: Drawing, parts: Sequence[Segment], row: float) -> float:
    col = 8.0
    for part in parts:
        name = cut(part.name, WIDE - 40, SIZE)
        needs = 20 + text_px(name, SIZE) + 16
        if col > 8 and col + needs > WIDE:
            col, row = 8.0, row + LINE + 2
        drawing.box(col, row - SIZE + 2, 13, 13, f"c{part.colour % COLOURS} bar")
        drawing.text((col + 19, row), name, full=part.name)
        col += needs
    return row + LINE + 2


def _hatch(name: str) -> Markup:
    stripe = element("line", class_="stripe", x1=0, y1=0, x2=0, y2=7)
    return element(
        "defs",
        element("pattern", stripe, id=name, width=7, height=7, patternUnits="userSpaceOnUse",
                patternTransform="rotate(45)"),
    )  # fmt: skip
