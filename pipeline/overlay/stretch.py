"""Small arrays stretched over rectangles of a picture."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import Array


def stretched(colours: Array, alpha: Array | float, shape: tuple[int, int], *, is_smooth: bool) -> tuple[Array, Array]:
    """Colours and covers for every pixel of a rectangle.

    Parameters
    ----------
    colours : array
        (n, m, 3) encoded values.
    alpha : array or float
        Cover, one for all or (n, m).
    shape : tuple of int
        (rows, cols) of the rectangle.
    is_smooth : bool
        Between values there are values between; else several cells that fall on one pixel give it their mean. Where
        each pixel has one cell, see `is_from_cells`, there is no need to come here.

    Returns
    -------
    tuple of array
        (rows, cols, 3) and (rows, cols), float32. A colour of no cover does not bleed into its neighbours.
    """
    colours = np.asarray(colours, np.float32)
    cover = np.broadcast_to(np.asarray(alpha, np.float32), colours.shape[:2])
    if colours.shape[:2] == shape:
        return colours, cover
    is_even = cover.strides == (0, 0)
    even = np.broadcast_to(cover[:1, :1], shape)
    # Channels apart from each other, as they are blended.
    planes = np.empty((3, *shape), np.float32)
    wide = even if is_even else _resized(cover, shape, is_smooth)
    divisor = None if is_even else np.where(wide > 0, wide, np.float32(1))
    for n in range(3):
        planes[n] = _resized(colours[..., n] if is_even else colours[..., n] * cover, shape, is_smooth)
        if divisor is not None:
            planes[n] /= divisor
    return np.moveaxis(planes, 0, -1), wide


def is_from_cells(colours: Array, shape: tuple[int, int], *, is_smooth: bool) -> bool:
    """Whether every pixel of a rectangle has the colour and the cover of one cell of an image."""
    return not is_smooth and shape[0] >= colours.shape[0] and shape[1] >= colours.shape[1]


def across(colours: Array, alpha: Array | float, cols: int) -> tuple[Array, Array]:
    """Rows of cells, so many pixels wide.

    Returns
    -------
    tuple of array
        Colours (3, n, cols), or (3,) where there is one; covers (n, cols); float32.
    """
    at = cells_of(cols, colours.shape[1])
    cover = np.broadcast_to(np.asarray(alpha, np.float32), colours.shape[:2])
    # take(): an index in brackets would lay them column by column, which takes eight times as long to read.
    if colours.strides[:2] == (0, 0):
        return np.asarray(colours[0, 0], np.float32), np.take(cover, at, axis=1)
    channels = [np.take(colours[..., n], at, axis=1).astype(np.float32, copy=False) for n in range(3)]
    return np.stack(channels), np.take(cover, at, axis=1)


def cells_of(pixels: int, cells: int) -> Array:
    """The cell in which the centre of each of so many pixels lies."""
    return (np.arange(pixels) * 2 + 1) * cells // (2 * pixels)


def _resized(plane: Array, shape: tuple[int, int], is_smooth: bool) -> Array:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    how = Image.Resampling.BILINEAR if is_smooth else Image.Resampling.BOX
    return np.asarray(image.resize((shape[1], shape[0]), how))
