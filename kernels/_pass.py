"""A pass: steps fused into one trip over the frame, and the arrays that it reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tenbit.kernels._stage import PICTURE, Access, Step


@dataclass(frozen=True)
class Slot:
    """An array that a pass writes.

    Parameters
    ----------
    name : str
        The plane that it holds; ``rgb`` for a picture whose three planes lie interleaved.
    shape : tuple of int
        (rows, cols), or (rows, cols, 3) for ``rgb``.
    dtype : str
    """

    name: str
    shape: tuple[int, ...]
    dtype: str


Packing = Literal["raw10", "raw12"]
"""MIPI's packings of a mosaic."""
Layout = Literal["planar", "interleaved"] | Packing
"""How the picture lies in memory: an array per plane, one of (rows, cols, 3), or a packed mosaic."""


@dataclass(frozen=True, eq=False)
class Pass:
    """Steps fused into one trip over the frame.

    Parameters
    ----------
    steps : tuple of Step
        In order. A GATHER or WARP stands first or nowhere; no step may need the result of a REDUCE of the same pass.
    reads, writes : tuple of str
        Planes that must be there before and are there afterwards.
    period : int
        Of the CFA of the mosaic that its steps meet; 1 when they meet planes.
    shape : tuple of int
        (rows, cols) of what it writes, but for the cells that it makes on the way.
    dtype : str
        Of the picture's planes that it writes: ``float32``, ``uint16`` or ``uint8``. Side planes are float32.
    comes, goes : Layout
        How the picture lies that it reads, and that it writes.
    frees : tuple of str
        Arrays that no later pass reads and that are no part of the finished picture.
    cell : int
        Its pixels are cells of so many of the frame's along one side; 0 where a stage has made another frame of them.
    """

    steps: tuple[Step, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    period: int
    shape: tuple[int, int]
    dtype: str = "float32"
    comes: Layout = "planar"
    goes: Layout = "planar"
    frees: tuple[str, ...] = ()
    cell: int = 1

    @property
    def ins(self) -> tuple[str, ...]:
        """Names of the arrays that it reads, in the order of the loop's arguments."""
        return _arrays(self.reads, self.comes)

    @property
    def outs(self) -> tuple[Slot, ...]:
        """The arrays that it writes, in the order of the loop's arguments."""
        names, small = _arrays(self.writes, self.goes), self.small
        shapes = {n: (*self.shape, 3) if n == "rgb" else small.get(n, self.shape) for n in names}
        return tuple(Slot(name, shape, self.dtype_of(name)) for name, shape in shapes.items())

    @property
    def small(self) -> dict[str, tuple[int, int]]:
        """Planes of the cells that are made on the way, and their shapes."""
        steps = [step for step in self.steps if step.access is Access.CELLS]
        return {plane: step.shape or self.shape for step in steps for plane in step.writes}

    @property
    def tallies(self) -> tuple[Step, ...]:
        """The REDUCE steps that ride on it, in the order of their counters."""
        return tuple(step for step in self.steps if step.access is Access.REDUCE)

    @property
    def signature(self) -> tuple[object, ...]:
        """What decides the loop that is made from it: everything but the constants and the frame's size."""
        steps = tuple(
            (s.access, s.body, s.reads, s.writes, s.radius, s.counters, s.is_sampled, s.taps, s.is_clamped)
            for s in self.steps
        )
        return steps, self.reads, self.writes, self.period, self.dtype, self.comes, self.goes

    def dtype_of(self, name: str) -> str:
        """How an array that the pass writes is stored."""
        return self.dtype if name in PICTURE or name == "rgb" else "float32"


def label(work: Pass) -> str:
    """The pass's steps in a line, as plans and progress show them."""
    return " + ".join(step.name for step in work.steps)


def _arrays(planes: tuple[str, ...], layout: Layout) -> tuple[str, ...]:
    """Names of the arrays that hold planes."""
    if layout != "interleaved":
        return planes
    return ("rgb", *(plane for plane in planes if plane not in PICTURE))
