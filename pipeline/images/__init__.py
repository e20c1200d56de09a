"""Writers: a finished picture to a JPEG, PNG or TIFF, a mosaic to a DNG, with what is known of it inside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._spaces import SPACES
from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.frame import Exif
from tenbit.pipeline.images.atomic import replaced
from tenbit.pipeline.images.dng import write_dng
from tenbit.pipeline.images.exif import exif_tags
from tenbit.pipeline.images.icc import icc_profile
from tenbit.pipeline.images.jpeg import write_jpeg
from tenbit.pipeline.images.options import (
    COMPRESSIONS,
    FORMATS,
    SUBSAMPLINGS,
    check_options,
    default_bits,
    format_of,
)
from tenbit.pipeline.images.png import write_png
from tenbit.pipeline.images.tiff import write_tiff
from tenbit.pipeline.images.xmp import read_record, xmp_packet

__all__ = [
    "COMPRESSIONS",
    "FORMATS",
    "SPACES",
    "SUBSAMPLINGS",
    "check_options",
    "default_bits",
    "format_of",
    "icc_profile",
    "read_record",
    "replaced",
    "write",
]

_DTYPES: dict[int, np.dtype[Any]] = {8: np.dtype(np.uint8), 16: np.dtype(np.uint16), 32: np.dtype(np.float32)}
_BAND_ROWS = 64  # rows quantised at a time: the float32 scratch then stays in the cache


def write(
    path: Path,
    samples: Array,
    *,
    space: str,
    state: str,
    format: str | None = None,  # noqa: A002 - the chain file's word
    bits: int | None = None,
    quality: int = 92,
    subsampling: str = "4:2:0",
    compression: str = "deflate",
    exif: Exif = Exif(),  # noqa: B008 - frozen
    orientation: int = 1,
    record: Mapping[str, Any] | None = None,
    facts: Facts | None = None,
) -> None:
    """Write a picture; the file is complete or absent.

    Parameters
    ----------
    path : Path
        Its suffix names the format; a file of that name is replaced, folders that are missing are made.
    samples : array
        (rows, cols, 3), or one plane of (rows, cols), as grey in PNG and TIFF. A DNG takes one plane as
        `tenbit.pipeline.images.dng.write_dng` says; in the others uint8 and uint16 are written as they
        are. float32 is 0 to 1: clipped, multiplied by the largest code value and rounded half up, NaN becoming 0;
        with 32 bits (TIFF) it is written as it is.
    space : str
        One of `SPACES`. Its ICC profile goes into the file, unless it is ``camera`` or there is one plane only.
    state : str
        The frame's: ``linear`` samples get the profile of the space's primaries without its curve.
    format : str, optional
        A key of `FORMATS`; by default the suffix decides.
    bits : int, optional
        Per sample; by default those of the samples' dtype, for float32 the format's `default_bits`.
    quality : int
        JPEG, 1 to 100.
    subsampling : str
        JPEG chroma: ``4:2:0``, ``4:2:2`` or ``4:4:4``.
    compression : str
        TIFF: ``deflate``, ``zstd`` or ``none``.
    exif : Exif
    orientation : int
        EXIF orientation that a viewer still has to apply; 1 after the ``orient`` stage.
    record : mapping, optional
        How the picture was made, for `read_record`: JSON types.
    facts : Facts, optional
        Of the frame: a DNG needs them for its levels, pattern and colours.

    Raises
    ------
    WriteError
        For options that do not fit each other or the samples, and when the file cannot be written.
    """
    path = Path(path)
    found = format_of(path, format)
    if bits is None:
        bits = next((b for b, dtype in _DTYPES.items() if samples.dtype == dtype and b < 32), default_bits(found))
    faults = check_options(
        format=found,
        bits=bits,
        quality=quality,
        subsampling=subsampling,
        compression=compression,
        space=space,
        state=state,
    )
    if not faults:
        faults = _misfits(samples, found, bits, facts)
    if faults:
        raise WriteError(f"{path}: " + "; ".join(f"{option}: {text}" for option, text in faults))
    rows, cols = samples.shape[:2]
    parts: dict[str, Any] = {
        "tags": exif_tags(exif, space=space, rows=rows, cols=cols, orientation=orientation),
        "icc": icc_profile(space, state) if samples.ndim == 3 else None,
        "xmp": None if record is None else xmp_packet(record),
    }
    is_ready = found == "dng" or samples.dtype == _DTYPES[bits]
    stored = samples if is_ready else _quantised(samples, _DTYPES[bits])
    try:
        with replaced(path) as handle:
            if facts is not None and found == "dng":
                write_dng(handle, stored, facts, tags=parts["tags"], xmp=parts["xmp"])
            elif found == "jpeg":
                write_jpeg(handle, stored, quality=quality, subsampling=subsampling, **parts)
            elif found == "png":
                write_png(handle, stored, **parts)
            else:
                write_tiff(handle, stored, compression=compression, **parts)
    except (RuntimeError, ValueError) as error:  # what imagecodecs and tifffile raise
        raise WriteError(f"{path}: the {found} encoder failed: {error}") from error


def _misfits(samples: Array, format: str, bits: int, facts: Facts | None) -> list[tuple[str, str]]:  # noqa: A002
    """What of the samples themselves does not fit."""
    shape, dtype = samples.shape, samples.dtype
    if 0 in shape or not (samples.ndim == 2 or (samples.ndim == 3 and shape[2] == 3)):
        return [("samples", f"shape {shape} is not (rows, cols, 3) or (rows, cols), at least one pixel")]
    if format == "dng":
        if facts is None or facts.state != "mosaic" or samples.shape != (facts.rows, facts.cols):
            return [("samples", f"a dng holds a mosaic with its facts, not samples of shape {shape} alone")]
        return []
    if samples.ndim == 2 and format == "jpeg":
        return [("samples", "one plane cannot be written as jpeg, allowed: png, tiff")]
    if dtype not in _DTYPES.values():
        return [("samples", f"{dtype} is not one of uint8, uint16, float32")]
    if dtype != np.float32 and dtype != _DTYPES[bits]:
        return [("bits", f"{bits} does not fit samples that are {dtype} already")]
    return []


def _quantised(samples: Array, dtype: np.dtype[Any]) -> Array:
    """Float samples of 0 … 1 as code values, rounded half up."""
    largest = np.float32(np.iinfo(dtype).max)
    stored = np.empty(samples.shape, dtype)
    scratch = np.empty((min(_BAND_ROWS, len(samples)), *samples.shape[1:]), np.float32)
    for top in range(0, len(samples), _BAND_ROWS):
        band = samples[top : top + _BAND_ROWS]
        codes = scratch[: len(band)]
        np.fmax(band, np.float32(0), out=codes)  # fmax: NaN gives 0, where maximum gives NaN
        np.fmin(codes, np.float32(1), out=codes)
        codes *= largest
        codes += np.float32(0.5)
        np.copyto(stored[top : top + _BAND_ROWS], codes, casting="unsafe")
    return stored
