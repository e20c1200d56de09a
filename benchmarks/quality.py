"""The figures and pictures of docs/quality.md, measured anew and written into the page.

Run:  python benchmarks/quality.py [PART …] [--pictures FOLDER] [--photograph FILE] [--rounds 9]

Parts: ``photographs`` (needs the folder), ``truth``, ``speed``, ``crops``, ``page``; by default all. Each is kept in
results/quality.json, so that one may be done alone; ``page`` writes the tables from there, and every part ends with it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import crops
import frames
import numpy as np
import ours
import photographs
import report
import simulated
from quality_page import filled
from scored import CHAINS
from timing import Case, in_turns

from tenbit.pipeline.frame import Frame

PAGE = report.ROOT / "docs" / "quality.md"
PICTURES = report.ROOT / "docs" / "pictures"
RESULTS = report.ROOT / "benchmarks" / "results" / "quality.json"
PARTS = ("photographs", "truth", "speed", "crops", "page")
# Of frames that are timed, 3.1 MP: longer than any cache.
ROWS, COLS = 1536, 2048


def said(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def all_scores(folder: Path) -> dict[str, Any]:
    """Every method at every setting on the sets that the folder has.

    Raises
    ------
    SystemExit
        If it has none of them.
    """
    sets = {name: photographs.pictures(folder, pattern) for name, pattern in photographs.SETS.items()}
    if not all(sets.values()):
        raise SystemExit(f"quality: {folder} has no {' and no '.join(p for p in photographs.SETS.values())}")
    found: dict[str, dict[str, dict[str, float]]] = {}
    for method in (*photographs.BAYER, *photographs.QUAD):
        found[method] = {s.name: photographs.scores(method, s, sets) for s in photographs.SETTINGS}
        said(f"{method}: {found[method]}")
    return {"pictures": {name: len(codes) for name, codes in sets.items()}, "db": found}


def timed(rounds: int) -> dict[str, Any]:
    """Megapixels per second of every method, on one thread and on two; black is 0 and white 1.

    Of the quickest round: other work on the machine only ever makes one longer.
    """
    exposure = frames.full_scale(frames.exposure(ROWS, COLS).frame).samples
    mosaic = (exposure / np.float32(65535)).astype(np.float32)
    rates: dict[str, dict[str, float]] = {}
    for threads in (1, 2):
        cases = []
        for method in (*photographs.BAYER, *photographs.QUAD):
            chain = CHAINS[photographs.scored_name(method, is_code=False)]
            frame = Frame.from_mosaic(mosaic, cfa="QRGGB" if method in photographs.QUAD else "RGGB")
            plan = ours.planned(frame.facts, chain, bits=None)
            cases.append(Case(method, partial(ours.run_plan, frame, plan, ours.cpu(threads)), mosaic.size / 1e6))
        for one in in_turns(cases, rounds).values():
            rate = one.megapixels / min(one.times_s)
            rates.setdefault(one.name, {})[str(threads)] = round(rate, 1)
            said(f"{one.name}: {rate:.1f} MP/s, {threads} threads")
    machine = {"cpu": report.cpu_name(), "load_at_the_end": [round(load, 2) for load in os.getloadavg()]}
    return {**machine, "rows": ROWS, "cols": COLS, "rounds": rounds, "mp_per_s": rates}


def measured(part: str, options: argparse.Namespace) -> Callable[[], dict[str, Any]] | None:
    """What a part does, or None, said, if it cannot be done."""
    if part == "photographs":
        if options.pictures is None:
            said("photographs: left as they are; --pictures FOLDER says where kodim*.png and mcm*.png lie")
            return None
        return partial(all_scores, options.pictures)
    if part == "crops" and options.photograph is None:
        said("crops: no --photograph, its crop is left as it is")
    works: dict[str, Callable[[], dict[str, Any]]] = {
        "truth": partial(simulated.measure, said),
        "speed": partial(timed, options.rounds),
        "crops": lambda: {"pictures": crops.drawn(PICTURES, options.photograph, said)},
    }
    return works[part]


def saved() -> dict[str, Any]:
    """What has been measured so far, by part."""
    return dict(json.loads(RESULTS.read_text("utf-8"))) if RESULTS.exists() else {}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--pictures", type=Path, help="Folder of kodim*.png and mcm*.png.")
    parser.add_argument("--photograph", type=Path, help="CRW_0101 of drewnoakes/digicam_corpus.")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.parts) - set(PARTS)):
        parser.error(f"no part {unknown[0]}; there are {', '.join(PARTS)}")
    for part in options.parts or PARTS:
        if part != "page" and (work := measured(part, options)):
            done = {"commit": report.commit(), **work()}
            # Read only now: another part may have been measured meanwhile.
            report.save(RESULTS, saved() | {part: done})
    PAGE.write_text(filled(PAGE.read_text("utf-8"), saved()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
