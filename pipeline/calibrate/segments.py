"""Pieces of edges, sharper than pixels.

Points lie where the slope of light is steepest: its logarithm is a parabola across an edge that a lens has blurred, so
that three pixels say where its top is (F. Devernay, "A non-maxima suppression method for edge detection with sub-pixel
accuracy", INRIA RR-2724, 1995, with the logarithm, which takes out that method's bias). Neighbours of one direction
make a segment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tenbit.kernels._facts import Array
from tenbit.pipeline.calibrate.extra import opencv

Points = npt.NDArray[np.float64]

# Standard deviation of the blur before slopes are taken, pixels: it hides the gaps between green samples.
BLUR_PX = 1.2
# An edge's slope over the light around it, per pixel, and over the median slope of the picture.
LEAST_SLOPE, OVER_MEDIAN = 0.02, 4.0
# Light below which, and above which, edges are not to be trusted: nothing is seen, or the sensor is full.
DARKEST, BRIGHTEST = 0.004, 0.97
# Directions are sorted into overlapping sectors; a segment lies in one.
SECTORS, HALF_WIDTH_DEG = 8, 33.0
# Points of the shortest segment; points left off at its ends, where corners are rounded.
SHORTEST, ENDS = 14, 3
# More than this and the segments are too many to be things that were photographed for their edges.
MOST_SEGMENTS = 4000
# Standard deviation of a segment's points around a parabola, pixels, beyond which it is cut in two.
SMOOTH_PX = 0.35
# Points that are averaged into one, and what such a mean is off by at best, pixels.
BIN, FLOOR_PX = 8, 0.02


@dataclass(frozen=True, eq=False)
class Segment:
    """A smooth piece of an edge."""

    points: Points
    """(count, 2) in order, each the mean of a few."""
    sigma_px: Points
    """(count,) what they are likely to be off by."""
    ends: Points
    """(2, 2) the first and the last point."""
    ways: Points
    """(2, 2) unit vectors that lead out of the ends."""
    rise: Points
    """(2,) unit vector towards the light."""

    @property
    def length_px(self) -> float:
        return float(np.hypot(*(self.ends[1] - self.ends[0])))

    def reversed(self) -> Segment:
        """The same from the other end."""
        return replace(
            self, points=self.points[::-1], sigma_px=self.sigma_px[::-1], ends=self.ends[::-1], ways=self.ways[::-1]
        )


def segments(light: Array, share: float) -> list[Segment]:
    """Pieces of edges, the longest first.

    Parameters
    ----------
    light : array
        (rows, cols) float32, 0 is black and 1 is white; 0 where there is no sample.
    share : float
        Of the pixels that have a sample, which lie evenly.

    Raises
    ------
    RequestError
        If OpenCV is not installed.
    """
    cv2 = opencv()
    index, points, turn = _tops(cv2, light, share)
    runs = sorted(_runs(cv2, light.shape, index, turn), key=len, reverse=True)[:MOST_SEGMENTS]
    rise = np.stack([np.sin(np.radians(turn)), np.cos(np.radians(turn))], axis=-1)
    found = [part for run in runs for part in _smooth(points[run], rise[run].mean(axis=0))]
    return sorted(found, key=lambda segment: -segment.length_px)[:MOST_SEGMENTS]


def _tops(cv2: Any, light: Array, share: float) -> tuple[Array, Points, Points]:
    """Where light is steepest: flat indices of pixels, places (row, col), and degrees that light grows towards."""
    size = np.arange(-6, 7, dtype=np.float64)
    bell = np.exp(-(size**2) / (2 * BLUR_PX**2))
    bell /= bell.sum()
    slope = size * bell / (size**2 * bell).sum()
    mean, down, right = (
        cv2.sepFilter2D(light, cv2.CV_32F, across, along, borderType=cv2.BORDER_REFLECT_101) / share
        for across, along in ((bell, bell), (bell, slope), (slope, bell))
    )
    steep = down * down + right * right
    usual = float(np.median(steep[::4, ::4]))
    needed = np.maximum((LEAST_SLOPE * mean) ** 2, OVER_MEDIAN**2 * usual)
    most = cv2.dilate(light, np.ones((9, 9), np.uint8))
    is_edge = (steep > needed) & (mean > DARKEST) & (most < BRIGHTEST)
    is_edge[:8], is_edge[-8:], is_edge[:, :8], is_edge[:, -8:] = False, False, False, False
    is_upright = np.abs(right) >= np.abs(down)
    at = []
    for step, is_here in (((0, 1), is_upright), ((1, 0), ~is_upright)):
        middle = np.flatnonzero(is_edge & is_here)
        stride = step[0] * light.shape[1] + step[1]
        flat = steep.ravel()
        before, here, after = flat[middle - stride], flat[middle], flat[middle + stride]
        is_top = (here > before) & (here >= after)
        middle = middle[is_top]
        low, top, high = (np.log(np.maximum(v[is_top].astype(np.float64), 1e-30)) for v in (before, here, after))
        shift = (low - high) / (2 * (low - 2 * top + high))
        is_near = np.abs(shift) <= 0.75
        at.append((middle[is_near], shift[is_near, None] * np.array(step, np.float64)))
    index = np.concatenate([middle for middle, _ in at])
    points = np.stack(np.unravel_index(index, light.shape), axis=-1) + np.concatenate([s for _, s in at])
    turn = np.degrees(np.arctan2(down.ravel()[index], right.ravel()[index]))
    return index, points, turn


def _runs(cv2: Any, shape: tuple[int, ...], index: Array, turn: Points) -> Iterator[Array]:
    """Numbers of points of neighbouring pixels whose slopes point into one sector.

    A pixel in two sectors goes with the larger group.
    """
    groups: list[tuple[Array, Array]] = []
    size = np.zeros(len(index), np.int64)
    for sector in range(SECTORS):
        away = np.abs((turn - 360 / SECTORS * sector + 180) % 360 - 180)
        inside = np.flatnonzero(away < HALF_WIDTH_DEG)
        mask = np.zeros(shape, np.uint8)
        mask.ravel()[index[inside]] = 1
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        label = labels.ravel()[index[inside]]
        groups.append((inside, label))
        np.maximum.at(size, inside, stats[label, cv2.CC_STAT_AREA])
        groups[-1] = (inside, np.where(stats[label, cv2.CC_STAT_AREA] >= SHORTEST, label, -1))
    taken = np.zeros(len(index), bool)
    for inside, label in groups:
        order = np.argsort(label, kind="stable")
        cuts = np.flatnonzero(np.diff(label[order])) + 1
        for run in np.split(order, cuts):
            if len(run) < SHORTEST or label[run[0]] < 0:
                continue
            mine = inside[run]
            mine = mine[(size[mine] <= len(mine)) & ~taken[mine]]
            if len(mine) >= SHORTEST:
                taken[mine] = True
                yield mine


def _smooth(points: Points, rise: Points, depth: int = 0) -> Iterator[Segment]:
    """Segments that are smooth, of points in any order: cut where they turn, their ends left off."""
    middle = points.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((points - middle).T))
    along = vectors[:, 1]
    across = np.array([-along[1], along[0]])
    t, n = (points - middle) @ along, (points - middle) @ across
    order = np.argsort(t)
    points, t, n = points[order], t[order], n[order]
    if depth == 0:
        points, t, n = points[ENDS:-ENDS], t[ENDS:-ENDS], n[ENDS:-ENDS]
    if len(t) < SHORTEST - 2 * ENDS or t[-1] - t[0] < SHORTEST - 2 * ENDS:
        return
    scale = max(t[-1] - t[0], 1.0) / 2
    x = (t - (t[0] + t[-1]) / 2) / scale
    use = np.ones(len(t), bool)
    for _ in range(3):
        law = np.polynomial.polynomial.polyfit(x[use], n[use], 2 if len(t) >= 24 else 1)
        off = n - np.polynomial.polynomial.polyval(x, law)
        sigma = max(float(1.4826 * np.median(np.abs(off[use]))), 0.02)
        use = np.abs(off) < max(4 * sigma, 0.2)
        if use.sum() < SHORTEST - 2 * ENDS:
            return
    spread = float(np.sqrt(np.mean(off**2)))
    if spread > SMOOTH_PX:
        if depth < 6 and len(t) >= 2 * SHORTEST:
            kernel = np.ones(5) / 5
            cut = int(np.argmax(np.abs(np.convolve(off, kernel, "same")[SHORTEST // 2 : -SHORTEST // 2])))
            cut += SHORTEST // 2
            yield from _smooth(points[:cut], rise, depth + 1)
            yield from _smooth(points[cut:], rise, depth + 1)
        return
    points, x, off = points[use], x[use], off[use]
    noise = max(float(off.std()), 0.01)
    parts = np.array_split(np.arange(len(x)), max(len(x) // BIN, 2))
    slopes = np.polynomial.polynomial.polyval(x[[0, -1]], np.polynomial.polynomial.polyder(law)) / scale
    ways = along + slopes[:, None] * across
    ways *= np.array([[-1.0], [1.0]]) / np.linalg.norm(ways, axis=1, keepdims=True)
    yield Segment(
        np.array([points[part].mean(axis=0) for part in parts]),
        np.array([np.hypot(noise / len(part) ** 0.5, FLOOR_PX) for part in parts]),
        points[[0, -1]],
        ways,
        rise,
    )
