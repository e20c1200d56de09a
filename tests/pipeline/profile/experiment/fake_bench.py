"""A workbench whose times are made up, and a place for it to be at."""

from __future__ import annotations

from typing import Any

from tenbit.pipeline.errors import StageError
from tenbit.pipeline.profile.experiment.journal import Line
from tenbit.pipeline.profile.experiment.points import Point

PLACE = {"machine": {}, "versions": {"numpy": "2"}, "cpu": "one", "cores": 2, "commit": "abc"}


class FakeBench:
    """Frames of 1 s a thread; ``sample`` of 128x128 cannot be worked on."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.calls: list[tuple[str, str]] = []

    def first(self, point: Point) -> Line:
        self.calls.append(("first", point.key))
        if point.values["sample"] == "128x128":
            raise StageError("too\nlarge")
        return {
            "kind": "first",
            "point": point.key,
            "first_s": 9.0,
            "device": "cpu",
            "threads": point.values["threads"] or 2,
            "schedule": {"bands": 4},
            "rows": 64,
            "cols": 64,
            "passes": [["black_level"], ["tone"]],
            "planned_bytes": 4096,
            "notes": [],
        }

    def timed(self, point: Point) -> Line:
        self.calls.append(("timed", point.key))
        seconds = 1.0 / (point.values["threads"] or 2) * (1 + 0.001 * len(self.calls))
        return {"kind": "timed", "point": point.key, "frame_s": seconds, "cpu_s": 1.0, "passes_s": [seconds]}

    def end_round(self) -> None:
        self.calls.append(("end", ""))
