"""What is compared: a profile that was saved, or the runs that were made for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.profile.parts import Runs, Timing
from tenbit.pipeline.profile.record import Profile, read_profile

Metric = Literal["wall", "cpu"]


@dataclass(frozen=True)
class Side:
    """One of the two.

    Parameters
    ----------
    title : str
        As it was asked for.
    profiles : tuple of Profile
        One that was saved, of one or several runs; or one of each run.
    """

    title: str
    profiles: tuple[Profile, ...]

    @property
    def profile(self) -> Profile:
        """The first one: what was measured, and on what."""
        return self.profiles[0]

    @property
    def runs(self) -> int:
        return sum(len(profile.frame_timing.wall_s) for profile in self.profiles)

    def times(self, of: Callable[[Profile], Timing | None], metric: Metric) -> Runs | None:
        """Seconds of something in all runs; None where it is not there, or its CPU time is not known."""
        found: list[tuple[float, ...]] = []
        for profile in self.profiles:
            timing = of(profile)
            runs = timing and (timing.wall_s if metric == "wall" else timing.cpu_s)
            if not runs:
                return None
            found += runs
        return tuple(found)

    def figures(self, of: Callable[[Profile], float]) -> Runs:
        """Something of which a profile has one figure."""
        return tuple((float(of(profile)),) for profile in self.profiles)

    def joined(self) -> Profile:
        """All runs as one profile.

        Raises
        ------
        RequestError
            If the program changed between two of them.
        """
        whole = self.profile
        for other in self.profiles[1:]:
            whole = whole.joined(other)
        return whole


def is_saved(name: str) -> bool:
    """Whether a side's name is that of a file that a profile was saved to, not that of a chain."""
    return name.lower().endswith(".json")


def saved(name: str) -> Side:
    """A profile from its file.

    Raises
    ------
    RequestError
        If it cannot be read, or is none.
    """
    return Side(name, (read_profile(Path(name)),))


def check_metric(sides: tuple[Side, Side], metric: Metric) -> None:
    """Refuse CPU time of a card.

    Raises
    ------
    RequestError
        If a side does not have it.
    """
    for side in sides:
        if side.times(lambda profile: profile.frame_timing, metric) is None:
            raise RequestError(f"{side.title}: CPU time is not known on {side.profile.device}; --metric wall")
