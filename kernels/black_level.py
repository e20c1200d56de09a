"""Black level: counts become signal, 0 at black and 1 at white."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tenbit.kernels._facts import LINEARIZATION, Array, Facts
from tenbit.kernels._stage import PLANES, Body, Constant, PerSite, Prepared, Stage, param, point
from tenbit.kernels.errors import StageError


@dataclass(frozen=True)
class Parameters:
    """Subtract the black level and scale white to 1; values below black stay below 0."""

    black_counts: float | None = param(
        None, "Black level for every site, row and column; by default the file's.", unit="counts", low=0
    )
    white_counts: float | None = param(None, "White level for every site; by default the file's.", unit="counts", low=0)
    source: Literal["file", "masked"] = param(
        "file", "file: the level that the file tells; masked: the mean of the sensor's covered pixels, per CFA site."
    )
    drift: bool = param(
        False,
        "Take off what covered pixels beside each row show its black to be off by, instead of the file's rows.",
    )


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


def signal_planes_with_deltas(red, green, blue, k, row, col):
    """As `signal_with_deltas` for a frame that is already three planes."""
    delta = k.rows[row] + k.cols[col]
    return (
        (red - (k.black_red + delta)) * k.scale_red,
        (green - (k.black_green + delta)) * k.scale_green,
        (blue - (k.black_blue + delta)) * k.scale_blue,
    )


BODIES: dict[str, tuple[Body, Body]] = {
    "mosaic": (signal, signal_with_deltas),
    "linear": (signal_planes, signal_planes_with_deltas),
}


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Levels of each site, from the parameters or the frame.

    Raises
    ------
    StageError
        If white is not above black, parameters contradict each other, or the frame has no covered pixels to go by.
    """
    if any(opcode.name == LINEARIZATION for opcode in facts.opcodes):
        raise StageError("black_level: samples are codes until opcode list 1 has been applied; put linearise first")
    black, white = _black(parameters, facts), facts.white
    if parameters.white_counts is not None:
        white = (parameters.white_counts,) * len(white)
    for low, high in zip(black, white, strict=True):
        if not high > low:
            raise StageError(f"black_level: white {high:g} is not above black {low:g}")
    scale = tuple(1.0 / (high - low) for low, high in zip(black, white, strict=True))
    rows, cols = facts.masked_rows if parameters.drift else facts.black_rows, facts.black_cols
    has_deltas = parameters.black_counts is None and (rows is not None or cols is not None)
    after = dataclasses.replace(
        _with_noise_between(facts, black, white),
        black=(0.0,) * len(black),
        white=(1.0,) * len(black),
        black_rows=None,
        black_cols=None,
        masked_black=None,
        masked_rows=None,
    )
    if not has_deltas and set(black) == {0.0} and set(scale) == {1.0}:
        return Prepared(after)
    constants: dict[str, Constant] = {}
    if facts.state == "mosaic":
        constants |= {"black": PerSite(black), "scale": PerSite(scale)}
    else:
        for name, low, factor in zip(PLANES[facts.state], black, scale, strict=True):
            constants |= {f"black_{name}": low, f"scale_{name}": factor}
    if has_deltas:
        constants |= {"rows": _deltas(rows, facts.rows), "cols": _deltas(cols, facts.cols)}
    plain, with_deltas = BODIES[facts.state]
    body = with_deltas if has_deltas else plain
    return Prepared(after, (point("black_level", body, facts, constants=constants),), notes=_notes(parameters, facts))


def _black(parameters: Parameters, facts: Facts) -> tuple[float, ...]:
    """The level of every site that the parameters ask for."""
    for name, is_asked in (("source: masked", parameters.source == "masked"), ("drift", parameters.drift)):
        if is_asked and parameters.black_counts is not None:
            raise StageError(f"black_level: black_counts and {name} exclude each other")
    if parameters.drift and (facts.masked_rows is None or len(facts.masked_rows) != facts.rows):
        raise StageError("black_level: drift needs covered pixels beside every row, which the file lacks")
    if parameters.black_counts is not None:
        return (parameters.black_counts,) * len(facts.black)
    if parameters.source == "file":
        return facts.black
    if facts.masked_black is None:
        raise StageError("black_level: source masked needs covered pixels, which the file lacks; use source: file")
    if len(facts.masked_black) != len(facts.black):
        raise StageError("black_level: covered pixels are of the mosaic as read; put it before quad_bayer")
    return facts.masked_black


def _deltas(values: Array | None, count: int) -> Array:
    """Counts per row or column as a body reads them."""
    return np.zeros(count, np.float32) if values is None else values.astype(np.float32)


def _notes(parameters: Parameters, facts: Facts) -> tuple[str, ...]:
    """What was taken from covered pixels."""
    notes = []
    if parameters.source == "masked" and facts.masked_black is not None:
        measured, told = (", ".join(f"{b:.1f}" for b in levels) for levels in (facts.masked_black, facts.black))
        notes.append(f"black of the covered pixels, {measured} counts; the file says {told}")
    if parameters.drift and facts.masked_rows is not None:
        notes.append(f"rows drift by {float(facts.masked_rows.std()):.2f} counts (standard deviation), taken off")
    return tuple(notes)


def _with_noise_between(facts: Facts, black: tuple[float, ...], white: tuple[float, ...]) -> Facts:
    """Facts whose noise is that of signal between other levels than the file's; unchanged where they are the file's."""
    if (black, white) == (facts.black, facts.white):
        return facts
    if facts.noise is None:
        return dataclasses.replace(facts, measured_noise=None)
    span = (facts.white[0] - facts.black[0]) / (white[0] - black[0])
    shift = (black[0] - facts.black[0]) / (facts.white[0] - facts.black[0])
    noise = tuple((scale * span, max(offset + scale * shift, 0.0) * span**2) for scale, offset in facts.noise)
    return dataclasses.replace(facts, noise=noise)


STAGE = Stage("black_level", Parameters, ("mosaic", "linear"), prepare)
