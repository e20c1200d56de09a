"""What the maker note of a Leica M says about its lens."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.raw.tiff import Directory, Tiff

MAKER_NOTE, DNG_PRIVATE = 37500, 50740
# Where each of Leica's headers counts offsets from, the likeliest first: the note, its directory, the TIFF's header.
_NOTE, _IFD, _TIFF = "note", "directory", "tiff"
_M8, _M9, _M240, _M10 = b"LEICA\0\0\0", b"LEICA0", b"LEICA\0\x02\xff", b"LEICA\0\x02\0"
_BASES = {_M8: (_NOTE, _IFD), _M9: (_NOTE,), _M240: (_TIFF, _NOTE), _M10: (_TIFF, _NOTE)}
_LENS_TYPES, _F_NUMBERS = (0x0310, 0x3405), (0x0313, 0x3406)
_UV_IR, _SUBDIRECTORY = 0x0325, 0x3400
_NAMES = {_M240: 0x0303, _M10: 0x0370}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_HEAD = 8
# Real notes have fewer than 60 entries and fewer than 64 KiB beside the previews that some hold.
_MOST_ENTRIES, _MOST_BYTES = 200, 1 << 20
_LEAST_F, _MOST_F = 0.7, 64.0


class MakerNote(NamedTuple):
    """What was found; None for what was not."""

    lens_code: int | None = None
    frame_selector: int | None = None
    f_number_estimate: float | None = None
    is_uv_ir_corrected: bool | None = None
    lens_name: str | None = None


class _Entry(NamedTuple):
    kind: int
    number: int
    stored_at: int
    """Where the value, or the offset of one of more than four bytes, stands."""

    @property
    def size(self) -> int:
        return self.number * _SIZES[self.kind]


@dataclass(frozen=True)
class _Note:
    """The bytes of a maker note, and where in the TIFF that it was made for they began."""

    data: bytes
    origin: int
    order: str


def read_makernote(tiff: Tiff, exif: Directory | None, make: str | None) -> MakerNote:
    """The lens by the maker note of a Leica M8, M9, M (Typ 240) or later; empty for every other camera.

    Parameters
    ----------
    tiff : Tiff
    exif : Directory or None
        The EXIF directory.
    make : str or None

    Returns
    -------
    MakerNote
        Empty too where the note is broken: nothing is raised, nothing is read beyond it.

    Notes
    -----
    Tags after ExifTool's tag names, "Panasonic Leica2, Subdir, Leica6, Leica9". The M8 counts offsets from the note in
    DNGs and from its directory in JPEGs, and notes are copied from one to the other: the base is taken that puts the
    first value right behind the directory. FocusDistance (0x0304) is millimetres in some models, centimetres in others,
    and a rangefinder does not know it: it is left alone.
    """
    if not (make or "").lower().startswith("leica"):
        return MakerNote()
    found = MakerNote()
    for note in _notes(tiff, exif):
        with suppress(struct.error, ReadError):
            found = _read(note)
        if found != MakerNote():
            break
    return found


def _notes(tiff: Tiff, exif: Directory | None) -> Iterator[_Note]:
    """The note as the camera wrote it, and as Adobe's converter keeps it in DNGPrivateData."""
    for home in (exif, tiff.directories[0]):
        with suppress(ReadError):
            data = home.raw(MAKER_NOTE) if home else None
            if home and data:
                yield _Note(data[:_MOST_BYTES], home.place(MAKER_NOTE), tiff.byte_order)
    with suppress(ReadError, struct.error):
        private = tiff.directories[0].raw(DNG_PRIVATE) or b""
        at = 6 if private.startswith(b"Adobe\0") else len(private)
        while at + 8 <= len(private):
            name, size = struct.unpack_from(">4sI", private, at)
            if name == b"MakN" and size > 6:
                mark, origin = struct.unpack_from(">2sI", private, at + 8)
                order = "<" if mark == b"II" else ">"
                yield _Note(private[at + 14 : at + 8 + size][:_MOST_BYTES], origin, order)
            at += 8 + size + size % 2


def _read(note: _Note) -> MakerNote:
    head = next((head for head in _BASES if note.data.startswith(head)), None)
    if head is None:
        return MakerNote()
    order, entries, end = _directory(note, _HEAD)
    bases = {_NOTE: 0, _IFD: _HEAD, _TIFF: -note.origin}
    base = _base(note.data, order, entries, end, [bases[name] for name in _BASES[head]])
    name = _text(note.data, order, entries.get(_NAMES.get(head, 0)), base)
    if _SUBDIRECTORY in entries:
        sub = entries[_SUBDIRECTORY]
        (at,) = struct.unpack_from(order + "I", note.data, sub.stored_at)
        with suppress(struct.error, ReadError):
            entries = entries | _directory(note, at + base)[1]
    kind = next(
        (value for tag in _LENS_TYPES if (value := _long(note.data, order, entries.get(tag))) is not None), None
    )
    is_code = kind is not None and kind < 64 << 2
    uv_ir = _long(note.data, order, entries.get(_UV_IR))
    fs = (_rational(note.data, order, entries.get(tag), base) for tag in _F_NUMBERS)
    return MakerNote(
        lens_code=kind >> 2 if kind is not None and is_code else None,
        frame_selector=kind & 3 if kind is not None and is_code else None,
        f_number_estimate=next((f for f in fs if f is not None and _LEAST_F <= f <= _MOST_F), None),
        is_uv_ir_corrected=bool(uv_ir) if uv_ir in (0, 1) else None,
        lens_name=name,
    )


def _directory(note: _Note, at: int) -> tuple[str, dict[int, _Entry], int]:
    """Byte order, entries and end of the directory at a place of the note.

    Raises
    ------
    ReadError, struct.error
        If there is none.
    """
    if at < 0:
        raise ReadError("a directory before the maker note")
    for order in (note.order, "<" if note.order == ">" else ">"):
        (count,) = struct.unpack_from(order + "H", note.data, at)
        end = at + 2 + 12 * count
        if not 0 < count <= _MOST_ENTRIES or end > len(note.data):
            continue
        found: dict[int, _Entry] = {}
        for n in range(count):
            place = at + 2 + 12 * n
            tag, kind, number = struct.unpack_from(order + "HHI", note.data, place)
            if kind in _SIZES:
                found.setdefault(tag, _Entry(kind, number, place + 8))
        if found:
            return order, found, end
    raise ReadError("no directory in the maker note")


def _base(data: bytes, order: str, entries: dict[int, _Entry], end: int, bases: list[int]) -> int:
    """What is to be added to an offset: the first base whose values all lie behind the directory, nearest to it."""
    outside = [entry for entry in entries.values() if 4 < entry.size <= len(data)]
    starts = [struct.unpack_from(order + "I", data, entry.stored_at)[0] for entry in outside]

    def misfit(base: int) -> tuple[int, int]:
        wrong = sum(not end <= s + base <= len(data) - e.size for s, e in zip(starts, outside, strict=True))
        return wrong, min((s + base - end for s in starts if s + base >= end), default=0)

    return min(bases, key=misfit)


def _long(data: bytes, order: str, entry: _Entry | None) -> int | None:
    if entry is None or entry.number != 1 or entry.kind not in (3, 4, 9):
        return None
    value: int = struct.unpack_from(order + {3: "H", 4: "I", 9: "i"}[entry.kind], data, entry.stored_at)[0]
    return value if value >= 0 else None


def _rational(data: bytes, order: str, entry: _Entry | None, base: int) -> float | None:
    if entry is None or entry.number != 1 or entry.kind not in (5, 10):
        return None
    (at,) = struct.unpack_from(order + "I", data, entry.stored_at)
    if not 0 <= at + base <= len(data) - 8:
        return None
    over, under = struct.unpack_from(order + ("II" if entry.kind == 5 else "ii"), data, at + base)
    return over / under if under else None


def _text(data: bytes, order: str, entry: _Entry | None, base: int) -> str | None:
    if entry is None or entry.kind not in (2, 7) or not 0 < entry.size <= 256:
        return None
    at = entry.stored_at
    if entry.size > 4:
        at = struct.unpack_from(order + "I", data, at)[0] + base
    if not 0 <= at <= len(data) - entry.size:
        return None
    text = data[at : at + entry.size].split(b"\0", 1)[0].decode("utf-8", "replace").strip()
    return text if text.isprintable() and text else None
