"""At which focal length, aperture and distance a frame was taken, and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenbit.pipeline.frame import Exif
from tenbit.pipeline.lenses.asked import Asked
from tenbit.pipeline.lenses.sensor import is_leica_m

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.lens import Code, Lens

# A file's focal length is rounded, and real ones differ from nominal ones; a lens of the phone's own is far off.
_MOST_APART = 0.12
# Apertures are rounded too: a file with one this much larger than the lens can open to speaks of another lens.
_WIDEST = 0.9


@dataclass(frozen=True)
class Conditions:
    """None where nobody says.

    Parameters
    ----------
    focal_mm, f_number, focus_m : float or None
    is_f_number_estimated : bool
        Whether a Leica M guessed the aperture.
    sources : mapping
        Who says it, by field; ``not_used``: what the file says of another lens.
    notes : tuple of str
        What the user should be told.
    """

    focal_mm: float | None = None
    f_number: float | None = None
    focus_m: float | None = None
    is_f_number_estimated: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def conditions(
    name: str, lens: Lens | None, exif: Exif, asked: Asked, measured_mm: tuple[float, ...] = ()
) -> Conditions:
    """The settings of a frame.

    A phone or an adapter knows nothing of the lens on it: where EXIF speaks of a focal length that it has not,
    EXIF tells neither aperture nor distance. The aperture of a Leica M is its guess, in EXIF too.

    Parameters
    ----------
    name : str
        Of the lens, for people.
    lens : Lens or None
        Of the catalogue, if it is known.
    exif : Exif
    asked : Asked
        Comes before what the file says.
    measured_mm : tuple of float
        Focal lengths that the profiles of a lens in no catalogue were measured at; a zoom may be set between them.
    """
    sources: dict[str, str] = {}
    notes: list[str] = []
    lengths = lens.focal_mm if lens else ()
    near = [f for f in lengths if exif.focal_mm and abs(exif.focal_mm / f - 1) <= _MOST_APART]
    is_other = bool(lengths and exif.focal_mm and not near)
    if measured_mm and not lengths and exif.focal_mm:
        is_other = not (1 - _MOST_APART) * min(measured_mm) <= exif.focal_mm <= (1 + _MOST_APART) * max(measured_mm)
    if is_other and not lengths:
        focal = measured_mm[0] if len(measured_mm) == 1 else None
        sources |= {} if focal is None else {"focal_mm": "the profile"}
    else:
        focal = _focal(lens, near, exif, sources)
    if focal is None and (lengths or is_other):
        which = ", ".join(f"{f:g}" for f in lengths) or f"{measured_mm[0]:g} to {measured_mm[-1]:g}"
        notes.append(f"{name}: which of {which} mm was set is not known")
    f_number, is_estimated = exif.f_number, is_leica_m(exif)
    if f_number is None:
        f_number, is_estimated = exif.f_number_estimate, True
    if is_other:
        f_number = None
        sources["not_used"] = f"EXIF's aperture and distance, of a lens of {exif.focal_mm:g} mm"
    elif f_number and lens and lens.max_aperture and f_number < _WIDEST * lens.max_aperture:
        notes.append(f"the file says f/{f_number:.3g}, which {name} cannot be opened to: not used")
        f_number = None
    if asked.f_number is not None:
        f_number, is_estimated = asked.f_number, False
        sources["f_number"] = asked.places.get("f_number", "asked for")
    elif f_number is not None:
        sources["f_number"] = "the camera's guess" if is_estimated else "EXIF"
    focus = None if is_other else exif.focus_m
    if asked.focus_m is not None:
        focus = asked.focus_m
        sources["focus_m"] = asked.places.get("focus_m", "asked for")
    elif focus is not None:
        sources["focus_m"] = "EXIF"
    return Conditions(focal, f_number, focus, is_estimated and f_number is not None, sources, tuple(notes))


def _focal(lens: Lens | None, near: list[float], exif: Exif, sources: dict[str, str]) -> float | None:
    """The focal length: the lens's only one, the one that the frame selector or EXIF tells of several, or EXIF's."""
    if lens and len(lens.focal_mm) == 1:
        sources["focal_mm"] = "the catalogue"
        return lens.focal_mm[0]
    if lens and (coded := [code.focal_mm for code in lens.codes if code.focal_mm and _is_of(code, exif)]):
        sources["focal_mm"] = f"frame selector {exif.frame_selector}"
        return coded[0]
    if near or not (lens and lens.focal_mm):
        focal = min(near, key=lambda f: abs(f - (exif.focal_mm or f)), default=exif.focal_mm)
        if focal is not None:
            sources["focal_mm"] = "EXIF"
        return focal
    return None


def _is_of(code: Code, exif: Exif) -> bool:
    return code.code == exif.lens_code and code.frame_selector in (None, exif.frame_selector)
