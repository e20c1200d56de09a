"""What is timed: chains on a frame, done by one setting or another; the CPU's settings, and those worth a try."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from tenbit.kernels._cpu import divided
from tenbit.kernels._schedule import Schedule
from tenbit.pipeline.config import Chain
from tenbit.pipeline.device import CpuDevice, Device, Pending, Said, usable_cores
from tenbit.pipeline.device.contract import Done
from tenbit.pipeline.errors import TenbitError
from tenbit.pipeline.foreseen import likely_format, planned, settled
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Plan
from tenbit.pipeline.run import picture_of
from tenbit.pipeline.tune.setting import Setting

_KIB = 1024
_SCRATCHES = tuple(_KIB * kib for kib in (128, 256, 384, 512, 768, 1024, 1536, 2048, 4096, 8192))
_DEPTHS = (1, 2, 4, 6, 8, 12)
_WIDTHS = (1, 2, 4, 8, 16)
_BANDS = (1, 2, 3, 4, 6, 8, 16, 32)


class ChangedError(TenbitError):
    """A setting changed a picture: a fault of tenbit, which must not be hidden by a good time."""


class Group(NamedTuple):
    """Settings that are tried beside each other, and what of them is looked for."""

    title: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True)
class Case:
    """A chain on the frame.

    Parameters
    ----------
    name : str
        Of the chain.
    what : Plan
    frame : Frame
    """

    name: str
    what: Plan
    frame: Frame

    @classmethod
    def of(cls, chain: Chain, frame: Frame) -> Case:
        """A chain that was checked, on a frame; in the format that it is most likely to be written in."""
        chain = settled(chain, likely_format(chain))
        return cls(chain.name, planned(frame.facts, chain, packing=frame.packing), frame)

    def begun(self, device: Device, said: Said | None = None) -> Pending:
        """The passes on their way through a device."""
        wanted = (picture_of(self.what.facts.state), *self.what.keeps)
        planes = {picture_of(self.frame.state): self.frame.samples}
        return device.begin(self.what.passes_for(device.target), planes, wanted, said=said)

    def done(self, device: Device, said: Said | None = None) -> Done:
        """What becomes of the frame on a device."""
        return self.begun(device, said).finish()


class Subject(Protocol):
    """A device with cases, whose settings are tried."""

    cases: Sequence[Case]

    def titles(self) -> tuple[str, ...]:
        """What is looked for, one after the other."""

    def group(self, title: str, best: Setting) -> Group:
        """Settings around the best so far, itself first; no two that come to the same."""

    def go(self, setting: Setting, case: Case) -> float:
        """Seconds of a frame."""

    def done(self, setting: Setting, case: Case) -> Done:
        """What becomes of a frame."""

    def is_same(self, one: Setting, other: Setting) -> bool:
        """Whether two settings do all cases in the same way."""

    def renewed(self) -> None:
        """Begin anew, with other threads and in another place in memory."""


class CpuSubject:
    """The CPU.

    Parameters
    ----------
    cases : sequence of Case
    cores : int, optional
        The most threads; by default the cores that may be used.
    """

    def __init__(self, cases: Sequence[Case], cores: int | None = None) -> None:
        self.cases, self.cores = cases, cores or usable_cores()
        self._devices: dict[int, CpuDevice] = {}

    def titles(self) -> tuple[str, ...]:
        return ("scratch and depth", "width and bands", "threads")

    def group(self, title: str, best: Setting) -> Group:
        sizes = best.schedule
        tried = {
            "scratch and depth": lambda: [
                replace(best, schedule=replace(sizes, scratch_bytes=scratch, most_deep=deep))
                for scratch, deep in itertools.product(_SCRATCHES, _DEPTHS)
            ],
            "width and bands": lambda: [
                replace(best, schedule=replace(sizes, least_wide=wide, bands=bands))
                for wide, bands in itertools.product(_WIDTHS, _BANDS)
            ],
            "threads": lambda: [replace(best, threads=count) for count in self._counts()],
        }[title]()
        apart: dict[Any, Setting] = {self._way(best): best}
        for setting in tried:
            apart.setdefault(self._way(setting), setting)
        return Group(title, tuple(apart.values()))

    def go(self, setting: Setting, case: Case) -> float:
        device = self.device(setting)
        began = time.perf_counter()
        case.done(device)
        return time.perf_counter() - began

    def done(self, setting: Setting, case: Case) -> Done:
        return case.done(self.device(setting))

    def is_same(self, one: Setting, other: Setting) -> bool:
        return bool(self._way(one) == self._way(other))

    def renewed(self) -> None:
        self._devices.clear()

    def _counts(self) -> list[int]:
        """Threads: one, parts of all cores (of two hardware threads a core, one), one fewer than all, all."""
        cores = self.cores
        return sorted({1, max(1, cores // 4), max(1, cores // 2), max(1, 3 * cores // 4), max(1, cores - 1), cores})

    def device(self, setting: Setting) -> CpuDevice:
        """A device of its own per number of threads: a pool would lend others'."""
        threads = setting.threads or self.cores
        if threads not in self._devices:
            self._devices[threads] = CpuDevice(threads, Schedule())
        return self._devices[threads].scheduled(setting.schedule)

    def _way(self, setting: Setting) -> Any:
        """How a setting does all cases: settings differ where that differs."""
        threads = setting.threads or self.cores
        works = [work for case in self.cases for work in case.what.passes]
        return threads, tuple(divided(w, w.shape, threads=threads, schedule=setting.schedule) for w in works)


def check_same(found: Done, expected: Done, setting: Setting, case: Case) -> None:
    """Hold what a setting makes against what the default makes, bit for bit, counters too.

    Raises
    ------
    ChangedError
        If it differs.
    """
    for kind, ours, theirs in (
        ("", found.arrays, expected.arrays),
        ("counts of ", found.counters, expected.counters),
    ):
        for name, array in theirs.items():
            if not np.array_equal(ours[name].view(np.uint8), array.view(np.uint8)):
                raise ChangedError(
                    f"{case.name}: {kind}{name} changed with {setting}: a fault of tenbit; nothing is kept"
                )
