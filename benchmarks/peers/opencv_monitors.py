"""Peaking, zebra and histogram of an RGB8 picture as a competent user of OpenCV writes them, with kept buffers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
# 64 rows of 4096: the best of six sizes from 8 rows to 256 (best of 12, two threads of an EPYC: 1091 MP/s; 8 rows 860,
# 256 rows 1000, the whole frame 891).
STRIP_PIXELS = 64 * 4096
_HALO = 1


def detail(grey: Picture, second: NDArray[np.int16] | None = None, out: Picture | None = None) -> Picture:
    """Length of the second derivative of each pixel, 0 … 255: the Laplacian of 3 × 3."""
    return cv2.convertScaleAbs(cv2.Laplacian(grey, cv2.CV_16S, second, ksize=3), out)


class Peaking:
    """Red where the second derivative passes a threshold.

    Parameters
    ----------
    shape : tuple of int
        (rows, cols).
    threshold : int
        Of `detail`.
    threads : int
        Threads of Python that work in strips of rows; 0 does the whole frame at once, with OpenCV's own threads.
    """

    def __init__(self, shape: tuple[int, int], *, threshold: int, threads: int) -> None:
        self.painted = np.empty((*shape, 3), np.uint8)
        self._threshold, self._threads = threshold, threads
        self._strip = STRIP_PIXELS // shape[1] if threads else shape[0]
        rows = self._strip + 2 * _HALO
        self._scratch = [_Scratch(rows, shape[1]) for _ in range(max(threads, 1))]
        self._pool = ThreadPoolExecutor(max(threads, 1))

    def __call__(self, rgb8: Picture) -> Picture:
        """The picture with marks: the same buffer at each call."""
        tops = iter(range(0, len(rgb8), self._strip))

        def work(scratch: _Scratch) -> None:
            for top in tops:
                self._one(rgb8, top, scratch)

        if self._threads:
            list(self._pool.map(work, self._scratch))
        else:
            work(self._scratch[0])
        return self.painted

    def _one(self, rgb8: Picture, top: int, scratch: _Scratch) -> None:
        bottom, above = min(top + self._strip, len(rgb8)), min(_HALO, top)
        seen = rgb8[top - above : bottom + _HALO]
        rows, inside = len(seen), np.s_[above : above + bottom - top]
        grey, marks = scratch.grey[:rows], scratch.marks[:rows]
        cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY, grey)
        detail(grey, scratch.second[:rows], marks)
        cv2.threshold(marks, self._threshold, 255, cv2.THRESH_BINARY, marks)
        painted = self.painted[top:bottom]
        np.copyto(painted, rgb8[top:bottom])
        cv2.copyTo(scratch.red[: bottom - top], marks[inside], painted)


class _Scratch:
    """What one thread works in."""

    def __init__(self, rows: int, cols: int) -> None:
        self.grey, self.marks = np.empty((rows, cols), np.uint8), np.empty((rows, cols), np.uint8)
        self.second = np.empty((rows, cols), np.int16)
        self.red = np.full((rows, cols, 3), (255, 0, 0), np.uint8)


class Zebra:
    """Stripes, red over highlights and blue over shadows, the whole frame at once with OpenCV's own threads.

    Parameters
    ----------
    shape : tuple of int
        (rows, cols).
    high, low : int
        Marked from ``high`` up, and below ``low``; code values.
    period : int
        Of the stripes, pixels.
    """

    def __init__(self, shape: tuple[int, int], *, high: int, low: int, period: int) -> None:
        self.painted = np.empty((*shape, 3), np.uint8)
        self._levels = (high, 255), (0, low - 1)
        self._grey, self._marks = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
        along = np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % period
        stripes = np.where(along < period // 2, np.uint8(255), np.uint8(0))
        self._stripes = stripes, np.ascontiguousarray(stripes[::-1])
        self._colours = tuple(np.full((*shape, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))

    def __call__(self, rgb8: Picture) -> Picture:
        """The picture with stripes: the same buffer at each call."""
        cv2.cvtColor(rgb8, cv2.COLOR_RGB2GRAY, self._grey)
        np.copyto(self.painted, rgb8)
        for (low, high), stripes, colour in zip(self._levels, self._stripes, self._colours, strict=True):
            cv2.inRange(self._grey, low, high, self._marks)
            cv2.bitwise_and(self._marks, stripes, self._marks)
            cv2.copyTo(colour, self._marks, self.painted)
        return self.painted


def histogram(rgb8: Picture) -> NDArray[np.int64]:
    """Counts of red, green, blue and grey, (4, 256)."""
    grey = cv2.cvtColor(rgb8, cv2.COLOR_RGB2GRAY)
    counts: list[Any] = [cv2.calcHist([rgb8], [n], None, [256], [0, 256]) for n in range(3)]
    counts.append(cv2.calcHist([grey], [0], None, [256], [0, 256]))
    return np.stack([each.ravel() for each in counts]).astype(np.int64)
