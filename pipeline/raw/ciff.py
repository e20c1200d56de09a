"""Canon CRW files (CIFF 1.0): the camera's name, which LibRaw keeps to itself."""

from __future__ import annotations

import struct
from dataclasses import replace

from tenbit.pipeline.frame import Exif

SIGNATURE = b"HEAPCCDR"
_MAKE_MODEL, _OWNER = 0x080A, 0x0810
_HEAPS, _IN_RECORD = (0x2800, 0x3000), 0x4000
# Real files have three or four heaps of at most 40 records.
_MOST_HEAPS, _MOST_RECORDS = 32, 200


def read_ciff_exif(data: bytes) -> Exif:
    """Make, model and owner from a whole CRW file; an empty `Exif` where the heap is broken or says nothing.

    Parameters
    ----------
    data : bytes
        The file, little or big endian.

    Notes
    -----
    CIFF 1.0: a heap ends with the offset of its table of records (tag, size, offset); offsets count from the heap's
    start.
    """
    order = "<" if data[:2] == b"II" else ">"
    if data[6:14] != SIGNATURE:
        return Exif()
    try:
        records = _records(data, struct.unpack_from(order + "I", data, 2)[0], len(data), order)
    except struct.error:
        return Exif()
    make, _, rest = records.get(_MAKE_MODEL, b"").partition(b"\0")
    exif = Exif(make=_text(make), model=_text(rest))
    return replace(exif, artist=_text(records.get(_OWNER, b"")))


def _records(data: bytes, start: int, end: int, order: str) -> dict[int, bytes]:
    """The wanted records of a heap and of those inside it."""
    found: dict[int, bytes] = {}
    heaps = [(start, end)]
    for start, end in heaps:
        table = start + struct.unpack_from(order + "I", data, end - 4)[0]
        (count,) = struct.unpack_from(order + "H", data, table)
        for index in range(min(count, _MOST_RECORDS)):
            tag, size, offset = struct.unpack_from(order + "HII", data, table + 2 + 10 * index)
            begin = start + offset
            if tag & _IN_RECORD or begin + size > end:
                continue
            if tag & 0x3800 in _HEAPS and len(heaps) < _MOST_HEAPS and size >= 6:
                heaps.append((begin, begin + size))
            elif tag in (_MAKE_MODEL, _OWNER):
                found[tag] = data[begin : begin + size]
    return found


def _text(data: bytes) -> str | None:
    return data.split(b"\0", 1)[0].decode("ascii", "replace").strip() or None
