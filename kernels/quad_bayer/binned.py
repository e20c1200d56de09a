"""A quad-Bayer mosaic to a Bayer mosaic of a quarter of the pixels: the mean of each block."""

from __future__ import annotations

import dataclasses

import numpy as np

from tenbit.kernels._facts import Cfa, Facts, scaled_from
from tenbit.kernels._stage import PLANES, Access, Prepared, Step


def block_mean(mosaic, row, col):
    """Mean of the block that becomes one pixel."""
    top, left = 2 * row, 2 * col
    return 0.25 * ((mosaic[top, left] + mosaic[top + 1, left + 1]) + (mosaic[top, left + 1] + mosaic[top + 1, left]))


def _halved_crop(crop: tuple[int, int, int, int] | None) -> tuple[int, int, int, int] | None:
    return None if crop is None else (crop[0] // 2, crop[1] // 2, crop[2] // 2, crop[3] // 2)


def prepared(facts: Facts) -> Prepared:
    """The step that bins, and the facts of the frame of half the rows and half the columns.

    Rows and columns that do not fill a block are left out. Levels are those of each block's mean; the noise profile's
    scale and offset fall to a quarter.
    """
    assert facts.cfa is not None
    rows, cols = facts.rows // 2, facts.cols // 2

    def blocks(levels: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(
            sum(levels[4 * (2 * r + i) + 2 * c + j] for i in (0, 1) for j in (0, 1)) / 4 for r in (0, 1) for c in (0, 1)
        )

    def halved(deltas):
        return None if deltas is None else deltas[: 2 * (len(deltas) // 2)].reshape(-1, 2).mean(axis=1)

    top, left = facts.optical_centre
    after = dataclasses.replace(
        facts,
        rows=rows,
        cols=cols,
        cfa=Cfa(facts.cfa.name.removeprefix("Q")),
        black=blocks(facts.black),
        white=blocks(facts.white),
        black_rows=halved(facts.black_rows),
        black_cols=halved(facts.black_cols),
        noise=None if facts.noise is None else tuple((scale / 4, offset / 4) for scale, offset in facts.noise),
        measured_noise=None,
        masked_black=None if facts.masked_black is None else blocks(facts.masked_black),
        masked_rows=halved(facts.masked_rows),
        # A block is as defective as one of its sites.
        defects=None if facts.defects is None else np.unique(facts.defects // 2, axis=0),
        crop=_halved_crop(facts.crop),
        # The centre of pixel (0, 0) lies half a pixel inside its block.
        optical_centre=((top - 0.5) / 2, (left - 0.5) / 2),
        pixel_mm=None if facts.pixel_mm is None else 2 * facts.pixel_mm,
        moves=(*facts.moves, scaled_from(0.5, 0.5)),
    )
    planes = PLANES["mosaic"]
    step = Step("quad_bayer", Access.GATHER, block_mean, planes, planes, shape=(rows, cols))
    note = f"a quad-Bayer mosaic of {facts.cols} x {facts.rows} is binned to {cols} x {rows}"
    return Prepared(after, (step,), notes=(note,))
