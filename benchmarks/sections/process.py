"""The whole process: one uncompressed DNG of 12.5 MP and 16 bits to a JPEG of quality 92, warm."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import frames
import imageio.v3 as imageio
import numpy as np
from timing import Case, Section, Target, in_turns

from tenbit.pipeline.sample import make

# Of the AHD script's time.
WANTED = 0.8
STANDARD, FAST, AHD = "tenbit develop (standard chain)", "tenbit develop -c fast", "rawpy script: AHD"
HELP, NUMBA, RAWPY = "start-up: tenbit --help", "start-up: import numba", "start-up: import rawpy, imageio"
TENBIT = (sys.executable, "-m", "tenbit.cli")
SCRIPT = Path(__file__).resolve().parents[1] / "peers" / "rawpy_ahd.py"


def measure(rounds: int, threads: int) -> Section:
    """Check that the pictures show the same, then time all in turns; then what imports cost.

    The processes take as many threads as there are cores for them; `cpu.py` sees to that.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = make(folder / "a.dng", rows=frames.ROWS, cols=frames.COLS, bits=16, black=4096, truth=False)[0]
        standard, fast, ahd = (folder / f"{stem}.jpg" for stem in ("standard", "fast", "ahd"))
        develop = (*TENBIT, "develop", str(raw), "--device", "cpu", "--quality", "92", "--overwrite")
        commands = {
            STANDARD: (*develop, "-o", str(standard)),
            FAST: (*develop, "-c", "fast", "-o", str(fast)),
            AHD: (sys.executable, str(SCRIPT), str(raw), str(ahd)),
        }
        for command in commands.values():
            _run(command)
        checks = {f"{AHD}, against tenbit's standard": alike(standard, ahd)}
        starts = {
            HELP: (*TENBIT, "--help"),
            NUMBA: (sys.executable, "-c", "import numba"),
            RAWPY: (sys.executable, "-c", "import rawpy, imageio.v3"),
        }
        megapixels = frames.ROWS * frames.COLS / 1e6
        cases = [Case(name, partial(_run, command), megapixels) for name, command in commands.items()]
        cases += [Case(name, partial(_run, command), 0.0) for name, command in starts.items()]
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


def _run(command: Sequence[str]) -> str:
    """Do a command; returns its stderr."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stderr


def alike(ours: Path, theirs: Path) -> str:
    """How two renderings of one scene go together: their tones differ, their shapes must not."""
    green, other = (imageio.imread(path)[..., 1].astype(np.float32).ravel() for path in (ours, theirs))
    together = float(np.corrcoef(green, other)[0, 1])
    if together < 0.9:
        raise ValueError(f"not the same scene: {ours.name} and {theirs.name} correlate by {together:.2f}")
    return f"greens correlate by {together:.3f}"


def _import_share(command: Sequence[str]) -> float:
    """Part of a process that goes into imports, by Python's own -X importtime."""
    began = time.perf_counter()
    lines = _run((command[0], "-X", "importtime", *command[1:])).splitlines()
    elapsed_s = time.perf_counter() - began
    parts = [line.removeprefix("import time:").split("|") for line in lines if line.startswith("import time:")]
    return sum(int(own) for own, *_ in parts if own.strip().isdigit()) / 1e6 / elapsed_s
