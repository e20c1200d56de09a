"""Profiles of made-up times, for tests that compare them, and programs that tell them in turns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tenbit.pipeline.profile.parts import Ceilings, First, PassProfile, Timing
from tenbit.pipeline.profile.record import Profile

PASSES = {"black_level + demosaic": 0.010, "denoise": 0.005}


def profile(
    times: float | dict[str, float] = 1.0,
    *,
    seed: int = 0,
    runs: int = 8,
    rounds: int = 12,
    between: float = 0.01,
    within: float = 0.02,
    passes: dict[str, float] | None = None,
    **more: Any,
) -> Profile:
    """A profile whose passes take so many times as long; by their names, where they differ.

    Runs differ, and the rounds inside them: relative standard deviations.
    """
    rng = np.random.default_rng(seed)
    of_runs, known = np.exp(rng.normal(0, between, (runs, 1))), passes or PASSES
    factors = times if isinstance(times, dict) else dict.fromkeys(known, times)

    def around(seconds: float) -> np.ndarray[Any, np.dtype[np.float64]]:
        return seconds * of_runs * np.exp(rng.normal(0, within, (runs, rounds)))

    each = {name: around(seconds * factors.get(name, 1.0)) for name, seconds in known.items()}
    host = around(0.0005)
    whole = sum(each.values()) + host
    made: dict[str, Any] = {
        "name": "made",
        "chain": {"name": "made"},
        "frame": {
            "name": "1mp sample", "rows": 864, "cols": 1152, "state": "mosaic", "cfa": "RGGB", "stored": "uint16",
            "bits": 8, "is_fused": True,
        },
        "device": "cpu",
        "target": "cpu",
        "threads": 2,
        "machine": {"cpu": "a processor"},
        "versions": {"tenbit": "1"},
        "commit": "0123456789ab",
        "checked": "equal",
        "ceilings": Ceilings(2e10, 1e11),
        "planned_bytes": 10**7,
        "peak_bytes": 10**8,
        "first": First(1.0, 2, 0.7, 1, 0.1),
        "frame_timing": _timing(whole),
        "plan_timing": _timing(around(0.001)),
        "host_timing": _timing(host),
        "passes": tuple(
            PassProfile(tuple(name.split(" + ")), "point", 864, 1152, 2e6, 3e6, 1e7, _timing(taken))
            for name, taken in each.items()
        ),
    }  # fmt: skip
    return Profile(**{**made, **more})


def _timing(values: Any) -> Timing:
    wall, cpu = (tuple(tuple(map(float, run)) for run in times) for times in (values, 2 * values))
    return Timing(wall, cpu)


TELLS = """\
import sys

for _ in range({turns}):
    sys.stdout.write("turn?\\n")
    sys.stdout.flush()
    if sys.stdin.readline() != "turn\\n":
        sys.exit("no turn")
    with open({log!r}, "a") as log:
        log.write({letter!r})
{then}
with open({log!r}, "a") as log:
    log.write("{letter}: " + " ".join(sys.argv[1:]) + "\\n")
sys.stdout.write(open({told!r}).read())
"""


def program(path: Path, told: Profile, *, turns: int = 2, then: str = "") -> Path:
    """A program that takes turns, writes its file's first letter to ``log`` beside it at each, and tells a profile."""
    kept = path.with_suffix(".json")
    kept.write_text(told.as_json(indent=None), "utf-8")
    log, letter = str(path.parent / "log"), path.stem[0]
    path.write_text(TELLS.format(turns=turns, log=log, letter=letter, then=then, told=str(kept)), "utf-8")
    return path
