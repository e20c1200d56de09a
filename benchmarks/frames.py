"""What the benchmark develops: simulated exposures with noise, and the numbers that the peers need to develop them."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import ours
from numpy.typing import NDArray

import tenbit
from tenbit.kernels._camera import camera_to_space, gains_of
from tenbit.kernels._facts import Facts
from tenbit.kernels._spaces import encode
from tenbit.kernels.tone import Parameters, code_constants, film_constants
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.sample import make

ROWS, COLS = 3072, 4096


@dataclass(frozen=True)
class Exposure:
    """One exposure, packed and not.

    Parameters
    ----------
    packed : array
        (rows, 5 cols / 4) uint8, RAW10.
    frame : Frame
        The same samples as uint16, (rows, cols).
    """

    packed: NDArray[np.uint8]
    frame: Frame

    @property
    def megapixels(self) -> float:
        return self.frame.samples.size / 1e6

    def repeated(self, times: int) -> Exposure:
        """The exposure beside and below itself, ``times`` in each direction."""
        samples = np.tile(self.frame.samples, (times, times))
        rows, cols = samples.shape
        facts = dataclasses.replace(
            self.frame.facts, rows=rows, cols=cols, optical_centre=((rows - 1) / 2, (cols - 1) / 2)
        )
        return Exposure(np.tile(self.packed, (times, times)), Frame(samples, facts))


def exposure(rows: int | None = None, cols: int | None = None) -> Exposure:
    """A simulated RGGB exposure, 10 bits, with the noise of ISO 100; by default of ROWS and COLS as they are now."""
    return _exposure(rows or ROWS, cols or COLS)


@cache
def _exposure(rows: int, cols: int) -> Exposure:
    with tempfile.TemporaryDirectory() as folder:
        path = make(Path(folder) / "a.raw10", rows=rows, cols=cols, truth=False)[0]
        packed = np.fromfile(path, np.uint8).reshape(rows, -1)
        return Exposure(packed, tenbit.read(path))


def full_scale(frame: Frame) -> Frame:
    """A mosaic of 10 bits stretched over 16, whose facts say so: black at 0, white at 65535."""
    levels = {"black": (0.0,) * len(frame.facts.black), "white": (65535.0,) * len(frame.facts.white)}
    return Frame(frame.samples << 6 | frame.samples >> 4, dataclasses.replace(frame.facts, **levels))


@cache
def linear(rows: int | None = None, cols: int | None = None) -> Frame:
    """The exposure as scene-linear RGB, (rows, cols, 3) uint16, white at 65535."""
    chain = ["black_level", "white_balance", {"demosaic": {"method": "malvar"}}]
    done = ours.developed(exposure(rows, cols).frame, chain, bits=16)
    return Frame(done.samples, dataclasses.replace(done.facts, white=(65535.0,) * 3))


@cache
def display(rows: int | None = None, cols: int | None = None) -> Frame:
    """The exposure as a picture, (rows, cols, 3) uint8 sRGB."""
    return ours.developed(exposure(rows, cols).frame, ours.fast_chain("filmic"), bits=8)


@dataclass(frozen=True)
class Numbers:
    """What the fast chain does to an exposure, as numbers.

    Parameters
    ----------
    black, white : float
        Counts.
    gains : tuple of float
        Red, green, blue.
    matrix : array
        (3, 3), balanced camera to linear sRGB.
    codes : array
        (65536,) uint8: sRGB's code value for each sixteenth bit of linear light.
    code : mapping
        The same curve in arithmetic: see `tenbit.kernels.tone.code_constants`.
    film : mapping
        The filmic curve: see `tenbit.kernels.tone.film_constants`.
    """

    black: float
    white: float
    gains: tuple[float, float, float]
    matrix: NDArray[np.float64]
    codes: NDArray[np.uint8]
    code: Mapping[str, float]
    film: Mapping[str, float]


def numbers_of(facts: Facts) -> Numbers:
    """The numbers of an exposure from `exposure`."""
    assert facts.neutral is not None
    gains = gains_of(facts.neutral)
    neutral = (1 / gains[0], 1 / gains[1], 1 / gains[2])
    matrix = camera_to_space(facts.colour, neutral, "srgb") @ np.diag(neutral)
    codes = np.floor(encode("srgb", np.arange(65536) / 65535) * 255 + 0.5).astype(np.uint8)
    curve = Parameters()
    film = film_constants(contrast=curve.contrast, white_ev=curve.white_ev)
    return Numbers(facts.black[0], facts.white[0], gains, matrix, codes, dict(code_constants("srgb")), film)


def agreement(reference: NDArray[np.generic], picture: NDArray[np.generic], *, least_db: float, border: int = 8) -> str:
    """How near a picture is to another away from their borders, as text.

    Raises
    ------
    ValueError
        If they are less alike than ``least_db``: what makes the picture computes something else, and is not timed.
    """
    inside = np.s_[border:-border, border:-border]
    peak = float(np.iinfo(reference.dtype).max)
    error = np.abs(reference[inside].astype(np.float32) - picture[inside])
    mean_square = float(np.mean(np.square(error), dtype=np.float64))
    psnr_db = float("inf") if mean_square == 0 else 10 * float(np.log10(peak**2 / mean_square))
    text = f"PSNR {psnr_db:.1f} dB, at most {error.max():.0f} of {peak:.0f}"
    if psnr_db < least_db:
        raise ValueError(f"not the same picture: {text}; at least {least_db:g} dB were expected")
    return text
