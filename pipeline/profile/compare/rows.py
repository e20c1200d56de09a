"""What of two sides belongs together, with its ratio, how sure that is, and what can be said.

The frame, its passes, what monitors draw and the copies of a card are judged; small ones, the plan, the host's work,
memory and the first frame are shown alone. Several rows are asked at once, and each might differ by chance: their
intervals are made wide enough (Bonferroni) that of a hundred comparisons of something with itself one names a row.

Times are not divided by what the machine could do in the same run: of ten runs of ``fast`` under load the medians
spread by 29 % (standard deviation), times the speed of a plain copy by 73 %, of multiplications and additions by 40 %;
CPU times by 4, 62 and 42 %. A ceiling is the best of many tries, a time a median: they meet other disturbances.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tenbit.pipeline.profile.compare.sides import Metric, Side
from tenbit.pipeline.profile.parts import Runs, Timing
from tenbit.pipeline.profile.record import Profile
from tenbit.pipeline.profile.statistics import LEAST_ROUNDS, Ratio, ratio_apart, ratio_in_turns

Verdict = Literal["slower", "faster", "no difference found", "too noisy to tell"]
Unit = Literal["s", "bytes"]

LEVEL = 0.99
"""Of all judged rows together."""
ONE_RUN = 0.03
"""Standard deviation of a ratio between runs that is assumed where a single one does not show it: where things lie."""
APART = 0.03
"""The same of what was measured at another time: a machine is not the same an hour later, nor are its neighbours."""
_LEAST_SHARE = 0.05  # of the frame: what is below is not judged


@dataclass(frozen=True)
class Row:
    """Something that both sides have, or one.

    Parameters
    ----------
    name : str
    unit : {"s", "bytes"}
    a, b : float or None
        Medians.
    ratio : Ratio or None
        B over A, per pixel where frames differ in size; None where one side lacks it, or has nothing to divide.
    verdict : str or None
        None of what is not judged.
    """

    name: str
    unit: Unit
    a: float | None
    b: float | None
    ratio: Ratio | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Comparison:
    """Two sides, row by row.

    Parameters
    ----------
    a, b : Side
    metric : {"wall", "cpu"}
    is_in_turns : bool
        Whether rounds were done in turns, or the two at other times.
    level : float
        Of a judged row's interval.
    rows : tuple of Row
        The frame first.
    """

    a: Side
    b: Side
    metric: Metric
    is_in_turns: bool
    level: float
    rows: tuple[Row, ...]

    def slower(self, tolerance: float) -> list[Row]:
        """Rows that are slower by more than so much, as far as their interval tells."""
        return [row for row in self.rows if row.verdict == "slower" and _low(row) > 1 + tolerance]

    @property
    def noisy(self) -> list[Row]:
        """Rows of which nothing can be said."""
        return [row for row in self.rows if row.verdict == "too noisy to tell"]


def compared(a: Side, b: Side, *, metric: Metric = "wall", is_in_turns: bool) -> Comparison:
    """Two sides, row by row."""
    found = [*_pairs(a, b, metric)]
    judged = [pair for pair in found if pair.is_judged]
    # Bonferroni: each of them may be wrong as often as all of them together, divided by their number.
    level = 1 - (1 - LEVEL) / max(1, len(judged))
    rows = tuple(pair.row(level, a, b, is_in_turns) for pair in found)
    return Comparison(a, b, metric, is_in_turns, level, rows)


@dataclass(frozen=True)
class _Pair:
    name: str
    a: Runs | None
    b: Runs | None
    unit: Unit = "s"
    is_judged: bool = False

    def row(self, level: float, a: Side, b: Side, is_in_turns: bool) -> Row:
        ratio = self._ratio(level, a, b, is_in_turns)
        verdict = _verdict(ratio) if self.is_judged and ratio else None
        if verdict and min(sum(map(len, runs or ())) for runs in (self.a, self.b)) < LEAST_ROUNDS:
            verdict = "too noisy to tell"
        return Row(self.name, self.unit, _median(self.a), _median(self.b), ratio, verdict)

    def _ratio(self, level: float, a: Side, b: Side, is_in_turns: bool) -> Ratio | None:
        if not self.a or not self.b or min(min(run) for run in (*self.a, *self.b)) <= 0:
            return None
        pixels = a.profile.megapixels / b.profile.megapixels
        theirs = tuple(tuple(value * pixels for value in run) for run in self.b)
        if is_in_turns:
            return ratio_in_turns(theirs, self.a, level=level, assumed=ONE_RUN if len(theirs) == 1 else 0.0)
        return ratio_apart(theirs, self.a, level=level, assumed=APART)


def _pairs(a: Side, b: Side, metric: Metric) -> Iterator[_Pair]:
    """What the two have: those that match first, each side's own behind them."""

    def timed(name: str, of: Callable[[Profile], Timing | None]) -> _Pair:
        return _Pair(name, a.times(of, metric), b.times(of, metric))

    frame = timed("frame", lambda profile: profile.frame_timing)
    whole = [_median(runs) or 0.0 for runs in (frame.a, frame.b)]
    yield dataclasses.replace(frame, is_judged=True)
    parts = [timed(*_pass(label, nth)) for label, nth in _labels(a.profile, b.profile)]
    parts += [
        timed("drawing on the picture", lambda profile: profile.overlay_timing),
        timed("copies to a card and back", lambda profile: profile.copies_timing),
    ]
    for part in parts:
        mine = [_median(runs) for runs in (part.a, part.b)]
        if mine == [None, None]:
            continue
        is_large = all(one is not None and one > _LEAST_SHARE * all_s for one, all_s in zip(mine, whole, strict=True))
        yield dataclasses.replace(part, is_judged=is_large)
    if metric == "wall":
        yield timed("host", lambda profile: profile.host_timing)
    yield timed("plan", lambda profile: profile.plan_timing)
    for name, figure in (("first frame", _first_frame), ("compile", _compile)):
        yield _Pair(name, a.figures(figure), b.figures(figure))
    yield _Pair("memory", a.figures(_peak), b.figures(_peak), "bytes")


def _first_frame(profile: Profile) -> float:
    return profile.first.frame_s


def _compile(profile: Profile) -> float:
    return profile.first.compile_s + profile.first.load_s


def _peak(profile: Profile) -> float:
    return profile.peak_bytes


def _pass(label: str, nth: int) -> tuple[str, Callable[[Profile], Timing | None]]:
    """The name of a pass, and its timing in a profile: the nth that has these steps."""

    def timing(profile: Profile) -> Timing | None:
        same = [one.timing for one in profile.passes if one.label == label]
        return same[nth] if nth < len(same) else None

    return label, timing


def _labels(a: Profile, b: Profile) -> list[tuple[str, int]]:
    """Passes of both by their steps; those that have the same steps are counted."""
    found: list[tuple[str, int]] = []
    for profile in (a, b):
        seen = Counter[str]()
        for one in profile.passes:
            if (key := (one.label, seen[one.label])) not in found:
                found.append(key)
            seen[one.label] += 1
    return found


def _verdict(ratio: Ratio) -> Verdict:
    if ratio.interval.excludes(1):
        return "slower" if ratio.interval.low > 1 else "faster"
    return "too noisy to tell" if ratio.interval.is_wide(1) else "no difference found"


def _median(runs: Runs | None) -> float | None:
    return float(np.median([value for run in runs for value in run])) if runs else None


def _low(row: Row) -> float:
    return row.ratio.interval.low if row.ratio else 1.0
