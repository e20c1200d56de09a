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
    even = np.broadcast_to(cover[:1, :1], shape)
    # Channels apart from each other, as they are blended.
    planes = np.empty((3, *shape), np.float32)
    if not is_smooth and shape[0] >= colours.shape[0] and shape[1] >= colours.shape[1]:
        rows, cols = ((np.arange(n) * 2 + 1) * m // (2 * n) for n, m in zip(shape, colours.shape, strict=False))
        for n in range(3):
            planes[n] = colours[:, cols, n][rows]
        return np.moveaxis(planes, 0, -1), even if is_even else cover[:, cols][rows]
    wide = even if is_even else _resized(cover, shape, is_smooth)
    divisor = None if is_even else np.where(wide > 0, wide, np.float32(1))
    for n in range(3):
        planes[n] = _resized(colours[..., n] if is_even else colours[..., n] * cover, shape, is_smooth)
        if divisor is not None:
            planes[n] /= divisor
    return np.moveaxis(planes, 0, -1), wide


def _resized(plane: Array, shape: tuple[int, int], is_smooth: bool) -> Array:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    how = Image.Resampling.BILINEAR if is_smooth else Image.Resampling.BOX
    return np.asarray(image.resize((shape[1], shape[0]), how))
