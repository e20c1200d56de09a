"""Marks: masks of cells over all of a picture."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import Array, Triple
from tenbit.pipeline.overlay import blend

_DENSE = 0.12  # share of marked cells from which whole rows are cheaper than places


def mark(pixels: Array, mask: Array, cell: int, colour: Triple | Array, alpha: float) -> None:
    """Lay a colour on the pixels of marked cells.

    Parameters
    ----------
    pixels : array
        (rows, cols, 3), written to.
    mask : array
        (n, m) cover of the cells, 0 … 1; cells may reach beyond the picture.
    cell : int
        Side, px.
    colour : Triple or array
        One, or (n, m, 3).
    alpha : float
        What the cover is multiplied by.
    """
    rows, cols = pixels.shape[:2]
    mask = mask[: -(-rows // cell), : -(-cols // cell)]
    if alpha <= 0 or not mask.size:
        return
    at, along = np.nonzero(mask)
    if len(at) > _DENSE * mask.size:
        _whole_rows(pixels, mask, cell, colour, alpha)
    elif len(at):
        _places(pixels, mask, cell, colour, alpha, (at, along))


def _places(
    pixels: Array, mask: Array, cell: int, colour: Triple | Array, alpha: float, where: tuple[Array, Array]
) -> None:
    cover = np.clip(mask[where].astype(np.float32), 0, 1) * np.float32(alpha)
    paint = colour[where] if isinstance(colour, np.ndarray) else colour
    top, left = where[0] * cell, where[1] * cell
    inside = (top + cell <= pixels.shape[0]) & (left + cell <= pixels.shape[1])
    is_whole = bool(inside.all())
    for down in range(cell):
        for right in range(cell):
            rows, cols, own, tone = top + down, left + right, cover, paint
            if not is_whole:
                kept = (rows < pixels.shape[0]) & (cols < pixels.shape[1])
                rows, cols, own = rows[kept], cols[kept], cover[kept]
                tone = paint[kept] if isinstance(paint, np.ndarray) else paint
            blend.scattered(pixels, rows, cols, tone, own)


def _whole_rows(pixels: Array, mask: Array, cell: int, colour: Triple | Array, alpha: float) -> None:
    peak, half = np.float32(blend.peak_of(pixels)), np.float32(0.5 if pixels.dtype.kind == "u" else 0.0)
    cols = pixels.shape[1]
    scratch = np.empty((cell, cols, 3), np.float32)
    for row in np.flatnonzero(mask.any(axis=1)):
        part = pixels[row * cell : (row + 1) * cell, : mask.shape[1] * cell]
        cover = np.clip(mask[row].astype(np.float32), 0, 1) * np.float32(alpha)
        tone = np.asarray(colour[row] if isinstance(colour, np.ndarray) else colour, np.float32)
        added = (np.broadcast_to(tone, (len(cover), 3)) * cover[:, None]) * peak + half
        width = part.shape[1]
        keep = np.repeat(1 - cover, 3 * cell).reshape(-1, 3)[:width]
        add = np.repeat(added[:, None], cell, axis=1).reshape(-1, 3)[:width]
        mixed = scratch[: len(part), :width]
        mixed[...] = part
        mixed *= keep
        mixed += add
        if half:
            part[...] = mixed.astype(pixels.dtype)
        else:
            part[...] = mixed
