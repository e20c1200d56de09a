"""Curves of what is known of a lens: distortion, lateral colour and fall-off over the radius on a sensor."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tenbit.kernels import _laws
from tenbit.kernels._optics import Law, Optics
from tenbit.pipeline.lenses import blend, catalogue
from tenbit.pipeline.lenses.best import Settings, optics_of
from tenbit.pipeline.lenses.profile import Measurement, Profile
from tenbit.pipeline.lenses.sensors import Sensor
from tenbit.pipeline.plots import Curve, Panel

_POINTS = 121  # of a curve
_SLACK_MM = 0.05  # by which figures for a corner may differ from the corner
_Known = Sequence[tuple[Path, Profile]]


def panels(slug: str, sensor: Sensor, settings: Settings) -> list[Panel]:
    """Distortion, lateral colour and fall-off over the radius, to the corner of a sensor.

    What is applied is a line as far as it is known, and dashed farther out; what is withheld is dashed; a maker's
    figures are points. Fall-off is drawn for each aperture that was measured, unless the settings name one.
    """
    profiles = catalogue.profiles_for(slug)
    optics, _ = applied(slug, settings, sensor)
    curves = {
        ("distortion", "%"): _distortion_curves(optics, profiles, sensor, settings),
        ("lateral colour", f"µm; a pixel is {sensor.pixel_um:g}"): _colour_curves(optics, profiles, sensor, settings),
        ("fall-off", "EV"): _light_curves(slug, profiles, sensor, settings),
    }
    reach = ((0.0, 0.0), (sensor.corner_mm, 0.0))
    return [
        Panel(f"{slug}, {sensor.name}: {what}", "radius on the sensor, mm", unit, found, reach)
        for (what, unit), found in curves.items()
    ]


def applied(slug: str, settings: Settings, sensor: Sensor) -> tuple[Optics, tuple[str, ...]]:
    """What would be applied to a frame of a sensor at these settings, and notes."""
    profiles = [(path.stem, profile) for path, profile in catalogue.profiles_for(slug)]
    optics, notes = optics_of(slug, profiles, settings, reach_mm=sensor.corner_mm)
    return optics, tuple(note.removeprefix(f"{slug}: ") for note in notes)


def _distortion_curves(optics: Optics, profiles: _Known, sensor: Sensor, settings: Settings) -> list[Curve]:
    curves: list[Curve] = []
    if optics.warp:
        law, origin = optics.warp.laws[0], optics.warp.origin
        curves += _known_and_held(origin.provenance, sensor, origin.valid_mm, partial(percent, law))
    for m, entry in _withheld(profiles, "distortion", settings):
        radius = _radii(0.0, min(m.valid_mm, sensor.corner_mm))
        withheld = Law(entry.model, entry.terms, entry.unit_mm)
        curves.append(Curve(_label(m), radius, percent(withheld, radius), "dashed"))
    for m, limit in _limits(profiles, "distortion_max_pct", sensor):
        at = limit.radius_mm
        curves.append(Curve(f"{m.provenance} at most", [at, at], [limit.value, -limit.value], "points"))
    return curves


def _colour_curves(optics: Optics, profiles: _Known, sensor: Sensor, settings: Settings) -> list[Curve]:
    curves: list[Curve] = []
    if optics.lateral:
        origin = optics.lateral.origin
        for name, law in (("red", optics.lateral.red), ("blue", optics.lateral.blue)):
            label = f"{origin.provenance} {name}"
            curves += _known_and_held(label, sensor, origin.valid_mm, partial(shift_um, law))
    for m, entry in _withheld(profiles, "lateral_colour", settings):
        radius = _radii(0.0, min(m.valid_mm, sensor.corner_mm))
        for name, terms in (("red", entry.red), ("blue", entry.blue)):
            shift = shift_um(Law(entry.model, terms, entry.unit_mm), radius)
            curves.append(Curve(f"{_label(m)} {name}", radius, shift, "dashed"))
    return curves


def _light_curves(slug: str, profiles: _Known, sensor: Sensor, settings: Settings) -> list[Curve]:
    lights = [e for _, profile in profiles for m in profile.measurements for e in m.vignetting]
    numbers: list[float | None] = [settings.f_number]
    if settings.f_number is None:
        numbers = [*sorted({e.f_number for e in lights if e.f_number is not None})] or [None]
    curves: list[Curve] = []
    for number in numbers:
        at = Settings(settings.focal_mm, number, settings.focus_m)
        told = f" f/{number:g}" if number else ""
        optics, _ = applied(slug, at, sensor)
        if optics.falloff:
            law, origin = optics.falloff.law, optics.falloff.origin
            label = f"{origin.provenance}{told}"
            curves += _known_and_held(label, sensor, origin.valid_mm, partial(ev, law))
            continue
        for m, entry in _withheld(profiles, "vignetting", at):
            radius = _radii(0.0, min(m.valid_mm, sensor.corner_mm))
            light = ev(Law(entry.model, entry.terms, entry.unit_mm), radius)
            curves.append(Curve(f"{_label(m)}{told}", radius, light, "dashed"))
    figures: dict[str, list[tuple[float, float]]] = {}
    for m, limit in _limits(profiles, "corner_ev", sensor):
        if settings.f_number in (None, limit.f_number):
            told = f" f/{limit.f_number:g}" if limit.f_number else ""
            figures.setdefault(f"{m.provenance}{told}", []).append((limit.radius_mm, limit.value))
    for label, points in figures.items():
        radii, values = zip(*points, strict=True)
        curves.append(Curve(label, radii, values, "points"))
    return curves


def _known_and_held(label: str, sensor: Sensor, valid_mm: float, value: Callable[..., _laws.Radii]) -> list[Curve]:
    """A curve as far as it is known, and what is held farther out."""
    inside = _radii(0.0, min(valid_mm, sensor.corner_mm))
    curves = [Curve(label, inside, value(inside, valid_mm))]
    if valid_mm < sensor.corner_mm - _SLACK_MM:
        outside = _radii(valid_mm, sensor.corner_mm)
        curves.append(Curve(f"{label} beyond {valid_mm:g} mm", outside, value(outside, valid_mm), "dashed"))
    return curves


def _withheld(profiles: _Known, block: str, settings: Settings) -> list[tuple[Measurement, Any]]:
    """Measurements that are never applied, with their entry for the settings."""
    found = []
    for m in (m for _, profile in profiles for m in profile.measurements if m.withheld):
        entry, _ = blend.at(getattr(m, block), settings.focal_mm, settings.f_number, settings.focus_m, m.interpolation)
        if entry is not None:
            found.append((m, entry))
    return found


def _limits(profiles: _Known, quantity: str, sensor: Sensor) -> list[tuple[Measurement, Any]]:
    """A maker's figures for radii that the sensor has."""
    return [
        (m, limit)
        for _, profile in profiles
        for m in profile.measurements
        for limit in m.limits
        if limit.quantity == quantity and (limit.radius_mm or math.inf) <= sensor.corner_mm + _SLACK_MM
    ]


def _label(m: Measurement) -> str:
    """``P1 Sony FX6, withheld``."""
    whence = "design" if m.provenance == "P3" else (m.sensor or m.source).split(" (")[0][:32]
    return f"{m.provenance} {whence}, withheld"


def _radii(low: float, high: float) -> _laws.Radii:
    return np.linspace(low, high, _POINTS)


def percent(law: Law, radius: _laws.Radii, valid_mm: float = math.inf) -> _laws.Radii:
    """Displacement of a distortion, percent of the ideal radius."""
    return np.asarray((_laws.ratio(law, radius, valid_mm) - 1) * 100)


def shift_um(law: Law, radius: _laws.Radii, valid_mm: float = math.inf) -> _laws.Radii:
    """Where a colour lands beside green, µm outwards."""
    return np.asarray((_laws.colour_ratio(law, radius, valid_mm) - 1) * radius * 1e3)


def ev(law: Law, radius: _laws.Radii, valid_mm: float = math.inf) -> _laws.Radii:
    """The light that is left, EV."""
    return np.log2(np.maximum(_laws.light(law, radius, valid_mm), 1e-6))
