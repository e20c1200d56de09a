"""One entry of a profile for the settings of a frame, from those that were measured at others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar, cast

from tenbit.pipeline.lenses.mix import mixed

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.profile import Condition

Entry = TypeVar("Entry", bound="Condition")
Rule = Literal["linear", "lensfun", "lcp"]
Setting = Literal["focal_mm", "f_number", "focus_m"]

APERTURE_UNKNOWN = "the aperture is not known; give --f-number"
FOCAL_UNKNOWN = "the focal length is not known"
# What a lens is called and what it was measured as differ by a few percent: 50 and 51.6 mm.
_SAME_FOCAL = 0.06
_SAME_APERTURE_STOPS = 0.2
# Farther from what was measured nothing is said: another focal length of a zoom is another lens, and stopped down by
# this much a lens no longer cuts its corners off. From f/5.6 on it hardly does at any aperture.
_OTHER_FOCAL, _OTHER_STOPS, _STOPPED_DOWN = 0.12, 1.2, 5.6


class _Found(NamedTuple):
    """Entries with the weights that they have at some settings."""

    parts: tuple[tuple[float, Condition], ...]
    notes: tuple[str, ...]


def at(
    entries: Sequence[Entry],
    focal_mm: float | None,
    f_number: float | None,
    focus_m: float | None,
    rule: Rule = "linear",
) -> tuple[Entry | None, tuple[str, ...]]:
    """What entries of one kind say for some settings.

    Focal length is looked at first, then aperture, then distance; each between the two measured neighbours, and held
    a little beyond the last; farther out there is nothing for another focal length, nor for an aperture that is stopped
    down by more than was measured. A setting that an entry does not name is one that it does not depend on.

    Parameters
    ----------
    entries : sequence of Distortion, Colour, Light or FlatMap
        Of one measurement.
    focal_mm, f_number, focus_m : float or None
        Of the frame; None where it is not known, ``inf`` for a distance.
    rule : {"linear", "lcp", "lensfun"}
        ``linear``: in log2 of focal length and f-number, and in 1 / distance. ``lcp``: the same, but between two
        distances that are not infinite in log distance, and only fall-off depends on the aperture: of geometry, the
        frames of the nearest one are taken. ``lensfun``: as that library does it.

    Returns
    -------
    entry or None
        With the settings that it stands for; None if there is none for these.
    notes : tuple of str
        What people should know: a setting that is not known or beyond what was measured; why there is none.
    """
    if not entries:
        return None, ()
    if rule == "lensfun":
        from tenbit.pipeline.lenses.lensfun_rule import at as by_lensfun

        return by_lensfun(entries, focal_mm, f_number, focus_m)
    found = _along(list(entries), ("focal_mm", "f_number", "focus_m"), (focal_mm, f_number, focus_m), rule)
    notes = tuple(dict.fromkeys(found.notes))
    parts = [(weight, cast("Entry", entry)) for weight, entry in found.parts if weight > 0]
    if not parts:
        return None, notes
    entry, more = mixed(parts)
    return entry, notes + more


def _along(
    entries: Sequence[Condition], settings: Sequence[Setting], asked: Sequence[float | None], rule: Rule
) -> _Found:
    """Weights of entries, over the settings that are left."""
    from tenbit.pipeline.lenses.profile import FlatMap, Light

    if not settings:
        return _Found(((1.0, entries[0]),), ())
    setting, wanted = settings[0], asked[0]
    depends = [entry for entry in entries if getattr(entry, setting) is not None]
    free = [entry for entry in entries if getattr(entry, setting) is None]
    if not depends or (wanted is None and free):
        return _along(free, settings[1:], asked[1:], rule)
    values = sorted({cast(float, getattr(entry, setting)) for entry in depends})
    is_geometry = not isinstance(depends[0], Light | FlatMap)
    chosen, notes = _chosen(setting, values, wanted, rule, is_geometry=is_geometry)
    parts: list[tuple[float, Condition]] = []
    for value, weight in chosen:
        below = _along([e for e in depends if getattr(e, setting) == value], settings[1:], asked[1:], rule)
        parts += [(weight * more, entry) for more, entry in below.parts]
        notes = (*notes, *below.notes)
        if not below.parts:
            return _Found((), notes)
    return _Found(tuple(parts), notes)


def _chosen(
    setting: Setting, values: Sequence[float], wanted: float | None, rule: Rule, *, is_geometry: bool
) -> tuple[tuple[tuple[float, float], ...], tuple[str, ...]]:
    """Measured values of a setting with their weights, and notes."""
    if wanted is None:
        return _unknown(setting, values, is_geometry=is_geometry)
    scale = {"focal_mm": math.log2, "f_number": math.log2, "focus_m": _closeness}[setting]
    if rule == "lcp" and setting == "focus_m" and math.isfinite(wanted):
        near = max((v for v in values if v <= wanted), default=values[0])
        far = min((v for v in values if v >= wanted), default=values[-1])
        scale = math.log2 if math.isfinite(near) and math.isfinite(far) else _closeness
    if is_geometry and setting == "f_number" and rule == "lcp":
        nearest = min(values, key=lambda value: abs(math.log2(value / wanted)))
        return ((nearest, 1.0),), ()
    notes = () if is_geometry and setting == "f_number" else _beyond(setting, values, wanted)
    if notes and _is_another(setting, values, wanted):
        return (), notes
    if wanted <= values[0] or wanted >= values[-1]:
        return ((values[0] if wanted <= values[0] else values[-1], 1.0),), notes
    low, high = max(v for v in values if v <= wanted), min(v for v in values if v >= wanted)
    if low == high:
        return ((low, 1.0),), notes
    part = (scale(wanted) - scale(low)) / (scale(high) - scale(low))
    return ((low, 1 - part), (high, part)), notes


def _unknown(
    setting: Setting, values: Sequence[float], *, is_geometry: bool
) -> tuple[tuple[tuple[float, float], ...], tuple[str, ...]]:
    """The same for a setting that is not known."""
    if len(values) == 1:
        is_guessed = setting == "f_number" and not is_geometry
        return ((values[0], 1.0),), (f"the aperture is not known: as for f/{values[0]:g}",) * is_guessed
    if setting == "focus_m":
        told = "infinity" if math.isinf(values[-1]) else f"{values[-1]:g} m"
        return ((values[-1], 1.0),), (f"the distance is not known: as for {told}",)
    if setting == "f_number" and is_geometry:
        return ((values[len(values) // 2], 1.0),), ()
    return (), (APERTURE_UNKNOWN if setting == "f_number" else FOCAL_UNKNOWN,)


def _beyond(setting: Setting, values: Sequence[float], wanted: float) -> tuple[str, ...]:
    """Whether a setting is outside of what was measured by more than names and measurements differ."""
    end = min(max(wanted, values[0]), values[-1])
    if setting == "focal_mm":
        is_same, text = abs(wanted / end - 1) <= _SAME_FOCAL, "{:g} mm"
    elif setting == "f_number":
        is_same, text = abs(2 * math.log2(wanted / end)) <= _SAME_APERTURE_STOPS, "f/{:g}"
    else:
        # One distance says nothing of how much the lens changes with it.
        is_same, text = end == wanted or len(values) == 1, "{:g} m"
    if is_same:
        return ()
    told, asked = (text.format(value).replace("inf m", "infinity") for value in (end, wanted))
    if _is_another(setting, values, wanted):
        return (f"measured at {told} and not near {asked}",)
    return (f"{asked} is beyond what was measured: as for {told}",)


def _is_another(setting: Setting, values: Sequence[float], wanted: float) -> bool:
    """Whether a setting is so far from what was measured that this says nothing of it."""
    if setting == "focal_mm":
        return abs(wanted / min(max(wanted, values[0]), values[-1]) - 1) > _OTHER_FOCAL
    return setting == "f_number" and values[-1] < _STOPPED_DOWN and 2 * math.log2(wanted / values[-1]) > _OTHER_STOPS


def _closeness(distance_m: float) -> float:
    return 0.0 if math.isinf(distance_m) else 1 / distance_m
