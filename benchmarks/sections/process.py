"""The whole process: one uncompressed DNG of 12.5 MP and 16 bits to a JPEG of quality 92, warm."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import dngs
import frames
import imageio.v3 as imageio
import numpy as np
from numpy.typing import NDArray
from peers import programs
from peers.programs import AHD, FAST, STANDARD, TENBIT
from timing import Case, Section, Target, in_turns

# Of the AHD script's time.
WANTED = 0.8
STARTS = {
    "start-up: tenbit --help": (*TENBIT, "--help"),
    "start-up: import numba": (sys.executable, "-c", "import numba"),
    "start-up: import rawpy, imageio": (sys.executable, "-c", "import rawpy, imageio.v3"),
}


def measure(rounds: int, threads: int) -> Section:
    """Check that the pictures show the same, then time all in turns; then what imports cost.

    The processes take as many threads as there are cores for them; `cpu.py` sees to that.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found, _ = programs.programs(folder)
        raw = dngs.plain(folder / "a.dng")
        outs = {who: folder / who / "a.jpg" for who in (STANDARD, FAST, AHD)}
        commands = {who: found[who].one(raw, out) for who, out in outs.items()}
        for who, command in commands.items():
            outs[who].parent.mkdir()
            run(command)
        checks = {f"{AHD}, against tenbit's standard": alike(outs[STANDARD], outs[AHD])}
        megapixels = frames.ROWS * frames.COLS / 1e6
        cases = [Case(name, partial(run, command), megapixels) for name, command in commands.items()]
        cases += [Case(name, partial(run, command), 0.0) for name, command in STARTS.items()]
        timed = in_turns(cases, rounds)
        shares = {name: _import_share(commands[name]) for name in (STANDARD, AHD)}
    return Section(
        "process",
        "Whole process, one DNG to JPEG q92",
        list(timed.values()),
        checks,
        [
            Target(
                "standard chain, time over the AHD script",
                timed[STANDARD].median_s / timed[AHD].median_s,
                WANTED,
                False,
            )
        ],
        {
            "fast chain, time over the AHD script": timed[FAST].median_s / timed[AHD].median_s,
            **{f"imports, share of the process, {name}": share for name, share in shares.items()},
        },
    )


def run(command: Sequence[str]) -> str:
    """Do a command; returns what it has said.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
    return done.stdout + done.stderr


def alike(ours: Path, theirs: Path) -> str:
    """How two renderings of one scene go together: their tones differ, their shapes must not.

    Some programs leave out the outermost pixels of all four sides.

    Raises
    ------
    ValueError
        If they show something else.
    """
    greens = [imageio.imread(path)[..., 1].astype(np.float32) for path in (ours, theirs)]
    rows, cols = (min(green.shape[axis] for green in greens) for axis in (0, 1))
    if any(green.shape[0] - rows > 64 or green.shape[1] - cols > 64 for green in greens):
        raise ValueError(f"not the same scene: {ours} and {theirs} have shapes {greens[0].shape}, {greens[1].shape}")
    green, other = (_middle(green, rows, cols).ravel() for green in greens)
    together = float(np.corrcoef(green, other)[0, 1])
    if together < 0.9:
        raise ValueError(f"not the same scene: {ours.name} and {theirs.name} correlate by {together:.2f}")
    return f"greens correlate by {together:.3f}"


def _middle(plane: NDArray[np.float32], rows: int, cols: int) -> NDArray[np.float32]:
    top, left = (plane.shape[0] - rows) // 2, (plane.shape[1] - cols) // 2
    return plane[top : top + rows, left : left + cols]


def _import_share(command: Sequence[str]) -> float:
    """Part of a process that goes into imports, by Python's own -X importtime."""
    began = time.perf_counter()
    lines = run((command[0], "-X", "importtime", *command[1:])).splitlines()
    elapsed_s = time.perf_counter() - began
    parts = [line.removeprefix("import time:").split("|") for line in lines if line.startswith("import time:")]
    return sum(int(own) for own, *_ in parts if own.strip().isdigit()) / 1e6 / elapsed_s
