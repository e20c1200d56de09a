"""Scales of false colour: which band of the signal, or of light, has which colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenbit.kernels._draw import colour_of
from tenbit.kernels._facts import Array, Triple
from tenbit.kernels.errors import StageError

INF = math.inf
GREY = 0.18
# Of a body's unrolled comparisons; eight bands apart from each other need as many.
EDGES = 16
MOST_BANDS = 8
# Where there is no edge any more: no sample is as bright.
_BEYOND = 1e30


@dataclass(frozen=True)
class Band:
    """One colour of a scale.

    Parameters
    ----------
    name : str
        In the record.
    label : str
        In the legend.
    low, high : float
        Its samples are at or above ``low`` and under ``high``.
    colour : Triple
        Encoded values.
    """

    name: str
    label: str
    low: float
    high: float
    colour: Triple


_PURPLE, _BLUE, _TEAL, _GREEN = (0.55, 0.14, 0.78), (0.13, 0.3, 0.93), (0.0, 0.58, 0.6), (0.2, 0.72, 0.27)
_PINK, _STRAW, _YELLOW, _ORANGE, _RED = (
    (1.0, 0.6, 0.72), (0.93, 0.87, 0.55), (1.0, 0.9, 0.1), (1.0, 0.55, 0.08), (0.93, 0.1, 0.1),
)  # fmt: skip

ARRI = (
    Band("purple", "0 – 2.5", -INF, 0.025, _PURPLE),
    Band("blue", "2.5 – 4", 0.025, 0.04, _BLUE),
    Band("green", "38 – 42", 0.38, 0.42, _GREEN),
    Band("pink", "52 – 56", 0.52, 0.56, _PINK),
    Band("yellow", "97 – 99", 0.97, 0.99, _YELLOW),
    Band("red", "99 – 100", 0.99, INF, _RED),
)
"""Parts of the signal, as ARRI's cameras show them."""

RED = (
    Band("purple", "0 – 4", -INF, 0.045, _PURPLE),
    Band("blue", "5", 0.045, 0.055, _BLUE),
    Band("teal", "10 – 12", 0.095, 0.125, _TEAL),
    Band("green", "41 – 48", 0.405, 0.485, _GREEN),
    Band("pink", "61 – 70", 0.605, 0.705, _PINK),
    Band("straw", "92 – 93", 0.915, 0.935, _STRAW),
    Band("yellow", "94 – 95", 0.935, 0.955, _YELLOW),
    Band("orange", "96 – 98", 0.955, 0.985, _ORANGE),
    Band("red", "99 – 100", 0.985, INF, _RED),
)
"""RED's video mode, told in whole IRE: a signal is of the one that it is nearest to."""

_OF_STOPS: tuple[Triple, ...] = (
    (0.02, 0.02, 0.03),
    (0.2, 0.06, 0.33),
    (0.28, 0.14, 0.62),
    (0.17, 0.32, 0.84),
    (0.12, 0.53, 0.84),
    (0.13, 0.66, 0.62),
    (0.5, 0.5, 0.5),
    (0.44, 0.74, 0.3),
    (0.75, 0.82, 0.2),
    (0.97, 0.8, 0.17),
    (0.98, 0.57, 0.15),
    (0.9, 0.25, 0.17),
    (1.0, 1.0, 1.0),
)


def stops() -> tuple[Band, ...]:
    """Thirteen bands of light, one stop each, from six under middle grey to six over it: cold below, warm above."""
    last = len(_OF_STOPS) // 2
    found = []
    for n, colour in enumerate(_OF_STOPS, -last):
        name = f"{n:+d}" if n else "0"
        low, high = light(n - 0.5) if n > -last else -INF, light(n + 0.5) if n < last else INF
        found.append(Band(name, name, low, high, colour))
    return tuple(found)


def light(ev: float) -> float:
    """Scene light so many stops over middle grey."""
    return float(GREY * 2.0**ev)


def custom(bands: Sequence[tuple[float, float, str]], *, is_light: bool) -> tuple[Band, ...]:
    """Bands of a chain, in percent, or in stops of light.

    Raises
    ------
    StageError
        If there are none, or more than eight; if one ends before it begins; if two overlap; if a colour is none.
    """
    if not 0 < len(bands) <= MOST_BANDS:
        raise StageError(
            f"false_colour: custom has {len(bands)} bands; 1 to {MOST_BANDS} [low, high, colour] are allowed"
        )
    made: list[tuple[float, float, Triple]] = []
    for low, high, colour in sorted(bands):
        if not low < high:
            raise StageError(f"false_colour: custom: the band {low:g} … {high:g} ends before it begins")
        if made and low < made[-1][1]:
            raise StageError(f"false_colour: custom: the band {low:g} … {high:g} begins inside the one before it")
        made.append((low, high, colour_of(colour, "false_colour.custom")))
    ends = [(light(a), light(b)) if is_light else (a / 100, b / 100) for a, b, _ in made]
    if not is_light:
        # Black and white are the first and the last code value that there are.
        ends = [(start, end if end < 1 else INF) for start, end in ends]
        ends[0] = (ends[0][0] if ends[0][0] > 0 else -INF, ends[0][1])
    return tuple(
        Band(f"{low:g}..{high:g}", f"{low:g} – {high:g}", start, end, colour)
        for (low, high, colour), (start, end) in zip(made, ends, strict=True)
    )


def edges_of(bands: Sequence[Band]) -> list[tuple[float, int]]:
    """Where the band changes, from below: (edge, number of the band from there on, -1 for none)."""
    edges: list[tuple[float, int]] = [(-INF, -1)]
    for number, band in enumerate(bands):
        if band.low == edges[-1][0]:
            edges.pop()
        edges.append((band.low, number))
        if band.high < INF:
            edges.append((band.high, -1))
    return edges


def constants(edges: Sequence[tuple[float, int]], values: Sequence[float], prefix: str) -> dict[str, float]:
    """``<prefix>0`` … and ``e1`` …: what holds from each edge on, the last of ``values`` where there is no band."""
    found = {f"{prefix}0": values[edges[0][1]]}
    for n in range(1, EDGES + 1):
        edge, number = edges[n] if n < len(edges) else (_BEYOND, edges[-1][1])
        found |= {f"e{n}": edge, f"{prefix}{n}": values[number]}
    return found


def packed(colour: Triple) -> float:
    """A colour of 8 bits a channel as one number, which a float32 holds exactly."""
    red, green, blue = (round(255 * part) for part in colour)
    return float(red << 16 | green << 8 | blue)


def numbers_of(means: Array, edges: Sequence[tuple[float, int]]) -> Array:
    """The number of each value's band, 0 for none, else from 1: uint8."""
    found = np.zeros(means.shape, np.uint8)
    for edge, _ in edges[1:]:
        found += means >= np.float32(edge)
    return np.array([number + 1 for _, number in edges], np.uint8)[found]
