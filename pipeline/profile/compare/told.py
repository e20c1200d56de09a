"""A comparison as lines, as rows of a table, and as a record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenbit.pipeline.profile.compare.rows import APART, LEVEL, ONE_RUN, Comparison, Row
from tenbit.pipeline.profile.compare.sides import Side
from tenbit.pipeline.profile.statistics import Ratio

COLUMNS = ("what", "A", "B", "B / A", "interval", "verdict")
_FAR = 0.05  # ceilings that differ by more are told
_UNKNOWN = 10.0


def head(found: Comparison) -> Iterator[str]:
    """What was compared, and in what the two differ."""
    a, b = found.a, found.b
    for letter, side in (("A", a), ("B", b)):
        yield f"{letter}: {_side(side)}"
    how = "in turns, round by round" if found.is_in_turns else "at different times"
    yield f"measured {how}; {'wall time' if found.metric == 'wall' else 'CPU time'}"
    unlike = list(_differences(a, b))
    if unlike:
        yield f"compared: {', '.join(unlike)}"


def rows(found: Comparison) -> list[tuple[str, ...]]:
    """One row per thing, as `COLUMNS`."""
    return [
        (
            row.name,
            _value(row, row.a),
            _value(row, row.b),
            f"{row.ratio.value:.3f}" if row.ratio else "-",
            _interval(row.ratio) if row.ratio else "-",
            row.verdict or "",
        )
        for row in found.rows
    ]


def tail(found: Comparison, tolerance: float) -> Iterator[str]:
    """How sure it is, what that rests on, and the verdict of all."""
    count = sum(row.verdict is not None for row in found.rows)
    yield (
        f"intervals: {found.level:.2%} each, {LEVEL:.0%} of the {count} judged together; rows without a verdict are not"
        if count > 1
        else f"intervals: {LEVEL:.0%}; rows without a verdict are not judged"
    )
    for note in notes(found):
        yield f"note: {note}"
    worse = found.slower(tolerance)
    by = f"by more than {tolerance:.0%}"
    yield f"slower {by}: {', '.join(row.name for row in worse)}" if worse else f"nothing is found to be slower {by}"


def notes(found: Comparison) -> Iterator[str]:
    """What a reader must know."""
    a, b = found.a, found.b
    if not found.is_in_turns:
        yield (
            f"measured at different times: {APART:.0%} between then and now are assumed (standard deviation), which no "
            "rounds show; tenbit profile compare of two chains measures them in turns"
        )
        limits = [side.profile.ceilings.copy_bytes_per_s for side in (a, b)]
        if abs(limits[1] / limits[0] - 1) > _FAR and a.profile.device == b.profile.device:
            yield (
                f"a plain copy ran at {limits[0] / 1e9:.3g} GB/s beside A, at {limits[1] / 1e9:.3g} beside B: "
                "the machine was not the same"
            )
    single = [letter for letter, side in (("A", a), ("B", b)) if side.runs == 1]
    if single:
        assumed = f"; {ONE_RUN:.0%} are assumed" if found.is_in_turns else ""
        of = " and ".join(single)
        yield f"of {of} there is one run: how much runs differ is not known{assumed}; take several (--runs, --add)"
    if found.noisy:
        names = ", ".join(row.name for row in found.noisy)
        cpu = ", or --metric cpu, which others disturb less" if found.metric == "wall" else ""
        yield f"too noisy to tell: {names}; more --runs, a quieter machine{cpu}"


def record(found: Comparison, tolerance: float) -> dict[str, Any]:
    """All of it, for programs; seconds and bytes."""
    return {
        "kind": "tenbit comparison",
        "version": 1,
        "a": _record(found.a),
        "b": _record(found.b),
        "metric": found.metric,
        "is_in_turns": found.is_in_turns,
        "level": found.level,
        "tolerance": tolerance,
        "rows": [
            {
                "name": row.name,
                "unit": row.unit,
                "a": row.a,
                "b": row.b,
                "ratio": row.ratio.value if row.ratio else None,
                "low": row.ratio.interval.low if row.ratio and not _is_unknown(row.ratio) else None,
                "high": row.ratio.interval.high if row.ratio and not _is_unknown(row.ratio) else None,
                "verdict": row.verdict,
            }
            for row in found.rows
        ],
        "slower": [row.name for row in found.slower(tolerance)],
        "too_noisy": [row.name for row in found.noisy],
        "notes": [*_differences(found.a, found.b), *notes(found)],
    }


def _record(side: Side) -> dict[str, Any]:
    profile = side.profile
    return {
        "title": side.title,
        "name": profile.name,
        "frame": profile.frame,
        "device": profile.device,
        "threads": profile.threads,
        "machine": profile.machine,
        "commit": profile.commit,
        "runs": side.runs,
        "rounds": len(profile.frame_timing.wall_s[0]),
    }


def _side(side: Side) -> str:
    profile = side.profile
    saved = f"{side.title}: " if side.title != profile.name else ""
    runs = "1 run" if side.runs == 1 else f"{side.runs} runs"
    commit = f", commit {profile.commit}" if profile.commit else ""
    rounds = len(profile.frame_timing.wall_s[0])
    of = "1 round" if rounds == 1 else f"{rounds} rounds"
    return f"{saved}{profile.name} on {profile.frame['name']}, {profile.device}{commit}; {runs} of {of}"


def _differences(a: Side, b: Side) -> Iterator[str]:
    """In what two sides differ, one with the other."""
    one, other = a.profile, b.profile
    sizes = [(side.frame["rows"], side.frame["cols"]) for side in (one, other)]
    if sizes[0] != sizes[1]:
        shown = " with ".join(f"{rows} x {cols}" for rows, cols in sizes)
        yield f"{shown}, per pixel"
    pairs = {
        "chain": (one.name, other.name),
        "stored as": (one.frame["stored"], other.frame["stored"]),
        "CFA": (one.frame["cfa"], other.frame["cfa"]),
        "fused": (one.frame.get("is_fused"), other.frame.get("is_fused")),
        "device": (one.device, other.device),
        "threads": (one.threads, other.threads),
        "machine": (one.machine.get("cpu"), other.machine.get("cpu")),
        "commit": (one.commit, other.commit),
        "schedule": (one.schedule, other.schedule),
    }
    yield from (f"{name} {mine} with {theirs}" for name, (mine, theirs) in pairs.items() if mine != theirs)
    if one.name == other.name and one.chain != other.chain:
        yield f"{one.name} with other values"
    every = sorted({*one.versions, *other.versions})
    if unlike := [name for name in every if one.versions.get(name) != other.versions.get(name)]:
        yield f"other versions of {', '.join(unlike)}"


def _is_unknown(ratio: Ratio) -> bool:
    low, high = ratio.interval
    return high > _UNKNOWN or low < 1 / _UNKNOWN


def _interval(ratio: Ratio) -> str:
    low, high = ratio.interval
    return "unknown" if _is_unknown(ratio) else f"{low:.3f} … {high:.3f}"


def _value(row: Row, value: float | None) -> str:
    if value is None:
        return "-"
    if row.unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    shown = 1e3 * value
    return f"{shown:.3g} ms" if abs(shown) < 100 else f"{shown:.0f} ms"
