"""Jobs that are given out, and what is known of each until it is told."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, replace
from typing import Any

from tenbit.pipeline.farm.cluster.work import Errand
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome

# A task costs the process that gives it 6 ms with its scheduler, and each frame in it 1 ms (one core of an EPYC): so it
# holds frames for so long.
_TASK_S = 0.25
_MOST_FRAMES = 16


@dataclass(eq=False)
class Slot:
    """One job: given to a worker, or what became of it.

    Parameters
    ----------
    job : Job
    number : int
        By which workers tell of it.
    is_new : bool
        Whether there was no output when it was given.
    is_begun : bool
        Whether a worker has told that it begins with it.
    deaths : int
        How often a task with it was given up because workers died.
    lost : int
        How many workers died over those tasks.
    outcome : Outcome, optional
    is_dropped : bool
        Whether nothing comes of it: the batch has ended.
    """

    job: Job
    number: int
    is_new: bool = False
    is_begun: bool = False
    deaths: int = 0
    lost: int = 0
    outcome: Outcome | None = None
    is_dropped: bool = False

    @property
    def is_over(self) -> bool:
        return self.is_dropped or self.outcome is not None


@dataclass(eq=False)
class Task:
    """A few jobs that a worker does one after another."""

    slots: list[Slot]
    is_apart: bool = False
    future: Any = field(default=None, repr=False)

    def errands(self) -> bytes:
        """What its worker is given, packed; paths do not depend on the folder that it is in."""
        jobs = [(replace(s.job, source=s.job.source.absolute(), target=s.job.target.absolute()), s) for s in self.slots]
        return pickle.dumps([Errand(job, slot.number, slot.is_new) for job, slot in jobs])


class Pace:
    """How many frames a task holds, by what they took of late."""

    def __init__(self) -> None:
        self._seconds: float | None = None

    def add(self, seconds: float) -> None:
        """Count one more frame."""
        self._seconds = seconds if self._seconds is None else 0.8 * self._seconds + 0.2 * seconds

    @property
    def frames(self) -> int:
        return max(1, min(_MOST_FRAMES, int(_TASK_S / self._seconds))) if self._seconds else 1
