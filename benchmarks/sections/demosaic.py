"""Demosaic alone: a uint16 mosaic to 16-bit RGB."""

from __future__ import annotations

from functools import partial

import cv2
import frames
import numpy as np
import ours
from timing import Case, Section, Target, copying, in_turns

# Of OpenCV's bilinear rate.
WANTED = 0.8
MALVAR, BILINEAR = "tenbit: Malvar", "tenbit: bilinear"
OPENCV, COPY = "OpenCV: bilinear (cvtColor)", "copy of 8 bytes per pixel, read and written"


def measure(rounds: int, threads: int) -> Section:
    """Check OpenCV's picture against ours, then time all in turns."""
    cv2.setNumThreads(threads)
    frame = frames.full_scale(frames.exposure().frame)
    mosaic = frame.samples
    calls = {}
    for name, method in ((MALVAR, "malvar"), (BILINEAR, "bilinear")):
        # Levels last, so that only a scale stands between the stage and the store.
        plan = ours.planned(frame.facts, [{"demosaic": {"method": method}}, "black_level"], bits=16)
        calls[name] = partial(ours.run_plan, frame, plan, ours.cpu(threads))
    theirs = partial(cv2.cvtColor, mosaic, cv2.COLOR_BayerBG2RGB, np.empty((*mosaic.shape, 3), np.uint16))
    # Means of two and four are rounded to whole numbers twice by one of them.
    checks = {f"{OPENCV}, against tenbit's": frames.agreement(calls[BILINEAR]().samples, theirs(), least_db=90)}
    calls |= {OPENCV: theirs, COPY: copying(mosaic.size * 4, threads)}
    timed = in_turns([Case(name, call, mosaic.size / 1e6) for name, call in calls.items()], rounds)
    return Section(
        "demosaic",
        "Demosaic alone, uint16 to RGB of 16 bits",
        list(timed.values()),
        checks,
        [Target("Malvar over OpenCV's bilinear", timed[MALVAR].rate_over(timed[OPENCV]), WANTED)],
        {"bilinear over OpenCV's": timed[BILINEAR].rate_over(timed[OPENCV])},
    )
