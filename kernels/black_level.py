"""Black level: counts become signal, 0 at black and 1 at white."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from tenbit.kernels._facts import Facts
from tenbit.kernels._stage import Constants, PerSite, Prepared, Stage, param, point
from tenbit.kernels.errors import StageError


@dataclass(frozen=True)
class Parameters:
    """Subtract the black level and scale white to 1; values below black stay below 0."""

    black_counts: float | None = param(None, "Black level for every site; by default the file's.", unit="counts", low=0)
    white_counts: float | None = param(None, "White level for every site; by default the file's.", unit="counts", low=0)


def signal(mosaic, k):
    """One sample as signal: (counts − black) / (white − black) of its CFA site."""
    return (mosaic - k.black) * k.scale


def signal_with_deltas(mosaic, k, row, col):
    """As `signal`, with black that differs by row and by column (DNG BlackLevelDeltaV, BlackLevelDeltaH)."""
    return (mosaic - (k.black + k.rows[row] + k.cols[col])) * k.scale


def signal_planes(red, green, blue, k):
    """As `signal` for a frame that is already three planes."""
    return (
        (red - k.black_red) * k.scale_red,
        (green - k.black_green) * k.scale_green,
        (blue - k.black_blue) * k.scale_blue,
    )


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Levels of each site, from the parameters or the frame.

    Raises
    ------
    StageError
        If white is not above black.
    """
    black, white = facts.black, facts.white
    if parameters.black_counts is not None:
        black = (parameters.black_counts,) * len(black)
    if parameters.white_counts is not None:
        white = (parameters.white_counts,) * len(white)
    for low, high in zip(black, white, strict=True):
        if not high > low:
            raise StageError(f"black_level: white {high:g} is not above black {low:g}")
    scale = tuple(1.0 / (high - low) for low, high in zip(black, white, strict=True))
    has_deltas = facts.black_rows is not None or facts.black_cols is not None
    after = dataclasses.replace(
        facts, black=(0.0,) * len(black), white=(1.0,) * len(black), black_rows=None, black_cols=None
    )
    if not has_deltas and set(black) == {0.0} and set(scale) == {1.0}:
        return Prepared(after)
    if facts.state != "mosaic":
        names = ("red", "green", "blue")
        levels: dict[str, float] = {f"black_{n}": b for n, b in zip(names, black, strict=True)}
        levels |= {f"scale_{n}": s for n, s in zip(names, scale, strict=True)}
        return Prepared(after, (point("black_level", signal_planes, facts, constants=levels),))
    constants: Constants = {"black": PerSite(black), "scale": PerSite(scale)}
    if not has_deltas:
        return Prepared(after, (point("black_level", signal, facts, constants=constants),))
    rows = np.zeros(facts.rows) if facts.black_rows is None else facts.black_rows
    cols = np.zeros(facts.cols) if facts.black_cols is None else facts.black_cols
    constants = {**constants, "rows": rows.astype(np.float32), "cols": cols.astype(np.float32)}
    return Prepared(after, (point("black_level", signal_with_deltas, facts, constants=constants),))


STAGE = Stage("black_level", Parameters, ("mosaic", "linear"), prepare)
