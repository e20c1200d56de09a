"""JPEG: encoded by libjpeg-turbo, metadata put in between."""

from __future__ import annotations

import struct
from typing import BinaryIO

from tenbit.kernels._facts import Array
from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.images.exif import ExifTags, exif_block

_EXIF, _XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_SEGMENT_MAX = 65533  # bytes after the segment's length field
_SIDE_MAX = 65500  # libjpeg's own limit, a little under the format's


def write_jpeg(
    handle: BinaryIO,
    samples: Array,
    *,
    tags: ExifTags,
    icc: bytes | None,
    xmp: bytes | None,
    quality: int,
    subsampling: str,
) -> None:
    """Write a baseline JPEG (JFIF) with EXIF, XMP and ICC segments.

    imagecodecs and not imageio's Pillow plugin: 12.5 MP at quality 92 and 4:2:0 take 32 against 40 ms (one thread of
    a 2-core VM, best of 4), the bytes of the picture being the same.

    Parameters
    ----------
    handle : BinaryIO
    samples : array
        (rows, cols, 3), uint8.
    quality : int
        1 to 100.
    subsampling : str
        ``4:2:0``, ``4:2:2`` or ``4:4:4``.

    Raises
    ------
    WriteError
        If a side is longer, or the XMP packet larger, than the format holds.
    """
    import imagecodecs
    import numpy as np

    if max(samples.shape) > _SIDE_MAX:
        raise WriteError(f"jpeg holds {_SIDE_MAX} rows and columns at most, not {samples.shape[:2]}: use png or tiff")
    segments = [_segment(0xE1, _EXIF + exif_block(tags))]
    if xmp is not None:
        segments.append(_segment(0xE1, _XMP + xmp))
    if icc is not None:
        segments.append(_segment(0xE2, _ICC + b"\1\1" + icc))
    encoded = imagecodecs.jpeg8_encode(
        np.ascontiguousarray(samples), level=quality, subsampling=subsampling.replace(":", "")
    )
    # JFIF wants its own segment, which the encoder wrote after the two bytes of the start marker, to stay first.
    start = 4 + struct.unpack(">H", encoded[4:6])[0]
    handle.write(encoded[:start])
    handle.write(b"".join(segments))
    handle.write(memoryview(encoded)[start:])


def _segment(marker: int, payload: bytes) -> bytes:
    if len(payload) > _SEGMENT_MAX:
        raise WriteError(f"the metadata are {len(payload)} bytes, jpeg holds {_SEGMENT_MAX} at most: use png or tiff")
    return struct.pack(">BBH", 0xFF, marker, 2 + len(payload)) + payload
