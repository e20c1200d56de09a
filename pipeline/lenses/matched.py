"""What can be said of the lens of a file, before anything is developed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenbit.kernels._optics import UNKNOWN_SIZE
from tenbit.pipeline.lenses import match, names
from tenbit.pipeline.lenses.asked import Asked
from tenbit.pipeline.lenses.resolve import of_frame
from tenbit.pipeline.raw import read


def matched(path: Path, asked: Asked, *, camera: str | Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Lens, settings, sensor and what would be corrected of one file, fit for JSON.

    Parameters
    ----------
    path : Path
    asked : Asked
        What options say; what is said beside the file is added.
    camera : str or mapping, optional
        For packed dumps, see `tenbit.pipeline.raw.read`.

    Raises
    ------
    ReadError
        If the file, what lies beside it, or the profile that was named cannot be read.
    RequestError
        If the lens that was named is none, or could be several.
    """
    asked = match.asked_for(path, asked)
    frame = read(path, camera=camera, keep_packed=True)
    identity = match.identify(frame, path, asked)
    optics, _, notes = of_frame(frame, identity, asked)
    pitch = match.pitch(frame, asked)
    laws = {
        "distortion": optics.warp,
        "lateral_colour": optics.lateral,
        "vignetting": optics.falloff,
        "colour_shading": optics.flat,
    }
    found = {name: f"{law.origin.source} ({law.origin.provenance})" for name, law in laws.items() if law is not None}
    known = {
        "file": str(path),
        "slug": identity.slug,
        "name": identity.name,
        "how": identity.how,
        "candidates": list(identity.candidates),
        "camera": match.sensor_name(frame),
        "settings": _settings(identity),
        "not_used": identity.sources.get("not_used"),
        "sensor": _sensor(pitch, frame.facts.rows, frame.facts.cols),
        "corrects": found if pitch.mm is not None else {},
        "withholds": [
            *(f"{name.replace('_', ' ')}: {text}: {UNKNOWN_SIZE}" for name, text in found.items() if pitch.mm is None),
            *(f"{c.defect.replace('_', ' ')}: {c.source} ({c.provenance}): {c.reason}" for c in optics.withheld),
        ],
        "notes": list(dict.fromkeys((*identity.notes, *notes))),
    }
    return {name: value for name, value in known.items() if value or name == "slug"}


def _settings(identity: match.Identity) -> dict[str, Any]:
    """Focal length, aperture and distance, each with who says it."""
    focus = "infinity" if identity.focus_m == math.inf else identity.focus_m
    values = {"focal_mm": identity.focal_mm, "f_number": identity.f_number, "focus_m": focus}
    return {
        name: {"value": round(value, 3) if isinstance(value, float) else value, "source": identity.sources[name]}
        for name, value in values.items()
        if value is not None
    }


def _sensor(pitch: match.Pitch, rows: int, cols: int) -> dict[str, Any]:
    if pitch.mm is None:
        return {"source": pitch.how}
    size = [round(rows * pitch.mm, 3), round(cols * pitch.mm, 3)]
    return {"pixel_um": round(pitch.mm * 1000, 4), "height_width_mm": size, "source": pitch.how}


def told(record: Mapping[str, Any]) -> list[str]:
    """A record as lines for people: the file, and what is known of it below."""
    lens = record["slug"] or record.get("name") or "not known"
    if record["slug"] and record["name"]:
        lens = f"{record['slug']}, {record['name']}"
    rows = [("lens", lens), ("because", record["how"])]
    rows += [("could be", text) for text in names.told_apart(record.get("candidates", ()))]
    settings = record.get("settings", {})
    shown = {"focal_mm": "{} mm", "f_number": "f/{}", "focus_m": "{} m"}
    said = []
    for name, entry in settings.items():
        value = entry["value"]
        said.append(f"{value if isinstance(value, str) else shown[name].format(f'{value:g}')} ({entry['source']})")
    missing = [word for name, word in (("f_number", "aperture"), ("focus_m", "distance")) if name not in settings]
    said += [f"{' and '.join(missing)} not known"] if missing else []
    rows.append(("settings", ", ".join(said)))
    if "not_used" in record:
        rows.append(("not used", record["not_used"]))
    sensor = record["sensor"]
    if "pixel_um" in sensor:
        height, width = sensor["height_width_mm"]
        rows.append(("sensor", f"{width:g} x {height:g} mm, pixels of {sensor['pixel_um']:g} µm ({sensor['source']})"))
    else:
        rows.append(("sensor", sensor["source"]))
    rows += [("corrects", f"{name.replace('_', ' ')}: {text}") for name, text in record.get("corrects", {}).items()]
    if "corrects" not in record:
        rows.append(("corrects", "nothing"))
    rows += [("withholds", text) for text in record.get("withholds", ())]
    rows += [("note", text) for text in record.get("notes", ())]
    return [record["file"], *(f"  {name:<9}  {text}" for name, text in rows)]
