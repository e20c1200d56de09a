"""Between calibrations as lensfun does it, for profiles that were made from its database's entries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from tenbit.pipeline.lenses.mix import UNLIKE, mixed

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.profile import Condition

Entry = TypeVar("Entry", bound="Condition")

_POWER = 3.5
_FARTHEST = 1.0
_SAME = 1e-4


def at(
    entries: Sequence[Entry], focal_mm: float | None, f_number: float | None, focus_m: float | None
) -> tuple[Entry | None, tuple[str, ...]]:
    """As `tenbit.pipeline.lenses.blend.at`.

    Notes
    -----
    Fall-off: the mean of all calibrations, weighted by 1 / distance^3.5 in (focal length over the range, 4 / N,
    0.1 / metres); none where the nearest is farther than 1. Geometry: cubic Hermite splines over the focal length whose
    tangents at a calibration lie along its neighbours, of the terms times the focal length (but for a colour's
    magnification); held beyond the ends. Neither the aperture nor the distance matters to it.
    """
    from tenbit.pipeline.lenses.profile import Light

    if isinstance(entries[0], Light):
        return _of_light(entries, focal_mm, f_number, focus_m)
    by_focal = {entry.focal_mm: entry for entry in entries if entry.focal_mm is not None}
    if not by_focal or len(entries) == 1:
        return entries[0], ()
    if focal_mm is None:
        return None, ("the focal length is not known",)
    focals = sorted(by_focal)
    held = min(max(focal_mm, focals[0]), focals[-1])
    if held in by_focal:
        return by_focal[held], ()
    n = next(n for n, focal in enumerate(focals) if focal > held)
    neighbours = [by_focal[focals[m]] if 0 <= m < len(focals) else None for m in range(n - 2, n + 2)]
    part = (held - focals[n - 1]) / (focals[n] - focals[n - 1])
    return _spline(neighbours, held, part)


def _of_light(
    entries: Sequence[Entry], focal_mm: float | None, f_number: float | None, focus_m: float | None
) -> tuple[Entry | None, tuple[str, ...]]:
    if f_number is None:
        if len({entry.f_number for entry in entries}) > 1:
            return None, ("the aperture is not known; give --f-number",)
        f_number = entries[0].f_number
    focals = [entry.focal_mm for entry in entries if entry.focal_mm is not None]
    low, high = min(focals, default=1.0), max(focals, default=1.0)
    range_mm = high - low

    def place(focal: float | None, number: float | None, focus: float | None) -> tuple[float, float, float]:
        along = ((focal or low) - low) / range_mm if range_mm else 0.0
        return along, 4 / (number or f_number or 1.0), 0.1 / (focus or math.inf)

    wanted = place(focal_mm, f_number, focus_m)
    away = [math.dist(wanted, place(e.focal_mm, e.f_number, e.focus_m)) for e in entries]
    nearest = min(away)
    if nearest > _FARTHEST:
        return None, ("no calibration of fall-off is near these settings",)
    if nearest < _SAME:
        return entries[away.index(nearest)], ()
    weights = [1 / d**_POWER for d in away]
    total = sum(weights)
    return mixed([(weight / total, entry) for weight, entry in zip(weights, entries, strict=True)])


def _spline(neighbours: Sequence[Any], focal_mm: float, t: float) -> tuple[Any, tuple[str, ...]]:
    """Geometry between the second and the third of four neighbours; the outer two may be missing."""
    from tenbit.pipeline.lenses.profile import Colour

    inner = neighbours[1], neighbours[2]
    alike = {(entry.model, entry.unit_mm) for entry in neighbours if entry is not None}
    if len(alike) != 1:
        return inner[t >= 0.5], (UNLIKE,)
    names = ("red", "blue") if isinstance(inner[0], Colour) else ("terms",)
    changed: dict[str, Any] = {"focal_mm": focal_mm}
    for name in names:
        terms = []
        for n in range(max(len(getattr(entry, name)) for entry in inner)):
            is_scaled = not (name != "terms" and n == 0)
            scales = [(entry.focal_mm if is_scaled else 1.0) if entry else 1.0 for entry in neighbours]
            values = [
                None if entry is None else scale * (getattr(entry, name) + (0.0,) * 6)[n]
                for entry, scale in zip(neighbours, scales, strict=True)
            ]
            terms.append(_hermite(values, t) / (focal_mm if is_scaled else 1.0))
        changed[name] = tuple(terms)
    return inner[t >= 0.5].model_copy(update=changed), ()


def _hermite(values: Sequence[Any], t: float) -> float:
    """A cubic Hermite spline between the second and the third of four values."""
    before, start, end, after = values
    leave = end - start if before is None else (end - before) / 2
    arrive = end - start if after is None else (after - start) / 2
    square, cube = t * t, t**3
    return float(
        (2 * cube - 3 * square + 1) * start
        + (cube - 2 * square + t) * leave
        + (3 * square - 2 * cube) * end
        + (cube - square) * arrive
    )
