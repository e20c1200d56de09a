"""The roofline: how near each pass comes to what this machine can do at best.

After Williams, Waterman and Patterson, "Roofline: an insightful visual performance model", CACM 52(4), 2009.
"""

from __future__ import annotations

import math

from tenbit.pipeline.profile.page.drawing import LINE, SIZE, WIDE, Drawing
from tenbit.pipeline.profile.page.figures import digits, milliseconds, pass_name, percent, quantity, spread, text_px
from tenbit.pipeline.profile.page.labels import Room
from tenbit.pipeline.profile.page.scales import Axis, Scale
from tenbit.pipeline.profile.parts import Ceilings, PassProfile
from tenbit.pipeline.profile.record import Profile

_TOP, _BOTTOM, _LEFT, _RIGHT = 34.0, 372.0, 74.0, WIDE - 14
_COLOURS = 5
_LEAST_PX, _MOST_PX = 5.0, 12.0  # radius of a dot, by the share of the frame's time


def roof(ceilings: Ceilings, intensity: float) -> float:
    """Operations per second that are possible at so many operations per byte."""
    return min(ceilings.copy_bytes_per_s * intensity, ceilings.operations_per_s)


def share_of_roof(profile: Profile, one: PassProfile) -> float:
    """How much a pass does of what is possible at its operations per byte; of the copy where it does no operations."""
    if one.operations <= 0:
        return one.bytes_per_s / profile.ceilings.copy_bytes_per_s
    return one.operations_per_s / roof(profile.ceilings, one.intensity)


def pass_colour(number: int) -> int:
    """Of a pass; the last colours are kept for what is no pass."""
    return (number - 1) % _COLOURS


def pass_tip(profile: Profile, number: int, one: PassProfile) -> str:
    """All figures of a pass, in lines."""
    pixels = one.rows * one.cols
    moved = one.bytes_read + one.bytes_written
    return "\n".join(
        (
            f"pass {number}: {one.label}",
            f"time {milliseconds(one.timing.median_s)}, 95 % interval {spread(one.timing)}",
            f"{percent(one.timing.median_s / profile.frame_timing.median_s)} of the frame",
            f"{one.rows} × {one.cols} pixels, {one.access}",
            f"{quantity(one.bytes_read, 'B')} read, {quantity(one.bytes_written, 'B')} written "
            f"({digits(moved / pixels)} B a pixel)",
            f"{quantity(one.operations, 'op')} ({digits(one.operations / pixels)} a pixel)",
            f"{digits(one.intensity)} operations per byte",
            f"{quantity(one.bytes_per_s, 'B/s')}: "
            f"{percent(one.bytes_per_s / profile.ceilings.copy_bytes_per_s)} of the copy",
            f"{quantity(one.operations_per_s, 'op/s')}: "
            f"{percent(one.operations_per_s / profile.ceilings.operations_per_s)} of the arithmetic",
            f"{percent(share_of_roof(profile, one))} of the roof above it",
        )
    )


def roofline(profile: Profile) -> tuple[Drawing, str] | None:
    """The chart and what must be said of it; None where it can show nothing.

    A pass without operations, or without bytes, has no place on logarithmic axes.
    """
    shown = [(n, one) for n, one in enumerate(profile.passes, 1) if one.operations > 0 and one.intensity > 0]
    if not shown:
        return None
    ceilings = profile.ceilings
    ridge = ceilings.operations_per_s / ceilings.copy_bytes_per_s
    cached = ceilings.operations_per_s / (ceilings.cache_bytes_per_s or ceilings.copy_bytes_per_s)
    intensities = [ridge, cached, *(one.intensity for _, one in shown)]
    rates = [one.operations_per_s for _, one in shown]
    low, high = min(intensities) / 4, max(intensities) * 3
    across = Scale(low, high, _LEFT, _RIGHT, is_log=True)
    least = min(*rates, roof(ceilings, low) * 3) / 2.5
    up = Scale(least, ceilings.operations_per_s * 2.5, _BOTTOM, _TOP, is_log=True)
    drawing = Drawing(_BOTTOM + 2 * LINE + 12)
    drawing.axes(
        Axis(across, "operations per byte (read and written)", digits),
        Axis(up, "operations per second", lambda value: quantity(value, "op/s")),
    )
    room = Room((_LEFT + 2, _TOP + 2, _RIGHT - 2, _BOTTOM - 2))
    _roofs(drawing, room, across, up, ceilings)
    for _, one in shown:
        room.take_dot((across.at(one.intensity), up.at(one.operations_per_s)), _radius(profile, one))
    # The dearest first: it gets the best place.
    for n, one in sorted(shown, key=lambda pair: -pair[1].timing.median_s):
        spot = across.at(one.intensity), up.at(one.operations_per_s)
        inner = drawing.inner()
        inner.line(spot, (spot[0], up.at(roof(ceilings, one.intensity))), "reach")
        inner.dot(spot, _radius(profile, one), pass_colour(n))
        name = f"{pass_name(n, one.steps)}, {percent(share_of_roof(profile, one))}"
        if not room.name(inner, spot, _radius(profile, one), name):
            room.name(inner, spot, _radius(profile, one), str(n))
        drawing.mark(pass_tip(profile, n, one), inner)
    left_out = [str(n) for n, one in enumerate(profile.passes, 1) if one not in [kept for _, kept in shown]]
    more = [
        "Dashed: as fast as what stays in a cache can be read and written." if ceilings.cache_bytes_per_s else "",
        f"Not shown, without arithmetic: pass {', '.join(left_out)}." if left_out else "",
    ]
    return drawing, " ".join(filter(None, more))


def _roofs(drawing: Drawing, room: Room, across: Scale, up: Scale, ceilings: Ceilings) -> None:
    """The lines that nothing lies above, with what they are."""
    flat = ceilings.operations_per_s
    _slope(drawing, room, across, up, ceilings.copy_bytes_per_s, flat, "copy", "roof")
    cache = ceilings.cache_bytes_per_s
    if cache:
        _slope(drawing, room, across, up, cache, flat, "cache", "roof cache")
    start = across.at(max(across.low, flat / max(ceilings.copy_bytes_per_s, cache or 0)))
    drawing.path([(start, up.at(flat)), (across.end, up.at(flat))], "roof")
    room.take_line([(start, up.at(flat)), (across.end, up.at(flat))])
    text = f"multiply and add: {quantity(flat, 'op/s')}"
    drawing.text((across.end - 4, up.at(flat) - 8), text, "roof-name", anchor="end")
    wide = text_px(text, SIZE)
    room.take((across.end - 4 - wide, up.at(flat) - 8 - SIZE, across.end - 4, up.at(flat)))


def _slope(
    drawing: Drawing, room: Room, across: Scale, up: Scale, rate: float, flat: float, name: str, look: str
) -> None:  # fmt: skip
    """What memory allows: from the chart's edge up to the arithmetic."""
    first = max(across.low, up.low / rate)
    spots = [(across.at(at), up.at(at * rate)) for at in (first, flat / rate)]
    drawing.path(spots, look)
    room.take_line(spots)
    (col, row), (to_col, to_row) = spots
    angle = math.atan2(to_row - row, to_col - col)
    length = math.hypot(to_col - col, to_row - row)
    text = f"{name}: {quantity(rate, 'B/s')}"
    wide = text_px(text, SIZE)
    along = min(max(length * 0.5 - wide / 2, 6.0), length)
    # 8 px above the line, as the line runs.
    at_col = col + math.cos(angle) * along + math.sin(angle) * 8
    at_row = row + math.sin(angle) * along - math.cos(angle) * 8
    drawing.text((at_col, at_row), text, "roof-name", turn_deg=math.degrees(angle))
    end = at_col + math.cos(angle) * wide, at_row + math.sin(angle) * wide
    middle = [(c + math.sin(angle) * SIZE / 2, r - math.cos(angle) * SIZE / 2) for c, r in ((at_col, at_row), end)]
    room.take_line(middle, half_px=SIZE / 2 + 1)


def _radius(profile: Profile, one: PassProfile) -> float:
    share = min(1.0, one.timing.median_s / profile.frame_timing.median_s)
    return _LEAST_PX + (_MOST_PX - _LEAST_PX) * math.sqrt(share)
