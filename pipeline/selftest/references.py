"""Writes the samples and the pictures that the self-test compares with: python -m tenbit.pipeline.selftest.references.

Run it when a shipped chain is meant to give another picture; it names every picture that has changed, and by how much.
Names as arguments restrict it to these pictures.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from functools import partial

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
    sample = partial(make, rows=_ROWS, cols=_COLS, seed=_SEED, truth=False)
    sample(FOLDER / "packed.raw10")
    for name, cfa, rows, cols in (
        ("bayer.dng", "RGGB", _ROWS, _COLS),
        ("quad.dng", "QRGGB", _ROWS, _COLS),
        ("tiny.dng", "RGGB", _TINY_ROWS, _TINY_COLS),
    ):
        path = FOLDER / name
        sample(path, cfa=cfa)
        frame = read(path)
        # As `tenbit doctor --warm` thinks of frames: their noise is not told.
        facts = dataclasses.replace(frame.facts, rows=rows, cols=cols, noise=None, crop=None)
        facts = dataclasses.replace(facts, optical_centre=((rows - 1) / 2, (cols - 1) / 2))
        samples = frame.samples[:rows, :cols].copy()
        write(path, samples, space="camera", state="mosaic", facts=facts, exif=frame.exif)


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
