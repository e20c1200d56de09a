"""The contract of a stage: parameters, ``prepare``, steps.

A stage is one file. It names its parameters in user units (a frozen dataclass whose fields are made by `param`), turns
them once per frame into steps (``prepare``), and writes each formula once, as a body: a plain function of one pixel.

Bodies
------
A body's first arguments are the planes that its step reads, in order; then any of ``k`` (its constants, ``k.name``),
``row`` and ``col`` (whole numbers). It ends in one ``return`` of as many values as the step writes.

POINT
    planes are float32 values of this pixel.
STENCIL
    planes are functions: ``plane(d_row, d_col)`` reads a neighbour; both offsets are literal whole numbers no larger
    than the step's radius. The frame is mirrored about its outermost pixels, in the phase of its CFA.
GATHER
    called once per plane with the whole plane as an array: ``body(plane, row, col, k)``.
WARP
    called once per plane: ``body(row, col, k)`` returns how many rows and columns away the new value is interpolated.
CELLS
    the mean of every cell of the frame, which later steps find in small planes; written with `_cells.cells` alone.
REDUCE
    planes are float32 values; returns indices of the counters to raise by one; an index out of range counts nothing.

Literals with a point, and the module's own numbers with a point, become float32. Whole numbers stay whole numbers:
write ``2.0 * value``, ``f32(row)`` before arithmetic with ``row`` or ``col``, and ``f32(math.sqrt(value))``, so that
plain Python rounds like the loops. A look-up in a table keeps the CPU from vectorising the whole fused loop. A body
may call ``math`` functions, ``min``, ``max``, ``abs``, ``int``, ``range`` and plain functions of its own module or of
another module of ``kernels``.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tenbit.kernels._facts import Array, Facts, State
from tenbit.kernels.errors import StageError

if TYPE_CHECKING:
    from tenbit.kernels._overlay import Overlay

Results = Mapping[str, Any]
Body = Callable[..., Any]
PLANES: dict[str, tuple[str, ...]] = {
    "mosaic": ("mosaic",),
    "linear": ("red", "green", "blue"),
    "display": ("red", "green", "blue"),
}
PICTURE = frozenset({"mosaic", "red", "green", "blue"})


class PerSite(tuple[float, ...]):
    """A constant with one value per site of the CFA, row by row."""


class PerPlane(tuple[float, ...]):
    """A constant with one value per plane of a GATHER or WARP step."""


Constant = float | int | PerSite | PerPlane | Array
Constants = Mapping[str, Constant]


Taps = Literal["bicubic", "lanczos3"]
"""What a WARP interpolates with: 4 × 4 pixels, or 6 × 6."""


class Access(enum.Enum):
    """Which input pixels one output pixel needs."""

    POINT = "point"
    STENCIL = "stencil"
    GATHER = "gather"
    WARP = "warp"
    CELLS = "cells"
    REDUCE = "reduce"


ANYWHERE = frozenset({Access.GATHER, Access.WARP})
"""Steps that look at computed places: they need the whole frame as it lies in memory."""


@dataclass(frozen=True, eq=False)
class Step:
    """One trip of one body over the frame.

    Parameters
    ----------
    name : str
        The stage's name, or ``stage.part`` when a stage has several steps.
    access : Access
    body : Body or tuple of Body
        A tuple, of a STENCIL or a POINT step, holds one body per site of the CFA, row by row.
    reads, writes : tuple of str
        Planes. ``mosaic``, or ``red``, ``green``, ``blue``, are the picture; any other name is a side plane that stays
        beside it (a mask). A REDUCE step writes one name, under which its counters are found in the results.
    constants : mapping, or a function of the results so far that makes one
        Floats become float32, ints stay whole, arrays are handed over as float32 or int32.
    radius : int
        Of a STENCIL.
    shape : tuple of int or None
        (rows, cols) written by a GATHER or CELLS, when not those of the frame.
    counters : int
        How many counters a REDUCE has.
    summary : callable or None
        Turns a REDUCE's counters (int64, (counters,)) into the result kept under its name.
    taps : Taps
        Of a WARP.
    is_clamped : bool
        Of a WARP: no value is above, or below, all of the pixels around its place, so that edges get no halo.
    every : int or None
        Of a REDUCE: it counts the pixels of every so manieth row only, row 0 among them. None counts all; so does 1, by
        the loop of those that leave rows out: loops know no sizes.
    is_shared : bool
        Several stages may ask for it: of equal steps (by name and constants) the first is done, if the planes that it
        reads have not changed since. It may write side planes and counters only.
    """

    name: str
    access: Access
    body: Body | tuple[Body, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    constants: Constants | Callable[[Results], Constants] = field(default_factory=dict)
    radius: int = 0
    shape: tuple[int, int] | None = None
    counters: int = 0
    summary: Callable[[Array], Any] | None = None
    taps: Taps = "bicubic"
    is_clamped: bool = False
    every: int | None = None
    is_shared: bool = False

    @property
    def is_sampled(self) -> bool:
        """Whether it is a REDUCE that may leave rows out."""
        return self.every is not None

    def resolved(self, results: Results) -> Constants:
        """The constants as numbers, given the results of earlier steps; ``every`` is one of them where it is said."""
        known = self.constants(results) if callable(self.constants) else self.constants
        return known if self.every is None else {**known, "every": self.every}


class Told(str):
    """A note of what was done and how it was known; any other is of something to be doubted or mended."""


@dataclass(frozen=True)
class Prepared:
    """What a stage will do to one frame.

    Parameters
    ----------
    facts : Facts
        Of the frame after the stage.
    steps : tuple of Step
        In order; empty when the stage changes nothing, so that the picture stays as it is, bit for bit.
    overlay : callable or None
        ``overlay(facts)``, the facts being those of the finished frame: what is drawn over it, and measured on the host
        (`tenbit.kernels._overlay.Overlay`). It runs after every stage, so that none measures paint.
    keeps : tuple of str
        Side planes that the overlay wants to see on the host.
    notes : tuple of str
        What the user should be told, a line each.
    """

    facts: Facts
    steps: tuple[Step, ...] = ()
    overlay: Callable[[Facts], Overlay] | None = None
    keeps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One named step of a chain, with typed parameters.

    Parameters
    ----------
    name : str
        The YAML key and the module's name.
    parameters : type
        A frozen dataclass; every field is made by `param`.
    takes : tuple of State
        States of the frames that it accepts.
    prepare : callable
        ``prepare(parameters, facts) -> Prepared``. Raises `StageError` when it cannot work on such a frame or at this
        place of the chain; then the text says what is allowed.
    """

    name: str
    parameters: type
    takes: tuple[State, ...]
    prepare: Callable[[Any, Facts], Prepared]

    @property
    def summary(self) -> str:
        """The first line of the parameters' docstring: what the stage does."""
        return (self.parameters.__doc__ or "").strip().splitlines()[0]


def param(
    default: Any,
    doc: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """A stage's parameter: one place for its default, its meaning, its unit and its range (both ends included).

    Choices are said by the field's type (``Literal["a", "b"]``). ``low`` and ``high`` bound numbers, and every element
    of a tuple of numbers.
    """
    return field(default=default, metadata={"doc": doc, "unit": unit, "low": low, "high": high})


def point(
    name: str,
    body: Body,
    facts: Facts,
    *,
    constants: Constants | Callable[[Results], Constants] | None = None,
    also_reads: tuple[str, ...] = (),
) -> Step:
    """A POINT step that rewrites the picture's own planes; ``also_reads`` are side planes that it looks at."""
    planes = PLANES[facts.state]
    return Step(name, Access.POINT, body, (*planes, *also_reads), planes, constants or {})


def require_signal(stage: str, facts: Facts) -> None:
    """For a ``prepare`` whose stage works on light alone: a `StageError` if samples still hold their black level."""
    if not facts.is_signal:
        raise StageError(f"{stage}: the samples are counts above a black level; put black_level before it")
