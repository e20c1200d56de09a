"""What every device offers: a frame's arrays go in, passes are done, arrays and counts come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._pass import Pass
from tenbit.kernels._stage import Step
from tenbit.pipeline.errors import DeviceError

Said = Callable[[str], None]
Target = Literal["cpu", "cuda"]


class DeviceFullError(DeviceError):
    """A frame does not fit into the memory that the device has free."""


class Rows(NamedTuple):
    """Which rows of a frame a tile is: what a CUDA kernel is told of it."""

    first: int = 0
    """The frame's row that is row 0 of the tile."""
    low: int = 0
    """The tile's first row whose pixels are counted; those before it are another tile's."""
    high: int = 2**31 - 1
    """The tile's row behind the last that is counted."""

    def of_cells(self, cell: int) -> Rows:
        """The same in rows of cells; a tile begins at a whole one."""
        return self if cell <= 1 else Rows(self.first // cell, self.low // cell, self.high // cell)


WHOLE = Rows()


@dataclass(frozen=True)
class Done:
    """What became of one frame.

    Parameters
    ----------
    arrays : mapping
        The arrays that were wanted, on the host, by name.
    counters : mapping
        Counters of each REDUCE, int64, by the name of its result.
    results : mapping
        Their summaries by the same names.
    """

    arrays: Mapping[str, Array]
    counters: Mapping[str, Array]
    results: Mapping[str, Any]


class Pending(Protocol):
    """A frame on its way through a device."""

    def finish(self) -> Done:
        """Wait for it. May be asked again."""


class Finished:
    """A frame that was done when it was begun."""

    def __init__(self, done: Done) -> None:
        self._done = done

    def finish(self) -> Done:
        return self._done


class Talks(Protocol):
    """Remembers what a user has been told."""

    said_before: set[str]
    """What a user has been told about this device: once is enough."""


class Device(Talks, Protocol):
    """Does passes."""

    name: str
    """As records and reports show it: ``cpu``, ``cuda:0 NVIDIA H200``."""

    target: Target
    """Which of a plan's passes it does."""

    def empty(self, shape: tuple[int, ...], dtype: str) -> Array:
        """A host array of any content, from memory that the device reaches fastest and that is used again."""

    def free_bytes(self) -> int | None:
        """Memory left; None where it is not counted."""

    def keep_at_most(self, count: int) -> None:
        """Keep no more bytes of host memory for later frames."""

    def begin(
        self,
        passes: Sequence[Pass],
        planes: Mapping[str, Array],
        wanted: Sequence[str],
        *,
        known: Mapping[str, Any] | None = None,
        rows: Rows = WHOLE,
        said: Said | None = None,
    ) -> Pending:
        """Start on a frame; another may be begun before this one is finished.

        Parameters
        ----------
        passes : sequence of Pass
        planes : mapping
            The frame's arrays on the host, by name. They must not be written to before the frame is finished.
        wanted : sequence of str
            Names of the arrays to bring back.
        known : mapping, optional
            Results that are known already, those of the whole frame where the planes are a tile of it: constants follow
            from them, and no step waits for the counters behind them.
        rows : Rows
            Which rows the planes are. The CPU takes whole frames alone.
        said : callable, optional
            Told, a line each, of compiles that take seconds.

        Raises
        ------
        DeviceFullError
            If the frame does not fit.
        DeviceError
            If the device fails.
        """


def summary(tally: Step, counters: Array) -> Any:
    """The result of a REDUCE."""
    return tally.summary(counters) if tally.summary else counters


def stretches(passes: Sequence[Pass], known: Mapping[str, Any]) -> list[tuple[Pass, ...]]:
    """Passes cut where the host is needed: where constants follow from counters of the passes before.

    Parameters
    ----------
    passes : sequence of Pass
    known : mapping
        Results whose counters nobody waits for.
    """
    cut: list[tuple[Pass, ...]] = []
    current: list[Pass] = []
    for work in passes:
        is_waiting = any(callable(step.constants) for step in work.steps)
        if is_waiting and any(tally.writes[0] not in known for earlier in current for tally in earlier.tallies):
            cut.append(tuple(current))
            current = []
        current.append(work)
    return [*cut, tuple(current)] if current else cut


def native(array: Array) -> Array:
    """An array in a dtype that the loops are compiled for."""
    return array if array.dtype in (np.uint8, np.uint16, np.float32) else array.astype(np.float32)


def said_once(device: Talks, said: Said | None, what: str, line: str) -> None:
    """Tell a user what a device cannot do, or does another way, the first time that it happens."""
    if said is not None and what not in device.said_before:
        device.said_before.add(what)
        said(line)
