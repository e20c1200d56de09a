"""What a card does with tenbit's chains: the CPU's pictures, and how near the limit of its memory and its bus.

Run:  python benchmarks/gpu.py [--device cuda:0] [--rounds 20]

First every stage is held against the CPU (law 2); nothing is timed on a card whose pictures are wrong. Then its
ceilings are measured, and every shipped chain at 12.5 and 50 MP: its kernels by the card's own clock, and frame to
frame through pinned memory with two frames on their way. Prints tables and writes ``results/<device>.json``.
``--rehearse`` does all of it on tiny frames in numba's simulator, whose times mean nothing.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
from rich.console import Console
from rich.table import Table

from tenbit.kernels import STAGES, stage
from tenbit.kernels._optics import Flat, Optics, Origin
from tenbit.pipeline.config import load, shipped_chains
from tenbit.pipeline.device import Device, choose
from tenbit.pipeline.doctor import versions
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.outcome import as_json
from tenbit.pipeline.plan import Plan, plan
from tenbit.pipeline.profile.ceilings import ceilings
from tenbit.pipeline.run import begin, run_plan

ROOT = Path(__file__).resolve().parents[1]
SIZES = {"12.5 MP": (3072, 4096), "50 MP": (6144, 8192)}
REHEARSED = {"tiny": (16, 24)}
LENS = ("lens.distortion=[-0.06, 0.01, 0]", "lens.red_scale=1.0008", "lens.blue_scale=0.9992")
COLOR_MATRIX = [[0.8, -0.2, -0.1], [-0.4, 1.2, 0.2], [-0.1, 0.2, 0.6]]

# What stands before a stage so that it meets a frame of its state, and what it is told so that it has work.
_LINEAR: list[Any] = ["black_level", "white_balance", {"demosaic": {"method": "malvar"}}]
BEFORE = {
    "mosaic": ["black_level"],
    "linear": _LINEAR,
    "display": [*_LINEAR, "colour", "tone"],
    "highlights": ["black_level", {"white_balance": {"highlights": "keep"}}],
    # They take frames of earlier states too.
    **{name: [*_LINEAR, "colour", "tone"] for name in ("false_colour", "zebra", "histogram")},
}
TOLD: dict[str, dict[str, Any]] = {
    "white_balance": {"mode": "grey_world"},
    "vignetting": {"k": [-0.5, 0.1, 0.0]},
    "lens": {"distortion": [-0.06, 0.01, 0.0], "red_scale": 1.002, "blue_scale": 0.998},
    "exposure": {"ev": 0.7},
    "resize": {"scale": 0.5},
    "crop": {"aspect": "1:1"},
    "orient": {"degrees": 90},
}
CODES = {8: 1, 16: 4}
"""How far a picture may be from the CPU's, in codes, by its bits."""
AT_A_THRESHOLD = 1e-4
"""Share of the pixels and of the counts that may fall on the other side of a threshold or of a bin's edge."""


@dataclass(frozen=True)
class Parity:
    """One stage beside the CPU."""

    stage: str
    bits: int
    codes: int
    share_beyond: float
    share_counted_otherwise: float
    is_same: bool


@dataclass(frozen=True)
class Timing:
    """One chain on frames of one size; ``share_of_copy`` and ``share_of_slowest`` are 1 at the limit."""

    chain: str
    size: str
    kernel_ms: float
    megapixels_per_s: float
    share_of_copy: float
    frame_ms: float
    up_ms: float
    down_ms: float
    share_of_slowest: float


def noise(rows: int, cols: int, cfa: str = "RGGB") -> Frame:
    """A ten-bit mosaic of a gradient with noise, for whose lens there is a map of gains."""
    rng = np.random.default_rng(7)
    signal = np.linspace(0.01, 0.95, cols, dtype=np.float32) + rng.normal(0, 0.02, (rows, cols)).astype(np.float32)
    samples = np.clip(64 + 959 * signal, 0, 1023).astype(np.uint16)
    gains = np.linspace(1, 2, 4 * 5 * 7, dtype=np.float32).reshape(4, 5, 7)
    flat = Flat(gains, "RGGB", rows / 1000, cols / 1000, Origin("made up"))
    frame = Frame.from_mosaic(
        samples, cfa=cfa, black=64, white=1023, neutral=(0.5, 1.0, 0.6), color_matrix=COLOR_MATRIX
    )
    return replace(frame, facts=replace(frame.facts, pixel_mm=0.001, optics=Optics(flat=flat)))


def packed(frame: Frame) -> Frame:
    """The mosaic as RAW10, four samples in five bytes; its columns are a multiple of four."""
    fours = frame.samples.reshape(frame.facts.rows, -1, 4)
    low = (fours & 3) << np.array([0, 2, 4, 6], np.uint16)
    fives = np.concatenate([fours >> 2, low.sum(axis=2, keepdims=True)], axis=2).astype(np.uint8)
    return Frame(fives.reshape(frame.facts.rows, -1), frame.facts, packing="raw10")


def planned(frame: Frame, chain: Any, bits: int, overrides: Sequence[str] = ()) -> Plan:
    """The plan of a chain for a frame."""
    links = load(chain, overrides=overrides, is_order_checked=False).links
    return plan(links, frame.facts, bits=bits, packing=frame.packing)


def cases(rows: int, cols: int) -> Iterator[tuple[str, Frame, list[Any]]]:
    """Every stage of the catalogue, in the ways that differ, and a packed mosaic: a name, a frame, a chain."""
    for name in STAGES:
        state = next(state for state in BEFORE if state in stage(name).takes)
        before = BEFORE.get(name, BEFORE[state])
        chain = [entry for entry in before if entry != name] + [{name: TOLD.get(name, {})}]
        yield name, noise(rows, cols, "QRGGB" if name == "quad_bayer" else "RGGB"), chain
    for method in get_args(get_type_hints(stage("demosaic").parameters)["method"]):
        yield f"demosaic {method}", noise(rows, cols), ["black_level", {"demosaic": {"method": method}}]
    yield (
        "vignetting by half",
        noise(rows, cols),
        ["black_level", {"vignetting": TOLD["vignetting"] | {"strength": 0.5}}],
    )
    yield "lens lanczos3", noise(rows, cols), [*_LINEAR, {"lens": TOLD["lens"] | {"resample": "lanczos3"}}]
    yield "histogram raw", noise(rows, cols), ["histogram", {"zebra": {"floor": True}}, *BEFORE["display"]]
    yield "false_colour stops", noise(rows, cols), [*_LINEAR, "colour", {"false_colour": {"scale": "stops"}}, "tone"]
    yield "raw10", packed(noise(rows, cols)), BEFORE["display"]


def parity(device: Device, rows: int, cols: int) -> Iterator[Parity]:
    """All cases beside the CPU, at every bit depth."""
    cpu = choose("cpu")[0]
    for name, frame, chain in cases(rows, cols):
        for bits, most in CODES.items():
            what = planned(frame, chain, bits)
            ours, theirs = run_plan(frame, what, device), run_plan(frame, what, cpu)
            apart = np.abs(ours.samples.astype(np.int32) - theirs.samples)
            beyond = float((apart > most).mean())
            counted = _otherwise(as_json(dict(ours.results)), as_json(dict(theirs.results)))
            # What is measured has thresholds, and what it paints or corrects follows from them.
            is_same = beyond <= (AT_A_THRESHOLD if theirs.results else 0.0) and counted <= AT_A_THRESHOLD
            yield Parity(name, bits, int(apart.max()), beyond, counted, is_same)


def _otherwise(ours: Any, theirs: Any) -> float:
    """The largest relative distance between the numbers of two results; lists of counts are taken as a whole."""
    if isinstance(ours, dict):
        return max((_otherwise(ours[name], theirs[name]) for name in theirs), default=0.0)
    if isinstance(ours, list | int | float) and not isinstance(ours, bool):
        a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
        return float(np.abs(a - b).sum() / max(1e-9, np.abs(b).sum()))
    return 0.0 if ours == theirs else 1.0


def timings(
    device: Device, sizes: dict[str, tuple[int, int]], rates: dict[str, float], rounds: int
) -> Iterator[Timing]:
    """Every shipped chain, and the standard one with a lens to correct, at every size."""
    chains = [(name, name, ()) for name in shipped_chains()] + [("standard with a lens", "standard", LENS)]
    for size, (rows, cols) in sizes.items():
        frame = in_device_memory(packed(noise(rows, cols)), device)
        for label, chain, overrides in chains:
            what = planned(frame, chain, 8, overrides)
            kernel = _median(rounds, functools.partial(_kernel_s, frame, what, device))
            each, out = _frame_s([frame, in_device_memory(frame, device)], what, device, rounds)
            come, go = frame.samples.nbytes, out.samples.nbytes
            up, down = come / rates["up"], go / rates["down"]
            yield Timing(
                label,
                size,
                1e3 * kernel,
                rows * cols / kernel / 1e6,
                (come + go) / kernel / rates["card"],
                1e3 * each,
                1e3 * up,
                1e3 * down,
                max(up, down, kernel) / each,
            )


def in_device_memory(frame: Frame, device: Device) -> Frame:
    """The frame with its samples in the host memory that the device reaches fastest."""
    samples = device.empty(frame.samples.shape, frame.samples.dtype.str)
    np.copyto(samples, frame.samples)
    return Frame(samples, frame.facts, packing=frame.packing)


def _kernel_s(frame: Frame, what: Plan, device: Device) -> float:
    """Seconds of a frame's kernels by the card's clock; all of it, by the host's, where there is no card."""
    began = time.perf_counter()
    pending = begin(frame, what, device)
    pending.finish()
    ms = getattr(pending.pending, "kernel_ms", None)
    return time.perf_counter() - began if ms is None else ms / 1e3


def _frame_s(frames: Sequence[Frame], what: Plan, device: Device, rounds: int) -> tuple[float, Frame]:
    """Seconds per frame when each is begun before the one in front of it is finished, and a picture."""
    waiting = begin(frames[0], what, device)
    began = time.perf_counter()
    for n in range(1, rounds + 1):
        following = begin(frames[n % len(frames)], what, device)
        waiting.finish()
        waiting = following
    out = waiting.finish()
    return (time.perf_counter() - began) / rounds, out


def _median(rounds: int, once: Callable[[], float]) -> float:
    """After rounds that warm up (compile, capture, replay), unless there is but one."""
    for _ in range(3 if rounds > 1 else 0):
        once()
    return max(1e-9, statistics.median(once() for _ in range(rounds)))


def show(console: Console, title: str, records: Sequence[Any]) -> None:
    """Records of one kind as a table."""
    table = Table(title=title, title_justify="left", box=None)
    for name in asdict(records[0]):
        table.add_column(name.replace("_", " "))
    for record in records:
        table.add_row(*(f"{v:.3g}" if isinstance(v, float) else str(v) for v in asdict(record).values()))
    console.print(table)


def commit() -> str:
    """The commit that is measured; empty outside of a repository."""
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--rehearse", action="store_true", help="tiny frames, in numba's simulator")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="folder of the JSON file")
    options = parser.parse_args(arguments)
    if options.rehearse:
        os.environ["NUMBA_ENABLE_CUDASIM"] = "1"
    device, console = choose(options.device)[0], Console()
    sizes, rounds = (REHEARSED, 1) if options.rehearse else (SIZES, options.rounds)
    console.print(device.name)
    same = list(parity(device, *((12, 16) if options.rehearse else (1536, 2048))))
    show(console, "beside the CPU", same)
    record = {
        "device": device.name,
        "is_rehearsal": options.rehearse,
        "system": platform.platform(),
        "versions": versions(),
        "commit": commit(),
        "rounds": rounds,
        "parity": [asdict(one) for one in same],
    }
    is_right = all(one.is_same for one in same)
    if is_right:
        best = ceilings(device)
        card = best.copy_bytes_per_s
        rates = {"card": card, "up": best.up_bytes_per_s or card, "down": best.down_bytes_per_s or card}
        console.print("copies, GB/s: " + ", ".join(f"{name} {rate / 1e9:.1f}" for name, rate in rates.items()))
        console.print(f"multiplications and additions: {best.operations_per_s / 1e12:.1f} T/s")
        timed = list(timings(device, sizes, rates, rounds))
        show(console, "chains", timed)
        record |= {"copies_bytes_per_s": rates, "operations_per_s": best.operations_per_s}
        record["chains"] = [asdict(one) for one in timed]
    name = re.sub(r"[^a-z0-9]+", "-", device.name.partition(" ")[2].lower()).strip("-")
    path = options.out / f"{name}.json"
    path.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    console.print(f"{path}" if is_right else f"{path}: pictures differ from the CPU's, so nothing was timed")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
