"""What a raw file says of how it was taken, at a glance: directories alone, nothing decoded."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import BinaryIO

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.frame import Exif
from tenbit.pipeline.raw import ciff
from tenbit.pipeline.raw.dng_tags import read_exif
from tenbit.pipeline.raw.tiff import Tiff

_FUJI, _FUJI_PREVIEW_AT = b"FUJIFILMCCD-RAW ", 84
_MOST_EXIF = 1 << 16  # a JPEG's segment
_MOST_CIFF = 64 << 20


def glance(path: Path) -> Exif:
    """EXIF of a DNG, a maker's TIFF, a CRW or a RAF; an empty one where the file says nothing, is broken or not there.

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
            return read_exif(Tiff(stream))
    except (OSError, ReadError, ValueError, struct.error, MemoryError):
        return Exif()


def _of_jpeg(stream: BinaryIO, start: int, _size: int) -> Exif:
    """EXIF of the JPEG inside a RAF: its first segment."""
    stream.seek(start)
    data = stream.read(_MOST_EXIF + 12)
    if data[:4] != b"\xff\xd8\xff\xe1" or data[6:12] != b"Exif\0\0":
        return Exif()
    (size,) = struct.unpack_from(">H", data, 4)
    return read_exif(Tiff(io.BytesIO(data[12 : 4 + size])))
