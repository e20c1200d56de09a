"""Files of a simulated exposure: DNG, packed RAW10 with its JSON sidecar, and the truth as a 16-bit TIFF."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tenbit.kernels._facts import Array, Cfa
from tenbit.pipeline.images.atomic import replaced
from tenbit.pipeline.sample.sensor import COLOR_MATRIX, SensorModel, neutral

MAKE, MODEL = "tenbit", "sample"
Writer = Callable[[BinaryIO], object]
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _SRATIONAL, _DOUBLE = 1, 2, 3, 4, 5, 10, 12
_D65 = 21
_EXPOSURE_S, _F_NUMBER, _FOCAL_MM = Fraction(1, 125), Fraction(2), Fraction(35)
# The same time in every file: a sample is the same bytes whenever it is made.
_TAKEN = "2026:01:01 12:00:00"


def write_together(files: Mapping[Path, Writer]) -> None:
    """Write several files so that all are complete or none is there: temporary names first, then renames.

    The first file is renamed last: where it is, the others are.

    Parameters
    ----------
    files : mapping
        Path to a function that writes the file's content into an open binary file.

    Raises
    ------
    WriteError
        If a file cannot be written; nothing incomplete is left behind, and the first file is as it was.
    """
    with ExitStack() as stack:
        for path, write in files.items():
            write(stack.enter_context(replaced(path)))


def pack_raw10(mosaic: Array, stride: int | None = None) -> bytes:
    """Rows of MIPI RAW10: four pixels in five bytes, the fifth holds their low bits, pixel 0 in its lowest two.

    Parameters
    ----------
    mosaic : array
        (rows, cols), counts, 0 … 1023; a row that is no multiple of four pixels is filled up with zeros.
    stride : int, optional
        Bytes from one row to the next; the shortest by default.

    Raises
    ------
    ValueError
        If the stride is shorter than a row.
    """
    rows, cols = mosaic.shape
    groups = -(-cols // 4)
    stride = groups * 5 if stride is None else stride
    if stride < groups * 5:
        raise ValueError(f"stride: {stride} bytes are fewer than the {groups * 5} of a row of {cols} pixels")
    padded = np.zeros((rows, groups * 4), np.uint16)
    padded[:, :cols] = mosaic
    four = padded.reshape(rows, groups, 4)
    packed = np.zeros((rows, stride), np.uint8)
    five = packed[:, : groups * 5].reshape(rows, groups, 5)
    five[..., :4] = four >> 2
    five[..., 4] = ((four & 3) << np.array([0, 2, 4, 6], np.uint16)).sum(axis=-1)
    packed[:, : groups * 5] = five.reshape(rows, groups * 5)
    return packed.tobytes()


def sidecar(shape: tuple[int, int], stride: int, sensor: SensorModel) -> bytes:
    """The JSON text that says how to read a RAW10 file."""
    facts = {
        "rows": shape[0],
        "cols": shape[1],
        "packing": "raw10",
        "stride": stride,
        "cfa": sensor.cfa,
        "black": sensor.black,
        "white": sensor.white,
        "neutral": [round(n, 6) for n in neutral()],
        "color_matrix": [list(row) for row in COLOR_MATRIX],
        "noise": [list(sensor.noise_profile)],
        "make": MAKE,
        "model": MODEL,
    }
    return (json.dumps(facts, indent=2) + "\n").encode()


def write_dng(file: BinaryIO, mosaic: Array, sensor: SensorModel) -> None:
    """Write an uncompressed DNG 1.4: bits packed most significant first, rows byte-aligned, one strip.

    Parameters
    ----------
    file : binary file
    mosaic : array
        (rows, cols), uint16, counts.
    sensor : SensorModel
        Says bits, levels, CFA and noise. A quad-Bayer pattern is written as CFARepeatPatternDim 4 by 4.
    """
    import tifffile

    tifffile.imwrite(
        file,
        mosaic.astype(np.uint8) if sensor.bits == 8 else mosaic,
        byteorder="<",
        photometric=32803,
        bitspersample=sensor.bits,
        rowsperstrip=mosaic.shape[0],
        subfiletype=0,
        metadata=None,
        software=_software(),
        datetime=_TAKEN,
        resolution=(72, 72),
        resolutionunit=2,
        extratags=_dng_tags(mosaic.shape[0], mosaic.shape[1], sensor),
    )


def write_truth(file: BinaryIO, truth: Array, record: Mapping[str, Any]) -> None:
    """Write (rows, cols, 3) uint16 linear sRGB as a TIFF; ``record`` becomes its ImageDescription, as JSON."""
    import tifffile

    tifffile.imwrite(
        file,
        truth,
        byteorder="<",
        photometric="rgb",
        metadata=None,
        software=_software(),
        description=json.dumps(record),
        rowsperstrip=truth.shape[0],
    )


def _software() -> str:
    from tenbit import __version__

    return f"tenbit {__version__}"


def _ratios(values: Sequence[float | Fraction], denominator: int) -> tuple[int, ...]:
    return tuple(chain.from_iterable((round(v * denominator), denominator) for v in values))


def _dng_tags(rows: int, cols: int, sensor: SensorModel) -> list[tuple[int, int, int, Any, bool]]:
    """Tags of DNG 1.4, chapter 4, and of TIFF/EP (exposure in the first IFD), as tifffile takes them."""
    cfa = Cfa(sensor.cfa)
    matrix = [number for row in COLOR_MATRIX for number in row]
    tags: list[tuple[int, int, int, Any]] = [
        (271, _ASCII, 0, MAKE),
        (272, _ASCII, 0, MODEL),
        (274, _SHORT, 1, 1),  # Orientation
        (33421, _SHORT, 2, (cfa.period, cfa.period)),  # CFARepeatPatternDim
        (33422, _BYTE, cfa.period**2, bytes(cfa.sites)),  # CFAPattern
        (33434, _RATIONAL, 1, _EXPOSURE_S.as_integer_ratio()),  # ExposureTime
        (33437, _RATIONAL, 1, _F_NUMBER.as_integer_ratio()),  # FNumber
        (34855, _SHORT, 1, min(round(sensor.iso), 65535)),  # ISOSpeedRatings
        (36867, _ASCII, 0, _TAKEN),  # DateTimeOriginal
        (37386, _RATIONAL, 1, _FOCAL_MM.as_integer_ratio()),  # FocalLength
        (50706, _BYTE, 4, bytes((1, 4, 0, 0))),  # DNGVersion
        (50707, _BYTE, 4, bytes((1, 1, 0, 0))),  # DNGBackwardVersion
        (50708, _ASCII, 0, f"{MAKE} {MODEL}"),  # UniqueCameraModel
        (50710, _BYTE, 3, bytes((0, 1, 2))),  # CFAPlaneColor
        (50711, _SHORT, 1, 1),  # CFALayout
        (50713, _SHORT, 2, (1, 1)),  # BlackLevelRepeatDim
        (50714, _LONG, 1, sensor.black),
        (50717, _LONG, 1, sensor.white),
        (50719, _LONG, 2, (0, 0)),  # DefaultCropOrigin
        (50720, _LONG, 2, (cols, rows)),  # DefaultCropSize
        (50721, _SRATIONAL, 9, _ratios(matrix, 10_000)),  # ColorMatrix1
        (50728, _RATIONAL, 3, _ratios(neutral(), 1_000_000)),  # AsShotNeutral
        (50730, _SRATIONAL, 1, (0, 1)),  # BaselineExposure
        (50778, _SHORT, 1, _D65),  # CalibrationIlluminant1
        (50829, _LONG, 4, (0, 0, rows, cols)),  # ActiveArea
        (51041, _DOUBLE, 2, sensor.noise_profile),
    ]
    return [(*tag, True) for tag in tags]
