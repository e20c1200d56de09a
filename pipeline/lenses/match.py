"""Which lens a frame was taken with, at which settings, and how that is known.

What the user says comes before the name in EXIF, before the maker note's name and 6-bit code, before nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.lenses import catalogue, codes, named, names
from tenbit.pipeline.lenses.asked import NO_LENS, Asked, asked_for
from tenbit.pipeline.lenses.conditions import conditions
from tenbit.pipeline.lenses.sensor import Pitch, bakes_falloff, is_leica_m, pitch, pixel_mm, sensor_name

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.lens import Lens
    from tenbit.pipeline.lenses.profile import Profile

__all__ = [
    "Identity",
    "Pitch",
    "asked_for",
    "identify",
    "light_withheld",
    "pitch",
    "pixel_mm",
    "profiles_of",
    "sensor_name",
]

_BLANK = ("", "-", "unknown", "n/a", "none", "0", "lens")


@dataclass(frozen=True)
class Identity:
    """A frame's lens and settings.

    Parameters
    ----------
    slug : str or None
        Of the catalogue; None when it is not known, not in the catalogue, or could be several of unlike design.
    profile : Path or None
        The file that the user names instead of a lens.
    name : str
        For people: the catalogue's, or the file's own, of a lens that is not in it; empty when nothing names one.
    how : str
        ``EXIF LensModel 'Summilux-M 1:1.4/35 ASPH.'``, ``--lens``, ``6-bit code 29, frame selector 2`` …
    candidates : tuple of str
        Slugs that it could be as well.
    named : str or None
        The lens as EXIF names it, whatever it is.
    is_none : bool
        Whether the user says that there is nothing to correct.
    focal_mm, f_number, focus_m : float or None
    is_f_number_estimated : bool
        Whether a Leica M guessed the aperture.
    sources : mapping
        Where focal length, aperture and distance come from, by field.
    is_coded_leica : bool
        Whether the camera has undone fall-off in the samples for good: an M8 or M9 that knew the lens.
    notes : tuple of str
        What the user should be told.
    """

    slug: str | None = None
    profile: Path | None = None
    name: str = ""
    how: str = "nothing names a lens"
    candidates: tuple[str, ...] = ()
    named: str | None = None
    is_none: bool = False
    focal_mm: float | None = None
    f_number: float | None = None
    focus_m: float | None = None
    is_f_number_estimated: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)
    is_coded_leica: bool = False
    notes: tuple[str, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """The same, fit for JSON; what says nothing is left out."""
        focus = "infinity" if self.focus_m == math.inf else self.focus_m
        known = {
            "slug": self.slug,
            "profile": None if self.profile is None else str(self.profile),
            "name": self.name,
            "how": self.how,
            "candidates": list(self.candidates),
            "named": self.named,
            "focal_mm": self.focal_mm,
            "f_number": None if self.f_number is None else round(self.f_number, 3),
            "f_number_is_estimated": self.is_f_number_estimated,
            "focus_m": focus,
            "sources": dict(self.sources),
            "fall_off_is_undone": self.is_coded_leica,
            "notes": list(self.notes),
        }
        return {key: value for key, value in known.items() if value or key == "slug"}


def identify(frame: Frame, path: Path | None = None, asked: Asked = Asked()) -> Identity:  # noqa: B008 - frozen
    """The lens and the settings of a frame.

    Parameters
    ----------
    frame : Frame
    path : Path or None
        Its file; by default the frame's source. What lies beside it is not looked at: see `asked_for`.
    asked : Asked
        All that the user says.

    Raises
    ------
    RequestError
        If the lens that the user names is none, or could be several of unlike design: with what tells them apart.
    """
    exif = frame.exif
    identity = _asked_lens(asked) or _by_file(exif)
    identity = replace(identity, named=_name(exif.lens_model), is_coded_leica=_is_coded(exif))
    lens = catalogue.lens(identity.slug) if identity.slug else None
    found = conditions(identity.slug or identity.name, lens, exif, asked, _measured_at(identity, lens))
    return replace(
        identity,
        focal_mm=found.focal_mm,
        f_number=found.f_number,
        focus_m=found.focus_m,
        is_f_number_estimated=found.is_f_number_estimated,
        sources=found.sources,
        notes=(*identity.notes, *found.notes),
    )


def _measured_at(identity: Identity, lens: Lens | None) -> tuple[float, ...]:
    """Focal lengths of the profiles of a lens that is in no catalogue."""
    with suppress(ReadError, RequestError):  # whoever needs the profile itself says what is wrong with it
        if identity.profile is not None:
            return named.focals_of([named.profile_in(identity.profile)[0]])
        if identity.slug and lens and not lens.focal_mm:
            return named.focals_of(profile for _, profile in catalogue.profiles_for(identity.slug))
    return ()


def _asked_lens(asked: Asked) -> Identity | None:
    place = asked.places.get("lens", "asked for")
    if asked.lens is None:
        return None
    if asked.lens == NO_LENS:
        return Identity(is_none=True, how=f"{place}: none")
    if isinstance(asked.lens, Path):
        return Identity(profile=asked.lens, name=asked.lens.stem, how=f"{place}: {asked.lens}")
    slugs = names.resolved(asked.lens, place)
    said = "" if asked.lens == slugs[0] else f": {asked.lens!r}"
    return _one(slugs, f"{place}{said}")


def _by_file(exif: Exif) -> Identity:
    """The lens by what the file says."""
    code, selector = exif.lens_code or 0, exif.frame_selector
    by_code = codes.of_code(code, selector) if code else ()
    manual = ", chosen in the menu" if selector == 0 else ""
    where = "" if selector is None else f", frame selector {selector}{manual}"
    evidence: list[tuple[str, tuple[str, ...]]] = []
    doubtful: Identity | None = None
    for tag, name in (("EXIF LensModel", _name(exif.lens_model)), ("maker note lens", _name(exif.lens_profile))):
        if name is not None:
            slugs = names.of_lens_name(name)
            closer = tuple(slug for slug in slugs if slug in by_code)
            evidence.append((f"{tag} {name!r}", closer or slugs))
    if code and by_code and not any(codes.is_fitting(slug, code, selector) for slug in by_code):
        note = f"the frame selector does not fit the 6-bit code {code}: name the lens by --lens or in tenbit.yaml"
        doubtful = Identity(how=f"6-bit code {code}{where}", candidates=by_code, notes=(note,))
    elif code:
        evidence.append((f"6-bit code {code}{where}", by_code))
    for how, slugs in evidence:
        if slugs:
            return _one(slugs, how)
    if doubtful is not None:
        return doubtful
    if evidence:
        how = evidence[0][0]
        name = _name(exif.lens_model) or _name(exif.lens_profile) or ""
        return Identity(name=name, how=f"{how}, a lens that is not in the catalogue")
    if exif.lens_code == 0 and is_leica_m(exif):
        return Identity(how="an uncoded lens", notes=("the lens has no code: name it by --lens or in tenbit.yaml",))
    return Identity()


def _one(slugs: Sequence[str], how: str) -> Identity:
    """The lens, if all that it could be are of one design, or have the same profiles; else candidates."""
    paths = {tuple(path for path, _ in catalogue.profiles_for(slug)) for slug in slugs}
    same = ""
    if len(slugs) > 1 and names.is_one_design(slugs):
        same = f", or {' or '.join(slugs[1:])} of the same optical design"
    elif len(slugs) > 1 and len(paths) == 1 and any(paths):
        same = f", or {' or '.join(slugs[1:])} of which the same profiles are known"
    if len(slugs) == 1 or same:
        name = catalogue.lens(slugs[0]).name
        return Identity(slugs[0], name=name, how=how + same, candidates=tuple(slugs[1:]))
    apart = "; or ".join(names.told_apart(slugs))
    note = f"{how} could be {apart}: name one by --lens or in tenbit.yaml, until then nothing is corrected"
    return Identity(how=how, candidates=tuple(slugs), notes=(note,))


def _name(text: str | None) -> str | None:
    """A name that says something."""
    text = (text or "").strip()
    return None if text.lower().strip("-. ") in _BLANK else text


def _is_coded(exif: Exif) -> bool:
    return bakes_falloff(exif) and bool(exif.lens_code or _name(exif.lens_model))


def profiles_of(
    frame: Frame, identity: Identity, pitch_mm: float | None = None
) -> tuple[tuple[tuple[str, Profile], ...], tuple[str, ...]]:
    """Profiles of the frame's lens, by name, the user's first; and what the user should be told.

    A lens that is in no catalogue, or a camera with a lens of its own, is looked up in lensfun's database where
    lensfunpy is installed.

    Parameters
    ----------
    frame : Frame
    identity : Identity
    pitch_mm : float, optional
        From one sample to the next on the sensor, as `pixel_mm` tells it; by default of the frame alone.

    Raises
    ------
    ReadError
        If the profile that was named is not there or broken.
    RequestError
        If it is of a kind that has to be imported with more than its file says.
    """
    pitch_mm = pitch_mm or pixel_mm(frame)
    sensor_mm = None if pitch_mm is None else (frame.facts.rows * pitch_mm, frame.facts.cols * pitch_mm)
    if identity.profile is not None:
        profile, doubts = named.profile_in(identity.profile, sensor_mm)
        return ((identity.profile.stem, profile),), doubts
    if identity.slug is not None:
        return tuple((path.stem, profile) for path, profile in catalogue.profiles_for(identity.slug)), ()
    if identity.is_none or identity.candidates or is_leica_m(frame.exif) or frame.exif.model is None:
        return (), ()
    from tenbit.pipeline.lenses.imports import lensfun, makers

    if not (lensfun.is_installed() if identity.named else makers.is_known(frame.exif.make)):
        return (), ()
    exif = frame.exif
    found = lensfun.of_frame(
        identity.named,
        camera_make=exif.make,
        camera_model=exif.model,
        lens_make=exif.lens_make,
        focal_mm=identity.focal_mm,
        f_number=identity.f_number,
        focus_m=identity.focus_m,
        sensor_mm=sensor_mm,
    )
    profiles = () if found.profile is None else (("lensfun", found.profile),)
    return profiles, tuple(found.notes)


def light_withheld(frame: Frame, identity: Identity) -> str:
    """Why fall-off and colour shading are to be left as they are; empty where they are not."""
    exif = frame.exif
    if identity.is_coded_leica:
        return f"the {exif.model} undoes the fall-off of lenses that it knows, in the samples"
    knows = exif.lens_code is None or exif.lens_code > 0 if bakes_falloff(exif) else bool(_name(exif.lens_model))
    if is_leica_m(exif) and knows:
        return f"the {exif.model} may have undone fall-off already; profile: always undoes it all the same"
    return ""
