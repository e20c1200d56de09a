"""Crosses, boxes and values over the picture."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._draw import COLOURS, percent
from tenbit.kernels._facts import Array
from tenbit.kernels._overlay import GROUND, GROUND_ALPHA, TEXT, Canvas, Seen
from tenbit.kernels.spot.meter import CENTRE_SIZE, Spot


def draw(canvas: Canvas, seen: Seen) -> None:
    """A cross for each point, a box for each area, and the values beside them."""
    for spot in seen.results["spot"].values():
        _draw_one(canvas, spot)


def _draw_one(canvas: Canvas, spot: Spot) -> None:
    place, unit = spot.place, canvas.unit
    text = label_of(spot)
    if place.is_weighted:
        radius = CENTRE_SIZE / 2 * min(canvas.rows, canvas.cols)
        turns = np.linspace(0, 2 * np.pi, 181)
        middle = canvas.rows / 2, canvas.cols / 2
        _line(canvas, np.stack([middle[0] + radius * np.sin(turns), middle[1] + radius * np.cos(turns)], axis=1))
        _text(canvas, middle[0] + radius + TEXT * unit, middle[1], text, is_centred=True)
        return
    top, left = float(place.top), float(place.left)
    bottom, right = top + place.rows, left + place.cols
    if place.is_point:
        row, col = (top + bottom) / 2, (left + right) / 2
        inner, outer = 0.5 * max(place.rows, 6 * unit), 0.5 * max(place.rows, 6 * unit) + 7 * unit
        for d_row, d_col in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            ends = [(row + d * d_row, col + d * d_col) for d in (inner, outer)]
            _line(canvas, np.array(ends))
        top, bottom, left, right = row - outer, row + outer, col - outer, col + outer
    else:
        _line(canvas, np.array([(top, left), (top, right), (bottom, right), (bottom, left), (top, left)]))
    wide = canvas.text_cols(text) + 8 * unit
    begin = right + 3 * unit if right + 3 * unit + wide <= canvas.cols else left - 3 * unit - wide
    _text(canvas, (top + bottom) / 2, max(begin, 0.0), text)


def _line(canvas: Canvas, points: Array) -> None:
    """Light on dark, to be seen on any picture."""
    canvas.polyline(points, COLOURS["black"], width=3.0, alpha=0.55)
    canvas.polyline(points, COLOURS["yellow"], width=1.4)


def _text(canvas: Canvas, row: float, col: float, text: str, *, is_centred: bool = False) -> None:
    unit = canvas.unit
    wide = canvas.text_cols(text) + 8 * unit
    row = min(max(row, 0.75 * TEXT * unit), canvas.rows - 0.75 * TEXT * unit)
    left = col - wide / 2 if is_centred else col
    canvas.rect(row - 0.75 * TEXT * unit, left, 1.5 * TEXT * unit, wide, GROUND, GROUND_ALPHA)
    canvas.text(row, left + 4 * unit, text)


def label_of(spot: Spot) -> str:
    """What is written beside a place: ``grey  −2.5 EV  L 50  18 %``."""
    parts = [spot.place.name]
    if spot.raw is not None:
        ev = spot.ev
        parts.append("at black" if ev is None else f"{_signed(ev, 1)} EV")
        if spot.clipped:
            parts.append(f"clipped {percent(spot.clipped)}")
    if spot.lab is not None:
        parts.append("Lab " + " ".join(_signed(value, 0) for value in spot.lab))
    parts.append(f"{100 * spot.luma:.0f} %")
    return "  ".join(parts)


def _signed(value: float, digits: int) -> str:
    """A number that may be negative, but not a negative zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")
