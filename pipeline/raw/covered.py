"""Black as the covered pixels beside a picture show it: the mean of each CFA site, and how rows drift about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenbit.kernels._facts import Array, Cfa

Rectangle = tuple[int, int, int, int]
# Standard deviations beyond which a covered pixel is no noise: hot, or light got in.
OUTLIER = 5.0
# A normal distribution's standard deviation over its median absolute deviation.
_PER_MAD = 1.4826


@dataclass(frozen=True)
class Covered:
    """What covered pixels say.

    Parameters
    ----------
    black : tuple of float
        Mean per CFA site, counts.
    rows : array or None
        (rows,) float32: how far the black of each row of the picture is from that, counts, as far as it is more than
        the noise of so few pixels; None when some row has no covered pixel beside it.
    """

    black: tuple[float, ...]
    rows: Array | None


def covered_black(stored: Array, areas: Sequence[Sequence[int]], active: Rectangle, cfa: Cfa) -> Covered | None:
    """Black of the rectangles (top, left, bottom, right) of covered pixels; None when a CFA site has none in them.

    Parameters
    ----------
    stored : array
        (rows, cols) counts, covered pixels with them.
    areas : sequence of sequences of int
    active : tuple of int
        Of the picture, whose first pixel the CFA begins at.
    cfa : Cfa

    Notes
    -----
    Means are of what lies within five standard deviations of the median, as the median absolute deviation shows them: a
    hot pixel among them counts nothing. A row's mean is drawn to 0 by the share of its variance that is noise (Wiener).
    """
    period = cfa.period
    blocks: list[tuple[int, Array, Array]] = []
    for area in areas:
        top, left = max(area[0], 0), max(area[1], 0)
        pixels = stored[top : max(area[2], 0), left : max(area[3], 0)].astype(np.float64)
        rows, cols = np.indices(pixels.shape)
        sites = np.asarray(((rows + top - active[0]) % period) * period + (cols + left - active[1]) % period)
        blocks.append((top, pixels, sites))
    black, spread = np.zeros(period**2), np.zeros(period**2)
    for site in range(period**2):
        of_site = np.concatenate([np.zeros(0), *(pixels[sites == site] for _, pixels, sites in blocks)])
        if not of_site.size:
            return None
        kept = typical(of_site)
        black[site], spread[site] = kept.mean(), kept.std()
    return Covered(tuple(black.tolist()), _drift(blocks, active, black, spread))


def typical(values: Array) -> Array:
    """The values within five standard deviations of their median; a count more, so that rounding alone loses none."""
    centre = np.median(values)
    away = np.abs(values - centre)
    return np.asarray(values[away <= OUTLIER * _PER_MAD * np.median(away) + 1.0])


def _drift(blocks: Sequence[tuple[int, Array, Array]], active: Rectangle, black: Array, spread: Array) -> Array | None:
    count = active[2] - active[0]
    sums, squares, numbers = np.zeros(count), np.zeros(count), np.zeros(count)
    for top, pixels, sites in blocks:
        away = pixels - black[sites]
        is_typical = np.abs(away) <= OUTLIER * spread[sites] + 1.0
        away = np.where(is_typical, away, 0.0)
        low, high = max(top, active[0]), min(top + len(pixels), active[2])
        if low >= high:
            continue
        of_picture, of_block = slice(low - active[0], high - active[0]), slice(low - top, high - top)
        sums[of_picture] += away[of_block].sum(axis=1)
        squares[of_picture] += (away[of_block] ** 2).sum(axis=1)
        numbers[of_picture] += is_typical[of_block].sum(axis=1)
    if not numbers.all():
        return None
    means = sums / numbers
    degrees = (numbers - 1).sum()
    within = max(float((squares - sums * means).sum()), 0.0) / degrees if degrees else 0.0
    noise = within / numbers
    drift = max(float(means.var() - noise.mean()), 0.0)
    share = np.divide(drift, drift + noise, out=np.ones(count), where=drift + noise > 0)
    return np.asarray(means * share, np.float32)
