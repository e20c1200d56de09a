"""Adobe's lens profiles (.lcp): every frame of the user's own file, brought to millimetres on the sensor.

Adobe, "Adobe Camera Model" (technical report, 2010): ideal points in focal lengths from the axis, a perspective model
(Brown's) or a fisheye's to distorted ones, red and blue from where green lands, and the light that is left.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.lenses.imports.imported import Imported, Wishes
from tenbit.pipeline.lenses.imports.lcp_models import RADIAL, Fields, Shape, colour, distortion, light
from tenbit.pipeline.lenses.imports.xmp import named, read_tree, text_of

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.profile import Measurement

_DIAGONAL_MM = math.hypot(36, 24)
# Distances from here on are infinity: files write 10000 or 999999995904.
_FAR_M = 10_000.0
# Cameras tell the size of full-frame sensors with errors of some percent, and these are in the format factor.
_FULL_FRAME = (0.95, 1.05)
# Frames whose error is more than twice the mean are dropped; of many frames then those above one and a half.
_OUTLIERS, _STRICTER, _MANY = 2.0, 1.5, 50
_PARTS = ("distortion", "lateral_colour", "vignetting")


@dataclass
class _Group:
    """Frames of one camera, as entries with their mean errors."""

    half_diagonal_mm: float
    sensor: str
    author: str
    entries: dict[str, list[tuple[float | None, Any]]] = field(default_factory=lambda: defaultdict(list))


def read_lcp(path: Path, wishes: Wishes) -> Imported:
    """A profile with every frame of an Adobe lens profile.

    Parameters
    ----------
    path : Path
    wishes : Wishes
        ``lens``, ``sensor_mm`` of the camera that the file was made with (else by its format factor), ``aperture_is``.

    Raises
    ------
    ReadError
        If it is no such file, is broken, or holds no model that can be used.
    """
    from pydantic import ValidationError

    from tenbit.pipeline.lenses.profile import Measurement, Profile

    tree = read_tree(path)
    frames = [frame for found in named(tree, "CameraProfiles") for frame in _list(found)]
    if not frames:
        raise ReadError(f"{path}: no lens profile: no CameraProfiles in it")
    groups: dict[tuple[str, bool], _Group] = {}
    left_out: dict[str, None] = {}
    for number, frame in enumerate(frames, 1):
        place = f"{path}: frame {number}"
        try:
            _add(groups, frame, place, wishes, left_out)
        except (ValidationError, OverflowError):
            raise ReadError(f"{place}: numbers that no lens has") from None
    measurements = []
    for (camera, _), group in groups.items():
        parts = {name: _sound(found, name, left_out) for name, found in group.entries.items()}
        if parts:
            measurements.append(
                Measurement(
                    provenance="P1",
                    source=f"Adobe lens profile {path.name}" + (f" by {group.author}" if group.author else ""),
                    sensor=", ".join(filter(None, (camera, group.sensor))),
                    valid_mm=round(group.half_diagonal_mm, 4),
                    interpolation="lcp",
                    **{name: tuple(parts.get(name, ())) for name in _PARTS},  # type: ignore[arg-type]
                )
            )
    if not measurements:
        raise ReadError(f"{path}: no model in its {len(frames)} frame{'s' * (len(frames) != 1)} that can be used")
    profile = Profile(
        name=next(
            filter(None, (text_of(f, k) for k in ("LensPrettyName", "Lens", "ProfileName") for f in frames)), path.stem
        ),
        lenses=wishes.lenses,
        exif_names=_names(frames),
        measurements=tuple(measurements),
    )
    return Imported(profile, tuple(map(_told, measurements)), tuple(f"left out: {text}" for text in left_out))


def _list(found: Any) -> list[Mapping[str, Any]]:
    items = found if isinstance(found, list) else [found]
    return [item for item in items if isinstance(item, Mapping) and item]


def _names(frames: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What files may call the lens."""
    names: dict[str, None] = {}
    for frame in frames:
        others = frame.get("AlternateLensNames")
        for name in (text_of(frame, "Lens"), *(others if isinstance(others, list) else ())):
            if isinstance(name, str) and name:
                names[name] = None
    return tuple(names)


def _add(
    groups: dict[tuple[str, bool], _Group],
    frame: Mapping[str, Any],
    place: str,
    wishes: Wishes,
    left_out: dict[str, None],
) -> None:
    """Take one frame's models in."""
    outer = Fields(place, frame)
    is_raw = (text_of(frame, "CameraRawProfile") or "true").lower() == "true"
    camera = text_of(frame, "CameraPrettyName") or text_of(frame, "Model") or ""
    height_mm, width_mm = _sensor_mm(outer, wishes)
    group = groups.setdefault(
        (camera, is_raw),
        _Group(
            math.hypot(height_mm, width_mm) / 2,
            f"{height_mm:.4g} x {width_mm:.4g} mm",
            text_of(frame, "Author") or "",
        ),
    )
    where = _where(outer, wishes)
    kind = "FisheyeModel" if isinstance(frame.get("FisheyeModel"), Mapping) else "PerspectiveModel"
    found = frame.get(kind)
    model: Mapping[str, Any] = found if isinstance(found, Mapping) else {}

    def inside(name: str) -> Fields | None:
        """A model inside of the frame's, or beside it; None if it is not there."""
        part = model.get(name, frame.get(name))
        return Fields(f"{place}: {name}", part, model) if isinstance(part, Mapping) and part else None

    shape = Shape(max(height_mm, width_mm), height_mm, width_mm, where.get("focal_mm"), left_out)
    geometry, green = Fields(f"{place}: {kind}", model), inside("ChromaticGreenModel")
    if green is not None and green.has(RADIAL):
        if geometry.has(RADIAL):
            left_out["distortion of all colours together, where there is that of green"] = None
        geometry = green
    if geometry.has(RADIAL):
        entry = distortion(geometry, shape, where, is_fisheye=kind == "FisheyeModel")
        group.entries["distortion"].append((geometry.number("ResidualMeanError"), entry))
    red, blue, fall_off = inside("ChromaticRedGreenModel"), inside("ChromaticBlueGreenModel"), inside("VignetteModel")
    if red is not None and blue is not None:
        errors = [one.number("ResidualMeanError") or 0.0 for one in (red, blue)]
        group.entries["lateral_colour"].append((max(errors), colour(red, blue, shape, where)))
    if fall_off is not None and is_raw:
        group.entries["vignetting"].append((fall_off.number("ResidualMeanError"), light(fall_off, shape, where)))
    elif fall_off is not None:
        left_out["fall-off: the profile was made of developed pictures, not of raw files"] = None


def _sensor_mm(outer: Fields, wishes: Wishes) -> tuple[float, float]:
    """(height, width) of the sensor that the frame was taken with."""
    if wishes.sensor_mm:
        return wishes.sensor_mm
    factor = outer.number("SensorFormatFactor") or 1.0
    if factor <= 0:
        raise ReadError(f"{outer.place}: SensorFormatFactor: {factor:g} is not above 0")
    factor = 1.0 if _FULL_FRAME[0] < factor < _FULL_FRAME[1] else factor
    width, length = outer.number("ImageWidth") or 3.0, outer.number("ImageLength") or 2.0
    if min(width, length) <= 0:
        raise ReadError(f"{outer.place}: ImageWidth and ImageLength: {width:g} x {length:g} is no size")
    mm = _DIAGONAL_MM / factor / math.hypot(width, length)
    return round(length * mm, 4), round(width * mm, 4)


def _where(outer: Fields, wishes: Wishes) -> dict[str, float]:
    """The settings of a frame, those that it tells."""
    focal, aperture, focus = (outer.number(name) for name in ("FocalLength", "ApertureValue", "FocusDistance"))
    found = {}
    if focal and focal > 0:
        found["focal_mm"] = focal
    if aperture is not None and (aperture > 0 or wishes.aperture_is == "apex"):
        number = aperture if wishes.aperture_is == "f-number" else 2 ** (aperture / 2)
        if not 0.3 < number < 1000:
            raise ReadError(f"{outer.place}: ApertureValue: {aperture:g} is no aperture")
        # 2 log2 11 is written as 6.918863: 11.0000003.
        found["f_number"] = round(number, 3)
    if focus and focus > 0:
        found["focus_m"] = focus if focus < _FAR_M else math.inf
    return found


def _sound(found: Sequence[tuple[float | None, Any]], name: str, left_out: dict[str, None]) -> list[Any]:
    """Entries without those that fitted much worse than the others."""
    kept = list(found)
    for factor, least in ((_OUTLIERS, 0), (_STRICTER, _MANY)):
        errors = [error for error, _ in kept if error is not None and error > 0]
        if errors and len(kept) >= least:
            most = factor * sum(errors) / len(errors)
            kept = [(error, entry) for error, entry in kept if error is None or error <= most]
    if len(kept) < len(found):
        count = len(found) - len(kept)
        left_out[
            f"{name.replace('_', ' ')} of {count} frame{'s' * (count != 1)} that fitted much worse than the others"
        ] = None
    return [entry for _, entry in kept]


def _told(measurement: Measurement) -> str:
    parts = ((len(getattr(measurement, name)), name.replace("_", " ")) for name in _PARTS)
    return f"{measurement.sensor}: " + ", ".join(
        f"{name} of {count} frame{'s' * (count != 1)}" for count, name in parts if count
    )
