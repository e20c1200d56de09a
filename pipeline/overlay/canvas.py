"""The canvas on a picture: draws straight into the code values of a rectangle."""

from __future__ import annotations

import math

import numpy as np

from tenbit.kernels._facts import Array, Triple
from tenbit.kernels._overlay import INK, TEXT, Anchor
from tenbit.pipeline.overlay import blend, font, marked
from tenbit.pipeline.overlay.coverage import line_cover, polygon_cover
from tenbit.pipeline.overlay.stretch import across, cells_of, is_from_cells, stretched

_BAND_PIXELS = 16384  # of an image, stretched and laid on at a time


class PictureCanvas:
    """A rectangle of a picture; see `tenbit.kernels._overlay.Canvas`.

    Parameters
    ----------
    pixels : array
        (rows, cols, 3) uint8, uint16 or float32, written to: a view of the picture.
    unit : float
        Pixels of one unit.
    opacity : float
        What every alpha is multiplied by.
    """

    def __init__(self, pixels: Array, unit: float, opacity: float = 1.0) -> None:
        self.rows, self.cols = pixels.shape[:2]
        self.unit, self._pixels, self._opacity = unit, pixels, opacity

    def rect(self, top: float, left: float, rows: float, cols: float, colour: Triple, alpha: float = 1.0) -> None:
        """A filled rectangle."""
        first_row, row_cover = _span(top, top + rows, self.rows)
        first_col, col_cover = _span(left, left + cols, self.cols)
        part = self._pixels[first_row : first_row + len(row_cover), first_col : first_col + len(col_cover)]
        alpha *= self._opacity
        if part.size and row_cover.min() == 1 and col_cover.min() == 1:
            blend.flat(part, colour, alpha)
        elif part.size and alpha > 0:
            self._edged(part, row_cover, col_cover, colour, alpha)

    def _edged(self, part: Array, row_cover: Array, col_cover: Array, colour: Triple, alpha: float) -> None:
        """A rectangle with edges inside pixels: its inside in one tone, and what is left of it around."""
        rows, cols = np.flatnonzero(row_cover == 1), np.flatnonzero(col_cover == 1)
        cover = alpha * row_cover[:, None] * col_cover
        if not len(rows) or not len(cols):
            blend.shaded(part, colour, cover)
            return
        top, bottom, left, right = rows[0], rows[-1] + 1, cols[0], cols[-1] + 1
        blend.flat(part[top:bottom, left:right], colour, alpha)
        whole, middle = slice(None), slice(top, bottom)
        around = ((slice(0, top), whole), (slice(bottom, None), whole))
        for place in (*around, (middle, slice(0, left)), (middle, slice(right, None))):
            if part[place].size:
                blend.shaded(part[place], colour, cover[place])

    def polyline(self, points: Array, colour: Triple, width: float = 1.0, alpha: float = 1.0) -> None:
        """A line through (count, 2) places, ``width`` in units; never thinner than a pixel."""
        points = np.asarray(points, np.float64).reshape(-1, 2)
        px = max(width * self.unit, 1.0)
        if len(points) == 2 and (points[0] == points[1]).any():
            # Along rows or columns: a rectangle, which ends where the line does.
            (top, left), (bottom, right) = points.min(axis=0), points.max(axis=0)
            down, across = (px, 0.0) if top == bottom else (0.0, px)
            self.rect(top - down / 2, left - across / 2, bottom - top + down, right - left + across, colour, alpha)
            return
        rows, cols, cover = line_cover(points, px, self.rows, self.cols)
        if len(rows):
            blend.scattered(self._pixels, rows, cols, colour, cover * (alpha * self._opacity))

    def polygon(self, points: Array, colour: Triple, alpha: float = 1.0) -> None:
        """A filled polygon of (count, 2) places."""
        top, left, cover = polygon_cover(points, self.rows, self.cols)
        part = self._pixels[top : top + cover.shape[0], left : left + cover.shape[1]]
        blend.shaded(part, colour, cover * np.float32(alpha * self._opacity))

    def text(
        self, row: float, col: float, text: str, colour: Triple = INK, size: float = TEXT, alpha: float = 1.0,
        anchor: Anchor = "left",
    ) -> None:  # fmt: skip
        """One line of text; of at least 7 pixels, or none where the canvas is too small for it."""
        px = font.text_px(size, self.unit, self.rows)
        if px <= 0 or not text:
            return
        down, right, mask = font.text_mask(text, px)
        begin = col - {"left": 0.0, "centre": 0.5, "right": 1.0}[anchor] * font.text_cols(text, px)
        top, left = round(row + font.CAP * px / 2) + down, round(begin) + right
        cut = mask[max(0, -top) : max(0, self.rows - top), max(0, -left) : max(0, self.cols - left)]
        part = self._pixels[max(top, 0) :, max(left, 0) :][: cut.shape[0], : cut.shape[1]]
        blend.shaded(part, colour, cut * np.float32(alpha * self._opacity))

    def text_cols(self, text: str, size: float = TEXT) -> float:
        """How many pixels wide a text is; 0 for one that is left out."""
        return font.text_cols(text, font.text_px(size, self.unit, self.rows))

    def image(
        self, top: float, left: float, rows: float, cols: float, colours: Array, alpha: Array | float = 1.0,
        *, is_smooth: bool = False,
    ) -> None:  # fmt: skip
        """An array of (n, m, 3) encoded values stretched over a rectangle, whose edges snap to pixels."""
        first_row, first_col = round(top), round(left)
        shape = round(top + rows) - first_row, round(left + cols) - first_col
        if min(shape) < 1 or not colours.size:
            return
        inside = (
            slice(max(0, -first_row), max(0, min(shape[0], self.rows - first_row))),
            slice(max(0, -first_col), max(0, min(shape[1], self.cols - first_col))),
        )
        part = self._pixels[max(first_row, 0) :, max(first_col, 0) :]
        part = part[: inside[0].stop - inside[0].start, : inside[1].stop - inside[1].start]
        if is_from_cells(colours, shape, is_smooth=is_smooth):
            self._cells(part, np.asarray(colours), alpha, shape, inside)
            return
        paint, cover = stretched(np.asarray(colours), alpha, shape, is_smooth=is_smooth)
        blend.shaded(part, paint[inside], cover[inside] * np.float32(self._opacity))

    def _cells(
        self, part: Array, colours: Array, alpha: Array | float, shape: tuple[int, int], inside: tuple[slice, slice]
    ) -> None:
        """An image whose pixels are those of cells, some rows at a time: fresh memory costs more than the paint."""
        opacity, band = np.float32(self._opacity), max(1, _BAND_PIXELS // max(part.shape[1], 1))
        if colours.shape[:2] == shape:
            cover = np.broadcast_to(np.asarray(alpha, np.float32), shape)[inside]
            paint = colours[inside]
            for top in range(0, len(part), band):
                here = slice(top, top + band)
                blend.shaded(part[here], paint[here], cover[here] * opacity)
            return
        planes, wide = across(colours, alpha, shape[1])
        wide, is_one = wide[:, inside[1]] * opacity, planes.ndim == 1
        # take() copies what is not in one piece, each time.
        planes = planes if is_one else np.ascontiguousarray(planes[..., inside[1]])
        rows = cells_of(shape[0], len(colours))[inside[0]]
        for top in range(0, len(rows), band):
            cells = rows[top : top + band]
            one = planes if is_one else np.moveaxis(np.take(planes, cells, axis=1), 0, -1)
            blend.shaded(part[top : top + band], one, np.take(wide, cells, axis=0))

    def marks(self, mask: Array, cell: int, colour: Triple | Array, alpha: float = 1.0) -> None:
        """Paint the pixels of every cell where ``mask`` (n, m) is above 0, its value being the cover of the colour."""
        marked.mark(self._pixels, np.asarray(mask), cell, colour, alpha * self._opacity)


def _span(begin: float, end: float, most: int) -> tuple[int, Array]:
    """First pixel of a span that lies inside 0 … ``most``, and how much of each is covered."""
    begin, end = max(begin, 0.0), min(end, float(most))
    first, last = math.floor(begin), math.ceil(end)
    at = np.arange(first, max(first, last) if end > begin else first)
    return first, np.clip(np.minimum(at + 1, end) - np.maximum(at, begin), 0, 1).astype(np.float32)
