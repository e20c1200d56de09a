"""Monitors: what all of them add to a chain, measured and drawn, and three of them beside OpenCV's."""

from __future__ import annotations

import dataclasses
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

from tenbit.kernels._overlay import Overlay

# The chain's first stage, then what measures the raw samples.
RAW = "exposure_advice"
SHOWN = (
    *("false_colour", "zebra", "peaking", "histogram", "waveform", "parade", "vectorscope"),
    *("spot", "framelines", "loupe"),
)
CHAIN, ALL, MEASURED = (
    "tenbit: fast chain from uint16",
    "tenbit: fast chain and all monitors",
    "tenbit: fast chain and all monitors, measured and not drawn",
)
WITH, WITH_MEASURED = "tenbit: fast chain and {}", "tenbit: fast chain and {}, measured and not drawn"
# OpenCV's zebra knows no band between its levels.
THREE = ["peaking", {"zebra": {"mid": 0, "low": 0.02}}, "histogram"]
TOGETHER = "tenbit: peaking, zebra and histogram of RGB8"
PEAKING, STRIPS = "OpenCV: peaking alone, whole frame", "OpenCV: peaking alone, strips"
ZEBRA, HISTOGRAM = "OpenCV: zebra alone", "OpenCV: histogram alone"
COPY = "copy of 6 bytes per pixel, read and written"
# Each of the three alone, beside OpenCV's.
ALONE = {
    "tenbit: peaking of RGB8": ["peaking"],
    "tenbit: zebra of RGB8": [THREE[1]],
    "tenbit: histogram of RGB8": ["histogram"],
}
# The first code values that tenbit's zebra takes and leaves.
_HIGH, _LOW = math.ceil(0.95 * 255), math.ceil(0.02 * 255)


def measure(rounds: int, threads: int) -> Section:
    """Check what OpenCV marks and counts against ours, then time all in turns."""
    cv2.setNumThreads(threads)
    rgb8 = frames.display().samples
    calls = _chains(threads)
    shown = ours.display_frame(frames.display())
    calls[TOGETHER] = partial(ours.run_plan, shown, ours.planned(shown.facts, THREE, bits=8), ours.cpu(threads))

    for name, chain in ALONE.items():
        calls[name] = partial(ours.run_plan, shown, ours.planned(shown.facts, chain, bits=8), ours.cpu(threads))

    found = calls[TOGETHER]().results
    shape = rgb8.shape[:2]
    grey = cv2.cvtColor(rgb8, cv2.COLOR_RGB2GRAY)
    # As much is painted by both.
    threshold = int(np.quantile(opencv_monitors.detail(grey), 1 - found["peaking"].share))
    calls[PEAKING] = partial(opencv_monitors.Peaking(shape, threshold=threshold, threads=0), rgb8)
    calls[STRIPS] = partial(opencv_monitors.Peaking(shape, threshold=threshold, threads=threads), rgb8)
    calls[ZEBRA] = partial(opencv_monitors.Zebra(shape, high=_HIGH, low=_LOW, period=46), rgb8)
    calls[HISTOGRAM] = partial(opencv_monitors.histogram, rgb8)
    checks = _checked(calls, rgb8, found)
    calls[COPY] = copying(rgb8.size, threads)
    timed = in_turns([Case(name, call, rgb8.size / 3e6) for name, call in calls.items()], rounds)
    seconds = {name: one.median_s for name, one in timed.items()}
    figures = {}
    for what, drawn, measured in (
        ("all monitors", ALL, MEASURED),
        *((name, WITH.format(name), WITH_MEASURED.format(name)) for name in (*SHOWN, RAW)),
    ):
        figures[f"{what}, drawn, ms"] = 1e3 * (seconds[drawn] - seconds[CHAIN])
        figures[f"{what}, measured, ms"] = 1e3 * (seconds[measured] - seconds[CHAIN])
    theirs = seconds[STRIPS] + seconds[ZEBRA] + seconds[HISTOGRAM]
    return Section(
        "monitors",
        "Monitors: what they add to the fast chain, and three of a display frame, to RGB8",
        list(timed.values()),
        checks,
        [
            Target("all monitors, added time over the fast chain's", seconds[ALL] / seconds[CHAIN] - 1, 1.0, False),
            Target(
                "all monitors measured and not drawn, added time over the fast chain's",
                seconds[MEASURED] / seconds[CHAIN] - 1,
                1.0,
                False,
            ),
            Target("peaking, zebra and histogram, time over OpenCV's three", seconds[TOGETHER] / theirs, 1.0, False),
        ],
        figures,
        dict(zip((STRIPS, ZEBRA, HISTOGRAM), ALONE, strict=True)) | {PEAKING: next(iter(ALONE))},
    )


def _chains(threads: int) -> dict[str, Callable[[], Any]]:
    """The fast chain, alone and with monitors, drawn and not."""
    mosaic = frames.exposure().frame
    first, *rest = ours.fast_chain("filmic")
    chains = {WITH.format(name): [first, *rest, name] for name in SHOWN}
    chains |= {WITH.format(RAW): [first, RAW, *rest], ALL: [first, RAW, *rest, *SHOWN]}
    plans = {CHAIN: ours.planned(mosaic.facts, [first, *rest], bits=8)}
    for name, chain in chains.items():
        plans[name] = ours.planned(mosaic.facts, chain, bits=8)
        measured = MEASURED if name == ALL else f"{name}, measured and not drawn"
        plans[measured] = dataclasses.replace(plans[name], overlay=Overlay())
    return {name: partial(ours.run_plan, mosaic, what, ours.cpu(threads)) for name, what in plans.items()}


def _checked(calls: dict[str, Callable[[], Any]], rgb8: NDArray[np.uint8], found: dict[str, Any]) -> dict[str, str]:
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
    high, low = (float(counts[3][levels].sum() / counts[3].sum()) for levels in (np.s_[_HIGH:], np.s_[:_LOW]))
    ours_high, ours_low = found["zebra"]["high"], found["zebra"]["low"]
    if max(abs(high - ours_high), abs(low - ours_low)) > 0.01:
        raise ValueError(
            f"OpenCV's zebra finds {high:.2%} high and {low:.2%} low, tenbit's {ours_high:.2%}, {ours_low:.2%}"
        )
    striped = float((calls[ZEBRA]() != rgb8).any(axis=-1).mean())
    return {
        HISTOGRAM: "the counts of red, green and blue are tenbit's",
        PEAKING: f"marks {theirs.mean():.1%} of the pixels by another measure, tenbit {found['peaking'].share:.1%}",
        ZEBRA: f"{high:.2%} high and {low:.2%} low, tenbit {ours_high:.2%} and {ours_low:.2%}; paints {striped:.2%}",
    }
