"""Monitors: peaking, zebra and histogram of a finished picture, painted and stored as RGB8."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import frames
import numpy as np
import ours
from numpy.typing import NDArray
from peers import opencv_monitors
from timing import Case, Section, Target, copying, in_turns

from tenbit.kernels._draw import COLOURS

MONITORS = ["peaking", "zebra", "histogram"]
TOGETHER, ALONE = "tenbit: peaking, zebra and histogram", "tenbit: {} alone"
CHAIN, CHAIN_WITH = "tenbit: fast chain from uint16", "tenbit: fast chain from uint16, and the three"
PEAKING, STRIPS = "OpenCV: peaking alone, whole frame", "OpenCV: peaking alone, strips"
ZEBRA, HISTOGRAM = "OpenCV: zebra alone", "OpenCV: histogram alone"
COPY = "copy of 6 bytes per pixel, read and written"
# The first code values that tenbit's defaults of zebra take and leave.
_HIGH, _LOW = math.ceil(0.95 * 255), math.ceil(0.02 * 255)
# A mark counts as the same when it is this near, pixels: the two measures differ.
_NEAR = 2


def measure(rounds: int, threads: int) -> Section:
    """Check what OpenCV marks and counts against ours, then time all in turns."""
    cv2.setNumThreads(threads)
    rgb8 = frames.display().samples
    shown = ours.display_frame(frames.display())
    calls: dict[str, Callable[[], Any]] = {}
    for name, chain in {TOGETHER: MONITORS, **{ALONE.format(one): [one] for one in MONITORS}}.items():
        calls[name] = partial(ours.run_plan, shown, ours.planned(shown.facts, chain, bits=8), ours.cpu(threads))
    mosaic = frames.exposure().frame
    for name, chain in ((CHAIN, ours.fast_chain("filmic")), (CHAIN_WITH, [*ours.fast_chain("filmic"), *MONITORS])):
        calls[name] = partial(ours.run_plan, mosaic, ours.planned(mosaic.facts, chain, bits=8), ours.cpu(threads))

    found = calls[TOGETHER]().results
    red = np.floor(np.array(COLOURS["red"]) * 255 + 0.5)
    marks = (calls[ALONE.format("peaking")]().samples == red).all(axis=-1)
    shape = rgb8.shape[:2]
    grey = cv2.cvtColor(rgb8, cv2.COLOR_RGB2GRAY)
    # As much is painted by both.
    threshold = int(np.quantile(opencv_monitors.detail(grey), 1 - found["peaking"]))
    calls[PEAKING] = partial(opencv_monitors.Peaking(shape, threshold=threshold, threads=0), rgb8)
    calls[STRIPS] = partial(opencv_monitors.Peaking(shape, threshold=threshold, threads=threads), rgb8)
    calls[ZEBRA] = partial(opencv_monitors.Zebra(shape, high=_HIGH, low=_LOW, period=46), rgb8)
    calls[HISTOGRAM] = partial(opencv_monitors.histogram, rgb8)
    checks = _checked(calls, rgb8, marks, found)
    calls[COPY] = copying(rgb8.size, threads)
    timed = in_turns([Case(name, call, rgb8.size / 3e6) for name, call in calls.items()], rounds)
    return Section(
        "monitors",
        "Monitors on a display frame, to RGB8",
        list(timed.values()),
        checks,
        [
            Target(f"all three, time over {name}", timed[TOGETHER].median_s / timed[name].median_s, 1.0, False)
            for name in (PEAKING, STRIPS)
        ],
        {"what the three add to the fast chain, ms": 1e3 * (timed[CHAIN_WITH].median_s - timed[CHAIN].median_s)},
    )


def _checked(
    calls: dict[str, Callable[[], Any]], rgb8: NDArray[np.uint8], marks: NDArray[np.bool_], found: dict[str, Any]
) -> dict[str, str]:
    """What both mark and count.

    Raises
    ------
    ValueError
        If they count or mark something else.
    """
    counts = calls[HISTOGRAM]()
    if not np.array_equal(counts[:3], found["histogram"].counts[:3]):
        raise ValueError("OpenCV's counts of red, green and blue are not tenbit's")
    whole, strips = calls[PEAKING](), calls[STRIPS]()
    if not np.array_equal(whole, strips):
        raise ValueError("OpenCV's peaking in strips is not that of the whole frame")
    theirs = (whole != rgb8).any(axis=-1)
    size = 2 * _NEAR + 1
    near = cv2.dilate(marks.astype(np.uint8), np.ones((size, size), np.uint8)).astype(bool)
    shared = float(near[theirs].mean())
    if shared < 0.5:
        raise ValueError(f"OpenCV's peaking marks something else: {shared:.0%} of its marks are near tenbit's")
    high, low = (float(counts[3][levels].sum() / counts[3].sum()) for levels in (np.s_[_HIGH:], np.s_[:_LOW]))
    striped = float((calls[ZEBRA]() != rgb8).any(axis=-1).mean())
    return {
        HISTOGRAM: "the counts of red, green and blue are tenbit's",
        PEAKING: f"marks {theirs.mean():.1%} of the pixels, tenbit {found['peaking']:.1%}; {shared:.0%} of the marks "
        f"within {_NEAR} pixels of tenbit's",
        ZEBRA: f"{high:.2%} high and {low:.2%} low, tenbit {found['zebra']['high']:.2%} and "
        f"{found['zebra']['low']:.2%}; paints {striped:.2%}",
    }
