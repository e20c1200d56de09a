"""What is tuned of a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenbit.kernels._schedule import DEFAULT, Schedule

MOST = {"threads": 4096, "lanes": 16}
"""Of what is no size of the schedule."""


@dataclass(frozen=True)
class Setting:
    """How a device does frames; made without anything it is the default.

    Parameters
    ----------
    schedule : Schedule
        Of the CPU.
    threads : int or None
        Of the CPU, for a frame that is done alone; None for as many as cores that may be used.
    lanes : int or None
        Frames that are on their way through a card at a time; None for as many as it has by default.

    Raises
    ------
    ValueError
        If a number is out of its range.
    """

    schedule: Schedule = DEFAULT
    threads: int | None = None
    lanes: int | None = None

    def __post_init__(self) -> None:
        for name, most in MOST.items():
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most):
                raise ValueError(f"{name}: {value!r} is no whole number from 1 to {most}")

    def as_record(self) -> dict[str, int]:
        """Its numbers by name, fit for JSON; of a card without the CPU's."""
        if self.lanes is not None:
            return {"lanes": self.lanes}
        return self.schedule.as_record() | ({} if self.threads is None else {"threads": self.threads})

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Setting:
        """The setting of a record.

        Raises
        ------
        ValueError
            If there is no such number, or one is out of its range.
        """
        sizes = {name: value for name, value in record.items() if name not in MOST}
        return cls(Schedule.from_record(sizes), record.get("threads"), record.get("lanes"))

    def __str__(self) -> str:
        if self.lanes is not None:
            return f"lanes {self.lanes}"
        sizes = self.schedule
        text = f"scratch {sizes.scratch_bytes / 1024:g} KiB, deep {sizes.most_deep}"
        text += f", wide {sizes.least_wide}, bands {sizes.bands}"
        return text if self.threads is None else f"{text}, threads {self.threads}"
