"""The smooth course that lies under the values of a shot's frames, and what each frame is off by.

Values are known as differences between two frames, such as the median over the places of the picture, which a passing
car cannot upset. The course at a frame is a straight line through the frames around it, near ones counting more (local
linear regression; Cleveland, JASA 74(368), 1979): it follows a drift to the very ends of a shot. Frames that stand out
of their neighbours, a flash of lightning, are left out of it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenbit.kernels._facts import Array

Differences = Callable[[int, Array], Array]
"""What frames are above one frame: its position, theirs (count,), to (count,) or (count, values); NaN is not known."""

# A frame is compared with so many on either side: what lasts as long is no flash.
_NEAR = 5
# In standard deviations of how all frames of the shot differ from their neighbours, by the median deviation.
_SURE = 4.0


def medians(rows: Array, least: int = 1) -> Array:
    """Median of each row without its NaN, float64; NaN where fewer than ``least`` are left."""
    ordered = np.sort(rows, axis=1)
    counts = (~np.isnan(ordered)).sum(axis=1)
    low, high = np.maximum(counts - 1, 0) // 2, np.minimum(counts // 2, rows.shape[1] - 1)
    every = np.arange(len(rows))
    found = (ordered[every, low].astype(np.float64) + ordered[every, high]) / 2
    return np.where(counts >= least, found, np.nan)


def standing_out(count: int, differences: Differences, *, least: float) -> Array:
    """Whether each frame stands out of the frames around it, (count,) bool; one of which nothing is known does not.

    Parameters
    ----------
    count : int
        Frames of the shot.
    differences : callable
    least : float
        What a frame is at least off by that stands out, however calm the rest of the shot is.
    """
    off = []
    for frame in range(count):
        around = np.arange(max(frame - _NEAR, 0), min(frame + _NEAR + 1, count))
        above = np.atleast_2d(differences(frame, around).T)
        if len(around) <= 2 * _NEAR:
            # At the ends of a shot all neighbours lie on one side: a drift alone is not standing out.
            above = above - _slopes(above) * (around - frame)
        off.append(medians(above))
    found = np.stack(off)
    with np.errstate(invalid="ignore"):
        spread = 1.4826 * medians(np.abs(found - medians(found.T)).T)
        return np.asarray((np.abs(found) > np.maximum(_SURE * spread, least)).any(axis=1))


def _slopes(rows: Array) -> Array:
    """Slope of each row, (rows, 1): the median over all pairs (Theil and Sen), which few odd values cannot upset."""
    first, second = np.triu_indices(rows.shape[1], 1)
    found = medians((rows[:, second] - rows[:, first]) / (second - first)) if len(first) else np.zeros(len(rows))
    return np.asarray(found[:, None])


def to_course(count: int, window: int, differences: Differences, is_odd: Array) -> Array:
    """What lies between each frame and the smooth course: to be added to the frame.

    Parameters
    ----------
    count : int
        Frames of the shot.
    window : int
        Frames that the course at one frame comes from: itself and those around it; at the ends of the shot as many.
    differences : callable
    is_odd : array
        (count,) bool: frames that are left out.

    Returns
    -------
    array
        (count,) or (count, values) float64; NaN for a frame of which nothing is known.
    """
    found = []
    for frame in range(count):
        first = min(max(frame - window // 2, 0), max(count - window, 0))
        around = np.arange(first, min(first + window, count))
        above = np.asarray(differences(frame, around), np.float64)
        is_known = ~np.isnan(above.reshape(len(around), -1)).any(axis=1)
        counts = is_known & ~is_odd[around]
        if not counts.any():
            found.append(np.full(above.shape[1:], np.nan))
            continue
        found.append(_weights(around[counts] - frame) @ above[counts])
    return np.stack(found)


def _weights(offsets: Array) -> Array:
    """What a straight line through values at these offsets makes of them at 0; they add up to 1."""
    nearness = (1 - (offsets / (np.abs(offsets).max() + 1)) ** 2) ** 2
    total, first, second = (float((nearness * offsets**power).sum()) for power in range(3))
    spread = total * second - first**2
    if spread < 1e-9 * total**2:
        return np.asarray(nearness / total)
    return np.asarray(nearness * (second - first * offsets) / spread)
