"""The best that profiles say of a lens, as numbers for one frame.

Of every defect the best measurement decides that may be applied: P0 before P1 before P3, and the user's files before
the shipped ones. What was not used is kept with the reason, for the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tenbit.kernels import _laws
from tenbit.kernels._optics import Correction, Falloff, Flat, Lateral, Law, Optics, Origin, Warp
from tenbit.pipeline.lenses.catalogue import DEFECTS

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.profile import Colour, Distortion, FlatMap, Light, Measurement, Profile

DRAFT = "draft"
"""What the reason begins with for which an estimate from ordinary pictures is withheld."""
_APPLICABLE = ("P0", "P1", "P3")


@dataclass(frozen=True)
class Settings:
    """At which settings a frame was taken; None where nobody says."""

    focal_mm: float | None = None
    f_number: float | None = None
    focus_m: float | None = None


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
            is_draft = (measurement.withheld or "").startswith(DRAFT)
            source = f"{'draft of a ' if is_draft else ''}profile {name}: {measurement.source}"
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
