"""What times say and how sure that is: medians with bootstrap intervals, over runs and over the rounds inside them.

Rounds of one run of the program share its place in memory, its start and its hour; runs differ more than rounds do. So
runs are drawn with replacement first, then rounds inside each (a hierarchical bootstrap: Kalibera and Jones, "Rigorous
benchmarking in reasonable time", ISMM 2013; percentiles after Efron, 1979).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tenbit.pipeline.profile.record import Runs

RESAMPLES = 2000
LEVEL = 0.95
WIDE = 0.1
"""An interval of the median that is wider than this share of it lets nobody conclude anything."""


class Interval(NamedTuple):
    """Where a figure lies, at a level of confidence of `LEVEL`."""

    low: float
    high: float

    def excludes(self, value: float) -> bool:
        return not self.low <= value <= self.high

    def is_wide(self, figure: float) -> bool:
        """Whether it lets nobody conclude anything of a figure."""
        return self.high - self.low > WIDE * abs(figure)


def median_interval(runs: Runs, *, seed: int = 0) -> Interval:
    """Where the median of all rounds lies."""
    return _percentiles(resampled_medians(runs, np.random.default_rng(seed)))


def ratio_interval(ours: Runs, theirs: Runs, *, seed: int = 0) -> Interval:
    """Where the ratio of two medians lies, ours over theirs, the two measured apart."""
    rng = np.random.default_rng(seed)
    return _percentiles(resampled_medians(ours, rng) / resampled_medians(theirs, rng))


def resampled_medians(runs: Runs, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """(`RESAMPLES`,): medians of runs drawn with replacement, and of rounds drawn inside each."""
    kept = [np.asarray(run, np.float64) for run in runs if run]
    if not kept:
        raise ValueError("there are no rounds")
    found = np.empty(RESAMPLES)
    for n in range(RESAMPLES):
        chosen = rng.integers(len(kept), size=len(kept))
        found[n] = np.median(np.concatenate([rng.choice(kept[m], kept[m].size) for m in chosen]))
    return found


def _percentiles(values: npt.NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
