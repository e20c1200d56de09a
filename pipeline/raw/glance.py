"""What a raw file says of how it was taken, at a glance: directories alone, nothing decoded."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.frame import Exif
from tenbit.pipeline.raw import ciff
from tenbit.pipeline.raw.dng_tags import read_exif
from tenbit.pipeline.raw.tiff import Tiff

_FUJI, _FUJI_PREVIEW_AT = b"FUJIFILMCCD-RAW ", 84
_CANON = b"ftypcrx "
_MOST_EXIF = 1 << 16  # a JPEG's segment; what stands before the pictures of a CR3
_MOST_CIFF = 64 << 20


def glance(path: Path) -> Exif:
    """EXIF of a DNG, a maker's TIFF, a CR3, CRW or RAF; an empty one of a file that says nothing or is broken.

    Parameters
    ----------
    path : Path

    Notes
    -----
    0.15 ms for a DNG, 2 to 5 ms for a CRW (files in the cache, median of 38 of many makers).
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_FUJI_PREVIEW_AT + 8)
            if head[6:14] == ciff.SIGNATURE:
                return ciff.read_ciff_exif(head + stream.read(_MOST_CIFF))
            if head.startswith(_FUJI):
                return _of_jpeg(stream, *struct.unpack_from(">II", head, _FUJI_PREVIEW_AT))
            if head[4:12] == _CANON:
                return _of_boxes(head + stream.read(_MOST_EXIF))
            return read_exif(Tiff(stream))
    except (OSError, ReadError, ValueError, struct.error, MemoryError):
        return Exif()


def _of_boxes(data: bytes) -> Exif:
    """EXIF of a CR3: in boxes CMT1 and CMT2 lie what IFD0 and the EXIF directory are elsewhere, a TIFF each."""
    found = []
    for name in (b"CMT1", b"CMT2"):
        if (at := data.find(name)) >= 4:
            (size,) = struct.unpack_from(">I", data, at - 4)
            found.append(read_exif(Tiff(io.BytesIO(data[at + 4 : at - 4 + size]))))
    if not found:
        return Exif()
    first, exif = found[0], found[-1]
    return replace(exif, make=exif.make or first.make, model=exif.model or first.model)


def _of_jpeg(stream: BinaryIO, start: int, _size: int) -> Exif:
    """EXIF of the JPEG inside a RAF: its first segment."""
    stream.seek(start)
    data = stream.read(_MOST_EXIF + 12)
    if data[:4] != b"\xff\xd8\xff\xe1" or data[6:12] != b"Exif\0\0":
        return Exif()
    (size,) = struct.unpack_from(">H", data, 4)
    return read_exif(Tiff(io.BytesIO(data[12 : 4 + size])))
