"""Sizes that the CPU's schedule goes by: how much of a frame is done at a time. None of them changes the picture.

They are arguments of the compiled loops: with another schedule it is the same loop, and nothing is compiled. The
defaults are what was fastest on the machines that we know; ``tenbit tune`` finds what is fastest on this one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERSION = 1
"""Of what the sizes mean and of the loops that they were tuned with: what another version has kept says nothing."""

RANGES = {
    "scratch_bytes": (1, 1 << 28),
    "most_deep": (1, 64),
    "least_wide": (1, 64),
    "bands": (1, 256),
}
"""Least and most of each."""


@dataclass(frozen=True)
class Schedule:
    """How the CPU does a pass: its sizes, the same for all passes.

    Parameters
    ----------
    scratch_bytes : int
        Scratch of one band at most, as long as strips do not become too narrow for it. It lies in the second-level
        cache of the machines that we know, and near it (EPYC with 1 MiB, a chain of 12 stencils and 18 planes, 4000
        columns: 384 KiB in 9 strips 8.6 ns a pixel, 768 KiB in 5 strips 6.3, 1.5 MiB 5.8).
    most_deep : int
        Rows, in CFA periods, that are at most done at a time, leg by leg.
    least_wide : int
        A strip is at least so many times as wide as what is done beside it for its neighbours, and a band as tall.
    bands : int
        Per thread, at most: the last ones to finish leave little idle time.

    Raises
    ------
    ValueError
        If a size is out of its range: `RANGES`.
    """

    scratch_bytes: int = 768 * 1024
    most_deep: int = 6
    least_wide: int = 4
    bands: int = 4

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise ValueError(f"schedule: {name}: {value!r} is no whole number")
            if not least <= value <= most:
                raise ValueError(f"schedule: {name}: {value} is outside {least}..{most}")

    def as_record(self) -> dict[str, int]:
        """Its sizes by name, fit for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Schedule:
        """The schedule of a record; what it leaves out is as it is by default.

        Raises
        ------
        ValueError
            If there is no such size, or it is out of its range.
        """
        if unknown := sorted(map(str, set(record) - set(RANGES))):
            raise ValueError(f"schedule: {unknown[0]}: no such size; allowed: {', '.join(RANGES)}")
        return cls(**record)


DEFAULT = Schedule()
