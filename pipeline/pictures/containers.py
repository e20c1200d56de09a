"""What JPEG and PNG files say of themselves, found without decoding a pixel."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from tenbit.pipeline.errors import ReadError, UnsupportedError

_EXIF, _ICC = b"Exif\0\0", b"ICC_PROFILE\0"
# Markers without a length (ITU-T T.81, table B.1), and those of frames that libjpeg decodes: 8 bits, DCT, Huffman.
_BARE = (0x01, *range(0xD0, 0xD9))
_FRAMES = range(0xC0, 0xD0)
_NO_FRAMES = (0xC4, 0xC8, 0xCC)
_DECODED = (0xC0, 0xC1, 0xC2)
# A profile and EXIF take kilobytes; more is a bomb, or nothing that is looked at here.
_LONGEST = 16 * 2**20


@dataclass(frozen=True)
class Container:
    """What stands around the pixels of a picture.

    Parameters
    ----------
    rows, cols : int
    exif : bytes or None
        A small TIFF.
    icc : bytes or None
        A colour profile.
    cicp : tuple of int or None
        Primaries and curve by the numbers of ITU-T H.273.
    """

    rows: int
    cols: int
    exif: bytes | None = None
    icc: bytes | None = None
    cicp: tuple[int, int] | None = None


def jpeg(content: bytes) -> Container:
    """Of a JPEG.

    Raises
    ------
    ReadError
        If it is cut off or broken.
    UnsupportedError
        For 12 bits, lossless and arithmetic coding.

    Notes
    -----
    ITU-T T.81, annex B; ICC.1, annex B.4: a profile may be spread over several segments.
    """
    at, size, exif = 2, None, None
    profile: dict[int, bytes] = {}
    while True:
        at, marker = _marker(content, at)
        if marker in _BARE:
            continue
        (length,) = struct.unpack_from(">H", content, at) if at + 2 <= len(content) else (0,)
        payload = content[at + 2 : at + length]
        if length < 2 or len(payload) != length - 2:
            raise ReadError("the JPEG is cut off inside its header")
        at += length
        if marker == 0xE1 and payload.startswith(_EXIF) and exif is None:
            exif = payload[len(_EXIF) :]
        elif marker == 0xE2 and payload.startswith(_ICC) and len(payload) > len(_ICC) + 2:
            profile[payload[len(_ICC)]] = payload[len(_ICC) + 2 :]
        elif marker in _FRAMES and marker not in _NO_FRAMES:
            size = _jpeg_size(marker, payload)
        elif marker == 0xDA:
            break
    if size is None:
        raise ReadError("a JPEG without a size")
    if content.find(b"\xff\xd9", at) < 0:
        raise ReadError("the JPEG is cut off: its end is missing")
    if (len(content) - at) * 8 * 64 < size[0] * size[1]:
        # Each block of 8 x 8 takes a bit at least: what is named larger would take memory for nothing.
        raise ReadError(f"the JPEG is cut off: {len(content) - at} bytes are no picture of {size[0]} x {size[1]}")
    icc = b"".join(part for _, part in sorted(profile.items())) or None
    return Container(*size, exif=exif, icc=icc)


def _marker(content: bytes, at: int) -> tuple[int, int]:
    """Where the segment behind the next marker begins, and the marker."""
    if at + 2 > len(content):
        raise ReadError("the JPEG is cut off inside its header")
    if content[at] != 0xFF:
        raise ReadError("a broken JPEG: no marker where one belongs")
    while at + 1 < len(content) and content[at + 1] == 0xFF:
        at += 1
    if at + 1 >= len(content):
        raise ReadError("the JPEG is cut off inside its header")
    return at + 2, content[at + 1]


def _jpeg_size(marker: int, payload: bytes) -> tuple[int, int]:
    if len(payload) < 6:
        raise ReadError("the JPEG is cut off inside its header")
    bits, rows, cols, planes = struct.unpack_from(">BHHB", payload)
    if bits != 8 or marker not in _DECODED:
        raise UnsupportedError(f"a JPEG of {bits} bits (type {marker - 0xC0}): only those of 8 bits are read")
    if planes not in (1, 3):
        raise UnsupportedError(f"a JPEG of {planes} inks: only grey and colour are read")
    return rows, cols


def png(stream: BinaryIO) -> Container:
    """Of a PNG.

    Raises
    ------
    ReadError
        If it is cut off or broken.

    Notes
    -----
    W3C, Portable Network Graphics (third edition): chunks may stand before or behind the pixels.
    """
    stream.seek(8)
    size, found = None, dict[bytes, bytes]()
    while True:
        head = stream.read(8)
        if len(head) < 8:
            raise ReadError("the PNG is cut off: its end is missing")
        length, name = struct.unpack(">I4s", head)
        if name == b"IEND":
            break
        is_wanted = name in (b"IHDR", b"iCCP", b"eXIf", b"cICP") and length <= _LONGEST
        if is_wanted:
            found.setdefault(name, stream.read(length))
            stream.seek(4, 1)
        else:
            stream.seek(length + 4, 1)
    header = found.get(b"IHDR", b"")
    if len(header) != 13:
        raise ReadError("a PNG without a size")
    size = struct.unpack_from(">II", header)
    cols, rows = size
    cicp = found.get(b"cICP", b"")
    return Container(
        rows,
        cols,
        exif=found.get(b"eXIf"),
        icc=_inflated(found.get(b"iCCP", b"")),
        cicp=(cicp[0], cicp[1]) if len(cicp) == 4 else None,
    )


def _inflated(chunk: bytes) -> bytes | None:
    """The profile of an iCCP chunk: a name, a zero, the method, deflated bytes."""
    _, _, packed = chunk.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], _LONGEST) or None
    except zlib.error:
        return None
