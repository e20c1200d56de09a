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
        Between values there are values between; else every pixel has that of the cell where its centre lies. Where
        several cells fall on one pixel it has their mean either way.

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
    if colours.strides[:2] == (0, 0) and not is_even:
        # One colour, as a trace has: its cover alone is stretched.
        return np.broadcast_to(colours[:1, :1], (*shape, 3)), _wide(cover, shape, is_smooth)
    if not is_smooth and shape[0] >= colours.shape[0] and shape[1] >= colours.shape[1]:
        wide = np.broadcast_to(cover[:1, :1], shape) if is_even else _wide(cover, shape, is_smooth)
        return _wide(colours, shape, is_smooth), wide
    if is_even:
        planes = [_resized(colours[..., n], shape, is_smooth) for n in range(3)]
        return np.stack(planes, axis=-1), np.broadcast_to(cover[:1, :1], shape)
    wide = _resized(cover, shape, is_smooth)
    divisor = np.where(wide > 0, wide, 1)
    planes = [_resized(colours[..., n] * cover, shape, is_smooth) / divisor for n in range(3)]
    return np.stack(planes, axis=-1), wide


def _wide(plane: Array, shape: tuple[int, int], is_smooth: bool) -> Array:
    """One array stretched: from cell to pixel where there are more of these, and nothing is wanted between."""
    if is_smooth or shape[0] < plane.shape[0] or shape[1] < plane.shape[1]:
        return _resized(plane, shape, is_smooth)
    rows, cols = ((np.arange(n) * 2 + 1) * m // (2 * n) for n, m in zip(shape, plane.shape, strict=False))
    return np.asarray(plane[:, cols][rows])


def _resized(plane: Array, shape: tuple[int, int], is_smooth: bool) -> Array:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    how = Image.Resampling.BILINEAR if is_smooth else Image.Resampling.BOX
    return np.asarray(image.resize((shape[1], shape[0]), how))
