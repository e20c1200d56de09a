"""Speed against quality, and time against size."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from tenbit.pipeline.profile.page.drawing import COLOURS, LINE, SIZE, WIDE, Drawing, Spot
from tenbit.pipeline.profile.page.figures import cut, digits
from tenbit.pipeline.profile.page.labels import Room
from tenbit.pipeline.profile.page.points import Points, Quality, Row, front, known
from tenbit.pipeline.profile.page.scales import Axis, Scale, around

TOP, BOTTOM, LEFT, RIGHT = 34.0, 372.0, 66.0, WIDE - 14
RADIUS = 5.5
_MOST_NAME = 260.0  # px that a name may take
LOG_FROM = 5.0  # of the largest to the smallest: an axis of more is logarithmic


def point_tip(points: Points, row: Row) -> str:
    """All figures of a point, in lines."""
    lines = [points.label(row)]
    lines.append(f"{digits(row['mp_per_s'])} MP/s, {digits(row['median_s'] * 1e3)} ms a frame")
    if row.get("low_s") is not None:
        lines.append(f"95 % interval {digits(row['low_s'] * 1e3)} to {digits(row['high_s'] * 1e3)} ms")
    if row.get("is_conclusive") is False:
        lines.append("the interval is too wide to conclude")
    has = [one for one in points.qualities if row.get(one.column) is not None]
    lines += [f"{one.name} {digits(row[one.column])} {one.unit}".rstrip() for one in has]
    return "\n".join(lines)


def scatter(points: Points, rows: Sequence[Row], quality: Quality) -> Drawing | None:
    """Points of one picture by speed and quality; those on the front are named, the others paler.

    None where no point has that quality.
    """
    shown = known(rows, quality)
    if not shown:
        return None
    speeds = [row["mp_per_s"] for row in shown]
    is_log = max(speeds) / min(speeds) > LOG_FROM
    across = Scale(*around(speeds, is_log=is_log, margin=0.1), LEFT, RIGHT, is_log)
    low, high = around([row[quality.column] for row in shown], is_log=False, margin=0.12)
    up = Scale(*((high, low) if quality.is_less_better else (low, high)), BOTTOM, TOP)
    drawing = Drawing(BOTTOM + 2 * LINE + 12)
    direction = " (less is better: the axis is turned)" if quality.is_less_better else " (more is better)"
    drawing.axes(Axis(across, "speed, MP/s", digits), Axis(up, quality.title + direction, digits))
    if points.series:
        entries = [(n, str(value)) for n, value in enumerate(points.values(points.series))]
        drawing.tall = drawing.legend(entries, LEFT, drawing.tall + LINE) - LINE + 6
    best = front(shown, quality)
    spots = {id(row): (across.at(row["mp_per_s"]), up.at(row[quality.column])) for row in shown}
    room = Room((LEFT + 3, TOP + 2, RIGHT - 2, BOTTOM - 3))
    for row in shown:
        room.take_dot(spots[id(row)], RADIUS)
        room.take_line(_whisker(row, spots[id(row)], across) or (), half_px=2)
    steps = _steps([spots[id(row)] for row in best])
    drawing.path(steps, "front")
    room.take_line(steps, half_px=2)
    # Paler ones first, so that the front lies on top; named last, when all dots have their room.
    for row in sorted(shown, key=lambda row: row in best):
        _point(drawing, room, points, row, spots[id(row)], across, is_best=row in best)
    return drawing


def _point(
    drawing: Drawing, room: Room, points: Points, row: Row, spot: Spot, across: Scale, *, is_best: bool
) -> None:  # fmt: skip
    inner = drawing.inner()
    if ends := _whisker(row, spot, across):
        inner.line(*ends, f"whisker own c{points.number(row) % COLOURS}{'' if is_best else ' pale'}")
    hollow = " hollow" if row.get("is_conclusive") is False else ""
    inner.dot(spot, RADIUS, points.number(row), ("" if is_best else "pale") + hollow)
    if is_best:
        shorter = [*points.content, *(axis for axis in points.axes if axis != points.series)]
        # The legend tells the series, and the tip all of it, where there is no room.
        for without in (points.content, shorter):
            if room.name(inner, spot, RADIUS, cut(points.label(row, without=without), _MOST_NAME, SIZE)):
                break
    drawing.mark(point_tip(points, row), inner)


def _whisker(row: Row, spot: Spot, across: Scale) -> tuple[Spot, Spot] | None:
    """Ends of a point's interval, inside the chart; None where it is not known."""
    if not row.get("low_s") or not row.get("high_s"):
        return None
    speeds = [row["megapixels"] / row[name] for name in ("high_s", "low_s")]
    first, last = (across.at(min(max(speed, across.low), across.high)) for speed in speeds)
    return (first, spot[1]), (last, spot[1])


def _steps(spots: Sequence[Spot]) -> list[Spot]:
    """The front: the best that is to be had at a speed or above it; ``spots`` from the fastest on."""
    line = [(spots[0][0], BOTTOM), spots[0]]
    for (_, row), (to_col, to_row) in itertools.pairwise(spots):
        line += [(to_col, row), (to_col, to_row)]
    return [*line, (LEFT, spots[-1][1])]
