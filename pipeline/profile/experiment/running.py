"""An experiment in this process: round after round, all points in each, in random order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from tenbit.pipeline.profile.experiment.axes import one_line
from tenbit.pipeline.profile.experiment.declared import Experiment
from tenbit.pipeline.profile.experiment.journal import Journal, Line
from tenbit.pipeline.profile.experiment.points import Point, label, order
from tenbit.pipeline.profile.measure import uncollected

_TELL_S = 10.0


class Times(Protocol):
    """Times points: `tenbit.pipeline.profile.experiment.workbench.Workbench`."""

    def first(self, point: Point) -> Line: ...

    def timed(self, point: Point) -> Line: ...

    def end_round(self) -> None: ...


class Progress:
    """Says now and then how far it is.

    Parameters
    ----------
    points : int
        To be made ready.
    total, known : int
        Observations, and those that are there already.
    said : callable
    """

    def __init__(self, points: int, total: int, known: int, said: Callable[[str], None]) -> None:
        self._points, self.total, self._said = points, total, said
        self._ready, self._done, self._at_first = 0, known, known
        self._told = time.monotonic()
        self._began: float | None = None

    def add_ready(self) -> None:
        """A point more is ready to be timed, or has failed."""
        self._ready += 1
        if self._is_time():
            self._said(f"{self._ready} of {self._points} points compiled and checked")

    def add(self, count: int) -> None:
        """Observations more."""
        self._began = self._began or time.monotonic()
        self._done += count
        if self._is_time() and self._done > self._at_first:
            left_s = (self._told - self._began) / (self._done - self._at_first) * (self.total - self._done)
            self._said(f"{self._done} of {self.total} observations, about {_duration(left_s)} to go")

    def _is_time(self) -> bool:
        now = time.monotonic()
        is_time = now - self._told >= _TELL_S
        self._told = now if is_time else self._told
        return is_time


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def run(
    experiment: Experiment,
    points: Sequence[Point],
    journal: Journal,
    bench: Times,
    *,
    said: Callable[[str], None],
    about: Line,
) -> None:
    """Make every observation that the journal has not got.

    The first round, in which loops are compiled, is not counted. A point that cannot work is noted, and tried again
    only by another process.

    Parameters
    ----------
    experiment : Experiment
    points : sequence of Point
    journal : Journal
    bench : Times
    said : callable
        Told, a line each, of points that fail, and how far it is.
    about : dict
        What every observation says of where it was made.

    Raises
    ------
    WriteError
        If the journal cannot be written.
    """
    known = journal.known
    failed = set[str]()
    progress = Progress(len(points), len(points) * experiment.repeats, known.count, said)
    with uncollected():
        for turn in range(experiment.repeats + 1):
            for point in order(points, experiment.seed, turn):
                if turn:
                    is_known = turn in known.rounds.get(point.key, {})
                else:
                    is_known = journal.has_first(point.key, quality=experiment.quality)
                if point.key in failed or is_known:
                    continue
                try:
                    line = bench.timed(point) | {"round": turn, "number": known.count} if turn else bench.first(point)
                except Exception as error:
                    failed.add(point.key)
                    said(f"{label(experiment, point)}: {one_line(error)}")
                    progress.total -= experiment.repeats - len(known.rounds.get(point.key, {}))
                    line = {"kind": "failed", "point": point.key, "error": one_line(error)}
                journal.add([line | about])
                if turn == 0:
                    progress.add_ready()
                elif point.key not in failed:
                    progress.add(1)
            bench.end_round()
