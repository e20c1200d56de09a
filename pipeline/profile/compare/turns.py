"""Two programs that time a chain in turns, round by round: what slows the machine down meets both.

Each run starts both afresh, as runs differ by where things lie in memory. A program gets ready, asks for a turn before
each round and waits until it is given one; meanwhile the other is waiting too. The order changes from round to round.
In its turn a program does the frame for a while before one counts: by then the caches are its own, and its threads
awake and apart (`fast`, 3 MP, 8 runs of 20 rounds, two equal programs: intervals of ± 9 % without, ± 4 % with it).
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tenbit.pipeline.device import Said
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.profile.compare.sides import Side
from tenbit.pipeline.profile.measure import Bench, Once
from tenbit.pipeline.profile.record import Profile, read_profile

_WARM_S = 0.05
_ASKS, _GIVES = "turn?\n", "turn\n"


class InTurns(Bench):
    """A bench that asks for a turn on stdout, and waits for it on stdin, before each frame that is timed."""

    def once(self) -> Once:
        sys.stdout.write(_ASKS)
        sys.stdout.flush()
        if sys.stdin.readline() != _GIVES:
            raise RequestError("--in-turns: nobody gives turns; tenbit profile compare does")
        began = time.perf_counter()
        while time.perf_counter() - began < _WARM_S:
            self.developed()
        return super().once()


@dataclass(frozen=True)
class Wanted:
    """A side that is measured now.

    Parameters
    ----------
    title : str
        ``A`` or ``B``: how lines name it.
    chain : str
        A shipped chain's name, or a path.
    options : tuple of str
        More of what ``tenbit profile`` takes.
    program : str, optional
        Another tenbit: a program, a script, or a checkout's folder, which this Python runs.
    """

    title: str
    chain: str
    options: tuple[str, ...] = ()
    program: str | None = None


@dataclass
class _Running:
    """A program that is being measured."""

    title: str
    process: subprocess.Popen[str]
    stderr: IO[str]
    is_waiting: bool = False
    told: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Until it asks for a turn, or has ended."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line == _ASKS:
                self.is_waiting = True
                return
            self.told.append(line)
        self.is_waiting = False
        if self.process.wait():
            self.stderr.seek(0)
            lines = self.stderr.read().splitlines() or [f"it ended with status {self.process.returncode}"]
            raise RequestError(f"{self.title}: {lines[-1]}")

    def go(self) -> None:
        """Give it a turn, and wait until it has been used."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(_GIVES)
            self.process.stdin.flush()
        self.listen()


def in_turns(wanted: Sequence[Wanted], *, runs: int, rounds: int, said: Said) -> list[Side]:
    """Measure sides, two of them or one.

    Parameters
    ----------
    wanted : sequence of Wanted
    runs, rounds : int
        How often all are started, and how often each is timed then.
    said : callable
        Told a line per run.

    Raises
    ------
    RequestError
        If a program cannot be started, or fails: with its own last line.
    """
    chance = random.Random()
    found: list[list[Profile]] = [[] for _ in wanted]
    with tempfile.TemporaryDirectory(prefix="tenbit-") as text:
        folder = Path(text)
        orders = [_order(side, rounds, folder / side.title) for side in wanted]
        for run in range(runs if wanted else 0):
            # A picture that was held against its reference once is not again.
            more = ["--no-check"] if run else []
            with contextlib.ExitStack() as stack:
                started: dict[int, _Running] = {}
                for number in chance.sample(range(len(wanted)), len(wanted)):
                    order, environment = orders[number]
                    one = _started(wanted[number].title, [*order, *more], environment)
                    started[number] = stack.enter_context(one)
                    started[number].listen()
                turns = chance.sample(list(started.values()), len(started))
                while any(side.is_waiting for side in turns):
                    for side in turns:
                        if side.is_waiting:
                            side.go()
                    turns.reverse()
                for number, side in started.items():
                    found[number].append(_profile_of(side, folder))
            shown = " and ".join(f"{1e3 * profiles[-1].frame_timing.median_s:.3g} ms" for profiles in found)
            said(f"run {run + 1} of {runs}: {shown} a frame")
    return [Side(side.chain, tuple(profiles)) for side, profiles in zip(wanted, found, strict=True)]


@contextlib.contextmanager
def _started(title: str, order: Sequence[str], environment: dict[str, str]) -> Iterator[_Running]:
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as stderr:
        try:
            process = subprocess.Popen(
                order,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, **environment},
                encoding="utf-8",
            )
        except OSError as error:
            raise RequestError(f"{title}: {order[0]}: {error.strerror}") from None
        try:
            with process:
                try:
                    yield _Running(title, process, stderr)
                finally:
                    process.kill()
        except BrokenPipeError:
            pass


def _order(side: Wanted, rounds: int, folder: Path) -> tuple[list[str], dict[str, str]]:
    """What is started for a side, and what its environment has more."""
    program, environment = _program(side, folder)
    options = [*side.options, "--rounds", str(rounds), "--json", "--in-turns"]
    return [*program, "profile", "chain", side.chain, *options], environment


def _program(side: Wanted, folder: Path) -> tuple[list[str], dict[str, str]]:
    """The program of a side; a checkout's folder is linked into an empty one as the package that it is."""
    # -P: what lies in the current folder is no module of it.
    ours = [sys.executable, "-P", "-m", "tenbit.cli"]
    if side.program is None:
        return ours, {}
    path = Path(side.program).absolute()
    if path.is_dir():
        if not (path / "cli.py").is_file():
            raise RequestError(f"{side.title}: {side.program}: a folder, but no checkout of tenbit")
        folder.mkdir()
        try:
            (folder / "tenbit").symlink_to(path, target_is_directory=True)
        except OSError as error:
            raise RequestError(f"{side.title}: {side.program}: cannot be linked: {error.strerror}") from None
        before = os.environ.get("PYTHONPATH")
        return ours, {"PYTHONPATH": os.pathsep.join([str(folder), *([before] if before else [])])}
    if not path.is_file():
        raise RequestError(f"{side.title}: {side.program}: no such program")
    return [sys.executable, str(path)] if path.suffix == ".py" else [str(path)], {}


def _profile_of(side: _Running, folder: Path) -> Profile:
    path = folder / "profile.json"
    path.write_text("".join(side.told), "utf-8")
    try:
        return read_profile(path)
    except RequestError as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise RequestError(f"{side.title}: {reason}; it takes one frame") from None
