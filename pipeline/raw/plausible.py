"""Whether samples look like a picture: the same colour two sites on differs little from here, pixels are square."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import Array

# At most this many samples are looked at, in a window at the centre.
_WINDOW = 1024


def roughness(samples: Array, period: int) -> tuple[float, float]:
    """How rough a mosaic is, across columns and across rows.

    Parameters
    ----------
    samples : array
        (rows, cols), a mosaic; only a window of 1024 × 1024 at its centre is measured.
    period : int
        Rows after which the CFA repeats.

    Returns
    -------
    across_cols, across_rows : float
        Mean |difference| to the same colour one period on, over the mean |difference| of the same colour's samples
        paired at random. Near 0 for a smooth picture, near 1 for noise; 0 when all samples are equal.

    Notes
    -----
    Measured on a collection of real files: camera files 0.04 … 0.14, dumps read with the right layout 0.03 … 0.2; 0.6 …
    1.3 with the wrong packing, and with the wrong width 0.8 … 1.2 across rows alone.
    """
    rows, cols = ((size // period) * period for size in samples.shape)
    high, wide = min(rows, _WINDOW), min(cols, _WINDOW)
    top, left = (rows - high) // 2 // period * period, (cols - wide) // 2 // period * period
    window = samples[top : top + high, left : left + wide].astype(np.float32)
    by_site = window.reshape(high // period, period, wide // period, period).transpose(1, 3, 0, 2)
    sites = by_site.reshape(period * period, high // period, wide // period)
    flat = sites.reshape(period * period, -1)
    shuffled = np.random.default_rng(0).permutation(flat.shape[1])
    spread = float(np.abs(flat - flat[:, shuffled]).mean())
    if not spread or sites.shape[1] < 2 or sites.shape[2] < 2:
        return 0.0, 0.0
    across_cols = float(np.abs(np.diff(sites, axis=2)).mean()) / spread
    across_rows = float(np.abs(np.diff(sites, axis=1)).mean()) / spread
    return across_cols, across_rows


def not_square(rows: int, cols: int) -> str:
    """The warning for a sensor whose pixels are not square, with the size that gives the picture its shape."""
    return f"the pixels are not square and the picture is squeezed; resize: {{rows: {rows}, cols: {cols}}} undoes it"
