"""Means of entries of profiles: of their terms where the model is the same, else the nearest entry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tenbit.kernels._laws import light
from tenbit.kernels._optics import Law

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.profile import Condition

Entry = TypeVar("Entry", bound="Condition")
Parts = Sequence[tuple[float, Entry]]

UNLIKE = "models of neighbouring settings differ: as for the nearest"
# Power of the radius that each term goes with, where the terms are no more than that: those can be told in any unit.
_POWERS = {
    "even": (2, 4, 6),
    "acm": (2, 4, 6, 1, 1),
    "poly5": (2, 4),
    "pa": (2, 4, 6),
    "gain": (2, 4, 6, 8, 10),
}
_COLOUR_POWERS = {"poly3": (0, 1, 2), "acm": (0, 2, 4, 6, 1, 1)}
_CONDITIONS = ("focal_mm", "f_number", "focus_m")


def mixed(parts: Sequence[tuple[float, Entry]]) -> tuple[Entry, tuple[str, ...]]:
    """The weighted mean of entries of one kind.

    Parameters
    ----------
    parts : sequence of (weight, entry)
        One at least; the weights sum to 1.

    Returns
    -------
    entry
        Its settings are the means too.
    notes : tuple of str
        That it is the nearest alone.

    Notes
    -----
    Terms that are coefficients of powers of the radius are brought to one unit first, so that the mean is that of the
    curves; of other models (``fisheye``: the unit is the focal length) the unit's mean is taken as well.
    """
    from tenbit.pipeline.lenses.profile import FlatMap, Light

    nearest = max(parts, key=lambda part: part[0])[1]
    if len(parts) == 1:
        return nearest, ()
    first = parts[0][1]
    if isinstance(first, FlatMap):
        changed = _of_maps(parts)
    elif isinstance(first, Light) and first.model == "table":
        changed = _of_tables(parts)
    else:
        changed = _of_terms(parts)
    if changed is None:
        return nearest, (UNLIKE,)
    for name in _CONDITIONS:
        values = [getattr(entry, name) for _, entry in parts]
        if all(value is not None for value in values):
            changed[name] = _condition(name, [weight for weight, _ in parts], values)
    if hasattr(first, "centre_mm"):
        changed["centre_mm"] = tuple(_mean([(weight, entry.centre_mm) for weight, entry in parts]))  # type: ignore[attr-defined]
    return nearest.model_copy(update=changed), ()


def _condition(name: str, weights: Sequence[float], values: Sequence[float]) -> float:
    """The mean of settings as they are weighed: by 1 / distance, and by log2."""
    if len(set(values)) == 1:
        return values[0]
    if name == "focus_m":
        closeness = sum(w / value for w, value in zip(weights, values, strict=True))
        return 1 / closeness if closeness else math.inf
    return round(2 ** sum(w * math.log2(value) for w, value in zip(weights, values, strict=True)), 6)


def _mean(parts: Sequence[tuple[float, Sequence[float]]]) -> list[float]:
    """Of tuples of numbers; missing ones at the end are 0."""
    longest = max(len(terms) for _, terms in parts)
    return [sum(weight * terms[n] for weight, terms in parts if n < len(terms)) for n in range(longest)]


def _of_terms(parts: Sequence[tuple[float, Any]]) -> dict[str, Any] | None:
    """Changed fields of an entry that has a model with terms."""
    from tenbit.pipeline.lenses.profile import Colour

    first = parts[0][1]
    models, units = {entry.model for _, entry in parts}, {entry.unit_mm for _, entry in parts}
    if len(models) != 1:
        return None
    is_colour = isinstance(first, Colour)
    powers = (_COLOUR_POWERS if is_colour else _POWERS).get(first.model)
    unit = first.unit_mm
    if len(units) != 1 and powers is None:
        if first.model not in ("fisheye", "cos4"):
            return None
        unit = sum(weight * entry.unit_mm for weight, entry in parts)

    def together(name: str) -> tuple[float, ...]:
        scaled = []
        for weight, entry in parts:
            terms = getattr(entry, name)
            if is_colour and first.model == "acm":
                # The tangential and radial terms are inside what the scale multiplies.
                terms = (terms[0], *(terms[0] * term for term in terms[1:]))
            if powers is not None:
                terms = [t * (unit / entry.unit_mm) ** p for t, p in zip(terms, powers, strict=False)]
            scaled.append((weight, terms))
        mean = _mean(scaled)
        if is_colour and first.model == "acm":
            mean = [mean[0], *(term / mean[0] for term in mean[1:])]
        return tuple(mean)

    if is_colour:
        return {"unit_mm": unit, "red": together("red"), "blue": together("blue")}
    return {"unit_mm": unit, "terms": together("terms")}


def _of_tables(parts: Sequence[tuple[float, Any]]) -> dict[str, Any] | None:
    """Changed fields of tables of EV by radius: the mean at every radius that one of them names."""
    if any(entry.model != "table" for _, entry in parts):
        return None
    unit = parts[0][1].unit_mm
    radii = np.unique(np.concatenate([np.array(entry.terms[0::2]) * entry.unit_mm for _, entry in parts]))
    ev = np.zeros_like(radii)
    for weight, entry in parts:
        ev += weight * np.log2(light(Law("table", entry.terms, entry.unit_mm), radii))
    pairs = np.stack([radii / unit, ev], 1)
    return {"terms": tuple(float(value) for value in pairs.ravel()), "unit_mm": unit}


def _of_maps(parts: Sequence[tuple[float, Any]]) -> dict[str, Any] | None:
    """Changed fields of maps of gains."""
    alike = {(m.cfa, m.points, m.height_mm, m.width_mm) for _, m in parts}
    if len(alike) != 1:
        return None
    gains = sum(weight * np.array(m.gains.split(), np.float64) for weight, m in parts)
    return {"gains": " ".join(f"{gain:.6g}" for gain in np.asarray(gains))}
