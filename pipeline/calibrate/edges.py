"""Edges of a frame as curves of points between pixels: what a lens without distortion would image as straight lines.

Points lie where the slope of green light is steepest: its logarithm is a parabola across an edge that a lens has
blurred, so that three pixels say where its top is (F. Devernay, "A non-maxima suppression method for edge detection
with sub-pixel accuracy", INRIA RR-2724, 1995, with the logarithm, which takes out that method's bias). Neighbours of
one direction make a segment, segments that continue each other across a corner, a joint or a crossing line make a
curve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tenbit.kernels._facts import GREEN, Array
from tenbit.pipeline.calibrate.extra import opencv, pairs_within
from tenbit.pipeline.frame import Frame

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
# Gap between segments of one curve: pixels, or this part of the shorter one; and how far they may miss each other.
GAP_PX, GAP_PART, MISS_PX, MISS_PART, TURN_DEG = 24.0, 0.6, 0.8, 0.03, 4.0


@dataclass(frozen=True, eq=False)
class Edge:
    """A smooth curve in the picture.

    Parameters
    ----------
    points : array
        (count, 2) rows and columns, pixels of the frame as read, in order; each is the mean of a few.
    sigma_px : array
        (count,) what they are likely to be off by, across the curve.
    """

    points: Points
    sigma_px: Points

    @property
    def length_px(self) -> float:
        return float(np.hypot(*(self.points[-1] - self.points[0])))


def edges(frame: Frame, *, shortest_px: float) -> list[Edge]:
    """Smooth curves along the edges of a frame.

    Parameters
    ----------
    frame : Frame
        A mosaic, or three planes, with light linear.
    shortest_px : float
        From end to end.

    Raises
    ------
    RequestError
        If OpenCV is not installed.
    """
    light, share, step = _green(frame)
    segments = _segments(light, share)
    offset = (step - 1) / 2
    found = []
    for curve in _joined(segments):
        whole = Edge(
            np.concatenate([s.points for s in curve]) * step + offset,
            np.concatenate([s.sigma_px for s in curve]) * step,
        )
        if whole.length_px >= shortest_px and len(whole.points) >= 4:
            found.append(whole)
    return found


def _green(frame: Frame) -> tuple[Array, float, int]:
    """Green light (rows, cols) float32, the share of it that is not an empty 0, and the frame's pixels per step.

    Blocks of a quad-Bayer mosaic become one sample each.
    """
    facts = frame.facts
    black, white = np.array(facts.black, np.float32), np.array(facts.white, np.float32)
    if facts.cfa is None:
        return (frame.samples[..., GREEN].astype(np.float32) - black[GREEN]) / (white[GREEN] - black[GREEN]), 1.0, 1
    period, cfa = facts.cfa.period, facts.cfa
    rows, cols = facts.rows // period * period, facts.cols // period * period
    light = np.zeros((rows, cols), np.float32)
    for site, colour in enumerate(cfa.sites):
        if colour == GREEN:
            at = (slice(site // period, rows, period), slice(site % period, cols, period))
            light[at] = (frame.samples[at].astype(np.float32) - black[site]) / (white[site] - black[site])
    if not cfa.is_quad:
        return light, 0.5, 1
    return light.reshape(rows // 2, 2, cols // 2, 2).mean(axis=(1, 3)), 0.5, 2


@dataclass(frozen=True, eq=False)
class _Segment:
    points: Points
    sigma_px: Points
    ends: Points
    """(2, 2) the first and the last point."""
    ways: Points
    """(2, 2) unit vectors that lead out of the ends."""
    rise: Points
    """(2,) unit vector towards the light."""

    @property
    def length_px(self) -> float:
        return float(np.hypot(*(self.ends[1] - self.ends[0])))


def _segments(light: Array, share: float) -> list[_Segment]:
    """Pieces of edges, the longest first."""
    cv2 = opencv()
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
    runs = sorted(_runs(cv2, light.shape, index, turn), key=len, reverse=True)[:MOST_SEGMENTS]
    rise = np.stack([np.sin(np.radians(turn)), np.cos(np.radians(turn))], axis=-1)
    found = [part for run in runs for part in _smooth(points[run], rise[run].mean(axis=0))]
    return sorted(found, key=lambda segment: -segment.length_px)[:MOST_SEGMENTS]


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


def _smooth(points: Points, rise: Points, depth: int = 0) -> Iterator[_Segment]:
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
    yield _Segment(
        np.array([points[part].mean(axis=0) for part in parts]),
        np.array([np.hypot(noise / len(part) ** 0.5, FLOOR_PX) for part in parts]),
        points[[0, -1]],
        ways,
        rise,
    )


def _joined(segments: list[_Segment]) -> Iterator[list[_Segment]]:
    """Segments that continue each other, in order; each in one curve."""
    if not segments:
        return
    ends = np.concatenate([s.ends for s in segments])
    ways = np.concatenate([s.ways for s in segments])
    length = np.repeat([s.length_px for s in segments], 2)
    rise = np.repeat([s.rise for s in segments], 2, axis=0)
    farthest = max(GAP_PX, GAP_PART * float(np.quantile(length, 0.95)))
    a, b = pairs_within(ends, farthest)
    gap = ends[b] - ends[a]
    far = np.hypot(*gap.T)
    reach = np.maximum(GAP_PX, GAP_PART * np.minimum(length[a], length[b]))
    miss = np.maximum(np.abs(_cross(gap, ways[a])), np.abs(_cross(gap, ways[b])))
    turned = np.abs(_cross(ways[a], ways[b]))
    is_onward = ((gap * ways[a]).sum(axis=1) > -2) & ((ways[a] * ways[b]).sum(axis=1) < 0)
    can = (a // 2 != b // 2) & (far <= reach) & is_onward
    can &= (miss <= MISS_PX + MISS_PART * far) & (turned < np.sin(np.radians(TURN_DEG)))
    cost = miss + 10 * turned + 0.05 * far + 0.5 * ((rise[a] * rise[b]).sum(axis=1) < 0)
    beyond: dict[int, int] = {}
    group = list(range(len(segments)))

    def root(n: int) -> int:
        while group[n] != n:
            group[n] = group[group[n]]
            n = group[n]
        return n

    for n in np.flatnonzero(can)[np.argsort(cost[can], kind="stable")]:
        one, other = int(a[n]), int(b[n])
        if one in beyond or other in beyond or root(one // 2) == root(other // 2):
            continue
        beyond[one], beyond[other] = other, one
        group[root(one // 2)] = root(other // 2)
    seen: set[int] = set()
    for n in range(len(segments)):
        if n in seen or (2 * n in beyond and 2 * n + 1 in beyond):
            continue
        # From a free end onwards.
        end = 2 * n if 2 * n not in beyond else 2 * n + 1
        chain = []
        while True:
            at = end // 2
            seen.add(at)
            segment = segments[at]
            if end % 2:
                segment = _Segment(
                    segment.points[::-1], segment.sigma_px[::-1], segment.ends, segment.ways, segment.rise
                )
            chain.append(segment)
            if end ^ 1 not in beyond:
                break
            end = beyond[end ^ 1]
        yield chain


def _cross(a: Points, b: Points) -> Points:
    """Cross products of rows."""
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
