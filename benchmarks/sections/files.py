"""One file to a JPEG of quality 92 by every program, whole processes: time, memory, and what starting alone costs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import dngs
import frames
from peers import programs, torch_python
from peers.programs import BESIDE, Command
from sections.process import STARTS, alike, run
from timing import Case, Section, in_turns

# Times that the frame stands beside and below itself: 12.5 and 50 MP.
SMALL, LARGE = 1, 2
# Seconds at 50 MP, about: above this a program takes part in three rounds only.
SLOW = (programs.DCB, programs.DARKTABLE_ALL, programs.RAWTHERAPEE, programs.RAWTHERAPEE_ALL)
MOST = 3
PEAK = Path(__file__).resolve().parents[1] / "peak.py"


def measure(rounds: int, threads: int) -> Section:
    """A file of 12.5 MP."""
    return _measured("files", SMALL, rounds)


def large(rounds: int, threads: int) -> Section:
    """A file of 50 MP, and the most memory that each program holds."""
    return _measured("large", LARGE, rounds)


def _measured(name: str, times: int, rounds: int) -> Section:
    megapixels = frames.ROWS * frames.COLS * times**2 / 1e6
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        raw = dngs.plain(folder / "a.dng", times=times)
        found, left_out = programs.programs(folder)
        outs = {who: folder / f"out{n}" / "a.jpg" for n, who in enumerate(found)}
        commands = {who: program.one(raw, outs[who]) for who, program in found.items()}
        peaks = {}
        for who, command in commands.items():
            outs[who].parent.mkdir()
            peaks[f"peak memory, {who}, GiB"] = _peak_gib(command)
        checks = _checked(outs)
        cases = [
            Case(who, partial(run, command), megapixels, most=MOST if who in SLOW else None)
            for who, command in commands.items()
        ]
        # Peaks and pictures were the round that does not count.
        timed = in_turns(cases, rounds, has_warmed=True)
    return Section(
        name,
        f"One DNG of {megapixels:.1f} MP to JPEG q92, whole process",
        list(timed.values()),
        checks,
        figures=peaks,
        beside={who: BESIDE[who] for who in timed if who in BESIDE},
        left_out=left_out,
    )


def _checked(outs: Mapping[str, Path]) -> dict[str, str]:
    """Every picture, against that of tenbit's standard chain."""
    ours = outs[programs.STANDARD]
    return {f"{who}, against tenbit's standard": alike(ours, out) for who, out in outs.items() if out != ours}


def _peak_gib(command: Command) -> float:
    done = subprocess.run(
        (sys.executable, str(PEAK), "program", *command), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
    return int(done.stdout.splitlines()[-1]) / 2**30


def starting(rounds: int, threads: int) -> Section:
    """What starting alone costs."""
    imports = {
        "start-up: import numpy": "import numpy",
        "start-up: import numpy, cv2, rawpy": "import numpy, cv2, rawpy",
    }
    commands: dict[str, Command] = {name: (sys.executable, "-c", line) for name, line in imports.items()}
    commands |= STARTS
    left_out = {}
    if python := torch_python.python():
        commands["start-up: import torch"] = (python, "-c", "import torch")
    else:
        left_out["torch"] = torch_python.INSTALL
    if wanted := programs.wanting("cv2"):
        del commands["start-up: import numpy, cv2, rawpy"]
        left_out["OpenCV"] = wanted
    timed = in_turns([Case(name, partial(run, command), 0.0) for name, command in commands.items()], rounds)
    return Section("starting", "Starting alone", list(timed.values()), left_out=left_out)
