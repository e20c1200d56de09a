"""The fast chain in memory, black level to RGB8, and who else does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import cv2
import frames
import ours
from peers import halide_fast, opencv
from timing import Case, Section, Target, Timed, copying, in_turns

# Of the OpenCV pipeline's rate.
WANTED = 2.4
FILMIC, SRGB = "tenbit: RAW10, Malvar, filmic", "tenbit: RAW10, Malvar, sRGB"
SRGB_U16, PLANNED = "tenbit: uint16, Malvar, sRGB", "tenbit: uint16, Malvar, sRGB, planning included"
PLANNING = "tenbit: planning alone"
OPENCV, OPENCV_U16 = "OpenCV strips: RAW10, bilinear, sRGB", "OpenCV strips: uint16, bilinear, sRGB"
OPENCV_TAKE = "OpenCV strips: RAW10, bilinear, sRGB by numpy.take"
COPY = "copy of 5 bytes per pixel, read and written (np.copyto)"
# Curve, packing, schedule.
HALIDE = (
    ("filmic", "raw10", "hand"),
    ("linear", "raw10", "hand"),
    ("linear", "raw10", "Adams2019"),
    *(("linear", "u16", schedule) for schedule in ("hand", *halide_fast.AUTO)),
)
PACKINGS, CURVES = {"u16": "uint16", "raw10": "RAW10"}, {"linear": "sRGB", "filmic": "filmic"}


def measure(rounds: int, threads: int) -> Section:
    """Check every peer's picture against ours, then time all in turns."""
    cv2.setNumThreads(0)
    exposure = frames.exposure()
    frame, facts = exposure.frame, exposure.frame.facts
    plans = {curve: ours.planned(facts, ours.fast_chain(curve), bits=8) for curve in CURVES}
    from_raw10 = {}
    for curve in CURVES:
        plan = ours.planned_from_raw10(facts, ours.fast_chain(curve))
        from_raw10[curve] = partial(ours.developed_from_raw10, exposure.packed, facts, plan, threads=threads)
    checks = {}
    pictures = {curve: ours.run_plan(frame, plan, ours.cpu(threads)).samples for curve, plan in plans.items()}
    for curve, picture in pictures.items():
        checks[f"tenbit: {CURVES[curve]}, RAW10 against uint16"] = frames.agreement(
            picture, from_raw10[curve]().samples, least_db=80
        )
    calls: dict[str, Callable[[], Any]] = {
        FILMIC: from_raw10["filmic"],
        SRGB: from_raw10["linear"],
        SRGB_U16: partial(ours.run_plan, frame, plans["linear"], ours.cpu(threads)),
        PLANNED: partial(ours.developed, frame, ours.fast_chain("linear"), bits=8, threads=threads),
    }
    bilinear = ours.developed(frame, ours.fast_chain("linear", method="bilinear"), bits=8).samples
    for name, call in _opencv(exposure, threads).items():
        # It cuts off what is below black before the demosaic, we after it.
        checks[f"{name}, against tenbit's bilinear"] = frames.agreement(bilinear, call(), least_db=55)
        calls[name] = call
    for (curve, packing, schedule), call in _halide(exposure, threads).items():
        name = f"Halide, {schedule}: {PACKINGS[packing]}, Malvar, {CURVES[curve]}"
        checks[f"{name}, against tenbit's"] = frames.agreement(pictures[curve], call(), least_db=75)
        calls[name] = call
    calls[COPY] = copying(exposure.frame.samples.size * 5 // 2, threads)
    cases = [Case(name, call, exposure.megapixels) for name, call in calls.items()]
    cases.append(Case(PLANNING, partial(ours.planned, facts, ours.fast_chain("linear"), bits=8), 0.0))
    timed = in_turns(cases, rounds)
    return Section(
        "fast", "Fast chain in memory, 12.5 MP to RGB8", list(timed.values()), checks, _targets(timed), _figures(timed)
    )


def _opencv(exposure: frames.Exposure, threads: int) -> Mapping[str, Callable[[], Any]]:
    numbers, shape = frames.numbers_of(exposure.frame.facts), exposure.frame.samples.shape
    chain = partial(opencv.FastChain, numbers, shape, threads=threads)
    return {
        OPENCV: partial(chain(packing="raw10"), exposure.packed),
        OPENCV_TAKE: partial(chain(packing="raw10", look_up="numpy"), exposure.packed),
        OPENCV_U16: partial(chain(packing="u16"), exposure.frame.samples),
    }


def _halide(exposure: frames.Exposure, threads: int) -> Mapping[tuple[str, str, str], Callable[[], Any]]:
    numbers, shape = frames.numbers_of(exposure.frame.facts), exposure.frame.samples.shape
    mosaics = {"u16": exposure.frame.samples, "raw10": exposure.packed}
    return {
        (curve, packing, schedule): partial(
            halide_fast.FastChain(numbers, shape, packing=packing, curve=curve, schedule=schedule, threads=threads),
            mosaics[packing],
        )
        for curve, packing, schedule in HALIDE
    }


def _targets(timed: Mapping[str, Timed]) -> list[Target]:
    return [
        Target(
            "Malvar, sRGB curve, over the same with OpenCV's bilinear", timed[SRGB].rate_over(timed[OPENCV]), WANTED
        ),
        Target("Malvar, filmic, over OpenCV's bilinear, sRGB curve", timed[FILMIC].rate_over(timed[OPENCV]), WANTED),
    ]


def _figures(timed: Mapping[str, Timed]) -> dict[str, float]:
    copy = timed[COPY]
    halide = {name: one for name, one in timed.items() if name.startswith("Halide") and "RAW10, Malvar, sRGB" in name}
    by_hand = {name: one for name, one in halide.items() if "hand" in name}
    auto = [one for name, one in halide.items() if name not in by_hand]
    return {
        "sRGB curve over OpenCV's with numpy.take (as in OpenCV 4)": timed[SRGB].rate_over(timed[OPENCV_TAKE]),
        "sRGB curve over OpenCV's, both from uint16": timed[SRGB_U16].rate_over(timed[OPENCV_U16]),
        "sRGB curve over Halide's, auto-scheduled": timed[SRGB].rate_over(max(auto, key=lambda one: one.rate)),
        "sRGB curve over Halide's, scheduled by hand": timed[SRGB].rate_over(*by_hand.values()),
        "sRGB curve, uint16, over the copy": timed[SRGB_U16].rate_over(copy),
        "copy, GB/s read and written": 5e-3 * copy.rate,
    }
