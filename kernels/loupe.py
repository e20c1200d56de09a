"""Loupe: a part of the picture at its own pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from tenbit.kernels._draw import Colour, colour_of
from tenbit.kernels._facts import Array, Facts, Triple
from tenbit.kernels._focus import Focus, focus_steps
from tenbit.kernels._overlay import (
    GROUND,
    GROUND_ALPHA,
    Canvas,
    Corner,
    Layer,
    Meter,
    Overlay,
    Place,
    Seen,
    To,
    corner_param,
    opacity_param,
    place_param,
    size_param,
)
from tenbit.kernels._stage import Prepared, Stage, param

ASPECT = 1.5
"""Width over height of the inset."""
_RESPONSE = "focus_response"
_DARK: Triple = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Parameters:
    """Show a part of the picture at 100 % or 200 %: where it is sharpest, or around a point.

    Which tile is sharpest is measured on the picture, as the focus score is; around it the part is taken that has most
    edges. A frame shows where it comes from.
    """

    at: Literal["sharpest"] | tuple[float, float] = param(
        "sharpest", "sharpest: at the sharpest tile; or a list of a row and a column.", unit="parts of the picture",
        low=0, high=1,
    )  # fmt: skip
    zoom: Literal[100, 200, 400] = param(200, "Size of the picture's pixels in the inset.", unit="%")
    filter: Literal["nearest", "smooth"] = param("nearest", "nearest: pixels stay squares; smooth: straight between.")
    colour: Colour = param("white", "Of the frames around the inset and where it comes from: a name or #RRGGBB.")
    to: To = place_param()
    position: Corner = corner_param("bottom-left")
    size: float = size_param(0.3)
    opacity: float = opacity_param(1.0)


@dataclass(frozen=True, eq=False)
class Loupe:
    """A part of the picture.

    Parameters
    ----------
    top, left : int
        Its first pixel.
    pixels : array
        (rows, cols, 3): encoded values 0 … 1 of the picture before any paint.
    zoom : int
        How many pixels of the inset one of them has along each side.
    row, col : float
        The point in its middle, parts of the picture; at the picture's edges the point asked for is nearer to them.
    score : float or None
        Sharpness of its tile, where it was measured; see `tenbit.kernels._focus.Focus`.
    """

    top: int
    left: int
    pixels: Array
    zoom: int
    row: float
    col: float
    score: float | None

    def as_record(self) -> dict[str, Any]:
        """Place, zoom and score, fit for JSON."""
        return {
            "row": round(self.row, 5),
            "col": round(self.col, 5),
            "zoom_percent": 100 * self.zoom,
            "score": None if self.score is None else round(self.score, 4),
        }


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Steps that measure focus where it decides; afterwards the pixels are taken and drawn.

    The result ``loupe`` is a `Loupe`.

    Raises
    ------
    StageError
        If there is no such colour.
    """
    colour_of(parameters.colour, "loupe.colour")
    overlay = partial(_overlay, parameters)
    if parameters.at != "sharpest":
        return Prepared(facts, overlay=overlay)
    return Prepared(facts, focus_steps(facts), overlay=overlay, keeps=(_RESPONSE,))


def _overlay(p: Parameters, finished: Facts) -> Overlay:
    place = Place(p.to, p.position, p.size, ASPECT)
    zoom = p.zoom // 100
    high = max(1, min(round(p.size * finished.rows), finished.rows))
    # One more than the inset can hold: it is cut off there.
    shape = min(finished.rows, high // zoom + 2), min(finished.cols, math.ceil(ASPECT * high) // zoom + 2)
    layers: tuple[Layer, ...] = ()
    if p.to != "none" and p.opacity > 0:
        marker = Layer("loupe.marker", partial(_draw_marker, p), opacity=p.opacity)
        inset = Layer("loupe", partial(_draw_inset, p), place, p.opacity)
        layers = (marker, inset) if p.to in ("picture", "beside") else (inset,)
    return Overlay((Meter("loupe", partial(taken, p, shape=shape)),), layers=layers)


def taken(p: Parameters, seen: Seen, *, shape: tuple[int, int]) -> Loupe:
    """The part of a picture that is shown: so many (rows, cols) of pixels around the point, all inside."""
    focus: Focus | None = seen.results.get("focus") if p.at == "sharpest" else None
    at = p.at if isinstance(p.at, tuple) else (0.5, 0.5)
    if focus is not None:
        at = most_edges(focus.tiles, seen.planes[_RESPONSE], (shape[0] / seen.facts.rows, shape[1] / seen.facts.cols))
    whole = seen.picture.shape[:2]
    first = [
        min(max(round(part * n - wanted / 2), 0), n - wanted) for part, n, wanted in zip(at, whole, shape, strict=True)
    ]
    top, left = first
    pixels = seen.picture[top : top + shape[0], left : left + shape[1]].astype(np.float32) / np.float32(seen.peak)
    row, col = ((begin + wanted / 2) / n for begin, wanted, n in zip(first, shape, whole, strict=True))
    return Loupe(top, left, pixels, p.zoom // 100, row, col, float(focus.tiles.max()) if focus else None)


def most_edges(tiles: Array, response: Array, window: tuple[float, float]) -> tuple[float, float]:
    """Where around the sharpest tile a window holds most edges that are sharp; its middle, parts of the picture.

    Parameters
    ----------
    tiles : array
        Scores, any number of tiles.
    response : array
        (rows, cols) of cells: how sharp the edge is that is there, 0 without one.
    window : tuple of float
        Height and width, parts of the picture.
    """
    which = np.unravel_index(int(tiles.argmax()), tiles.shape)
    spans = []
    for n, index in enumerate(which):
        count, per = response.shape[n], response.shape[n] / tiles.shape[n]
        side = min(max(round(window[n] * count), 1), count)
        first = int(min(max(index * per - side / 2, 0), count - side))
        last = int(min((index + 1) * per - side / 2, count - side))
        spans.append((first, max(first, last) + side, side))
    (top, bottom, high), (left, right, wide) = spans
    sums = np.pad(response[top:bottom, left:right].astype(np.float64), ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    held = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    row, col = np.unravel_index(int(held.argmax()), held.shape)
    return (top + int(row) + high / 2) / response.shape[0], (left + int(col) + wide / 2) / response.shape[1]


def _shown(found: Loupe, rows: int, cols: int) -> tuple[int, int, int, int]:
    """(top, left, rows, cols) of the picture that an inset of a size shows, around the loupe's middle."""
    high, wide = (min(n, math.ceil(m / found.zoom)) for n, m in zip(found.pixels.shape[:2], (rows, cols), strict=True))
    top, left = (found.pixels.shape[0] - high) // 2, (found.pixels.shape[1] - wide) // 2
    return found.top + top, found.left + left, high, wide


def _draw_inset(p: Parameters, canvas: Canvas, seen: Seen) -> None:
    found: Loupe = seen.results["loupe"]
    top, left, rows, cols = _shown(found, canvas.rows, canvas.cols)
    part = found.pixels[top - found.top :, left - found.left :][:rows, :cols]
    canvas.rect(0, 0, canvas.rows, canvas.cols, _DARK)
    canvas.image(0, 0, rows * found.zoom, cols * found.zoom, part, is_smooth=p.filter == "smooth")
    colour, edge = colour_of(p.colour), max(1.0, round(2 * canvas.unit))
    _outline(canvas, (0, 0, canvas.rows, canvas.cols), edge, colour)
    text = f"{100 * found.zoom} %" + ("" if found.score is None else f" · focus {found.score:.2f}")
    wide, high = canvas.text_cols(text), 18 * canvas.unit
    if wide:
        canvas.rect(canvas.rows - edge - high, edge, high, wide + 12 * canvas.unit, GROUND, GROUND_ALPHA)
        canvas.text(canvas.rows - edge - high / 2, edge + 6 * canvas.unit, text)


def _draw_marker(p: Parameters, canvas: Canvas, seen: Seen) -> None:
    """Where the inset comes from, as far as its size is known before it has a place."""
    found: Loupe = seen.results["loupe"]
    high = max(1, round(p.size * canvas.rows))
    box = _shown(found, high, round(ASPECT * high))
    edge = max(1.0, round(2 * canvas.unit))
    _outline(canvas, (box[0] - edge, box[1] - edge, box[2] + 2 * edge, box[3] + 2 * edge), edge, _DARK, 0.5)
    _outline(canvas, box, edge, colour_of(p.colour))


def _outline(
    canvas: Canvas, box: tuple[float, float, float, float], edge: float, colour: Triple, alpha: float = 0.95
) -> None:
    """The four edges of a rectangle (top, left, rows, cols), inside it."""
    top, left, rows, cols = box
    canvas.rect(top, left, edge, cols, colour, alpha)
    canvas.rect(top + rows - edge, left, edge, cols, colour, alpha)
    canvas.rect(top + edge, left, rows - 2 * edge, edge, colour, alpha)
    canvas.rect(top + edge, left + cols - edge, rows - 2 * edge, edge, colour, alpha)


STAGE = Stage("loupe", Parameters, ("display",), prepare)
