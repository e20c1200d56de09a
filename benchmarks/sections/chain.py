"""The fast chain in memory, uint16 to RGB8, on one thread and on all: Halide, OpenCV, torch and NumPy beside tenbit."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import frames
import numpy as np
import ours
from numpy.typing import NDArray
from peers import numpy_fast, opencv, programs, torch_python
from timing import Case, Section, in_turns
from worker import Worker

PEERS = Path(__file__).resolve().parents[1] / "peers"
TENBIT = "tenbit, {}, {}"
SCHEDULES = ("hand", "Adams2019", "Mullapudi2016")
# What a torch call is named here.
TORCH = {
    "compiled": "torch.compile, Malvar",
    "eager": "torch eager, Malvar",
    "kornia": "torch eager, kornia's bilinear",
}
WAYS = ("bilinear", "edge aware")
# Slower than a second, some of them.
MOST = 3
Call = Callable[[], Any]


def measure(rounds: int, threads: int) -> Section:
    """Check every peer's picture against ours, then time all in turns."""
    exposure = frames.exposure()
    mosaic, numbers = exposure.frame.samples, frames.numbers_of(exposure.frame.facts)
    calls, before, beside, checks, left_out = {}, {}, {}, {}, {}
    for method in ("malvar", "bilinear"):
        plan = ours.planned(exposure.frame.facts, ours.fast_chain("linear", method=method), bits=8)
        for n in sorted({1, threads}):
            calls[TENBIT.format(method, _threads(n))] = partial(ours.run_plan, exposure.frame, plan, ours.cpu(n))
    pictures = {method: calls[TENBIT.format(method, _threads(1))]().samples for method in ("malvar", "bilinear")}
    with contextlib.ExitStack() as stack:
        for n in sorted({1, threads}):
            for name, (method, call, make_ready, least_db) in _opencv(numbers, mosaic, n).items():
                calls[name], before[name] = call, make_ready
                make_ready()
                checks[name] = frames.agreement(pictures[method], call(), least_db=least_db)
                # Edge aware is more than bilinear and less than Malvar.
                beside[name] = TENBIT.format("bilinear" if "bilinear" in name else "malvar", _threads(n))
        if wanted := programs.wanting("halide"):
            left_out["Halide"] = wanted
        else:
            for n in sorted({1, threads}):
                given = {"numbers": numbers, "mosaic": mosaic, "schedules": SCHEDULES}
                command = (sys.executable, str(PEERS / "halide_served.py"), str(n))
                worker = stack.enter_context(Worker(command, given, {"HL_NUM_THREADS": str(n)}))
                for schedule in SCHEDULES:
                    name = f"Halide, {schedule}, Malvar, {_threads(n)}"
                    calls[name] = partial(worker.call, schedule)
                    checks[name] = frames.agreement(pictures["malvar"], worker.picture(schedule), least_db=75)
                    beside[name] = TENBIT.format("malvar", _threads(n))
        versions = {}
        if python := torch_python.python():
            given = _plain(numbers) | {"mosaic": mosaic}
            worker = stack.enter_context(Worker((python, str(PEERS / "torch_fast.py"), str(threads)), given))
            versions = dict(part.split(" ", 1) for part in worker.version.split(", "))
            for call, title in TORCH.items():
                if call == "kornia" and "kornia" not in versions:
                    left_out["kornia"] = f"{python} -m pip install kornia"
                    continue
                method = "bilinear" if call == "kornia" else "malvar"
                name = f"{title}, {_threads(threads)}"
                calls[name] = partial(worker.call, call)
                checks[name] = frames.agreement(pictures[method], worker.picture(call), least_db=70)
                beside[name] = TENBIT.format(method, _threads(threads))
        else:
            left_out["torch, kornia"] = torch_python.INSTALL
        name = "NumPy float32, whole frames, Malvar, 1 thread"
        calls[name] = partial(numpy_fast.FastChain(numbers), mosaic)
        checks[name] = frames.agreement(pictures["malvar"], calls[name](), least_db=75)
        beside[name] = TENBIT.format("malvar", _threads(1))
        slow = {name for name in calls if name.startswith(("torch", "NumPy"))}
        cases = [
            Case(name, call, exposure.megapixels, before.get(name), most=MOST if name in slow else None)
            for name, call in calls.items()
        ]
        timed = in_turns(cases, rounds)
    return Section(
        "chain",
        "Black level, balance, demosaic, matrix, sRGB curve: uint16 to RGB8 in memory",
        list(timed.values()),
        checks,
        beside=beside,
        left_out=left_out,
        versions=versions,
    )


def _threads(n: int) -> str:
    return f"{n} thread{'s' if n > 1 else ''}"


def _opencv(
    numbers: frames.Numbers, mosaic: NDArray[np.uint16], threads: int
) -> Mapping[str, tuple[str, Call, Call, float]]:
    """By name: which picture of ours it makes, the call, what sets OpenCV's threads before it, the least likeness."""
    found = {}
    for way in WAYS:
        made = partial(opencv.FastChain, numbers, mosaic.shape, packing="u16", way=way)
        # It cuts off what is below black before the demosaic, we after it; edge aware is another picture at edges.
        least_db = 55.0 if way == "bilinear" else 25.0
        strips = partial(made(threads=threads), mosaic)
        whole = partial(made(threads=1, rows=mosaic.shape[0]), mosaic)
        none, all_ = partial(cv2.setNumThreads, 0), partial(cv2.setNumThreads, threads)
        found[f"NumPy + OpenCV {way}, strips, {_threads(threads)}"] = ("bilinear", strips, none, least_db)
        found[f"NumPy + OpenCV {way}, whole frames, {_threads(threads)}"] = ("bilinear", whole, all_, least_db)
    return found


def _plain(numbers: frames.Numbers) -> dict[str, Any]:
    """Numbers that a Python without tenbit can read."""
    return {"black": numbers.black, "white": numbers.white, "gains": numbers.gains, "matrix": numbers.matrix}
