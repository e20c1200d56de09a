"""Edges of a frame as curves of points between pixels: what a lens without distortion would image as straight lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenbit.kernels._facts import GREEN, Array
from tenbit.pipeline.calibrate.chains import joined
from tenbit.pipeline.calibrate.segments import Points, segments
from tenbit.pipeline.frame import Frame

__all__ = ["Edge", "Points", "edges"]


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
    offset = (step - 1) / 2
    found = []
    for curve in joined(segments(light, share)):
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
