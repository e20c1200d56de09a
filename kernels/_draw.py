"""Paint of the monitors: colours by name, and one colour over another."""

from __future__ import annotations

import difflib
import re

from tenbit.kernels._facts import Triple
from tenbit.kernels.errors import StageError

Colour = str
"""A name of `COLOURS`, or ``#RRGGBB``; `colour_of` knows both."""
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


def colour_of(text: str, what: str = "") -> Triple:
    """A colour by its name, or as ``#RRGGBB``: encoded values of the output space, 0 … 1.

    ``what`` is whose colour it is, for the message: ``peaking.colour``.

    Raises
    ------
    StageError
        For any other text.
    """
    name = text.strip().lower()
    if name in COLOURS:
        return COLOURS[name]
    if re.fullmatch("#[0-9a-f]{6}", name):
        red, green, blue = (int(name[n : n + 2], 16) / 255 for n in (1, 3, 5))
        return red, green, blue
    near = difflib.get_close_matches(name, COLOURS, 1)
    rest = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(COLOURS)}, and #RRGGBB"
    raise StageError(f"{what}{': ' if what else ''}{text!r} is no colour; {rest}")


def colour_constants(colour: Colour, prefix: str = "") -> dict[str, float]:
    """Constants ``<prefix>red``, ``<prefix>green`` and ``<prefix>blue`` of a colour, see `colour_of`."""
    return {f"{prefix}{c}": v for c, v in zip(("red", "green", "blue"), colour_of(colour), strict=True)}


def percent(part: float) -> str:
    """A part as two digits of a percentage: ``0.0012 %``, ``0.31 %``, ``12 %``."""
    return f"{float(f'{100 * part:.2g}'):g} %"
