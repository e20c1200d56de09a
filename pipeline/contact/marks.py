"""A canvas that keeps marks alone, at the size of a thumbnail."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import Array, Triple
from tenbit.kernels._overlay import INK, TEXT, Anchor


class MarkCanvas:
    """Marks of cells, at a smaller size; all else that is drawn is left out.

    Parameters
    ----------
    small : tuple of int
        (rows, cols) of the thumbnail.
    whole : tuple of int
        (rows, cols) of the picture that layers draw for.
    """

    def __init__(self, small: tuple[int, ...], whole: tuple[int, ...]) -> None:
        self.rows, self.cols = whole[0], whole[1]
        self.unit = self.rows / 1080
        self.is_marked = False
        self._cover = np.zeros(small[:2], np.float32)
        self._colours = np.zeros((*small[:2], 3), np.float32)

    def pixels(self) -> Array:
        """(rows, cols, 4) uint8."""
        # Thirds: more steps of a lone cell's faintness are not seen, and take twice the bytes.
        cover = np.ceil(self._cover * 3) / 3
        parts = np.concatenate([self._colours, cover[..., None]], axis=-1)
        return np.asarray(np.clip(parts, 0, 1) * 255 + 0.5, np.uint8)

    def marks(self, mask: Array, cell: int, colour: Triple | Array, alpha: float = 1.0) -> None:
        """The part of the cells behind a pixel of the thumbnail that is marked, so that a line of cells covers it.

        One cell alone among many is faint, as it is where the picture is seen as small.
        """
        self.is_marked = True
        rows, cols = self._cover.shape
        to_rows, to_cols = _behind(rows, self.rows, cell, len(mask)), _behind(cols, self.cols, cell, mask.shape[1])
        cover = np.clip(mask, 0, 1).astype(np.float32)
        share, side = _pooled(cover, to_rows, to_cols)
        tone: Array = np.asarray(colour, np.float32)
        if tone.ndim == 3:
            weight = np.maximum(share, 1e-6)[..., None]
            tone = np.stack([_pooled(cover * tone[..., n], to_rows, to_cols)[0] for n in range(3)], axis=-1) / weight
        found = np.minimum(share * side, 1) * np.float32(alpha)
        self._colours[found > 0] = np.broadcast_to(tone, self._colours.shape)[found > 0]
        self._cover = np.maximum(self._cover, found)

    def rect(self, top: float, left: float, rows: float, cols: float, colour: Triple, alpha: float = 1.0) -> None:
        """Nothing."""

    def polyline(self, points: Array, colour: Triple, width: float = 1.0, alpha: float = 1.0) -> None:
        """Nothing."""

    def polygon(self, points: Array, colour: Triple, alpha: float = 1.0) -> None:
        """Nothing."""

    def text(
        self, row: float, col: float, text: str, colour: Triple = INK, size: float = TEXT, alpha: float = 1.0,
        anchor: Anchor = "left",
    ) -> None:  # fmt: skip
        """Nothing."""

    def text_cols(self, text: str, size: float = TEXT) -> float:
        """About what a text would take."""
        return 0.6 * size * self.unit * len(text)

    def image(
        self, top: float, left: float, rows: float, cols: float, colours: Array, alpha: Array | float = 1.0,
        *, is_smooth: bool = False,
    ) -> None:  # fmt: skip
        """Nothing."""


def _behind(small: int, whole: int, cell: int, cells: int) -> Array:
    """The first of the cells behind each pixel along a side, and the one after the last: (small, 2)."""
    per_pixel = whole / small / cell
    starts = np.rint(np.arange(small + 1) * per_pixel)
    if per_pixel < 1:
        # Every pixel lies in one cell: that of its middle.
        starts = np.floor((np.arange(small + 1) + 0.5) * per_pixel)
    first = np.clip(starts[:-1].astype(np.int64), 0, cells - 1)
    return np.stack([first, np.clip(starts[1:].astype(np.int64), first + 1, cells)], axis=-1)


def _pooled(values: Array, rows: Array, cols: Array) -> tuple[Array, float]:
    """Means of the cells behind each pixel, and how many of them lie side by side."""
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1), np.float64)
    np.cumsum(np.cumsum(values, axis=0, dtype=np.float64), axis=1, out=sums[1:, 1:])
    (top, bottom), (left, right) = rows.T[..., None], cols.T
    total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    count = (bottom - top) * (right - left)
    return (total / count).astype(np.float32), float(np.sqrt(count.mean()))
