"""How large a frame's pixels are on its sensor, and which camera it is of."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.lenses.asked import Asked

_DIAGONAL_35MM = math.hypot(24.0, 36.0)
# Models that bake fall-off into the samples of coded lenses (M8, M9 and what has their sensors), then all other Ms:
# pitch in micrometres, or the width in millimetres of a sensor that is read at several sizes.
_OLD = r"\bM8(\.2)?\b|\bM9(-P)?\b|\bM-E\b.*\b220\b|^(LEICA )?M[ -]Monochrom$"
_BODIES: tuple[tuple[str, float, float], ...] = (
    (r"\bM8(\.2)?\b", 6.8, 0.0),  # KAF-10500, 27 x 18 mm
    (_OLD, 6.8, 0.0),  # KAF-18500, 35.8 x 23.9 mm
    (r"\bM11\b|\bM EV1\b", 0.0, 35.8),  # 60, 36 or 18 MP
    (r"\bM10-R\b|\bM10 Monochrom\b", 0.0, 36.0),  # 40 MP, 24 x 36 mm
    (r"\bM10\b|\bTyp 2(40|46|62)\b|\bM-[DEP]\b", 6.0, 0.0),  # 24 MP, 35.8 x 23.9 mm
)
_MOST_APART = 0.15  # of the resolution of the focal plane and the focal length for 35 mm


class Pitch(NamedTuple):
    """From one sample to the next on the sensor, and how it is known; None where it is not."""

    mm: float | None
    how: str


def pixel_mm(frame: Frame, asked: Asked = Asked()) -> float | None:  # noqa: B008 - frozen
    """From one sample to the next on the sensor; None where its size is not known."""
    return pitch(frame, asked).mm


def pitch(frame: Frame, asked: Asked = Asked()) -> Pitch:  # noqa: B008 - frozen
    """The size of a frame's samples on the sensor.

    What the user says comes before the camera file, the resolution of the focal plane, the table of Leica's bodies, the
    focal length for 35 mm film over the true one, and lensfun's crop factor; the last two are good to a few per cent.
    """
    facts, exif = frame.facts, frame.exif
    rows, cols = facts.crop[2:] if facts.crop else (facts.rows, facts.cols)
    long = max(rows, cols)
    if asked.sensor_mm is not None:
        longer, shorter = max(asked.sensor_mm), min(asked.sensor_mm)
        place = asked.places.get("sensor_mm", "asked for")
        # A picture of another shape is cut from the sensor: it fills one of its sides.
        return Pitch(min(longer / long, shorter / min(rows, cols)), f"{place}: {longer:g} x {shorter:g} mm")
    if facts.pixel_mm is not None:
        return Pitch(facts.pixel_mm, "the camera file")
    by_film = None
    if exif.focal_mm and exif.focal_35mm:
        by_film = _DIAGONAL_35MM * exif.focal_mm / exif.focal_35mm / math.hypot(rows, cols)
    if exif.sample_mm is not None and (by_film is None or abs(exif.sample_mm / by_film - 1) < _MOST_APART):
        return Pitch(exif.sample_mm, "EXIF FocalPlaneXResolution")
    if is_leica_m(exif):
        for pattern, micrometres, width in _BODIES:
            if re.search(pattern, exif.model or "", re.IGNORECASE):
                return Pitch(micrometres / 1000 or width / long, f"the sensor of the {exif.model}")
    if by_film is not None:
        return Pitch(by_film, f"EXIF: {exif.focal_mm:g} mm are {exif.focal_35mm:g} mm on 35 mm film")
    if (crop := _crop_factor(exif)) is not None:
        return Pitch(
            _DIAGONAL_35MM / crop / math.hypot(rows, cols), f"lensfun: {exif.model} has a crop factor of {crop:.3g}"
        )
    return Pitch(None, "not known: give --sensor, or sensor_mm in tenbit.yaml")


def _crop_factor(exif: Exif) -> float | None:
    """Of a camera in lensfun's database, where lensfunpy is installed."""
    from tenbit.pipeline.lenses.imports import makers

    if exif.model is None or not makers.is_known(exif.make):
        return None
    from tenbit.pipeline.lenses.imports import lensfun

    return lensfun.crop_factor(exif.make, exif.model)


def sensor_name(frame: Frame) -> str:
    """Maker and model of the camera, as profiles measured on it say; empty when the file does not."""
    make, model = (frame.exif.make or "").strip(), (frame.exif.model or "").strip()
    is_said = make.split(" ")[0].lower() in model.lower() if make else True
    return model if is_said and model else f"{make} {model}".strip()


def is_leica_m(exif: Exif) -> bool:
    """Whether the camera is one of Leica's digital Ms."""
    is_leica = (exif.make or "").lower().startswith("leica")
    return is_leica and any(re.search(pattern, exif.model or "", re.IGNORECASE) for pattern, *_ in _BODIES)


def bakes_falloff(exif: Exif) -> bool:
    """Whether the camera changes the samples of coded lenses for good: the M8, the M9, and their kin."""
    return is_leica_m(exif) and re.search(_OLD, exif.model or "", re.IGNORECASE) is not None
