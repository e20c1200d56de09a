"""Votes for how much farther out than green a colour is imaged, and the law of radius that fits them.

A vote is a ratio of radii less 1, in a histogram per colour, ring and quadrant of the frame.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tenbit.kernels._facts import Array

# Ratios from -REACH to REACH in so many bins; rings of equal width from the axis to the corner.
REACH, BINS, RINGS, QUADRANTS = 0.006, 256, 8, 4
# Windows overlap: so many votes are as good as one that stands alone.
OVERLAP = 25
# Fewer votes in a cell say nothing.
FEWEST = 50
# What a cell is off by beside its noise, in pixels: edges that are coloured themselves.
ASTRAY_PX = 0.05
# How far the ratio at the corner is likely to be from that near the axis.
BEND = 6e-4
# Standard deviations beyond which a cell pulls no harder.
OUTLIER = 1.5
# A result whose error at the corner may be larger than this, in pixels, is none to go by.
UNSURE_PX = 0.15
# Median of the size of a normal error, in standard deviations.
_MEDIAN = 0.6745
_ROUNDS = 30


def neutral() -> dict[str, Any]:
    """A lens without lateral colour, as `fitted` would say it."""
    return {"red_scale": 1.0, "red_k": 0.0, "blue_scale": 1.0, "blue_k": 0.0}


def fitted(counters: Array, *, half_px: float, unsure_px: float = UNSURE_PX) -> dict[str, Any]:
    """Scales of red and blue from the votes.

    Parameters
    ----------
    counters : array
        (2 · RINGS · QUADRANTS · BINS,) int64: red, then blue.
    half_px : float
        Half of the frame's diagonal, pixels.
    unsure_px : float
        A result whose error at the corner may be larger is none.

    Returns
    -------
    dict
        For ``red`` and ``blue``: ``is_found``, whether there were edges enough; ``scale`` and ``k``, the colour's
        radius being ``scale + k r²`` times that of green with r in half diagonals (else 1 and 0); ``corner_px``, how
        much farther out that is at the corner; ``error_px``, the standard error of that (−1 where nothing was seen).
    """
    out: dict[str, Any] = {}
    for colour, votes in zip(("red", "blue"), counters.reshape(2, RINGS, QUADRANTS, BINS), strict=True):
        growth, bend, error = _law(votes, half_px)
        is_found = bool(error * half_px < unsure_px)
        out[f"{colour}_is_found"] = is_found
        out[f"{colour}_scale"] = 1 + growth if is_found else 1.0
        out[f"{colour}_k"] = bend if is_found else 0.0
        out[f"{colour}_corner_px"] = (growth + bend) * half_px if is_found else 0.0
        out[f"{colour}_error_px"] = error * half_px if np.isfinite(error) else -1.0
    return out


def _law(votes: Array, half_px: float) -> tuple[float, float, float]:
    """Growth and bend of ``ratio = growth + bend r²`` and the standard error at the corner."""
    count = votes.sum(axis=-1)
    low, middle, high = (_quantile(votes, share) for share in (0.16, 0.5, 0.84))
    spread = (high - low) / 2
    radius = np.broadcast_to(((np.arange(RINGS) + 0.5) / RINGS)[:, None], count.shape)
    use = (count >= FEWEST) & (spread < REACH / 3)
    if use.sum() < 3:
        return 0.0, 0.0, np.inf
    middle, radius = middle[use], radius[use]
    variance = spread[use] ** 2 * OVERLAP / count[use] + (ASTRAY_PX / half_px / radius) ** 2
    terms = np.stack([np.ones_like(radius), radius**2])
    trust = np.ones_like(radius)
    for _ in range(_ROUNDS):
        normal = (terms * (trust / variance)) @ terms.T + np.diag([0.0, BEND**-2])
        law = np.linalg.solve(normal, (terms * (trust / variance)) @ middle)
        away = np.abs(middle - law @ terms) / np.sqrt(variance)
        trust = np.minimum(1.0, OUTLIER / np.maximum(away, OUTLIER))
    # Cells that contradict each other are less sure than each of them says.
    discord = max(1.0, float(np.median(away)) / _MEDIAN)
    return float(law[0]), float(law[1]), discord * float(np.sqrt(np.linalg.inv(normal).sum()))


def _quantile(votes: Array, share: float) -> Array:
    """The ratio below which a share of each cell's votes lies, between bins by proportion."""
    total = np.cumsum(votes, axis=-1)
    wanted = share * total[..., -1:]
    at = np.minimum((total < wanted).sum(axis=-1, keepdims=True), BINS - 1)
    here = np.take_along_axis(votes, at, axis=-1)
    before = np.take_along_axis(total, at, axis=-1) - here
    place = at + np.where(here > 0, (wanted - before) / np.maximum(here, 1), 0.5)
    return np.asarray(((place / BINS * 2 - 1) * REACH)[..., 0])
