"""EXIF of an output: what was known when the picture was taken, as TIFF tags."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import tenbit
from tenbit.pipeline.frame import Exif

MAKE, MODEL, ORIENTATION, SOFTWARE, DATE_TIME, ARTIST, COPYRIGHT = 271, 272, 274, 305, 306, 315, 33432
EXIF_DIRECTORY = 34665
EXPOSURE_TIME, F_NUMBER, ISO, SENSITIVITY_TYPE, ISO_SPEED = 33434, 33437, 34855, 34864, 34867
EXIF_VERSION, DATE_TIME_ORIGINAL, FOCAL_LENGTH, FOCAL_35MM = 36864, 36867, 37386, 41989
COLOR_SPACE, PIXEL_COLS, PIXEL_ROWS = 40961, 40962, 40963
BODY_SERIAL, LENS_MAKE, LENS_MODEL = 42033, 42035, 42036

_LONGEST_TEXT = 1000  # bytes: a broken source must not fill the 64 KiB that a JPEG has for all tags
_SHORT_MAX, _LONG_MAX = 2**16 - 1, 2**32 - 1


class Tag(NamedTuple):
    """One TIFF tag: number, TIFF type, number of values, and the values as little-endian bytes."""

    code: int
    type: int
    length: int
    payload: bytes


@dataclass(frozen=True)
class ExifTags:
    """The tags of a picture, for its main directory and for the EXIF directory below it."""

    main: tuple[Tag, ...]
    exif: tuple[Tag, ...]


def raw(code: int, payload: bytes, type: int = 7) -> Tag:  # noqa: A002 - the TIFF specification's word
    """A tag of bytes: type 7 is UNDEFINED, 1 is BYTE."""
    return Tag(code, type, len(payload), payload)


def short(code: int, value: int) -> Tag:
    return Tag(code, 3, 1, struct.pack("<H", value))


def long(code: int, value: int) -> Tag:
    return Tag(code, 4, 1, struct.pack("<I", value))


def exif_tags(exif: Exif, *, space: str, rows: int, cols: int, orientation: int = 1) -> ExifTags:
    """Tags for a finished picture; what the source does not say is left out.

    DateTime repeats the time of the
    exposure, not the clock of this machine: the same picture gives the same file.

    Parameters
    ----------
    exif : Exif
    space : str
        ColorSpace says sRGB (1) for ``srgb`` and uncalibrated (65535) for all others.
    rows, cols : int
        Size of the picture in pixels.
    orientation : int
        How a viewer has to turn the picture still: 1, upright, after the ``orient`` stage.

    Notes
    -----
    CIPA DC-008-2019 (EXIF 2.32). Text is UTF-8, as the Metadata Working Group asks.
    """
    taken = exif.taken if exif.taken and re.fullmatch(r"\d{4}(:\d\d){2} \d\d(:\d\d){2}", exif.taken) else None
    main = [
        *_text(MAKE, exif.make),
        *_text(MODEL, exif.model),
        short(ORIENTATION, orientation),
        *_text(SOFTWARE, f"tenbit {tenbit.__version__}"),
        *_text(DATE_TIME, taken),
        *_text(ARTIST, exif.artist),
        *_text(COPYRIGHT, exif.copyright),
    ]
    photo = [
        *_rational(EXPOSURE_TIME, exif.exposure_s),
        *_rational(F_NUMBER, exif.f_number),
        *_iso(exif.iso),
        raw(EXIF_VERSION, b"0232"),
        *_text(DATE_TIME_ORIGINAL, taken),
        *_rational(FOCAL_LENGTH, exif.focal_mm),
        short(COLOR_SPACE, 1 if space == "srgb" else 65535),
        long(PIXEL_COLS, cols),
        long(PIXEL_ROWS, rows),
        *_focal_35mm(exif.focal_35mm),
        *_text(BODY_SERIAL, exif.serial),
        *_text(LENS_MAKE, exif.lens_make),
        *_text(LENS_MODEL, exif.lens_model),
    ]
    return ExifTags(tuple(main), tuple(photo))


def exif_block(tags: ExifTags) -> bytes:
    """The tags as a small TIFF of their own, which is what JPEG and PNG embed."""
    # The pointer's value does not change the directory's size, so a first pass with 0 tells where the second starts.
    end = 8 + len(pack_directory((*tags.main, long(EXIF_DIRECTORY, 0)), 8))
    main = pack_directory((*tags.main, long(EXIF_DIRECTORY, end)), 8)
    return struct.pack("<2sHI", b"II", 42, 8) + main + pack_directory(tags.exif, end)


def pack_directory(tags: Iterable[Tag], at: int) -> bytes:
    """A TIFF directory (little endian, even length) with its values behind it, for the even offset ``at``."""
    tags = sorted(tags)
    table, values = b"", b""
    for tag in tags:
        payload = tag.payload.ljust(4, b"\0")
        if len(payload) > 4:
            place = at + 6 + 12 * len(tags) + len(values)
            values += payload + bytes(len(payload) % 2)
            payload = struct.pack("<I", place)
        table += struct.pack("<HHI", tag.code, tag.type, tag.length) + payload
    return struct.pack("<H", len(tags)) + table + bytes(4) + values


def _text(code: int, text: str | None) -> list[Tag]:
    cleaned = (text or "").split("\0")[0].strip().encode("utf-8", "replace")[:_LONGEST_TEXT]
    if not cleaned:
        return []
    payload = cleaned.decode("utf-8", "ignore").encode() + b"\0"
    return [Tag(code, 2, len(payload), payload)]


def _rational(code: int, value: float | None) -> list[Tag]:
    """``value`` as the simplest fraction near it: 0.004 s becomes 1/250."""
    from fractions import Fraction

    if value is None or not 1e-9 < value < _LONG_MAX:
        return []
    size = max(value, 1 / value)
    # As fine as a float32, which is what most sources went through: the noise of its last bits never shows.
    larger, smaller = Fraction(size).limit_denominator(max(1, int(1e5 / size))).as_integer_ratio()
    return [Tag(code, 5, 1, struct.pack("<II", *((smaller, larger) if value < 1 else (larger, smaller))))]


def _iso(iso: int | None) -> list[Tag]:
    """PhotographicSensitivity; one that does not fit its 16 bits goes into ISOSpeed as EXIF 2.3 says."""
    if iso is None or not 0 < iso <= _LONG_MAX:
        return []
    if iso <= _SHORT_MAX:
        return [short(ISO, iso)]
    return [short(ISO, _SHORT_MAX), short(SENSITIVITY_TYPE, 3), long(ISO_SPEED, iso)]


def _focal_35mm(focal_mm: float | None) -> list[Tag]:
    if focal_mm is None or not 0.5 <= focal_mm <= _SHORT_MAX:
        return []
    return [short(FOCAL_35MM, round(focal_mm))]
