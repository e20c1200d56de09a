"""The canvas that writes SVG: the same geometry as on a picture, sharp at every size."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from xml.sax.saxutils import escape

import numpy as np

from tenbit.kernels._facts import Array, Triple
from tenbit.kernels._overlay import INK, TEXT, Anchor
from tenbit.pipeline.overlay import font


class SvgCanvas:
    """A drawing of its own; see `tenbit.kernels._overlay.Canvas`. `svg` is its text.

    Parameters
    ----------
    rows, cols : int
        Size, px.
    unit : float
        Pixels of one unit.
    opacity : float
        What every alpha is multiplied by.
    """

    def __init__(self, rows: int, cols: int, unit: float, opacity: float = 1.0) -> None:
        self.rows, self.cols, self.unit, self._opacity = rows, cols, unit, opacity
        self._parts: list[str] = []

    def svg(self) -> str:
        """The whole file."""
        size = f'width="{self.cols}" height="{self.rows}" viewBox="0 0 {self.cols} {self.rows}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{font.FAMILY}">'
        return "\n".join((head, *self._parts, "</svg>", ""))

    def rect(self, top: float, left: float, rows: float, cols: float, colour: Triple, alpha: float = 1.0) -> None:
        """A filled rectangle."""
        box = f'x="{_n(left)}" y="{_n(top)}" width="{_n(max(cols, 0))}" height="{_n(max(rows, 0))}"'
        self._parts.append(f"<rect {box} {self._paint('fill', colour, alpha)}/>")

    def polyline(self, points: Array, colour: Triple, width: float = 1.0, alpha: float = 1.0) -> None:
        """A line through (count, 2) places, ``width`` in units; never thinner than a pixel."""
        line = f'stroke-width="{_n(max(width * self.unit, 1.0))}" stroke-linejoin="round"'
        stroke = self._paint("stroke", colour, alpha)
        self._parts.append(f'<polyline points="{_places(points)}" fill="none" {stroke} {line}/>')

    def polygon(self, points: Array, colour: Triple, alpha: float = 1.0) -> None:
        """A filled polygon of (count, 2) places."""
        self._parts.append(f'<polygon points="{_places(points)}" {self._paint("fill", colour, alpha)}/>')

    def text(
        self, row: float, col: float, text: str, colour: Triple = INK, size: float = TEXT, alpha: float = 1.0,
        anchor: Anchor = "left",
    ) -> None:  # fmt: skip
        """One line of text; of at least 7 pixels, or none where the canvas is too small for it."""
        px = font.text_px(size, self.unit, self.rows)
        if px <= 0 or not text:
            return
        place = f'x="{_n(col)}" y="{_n(row + font.CAP * px / 2)}" font-size="{_n(px)}"'
        side = {"left": "start", "centre": "middle", "right": "end"}[anchor]
        paint = self._paint("fill", colour, alpha)
        self._parts.append(f'<text {place} text-anchor="{side}" xml:space="preserve" {paint}>{escape(text)}</text>')

    def text_cols(self, text: str, size: float = TEXT) -> float:
        """How many pixels wide a text is, in the font that the drawing asks for first; 0 for one that is left out."""
        return font.text_cols(text, font.text_px(size, self.unit, self.rows))

    def image(
        self, top: float, left: float, rows: float, cols: float, colours: Array, alpha: Array | float = 1.0,
        *, is_smooth: bool = False,
    ) -> None:  # fmt: skip
        """An array of (n, m, 3) encoded values stretched over a rectangle, inside as a PNG."""
        if min(rows, cols) <= 0 or not colours.size:
            return
        uri = base64.b64encode(_png(colours, alpha)).decode()
        how = "" if is_smooth else ' style="image-rendering:pixelated"'
        box = f'x="{_n(left)}" y="{_n(top)}" width="{_n(cols)}" height="{_n(rows)}"'
        faint = "" if self._opacity == 1 else f' opacity="{_n(self._opacity)}"'
        href = f'href="data:image/png;base64,{uri}"'
        self._parts.append(f'<image {box} preserveAspectRatio="none"{how}{faint} {href}/>')

    def marks(self, mask: Array, cell: int, colour: Triple | Array, alpha: float = 1.0) -> None:
        """Paint the pixels of every cell where ``mask`` (n, m) is above 0, its value being the cover of the colour."""
        tones = np.broadcast_to(np.asarray(colour, np.float32), (*mask.shape, 3))
        cover = np.clip(mask, 0, 1) * alpha
        self.image(0, 0, mask.shape[0] * cell, mask.shape[1] * cell, tones, cover)

    def _paint(self, what: str, colour: Triple, alpha: float) -> str:
        """``fill="#rrggbb" fill-opacity=…``."""
        red, green, blue = _codes(np.asarray(colour)).tolist()
        clear = alpha * self._opacity
        faint = "" if clear >= 1 else f' {what}-opacity="{_n(clear, 3)}"'
        return f'{what}="#{red:02x}{green:02x}{blue:02x}"{faint}'


def _n(value: float, digits: int = 2) -> str:
    """A number as short as it can be."""
    text = f"{float(value):.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _places(points: Array) -> str:
    rows: Iterable[list[float]] = np.asarray(points, np.float64).reshape(-1, 2).tolist()
    return " ".join(f"{_n(col)},{_n(row)}" for row, col in rows)


def _codes(values: Array) -> Array:
    """Encoded values as 8 bits, rounded half up."""
    return np.asarray(np.clip(values, 0, 1) * 255 + 0.5, np.uint8)


def _png(colours: Array, alpha: Array | float) -> bytes:
    from PIL import Image

    cover = np.broadcast_to(np.asarray(alpha), colours.shape[:2])
    handle = io.BytesIO()
    Image.fromarray(np.dstack((_codes(np.asarray(colours)), _codes(cover)))).save(handle, "PNG")
    return handle.getvalue()
