"""``tenbit tune``: a search among settings, what the best of them gains, and the file that keeps it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenbit.pipeline.config import Chain
from tenbit.pipeline.device import CpuDevice, CudaDevice, Device, Said
from tenbit.pipeline.errors import DeviceError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.profile.statistics import Interval
from tenbit.pipeline.tune.card import CardSubject
from tenbit.pipeline.tune.kept import Machine, read, this_cpu
from tenbit.pipeline.tune.search import Duel, Search, against
from tenbit.pipeline.tune.setting import Setting
from tenbit.pipeline.tune.subject import Case, CpuSubject, Subject

CHAINS = ("fast", "standard")
# Of the time: groups of settings one after the other; the rest is the duel's.
_SHARES = (0.35, 0.15, 0.15)


@dataclass(frozen=True)
class Row:
    """What a chain gains.

    Parameters
    ----------
    chain : str
        ``all`` of them: a geometric mean, without times of its own.
    default_ms, tuned_ms : float or None
        Medians.
    ratio : float
        Time by the setting over time by the default, the median of rounds.
    interval : Interval
        Where the ratio lies.
    """

    chain: str
    default_ms: float | None
    tuned_ms: float | None
    ratio: float
    interval: Interval


@dataclass(frozen=True)
class Found:
    """What a search has found.

    Parameters
    ----------
    setting : Setting
        The best; the default where none did better in the rounds.
    rows : tuple of Row
        What it gains, chain by chain and all together; empty for the default.
    tried : mapping
        Ratios to the default of all settings that were timed, by their text; the fastest first.
    seconds : float
        That it took.
    """

    setting: Setting
    rows: tuple[Row, ...]
    tried: Mapping[str, float]
    seconds: float

    @property
    def is_faster(self) -> bool:
        """Whether the interval of what it gains on all chains leaves no doubt."""
        return bool(self.rows) and self.rows[-1].interval.high < 1

    def as_record(self) -> dict[str, Any]:
        """Fit for JSON."""
        return {
            "gained": [
                {
                    "chain": row.chain,
                    "default_ms": _rounded(row.default_ms, 3),
                    "tuned_ms": _rounded(row.tuned_ms, 3),
                    "ratio": round(row.ratio, 4),
                    "low": round(row.interval.low, 4),
                    "high": round(row.interval.high, 4),
                }
                for row in self.rows
            ],
            "seconds": round(self.seconds, 1),
            "tried": {text: round(ratio, 4) for text, ratio in self.tried.items()},
        }


def machine_of(device: Device) -> Machine:
    """What a tuning of a device is of.

    Raises
    ------
    DeviceError
        If it is numba's simulator, whose times say nothing.
    """
    if isinstance(device, CpuDevice):
        return this_cpu()
    if isinstance(device, CudaDevice):
        return Machine(device.name.partition(" ")[2])
    raise DeviceError(f"{device.name} cannot be tuned: its times say nothing of a card's")


def tuned(chains: Sequence[Chain], frame: Frame, device: Device, *, seconds: float, said: Said) -> Found:
    """The fastest setting of a device for some chains on a frame; what was kept before takes part.

    Parameters
    ----------
    chains : sequence of Chain
    frame : Frame
    device : Device
    seconds : float
        For all of it, once the loops are compiled.
    said : callable
        Told how it goes, a line each.

    Raises
    ------
    ChangedError
        If a setting changes a picture.
    StageError, ChainError
        If a chain cannot work on the frame.
    DeviceError
        If the device cannot be tuned, or fails.
    """
    machine = machine_of(device)
    cases = [Case.of(chain, frame) for chain in chains]
    for case in cases:
        # Compiled, or linked, before anything counts.
        case.done(device, said)
    subject: Subject = CpuSubject(cases)
    if isinstance(device, CudaDevice):
        device.drop()
        subject = CardSubject(cases, int(device.name.partition(" ")[0].partition(":")[2]))
    return searched(subject, read(machine).setting, seconds=seconds, said=said)


def searched(subject: Subject, earlier: Setting, *, seconds: float, said: Said) -> Found:
    """The fastest setting of a subject.

    Parameters
    ----------
    subject : Subject
    earlier : Setting
        What was kept before: the search begins there.
    seconds : float
    said : callable

    Raises
    ------
    ChangedError
        If a setting changes a picture.
    """
    began = time.perf_counter()
    search, default = Search(subject, said), Setting()
    round_s = search.settle()
    best = default if subject.is_same(earlier, default) else earlier
    titles = subject.titles()
    for title, share in zip(titles, _SHARES, strict=False):
        group = subject.group(title, best)
        if len(group.settings) > 1:
            best = search.best_of(group, share * seconds, round_s)
    rows: tuple[Row, ...] = ()
    if subject.is_same(best, default):
        best = default
    else:
        said(f"duel with the default: {best}")
        rest = seconds - (time.perf_counter() - began)
        rows = tuple(rows_of(search.duel(best, rest), [case.name for case in subject.cases]))
        said(f"  {against(rows[-1].ratio)}")
    tried = {str(setting): ratio for setting, ratio in sorted(search.tried.items(), key=lambda pair: pair[1])}
    return Found(best, rows, tried, time.perf_counter() - began)


def rows_of(duel: Duel, names: Sequence[str]) -> list[Row]:
    """What a duel says, chain by chain and all together."""

    def middle_ms(runs: tuple[tuple[float, ...], ...]) -> float:
        return 1e3 * statistics.median(value for run in runs for value in run)

    rows = [Row(n, middle_ms(duel.default_s[n]), middle_ms(duel.tuned_s[n]), *duel.gain([n])) for n in names]
    return [*rows, Row("all", None, None, *duel.gain(names))]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
