"""tenbit on the CPU beside what its users would take instead, all in one run and in turns.

Run:  python benchmarks/cpu.py [SECTION ...] [--rounds 9] [--threads 2] [--save [FILE]]

Needs the extra: pip install -e '.[bench]'. What is measured, and how, is told in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

SECTIONS = ("fast", "demosaic", "lens", "monitors", "scaling", "process", "batch")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the sections asked for; returns 1 when one of them could not be measured."""
    wanted = _parsed(arguments)
    cores = bind_to_cores(wanted.threads)
    # Before Halide and OpenCV are loaded. A pool that is larger than the work is no help to anyone.
    os.environ["HL_NUM_THREADS"] = str(wanted.threads)
    # As tenbit comes, whatever was tuned here: results of machines are compared.
    os.environ["TENBIT_TUNING"] = "off"
    try:
        import report
        from rich.console import Console

        parts = [(name, importlib.import_module(f"sections.{name}")) for name in wanted.sections]
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{error.name} is not installed: pip install -e '.[bench]'\n")
        return 2
    console = Console(width=max(Console().width, 120))
    found, failed = [], 0
    for name, part in parts:
        try:
            found.append(part.measure(wanted.rounds, wanted.threads))
        except (ValueError, RuntimeError) as error:
            sys.stderr.write(f"{name}: {error}\n")
            failed = 1
            continue
        report.show(found[-1], console)
    if wanted.save:
        path = report.default_path() if wanted.save is True else wanted.save
        report.save(path, report.record(found, rounds=wanted.rounds, cores=cores))
        console.print(f"written: {path}", highlight=False, soft_wrap=True)
    return failed


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; by default all.")
    parser.add_argument("--rounds", type=int, default=9, help="Times of which the median counts. [9]")
    parser.add_argument("--threads", type=int, default=2, help="Threads, and cores that the run is bound to. [2]")
    parser.add_argument(
        "--save",
        type=Path,
        nargs="?",
        const=True,
        help="Write JSON too; by default benchmarks/results/cpu-<name>.json.",
    )
    wanted = parser.parse_args(arguments)
    if unknown := [name for name in wanted.sections if name not in SECTIONS]:
        parser.error(f"no such section: {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    if min(wanted.rounds, wanted.threads) < 1:
        parser.error("--rounds and --threads are 1 at least")
    wanted.sections = wanted.sections or list(SECTIONS)
    return wanted


def bind_to_cores(threads: int) -> list[int]:
    """Bind this process, and those that it starts, to one core per thread; returns the cores' numbers.

    Nobody then gets more of the machine than anybody else, whatever its own number of threads is. Two logical cores of
    one real core are not taken together unless there are no others.
    """
    if not hasattr(os, "sched_setaffinity"):
        return list(range(threads))
    usable = sorted(os.sched_getaffinity(0))
    first_of_each = [core for core in usable if core == min(_siblings(core) & set(usable))]
    taken = (first_of_each + [core for core in usable if core not in first_of_each])[:threads]
    if len(taken) < threads:
        sys.stderr.write(f"{threads} threads share {len(taken)} core{'s' if len(taken) > 1 else ''}\n")
    os.sched_setaffinity(0, taken)
    return taken


def _siblings(core: int) -> set[int]:
    """Logical cores of the same real core, itself among them."""
    path = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    try:
        text = path.read_text("ascii").strip()
    except OSError:
        return {core}
    ranges = [part.partition("-") for part in text.split(",")]
    return {n for low, _, high in ranges for n in range(int(low), int(high or low) + 1)} | {core}


if __name__ == "__main__":
    sys.exit(main())
