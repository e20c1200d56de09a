"""Every figure of what users would pick instead, tenbit beside each, in turns; the page docs/peers.md is made of it.

Run:  python benchmarks/beside.py [SECTION ...] [--rounds N] [--torch PYTHON] [--plan | --rehearse | --page]

Needs the extra: pip install -e '.[peers]'; what else is not installed is left out, and what installs it is told. Each
section is kept in results/peers-<machine>.json with its commit, so that one may be measured anew alone. --plan says
what takes how long; --rehearse does all on small frames, once, and keeps nothing.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cpu import bind_to_cores

REHEARSED = (512, 1024)


@dataclass(frozen=True)
class Part:
    """One section of the run.

    Parameters
    ----------
    where : str
        Module under ``sections`` and its function.
    rounds : int
        Of which the median counts; what is slow takes part in fewer.
    seconds : float
        It takes about, on two cores of an EPYC: before the rounds, for each.
    """

    where: str
    rounds: int
    seconds: tuple[float, float]


PARTS = {
    "files": Part("files:measure", 5, (20, 13)),
    "large": Part("files:large", 3, (50, 42)),
    "few": Part("batch:few", 3, (50, 25)),
    "starting": Part("files:starting", 7, (3, 3)),
    "chain": Part("chain:measure", 9, (60, 2)),
    "demosaics": Part("demosaics:measure", 7, (35, 7)),
    "lens": Part("lens:measure", 5, (8, 2)),
    "monitors": Part("monitors:measure", 5, (8, 2)),
    "encoding": Part("codecs:encoding", 5, (10, 4)),
    "decoding": Part("codecs:decoding", 9, (4, 1)),
    "limits": Part("limits:measure", 9, (1, 0.5)),
    "bad_input": Part("bad_input:measure", 1, (0, 40)),
}
PACKAGES = ("colour-demosaicing", "colour-science", "simplejpeg", "tifffile", "numba", "scipy")
# Of the shell that starts this: a limit on threads would be ours as well as theirs, and not the same.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the sections asked for; returns 1 when one of them could not be measured."""
    wanted = _parsed(arguments)
    for name in THREADS:
        os.environ.pop(name, None)
    if wanted.torch:
        os.environ["BESIDE_TORCH"] = str(wanted.torch)
    cores = bind_to_cores(wanted.threads)
    os.environ["HL_NUM_THREADS"] = str(wanted.threads)
    # As tenbit comes, whatever was tuned here: results of machines are compared.
    os.environ["TENBIT_TUNING"] = "off"
    try:
        import beside_page
        import frames
        import report
        from rich.console import Console
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{error.name} is not installed: pip install -e '.[peers]'\n")
        return 2
    path = wanted.results or report.default_path("peers")
    if wanted.plan:
        sys.stdout.write(_plan(wanted.sections, wanted.rounds, beside_page.read(path)))
        return 0
    if wanted.page:
        report.ROOT.joinpath(beside_page.PAGE).write_text(beside_page.page(beside_page.read(path)), "utf-8")
        return 0
    if wanted.rehearse:
        frames.ROWS, frames.COLS = REHEARSED
    console = Console(width=max(Console().width, 120))
    failed = 0
    for name in wanted.sections:
        began = time.perf_counter()
        rounds = 1 if wanted.rehearse else wanted.rounds or PARTS[name].rounds
        try:
            module, _, function = PARTS[name].where.partition(":")
            section = getattr(importlib.import_module(f"sections.{module}"), function)(rounds, wanted.threads)
        except ModuleNotFoundError as error:
            sys.stderr.write(f"{name}: {error.name} is not installed: pip install -e '.[peers]'\n")
            failed = 1
            continue
        except (ValueError, RuntimeError, OSError) as error:
            sys.stderr.write(f"{name}: {error}\n")
            failed = 1
            continue
        report.show(section, console)
        elapsed_s = round(time.perf_counter() - began, 1)
        console.print(f"[dim]{name}: {elapsed_s:.0f} s[/dim]\n", highlight=False)
        if wanted.rehearse and not wanted.results:
            continue
        taken = {"commit": report.commit(), "rounds": rounds, "seconds": elapsed_s, **report.described(section)}
        _keep(path, name, taken, report.machine(cores))
    if not wanted.rehearse:
        report.ROOT.joinpath(beside_page.PAGE).write_text(beside_page.page(beside_page.read(path)), "utf-8")
        console.print(f"written: {path}, {beside_page.PAGE}", highlight=False, soft_wrap=True)
    return failed


def _keep(path: Path, name: str, section: dict[str, Any], machine: dict[str, Any]) -> None:
    """Put a section into the file, those that are there beside it; versions are of the last run."""
    import beside_page
    import report
    from peers import programs

    found = beside_page.read(path)
    sections = found.get("sections", {}) | {name: section}
    versions = found.get("versions", {}) | report.versions((*report.PACKAGES, *PACKAGES)) | programs.versions()
    for each in sections.values():
        versions |= each.get("versions", {})
    ordered = {part: sections[part] for part in PARTS if part in sections}
    report.save(path, {"machine": machine, "versions": versions, "sections": ordered})


def _plan(sections: Sequence[str], rounds: int | None, found: dict[str, Any]) -> str:
    """How long each section takes: what it took, if that is known for so many rounds, else what it is thought to."""
    lines, total = [], 0.0
    for name in sections:
        part = PARTS[name]
        times = rounds or part.rounds
        known = found.get("sections", {}).get(name, {})
        is_known = known.get("rounds") == times
        seconds = known["seconds"] if is_known else part.seconds[0] + times * part.seconds[1]
        total += seconds
        how = "as last time" if is_known else "about"
        lines.append(f"{name:10}  {times} round{'s' if times > 1 else ' '}  {how} {seconds:4.0f} s")
    return "\n".join([*lines, f"{'together':10}  {total / 60:.0f} min"]) + "\n"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(PARTS)}; by default all.")
    parser.add_argument("--rounds", type=int, help="Times of which the median counts; by default each section's own.")
    parser.add_argument("--threads", type=int, default=2, help="Threads, and cores that the run is bound to. [2]")
    parser.add_argument("--torch", type=Path, metavar="PYTHON", help="A Python that has torch and kornia.")
    parser.add_argument("--results", type=Path, metavar="FILE", help="JSON; by default results/peers-<machine>.json.")
    parser.add_argument("--plan", action="store_true", help="Say what takes how long, and do nothing.")
    parser.add_argument("--rehearse", action="store_true", help="Small frames, one round; kept only with --results.")
    parser.add_argument("--page", action="store_true", help="Only make docs/peers.md anew.")
    wanted = parser.parse_args(arguments)
    if unknown := [name for name in wanted.sections if name not in PARTS]:
        parser.error(f"no such section: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if min(wanted.rounds or 1, wanted.threads) < 1:
        parser.error("--rounds and --threads are 1 at least")
    wanted.sections = wanted.sections or list(PARTS)
    return wanted


if __name__ == "__main__":
    sys.exit(main())
