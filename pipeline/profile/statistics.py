"""What times say and how sure that is: medians and their ratios, with intervals, over runs and the rounds inside them.

Rounds of one run of the program share its place in memory, its start and its hour; runs differ more than rounds do. So
runs are drawn with replacement first, then rounds inside each: a hierarchical bootstrap (Kalibera and Jones, "Rigorous
benchmarking in reasonable time", ISMM 2013; Efron, 1979). Five runs drawn from five know too little of runs that were
not made: percentiles of what is drawn held the truth in 87 to 94 of 100 simulated experiments where 95 were promised
and runs differed as much as rounds. So several runs have their interval from the bootstrap's standard error, times
Student's t and the root of n / (n - 1) (Hesterberg, "What teachers should know about the bootstrap", The American
Statistician 2015): 94 to 100 of 100, and 99 to 100 where 99 were promised (5 and 8 runs of 15 rounds, 200 experiments
of each kind: spikes, slow spells, drift of the machine).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tenbit.pipeline.profile.parts import Runs

Floats = npt.NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95
WIDE = 0.1
"""An interval of the median that is wider than this share of it lets nobody conclude anything."""
LEAST_ROUNDS = 3
"""Of fewer nobody can tell how they spread."""
_MOST_AT_ONCE = 4_000_000  # numbers drawn together: 32 MB


class Interval(NamedTuple):
    """Where a figure lies, at a level of confidence, of `LEVEL` where nobody asks for another."""

    low: float
    high: float

    def excludes(self, value: float) -> bool:
        return not self.low <= value <= self.high

    def is_wide(self, figure: float) -> bool:
        """Whether it lets nobody conclude anything of a figure."""
        return self.high - self.low > WIDE * abs(figure)


class Ratio(NamedTuple):
    """How many times as much: 1 where nothing has changed."""

    value: float
    interval: Interval


class _Drawn(NamedTuple):
    """A median and how it would vary: its standard error, and of how many degrees of freedom that is known."""

    median: float
    error: float
    freedom: float


def median_interval(runs: Runs, *, level: float = LEVEL, seed: int = 0) -> Interval:
    """Where the median of all rounds lies; of a single run, as far as its own rounds tell.

    Raises
    ------
    ValueError
        If there are no rounds.
    """
    kept = _kept(runs)
    if len(kept) == 1:
        low, high = np.quantile(
            resampled_medians(runs, np.random.default_rng(seed)), [(1 - level) / 2, (1 + level) / 2]
        )
        return Interval(float(low), float(high))
    found = _drawn(kept, np.random.default_rng(seed))
    far = student((1 - level) / 2, found.freedom) * found.error
    return Interval(found.median - far, found.median + far)


def ratio_apart(ours: Runs, theirs: Runs, *, level: float = LEVEL, assumed: float = 0.0, seed: int = 0) -> Ratio:
    """The ratio of two medians, ours over theirs, the two measured apart.

    Parameters
    ----------
    ours, theirs : Runs
        Greater than 0.
    level : float
    assumed : float
        A standard deviation of the ratio's logarithm that the runs do not show: of hours, of what a single run hides.

    Raises
    ------
    ValueError
        If there are no rounds, or some are not greater than 0.
    """
    rng = np.random.default_rng(seed)
    a, b = (_drawn([_logs(run) for run in _kept(runs)], rng) for runs in (ours, theirs))
    # Welch's degrees of freedom; what is assumed counts as known.
    variance = a.error**2 + b.error**2
    parts = sum(one.error**4 / one.freedom for one in (a, b))
    freedom = (variance + assumed**2) ** 2 / parts if parts else math.inf
    return _ratio(_Drawn(a.median - b.median, math.hypot(math.sqrt(variance), assumed), freedom), level)


def ratio_in_turns(ours: Runs, theirs: Runs, *, level: float = LEVEL, assumed: float = 0.0, seed: int = 0) -> Ratio:
    """The median of the ratios of rounds that were done in turns, ours over theirs: run with run, round with round.

    A slow spell meets both of a pair, and leaves their ratio nearly alone: on two cores with four times as much to do
    as they could, medians of 20 rounds differed between two equal programs by 60 % (standard deviation of eight pairs)
    one after the other, by 6 % in turns, and the median of the ratios of 20 pairs of rounds by 3 %.

    Parameters
    ----------
    ours, theirs : Runs
        As many runs and rounds, greater than 0.
    level, assumed
        See `ratio_apart`.

    Raises
    ------
    ValueError
        If they do not pair, if there are no rounds, or some are not greater than 0.
    """
    pairs = zip(_kept(ours), _kept(theirs), strict=True)
    logs = [np.subtract(*map(_logs, pair)) for pair in pairs]
    found = _drawn(logs, np.random.default_rng(seed))
    error = math.hypot(found.error, assumed)
    # What is assumed counts as known.
    freedom = found.freedom * (error / found.error) ** 4 if found.error else math.inf
    return _ratio(_Drawn(found.median, error, freedom), level)


def resampled_medians(runs: Runs, rng: np.random.Generator) -> Floats:
    """(`RESAMPLES`,): medians of runs drawn with replacement, and of rounds drawn inside each."""
    kept = _kept(runs)
    counts = np.array([run.size for run in kept])
    padded = np.full((len(kept), counts.max()), np.inf)
    for run, row in zip(kept, padded, strict=True):
        row[: run.size] = run
    chunk = max(1, _MOST_AT_ONCE // padded.size)
    parts = [_medians(padded, counts, rng, min(chunk, RESAMPLES - n)) for n in range(0, RESAMPLES, chunk)]
    return np.concatenate(parts)


def student(tail: float, freedom: float) -> float:
    """Student's t with so much of its distribution above it.

    Notes
    -----
    With ``t = sqrt(freedom) tan(angle)`` the density is ``cos(angle) ** (freedom - 1)``, added up. Above 10 000
    degrees of freedom it is the normal distribution's.
    """
    freedom = min(freedom, 10_000.0)
    # Closer together near the middle, where all of it lies where the freedom is large.
    angle = np.pi / 2 * np.linspace(0, 1, 4001) ** 2
    density = np.cos(angle).clip(0) ** (freedom - 1)
    parts = (density[1:] + density[:-1]) / 2 * np.diff(angle)
    above = np.append(np.cumsum(parts[::-1])[::-1], 0.0) / (2 * parts.sum())
    return float(math.sqrt(freedom) * np.tan(np.interp(-tail, -above, angle)))


def _kept(runs: Runs) -> list[Floats]:
    kept = [np.asarray(run, np.float64) for run in runs if len(run)]
    if not kept:
        raise ValueError("there are no rounds")
    return kept


def _logs(run: Floats) -> Floats:
    if run.min() <= 0:
        raise ValueError("a ratio is of times greater than 0")
    return np.log(run)


def _drawn(runs: list[Floats], rng: np.random.Generator) -> _Drawn:
    """The median of all rounds and its standard error, made as large as few runs, or rounds of one, need it."""
    medians = resampled_medians(tuple(map(tuple, runs)), rng)
    count = len(runs) if len(runs) > 1 else runs[0].size
    error = float(medians.std()) * math.sqrt(count / max(1, count - 1))
    return _Drawn(float(np.median(np.concatenate(runs))), error, max(1, count - 1))


def _ratio(of_logs: _Drawn, level: float) -> Ratio:
    far = student((1 - level) / 2, of_logs.freedom) * of_logs.error
    low, high = (math.exp(min(700.0, of_logs.median + side * far)) for side in (-1, 1))
    return Ratio(math.exp(of_logs.median), Interval(low, high))


def _medians(padded: Floats, counts: npt.NDArray[np.int64], rng: np.random.Generator, resamples: int) -> Floats:
    """(resamples,): of rows drawn with replacement, and of as many of a row's values as it has before its padding."""
    rows, most = padded.shape
    runs = rng.integers(rows, size=(resamples, rows))
    lengths = counts[runs]
    rounds = (rng.random((resamples, rows, most)) * lengths[..., None]).astype(np.int64)
    drawn = padded[runs[..., None], rounds]
    if (counts != most).any():
        drawn = np.where(np.arange(most) < lengths[..., None], drawn, np.inf)
    drawn = np.sort(drawn.reshape(resamples, -1), axis=1)
    total, every = lengths.sum(axis=1), np.arange(resamples)
    return np.asarray((drawn[every, (total - 1) // 2] + drawn[every, total // 2]) / 2)
