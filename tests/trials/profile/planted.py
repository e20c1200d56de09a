# ruff: noqa: T201  a script
"""Passes made slower on purpose, and nothing changed at all: what `tenbit profile compare` finds of it.

    python tests/trials/profile/planted.py                            # ten times each, 10 %, at 3 MP: six minutes
    python tests/trials/profile/planted.py --share 0.05 --times 3     # 5 %
    python tests/trials/profile/planted.py --chain standard --only demosaic -- --metric cpu

Planted: the second program is tenbit with `CpuDevice.run` made longer, by a loop that keeps the calling thread busy for
a share of what the pass has taken. Null: both programs are the same. The two kinds take turns. What follows ``--`` is
given to every comparison. The verdict is that every planted change is found in the frame and in each pass that was made
slower and is judged, makes the exit code 1, and that no null change is found in any row.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROGRAM = """\
import time

from tenbit.cli import main
from tenbit.kernels._pass import label
from tenbit.pipeline.device.host import CpuDevice

undisturbed = CpuDevice.run


def run(self, work, *arguments, **named):
    began = time.perf_counter()
    found = undisturbed(self, work, *arguments, **named)
    if {only!r} in label(work):
        now = time.perf_counter()
        until = now + {share!r} * (now - began)
        while time.perf_counter() < until:
            pass
    return found


CpuDevice.run = run
main()
"""


def main() -> int:
    """Exit status: 0 when all of the verdict holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chain", default="fast")
    parser.add_argument("--sample", default="3mp")
    parser.add_argument("--share", type=float, default=0.1, help="of a pass's time (default: 0.1)")
    parser.add_argument("--only", default="", metavar="TEXT", help="passes whose steps contain it; by default all")
    parser.add_argument("--times", type=int, default=10, help="of each kind (default: 10)")
    parser.add_argument("more", nargs="*", metavar="OPTION", help="of tenbit profile compare, behind --")
    asked = parser.parse_args()
    faults: list[str] = []
    counts = dict.fromkeys(("planted", "null"), 0)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        program = Path(folder) / "slower.py"
        program.write_text(PROGRAM.format(only=asked.only, share=asked.share), "utf-8")
        print(f"{'':9}{'frame B / A':>12}{'interval':>18}  verdict                 {'s':>5}  others that are judged")
        for number in range(asked.times):
            for kind in ("planted", "null") if number % 2 else ("null", "planted"):
                more = ["--b-program", str(program)] if kind == "planted" else []
                code, found, took_s = compared(asked, more)
                show(kind, found, took_s)
                wrong = [*(unfound if kind == "planted" else alarms)(asked, code, found)]
                counts[kind] += not wrong if kind == "planted" else bool(wrong)
                faults += [f"{kind} {number + 1}: {fault}" for fault in wrong]
    took_s = time.monotonic() - began
    print(
        f"planted and found: {counts['planted']} of {asked.times}; nothing planted, and found: {counts['null']} ",
        end="",
    )
    print(f"of {asked.times}; {took_s / 60:.1f} minutes")
    for fault in faults:
        print(f"NOT MET  {fault}")
    return 1 if faults else 0


def compared(asked: argparse.Namespace, more: list[str]) -> tuple[int, dict[str, Any], float]:
    """One comparison: its exit status, its record, and how long it took in seconds."""
    order = [sys.executable, "-P", "-m", "tenbit.cli", "profile", "compare", asked.chain, asked.chain, "--json"]
    began = time.monotonic()
    done = subprocess.run(
        [*order, "--sample", asked.sample, *more, *asked.more], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return done.returncode, json.loads(done.stdout), time.monotonic() - began


def show(kind: str, found: dict[str, Any], took_s: float) -> None:
    """A line of one comparison."""
    frame, *others = judged(found)
    interval = f"{frame['low']:.3f} … {frame['high']:.3f}"
    rest = "; ".join(f"{row['ratio']:.3f} {row['verdict']}" for row in others)
    print(f"{kind:9}{frame['ratio']:12.3f}{interval:>18}  {frame['verdict']:22}{took_s:7.1f}  {rest}", flush=True)


def judged(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows that have a verdict, the frame first."""
    return [row for row in found["rows"] if row["verdict"]]


def unfound(asked: argparse.Namespace, code: int, found: dict[str, Any]) -> Iterator[str]:
    """What was planted, and is not said."""
    frame, *others = judged(found)
    slower = [frame, *(row for row in others if asked.only in row["name"])]
    yield from (f"{row['name']}: {row['verdict']}" for row in slower if row["verdict"] != "slower")
    if code != 1:
        yield f"exit status {code}"


def alarms(asked: argparse.Namespace, code: int, found: dict[str, Any]) -> Iterator[str]:
    """What is said, and was not planted."""
    yield from (f"{row['name']}: {row['verdict']}" for row in judged(found) if row["verdict"] in ("slower", "faster"))
    if code:
        yield f"exit status {code}"


if __name__ == "__main__":
    sys.exit(main())
