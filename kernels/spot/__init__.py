"""Spot meters: how far places of the picture are below saturation on the sensor, and what they have become."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

from tenbit.kernels._facts import Facts
from tenbit.kernels._overlay import Layer, Meter, Overlay, opacity_param
from tenbit.kernels._stage import Prepared, Stage, param
from tenbit.kernels.errors import StageError
from tenbit.kernels.spot.drawing import draw
from tenbit.kernels.spot.meter import Place, Spot, measured

__all__ = ["STAGE", "Parameters", "Spot"]

CENTRE = "centre"


@dataclass(frozen=True)
class Parameters:
    """Measure places of the picture: stops below saturation on the sensor, CIE Lab and luma of the picture.

    Places are fractions of the finished picture, whatever turned, cut or bent it; the sensor's samples behind them are
    found in the file. Where there are none, because the file has no mosaic, the stops are left out. Without any place
    the middle of the picture is measured.
    """

    points: tuple[tuple[float, float], ...] = param(
        (),
        "Row and column of each: [[0.5, 0.5]] is the middle.",
        unit="fractions of the height and width",
        low=0,
        high=1,
    )
    areas: tuple[tuple[float, float, float, float], ...] = param(
        (), "Top, left, rows and columns of each.", unit="fractions of the height and width", low=0, high=1
    )
    centre_weighted: bool = param(
        False, "The whole picture, three quarters of the weight in a circle of half of its shorter side."
    )
    names: tuple[str, ...] = param((), "Of the points, then the areas; by default they are numbered.")
    point_size: float = param(
        0.01, "Side of the square that is measured about a point.", unit="fraction of the shorter side", low=0, high=0.5
    )
    opacity: float = opacity_param()


def places_of(parameters: Parameters, facts: Facts) -> tuple[Place, ...]:
    """What is measured of a finished picture.

    Raises
    ------
    StageError
        If there are more names than places, two of the same name, or an area that has no pixel of the picture.
    """
    p, found = parameters, list[Place]()
    points = p.points if p.points or p.areas or p.centre_weighted else ((0.5, 0.5),)
    count = len(points) + len(p.areas)
    if len(p.names) > count:
        raise StageError(f"spot: {len(p.names)} names for {count} points and areas")
    names = (*p.names, *(str(n + 1) for n in range(len(p.names), count)))
    side = max(round(p.point_size * min(facts.rows, facts.cols)), 1)
    for name, (row, col) in zip(names, points, strict=False):
        top, left = (
            min(max(math.floor(part * size - side / 2 + 0.5), 0), max(size - side, 0))
            for part, size in ((row, facts.rows), (col, facts.cols))
        )
        found.append(Place(name, top, left, min(side, facts.rows), min(side, facts.cols), is_point=True))
    for name, (top_part, left_part, row_parts, col_parts) in zip(names[len(points) :], p.areas, strict=True):
        top, bottom = (round(part * facts.rows) for part in (top_part, min(top_part + row_parts, 1.0)))
        left, right = (round(part * facts.cols) for part in (left_part, min(left_part + col_parts, 1.0)))
        if bottom <= top or right <= left:
            raise StageError(f"spot: area {name} has no pixel in a picture of {facts.rows} x {facts.cols}")
        found.append(Place(name, top, left, bottom - top, right - left))
    if p.centre_weighted:
        found.append(Place(CENTRE, 0, 0, facts.rows, facts.cols, is_weighted=True))
    twice = sorted({one.name for one in found if [other.name for other in found].count(one.name) > 1})
    if twice:
        raise StageError(f"spot: {', '.join(twice)} names two places")
    return tuple(found)


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """No step: the places are few, and the host measures them.

    The result ``spot`` is a `Spot` per name.

    Raises
    ------
    StageError
        See `places_of`.
    """
    places_of(parameters, facts)
    return Prepared(facts, overlay=partial(_overlay, parameters))


def _overlay(parameters: Parameters, facts: Facts) -> Overlay:
    meters = (Meter("spot", partial(measured, places=places_of(parameters, facts))),)
    layers = (Layer("spot", draw, opacity=parameters.opacity),) if parameters.opacity else ()
    return Overlay(meters, layers=layers)


STAGE = Stage("spot", Parameters, ("display",), prepare)
