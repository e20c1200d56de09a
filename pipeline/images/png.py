"""PNG: encoded by libpng, metadata chunks put in between."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from tenbit.kernels._facts import Array
from tenbit.pipeline.images.exif import ExifTags, exif_block

_HEAD = 33  # bytes of the signature and the IHDR chunk


def write_png(handle: BinaryIO, samples: Array, *, tags: ExifTags, icc: bytes | None, xmp: bytes | None) -> None:
    """Write a PNG with iCCP, eXIf and iTXt (XMP) chunks.

    Parameters
    ----------
    handle : BinaryIO
    samples : array
        (rows, cols) or (rows, cols, 3), uint8 or uint16. imagecodecs encodes it, because Pillow has no 16-bit RGB.
    """
    import imagecodecs
    import numpy as np

    # Run lengths over averaged differences (filter 64), level 1. A noisy photograph of 12.5 MP, one thread of a 2-core
    # VM: 8 bits 353 ms and 1.52 bytes a pixel, 16 bits 791 ms and 5.13; level 3 with libpng's default strategy takes
    # 1028 and 2006 ms for 1.66 and 5.19 bytes.
    encoded = imagecodecs.png_encode(np.ascontiguousarray(samples), level=1, strategy=3, filter=64)
    handle.write(encoded[:_HEAD])
    if icc is not None:
        handle.write(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc, 9)))
    handle.write(_chunk(b"eXIf", exif_block(tags)))
    if xmp is not None:
        # Not compressed, no language, no translated keyword: as the XMP specification (part 3) asks.
        handle.write(_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp))
    handle.write(memoryview(encoded)[_HEAD:])


def _chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))
