"""Many files in one process: uncompressed DNGs of 12.5 MP and 16 bits to JPEGs of quality 92, warm."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dngs
import frames
from peers import programs
from peers.programs import AHD, DARKTABLE, FAST, OPENCV, STANDARD, TENBIT
from sections.process import alike
from timing import Case, Section, Target, Timed, in_turns

FILES = 64
# The slow ones get fewer files: what a process costs to start is then a hundredth of it still.
COUNTS = {STANDARD: FILES, FAST: FILES, AHD: 32, OPENCV: FILES, DARKTABLE: 16}
# How many times faster than whom; CPU time over that of the parts alone; GiB.
WANTED = {(STANDARD, AHD): 3.5, (STANDARD, DARKTABLE): 6.0, (FAST, AHD): 8.0, (FAST, OPENCV): 2.5}
WANTED_CPU, WANTED_GIB = 1.15, 1.5
# Beside every program, each with as many; the slowest take part in this many rounds.
FEW, MOST = 8, 2
SLOW = (programs.DARKTABLE_ALL, programs.RAWTHERAPEE)
BESIDES = (STANDARD, FAST, OPENCV, programs.DCRAW, programs.LINEAR, AHD, DARKTABLE, *SLOW)
Command = Callable[[Path], Sequence[str]]


@dataclass
class _Runs:
    """What a command took, a figure per round: seconds of wall and of CPU per frame."""

    wall_s: list[float]
    cpu_s: list[float]


def measure(rounds: int, threads: int) -> Section:
    """Check that the pictures show the same, then time all in turns, whole processes.

    The processes take as many threads as there are cores for them; `cpu.py` sees to that.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = _shoot(folder, FILES)
        commands, _ = _commands(folder, files, COUNTS)
        checks = _checked(folder, commands, COUNTS)
        runs = {who: _Runs([], []) for who in commands}
        for _ in range(rounds):
            for who, command in commands.items():
                wall, cpu = _timed(command, folder / "out" / _short(who), COUNTS[who])
                runs[who].wall_s.append(wall)
                runs[who].cpu_s.append(cpu)
        parts = {who: _parts_cpu_s(files, chain) for who, chain in ((STANDARD, "standard"), (FAST, "fast"))}
        peak_gib = _peak_gib(commands[STANDARD], folder / "out" / _short(STANDARD))
    megapixels = frames.ROWS * frames.COLS / 1e6
    timed = {who: Timed(f"{who}, per frame", megapixels, tuple(run.wall_s)) for who, run in runs.items()}
    targets = [
        Target(f"{mine}, speed over {theirs}", timed[theirs].median_s / timed[mine].median_s, least)
        for (mine, theirs), least in WANTED.items()
        if theirs in timed
    ]
    cpu = {who: statistics.median(run.cpu_s) for who, run in runs.items()}
    targets += [
        Target(f"{who}, CPU time over decode + chain + encode alone", cpu[who] / parts[who], WANTED_CPU, False)
        for who in parts
    ]
    targets.append(Target("peak memory, standard, GiB", peak_gib, WANTED_GIB, False))
    figures = {f"CPU ms per frame, {who}": 1e3 * seconds for who, seconds in cpu.items()}
    figures |= {f"CPU ms of the parts alone, {who}": 1e3 * seconds for who, seconds in parts.items()}
    return Section("batch", f"{FILES} DNGs to JPEG q92", list(timed.values()), checks, targets, figures)


def few(rounds: int, threads: int) -> Section:
    """`FEW` files each by every program in one process."""
    counts = dict.fromkeys(BESIDES, FEW)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands, left_out = _commands(folder, _shoot(folder, FEW), counts)
        checks = _checked(folder, commands, counts)
        cases = [
            Case(
                who,
                partial(_timed, command, folder / "out" / _short(who), FEW),
                frames.ROWS * frames.COLS / 1e6,
                told_s=lambda found: found[0],
                most=MOST if who in SLOW else None,
            )
            for who, command in commands.items()
        ]
        timed = in_turns(cases, rounds, has_warmed=True)
    return Section(
        "few",
        f"{FEW} DNGs to JPEG q92 by one process, per frame",
        list(timed.values()),
        checks,
        beside={who: programs.BESIDE[who] for who in timed if who in programs.BESIDE},
        left_out=left_out,
    )


def _shoot(folder: Path, count: int) -> list[Path]:
    """Files of their own, not links: what reads them reads a gigabyte and a half."""
    (folder / "in").mkdir()
    first = dngs.plain(folder / "in" / "f00.dng")
    rest = [first.with_name(f"f{n:02d}.dng") for n in range(1, count)]
    for path in rest:
        shutil.copyfile(first, path)
    return [first, *rest]


def _commands(
    folder: Path, files: Sequence[Path], counts: Mapping[str, int]
) -> tuple[dict[str, Command], dict[str, str]]:
    """What is timed, each with the folder that it writes to; the commands that install what is missing."""
    found, missing = programs.programs(folder)

    def told(program: programs.Program, count: int) -> Command:
        # A folder of links of its own: some are told a folder.
        some = folder / f"some{count}"
        if not some.exists():
            some.mkdir()
            for path in files[:count]:
                (some / path.name).symlink_to(path)
        assert program.many
        many, raws = program.many, [some / path.name for path in files[:count]]
        return lambda out: many(raws, out)

    commands = {who: told(found[who], count) for who, count in counts.items() if who in found}
    return commands, {who: command for who, command in missing.items() if who in counts}


def _checked(folder: Path, commands: Mapping[str, Command], counts: Mapping[str, int]) -> dict[str, str]:
    """The round that does not count; what it made is looked at."""
    for who, command in commands.items():
        _timed(command, folder / "out" / _short(who), counts[who])
    return _checks(folder, commands)


def _timed(command: Command, out: Path, count: int) -> tuple[float, float]:
    """Seconds of wall and of CPU per frame.

    Raises
    ------
    RuntimeError
        If the command fails or some picture is missing.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    before, began = os.times(), time.perf_counter()
    done = subprocess.run(command(out), capture_output=True, text=True)
    wall, after = time.perf_counter() - began, os.times()
    made = len(list(out.iterdir()))
    if done.returncode or made != count:
        raise RuntimeError(f"{' '.join(command(out)[:6])} …: {made} of {count} pictures; {done.stderr.strip()[-300:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall / count, cpu / count


def _checks(folder: Path, commands: Iterable[str]) -> dict[str, str]:
    ours = folder / "out" / _short(STANDARD) / "f00.jpg"
    return {
        f"{who}, against tenbit's standard": alike(ours, folder / "out" / _short(who) / "f00.jpg")
        for who in commands
        if who != STANDARD
    }


def _short(who: str) -> str:
    return "".join(c for c in who if c.isalnum())


_PARTS = """
import sys, time
from pathlib import Path
from tenbit.pipeline import config, foreseen
from tenbit.pipeline.device import choose
from tenbit.pipeline.images import write
from tenbit.pipeline.run import begin

chain = foreseen.settled(config.load(sys.argv[1]), "jpeg")
device = choose("cpu")[0].shared(1)
times = []
for path in sys.argv[3:]:
    began = time.thread_time()
    frame = foreseen.opened(Path(path), chain)
    done = begin(frame, foreseen.planned(frame.facts, chain, packing=frame.packing), device).finish()
    write(Path(sys.argv[2]), done.samples, space=done.facts.space, state=done.state, format="jpeg", quality=92)
    times.append(time.thread_time() - began)
    del frame, done
print(sum(times[2:]) / len(times[2:]))
"""


def _parts_cpu_s(files: Sequence[Path], chain: str) -> float:
    """CPU seconds of one frame read, developed and encoded on one thread, nothing beside it; the mean of all files."""
    with tempfile.TemporaryDirectory() as out:
        command = (sys.executable, "-c", _PARTS, chain, f"{out}/a.jpg", *map(str, files))
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _peak_gib(command: Command, out: Path) -> float:
    """The most memory that the batch has held, by `peak.py`."""
    shutil.rmtree(out)
    out.mkdir()
    arguments = list(command(out))[len(TENBIT) :]
    peak = (sys.executable, str(Path(__file__).resolve().parents[1] / "peak.py"), "cli", *arguments)
    return int(subprocess.run(peak, capture_output=True, text=True, check=True).stdout.split()[-1]) / 2**30
