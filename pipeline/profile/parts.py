"""What a profile is made of: times with their runs and rounds, passes and what stages add to them, limits.

Seconds, bytes and numbers per second throughout.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

Runs = tuple[tuple[float, ...], ...]
"""A value per round, the rounds of each run of the program together: runs differ more than the rounds of one."""


@dataclass(frozen=True)
class Timing:
    """Times of one thing.

    Parameters
    ----------
    wall_s : Runs
        On a card by its own clock.
    cpu_s : Runs
        CPU seconds of all threads; empty where they say nothing: on a card, and of estimates.
    """

    wall_s: Runs
    cpu_s: Runs = ()

    @property
    def all_s(self) -> tuple[float, ...]:
        """The rounds of all runs."""
        return tuple(value for run in self.wall_s for value in run)

    @property
    def median_s(self) -> float:
        return statistics.median(self.all_s)

    @property
    def median_cpu_s(self) -> float | None:
        """CPU seconds; None where they are not known."""
        every = [value for run in self.cpu_s for value in run]
        return statistics.median(every) if every else None

    @property
    def quartiles_s(self) -> tuple[float, float]:
        """The first and the third; the extremes of fewer than four rounds."""
        every = self.all_s
        if len(every) < 4:
            return min(every), max(every)
        first, _, third = statistics.quantiles(every, n=4, method="inclusive")
        return first, third

    def joined(self, other: Timing) -> Timing:
        """With another's runs behind these."""
        return Timing(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)


@dataclass(frozen=True)
class Share:
    """What a stage adds to a pass: an estimate, the pass done with it less the pass done without it and all behind it.

    Parameters
    ----------
    name : str
        Of the stage; of steps that several stages share, their own; ``load and store``, what the pass costs without
        any.
    timing : Timing
        Differences of the two, round by round: noise may make them negative.
    operations : float
        Of the stage's bodies on one frame, as they are written.
    """

    name: str
    timing: Timing
    operations: float = 0.0


@dataclass(frozen=True)
class PassProfile:
    """One trip over the frame.

    Parameters
    ----------
    steps : tuple of str
        Names of its steps, in order; a stage's steps are called ``stage`` or ``stage.part``.
    access : str
        What its steps look at, as plans show it.
    rows, cols : int
        Pixels that it goes over.
    bytes_read, bytes_written : float
        Of one frame: every array once, whatever a loop reads twice.
    operations : float
        Of one frame: what is written in the bodies (additions, multiplications, comparisons, roots, … one each).
    timing : Timing
    shares : tuple of Share
        What each stage adds, estimated; empty where nobody asked for it.
    """

    steps: tuple[str, ...]
    access: str
    rows: int
    cols: int
    bytes_read: float
    bytes_written: float
    operations: float
    timing: Timing
    shares: tuple[Share, ...] = ()

    @property
    def label(self) -> str:
        return " + ".join(self.steps)

    @property
    def bytes_per_s(self) -> float:
        """Achieved: read and written."""
        return (self.bytes_read + self.bytes_written) / self.timing.median_s

    @property
    def operations_per_s(self) -> float:
        return self.operations / self.timing.median_s

    @property
    def intensity(self) -> float:
        """Operations per byte: where a roofline has its dot."""
        return self.operations / max(1.0, self.bytes_read + self.bytes_written)


@dataclass(frozen=True)
class Ceilings:
    """What this machine can do at best, measured in the same run, with as many threads.

    Parameters
    ----------
    copy_bytes_per_s : float
        Read and written, between two large buffers that are kept.
    operations_per_s : float
        Multiplications and additions in float32, two of each fused pair, of values in registers.
    up_bytes_per_s, down_bytes_per_s : float or None
        Copies to a card and from it; None on the CPU.
    cache_bytes_per_s : float or None
        As ``copy_bytes_per_s``, but inside 256 KiB a thread, as passes keep what lies between their legs; None on a
        card.
    """

    copy_bytes_per_s: float
    operations_per_s: float
    up_bytes_per_s: float | None = None
    down_bytes_per_s: float | None = None
    cache_bytes_per_s: float | None = None


@dataclass(frozen=True)
class First:
    """The first frame of a process.

    Parameters
    ----------
    frame_s : float
        Until it was finished.
    compiled, loaded : int
        Loops that were compiled, and those that the cache had.
    compile_s, load_s : float
        What that took, all together.
    """

    frame_s: float
    compiled: int
    compile_s: float
    loaded: int
    load_s: float
