"""Lens profiles of gyroflow (.json): OpenCV's camera models in pixels, to millimetres on the sensor."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.lenses.imports.imported import Imported, Wishes
from tenbit.pipeline.lenses.texts import bytes_of

_LARGEST_BYTES = 1 << 20
# Widths of pictures on sensors whose makers tell them, by words of the camera's name, mm.
_WIDTHS_MM = {
    "fx6": 35.6,
    "fx3": 35.6,
    "fx9": 35.6,
    "a7s iii": 35.6,
    "ilce-7sm3": 35.6,
    "komodo": 27.03,
}
_UNLIKE_FOCALS = 0.01
_UNLIKE_NAME = 0.15


def read_gyroflow(path: Path, wishes: Wishes) -> Imported:
    """A profile with the distortion of one lens.

    Parameters
    ----------
    path : Path
    wishes : Wishes
        ``sensor_mm`` of the picture, of which the width is used; without it cameras that are known have theirs.

    Raises
    ------
    ReadError
        If it is no such file, is broken, or of a model that is not read.
    RequestError
        If the sensor's width is not known.
    """
    from tenbit.pipeline.lenses.profile import Distortion, Measurement, Profile

    told = _told(path)
    place = f"{path}: fisheye_params"
    found = told.get("fisheye_params")
    if not isinstance(found, Mapping):
        raise ReadError(f"{path}: no lens profile of gyroflow: no fisheye_params in it")
    size = told.get("calib_dimension") or told.get("orig_dimension")
    cols, rows = (_number(size, side, f"{path}: calib_dimension") for side in ("w", "h"))
    matrix = found.get("camera_matrix")
    if not isinstance(matrix, list) or len(matrix) != 3 or not all(isinstance(r, list) and len(r) == 3 for r in matrix):
        raise ReadError(f"{place}: camera_matrix: 3 rows of 3 numbers belong there")
    across, down = (_number(matrix[n], n, f"{place}: camera_matrix") for n in (0, 1))
    centre = [_number(matrix[n], 2, f"{place}: camera_matrix") for n in (1, 0)]
    if min(across, down, cols, rows) <= 0 or any(
        told.get(f"input_{way}_stretch") not in (None, 0, 1, 1.0) for way in ("horizontal", "vertical")
    ):
        raise ReadError(f"{path}: focal lengths and sizes above 0, and no anamorphic stretch, belong there")
    coefficients = found.get("distortion_coeffs")
    if not isinstance(coefficients, list):
        raise ReadError(f"{place}: distortion_coeffs: a list of numbers belongs there")
    k = [_number(coefficients, n, f"{place}: distortion_coeffs") for n in range(len(coefficients))]
    model, terms = _model(told.get("distortion_model"), k, path)
    camera = " ".join(str(told.get(key) or "") for key in ("camera_brand", "camera_model")).strip()
    pixel_mm = _width_mm(camera, wishes, path) / cols
    unit_mm = round((across + down) / 2 * pixel_mm, 6)
    left_out = []
    if abs(down / across - 1) > _UNLIKE_FOCALS:
        left_out.append(f"unlike focal lengths across and down ({across:.1f} and {down:.1f} pixels): their mean")
    lens = str(told.get("lens_model") or told.get("name") or path.stem)
    named = re.search(r"(?<![\d.])(\d{1,3}(?:\.\d)?) ?mm", lens, re.IGNORECASE)
    if named and abs(unit_mm / float(named[1]) - 1) > _UNLIKE_NAME:
        left_out.append(
            f"the numbers are of {unit_mm:.1f} mm, the name says {named[1]} mm: the sensor's width may be wrong"
        )
    if told.get("focal_length") and not named:
        left_out.append(f"a focal length of {told['focal_length']}, which is not compared")
    half_diagonal_mm = math.hypot(rows, cols) * pixel_mm / 2
    entry = Distortion(
        model=model,
        unit_mm=unit_mm,
        terms=terms,
        centre_mm=tuple(
            round((c - (side - 1) / 2) * pixel_mm, 6) for c, side in zip(centre, (rows, cols), strict=True)
        ),  # type: ignore[arg-type]
        f_number=wishes.f_number,
        focus_m=wishes.focus_m,
    )
    measurement = Measurement(
        provenance="P1",
        source=f"gyroflow lens profile {path.name}"
        + (f" by {told['calibrated_by']}" if told.get("calibrated_by") else ""),
        licence="CC0-1.0",
        date=str(told["date"]) if told.get("date") else None,
        sensor=f"{camera}, {cols * pixel_mm:.4g} mm wide",
        focal_mm=unit_mm,
        valid_mm=round(half_diagonal_mm, 4),
        distortion=(entry,),
    )
    profile = Profile(name=lens, lenses=wishes.lenses, measurements=(measurement,))
    return Imported(
        profile, (f"distortion ({model}) of {unit_mm:.4g} mm, to {half_diagonal_mm:.4g} mm",), tuple(left_out)
    )


def _model(told: Any, k: list[float], path: Path) -> tuple[Any, tuple[float, ...]]:
    """Our model and its terms."""
    if told in (None, "", "opencv_fisheye"):
        if len(k) != 4:
            raise ReadError(f"{path}: fisheye_params: distortion_coeffs: 4 numbers belong there, not {len(k)}")
        return "fisheye", tuple(k)
    if told == "opencv_standard":
        if not 4 <= len(k) <= 12 or any(k[5:]):
            raise ReadError(f"{path}: fisheye_params: distortion_coeffs: k1, k2, p1, p2, k3 are read, no more")
        k1, k2, p1, p2, k3 = (*k, 0.0)[:5]
        return "acm", (k1, k2, k3, p1, p2)
    raise ReadError(f"{path}: distortion_model {str(told)[:40]!r}; opencv_fisheye and opencv_standard are read")


def _width_mm(camera: str, wishes: Wishes, path: Path) -> float:
    if wishes.sensor_mm:
        return wishes.sensor_mm[1]
    for name, width_mm in _WIDTHS_MM.items():
        if re.search(rf"\b{re.escape(name)}", camera, re.IGNORECASE):
            return width_mm
    raise RequestError(
        f"{path}: the sensor's width of {camera or 'this camera'} is not known; give --sensor, such as 35.6x18.8"
    )


def _told(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(bytes_of(path, most_bytes=_LARGEST_BYTES, kind="lens profile"))
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{path}: no JSON: {str(error).splitlines()[0]}") from None
    if not isinstance(found, Mapping):
        raise ReadError(f"{path}: no lens profile of gyroflow: no fisheye_params in it")
    return found


def _number(holder: Any, key: Any, place: str) -> float:
    try:
        value = holder[key]
    except (LookupError, TypeError):
        raise ReadError(f"{place}: {key}: missing") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e9 < value < 1e9:
        raise ReadError(f"{place}: {str(value)[:40]!r} is no number")
    return float(value)
