"""Constants and counters of some passes in one block of memory: one copy takes them to a card. Pure: no device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenbit.kernels._bound import Bound
from tenbit.kernels._facts import Array
from tenbit.kernels._pass import Pass
from tenbit.kernels._stage import Constants
from tenbit.pipeline.device.contract import WHOLE, Rows
from tenbit.pipeline.device.layout import ALIGNMENT, aligned

Spot = tuple[int, tuple[int, ...], str]
"""First byte, shape and dtype of an array in the block."""


def packed(
    work: Pass, bound: Bound, constants: list[Constants], rows: Rows = WHOLE
) -> tuple[Array, Array, list[Array]]:
    """A pass's constants as its CUDA kernel takes them: rows and shape stand behind the whole numbers."""
    kf, ki, arrays = bound.packed(constants)
    return kf, np.array([*ki[: len(bound.ints)], *rows.of_cells(work.cell), *work.shape], np.int32), arrays


class Numbers:
    """Values and places of what a stretch of passes counts with.

    Parameters
    ----------
    passes : sequence of Pass
    constants : sequence of list
        Per pass, the constants of its steps.
    rows : Rows

    Attributes
    ----------
    bounds : list of Bound
        Per pass, which constant is where in its arrays.
    constant_spots, counter_spots : list of list of Spot
        Per pass: floats, whole numbers and arrays; and the int32 counters of its tallies, behind all constants.
    first_counter : int
        Byte where the counters begin; 0 when there are none.
    nbytes : int
        Of the block.
    """

    def __init__(self, passes: Sequence[Pass], constants: Sequence[list[Constants]], rows: Rows = WHOLE) -> None:
        self.bounds = [Bound.of(given) for given in constants]
        self._values: list[list[Array]] = []
        self.constant_spots: list[list[Spot]] = []
        self.counter_spots: list[list[Spot]] = []
        self.nbytes = 0
        for work, bound, given in zip(passes, self.bounds, constants, strict=True):
            kf, ki, arrays = packed(work, bound, given, rows)
            self._values.append([kf, ki, *arrays])
            self.constant_spots.append([self._spot(a.shape, a.dtype.name, a.itemsize) for a in self._values[-1]])
        behind = self.nbytes
        for work in passes:
            self.counter_spots.append([self._spot((tally.counters,), "int32", 4) for tally in work.tallies])
        self.first_counter = behind if self.nbytes > behind else 0

    def _spot(self, shape: tuple[int, ...], dtype: str, itemsize: int) -> Spot:
        first = self.nbytes
        self.nbytes += max(ALIGNMENT, aligned(int(np.prod(shape)) * itemsize))
        return first, shape, dtype

    @property
    def signature(self) -> tuple[object, ...]:
        """What decides the kernels and the places: all but the values."""
        spots = self.constant_spots, self.counter_spots
        return tuple(bound.signature for bound in self.bounds), *(tuple(map(tuple, group)) for group in spots)

    def write(self, block: Array) -> None:
        """Put the constants into a block of bytes on the host; what is behind them is left alone."""
        for values, spots in zip(self._values, self.constant_spots, strict=True):
            for value, (first, _, _) in zip(values, spots, strict=True):
                block[first : first + value.nbytes] = value.reshape(-1).view(np.uint8)
