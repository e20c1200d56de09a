"""Resize: the picture with more or fewer pixels."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._facts import Array, Facts, scaled_from
from tenbit.kernels._stage import PLANES, Access, Prepared, Stage, Step, param
from tenbit.kernels.errors import StageError

# A side longer than this is a slip of the pen, not a picture.
LONGEST_PX = 100_000


@dataclass(frozen=True)
class Parameters:
    """Change the number of pixels by a separable filter that widens when it shrinks, so that nothing aliases.

    Before tone the filter mixes light, as a lens does, and edges keep their brightness; behind it the filter mixes
    encoded values, as most programs do.
    """

    long_edge_px: int | None = param(None, "Length of the longer side.", unit="px", low=1, high=LONGEST_PX)
    rows: int | None = param(None, "Height; alone it keeps the aspect ratio.", unit="px", low=1, high=LONGEST_PX)
    cols: int | None = param(None, "Width; alone it keeps the aspect ratio.", unit="px", low=1, high=LONGEST_PX)
    scale: float | None = param(None, "Factor for both sides.", low=0.001, high=100.0)
    filter: Literal["lanczos", "bicubic", "bilinear", "box"] = param(
        "lanczos", "lanczos (3 lobes): sharpest; bicubic: Catmull-Rom; bilinear: a tent; box: the mean of the area."
    )


def _lanczos(x: Array) -> Array:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


def _bicubic(x: Array) -> Array:
    """Keys 1981, a = −0.5."""
    x = np.abs(x)
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _bilinear(x: Array) -> Array:
    return np.asarray(np.clip(1 - np.abs(x), 0, None))


def _box(x: Array) -> Array:
    return np.where((x > -0.5) & (x <= 0.5), 1.0, 0.0)


# Each filter and its reach in output pixels when shrinking, in input pixels when enlarging.
FILTERS: dict[str, tuple[Callable[[Array], Array], float]] = {
    "lanczos": (_lanczos, 3.0),
    "bicubic": (_bicubic, 2.0),
    "bilinear": (_bilinear, 1.0),
    "box": (_box, 0.5),
}


def down_column(plane, row, col, k):
    """Weighted sum of the rows that one output row covers."""
    total = f32(0)
    for n in range(k.taps):
        total += k.weights[row, n] * f32(plane[k.first[row] + n, col])
    return total


def along_row(plane, row, col, k):
    """Weighted sum of the columns that one output column covers."""
    total = f32(0)
    for n in range(k.taps):
        total += k.weights[col, n] * f32(plane[row, k.first[col] + n])
    return total


def table(count: int, wanted: int, name: str) -> tuple[Array, Array]:
    """Which input pixels make each output pixel, and how much of each.

    Parameters
    ----------
    count, wanted : int
        Pixels along one side, before and after.
    name : str
        One of ``FILTERS``.

    Returns
    -------
    first : array
        (wanted,), int32: the first input pixel of each output pixel.
    weights : array
        (wanted, taps), float32; a row's sum is 1. At the border the part of the filter inside the frame is used.
    """
    shape, reach = FILTERS[name]
    ratio = count / wanted
    width = max(ratio, 1.0)
    centre = (np.arange(wanted) + 0.5) * ratio
    low = np.clip(np.floor(centre - reach * width + 0.5).astype(int), 0, count - 1)
    high = np.clip(np.floor(centre + reach * width + 0.5).astype(int), low + 1, count)
    taps = int((high - low).max())
    first = np.minimum(low, count - taps)
    place = first[:, None] + np.arange(taps)
    weights = shape((place + 0.5 - centre[:, None]) / width)
    return first.astype(np.int32), (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def size(parameters: Parameters, facts: Facts) -> tuple[int, int]:
    """(rows, cols) asked for; those of the frame when nothing is.

    Raises
    ------
    StageError
        If two parameters ask for different things, or a side would be longer than 100 000 px.
    """
    p = parameters
    ways = [n for n, given in (("long_edge_px", p.long_edge_px), ("scale", p.scale)) if given is not None]
    if p.rows is not None or p.cols is not None:
        ways.append("rows, cols")
    if len(ways) > 1:
        raise StageError(f"resize: {' and '.join(ways)} ask for different sizes; give one")
    rows, cols = facts.rows, facts.cols
    if p.rows is not None and p.cols is not None:
        return p.rows, p.cols
    if p.long_edge_px is not None:
        factor = p.long_edge_px / max(rows, cols)
    elif p.rows is not None:
        factor = p.rows / rows
    elif p.cols is not None:
        factor = p.cols / cols
    else:
        factor = 1.0 if p.scale is None else p.scale
    wanted = max(round(rows * factor), 1), max(round(cols * factor), 1)
    if max(wanted) > LONGEST_PX:
        raise StageError(f"resize: {wanted[0]} x {wanted[1]} is more than {LONGEST_PX} px along a side")
    return wanted


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """One step per side that changes, and the facts of the frame of the new size.

    Raises
    ------
    StageError
        As `size`.
    """
    rows, cols = size(parameters, facts)
    planes = PLANES[facts.state]
    steps: list[Step] = []
    noise_left = 1.0
    for name, body, before, wanted, shape in (
        ("resize.rows", down_column, facts.rows, rows, (rows, facts.cols)),
        ("resize.cols", along_row, facts.cols, cols, (rows, cols)),
    ):
        if before == wanted:
            continue
        first, weights = table(before, wanted, parameters.filter)
        noise_left *= float(np.square(weights).sum(axis=1).mean())
        constants = {"first": first, "weights": weights, "taps": weights.shape[1]}
        steps.append(Step(name, Access.GATHER, body, planes, planes, constants=constants, shape=shape))
    by_row, by_col = rows / facts.rows, cols / facts.cols
    # Whole pixels alone stretch the picture by less than this.
    is_stretched = abs(rows - by_col * facts.rows) > 1 and abs(cols - by_row * facts.cols) > 1
    after = dataclasses.replace(
        facts,
        rows=rows,
        cols=cols,
        crop=None if facts.crop is None else _scaled(facts.crop, by_row, by_col),
        noise=None if facts.noise is None else tuple((s * noise_left, o * noise_left) for s, o in facts.noise),
        measured_noise=None,
        # Pixel (0, 0) reaches half a pixel to either side of its centre.
        optical_centre=((facts.optical_centre[0] + 0.5) * by_row - 0.5, (facts.optical_centre[1] + 0.5) * by_col - 0.5),
        pixel_mm=None if facts.pixel_mm is None or is_stretched else facts.pixel_mm / max(by_row, by_col),
        moved_by=(*facts.moved_by, "resize") if is_stretched else facts.moved_by,
        moves=(*facts.moves, scaled_from(by_row, by_col)),
    )
    return Prepared(after, tuple(steps)) if steps else Prepared(facts)


def _scaled(crop: tuple[int, int, int, int], by_row: float, by_col: float) -> tuple[int, int, int, int]:
    """A rectangle of at least one pixel in the resized frame."""
    top, left = int(crop[0] * by_row), int(crop[1] * by_col)
    bottom, right = round((crop[0] + crop[2]) * by_row), round((crop[1] + crop[3]) * by_col)
    return top, left, max(bottom - top, 1), max(right - left, 1)


STAGE = Stage("resize", Parameters, ("linear", "display"), prepare)
