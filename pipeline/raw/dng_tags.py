"""What a DNG's tags say about colour, noise and how the picture was taken."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import get_args

from tenbit.kernels._camera import has_color_matrix, neutral_of_white
from tenbit.kernels._facts import CameraColour, Matrix, Triple, as_matrix
from tenbit.kernels._optics import Correction, Defect
from tenbit.kernels.errors import StageError
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.frame import Exif
from tenbit.pipeline.raw.makernote import read_makernote
from tenbit.pipeline.raw.tiff import Directory, Tiff

# FocalPlaneResolutionUnit in millimetres. Pixels of cameras are 0.8 … 50 µm; a resolution beyond that is a mistake.
_UNITS_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
_LEAST_SAMPLE_MM, _MOST_SAMPLE_MM = 0.0008, 0.05
_XMP, _XMP_LONGEST = 700, 1 << 20
_XMP_LENS = re.compile(rb"(?:aux:Lens|exifEX:LensModel)(?:\s*=\s*[\"']([^\"'<]{1,200})[\"']|>([^<]{1,200})<)")


class Tags:
    """One lookup over the main picture's directory and then IFD0: writers put camera tags into either."""

    def __init__(self, picture: Directory, first: Directory) -> None:
        self._homes = (picture, first)

    def numbers(self, code: int, count: int) -> tuple[float, ...] | None:
        for home in self._homes:
            values = home.numbers(code, count)
            if values is not None:
                return values
        return None

    def number(self, code: int) -> float | None:
        values = [home.number(code) for home in self._homes]
        return next((value for value in values if value is not None), None)

    def raw(self, code: int) -> bytes | None:
        values = [home.raw(code) for home in self._homes]
        return next((value for value in values if value is not None), None)

    def matrix(self, code: int) -> Matrix | None:
        values = self.numbers(code, 9)
        return None if values is None or not any(values) else as_matrix(values)


def read_colour(tags: Tags) -> CameraColour:
    """Matrices and illuminants; None for what the file lacks. A matrix that is all zeros counts as lacking."""
    balance = tags.numbers(50727, 3)
    return CameraColour(
        color_matrix1=tags.matrix(50721),
        color_matrix2=tags.matrix(50722),
        camera_calibration1=tags.matrix(50723),
        camera_calibration2=tags.matrix(50724),
        forward_matrix1=tags.matrix(50964),
        forward_matrix2=tags.matrix(50965),
        analog_balance=(balance[0], balance[1], balance[2]) if balance and min(balance) > 0 else (1.0, 1.0, 1.0),
        illuminant1=int(tags.number(50778) or 0),
        illuminant2=int(tags.number(50779) or 0),
    )


def read_neutral(tags: Tags, colour: CameraColour) -> Triple | None:
    """As-shot white in camera space: AsShotNeutral, or AsShotWhiteXY taken through the colour matrix; at most 1."""
    neutral = tags.numbers(50728, 3)
    if neutral is not None and min(neutral) > 0:
        # Magic Lantern writes green above 1: only the ratios mean something.
        largest = max(1.0, *neutral)
        return (neutral[0] / largest, neutral[1] / largest, neutral[2] / largest)
    white = tags.numbers(50729, 2)
    if white is None or min(white) <= 0 or sum(white) > 1 or not has_color_matrix(colour):
        return None
    try:
        return neutral_of_white(colour, (white[0], white[1]))
    except StageError:
        return None


def read_noise(tags: Tags) -> tuple[tuple[float, float], ...] | None:
    """NoiseProfile as one (scale, offset) for all planes or one per plane; None without a usable one."""
    for count in (2, 6):
        values = tags.numbers(51041, count)
        if values is not None:
            return tuple((values[i], values[i + 1]) for i in range(0, count, 2))
    return None


def read_exif(tiff: Tiff) -> Exif:
    """How the picture was taken, from IFD0, its EXIF directory and DNG's own tags; what is broken counts as lacking."""
    first, sub = tiff.directories[0], tiff.exif()
    homes = [home for home in (sub, first) if home is not None]

    def text(*codes: int) -> str | None:
        for code in codes:
            for home in homes:
                with suppress(ReadError):
                    if found := home.text(code):
                        return found
        return None

    def number(*codes: int) -> float | None:
        for code in codes:
            for home in homes:
                with suppress(ReadError):
                    if (found := home.number(code)) is not None and found > 0:
                        return found
        return None

    def pair_of_spans(*codes: int) -> tuple[float | None, float | None, float | None, float | None] | None:
        for code in codes:
            for home in homes:
                with suppress(ReadError):
                    if (found := home.array(code)) is not None and len(found) == 4:
                        a, b, c, d = (float(v) if math.isfinite(v) and v > 0 else None for v in found)
                        if a or c:
                            return a, b, c, d
        return None

    iso = number(34855, 34867, 34866)
    make = text(271)
    note = read_makernote(tiff, sub, make)
    apex = number(37378)
    return Exif(
        make=make,
        model=text(272, 50708),
        lens_make=text(42035),
        lens_model=text(42036) or _xmp_lens(first),
        serial=text(42033, 50735),
        taken=text(36867, 306),
        exposure_s=number(33434),
        f_number=number(33437) or (2 ** (apex / 2) if apex is not None and apex < 14 else None),
        iso=None if iso is None else round(iso),
        focal_mm=number(37386),
        focal_35mm=number(41989),
        artist=text(315),
        copyright=text(33432),
        lens_spec=pair_of_spans(42034, 50736),
        lens_profile=note.lens_name,
        lens_code=note.lens_code,
        frame_selector=note.frame_selector,
        f_number_estimate=note.f_number_estimate,
        is_uv_ir_corrected=note.is_uv_ir_corrected,
        focus_m=_distance(homes),
        sample_mm=_sample_mm(number(41486), number(41488)),
    )


def _xmp_lens(first: Directory) -> str | None:
    """The lens as Adobe's programs name it, in the XMP packet of IFD0."""
    with suppress(ReadError):
        found = _XMP_LENS.search((first.raw(_XMP) or b"")[:_XMP_LONGEST])
        if found:
            import html

            return html.unescape((found[1] or found[2]).decode("utf-8", "replace")).strip() or None
    return None


def _distance(homes: Sequence[Directory]) -> float | None:
    """SubjectDistance in metres: a numerator of all ones is infinity, 0 is unknown (CIPA DC-008, 4.6.5)."""
    for home in homes:
        with suppress(ReadError):
            if (found := home.number(37382)) is not None and found > 0:
                is_infinite = (home.raw(37382) or b"")[:4] == b"\xff" * 4
                return math.inf if is_infinite else found
    return None


def _sample_mm(per_unit: float | None, unit: float | None) -> float | None:
    """Pitch by FocalPlaneXResolution; None where that makes no sensor."""
    if per_unit is None:
        return None
    pitch = _UNITS_MM.get(int(unit or 2), 25.4) / per_unit
    return pitch if _LEAST_SAMPLE_MM <= pitch <= _MOST_SAMPLE_MM else None


def read_corrections(first: Directory) -> tuple[Correction, ...]:
    """What tenbit has undone in a DNG that it wrote, by the record in its XMP; nothing of other files.

    A record of a picture in another format, which other programs may have copied here, says nothing of these samples.
    """
    with suppress(ReadError, LookupError, TypeError):
        packet = (first.raw(_XMP) or b"")[:_XMP_LONGEST].strip(b"\0")
        if b"tenbit:record" not in packet:
            return ()
        from tenbit.pipeline.images.xmp import record_in

        record = record_in(packet)
        if record and record["chain"]["output"]["format"] == "dng":
            found = [Correction.of_record(each) for each in record["corrections"]]
            return tuple(
                dataclasses.replace(each, reason="before this file was written")
                for each in found
                if each.is_applied and each.defect in get_args(Defect)
            )
    return ()
