"""DNG: a mosaic as it is, with what other programs need to develop it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from tenbit.kernels._facts import Array, Facts, Matrix, Triple
from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.images.exif import EXIF_DIRECTORY, ExifTags, Tag, long, pack_directory, raw, short
from tenbit.pipeline.images.tiff import BYTES_MAX

# Where 0 is put of samples that run from 0 at black to 1 at white: noise below black is kept, down to -0.067.
PEDESTAL, WHITE = 4096, 65535
# XYZ (D65) to linear sRGB, for a camera that says nothing of its colours: DNG wants a matrix.
_UNKNOWN: Matrix = ((3.2405, -1.5371, -0.4985), (-0.9693, 1.8760, 0.0416), (0.0556, -0.2040, 1.0572))
_D65 = 21
_FIRST = 8  # bytes of the header


def write_dng(handle: BinaryIO, samples: Array, facts: Facts, *, tags: ExifTags, xmp: bytes | None) -> None:
    """Write an uncompressed DNG 1.4 of 16 bits, or 8 for samples of 8, in one strip.

    Parameters
    ----------
    handle : BinaryIO
        Open for writing, at 0.
    samples : array
        (rows, cols). uint8 and uint16 are stored as they are, floats as counts rounded half up and cut off at 0 and
        65535. Samples that run from 0 at black to 1 at white are stored from `PEDESTAL` to `WHITE`.
    facts : Facts
        Of the mosaic, Bayer or quad-Bayer. What white balance has done to the samples goes into AnalogBalance, so that
        the colour matrices stay true; opcodes that are not applied are left out.
    tags : ExifTags
    xmp : bytes or None

    Raises
    ------
    WriteError
        If the samples do not fit the 4 GiB of a classic TIFF.

    Notes
    -----
    Adobe, Digital Negative Specification 1.4.0.0, chapters 3, 4 and 6.
    """
    is_signal = facts.is_signal and samples.dtype == np.float32
    stored = samples if samples.dtype.kind == "u" else _counts(samples, is_signal=is_signal)
    if stored.nbytes > BYTES_MAX:
        raise WriteError(f"dng holds 4 GiB at most, and this mosaic has {stored.nbytes / 2**30:.1f} GiB of samples")
    rows, cols = stored.shape
    handle.write(struct.pack("<2sHI", b"II", 42, _FIRST + stored.nbytes + stored.nbytes % 2))
    handle.write(np.ascontiguousarray(stored, stored.dtype.newbyteorder("<")).data)
    handle.write(bytes(stored.nbytes % 2))
    exif_at = _FIRST + stored.nbytes + stored.nbytes % 2
    # The main directory comes first: its own size does not depend on what it points to.
    main = [
        long(254, 0),  # NewSubfileType
        long(256, cols),
        long(257, rows),
        short(258, 8 * stored.itemsize),  # BitsPerSample
        short(259, 1),  # Compression: none
        short(262, 32803),  # PhotometricInterpretation: CFA
        long(273, _FIRST),  # StripOffsets
        short(277, 1),  # SamplesPerPixel
        long(278, rows),  # RowsPerStrip
        long(279, stored.nbytes),  # StripByteCounts
        short(284, 1),  # PlanarConfiguration
        *tags.main,
        *_levels(facts, is_signal=is_signal),
        *_picture(facts),
        *_colour(facts),
        *([raw(700, xmp, type=1)] if xmp is not None else []),
    ]
    exif_at += len(pack_directory((*main, long(EXIF_DIRECTORY, 0)), exif_at))
    main_at = _FIRST + stored.nbytes + stored.nbytes % 2
    handle.write(pack_directory((*main, long(EXIF_DIRECTORY, exif_at)), main_at))
    handle.write(pack_directory(tags.exif, exif_at))


def _counts(samples: Array, *, is_signal: bool) -> Array:
    """Floats as whole numbers; NaN becomes 0."""
    scaled = samples * np.float32(WHITE - PEDESTAL) + np.float32(PEDESTAL) if is_signal else samples
    return np.asarray(np.fmin(np.fmax(scaled, 0), WHITE) + np.float32(0.5), np.float32).astype(np.uint16)


def _levels(facts: Facts, *, is_signal: bool) -> list[Tag]:
    """Black and white of what is stored, and its noise."""
    assert facts.cfa is not None
    period = facts.cfa.period
    black = [float(PEDESTAL)] * period**2 if is_signal else facts.black
    white = WHITE if is_signal else round(min(facts.white))
    tags = [
        _shorts(50713, (period, period)),  # BlackLevelRepeatDim
        _rationals(50714, black),  # BlackLevel
        long(50717, white),  # WhiteLevel
    ]
    if facts.black_cols is not None:
        tags += [_rationals(50715, facts.black_cols.tolist(), is_signed=True)]  # BlackLevelDeltaH
    if facts.black_rows is not None:
        tags += [_rationals(50716, facts.black_rows.tolist(), is_signed=True)]  # BlackLevelDeltaV
    if facts.noise is not None:
        numbers = [number for pair in facts.noise for number in pair]
        tags += [Tag(51041, 12, len(numbers), struct.pack(f"<{len(numbers)}d", *numbers))]  # NoiseProfile
    return tags


def _picture(facts: Facts) -> list[Tag]:
    """The pattern of the mosaic and the part of it that is the picture."""
    assert facts.cfa is not None
    period = facts.cfa.period
    top, left, rows, cols = facts.crop or (0, 0, facts.rows, facts.cols)
    return [
        _shorts(33421, (period, period)),  # CFARepeatPatternDim
        raw(33422, bytes(facts.cfa.sites), type=1),  # CFAPattern
        raw(50706, bytes((1, 4, 0, 0)), type=1),  # DNGVersion
        raw(50707, bytes((1, 1, 0, 0)), type=1),  # DNGBackwardVersion
        raw(50710, bytes((0, 1, 2)), type=1),  # CFAPlaneColor
        short(50711, 1),  # CFALayout
        _longs(50719, (left, top)),  # DefaultCropOrigin
        _longs(50720, (cols, rows)),  # DefaultCropSize
        _longs(50829, (0, 0, facts.rows, facts.cols)),  # ActiveArea
    ]


def _colour(facts: Facts) -> list[Tag]:
    """How the camera sees colour, and white."""
    colour = facts.colour
    matrix1, illuminant1 = colour.color_matrix1, colour.illuminant1
    if matrix1 is None and colour.color_matrix2 is None:
        matrix1, illuminant1 = _UNKNOWN, _D65
    matrices = {
        50721: matrix1,
        50722: colour.color_matrix2,
        50723: colour.camera_calibration1,
        50724: colour.camera_calibration2,
        50964: colour.forward_matrix1,
        50965: colour.forward_matrix2,
    }
    tags = [_rationals(code, np.ravel(matrix), is_signed=True) for code, matrix in matrices.items() if matrix]
    tags += [short(50778, illuminant1)] if matrix1 else []
    tags += [short(50779, colour.illuminant2)] if colour.color_matrix2 else []
    gains = facts.gains if facts.is_balanced and facts.gains is not None else (1.0, 1.0, 1.0)
    balance = [before * gain for before, gain in zip(colour.analog_balance, gains, strict=True)]
    neutral: Triple | None = (1.0, 1.0, 1.0) if facts.is_balanced else facts.neutral
    tags += [_rationals(50727, balance)]  # AnalogBalance
    tags += [_rationals(50728, neutral)] if neutral else []  # AsShotNeutral
    return [*tags, _rationals(50730, [facts.baseline_exposure_ev], is_signed=True)]  # BaselineExposure


def _shorts(code: int, values: Sequence[int]) -> Tag:
    return Tag(code, 3, len(values), struct.pack(f"<{len(values)}H", *values))


def _longs(code: int, values: Sequence[int]) -> Tag:
    return Tag(code, 4, len(values), struct.pack(f"<{len(values)}I", *values))


def _rationals(code: int, values: Iterable[float], *, is_signed: bool = False) -> Tag:
    """Numbers as fractions, to a millionth where both parts fit; unsigned ones at least 0."""
    ratios = []
    for value in values:
        number = float(value) if is_signed else max(float(value), 0.0)
        largest = max(1, min(1_000_000, int((2**31 - 1) / max(abs(number), 1.0))))
        ratios.append(Fraction(number).limit_denominator(largest).as_integer_ratio())
    numbers = [number for ratio in ratios for number in ratio]
    return Tag(
        code, 10 if is_signed else 5, len(ratios), struct.pack(f"<{len(numbers)}{'i' if is_signed else 'I'}", *numbers)
    )
