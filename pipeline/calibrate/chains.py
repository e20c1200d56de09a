"""Segments of edges that continue each other: one curve across a chart's corners, joints and crossing lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tenbit.pipeline.calibrate.extra import pairs_within
from tenbit.pipeline.calibrate.segments import Points, Segment

# Gap between segments of one curve: pixels, or this part of the shorter one; and how far they may miss each other.
GAP_PX, GAP_PART, MISS_PX, MISS_PART, TURN_DEG = 24.0, 0.6, 0.8, 0.03, 4.0


def joined(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Segments that continue each other, in order; each in one curve."""
    if not segments:
        return
    beyond = _continued(segments)
    seen: set[int] = set()
    for n in range(len(segments)):
        if n in seen or (2 * n in beyond and 2 * n + 1 in beyond):
            continue
        # From a free end onwards.
        end = 2 * n if 2 * n not in beyond else 2 * n + 1
        chain = []
        while True:
            seen.add(end // 2)
            segment = segments[end // 2]
            chain.append(segment.reversed() if end % 2 else segment)
            if end ^ 1 not in beyond:
                break
            end = beyond[end ^ 1]
        yield chain


def _continued(segments: Sequence[Segment]) -> dict[int, int]:
    """The end that each end goes on at, both ways, best fits first; ends of segment n are 2 n and 2 n + 1."""
    ends = np.concatenate([s.ends for s in segments])
    ways = np.concatenate([s.ways for s in segments])
    length = np.repeat([s.length_px for s in segments], 2)
    rise = np.repeat([s.rise for s in segments], 2, axis=0)
    a, b = pairs_within(ends, max(GAP_PX, GAP_PART * float(np.quantile(length, 0.95))))
    gap = ends[b] - ends[a]
    far = np.hypot(*gap.T)
    reach = np.maximum(GAP_PX, GAP_PART * np.minimum(length[a], length[b]))
    miss = np.maximum(np.abs(_cross(gap, ways[a])), np.abs(_cross(gap, ways[b])))
    turned = np.abs(_cross(ways[a], ways[b]))
    is_onward = ((gap * ways[a]).sum(axis=1) > -2) & ((ways[a] * ways[b]).sum(axis=1) < 0)
    can = (a // 2 != b // 2) & (far <= reach) & is_onward
    can &= (miss <= MISS_PX + MISS_PART * far) & (turned < np.sin(np.radians(TURN_DEG)))
    # The two sides of a thin line differ in where the light is.
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
        # A ring would have no end to begin at.
        if one not in beyond and other not in beyond and root(one // 2) != root(other // 2):
            beyond[one], beyond[other] = other, one
            group[root(one // 2)] = root(other // 2)
    return beyond


def _cross(a: Points, b: Points) -> Points:
    """Cross products of rows."""
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
