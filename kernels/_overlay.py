"""What monitors draw over the finished picture: layers, on an abstract canvas. Numbers only; no fonts, no files.

Everything here happens on the host, after every stage has measured, on the code values that will be stored: a card
and the CPU get the same paint, and no monitor can measure another's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tenbit.kernels._facts import Array, Facts, Triple
from tenbit.kernels._stage import Step, param

Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
To = Literal["picture", "beside", "png", "svg", "none"]
Anchor = Literal["left", "centre", "right"]

# Of panels: ground, frame and grid lines, text. Encoded values.
GROUND: Triple = (0.04, 0.04, 0.05)
GROUND_ALPHA = 0.9
INK: Triple = (0.86, 0.86, 0.86)
GRID: Triple = (0.5, 0.5, 0.5)
TEXT = 11.0
"""Size of a panel's text, in units."""


class Canvas(Protocol):
    """A rectangle to draw on: part of a picture, or an SVG.

    Places are (row, col), in pixels from the canvas's upper left corner, fractions allowed, edges anti-aliased; what
    lies outside is cut off. Colours are encoded values 0 … 1 of the picture's space; ``alpha`` 1 hides what is below.
    """

    rows: int
    cols: int
    unit: float
    """Pixels of one unit, in which line widths and text are given: 1 at 1080 rows of picture, else in proportion."""

    def rect(self, top: float, left: float, rows: float, cols: float, colour: Triple, alpha: float = 1.0) -> None:
        """A filled rectangle."""

    def polyline(self, points: Array, colour: Triple, width: float = 1.0, alpha: float = 1.0) -> None:
        """A line through (count, 2) places, ``width`` in units."""

    def polygon(self, points: Array, colour: Triple, alpha: float = 1.0) -> None:
        """A filled polygon of (count, 2) places."""

    def text(
        self, row: float, col: float, text: str, colour: Triple = INK, size: float = TEXT, alpha: float = 1.0,
        anchor: Anchor = "left",
    ) -> None:  # fmt: skip
        """One line of text, ``size`` in units, vertically centred on ``row``."""

    def text_cols(self, text: str, size: float = TEXT) -> float:
        """How many pixels wide a text is."""

    def image(
        self, top: float, left: float, rows: float, cols: float, colours: Array, alpha: Array | float = 1.0,
        *, is_smooth: bool = False,
    ) -> None:  # fmt: skip
        """An array of (n, m, 3) encoded values stretched over a rectangle; ``alpha`` one number or (n, m)."""

    def marks(self, mask: Array, cell: int, colour: Triple | Array, alpha: float = 1.0) -> None:
        """Paint the pixels of every cell where ``mask`` (n, m) is above 0, its value being the cover of the colour.

        Cell (i, j) is rows ``i * cell`` … and columns ``j * cell`` … of the canvas; ``colour`` one, or (n, m, 3).
        """


@dataclass(frozen=True, eq=False)
class Seen:
    """What a layer may look at.

    Parameters
    ----------
    results : mapping
        Of every measuring stage, by name.
    facts : Facts
        Of the finished frame.
    picture : array
        The finished samples, nothing painted: (rows, cols, 3) uint8, uint16 or float32.
    planes : mapping
        The side planes that stages asked to keep, by name.
    came : Facts
        Of the frame as read.
    raw : callable
        ``raw(top, left, rows, cols)``: counts of a rectangle of the mosaic as read, (rows, cols); None when the file
        has no mosaic.
    """

    results: Mapping[str, Any]
    facts: Facts
    picture: Array
    planes: Mapping[str, Array]
    came: Facts
    raw: Callable[[int, int, int, int], Array] | None = None

    @property
    def peak(self) -> float:
        """The picture's largest code value; 1 for floats."""
        return {"uint8": 255.0, "uint16": 65535.0}.get(self.picture.dtype.name, 1.0)


@dataclass(frozen=True)
class Place:
    """Where a panel goes.

    Parameters
    ----------
    to : {"picture", "beside", "png", "svg", "none"}
        Into a corner of the picture, into a column at its right that is added, or to a file of its own.
    corner : Corner
        Panels of one corner stand one above the other.
    size : float
        Height as a fraction of the picture's.
    aspect : float
        Width over height.
    """

    to: To = "picture"
    corner: Corner = "bottom-right"
    size: float = 0.25
    aspect: float = 1.8


@dataclass(frozen=True, eq=False)
class Layer:
    """Something drawn.

    Parameters
    ----------
    name : str
        The stage's.
    draw : callable
        ``draw(canvas, seen)``. The canvas of a panel has the panel's size, and nothing on it yet.
    place : Place or None
        Of a panel; None draws over the whole picture.
    opacity : float
        What every alpha is multiplied by.
    """

    name: str
    draw: Callable[[Canvas, Seen], None]
    place: Place | None = None
    opacity: float = 1.0


@dataclass(frozen=True, eq=False)
class Meter:
    """A measure taken on the host of what is `Seen`: of few pixels, or of other results.

    Parameters
    ----------
    name : str
        Of its result.
    measure : callable
        ``measure(seen)``; it is kept under the name, and layers and later meters see it.
    """

    name: str
    measure: Callable[[Seen], Any]


@dataclass(frozen=True, eq=False)
class Overlay:
    """What a monitor does once the picture is finished.

    Parameters
    ----------
    meters : tuple of Meter
        Taken first, in the order of the chain.
    paint : tuple of Step
        POINT steps on the display planes. They read ``red, green, blue`` as painted so far and may read ``seen_red``,
        ``seen_green``, ``seen_blue``, the picture before any paint, which they must go by; they write the three.
    layers : tuple of Layer
        In order, after all paint; panels lie over those of the whole picture.
    """

    meters: tuple[Meter, ...] = ()
    paint: tuple[Step, ...] = ()
    layers: tuple[Layer, ...] = ()


SEEN = ("seen_red", "seen_green", "seen_blue")
"""Planes of the picture before any paint, for steps of `Overlay.paint`."""


def place_param(default: To = "picture") -> Any:
    """The parameter ``to`` of a stage with a panel."""
    return param(default, "Into the picture, beside it, to a file of its own beside the output, or not drawn at all.")


def corner_param(default: Corner) -> Any:
    """The parameter ``position`` of a stage with a panel."""
    return param(default, "Corner of the panel; panels of one corner stand one above the other.")


def size_param(default: float) -> Any:
    """The parameter ``size`` of a stage with a panel."""
    return param(default, "Height of the panel.", unit="fraction of the picture's height", low=0.05, high=1)


def opacity_param(default: float = 0.9) -> Any:
    """The parameter ``opacity`` of a stage that draws."""
    return param(default, "1 lays it on as it is drawn, 0 shows nothing.", low=0, high=1)
