"""Medians, ratios and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from tenbit.pipeline.profile import statistics
from tenbit.pipeline.profile.parts import Runs
from tenbit.pipeline.profile.statistics import (
    Ratio,
    median_interval,
    ratio_apart,
    ratio_in_turns,
    student,
)


def measured(
    rng: np.random.Generator,
    times: float = 1.0,
    *,
    runs: int = 5,
    rounds: int = 15,
    between: float = 0.01,
    within: float = 0.02,
) -> Runs:
    """Runs that differ, of rounds that differ; relative standard deviations."""
    of_runs = rng.normal(0, between, (runs, 1))
    return tuple(map(tuple, times * np.exp(of_runs + rng.normal(0, within, (runs, rounds)))))


@pytest.mark.parametrize(
    ("tail", "freedom", "tabled"),
    [(0.025, 1, 12.706), (0.025, 4, 2.776), (0.005, 9, 3.250), (0.0005, 5, 6.869), (0.025, math.inf, 1.960)],
)
def test_students_quantiles_are_those_of_tables(tail: float, freedom: float, tabled: float) -> None:
    assert student(tail, freedom) == pytest.approx(tabled, abs=1e-3)


def test_rounds_that_are_equal_leave_no_doubt() -> None:
    runs = ((2.0,) * 3,) * 4
    assert median_interval(runs) == (2.0, 2.0)
    assert ratio_apart(runs, ((1.0,) * 5,) * 2).interval == pytest.approx((2.0, 2.0))
    assert ratio_in_turns(runs, ((1.0,) * 3,) * 4).value == pytest.approx(2.0)


def test_a_median_lies_within_its_interval_and_a_higher_level_makes_it_wider() -> None:
    runs = measured(np.random.default_rng(1))
    low, high = median_interval(runs)
    wider = median_interval(runs, level=0.99)
    assert wider.low < low < np.median(runs) < high < wider.high
    alone = median_interval(runs[:1])
    assert min(runs[0]) < alone.low < np.median(runs[0]) < alone.high < max(runs[0])


def test_runs_of_other_lengths_count_by_their_rounds() -> None:
    found = statistics.resampled_medians(((1.0,), (5.0, 5.0, 5.0)), np.random.default_rng(1))
    # Both the first run: 1; both the second, or one of each with three rounds of four: 5.
    assert set(found) == {1.0, 5.0}
    assert np.mean(found == 1.0) == pytest.approx(0.25, abs=0.05)
    assert statistics.resampled_medians(((), (3.0,)), np.random.default_rng(1)).tolist() == [3.0] * statistics.RESAMPLES


def test_medians_of_drawn_rounds_vary_as_medians_do() -> None:
    values = np.random.default_rng(1).normal(0, 1, 400)
    found = statistics.resampled_medians((tuple(values),), np.random.default_rng(2))
    assert found.std() == pytest.approx(math.sqrt(math.pi / 2 / 400), rel=0.25)


def test_runs_that_differ_make_the_interval_wide_where_their_rounds_do_not() -> None:
    rng = np.random.default_rng(1)
    alike = median_interval(measured(rng, between=0.0, within=0.01))
    apart = median_interval(measured(rng, between=0.05, within=0.01))
    assert apart.high - apart.low > 3 * (alike.high - alike.low)


@pytest.mark.parametrize("of", [ratio_in_turns, ratio_apart])
def test_intervals_hold_the_truth_as_often_as_they_promise(
    of: Callable[..., Ratio], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "RESAMPLES", 200)
    rng = np.random.default_rng(3)
    held = sum(not of(measured(rng, 1.1), measured(rng), seed=n).interval.excludes(1.1) for n in range(100))
    # Of 100, 95 are promised; fewer than 88 have a probability below one in four hundred.
    assert held >= 88


def test_a_spell_that_both_meet_is_left_out_of_rounds_in_turns() -> None:
    rng = np.random.default_rng(1)
    spell = np.where(rng.random((5, 15)) < 0.5, 3.0, 1.0)
    ours, theirs = (tuple(map(tuple, spell * np.array(measured(rng, times)))) for times in (1.1, 1.0))
    in_turns, apart = ratio_in_turns(ours, theirs), ratio_apart(ours, theirs)
    assert in_turns.interval.excludes(1)
    assert not apart.interval.excludes(1)
    assert in_turns.value == pytest.approx(1.1, rel=0.02)


def test_what_is_assumed_beside_the_spread_makes_the_interval_wide() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = measured(rng, runs=1, within=1e-4), measured(rng, runs=1, between=0, within=1e-4)
    for of in (ratio_in_turns, ratio_apart):
        interval = of(ours, theirs, level=0.95, assumed=0.02).interval
        assert math.log(interval.high / interval.low) == pytest.approx(2 * 1.96 * 0.02, rel=0.02)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="there are no rounds"):
        median_interval(((), ()))
    with pytest.raises(ValueError, match="greater than 0"):
        ratio_apart(((1.0, 0.0),), ((1.0,),))
    with pytest.raises(ValueError, match="shorter"):
        ratio_in_turns(((1.0,), (1.0,)), ((1.0,),))
    with pytest.raises(ValueError, match="shape"):
        ratio_in_turns(((1.0, 2.0),), ((1.0, 2.0, 3.0),))
