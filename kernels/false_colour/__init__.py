"""False colour: a colour for each band of the signal, or of scene light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._cells import cell_of, cells
from tenbit.kernels._draw import over
from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._overlay import (
    SEEN,
    Canvas,
    Corner,
    Layer,
    Overlay,
    Place,
    Seen,
    To,
    corner_param,
    opacity_param,
    place_param,
    size_param,
)
from tenbit.kernels._places import looked_up
from tenbit.kernels._signal import Levels, Source, code_of, levels_param, signal_constants, signal_of, source_param
from tenbit.kernels._stage import PLANES, Access, Constants, Prepared, Stage, Step, param
from tenbit.kernels.errors import StageError
from tenbit.kernels.false_colour import scales
from tenbit.kernels.false_colour.legend import draw_legend
from tenbit.kernels.false_colour.scales import Band

# Width of the legend over its height.
_ASPECT = 0.45
# Of a larger picture every so manieth row is counted.
_ROWS = 384
_LIGHT, _CELLS = "false_colour_light", "false_colour_light_cells"


@dataclass(frozen=True)
class Parameters:
    """Show exposure as colours, one for each band of a scale, and what is in none as grey.

    Behind ``tone`` the scales are of the picture's signal. Before ``tone``, best right before it, ``stops`` and
    ``custom`` are of scene light, in stops from middle grey (0.18): what is measured there is drawn over the finished
    picture. Its result is then ``false_colour_light``, and both may stand in one chain.
    """

    scale: Literal["arri", "red", "stops", "custom"] = param(
        "arri",
        "arri: purple 0 to 2.5 %, blue to 4, green 38 to 42, pink 52 to 56, yellow 97 to 99, red above; red: as RED's "
        "cameras in video mode, purple to 4 IRE, blue 5, teal 10 to 12, green 41 to 48, pink 61 to 70, straw 92 to 93, "
        "yellow to 95, orange to 98, red above; stops: thirteen bands of a stop each, middle grey in the middle; "
        "custom: the bands given.",
    )
    custom: tuple[tuple[float, float, str], ...] = param(
        (), "Up to eight bands [low, high, colour], in percent of the signal or, before tone, in stops."
    )
    source: Source = source_param()
    levels: Levels = levels_param()
    opacity: float = opacity_param(1.0)
    to: To = place_param("picture")
    position: Corner = corner_param("bottom-left")
    size: float = size_param(0.32)


def counted(red, green, blue, k):
    """The counter of a pixel's band; none where it is in none."""
    v = signal_of(red, green, blue, k.red_share, k.green_share, k.blue_share, k.by_largest)
    at = k.n1 if v >= k.e1 else k.n0
    at = k.n2 if v >= k.e2 else at
    at = k.n3 if v >= k.e3 else at
    at = k.n4 if v >= k.e4 else at
    at = k.n5 if v >= k.e5 else at
    at = k.n6 if v >= k.e6 else at
    at = k.n7 if v >= k.e7 else at
    at = k.n8 if v >= k.e8 else at
    at = k.n9 if v >= k.e9 else at
    at = k.n10 if v >= k.e10 else at
    at = k.n11 if v >= k.e11 else at
    at = k.n12 if v >= k.e12 else at
    at = k.n13 if v >= k.e13 else at
    at = k.n14 if v >= k.e14 else at
    at = k.n15 if v >= k.e15 else at
    at = k.n16 if v >= k.e16 else at
    return int(at)


def painted(red, green, blue, seen_red, seen_green, seen_blue, k):
    """The colour of the band of the clean picture, grey where it is in none; colours come as 24 bits in one number."""
    v = signal_of(seen_red, seen_green, seen_blue, k.red_share, k.green_share, k.blue_share, k.by_largest)
    at = k.c1 if v >= k.e1 else k.c0
    at = k.c2 if v >= k.e2 else at
    at = k.c3 if v >= k.e3 else at
    at = k.c4 if v >= k.e4 else at
    at = k.c5 if v >= k.e5 else at
    at = k.c6 if v >= k.e6 else at
    at = k.c7 if v >= k.e7 else at
    at = k.c8 if v >= k.e8 else at
    at = k.c9 if v >= k.e9 else at
    at = k.c10 if v >= k.e10 else at
    at = k.c11 if v >= k.e11 else at
    at = k.c12 if v >= k.e12 else at
    at = k.c13 if v >= k.e13 else at
    at = k.c14 if v >= k.e14 else at
    at = k.c15 if v >= k.e15 else at
    at = k.c16 if v >= k.e16 else at
    colour = int(at)
    return (
        over(red, f32(colour >> 16) * k.per_code if at >= 0.0 else v, k.opacity),
        over(green, f32((colour >> 8) & 255) * k.per_code if at >= 0.0 else v, k.opacity),
        over(blue, f32(colour & 255) * k.per_code if at >= 0.0 else v, k.opacity),
    )


def light_of(red, green, blue, k):
    """Scene light of one pixel."""
    return signal_of(red, green, blue, k.red_share, k.green_share, k.blue_share, k.by_largest)


def greyed(red, green, blue, seen_red, seen_green, seen_blue, k):
    """The clean picture without its colours."""
    v = signal_of(seen_red, seen_green, seen_blue, k.red_share, k.green_share, k.blue_share, k.by_largest)
    return over(red, v, k.opacity), over(green, v, k.opacity), over(blue, v, k.opacity)


def parts(counters: Array, *, scale: str, names: Sequence[str], pixels: int) -> dict[str, Any]:
    """The ``scale``, the part of the picture in each of its ``bands`` and in ``none``, 0 … 1."""
    bands = {name: int(count) / pixels for name, count in zip(names, counters, strict=True)}
    return {"scale": scale, "bands": bands, "none": (pixels - int(counters.sum())) / pixels}


def bands_of(p: Parameters, facts: Facts) -> tuple[Band, ...]:
    """The bands asked for, in the numbers of the frame's planes.

    Raises
    ------
    StageError
        If the scale is not one of such a frame, or a custom band is wrong.
    """
    is_light = facts.state == "linear"
    if is_light and p.scale in ("arri", "red"):
        raise StageError(f"false_colour: the scale {p.scale} is of the signal; put it behind tone, or use stops")
    if not is_light and p.scale == "stops":
        raise StageError(
            "false_colour: stops are of scene light, which is bent by a curve here; put it right before tone, or use "
            "arri, red or custom"
        )
    if p.custom and p.scale != "custom":
        raise StageError(f"false_colour: custom bands are given, but the scale is {p.scale}; use scale: custom")
    if p.scale == "custom":
        return scales.custom(p.custom, is_light=is_light)
    return {"arri": scales.ARRI, "red": scales.RED, "stops": scales.stops()}[p.scale]


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The step that counts, the paint, and the legend.

    The result ``false_colour``, before tone ``false_colour_light``, holds the ``scale``, and the part of the picture in
    each of its ``bands`` and in ``none``; of a large picture it is counted in every so manieth row, of which there are
    at least 384.

    Raises
    ------
    StageError
        As `bands_of`.
    """
    p, is_light = parameters, facts.state == "linear"
    bands = bands_of(p, facts)
    edges = [(e if is_light else code_of(e, p.levels), number) for e, number in scales.edges_of(bands)]
    signal = signal_constants(p.source, facts)
    numbers = [*(float(n) for n in range(len(bands))), -1.0]
    rgb, name = PLANES[facts.state], _LIGHT if is_light else "false_colour"
    every = max(1, facts.rows // _ROWS)
    summary = partial(
        parts, scale=p.scale, names=[band.name for band in bands], pixels=-(-facts.rows // every) * facts.cols
    )
    steps = [
        Step(name, Access.REDUCE, counted, rgb, (name,), {**signal, **scales.constants(edges, numbers, "n")},
             counters=len(bands), summary=summary, every=every)
    ]  # fmt: skip
    if p.opacity == 0:
        return Prepared(facts, tuple(steps), overlay=lambda _: Overlay())
    if is_light:
        cell = cell_of(facts)
        steps += [
            Step("false_colour.light", Access.POINT, light_of, rgb, (_LIGHT,), signal),
            cells("false_colour.cells", (_LIGHT,), (_CELLS,), facts, cell),
        ]

    def overlay(final: Facts) -> Overlay:
        shown = signal_constants(p.source, final) | {"opacity": p.opacity}
        title = {"arri": "ARRI %", "red": "RED IRE", "stops": "stops"}.get(p.scale, "stops" if is_light else "%")
        place = Place(p.to, p.position, p.size, aspect=_ASPECT)
        legend = Layer(name, partial(draw_legend, bands=bands, title=title), place)
        legends = (legend,) if p.to != "none" else ()
        if final.state != "display":
            return Overlay(layers=legends)
        if not is_light:
            colours = [*(scales.packed(band.colour) for band in bands), -1.0]
            known: Constants = {**shown, **scales.constants(edges, colours, "c"), "per_code": 1 / 255}
            return Overlay(paint=(_paint("false_colour.paint", painted, known),), layers=legends)
        draw = partial(_draw_light, bands=bands, edges=edges, came=facts, cell=cell)
        paint = () if p.scale == "stops" else (_paint("false_colour.grey", greyed, shown),)
        return Overlay(paint=paint, layers=(Layer(name, draw, opacity=p.opacity), *legends))

    return Prepared(facts, tuple(steps), overlay=overlay, keeps=(_CELLS,) if is_light else ())


def _paint(name: str, body: Any, known: Constants) -> Step:
    rgb = PLANES["display"]
    return Step(name, Access.POINT, body, (*rgb, *SEEN), rgb, known)


def _draw_light(
    canvas: Canvas, seen: Seen, *, bands: Sequence[Band], edges: Sequence[tuple[float, int]], came: Facts, cell: int
) -> None:
    """Each cell of the picture in the colour of the light that came to it."""
    found = scales.numbers_of(seen.planes[_CELLS], edges)
    side = cell_of(seen.facts)
    kinds = looked_up(found, seen.facts, came, side=side, cell=cell)
    palette = np.array([(0.0, 0.0, 0.0), *(band.colour for band in bands)], np.float32)
    canvas.marks((kinds > 0).astype(np.float32), side, np.take(palette, kinds, axis=0))


STAGE = Stage("false_colour", Parameters, ("linear", "display"), prepare)
