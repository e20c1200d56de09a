"""An experiment's table: a row per point with all that its observations say; and the observations themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tenbit.pipeline.profile.experiment.declared import Experiment
from tenbit.pipeline.profile.experiment.journal import Known, Line
from tenbit.pipeline.profile.experiment.points import Point, order
from tenbit.pipeline.profile.parts import Runs, Timing
from tenbit.pipeline.profile.statistics import LEAST_ROUNDS, median_interval, ratio_apart, ratio_in_turns

Row = dict[str, Any]

FIGURES: dict[str, type] = {
    "status": str,
    "error": str,
    "notes": str,
    "rounds": int,
    "median_s": float,
    "q1_s": float,
    "q3_s": float,
    "low_s": float,
    "high_s": float,
    "is_conclusive": bool,
    "cpu_s": float,
    "mp_per_s": float,
    "ratio": float,
    "ratio_low": float,
    "ratio_high": float,
    "first_s": float,
    "rows": int,
    "cols": int,
    "megapixels": float,
    "passes": int,
    "planned_bytes": int,
    "schedule": str,
    "psnr_db": float,
    "psnr_srgb_db": float,
    "ssim": float,
    "delta_e": float,
    "delta_e_95": float,
    "experiment": str,
    "seed": int,
    "order": int,
    "host": str,
    "worker": str,
    "machine": str,
    "cores": int,
    "tenbit": str,
    "python": str,
    "numpy": str,
    "numba": str,
    "commit": str,
}
"""Columns behind those that say which point it is, and what they hold; all may be empty."""
OBSERVATIONS: dict[str, type] = {
    "point": str,
    "round": int,
    "number": int,
    "frame_s": float,
    "cpu_s": float,
    "run": str,
    "host": str,
    "worker": str,
}
_USUAL: dict[str, type] = {
    "point": str,
    "chain": str,
    "device": str,
    "frame": str,
    "cfa": str,
    "bits": int,
    "packed": bool,
    "iso": float,
    "threads": int,
    "fuse": bool,
}


def columns(experiment: Experiment) -> dict[str, type]:
    """Names of the table's columns, and what they hold: which point it is, then `FIGURES`."""
    more = {name: _kind(values) for name, values in experiment.axes.items() if "." in name}
    return _USUAL | more | FIGURES


def _kind(values: Sequence[Any]) -> type:
    """What a column of an axis's values holds; texts where they differ in kind."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 and kinds <= {bool, int, float, str} else str


def rows(experiment: Experiment, points: Sequence[Point], known: Known) -> list[Row]:
    """A row per point, in the order of the axes' values."""
    places = {point.key: n for n, point in enumerate(order(points, experiment.seed, 1))}
    kinds = columns(experiment)
    found = []
    for point in points:
        made = dict.fromkeys(kinds) | _point(point, known.firsts.get(point.key), kinds)
        made |= _figures(point, known) | _ratio(experiment, point, known)
        found.append(made | {"experiment": experiment.name, "seed": experiment.seed, "order": places[point.key]})
    return found


def observations(known: Known) -> list[Row]:
    """A row per observation, in the order in which they were made."""
    every = [line for rounds in known.rounds.values() for line in rounds.values()]
    return [{name: line.get(name) for name in OBSERVATIONS} for line in sorted(every, key=lambda line: line["number"])]


def record(experiment: Experiment, known: Known) -> Line:
    """What the table's file says beside its rows, fit for JSON."""
    begin = known.begins[-1]
    return {
        "experiment": experiment.key,
        "name": experiment.name,
        "seed": experiment.seed,
        "repeats": experiment.repeats,
        "axes": {name: list(values) for name, values in experiment.axes.items()},
        "chains": {name: chain.as_record() for name, chain in experiment.chains.items()},
        "baseline": dict(experiment.baseline),
        **{name: begin.get(name) for name in ("machine", "versions", "commit")},
    }


def _point(point: Point, first: Line | None, kinds: Mapping[str, type]) -> Row:
    """Which point it is; what the user left open is as it was found to be."""
    values = dict(point.values)
    row: Row = {"point": point.key, "frame": values.pop("files", None) or values.pop("sample", None)}
    row |= {
        name: json.dumps(value) if kinds[name] is str and not isinstance(value, str | None) else value
        for name, value in values.items()
    }
    if first is not None:
        row |= {"threads": first["threads"]} | ({"device": first["device"]} if row["device"] == "auto" else {})
    return row


def _figures(point: Point, known: Known) -> Row:
    first, rounds = known.firsts.get(point.key), known.rounds.get(point.key, {})
    lines = [rounds[turn] for turn in sorted(rounds)]
    row: Row = {"status": "done" if lines else "unfinished", "rounds": len(lines)}
    if point.key in known.failures:
        failure = known.failures[point.key]
        row |= {"status": "failed", "error": failure["error"]} | _place([failure], known)
    if first is not None:
        pixels = first["rows"] * first["cols"] / 1e6
        row |= {name: first[name] for name in ("first_s", "rows", "cols", "planned_bytes")}
        row |= {"megapixels": pixels, "passes": len(first["passes"]), "notes": "; ".join(first["notes"]) or None}
        row |= {"schedule": first["schedule"] and json.dumps(first["schedule"])} | (first.get("quality") or {})
    if lines:
        timing = Timing(_runs(lines, "frame_s"), _runs(lines, "cpu_s"))
        median, interval = timing.median_s, median_interval(timing.wall_s)
        row |= _place(lines, known) | {
            "median_s": median,
            "q1_s": timing.quartiles_s[0],
            "q3_s": timing.quartiles_s[1],
            "low_s": max(0.0, interval.low),
            "high_s": interval.high,
            "is_conclusive": len(lines) >= LEAST_ROUNDS and not interval.is_wide(median),
            "cpu_s": timing.median_cpu_s,
            "mp_per_s": row["megapixels"] / median,
        }
    return row


def _runs(lines: Sequence[Line], name: str) -> Runs:
    """Values of one run of the program, or one worker, together."""
    runs: dict[tuple[str, str | None], list[float]] = {}
    for line in lines:
        if line[name] is not None:
            runs.setdefault(_who(line), []).append(line[name])
    return tuple(map(tuple, runs.values()))


def _place(lines: Sequence[Line], known: Known) -> Row:
    """Where and with what lines were made; several are all named."""

    def every(of: Sequence[Any]) -> str | None:
        return ", ".join(dict.fromkeys(str(value) for value in of if value is not None)) or None

    of_runs = [known.places[line["run"]] | line for line in lines]
    versions = [each["versions"] for each in of_runs]
    return {
        "host": every([each["host"] for each in of_runs]),
        "worker": every([each.get("worker") for each in of_runs]),
        "machine": every([each["cpu"] for each in of_runs]),
        "cores": min(each["cores"] for each in of_runs),
        **{name: every([each.get(name) for each in versions]) for name in ("tenbit", "python", "numpy", "numba")},
        "commit": every([each["commit"] for each in of_runs]),
    }


def _ratio(experiment: Experiment, point: Point, known: Known) -> Row:
    """Its time over that of its baseline; nothing where one of them is not there.

    Rounds that were done in turns, by one process, are compared round by round: a slow spell meets both.
    """
    if not experiment.baseline:
        return {}
    other = Point(dict(point.values) | dict(experiment.baseline))
    ours, theirs = (known.rounds.get(each.key, {}) for each in (point, other))
    if not ours or not theirs:
        return {}
    if other.key == point.key:
        return {"ratio": 1.0, "ratio_low": 1.0, "ratio_high": 1.0}
    are_in_turns = ours.keys() == theirs.keys() and all(_who(ours[n]) == _who(theirs[n]) for n in ours)
    lines = ([rounds[turn] for turn in sorted(rounds)] for rounds in (ours, theirs))
    compare = ratio_in_turns if are_in_turns else ratio_apart
    found = compare(*(_runs(each, "frame_s") for each in lines))
    if min(len(ours), len(theirs)) < LEAST_ROUNDS:
        return {"ratio": found.value}
    return {"ratio": found.value, "ratio_low": found.interval.low, "ratio_high": found.interval.high}


def _who(line: Line) -> tuple[str, str | None]:
    """Which run of the program, and which worker, timed a round."""
    return line["run"], line.get("worker")
