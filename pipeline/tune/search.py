"""Which setting is fastest: rounds in turns, of which the slower half goes, and a duel with the default at the end.

In each round every chain is done by every setting that is left and by the default, in an order drawn anew; what counts
is the ratio to the default of the same round, over chains as a geometric mean. So what disturbs the machine for a while
disturbs all alike. The best of many is flattered by noise: what it gains is measured afresh, in a duel.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tenbit.pipeline.device import Said
from tenbit.pipeline.device.contract import Done
from tenbit.pipeline.profile.parts import Runs
from tenbit.pipeline.profile.statistics import Ratio, ratio_in_turns
from tenbit.pipeline.tune.setting import Setting
from tenbit.pipeline.tune.subject import Group, Subject, check_same

_LEAST = 4  # settings that a group is cut to where there is no time for more
_RUNS = 6  # of a duel: each with threads and memory of its own, in which they differ more than rounds do
_ROUNDS = 3, 60  # of each run, at least and at most: more say nothing that runs do not


@dataclass(frozen=True)
class Duel:
    """A setting and the default in turns.

    Parameters
    ----------
    default_s, tuned_s : dict
        Seconds by the name of the chain, rounds of runs.
    """

    default_s: dict[str, Runs]
    tuned_s: dict[str, Runs]

    def gain(self, names: Sequence[str]) -> Ratio:
        """Time by the setting over time by the default: the median of rounds; over some chains a geometric mean."""
        return ratio_in_turns(together(self.tuned_s, names), together(self.default_s, names))


@dataclass
class Search:
    """A search among the settings of a subject.

    Parameters
    ----------
    subject : Subject
    said : callable
        Told of what is tried, a line each.
    seed : int
        Of the orders.
    """

    subject: Subject
    said: Said
    seed: int = 1
    tried: dict[Setting, float] = field(default_factory=dict)
    """Every setting that was timed, with its ratio in the last rounds that it took part in."""

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._expected: dict[str, Done] = {}

    def settle(self) -> float:
        """Do all cases by the default, whose pictures count from now on; returns the seconds of a round of it."""
        default = Setting()
        for case in self.subject.cases:
            self._expected[case.name] = self.subject.done(default, case)
        return sum(self.subject.go(default, case) for case in self.subject.cases)

    def check(self, setting: Setting) -> None:
        """Hold all pictures by a setting against the default's; what is done first, and never timed.

        Raises
        ------
        ChangedError
            If one differs.
        """
        for case in self.subject.cases:
            check_same(self.subject.done(setting, case), self._expected[case.name], setting, case)

    def best_of(self, group: Group, seconds: float, round_s: float) -> Setting:
        """The fastest of a group.

        Parameters
        ----------
        group : Group
        seconds : float
            That may be spent on it.
        round_s : float
            Of all cases once.
        """
        first, *others = group.settings
        # Each is done once to be checked and once to be timed, in half of the time.
        most = max(_LEAST, int(seconds / (4 * round_s)))
        if len(others) >= most:
            others = self._rng.sample(others, most - 1)
        left = [first, *others]
        self.said(f"{group.title}: {len(left)} settings")
        began = time.perf_counter()
        for setting in left:
            self.check(setting)
        while len(left) > 1:
            rest = seconds - (time.perf_counter() - began)
            ends = time.perf_counter() + rest / math.ceil(math.log2(len(left)))
            ratios = self._rounds(left, lambda ends=ends: time.perf_counter() >= ends)  # type: ignore[misc]
            middle = {setting: statistics.median(of_one) for setting, of_one in ratios.items()}
            self.tried |= middle
            left = sorted(left, key=middle.__getitem__)[: -(-len(left) // 2)]
            is_default = self.subject.is_same(left[0], Setting())
            ahead = "the default" if is_default else f"{left[0]}: {against(middle[left[0]])}"
            self.said(f"  {len(left)} left: {ahead}")
        return left[0]

    def duel(self, setting: Setting, seconds: float) -> Duel:
        """A setting against the default, in turns, in several runs."""
        names = [case.name for case in self.subject.cases]
        times: dict[Setting, dict[str, list[tuple[float, ...]]]] = {
            one: {name: [] for name in names} for one in (Setting(), setting)
        }
        began = time.perf_counter()
        for run in range(_RUNS):
            self.subject.renewed()
            self.check(Setting())
            self.check(setting)
            ends = began + seconds * (run + 1) / _RUNS
            of_run: dict[Setting, dict[str, list[float]]] = {one: {name: [] for name in names} for one in times}
            count = 0
            while count < _ROUNDS[0] or (count < _ROUNDS[1] and time.perf_counter() < ends):
                for case in self.subject.cases:
                    for one in self._rng.sample(list(times), len(times)):
                        of_run[one][case.name].append(self.subject.go(one, case))
                count += 1
            for one, by_name in of_run.items():
                for name, seconds_of in by_name.items():
                    times[one][name].append(tuple(seconds_of))
        default_s, tuned_s = ({name: tuple(runs) for name, runs in by_name.items()} for by_name in times.values())
        return Duel(default_s, tuned_s)

    def _rounds(self, settings: Sequence[Setting], is_over: Callable[[], bool]) -> dict[Setting, list[float]]:
        """Ratios to the default, a geometric mean over the cases, round by round."""
        ratios: dict[Setting, list[float]] = {setting: [] for setting in settings}
        default = Setting()
        every = list(dict.fromkeys([default, *settings]))
        while True:
            logs = dict.fromkeys(every, 0.0)
            for case in self.subject.cases:
                for setting in self._rng.sample(every, len(every)):
                    logs[setting] += math.log(self.subject.go(setting, case))
            for setting in settings:
                ratios[setting].append(math.exp((logs[setting] - logs[default]) / len(self.subject.cases)))
            if is_over() or len(ratios[settings[0]]) >= _ROUNDS[1]:
                return ratios


def together(times: Mapping[str, Runs], names: Sequence[str]) -> Runs:
    """Geometric means over some chains, round by round."""
    runs = zip(*(times[name] for name in names), strict=True)
    return tuple(tuple(map(statistics.geometric_mean, zip(*of_run, strict=True))) for of_run in runs)


def against(ratio: float) -> str:
    """A ratio to the default in words."""
    share = 100 * (1 - ratio)
    return f"{abs(share):.1f} % {'faster' if share > 0 else 'slower'} than the default"
