"""Where a plan's arrays lie in one block of device memory. Pure: no device."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tenbit.kernels._pass import Pass, Slot

ALIGNMENT = 256
"""Bytes: what CUDA's own allocator keeps, so that rows of threads read whole segments."""


@dataclass(frozen=True)
class Place:
    """An array's place in the block.

    Parameters
    ----------
    slot : Slot
    first : int
        Byte at which it begins.
    """

    slot: Slot
    first: int

    @property
    def nbytes(self) -> int:
        return math.prod(self.slot.shape) * np.dtype(self.slot.dtype).itemsize

    @property
    def end(self) -> int:
        """The first byte behind it, rounded up to the alignment."""
        return self.first + aligned(self.nbytes)


@dataclass(frozen=True)
class Layout:
    """Arrays of a plan in one block; arrays that are never needed at once share bytes.

    Parameters
    ----------
    ins : mapping
        Places of the frame's own arrays, by name.
    made : tuple of tuple of Place
        Per pass, the places of the arrays that it writes.
    read : tuple of tuple of Place
        Per pass, the places of the arrays that it reads.
    left : mapping
        Places of the arrays that are there after the last pass, by name.
    nbytes : int
        Of the block.
    """

    ins: Mapping[str, Place]
    made: tuple[tuple[Place, ...], ...]
    read: tuple[tuple[Place, ...], ...]
    left: Mapping[str, Place]
    nbytes: int


def aligned(count: int) -> int:
    """Bytes, rounded up to the alignment."""
    return -(-count // ALIGNMENT) * ALIGNMENT


def layout(passes: Sequence[Pass], ins: Sequence[Slot]) -> Layout:
    """Places for the arrays of some passes: each goes to the first gap among the arrays that are needed then.

    Parameters
    ----------
    passes : sequence of Pass
    ins : sequence of Slot
        The frame's own arrays.
    """
    alive: dict[str, Place] = {}
    nbytes = 0

    def placed(slot: Slot, others: Sequence[Place]) -> Place:
        nonlocal nbytes
        place = Place(slot, 0)
        for other in sorted(others, key=lambda p: p.first):
            if place.end <= other.first:
                break
            place = Place(slot, max(place.first, other.end))
        nbytes = max(nbytes, place.end)
        return place

    for slot in ins:
        alive[slot.name] = placed(slot, list(alive.values()))
    own, made, read = dict(alive), [], []
    for work in passes:
        read.append(tuple(alive[name] for name in work.ins))
        outs: list[Place] = []
        for slot in work.outs:
            outs.append(placed(slot, [*alive.values(), *outs]))
        made.append(tuple(outs))
        alive = {name: place for name, place in alive.items() if name not in work.frees}
        alive |= {place.slot.name: place for place in outs}
    return Layout(own, tuple(made), tuple(read), alive, nbytes)
