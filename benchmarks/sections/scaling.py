"""Scaling of the fast chain: with the frame's size, with threads, and in memory."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import frames
import ours
from timing import Case, Section, Target, in_turns

from tenbit.pipeline.sample import SensorModel
from tenbit.pipeline.sample.files import sidecar

# Times that the frame of 12.5 MP stands beside and below itself: 50 and 200 MP.
SIZES = (1, 2, 4)
PER_MEGAPIXEL, TWO_OVER_ONE, PEAK_GIB = 1.15, 1.7, 2.2
CHAIN = "fast chain, RAW10, filmic, {}"
PEAK = Path(__file__).resolve().parents[1] / "peak.py"


def measure(rounds: int, threads: int) -> Section:
    """The fast chain at three sizes, at the smallest with one thread too, in turns; then its peak memory."""
    cases = []
    for size in SIZES:
        exposure = frames.exposure().repeated(size)
        facts = exposure.frame.facts
        what = ours.planned_from_raw10(facts, ours.fast_chain("filmic"))
        for used in (threads, 1) if size == 1 and threads > 1 else (threads,):
            name = CHAIN.format(f"{exposure.megapixels:.1f} MP, {used} thread{'s' if used > 1 else ''}")
            call = partial(ours.developed_from_raw10, exposure.packed, facts, what, threads=used)
            cases.append(Case(name, call, exposure.megapixels))
    timed = list(in_turns(cases, rounds).values())
    full = timed[0]
    targets = [
        Target(f"time per MP, {one.megapixels:.0f} MP over 12.5 MP", full.rate_over(one), PER_MEGAPIXEL, False)
        for one in timed
        if one.megapixels > full.megapixels
    ]
    if threads > 1:
        targets.append(Target(f"{threads} threads over one", full.rate_over(timed[1]), TWO_OVER_ONE))
    in_memory, command = _peaks(exposure, threads)
    targets.append(Target(f"peak memory at {exposure.megapixels:.0f} MP, GiB", in_memory, PEAK_GIB, False))
    figures = {f"peak memory of tenbit develop -c fast, {exposure.megapixels:.0f} MP RAW10 to JPEG, GiB": command}
    return Section("scaling", "Scaling of the fast chain from RAW10", timed, {}, targets, figures)


def _peaks(exposure: frames.Exposure, threads: int) -> tuple[float, float]:
    """GiB that a process needs at most, in memory and as a command, each in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = folder / "large.raw10"
        exposure.packed.tofile(raw)
        shape, stride = exposure.frame.samples.shape, exposure.packed.shape[1]
        (folder / "large.raw10.json").write_bytes(sidecar(shape, stride, SensorModel()))
        (folder / "facts.pickle").write_bytes(pickle.dumps(exposure.frame.facts))
        in_memory = _peak("chain", str(raw), str(folder / "facts.pickle"), str(threads))
        command = _peak("cli", "develop", str(raw), "-c", "fast", "--device", "cpu", "-o", str(folder / "large.jpg"))
        return in_memory, command


def _peak(*arguments: str) -> float:
    done = subprocess.run([sys.executable, str(PEAK), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"peak.py {' '.join(arguments)}: {done.stderr.strip()}")
    return int(done.stdout.splitlines()[-1]) / 2**30
