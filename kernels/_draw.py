"""Paint of the monitors: colours by name, and one colour over another."""

from __future__ import annotations

from typing import Literal

from tenbit.kernels._facts import Triple

Colour = Literal["red", "green", "blue", "yellow", "cyan", "magenta", "orange", "white", "black"]
COLOURS: dict[str, Triple] = {
    "red": (1.0, 0.13, 0.1),
    "green": (0.15, 0.95, 0.25),
    "blue": (0.2, 0.45, 1.0),
    "yellow": (1.0, 0.88, 0.1),
    "cyan": (0.1, 0.85, 0.95),
    "magenta": (0.95, 0.2, 0.85),
    "orange": (1.0, 0.5, 0.1),
    "white": (1.0, 1.0, 1.0),
    "black": (0.0, 0.0, 0.0),
}
"""Encoded values of the output space, 0 … 1. Not the pure primaries: those vanish beside a clipped channel."""


def over(under, paint, alpha):
    """Paint over a sample: an ``alpha`` of 0 gives the sample, of 1 the paint, both without rounding."""
    return under * (1.0 - alpha) + paint * alpha


def colour_constants(name: str, prefix: str = "") -> dict[str, float]:
    """Constants ``<prefix>red``, ``<prefix>green`` and ``<prefix>blue`` of a named colour."""
    return {f"{prefix}{c}": v for c, v in zip(("red", "green", "blue"), COLOURS[name], strict=True)}
