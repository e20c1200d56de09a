"""Writes the samples and the pictures that the self-test compares with: python -m tenbit.pipeline.selftest.references.

Run it when a shipped chain is meant to give another picture; it names every picture that has changed, and by how much.
Names as arguments restrict it to these pictures.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence

from tenbit.pipeline.device import choose
from tenbit.pipeline.images import write
from tenbit.pipeline.raw import read
from tenbit.pipeline.sample import make
from tenbit.pipeline.selftest.check import TrialError
from tenbit.pipeline.selftest.pictures import CASES, FOLDER, TINY, Case, compared, settled_for, stored, through

_ROWS, _COLS, _SEED = 64, 96, 7
_TINY_ROWS, _TINY_COLS = 16, 24


def write_samples() -> None:
    """The raw files: kept, for a sample that is made anew would depend on the machine's mathematics."""
    known = {"rows": _ROWS, "cols": _COLS, "seed": _SEED, "truth": False}
    make(FOLDER / "bayer.dng", **known)
    make(FOLDER / "quad.dng", cfa="QRGGB", **known)
    make(FOLDER / "packed.raw10", **known)
    frame = read(FOLDER / "bayer.dng")
    middle = ((_TINY_ROWS - 1) / 2, (_TINY_COLS - 1) / 2)
    facts = dataclasses.replace(frame.facts, rows=_TINY_ROWS, cols=_TINY_COLS, optical_centre=middle, crop=None)
    samples = frame.samples[:_TINY_ROWS, :_TINY_COLS].copy()
    write(FOLDER / "tiny.dng", samples, space="camera", state="mosaic", facts=facts, exif=frame.exif)


def write_reference(case: Case) -> str:
    """Write a case's picture, with its chain in it; how it lies beside the one before, one line."""
    picture = through(case, choose("cpu")[0])
    try:
        text = compared(picture, stored(case.reference)) if case.reference.exists() else "new"
    except TrialError as fault:
        text = f"changed: {fault}"
    record = {"chain": settled_for(case).as_record()}
    write(case.reference, picture, space="srgb", state="display", bits=case.bits, record=record)
    return f"{case.name}: {text}"


def main(names: Sequence[str] = ()) -> None:
    """Write all, or those named."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not names:
        write_samples()
    for case in (*CASES, *TINY):
        if not names or case.name in names:
            sys.stdout.write(f"{write_reference(case)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
