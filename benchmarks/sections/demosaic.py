"""Demosaic alone: a uint16 mosaic to 16-bit RGB, by every method, on all threads and on one."""

from __future__ import annotations

from functools import partial
from typing import get_args, get_type_hints

import cv2
import frames
import numpy as np
import ours
from timing import Case, Section, Target, Timed, copying, in_turns

from tenbit.kernels.demosaic import Parameters
from tenbit.pipeline.frame import Frame

# Of OpenCV's bilinear rate.
WANTED = 0.8
# Megapixels per second of one thread: what makes a method worth its name in a batch.
LEAST_RATES = {"hamilton_adams": 150.0, "gbtf": 60.0}
METHODS = [method for method in get_args(get_type_hints(Parameters)["method"]) if method != "auto"]
OPENCV, COPY = "OpenCV: bilinear", "copy of 8 bytes per pixel, read and written"


def measure(rounds: int, threads: int) -> Section:
    """Check OpenCV's picture against ours, then time all in turns; where there are more threads, on one thread too."""
    frame = frames.full_scale(frames.exposure().frame)
    mosaic = frame.samples
    theirs = cv2.cvtColor(mosaic, cv2.COLOR_BayerBG2RGB)
    # Means of two and four are rounded to whole numbers twice by one of them.
    checks = {
        f"{OPENCV}, against tenbit's": frames.agreement(_ours("bilinear", threads)().samples, theirs, least_db=90)
    }
    timed = _timed(rounds, threads)
    alone = timed if threads == 1 else _timed(rounds, 1)
    targets = [Target("Malvar over OpenCV's bilinear", timed["tenbit: malvar"].rate_over(timed[OPENCV]), WANTED)]
    targets += [
        Target(f"{method} on one thread, MP/s", alone[f"tenbit: {method}"].rate, least)
        for method, least in LEAST_RATES.items()
    ]
    figures = {"bilinear over OpenCV's": timed["tenbit: bilinear"].rate_over(timed[OPENCV])}
    figures |= {f"{name}, one thread, MP/s": case.rate for name, case in alone.items()}
    title = "Demosaic alone, uint16 to RGB of 16 bits"
    return Section("demosaic", title, list(timed.values()), checks, targets, figures)


def _ours(method: str, threads: int) -> partial[Frame]:
    """A call that interpolates the exposure by one of our methods."""
    frame = frames.full_scale(frames.exposure().frame)
    # Levels last, so that only a scale stands between the stage and the store.
    chain: ours.Chain = [{"demosaic": {"method": method, "encode": "none"}}, "black_level"]
    return partial(ours.run_plan, frame, ours.planned(frame.facts, chain, bits=16), ours.cpu(threads))


def _timed(rounds: int, threads: int) -> dict[str, Timed]:
    """Everybody in turns, on so many threads."""
    cv2.setNumThreads(threads)
    mosaic = frames.full_scale(frames.exposure().frame).samples
    rgb = np.empty((*mosaic.shape, 3), np.uint16)
    # Of OpenCV's variable gradients there is no other version than that for 8 bits.
    low, rgb8 = (mosaic >> 8).astype(np.uint8), np.empty((*mosaic.shape, 3), np.uint8)
    calls = {f"tenbit: {method}": _ours(method, threads) for method in METHODS}
    calls |= {
        OPENCV: partial(cv2.cvtColor, mosaic, cv2.COLOR_BayerBG2RGB, rgb),
        "OpenCV: edge aware": partial(cv2.cvtColor, mosaic, cv2.COLOR_BayerBG2RGB_EA, rgb),
        "OpenCV: variable gradients, 8 bits": partial(cv2.cvtColor, low, cv2.COLOR_BayerBG2RGB_VNG, rgb8),
        COPY: copying(mosaic.size * 4, threads),
    }
    return in_turns([Case(name, call, mosaic.size / 1e6) for name, call in calls.items()], rounds)
