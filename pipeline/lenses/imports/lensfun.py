"""A lens of any mount from the database that comes with lensfunpy, as a profile for the settings of one frame.

lensfun's search finds it and its own interpolation makes the terms; the formulas are ours (`tenbit.kernels._laws`), in
millimetres, so that a sensor of any size behind the lens is corrected alike. The database is CC BY-SA 3.0 and stays
where lensfunpy has it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses.blend import APERTURE_UNKNOWN, FOCAL_UNKNOWN

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.profile import Profile

LICENCE = "CC-BY-SA-3.0"
# lensfun counts radii in parts of the picture; its crop factors are of this diagonal, its aspect is this if not told.
_DIAGONAL_MM, _ASPECT = math.hypot(36, 24), 1.5
# A calibration is for sensors that are hardly larger than the one it was made on.
_LEAST_CROP = 0.96
_FAR_M = 1000.0
_SAME_FOCAL = 0.06
_SAYS_NOTHING = {"f", "mm", "lens", "for", "the", "of"}


@dataclass(frozen=True)
class Found:
    """What lensfun knows for a frame.

    Parameters
    ----------
    profile : Profile or None
        For this focal length, aperture and distance.
    notes : tuple of str
        What is missing and why.
    candidates : tuple of str
        Names that are alike, where none is the same.
    """

    profile: Profile | None
    notes: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


def is_installed() -> bool:
    """Whether lensfunpy is there; nothing is loaded."""
    from importlib.util import find_spec

    return find_spec("lensfunpy") is not None


@lru_cache(maxsize=64)
def of_frame(
    lens_model: str | None,
    *,
    camera_make: str | None = None,
    camera_model: str | None = None,
    lens_make: str | None = None,
    focal_mm: float | None = None,
    f_number: float | None = None,
    focus_m: float | None = None,
    sensor_mm: tuple[float, float] | None = None,
) -> Found:
    """The lens that a file names, at its settings.

    Parameters
    ----------
    lens_model, lens_make, camera_make, camera_model : str or None
        As EXIF has them. A camera whose lens is fixed needs no lens.
    focal_mm, f_number, focus_m : float or None
        Of the frame. Without a distance it is as for infinity.
    sensor_mm : (height, width) or None
        Of the picture; without it the camera's crop factor.

    Raises
    ------
    RequestError
        If lensfunpy is not installed.
    """
    camera = _camera(camera_make, camera_model)
    lenses, candidates = _lenses(camera_make, camera_model, lens_make, lens_model)
    if not lenses:
        return Found(None, (), candidates)
    crop = _DIAGONAL_MM / math.hypot(*sensor_mm) if sensor_mm else (camera.crop_factor if camera else 1.0)
    lens = _for_crop(lenses, crop)
    if focal_mm is None and lens.min_focal == lens.max_focal:
        focal_mm = lens.min_focal
    if focal_mm is None:
        return Found(None, (FOCAL_UNKNOWN,), candidates)
    low, high = lens.min_focal * (1 - _SAME_FOCAL), lens.max_focal * (1 + _SAME_FOCAL)
    if lens.min_focal and not low <= focal_mm <= high:
        return Found(None, (f"{focal_mm:g} mm is no focal length of {lens.model}",), candidates)
    return _found(lens, float(focal_mm), f_number, focus_m)


def makers() -> frozenset[str]:
    """Of the cameras in the database."""
    return frozenset(camera.maker for camera in _database().cameras)


def crop_factor(camera_make: str | None, camera_model: str | None) -> float | None:
    """Of a camera that the database knows: 43.27 mm over the diagonal of its sensor."""
    camera = _camera(camera_make, camera_model)
    return None if camera is None else float(camera.crop_factor)


def profile_of(lens: Any, focal_mm: float, f_number: float | None, focus_m: float | None) -> Profile | None:
    """The profile of one of lensfunpy's lenses; None where it has no calibration for these settings."""
    return _found(lens, focal_mm, f_number, focus_m).profile


def _found(lens: Any, focal_mm: float, f_number: float | None, focus_m: float | None) -> Found:
    import lensfunpy

    from tenbit.pipeline.lenses.profile import Colour, Distortion, Light, Measurement, Profile

    half_diagonal = round(_DIAGONAL_MM / lens.crop_factor / 2, 6)
    half_short = round(half_diagonal / math.hypot(_aspects().get(_key(lens), _ASPECT), 1), 6)
    distortion = lens.interpolate_distortion(focal_mm)
    colour = lens.interpolate_tca(focal_mm)
    light, notes = _light(lens, focal_mm, f_number, focus_m)
    where: dict[str, Any] = {"focal_mm": focal_mm}
    measurement: dict[str, Any] = {
        "provenance": "P1",
        "source": f"lensfun {'.'.join(map(str, lensfunpy.lensfun_version[:3]))}, database of lensfunpy "
        f"{lensfunpy.__version__}: {lens.maker} {lens.model}",
        "licence": LICENCE,
        "sensor": f"crop factor {lens.crop_factor:.4g}",
        "valid_mm": half_diagonal,
        "interpolation": "lensfun",
    }
    if lens.type.name != "RECTILINEAR":
        measurement["note"] = f"the projection stays what it is: {lens.type.name.lower().replace('_', ' ')}"
    models: dict[str, tuple[Literal["poly3", "poly5", "ptlens"], int]] = {
        "POLY3": ("poly3", 1),
        "POLY5": ("poly5", 2),
        "PTLENS": ("ptlens", 3),
    }
    if distortion is not None and distortion.model.name in models:
        model, count = models[distortion.model.name]
        terms = _numbers(distortion.terms[:count])
        measurement["distortion"] = (Distortion(model=model, unit_mm=half_short, terms=terms, **where),)
    if colour is not None and colour.model.name in ("LINEAR", "POLY3"):
        # Red and blue by turns: v, c, b.
        red, blue = _numbers(colour.terms[0::2]), _numbers(colour.terms[1::2])
        measurement["lateral_colour"] = (Colour(model="poly3", unit_mm=half_short, red=red, blue=blue, **where),)
    if light is not None and light.model.name == "PA":
        settings = {**where, "f_number": f_number, "focus_m": focus_m}
        terms = _numbers(light.terms[:3])
        measurement["vignetting"] = (Light(model="pa", unit_mm=half_diagonal, terms=terms, **settings),)
    if not {"distortion", "lateral_colour", "vignetting"} & set(measurement):
        return Found(None, (*notes, f"lensfun has no calibration of {lens.model}"))
    name = lens.model if str(lens.model).startswith(str(lens.maker)) else f"{lens.maker} {lens.model}"
    return Found(Profile(name=name, exif_names=(lens.model,), measurements=(Measurement(**measurement),)), notes)


def _light(lens: Any, focal_mm: float, f_number: float | None, focus_m: float | None) -> tuple[Any, tuple[str, ...]]:
    """Calibration of fall-off, or why there is none."""
    known = lens.calib_vignetting
    if not known:
        return None, ()
    if f_number is None:
        apertures = {round(c.aperture, 3) for c in known}
        if len(apertures) > 1:
            return None, (APERTURE_UNKNOWN,)
        f_number = apertures.pop()
    distance = _FAR_M if focus_m is None else min(focus_m, _FAR_M)
    found = lens.interpolate_vignetting(focal_mm, f_number, distance)
    return (found, ()) if found is not None else (None, ("no calibration of fall-off is near these settings",))


def _numbers(terms: Iterable[float]) -> tuple[float, ...]:
    """Terms of float32, without the digits that it has not."""
    return tuple(float(f"{term:.8g}") for term in terms)


@cache
def _database() -> Any:
    try:
        import lensfunpy
    except ImportError:
        raise RequestError('lensfun\'s profiles need lensfunpy: pip install "tenbit[lens]"') from None
    return lensfunpy.Database(load_common=False)


@lru_cache(maxsize=64)
def _camera(make: str | None, model: str | None) -> Any:
    found = _database().find_cameras(make, model) if model else []
    return found[0] if found else None


@lru_cache(maxsize=64)
def _lenses(
    camera_make: str | None, camera_model: str | None, make: str | None, model: str | None
) -> tuple[Sequence[Any], tuple[str, ...]]:
    """Entries of the lens, one per crop factor that it was calibrated on; else names that are alike."""
    database, camera = _database(), _camera(camera_make, camera_model)
    if model is None or not _words(model):
        # Mounts whose name begins with a small letter are cameras with one lens.
        if camera is None or not camera.mount[:1].islower():
            return (), ()
        return [lens for lens in database.lenses if camera.mount in lens.mounts], ()
    wanted = _words(model) - _words(make or "")
    same = [lens for lens in database.lenses if wanted in (_words(lens.model) - _words(lens.maker), _words(lens.model))]
    if camera is None:
        return same, ()
    found = database.find_lenses(camera, make, model) or database.find_lenses(camera, None, model)
    names = {(lens.maker, lens.model) for lens in found}
    # Several mounts may have a lens of the name; an adapted one is on none of the camera's.
    same = [lens for lens in same if (lens.maker, lens.model) in names] or same
    if same:
        return same, ()
    alike = found or database.find_lenses(camera, None, model, True)
    return (), tuple(dict.fromkeys(str(lens.model) for lens in alike))[:5]


@lru_cache(maxsize=8192)
def _words(name: str) -> frozenset[str]:
    """What a name says: its words, and its numbers without idle zeros."""
    found = re.findall(r"[a-z]+|\d+(?:\.\d+)?", name.lower())
    return frozenset(f"{float(w):g}" if w[0].isdigit() else w for w in found) - _SAYS_NOTHING


def _for_crop(lenses: Sequence[Any], crop: float) -> Any:
    """The entry that was calibrated on the smallest sensor that is not smaller; else on the largest."""
    enough = [lens for lens in lenses if crop / lens.crop_factor >= _LEAST_CROP]
    return max(enough, key=lambda lens: lens.crop_factor) if enough else min(lenses, key=lambda lens: lens.crop_factor)


def _key(lens: Any) -> tuple[str, float]:
    return str(lens.model), round(lens.crop_factor, 3)


@cache
def _aspects() -> dict[tuple[str, float], float]:
    """Aspect ratios of calibrations that are not 3:2, which lensfunpy does not hand out, by name and crop factor."""
    from xml.etree import ElementTree

    import lensfunpy

    aspects = {}
    for path in sorted((Path(lensfunpy.__file__).parent / "db_files").glob("*.xml")):
        text = path.read_bytes()
        if b"aspect-ratio" not in text:
            continue
        for lens in ElementTree.fromstring(text).iter("lens"):
            told = lens.findtext("aspect-ratio")
            if told:
                across, _, down = told.partition(":")
                crop = round(float(lens.findtext("cropfactor") or 1), 3)
                for name in lens.findall("model"):
                    aspects[name.text or "", crop] = float(across) / float(down or 1)
    return aspects
