"""What the passes of a plan move and do, counted from the plan: no clock, no device.

Every array counts once, as it is stored. What a schedule reads or does twice is not in it: margins around bands and
tiles, rows that come again from a cache. So achieved rates are of the work that was wanted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tenbit.kernels._count import operations
from tenbit.kernels._facts import Facts
from tenbit.kernels._pass import Packing, Pass
from tenbit.kernels._source import PACKINGS
from tenbit.pipeline.device.contract import Target
from tenbit.pipeline.plan import Plan


class Moved(NamedTuple):
    """Bytes of one pass over one frame; ``read_each`` of one pixel of every plane that it reads."""

    read: float
    written: float
    read_each: float


@dataclass(frozen=True)
class Traffic:
    """What one pass does to one frame.

    Parameters
    ----------
    bytes_read, bytes_written : float
    operations : tuple of float
        Of each of its steps, in order, as `tenbit.kernels._count.operations` counts them.
    """

    bytes_read: float
    bytes_written: float
    operations: tuple[float, ...]


def traffic(
    what: Plan,
    facts: Facts,
    *,
    dtype: str = "uint16",
    packing: Packing | None = None,
    target: Target = "cpu",
) -> list[Traffic]:
    """What each pass of a plan does to one frame.

    Parameters
    ----------
    what : Plan
    facts : Facts
        Of the frame as read.
    dtype : str
        Of its samples.
    packing : Packing, optional
        How they are packed, if they are.
    target : str
        Whose passes.
    """
    works = what.passes_for(target)
    every = moved(what, facts, dtype=dtype, packing=packing, target=target)
    return [Traffic(one.read, one.written, counted(work)) for work, one in zip(works, every, strict=True)]


def counted(work: Pass) -> tuple[float, ...]:
    """Operations of each step of a pass on one frame."""
    return tuple(operations(step) * math.prod(work.shape) for step in work.steps)


def moved(
    what: Plan,
    facts: Facts,
    *,
    dtype: str = "uint16",
    packing: Packing | None = None,
    target: Target = "cpu",
) -> list[Moved]:
    """Bytes that each pass moves; parameters as of `traffic`."""
    size = PACKINGS[packing][0] if packing else 1
    come_as = (size + 1) / size if packing else np.dtype(dtype).itemsize
    stored = dict.fromkeys(("mosaic", "red", "green", "blue"), float(come_as))
    pixels: dict[str, int] = {}
    found = []
    for work in what.passes_for(target):
        come = sum(stored.get(plane, 4) for plane in work.reads)
        nbytes = sum(stored.get(plane, 4) * pixels.get(plane, facts.rows * facts.cols) for plane in work.reads)
        made = {plane: np.dtype(work.dtype_of(plane)).itemsize for plane in work.writes}
        pixels |= {plane: math.prod(work.small.get(plane, work.shape)) for plane in work.writes}
        stored |= made
        found.append(Moved(nbytes, sum(made[plane] * pixels[plane] for plane in work.writes), come))
    return found
