"""Counts of a frame as read, a rectangle at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._source import PACKINGS
from tenbit.pipeline.frame import Frame


def counts_of(frame: Frame) -> Callable[[int, int, int, int], Array]:
    """``raw(top, left, rows, cols)``: counts of a rectangle of a mosaic, (rows, cols), packed or not."""

    def raw(top: int, left: int, rows: int, cols: int) -> Array:
        if frame.packing is None:
            return frame.samples[top : top + rows, left : left + cols]
        group, low = PACKINGS[frame.packing]
        columns = np.arange(left, left + cols)
        base = columns // group * (group + 1)
        high = frame.samples[top : top + rows][:, base + columns % group].astype(np.uint16)
        rest = frame.samples[top : top + rows][:, base + group] >> (columns % group * low).astype(np.uint8)
        return np.asarray((high << low) | (rest & (2**low - 1)), np.uint16)

    return raw
