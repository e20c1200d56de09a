"""A canvas that keeps marks alone, at the size of a thumbnail."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import Array, Triple
from tenbit.kernels._overlay import INK, TEXT, Anchor


class MarkCanvas:
    """Marks of cells, each seen at a smaller size however few they are; all else that is drawn is left out.

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
        parts = np.concatenate([self._colours, self._cover[..., None]], axis=-1)
        return np.asarray(np.clip(parts, 0, 1) * 255 + 0.5, np.uint8)

    def marks(self, mask: Array, cell: int, colour: Triple | Array, alpha: float = 1.0) -> None:
        """The largest cover among the cells behind a pixel of the thumbnail, in the colour of one of them."""
        self.is_marked = True
        rows, cols = self._cover.shape
        at_rows, at_cols = np.nonzero(mask > 0)
        if not len(at_rows):
            return
        cover = np.minimum(mask[at_rows, at_cols].astype(np.float32), 1) * np.float32(alpha)
        to_rows = np.minimum(((at_rows + 0.5) * cell / self.rows * rows).astype(np.int64), rows - 1)
        to_cols = np.minimum(((at_cols + 0.5) * cell / self.cols * cols).astype(np.int64), cols - 1)
        found = np.zeros_like(self._cover)
        np.maximum.at(found, (to_rows, to_cols), cover)
        tone = np.asarray(colour, np.float32)
        self._colours[to_rows, to_cols] = tone[at_rows, at_cols] if tone.ndim == 3 else tone
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
