"""TIFF predictors undone: samples from the differences that were compressed."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import Array


def undo_integer(differences: Array, step: int) -> Array:
    """Samples of horizontally predicted integers (TIFF 6.0, section 14; DNG 1.4's X2 and X4).

    Parameters
    ----------
    differences : array
        (rows, cols, planes), unsigned; sums wrap around as the encoder's differences did.
    step : int
        Columns between a sample and its predictor: 1, 2 or 4.

    Returns
    -------
    array
        The same shape and dtype.
    """
    samples = np.empty_like(differences)
    for phase in range(step):
        np.cumsum(differences[:, phase::step], axis=1, dtype=differences.dtype, out=samples[:, phase::step])
    return samples


def undo_float(data: bytes, rows: int, sample_bytes: int, distance: int) -> bytes:
    """Big-endian floats from floating-point prediction (TIFF Technical Note 3).

    Parameters
    ----------
    data : bytes
        Rows of byte differences: in each row the highest bytes of all samples first, the lowest last.
    rows : int
    sample_bytes : int
        2, 3 or 4.
    distance : int
        Bytes between a byte and its predictor: the planes, times 2 or 4 for DNG 1.4's X2 and X4.

    Returns
    -------
    bytes
        Samples one after the other, highest byte first.
    """
    differences = np.frombuffer(data, np.uint8).reshape(rows, -1)
    summed = np.empty_like(differences)
    for phase in range(distance):
        np.cumsum(differences[:, phase::distance], axis=1, dtype=np.uint8, out=summed[:, phase::distance])
    return summed.reshape(rows, sample_bytes, -1).transpose(0, 2, 1).tobytes()
