"""Lenses as rows, records and curves that can be shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tenbit.kernels._optics import Defect, Optics
from tenbit.pipeline.lenses import catalogue, draw
from tenbit.pipeline.lenses.best import Settings
from tenbit.pipeline.lenses.lens import FRAME_SELECTORS, Code, Lens
from tenbit.pipeline.lenses.lens import as_plain as lens_as_plain
from tenbit.pipeline.lenses.profile import PROVENANCES, Measurement, as_plain
from tenbit.pipeline.lenses.sensors import Sensor

LIST_COLUMNS = ("slug", "name", "f/", "code", "distortion", "lateral", "fall-off", "shading", "best")
APPLIED_COLUMNS = ("defect", "how known", "at the corner", "known to", "by")
MEASURED_COLUMNS = ("how known", "what", "to", "source", "not applied because")
DEFECT_NAMES: dict[Defect, str] = {
    "distortion": "distortion",
    "lateral_colour": "lateral colour",
    "vignetting": "fall-off",
    "colour_shading": "colour shading",
}


def list_rows(entries: Sequence[catalogue.Entry]) -> list[tuple[str, ...]]:
    """One row per lens, as `LIST_COLUMNS`; a defect that nothing is known of is a dash."""
    return [
        (
            entry.slug,
            entry.name,
            "" if entry.max_aperture is None else f"{entry.max_aperture:g}",
            " ".join(dict.fromkeys(_code(code) for code in entry.codes)),
            *(("-" if (found := entry.defects[defect]) == "P4" else found) for defect in DEFECT_NAMES),
            entry.provenance,
        )
        for entry in entries
    ]


def _code(code: catalogue.Code) -> str:
    return f"{code.code}" if code.frame_selector is None else f"{code.code}/{code.frame_selector}"


def list_record(entry: catalogue.Entry) -> dict[str, Any]:
    """A lens of the list, fit for JSON."""
    lens = lens_as_plain(catalogue.lens(entry.slug))
    found: dict[str, Any] = _strict(
        {
            "slug": entry.slug,
            "name": entry.name,
            "provenance": entry.provenance,
            "defects": dict(entry.defects),
            "focal_mm": list(entry.focal_mm),
            "max_aperture": entry.max_aperture,
            "codes": [asdict(code) for code in entry.codes],
            "design": entry.design,
            "is_user_made": entry.is_user_made,
            **{name: value for name, value in lens.items() if name not in ("name", "codes", "focal_mm")},
        }
    )
    return found


def record(slug: str, sensor: Sensor, settings: Settings) -> dict[str, Any]:
    """All that is known of a lens, fit for JSON."""
    entry = next(entry for entry in catalogue.entries() if entry.slug == slug)
    profiles = catalogue.profiles_for(slug)
    optics, notes = draw.applied(slug, settings, sensor)
    found: dict[str, Any] = _strict(
        {
            "sensor": {**asdict(sensor), "corner_mm": round(sensor.corner_mm, 3)},
            "settings": asdict(settings),
            "applied": [dict(zip(APPLIED_COLUMNS, row, strict=True)) for row in applied_rows(optics, sensor)],
            "withheld": [correction.as_record() for correction in optics.withheld],
            "notes": list(notes),
            "profiles": [{"file": str(path), **as_plain(profile)} for path, profile in profiles],
        }
    )
    return list_record(entry) | found


def fact_rows(slug: str) -> list[tuple[str, str]]:
    """What identifies a lens: a name and a text each."""
    lens, profiles = catalogue.lens(slug), catalogue.profiles_for(slug)
    others = [e.slug for e in catalogue.entries() if e.design and e.design == lens.design and e.slug != slug]
    pupil = next((profile.exit_pupil_mm for _, profile in profiles if profile.exit_pupil_mm), None)
    built = f"{lens.elements} in {lens.groups} groups" if lens.elements and lens.groups else ""
    kinds = [name for name, has in (("aspherical", lens.asph), ("apochromatic", lens.apo)) if has]
    years = " ".join(f"{word} {year}" for word, year in (("from", lens.year_from), ("to", lens.year_to)) if year)
    rows = [
        ("slug", slug),
        ("focal length", _focal(lens)),
        ("maximum aperture", f"f/{lens.max_aperture:g}" if lens.max_aperture else ""),
        ("6-bit code", "; ".join(map(_code_text, lens.codes))),
        ("order numbers", ", ".join(lens.order_numbers)),
        ("made", years),
        ("elements", ", ".join(part for part in (built, *kinds) if part)),
        ("design", ", as ".join(part for part in (lens.design or "", ", ".join(others)) if part)),
        ("entrance pupil", f"{lens.entrance_pupil_mm:g} mm behind the first vertex" if lens.entrance_pupil_mm else ""),
        ("exit pupil", f"{pupil:g} mm before the picture" if pupil else ""),
        ("names in files", "; ".join(lens.exif_names)),
        ("names assumed", "; ".join(lens.exif_names_assumed)),
        ("note", lens.note or ""),
        ("source", lens.source),
    ]
    return [row for row in rows if row[1]]


def _focal(lens: Lens) -> str:
    if not lens.focal_mm:
        return ""
    told = " - ".join(f"{focal:g}" for focal in lens.focal_mm) + " mm"
    return f"{told}, {lens.focal_real_mm:g} mm in truth" if lens.focal_real_mm else told


def _code_text(code: Code) -> str:
    selector = code.frame_selector
    parts = [
        f"{code.code}",
        "" if not selector else f"with frame selector {selector} ({FRAME_SELECTORS[selector]})",
        f"at {code.focal_mm:g} mm" if code.focal_mm else "",
    ]
    return " ".join(part for part in parts if part) + (f" ({code.note})" if code.note else "")


def applied_rows(optics: Optics, sensor: Sensor) -> list[tuple[str, ...]]:
    """One row per defect, as `APPLIED_COLUMNS`."""
    rows: list[tuple[str, ...]] = []
    for defect, name in DEFECT_NAMES.items():
        known, text = _at_corner(optics, defect, sensor)
        if known is None:
            rows.append((name, "-", text or "left as it is", "", ""))
        else:
            source = known.source.removeprefix("profile ")
            rows.append((name, known.provenance, text, f"{known.valid_mm:g} mm", source))
    return rows


def _at_corner(optics: Optics, defect: Defect, sensor: Sensor) -> tuple[Any, str]:
    """Origin of what is applied, and its value at the corner, or why there is none."""
    corner = sensor.corner_mm
    if defect == "distortion" and optics.warp:
        origin = optics.warp.origin
        return origin, f"{draw.percent(optics.warp.laws[0], np.array([corner]), origin.valid_mm)[0]:+.2f} %"
    if defect == "lateral_colour" and optics.lateral:
        origin = optics.lateral.origin
        shifts = (
            draw.shift_um(law, np.array([corner]), origin.valid_mm)[0]
            for law in (optics.lateral.red, optics.lateral.blue)
        )
        told = (f"{shift:+.1f} µm ({shift / sensor.pixel_um:+.1f} px)" for shift in shifts)
        return origin, ", ".join(f"{colour} {text}" for colour, text in zip(("red", "blue"), told, strict=True))
    if defect == "vignetting" and optics.falloff:
        origin = optics.falloff.origin
        return origin, f"{draw.ev(optics.falloff.law, np.array([corner]), origin.valid_mm)[0]:+.2f} EV"
    if defect == "colour_shading" and optics.flat:
        return optics.flat.origin, f"{optics.flat.gains.max():.2f} times at most"
    reasons = [c.reason for c in optics.withheld if c.defect == defect and "aperture" in c.reason]
    return None, reasons[0] if reasons else ""


def measured_rows(slug: str) -> list[tuple[str, ...]]:
    """One row per measurement, as `MEASURED_COLUMNS`."""
    rows: list[tuple[str, ...]] = []
    for _, profile in catalogue.profiles_for(slug):
        for m in sorted(profile.measurements, key=lambda m: catalogue.BEST_FIRST.index(m.provenance)):
            whence = [m.source, m.licence, m.sensor, m.date, m.note]
            rows.append(
                (
                    m.provenance,
                    "; ".join(_contents(m)),
                    f"{m.valid_mm:g} mm",
                    "; ".join(part.rstrip(".") for part in whence if part),
                    m.withheld or (f"{m.provenance} corrects nothing" if m.provenance in ("P2", "P4") else ""),
                )
            )
    return rows


def _contents(m: Measurement) -> list[str]:
    found = []
    for block, defect in catalogue.DEFECTS.items():
        if entries := getattr(m, block):
            numbers = sorted({entry.f_number for entry in entries if entry.f_number is not None})
            at = f" at {', '.join(f'f/{number:g}' for number in numbers)}" if numbers else ""
            found.append(DEFECT_NAMES[defect] + at)
    for limit in m.limits:
        if limit.quantity == "corner_ev":
            told = f"fall-off {limit.value:+g} EV"
        else:
            told = f"distortion at most {limit.value:g} %"
        at = f" at {limit.radius_mm:g} mm" if limit.radius_mm else ""
        found.append(told + at + (f", f/{limit.f_number:g}" if limit.f_number else ""))
    return found


def provenance_rows() -> list[tuple[str, ...]]:
    """What the levels mean."""
    return [(level, text) for level, text in PROVENANCES.items()]


def _strict(value: Any) -> Any:
    """The same with texts for what JSON has no number for, and lists for tuples."""
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return "infinity" if isinstance(value, float) and math.isinf(value) else value
