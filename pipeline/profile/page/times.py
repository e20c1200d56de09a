"""Where the time of a frame goes: its passes, its stages, and what comes beside them."""

from __future__ import annotations

from tenbit.pipeline.profile.page.bars import Bar, Segment, bars, segments
from tenbit.pipeline.profile.page.figures import digits, interval, milliseconds, pass_name, percent, quantity, spread
from tenbit.pipeline.profile.page.markup import Markup, figure
from tenbit.pipeline.profile.page.places import Told
from tenbit.pipeline.profile.page.roofline import pass_colour, pass_tip
from tenbit.pipeline.profile.parts import Timing
from tenbit.pipeline.profile.record import Profile

_HOST, _OVERLAY, _COPIES = 7, 6, 5  # their colours


def of_frame(one: Told) -> Markup:
    profile = one.profile
    parts = [
        Segment(f"{pass_name(n, each.steps)}, {milliseconds(each.timing.median_s)}", each.timing.median_s * 1e3,
                pass_tip(profile, n, each), pass_colour(n))
        for n, each in enumerate(profile.passes, 1)
    ]  # fmt: skip
    for name, timing, colour in _beside(profile):
        tip = f"{name}: {milliseconds(timing.median_s)}, 95 % interval {spread(timing)}"
        parts.append(Segment(f"{name}, {milliseconds(timing.median_s)}", timing.median_s * 1e3, tip, colour))
    chart = segments(parts, "time of one frame, ms", digits, lambda value: f"{digits(value)} ms")
    total = sum(part.value for part in parts)
    return figure(
        "One frame",
        chart.markup(f"{one.ident}-frame", f"One frame of {one.name}", "Its passes, and what comes beside them."),
        f"The parts' medians are {digits(total)} ms together, the frame's is "
        f"{milliseconds(profile.frame_timing.median_s)}.",
    )


def _beside(profile: Profile) -> list[tuple[str, Timing, int]]:
    every = (
        ("copies", profile.copies_timing, _COPIES),
        ("overlay", profile.overlay_timing, _OVERLAY),
        ("host", profile.host_timing, _HOST),
    )
    return [(name, timing, colour) for name, timing, colour in every if timing is not None]


def of_stages(one: Told) -> Markup:
    rows: list[Bar] = []
    for n, each in enumerate(one.profile.passes, 1):
        rows.append(bar(pass_name(n, each.steps), each.timing, pass_colour(n), tip=pass_tip(one.profile, n, each)))
        for share in each.shares:
            tip = f"{share.name}: {milliseconds(share.timing.median_s)}, estimated"
            tip += f"\n95 % interval {spread(share.timing)}"
            tip += f"\n{percent(share.timing.median_s / each.timing.median_s)} of pass {n}"
            tip += f"\n{quantity(share.operations, 'op')} a frame" if share.operations else ""
            rows.append(bar(share.name, share.timing, pass_colour(n), tip=tip, is_inner=True))
    for name, timing, colour in _beside(one.profile):
        rows.append(bar(name, timing, colour))
    chart = bars(rows, "median time, ms; the whisker is its 95 % interval", digits, hatch=f"{one.ident}-hatch")
    has_shares = any(each.shares for each in one.profile.passes)
    caption = "Measured passes are solid. "
    if has_shares:
        caption += (
            "What a stage adds to its pass is hatched: an estimate, the pass done with it less the pass done without "
            f"it and all behind it; noise may make it negative. {_sums(one.profile)}"
        )
    return figure(
        "Passes and stages",
        chart.markup(f"{one.ident}-stages", f"Passes and stages of {one.name}", "A bar per pass, a hatched one per "
                     "stage inside it; the figures stand in the tables."),
        caption,
    )  # fmt: skip


def bar(name: str, timing: Timing, colour: int, *, tip: str = "", is_inner: bool = False) -> Bar:
    found = interval(timing.wall_s)
    value = timing.median_s * 1e3
    low, high = (None, None) if found is None else (found.low * 1e3, found.high * 1e3)
    return Bar(name, value, tip or f"{name}: {digits(value)} ms, 95 % interval {spread(timing)}", low, high, colour,
               is_estimated=is_inner, is_inner=is_inner, told=f"{digits(value)}")  # fmt: skip


def _sums(profile: Profile) -> str:
    parts = [
        f"{milliseconds(sum(share.timing.median_s for share in each.shares))} against "
        f"{milliseconds(each.timing.median_s)} measured (pass {n})"
        for n, each in enumerate(profile.passes, 1)
        if each.shares
    ]
    return f"The estimates add up to {', '.join(parts)}."
