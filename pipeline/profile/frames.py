"""Frames to measure with: the simulator's scene at any size and depth, with its truth where that is wanted."""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.profile.simulated import simulated
from tenbit.pipeline.raw import read

_NAMED = {"12mp": (3072, 4096), "24mp": (4000, 6000), "50mp": (6144, 8192), "200mp": (12288, 16384)}
# Above this a frame is this one beside and below itself: the scene is slow to simulate, and its content the same.
_SIMULATED = _NAMED["12mp"]
_WHOLE = 8  # rows and columns are multiples of it: whole CFA periods and packed groups
_LEAST, _MOST = 64, 65535
_ALLOWED = "12mp, 24mp, 50mp, any number of megapixels (0.5mp), or rows x columns (1080x1440)"


@dataclass(frozen=True)
class Sample:
    """A simulated frame.

    Parameters
    ----------
    name : str
        As it was asked for.
    frame : Frame
        (rows, cols), uint16, or bytes of packed rows.
    truth : array or None
        (rows, cols, 3) float32, linear sRGB, 1 is diffuse white.
    """

    name: str
    frame: Frame
    truth: Array | None = None


def size_of(name: str) -> tuple[int, int]:
    """(rows, cols) of a sample: ``12mp``, ``0.5mp``, ``1080x1440``.

    Raises
    ------
    RequestError
        If it is none of these, or too small or too large.
    """
    text = name.strip().lower()
    if text in _NAMED:
        return _NAMED[text]
    if sides := re.fullmatch(r"(\d{1,6})x(\d{1,6})", text):
        rows, cols = int(sides[1]), int(sides[2])
    elif number := re.fullmatch(r"(\d{1,4}(?:\.\d+)?)mp", text):
        high = math.sqrt(float(number[1]) * 1e6 * 3 / 4)
        rows, cols = (round(side / _WHOLE) * _WHOLE for side in (high, high * 4 / 3))
    else:
        raise RequestError(f"sample {name!r}: no such size; allowed: {_ALLOWED}")
    if min(rows, cols) < _LEAST or max(rows, cols) > _MOST or rows % _WHOLE or cols % _WHOLE:
        raise RequestError(
            f"sample {name!r}: {rows} x {cols}; both sides are multiples of {_WHOLE} from {_LEAST} to {_MOST}"
        )
    return rows, cols


def sample(
    name: str = "12mp",
    *,
    cfa: str = "RGGB",
    bits: int = 10,
    is_packed: bool = False,
    iso: float = 100.0,
    seed: int = 1,
    has_truth: bool = False,
) -> Sample:
    """A simulated frame, the same whenever it is asked for again.

    Parameters
    ----------
    name : str
        Its size, see `size_of`.
    cfa, bits, iso, seed
        See `tenbit.pipeline.sample.make`.
    is_packed : bool
        As RAW10, of 10 bits, instead of uint16.
    has_truth : bool
        Whether the truth comes too.

    Raises
    ------
    RequestError
        If there is no such frame.
    """
    rows, cols = size_of(name)
    if is_packed and bits != 10:
        raise RequestError(f"sample {name!r}: RAW10 holds 10 bits, not {bits}")
    high, wide = min(rows, _SIMULATED[0]), min(cols, _SIMULATED[1])
    asked = {"rows": high, "cols": wide, "seed": seed, "cfa": cfa, "bits": bits, "black": max(1, 2**bits // 16)}
    truth = None
    try:
        with simulated("a.raw10" if is_packed else "a.dng", **asked, iso=iso, truth=has_truth) as made:
            frame = read(made[0], keep_packed=is_packed)
            samples = np.array(frame.samples)
            if has_truth:
                import tifffile

                truth = tifffile.imread(made[-1]).astype(np.float32) / np.float32(65535)
    except ValueError as error:
        raise RequestError(f"sample {name!r}: {error}") from None
    facts = dataclasses.replace(
        frame.facts, rows=rows, cols=cols, optical_centre=((rows - 1) / 2, (cols - 1) / 2), crop=None
    )
    bytes_wide = cols * 5 // 4 if frame.packing else cols
    samples = _repeated(samples, rows, bytes_wide)
    if truth is not None:
        truth = _repeated(truth, rows, cols)
    plain = Frame(samples, facts, packing=frame.packing, exif=frame.exif)
    return Sample(name, plain, truth)


def _repeated(array: Array, rows: int, cols: int) -> Array:
    """An array beside and below itself, cut to a size; itself where it has that size."""
    if array.shape[:2] == (rows, cols):
        return array
    times = (-(-rows // array.shape[0]), -(-cols // array.shape[1]), *(1 for _ in array.shape[2:]))
    return np.ascontiguousarray(np.tile(array, times)[:rows, :cols])
