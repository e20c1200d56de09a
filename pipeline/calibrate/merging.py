"""A new measurement into the user's profile of a lens: beside what is there, or in the place of the same settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tenbit.kernels import _laws
from tenbit.kernels._optics import Law
from tenbit.pipeline.calibrate.shading import TABLE_POINTS
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses.profile import Condition, Light, Measurement, Profile

KINDS = ("distortion", "lateral_colour", "vignetting", "flat")
_BETWEEN = "; "


def merged(
    old: Profile | None, new: Measurement, *, slug: str, name: str, path: Path, is_replacing: bool = False
) -> Profile:
    """The profile with a measurement in it, which comes first.

    Measurements of one sensor and one source are one measurement with several entries, so that settings between those
    that were measured can be interpolated. Notes are joined by what stands before their colon: ``f/2: 8 frames``.

    Parameters
    ----------
    old : Profile or None
        What is in the file already.
    new : Measurement
    slug, name : str
        Of the lens.
    path : Path
        Of the file, for the error.
    is_replacing : bool
        Whether entries for the same settings may be replaced.

    Raises
    ------
    RequestError
        If an entry for the same settings is there and may not be replaced.
    """
    if old is None:
        alike = new.model_copy(update={"vignetting": _alike(new.vignetting)})
        return Profile(name=name, lenses=(slug,) if slug else (), measurements=(alike,))
    same = next((m for m in old.measurements if _is_same(m, new)), None)
    rest = tuple(m for m in old.measurements if m is not same)
    lenses = old.lenses if not slug or slug in old.lenses else (*old.lenses, slug)
    entries: dict[str, tuple[Condition, ...]] = {}
    has_kept = False
    for kind in KINDS:
        fresh: tuple[Condition, ...] = getattr(new, kind)
        before: tuple[Condition, ...] = getattr(same, kind) if same else ()
        taken = {_settings(entry) for entry in fresh}
        if not is_replacing and any(_settings(entry) in taken for entry in before):
            at = next(_label(entry) for entry in before if _settings(entry) in taken)
            when = f", of {same.date}" if same and same.date else ""
            raise RequestError(f"{path}: has a measurement {at} by {new.source}{when}; --overwrite replaces it")
        kept = [entry for entry in before if _settings(entry) not in taken]
        has_kept = has_kept or bool(kept)
        entries[kind] = tuple(sorted([*kept, *fresh], key=lambda entry: [n or 0.0 for n in _settings(entry)]))
    update: dict[str, Any] = {**entries, "note": _noted(same.note if same else None, new.note)}
    update["vignetting"] = _alike(update["vignetting"])
    # What both were measured to is all that the entries together can claim.
    update["valid_mm"] = min(same.valid_mm, new.valid_mm) if same and has_kept else new.valid_mm
    return old.model_copy(update={"lenses": lenses, "measurements": (new.model_copy(update=update), *rest)})


def _is_same(old: Measurement, new: Measurement) -> bool:
    is_alike = (old.provenance, old.source, old.sensor) == (new.provenance, new.source, new.sensor)
    return is_alike and old.withheld == new.withheld


def _alike(lights: Sequence[Light]) -> tuple[Light, ...]:
    """Fall-off by one model: between settings, only entries of the same one can be interpolated."""
    if not {"pa", "table"} <= {light.model for light in lights}:
        return tuple(lights)
    return tuple(_as_table(light) if light.model == "pa" else light for light in lights)


def _as_table(light: Light) -> Light:
    radius = np.linspace(0, 1, TABLE_POINTS)
    lost = np.log2(_laws.light(Law("pa", light.terms, 1.0), radius))
    terms = tuple(round(float(n), 5) for n in np.stack([radius, lost], -1).reshape(-1))
    return light.model_copy(update={"model": "table", "terms": terms})


def _settings(entry: Condition) -> tuple[float | None, ...]:
    return entry.focal_mm, entry.f_number, entry.focus_m


def _label(entry: Condition) -> str:
    """Of an entry's settings: ``at 35 mm, f/2, 3 m``."""
    said = [
        *([f"{entry.focal_mm:g} mm"] if entry.focal_mm else []),
        *([f"f/{entry.f_number:g}"] if entry.f_number else []),
        *([f"{entry.focus_m:g} m"] if entry.focus_m else []),
    ]
    return f"at {', '.join(said)}" if said else "at settings that are not told"


def _noted(old: str | None, new: str | None) -> str | None:
    """Notes of both; of those with the same word before the colon the new one."""
    notes: Mapping[str, str] = {
        part.split(": ")[0]: part for text in (old, new) if text for part in text.split(_BETWEEN)
    }
    return _BETWEEN.join(notes[key] for key in sorted(notes)) or None
