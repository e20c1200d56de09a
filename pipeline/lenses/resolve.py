"""A frame's lens as numbers on its sensor: which lens it is, what is known of it, at the settings of the frame.

Of every defect the best measurement decides that may be applied: P0 before P1 before P3, and the user's files before
the shipped ones. What was not used is kept with the reason, for the record.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tenbit.kernels import _laws
from tenbit.kernels._optics import Correction, Falloff, Flat, Lateral, Law, Optics, Origin, Warp
from tenbit.pipeline.config import Chain
from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.lenses.catalogue import DEFECTS

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked
    from tenbit.pipeline.lenses.match import Identity
    from tenbit.pipeline.lenses.profile import Colour, Distortion, FlatMap, Light, Measurement, Profile

STAGES = ("flat_field", "vignetting", "lens")
"""Stages that work from what is known of the lens, where their ``profile`` is not ``none``."""
DRAFT = "draft"
"""What the reason begins with for which an estimate from ordinary pictures is withheld."""
_APPLICABLE = ("P0", "P1", "P3")
_OF_LENSES = ("GainMap", "FixVignetteRadial", "WarpRectilinear", "WarpRectilinear2", "WarpFisheye")


@dataclass(frozen=True)
class Settings:
    """At which settings a frame was taken; None where nobody says."""

    focal_mm: float | None = None
    f_number: float | None = None
    focus_m: float | None = None


def with_optics(frame: Frame, chain: Chain, options: Asked | None = None) -> Frame:
    """The frame with what is known of its lens, if the chain has a stage that asks for it.

    Parameters
    ----------
    frame : Frame
        One whose facts hold optics already keeps them, unless the options name a lens.
    chain : Chain
        Its ``lens`` stage may name the lens.
    options : Asked
        What the user says beside chain and files.

    Raises
    ------
    ReadError
        If a profile that was named is not there or broken.
    RequestError
        If the lens that was named is none, or could be several.
    """
    wanted = _wanted(chain)
    is_known = frame.facts.optics is not None and (options is None or options.lens is None)
    if not wanted or is_known:
        return frame
    from tenbit.pipeline.lenses import catalogue, match
    from tenbit.pipeline.lenses.asked import Asked

    asked = match.asked_for(frame.source, options or Asked(), chain)
    identity = match.identify(frame, frame.source, asked)
    optics, pixel_mm, notes = of_frame(frame, identity, asked, is_light_asked="always" in wanted)
    facts = dataclasses.replace(frame.facts, pixel_mm=pixel_mm, optics=optics)
    said = dict.fromkeys((*frame.warnings, *catalogue.faults(), *identity.notes, *notes))
    return dataclasses.replace(
        frame,
        facts=facts,
        exif=_completed(frame.exif, identity, asked),
        record={**frame.record, "lens": identity.as_record()},
        warnings=tuple(said),
    )


def of_frame(
    frame: Frame, identity: Identity, asked: Asked, *, is_light_asked: bool = False
) -> tuple[Optics, float | None, tuple[str, ...]]:
    """What is known of a frame's lens, the pitch of its samples in mm, and what the user should be told.

    Parameters
    ----------
    frame : Frame
    identity : Identity
    asked : Asked
    is_light_asked : bool
        Whether fall-off is to be undone even where the camera has done so.
    """
    from tenbit.pipeline.lenses import match

    pixel_mm = match.pixel_mm(frame, asked)
    found, notes = match.profiles_of(frame, identity, pixel_mm)
    optics, more = optics_of(
        identity.name,
        found,
        Settings(identity.focal_mm, identity.f_number, identity.focus_m),
        light_withheld="" if is_light_asked else match.light_withheld(frame, identity),
        is_light_undone=identity.is_coded_leica,
        is_named=identity.profile is not None,
        reach_mm=None if pixel_mm is None else pixel_mm * math.hypot(frame.facts.rows, frame.facts.cols) / 2,
        sensor=match.sensor_name(frame),
    )
    return optics, pixel_mm, (*notes, *more, *_of_another_lens(frame, identity))


def _of_another_lens(frame: Frame, identity: Identity) -> tuple[str, ...]:
    """A note where a phone has put corrections of its own lens into the file, and another lens was before it."""
    names = dict.fromkeys(o.name for o in frame.facts.opcodes if o.name in _OF_LENSES)
    if "not_used" not in identity.sources or not names:
        return ()
    return (
        f"the file's {' and '.join(names)} may be of the camera's own lens, not of {identity.name}: `opcodes: none` of "
        "lens and vignetting and a chain without file_corrections leave them out",
    )


def _completed(exif: Exif, identity: Identity, asked: Asked) -> Exif:
    """EXIF of the picture, with the lens and the aperture that the user tells where the file tells none."""
    if asked.lens is None or identity.slug is None:
        return exif
    return dataclasses.replace(
        exif, lens_model=exif.lens_model or identity.name, f_number=exif.f_number or asked.f_number
    )


def check_lens(chain: Chain, options: Asked) -> None:
    """Refuse, before any file is touched, a lens that is none, or that no stage of the chain would correct.

    Raises
    ------
    RequestError, ChainError
        Where the lens that options or the chain name is not there, could be several, is a broken profile, or has no
        stage.
    """
    from tenbit.pipeline.lenses import files, names
    from tenbit.pipeline.lenses.asked import NO_LENS, of_chain

    if options.lens not in (None, NO_LENS) and not _wanted(chain):
        raise RequestError(f"--lens: the chain {chain.name} has no stage that corrects a lens: {', '.join(STAGES)}")
    for asked in (options, of_chain(chain)):
        place = asked.places.get("lens", "lens")
        if isinstance(asked.lens, str) and asked.lens != NO_LENS:
            names.resolved(asked.lens, place)
        elif isinstance(asked.lens, Path) and asked.lens.suffix.lower() in (".yaml", ".yml"):
            try:
                files.load_profile(asked.lens)
            except ReadError as fault:
                raise RequestError(f"{place}: {fault}") from None


def _wanted(chain: Chain) -> list[str]:
    """What the stages that correct a lens say of its profile, but those that want none."""
    found = [getattr(link.parameters, "profile", "none") for link in chain.links if link.stage.name in STAGES]
    return [profile for profile in found if profile != "none"]


def optics_of(
    lens: str,
    profiles: Sequence[tuple[str, Profile]],
    settings: Settings,
    *,
    light_withheld: str = "",
    is_light_undone: bool = True,
    is_named: bool = False,
    reach_mm: float | None = None,
    sensor: str = "",
) -> tuple[Optics, tuple[str, ...]]:
    """The best that profiles say of each defect at these settings, and what the user should be told.

    Parameters
    ----------
    lens : str
        Its name, for the record.
    profiles : sequence of (name, Profile)
        The user's first.
    settings : Settings
    light_withheld : str
        Why fall-off and colour shading are left as they are, if they are: the camera has undone them, or may have.
    is_light_undone : bool
        Whether it has. What the user has measured with a camera that may have is of what that camera leaves.
    is_named : bool
        Whether the user named the very file: then its drafts are used too.
    reach_mm : float, optional
        Radius of the frame's corner: a distortion that is smaller there than its own misfit is left alone.
    sensor : str
        The frame's camera: a flat of another is not used.

    Returns
    -------
    Optics
    notes : tuple of str
    """
    from tenbit.pipeline.lenses import blend

    known = sorted(
        ((name, m) for name, profile in profiles for m in profile.measurements), key=lambda pair: pair[1].provenance
    )
    laws: dict[str, Any] = {}
    withheld: list[Correction] = []
    notes: list[str] = []
    for kind, defect in DEFECTS.items():
        for name, measurement in known:
            entries: Sequence[Any] = getattr(measurement, kind)
            if not entries:
                continue
            source = f"profile {name}: {measurement.source}"
            is_draft = (measurement.withheld or "").startswith(DRAFT)
            reason = "" if is_draft and is_named else measurement.withheld or ""
            reason = reason or _why_not(measurement, kind, has_better=kind in laws, sensor=sensor)
            is_own = measurement.provenance == "P0" and measurement.sensor == sensor != ""
            if light_withheld and kind in ("vignetting", "flat") and (is_light_undone or not is_own):
                reason = light_withheld
            entry = None
            if not reason:
                entry, said = blend.at(
                    entries,
                    focal_mm=settings.focal_mm,
                    f_number=settings.f_number,
                    focus_m=settings.focus_m,
                    rule=measurement.interpolation,
                )
                notes += [f"{lens}: {defect.replace('_', ' ')}: {text}" for text in said]
                reason = "" if entry is not None else "; ".join(said) or "nothing at these settings"
                if kind == "distortion" and entry is not None and (doubt := _doubt(entry, measurement, reach_mm)):
                    entry, reason = None, doubt
            if entry is None:
                withheld.append(Correction(defect, source, measurement.provenance, is_applied=False, reason=reason))
            else:
                laws[kind] = _MAKERS[kind](entry, Origin(source, measurement.provenance, measurement.valid_mm))
    return (
        Optics(
            lens,
            warp=laws.get("distortion"),
            lateral=laws.get("lateral_colour"),
            falloff=laws.get("vignetting"),
            flat=laws.get("flat"),
            withheld=tuple(withheld),
            natural=_natural(settings.focal_mm),
            light_undone=light_withheld if is_light_undone else "",
        ),
        tuple(dict.fromkeys(notes)),
    )


def _why_not(measurement: Measurement, kind: str, *, has_better: bool, sensor: str) -> str:
    """Why a measurement that is not withheld is not applied; empty when it may be."""
    if measurement.provenance not in _APPLICABLE:
        return f"{measurement.provenance} corrects nothing"
    if has_better:
        return "a better source is known"
    if kind == "flat" and measurement.sensor and sensor and measurement.sensor != sensor:
        return f"colour shading is of lens and sensor together, and this was measured on {measurement.sensor}"
    return ""


def _doubt(entry: Distortion, measurement: Measurement, reach_mm: float | None) -> str:
    """Why a distortion is not worth undoing on this sensor; empty when it is."""
    reach = min(measurement.valid_mm, reach_mm or measurement.valid_mm)
    if entry.residual_pct is None:
        return ""
    largest = 100 * float(np.abs(_laws.ratio(_law(entry), np.linspace(0, reach, 65)) - 1).max())
    if largest >= entry.residual_pct:
        return ""
    return f"on this sensor its {largest:.2f} % are below its own misfit of {entry.residual_pct:.2f} %"


def _law(entry: Distortion | Light) -> Law:
    return Law(entry.model, entry.terms, entry.unit_mm)


def _natural(focal_mm: float | None) -> Falloff | None:
    """What a thin lens of a focal length loses: for stages that are asked for it."""
    if focal_mm is None:
        return None
    return Falloff(Law("cos4", (), focal_mm), Origin(f"natural fall-off of a thin lens of {focal_mm:g} mm"))


def _warp(entry: Distortion, origin: Origin) -> Warp:
    return Warp((_law(entry),), origin, entry.centre_mm)


def _lateral(entry: Colour, origin: Origin) -> Lateral:
    red, blue = (Law(entry.model, terms, entry.unit_mm) for terms in (entry.red, entry.blue))
    return Lateral(red, blue, origin)


def _falloff(entry: Light, origin: Origin) -> Falloff:
    return Falloff(_law(entry), origin, entry.centre_mm)


def _flat(entry: FlatMap, origin: Origin) -> Flat:
    gains = np.array(entry.gains.split(), np.float32).reshape(4, *entry.points)
    return Flat(gains, entry.cfa, entry.height_mm, entry.width_mm, origin)


_MAKERS: Mapping[str, Callable[[Any, Origin], Any]] = {
    "distortion": _warp,
    "lateral_colour": _lateral,
    "vignetting": _falloff,
    "flat": _flat,
}
