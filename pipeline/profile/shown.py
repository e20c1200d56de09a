"""A profile as tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from tenbit.kernels._schedule import DEFAULT
from tenbit.pipeline.profile.notes import sum_of_shares
from tenbit.pipeline.profile.parts import PassProfile, Timing
from tenbit.pipeline.profile.record import Profile
from tenbit.pipeline.profile.statistics import median_interval

PASS_COLUMNS = ("pass", "steps", "ms", "quartiles", "CPU ms", "MB in", "MB out", "GB/s", "Gop/s", "of the limit")
STAGE_COLUMNS = ("pass", "stage", "ms, estimated", "95 %", "of the frame", "op/px")


def head(profile: Profile) -> list[str]:
    """What was measured, on what, and how it was checked."""
    frame = profile.frame
    kind = f"{frame['rows']} x {frame['cols']} {frame['state']} in {frame['stored']}"
    stored = f"{frame['bits']} bits" if frame["bits"] else "float32"
    threads = f", {profile.threads} thread{'' if profile.threads == 1 else 's'}" if profile.target == "cpu" else ""
    commit = f", commit {profile.commit}" if profile.commit else ""
    return [
        f"{profile.name} on {frame['name']}: {kind}, to {stored}{'' if frame['is_fused'] else ', nothing fused'}",
        f"{profile.device}{threads}; {profile.machine['cpu']}{commit}",
        *_sizes(profile),
        f"checked: {profile.checked}",
    ]


def _sizes(profile: Profile) -> list[str]:
    """Sizes of a schedule that is not the default: tuned, or asked for."""
    if profile.schedule in ({}, DEFAULT.as_record()):
        return []
    return [f"schedule: {', '.join(f'{name} {value}' for name, value in profile.schedule.items())}"]


def pass_rows(profile: Profile) -> list[tuple[str, ...]]:
    """One row per pass, as `PASS_COLUMNS`."""
    return [_pass_row(number, one, profile) for number, one in enumerate(profile.passes, 1)]


def _pass_row(number: int, one: PassProfile, profile: Profile) -> tuple[str, ...]:
    limits = profile.ceilings
    shares = {
        "copy": one.bytes_per_s / limits.copy_bytes_per_s,
        "arithmetic": one.operations_per_s / limits.operations_per_s,
    }
    nearest = max(shares, key=lambda name: shares[name])
    cpu_s = one.timing.median_cpu_s
    return (
        str(number),
        one.label,
        _ms(one.timing.median_s),
        _quartiles(one.timing),
        "-" if cpu_s is None else _ms(cpu_s),
        f"{one.bytes_read / 1e6:.0f}",
        f"{one.bytes_written / 1e6:.0f}",
        f"{one.bytes_per_s / 1e9:.3g}",
        f"{one.operations_per_s / 1e9:.3g}",
        f"{shares[nearest]:.0%} of {nearest}",
    )


def stage_rows(profile: Profile) -> list[tuple[str, ...]]:
    """One row per stage and pass, as `STAGE_COLUMNS`; none where nobody asked. ``?``: not told apart from nothing."""
    rows: list[tuple[str, ...]] = []
    whole_s, pixels = profile.frame_timing.median_s, profile.megapixels * 1e6
    for number, one in enumerate(profile.passes, 1):
        for share in one.shares:
            low, high = median_interval(share.timing.wall_s)
            median_s = share.timing.median_s
            sure = "" if low > 0 else " ?"
            rows.append(
                (
                    str(number),
                    share.name,
                    f"{_ms(median_s)}{sure}",
                    f"{_ms(low)} … {_ms(high)}",
                    f"{median_s / whole_s:.0%}",
                    f"{share.operations / pixels:.0f}",
                )
            )
    return rows


def tail(profile: Profile) -> Iterator[str]:
    """The frame, the host, memory, limits, the first frame; then what a reader must know."""
    frame = profile.frame_timing
    low, high = median_interval(frame.wall_s)
    rate = profile.megapixels / frame.median_s
    yield f"frame: {_ms(frame.median_s)} ms (95 %: {_ms(low)} … {_ms(high)}), {rate:.0f} MP/s"
    cpu_s = frame.median_cpu_s
    if profile.target == "cpu" and cpu_s is not None:
        threads = "1 thread" if profile.threads == 1 else f"{profile.threads} threads"
        yield f"CPU time: {_ms(cpu_s)} ms, {cpu_s / frame.median_s:.2f} of {threads} busy"
    parts = [f"plan {_ms(profile.plan_timing.median_s)} ms", f"host {_ms(profile.host_timing.median_s)} ms"]
    if profile.overlay_timing is not None:
        parts.append(f"measuring and drawing on the finished picture {_ms(profile.overlay_timing.median_s)} ms")
    if profile.copies_timing is not None:
        parts.append(f"copies to the card and back {_ms(profile.copies_timing.median_s)} ms")
    yield f"beside the passes: {', '.join(parts)}"
    for number, one in enumerate(profile.passes, 1):
        if (ratio := sum_of_shares(one)) is not None:
            yield f"pass {number}: its stages, estimated, add up to {ratio:.2f} of it"
    limits = profile.ceilings
    copies = f"copy {limits.copy_bytes_per_s / 1e9:.3g} GB/s (read and written)"
    if limits.up_bytes_per_s and limits.down_bytes_per_s:
        copies += f", to the card {limits.up_bytes_per_s / 1e9:.3g}, from it {limits.down_bytes_per_s / 1e9:.3g} GB/s"
    yield f"limits: {copies}, multiply-add {limits.operations_per_s / 1e9:.3g} Gop/s"
    planned, held = profile.planned_bytes / 2**20, profile.peak_bytes / 2**20
    yield f"memory: {planned:.0f} MiB of arrays planned; the process held {held:.0f} MiB at most"
    first = profile.first
    yield (
        f"first frame: {_ms(first.frame_s)} ms; compiled {first.compiled} in {_ms(first.compile_s)} ms, "
        f"from the cache {first.loaded} in {_ms(first.load_s)} ms"
    )
    for note in profile.notes:
        yield f"note: {note}"


def _ms(seconds: float) -> str:
    value = 1e3 * seconds
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _quartiles(timing: Timing) -> str:
    first, third = timing.quartiles_s
    return f"{_ms(first)} … {_ms(third)}"
