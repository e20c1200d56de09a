"""Times of several ways to do the same work, taken in turns, and the claims that are made about them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One way to do the work.

    Parameters
    ----------
    name : str
    call : callable
        Timed. What it returns is let go of after the clock has stopped.
    megapixels : float
        Done by one call.
    before : callable, optional
        Called before each call, not timed.
    told_s : callable, optional
        Finds the seconds in what the call returned, for a program that says what a part of its work took; otherwise
        the whole call is timed.
    most : int, optional
        Rounds that it takes part in at most, for what is slow.
    """

    name: str
    call: Callable[[], Any]
    megapixels: float
    before: Callable[[], object] | None = None
    told_s: Callable[[Any], float] | None = None
    most: int | None = None


@dataclass(frozen=True)
class Timed:
    """Times of one case, in the order of the rounds."""

    name: str
    megapixels: float
    times_s: tuple[float, ...]

    @property
    def median_s(self) -> float:
        return statistics.median(self.times_s)

    @property
    def quartiles_s(self) -> tuple[float, float]:
        """The first and the third; the extremes of fewer than four rounds."""
        if len(self.times_s) < 4:
            return min(self.times_s), max(self.times_s)
        first, _, third = statistics.quantiles(self.times_s, n=4, method="inclusive")
        return first, third

    @property
    def rate(self) -> float:
        """Megapixels per second."""
        return self.megapixels / self.median_s

    def over(self, other: Timed) -> float:
        """This speed as a multiple of another's, from the medians: of rates, or of times where no pixels count."""
        return self.rate_over(other) if self.megapixels and other.megapixels else other.median_s / self.median_s

    def rate_over(self, other: Timed) -> float:
        """This rate as a multiple of another's, from the medians."""
        return self.rate / other.rate


@dataclass(frozen=True)
class Target:
    """A claim with its figure: ``claim`` is met when ``figure`` is at least (or at most) ``limit``."""

    claim: str
    figure: float
    limit: float
    is_at_least: bool = True

    @property
    def is_met(self) -> bool:
        return self.figure >= self.limit if self.is_at_least else self.figure <= self.limit

    @property
    def wanted(self) -> str:
        return f"{'≥' if self.is_at_least else '≤'} {self.limit:g}"


@dataclass(frozen=True)
class Section:
    """What one part of the benchmark found.

    Parameters
    ----------
    name, title : str
    timed : sequence of Timed
    checks : mapping
        How far the pictures of the peers are from ours, by name, as text. Made before anything was timed.
    targets : sequence of Target
    figures : mapping
        Anything else that was measured: name to number, the unit in the name.
    beside : mapping
        Which of tenbit's cases does the work of which peer's: names of `timed`.
    left_out : mapping
        Peers that are not installed, with the command that installs them.
    table : sequence of sequence of str
        What is told in words: a head and rows.
    versions : mapping
        Of what has been measured and is not among this Python's packages.
    """

    name: str
    title: str
    timed: Sequence[Timed] = ()
    checks: dict[str, str] = field(default_factory=dict)
    targets: Sequence[Target] = ()
    figures: dict[str, float] = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    table: Sequence[Sequence[str]] = ()
    versions: dict[str, str] = field(default_factory=dict)


def in_turns(cases: Sequence[Case], rounds: int, *, has_warmed: bool = False) -> dict[str, Timed]:
    """Time every case once per round, one after the other, so that a slow spell of the machine meets them all.

    A round that does not count comes first: it compiles, and fills caches and pools. ``has_warmed`` says that the
    caller has done that.
    """
    times: dict[str, list[float]] = {case.name: [] for case in cases}
    if len(times) != len(cases):
        raise ValueError("two cases have the same name")
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        for turn in range(1 if has_warmed else 0, rounds + 1):
            for case in cases:
                if case.most is not None and turn > case.most:
                    continue
                if case.before:
                    case.before()
                began = time.perf_counter()
                result = case.call()
                elapsed_s = time.perf_counter() - began
                if case.told_s:
                    elapsed_s = case.told_s(result)
                del result
                if turn:
                    times[case.name].append(elapsed_s)
            gc.collect()
    finally:
        if was_collecting:
            gc.enable()
    return {case.name: Timed(case.name, case.megapixels, tuple(times[case.name])) for case in cases}


def copying(size: int, threads: int) -> Callable[[], object]:
    """A call that copies so many bytes between two buffers that are kept, a part for each thread: the ceiling."""
    source, to = (np.array_split(np.full(size, n, np.uint8), threads) for n in (1, 0))
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(np.copyto, to, source))
