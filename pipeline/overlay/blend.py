"""Paint laid on code values, in place: rounded half up; where its cover is 0 they stay what they are."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import Array, Triple

_BAND_PIXELS = 32768  # at a time: float32 scratch that stays in the cache


def peak_of(pixels: Array) -> float:
    """The largest code value; 1 for floats."""
    return float(np.iinfo(pixels.dtype).max) if pixels.dtype.kind == "u" else 1.0


def flat(pixels: Array, colour: Triple, alpha: float) -> None:
    """One colour over all of a rectangle.

    Parameters
    ----------
    pixels : array
        (rows, cols, 3), uint8, uint16 or float32, written to; a view of a larger picture.
    colour : Triple
        Encoded values 0 … 1.
    alpha : float
        Cover, 0 … 1.
    """
    if alpha <= 0 or not pixels.size:
        return
    # Whole rows of three channels: 1.1 MP take 1 ms, channel by channel 4, by a table of all codes 11 (a 2-core VM).
    half = np.float32(0.5 if pixels.dtype.kind == "u" else 0.0)
    keep = np.float32(1) - np.float32(alpha)
    paint = np.asarray(colour, np.float32) * np.float32(peak_of(pixels)) * np.float32(alpha)
    added = np.tile(paint, pixels.shape[1]).reshape(-1, 3)
    band = max(1, _BAND_PIXELS // (2 * pixels.shape[1]))
    scratch = np.empty((min(band, len(pixels)), *pixels.shape[1:]), np.float32)
    for top in range(0, len(pixels), band):
        part = pixels[top : top + band]
        mixed = scratch[: len(part)]
        mixed[...] = part
        mixed *= keep
        mixed += added
        if half:
            mixed += half
        part[...] = mixed


def shaded(pixels: Array, colour: Triple | Array, cover: Array) -> None:
    """A colour over a rectangle, each pixel with a cover of its own.

    Parameters
    ----------
    pixels : array
        (rows, cols, 3), written to.
    colour : Triple or array
        One, also as (3,), or (rows, cols, 3): encoded values 0 … 1.
    cover : array
        (rows, cols), 0 … 1.
    """
    peak, half = np.float32(peak_of(pixels)), np.float32(0.5 if pixels.dtype.kind == "u" else 0.0)
    band = max(1, _BAND_PIXELS // max(pixels.shape[1], 1))
    for top in range(0, len(pixels), band):
        part, alpha = pixels[top : top + band], cover[top : top + band].astype(np.float32, copy=False)
        keep = np.float32(1) - alpha
        added, mixed = np.empty_like(keep), np.empty_like(keep)
        for n in range(3):
            if isinstance(colour, np.ndarray) and colour.ndim == 3:
                np.multiply(colour[top : top + band, :, n], peak, out=added, dtype=np.float32, casting="same_kind")
                added *= alpha
            else:
                np.multiply(alpha, np.float32(colour[n]) * peak, out=added)
            mixed[...] = part[..., n]
            mixed *= keep
            mixed += added
            if half:
                mixed += half
            part[..., n] = mixed


def scattered(pixels: Array, rows: Array, cols: Array, colour: Triple | Array, cover: Array | float) -> None:
    """A colour over pixels here and there.

    Parameters
    ----------
    pixels : array
        (rows, cols, 3), written to.
    rows, cols : array
        Places, (count,), each once and inside.
    colour : Triple or array
        One, or (count, 3).
    cover : array or float
        (count,), 0 … 1.
    """
    peak, half = np.float32(peak_of(pixels)), 0.5 if pixels.dtype.kind == "u" else 0.0
    paint = np.asarray(colour, np.float32) * peak
    alpha = np.asarray(cover, np.float32)
    under = pixels[rows, cols].astype(np.float32)
    pixels[rows, cols] = _laid(under, paint, alpha[:, None] if alpha.ndim else alpha, half).astype(pixels.dtype)


def _laid(under: Array, paint: Array | np.float32, alpha: Array | np.float32, half: float) -> Array:
    """``under (1 - alpha) + paint alpha + half``, written over ``under``; all float32."""
    under *= np.float32(1) - alpha
    under += paint * alpha
    if half:
        under += np.float32(half)
    return under
