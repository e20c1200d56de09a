"""Lens: RGB of 16 bits through one resample whose scale differs from channel to channel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import frames
import numpy as np
import ours
from numpy.typing import NDArray
from timing import Case, Section, Target, copying, in_turns

# Of the rate of three cubic remaps.
WANTED = 1.5
DISTORTION, RED_SCALE, BLUE_SCALE = (-0.06, 0.01, 0.0), 1.0008, 0.9992
LENS = {"distortion": DISTORTION, "red_scale": RED_SCALE, "blue_scale": BLUE_SCALE}
TENBIT = "tenbit: bicubic, coordinates on the way"
TENBIT_LANCZOS = "tenbit: Lanczos-3, coordinates on the way"
# Name of each way to interpolate, and its options.
WAYS: dict[str, dict[str, Any]] = {
    TENBIT: {},
    "tenbit: the same without a limit on rings": {"anti_ringing": False},
    TENBIT_LANCZOS: {"resample": "lanczos3"},
    "tenbit: Lanczos-3 without a limit on rings": {"resample": "lanczos3", "anti_ringing": False},
}
CUBIC, CUBIC_FIXED = "OpenCV: three cubic remaps, float32 maps", "OpenCV: three cubic remaps, fixed-point maps"
LANCZOS, LANCZOS_FIXED = (
    "OpenCV: three Lanczos-4 remaps, float32 maps",
    "OpenCV: three Lanczos-4 remaps, fixed-point maps",
)
LINEAR, LINEAR_FIXED = (
    "OpenCV: one bilinear remap of RGB, float32 map",
    "OpenCV: one bilinear remap of RGB, fixed-point map",
)
CUBIC8, CUBIC8_FIXED = (
    "OpenCV: one cubic remap of RGB8, float32 map",
    "OpenCV: one cubic remap of RGB8, fixed-point map",
)
COPY = "copy of 12 bytes per pixel, read and written"
Maps = tuple[NDArray[np.generic], NDArray[np.generic]]


def measure(rounds: int, threads: int) -> Section:
    """Check OpenCV's picture against ours, then time all in turns."""
    cv2.setNumThreads(threads)
    frame = frames.linear()
    # Levels last, so that only a scale stands between the stage and the store.
    calls: dict[str, Callable[[], Any]] = {}
    for name, options in WAYS.items():
        plan = ours.planned(frame.facts, [{"lens": LENS | options}, "black_level"], bits=16)
        calls[name] = partial(ours.run_plan, frame, plan, ours.cpu(threads))
    picture, by_lanczos = calls[TENBIT]().samples, calls[TENBIT_LANCZOS]().samples
    checks = {}
    shape = frame.samples.shape[:2]
    maps = [_map(shape, frame.facts.optical_centre, scale) for scale in (RED_SCALE, 1.0, BLUE_SCALE)]
    fixed = [cv2.convertMaps(*each, cv2.CV_16SC2) for each in maps]
    planes = [np.ascontiguousarray(frame.samples[..., n]) for n in range(3)]
    # Another cubic (a = −0.75 where ours has −0.5) and eight taps for six, at positions rounded to 1/32 pixel.
    for name, used, taps, of_ours in (
        (CUBIC, maps, cv2.INTER_CUBIC, picture),
        (CUBIC_FIXED, fixed, cv2.INTER_CUBIC, picture),
        (LANCZOS, maps, cv2.INTER_LANCZOS4, by_lanczos),
        (LANCZOS_FIXED, fixed, cv2.INTER_LANCZOS4, by_lanczos),
    ):
        calls[name] = partial(_each, planes, used, [np.empty_like(plane) for plane in planes], taps)
        checks[f"{name}, against tenbit's"] = frames.agreement(of_ours, np.dstack(calls[name]()), least_db=35)
    for name, used in ((LINEAR, maps), (LINEAR_FIXED, fixed)):
        calls[name] = partial(_remapped, frame.samples, used[1], np.empty_like(frame.samples), cv2.INTER_LINEAR)
        # One scale for all channels, green's.
        green = np.s_[..., 1:2]
        checks[f"{name}, green against tenbit's"] = frames.agreement(picture[green], calls[name]()[green], least_db=35)
    eight = (frame.samples >> 8).astype(np.uint8)
    for name, used in ((CUBIC8, maps), (CUBIC8_FIXED, fixed)):
        calls[name] = partial(_remapped, eight, used[1], np.empty_like(eight), cv2.INTER_CUBIC)
        checks[f"{name}, green against tenbit's"] = frames.agreement(
            (picture[green] >> 8).astype(np.uint8), calls[name]()[green], least_db=35
        )
    calls[COPY] = copying(frame.samples.size * 2, threads)
    timed = in_turns([Case(name, call, shape[0] * shape[1] / 1e6) for name, call in calls.items()], rounds)
    cubic = max(timed[CUBIC], timed[CUBIC_FIXED], key=lambda one: one.rate)
    lanczos = max(timed[LANCZOS], timed[LANCZOS_FIXED], key=lambda one: one.rate)
    linear = max(timed[LINEAR], timed[LINEAR_FIXED], key=lambda one: one.rate)
    return Section(
        "lens",
        "Lens, RGB of 16 bits, a scale per channel",
        list(timed.values()),
        checks,
        [Target("bicubic over OpenCV's three cubic remaps", timed[TENBIT].rate_over(cubic), WANTED)],
        {
            "bicubic over OpenCV's one bilinear remap": timed[TENBIT].rate_over(linear),
            "Lanczos-3 over OpenCV's three Lanczos-4 remaps": timed[TENBIT_LANCZOS].rate_over(lanczos),
        },
        beside={name: TENBIT_LANCZOS if "Lanczos" in name else TENBIT for name in calls if name.startswith("OpenCV")},
    )


def _map(shape: tuple[int, int], centre: tuple[float, float], channel: float) -> Maps:
    """Where each pixel of the ideal picture is in the lens's, as columns and rows, float32."""
    down, right = np.arange(shape[0])[:, None] - centre[0], np.arange(shape[1]) - centre[1]
    square = (down**2 + right**2) / (np.hypot(*shape) / 2) ** 2
    k1, k2, k3 = DISTORTION
    stretch = channel * (1 + square * (k1 + square * (k2 + square * k3)))
    return (centre[1] + right * stretch).astype(np.float32), (centre[0] + down * stretch).astype(np.float32)


def _remapped(plane: NDArray[np.generic], maps: Maps, out: NDArray[np.generic], interpolation: int) -> Any:
    return cv2.remap(plane, *maps, interpolation, out, cv2.BORDER_REPLICATE)


def _each(
    planes: list[NDArray[np.generic]], maps: list[Maps], outs: list[NDArray[np.generic]], interpolation: int
) -> list[Any]:
    """Three planes to three planes: what splits and merges RGB is not counted."""
    return [_remapped(plane, map_, out, interpolation) for plane, map_, out in zip(planes, maps, outs, strict=True)]
