"""Parade: the waveforms of red, green and blue side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from tenbit.kernels import _scope, _trace
from tenbit.kernels._facts import Facts
from tenbit.kernels._overlay import (
    GRID,
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
from tenbit.kernels._stage import Prepared, Stage, param

ASPECT = 2.2
# Between neighbours, as a part of the width of all.
_GAP = 0.012


@dataclass(frozen=True)
class Parameters:
    """Draw a parade: the waveforms of red, green and blue side by side, of luma before them if wanted."""

    channels: Literal["rgb", "yrgb"] = param("rgb", "The three channels, or luma and the three.")
    scale: _trace.Scale = param("ire", "Labels of the graticule: IRE, per cent, 10-bit codes, or 0 to 700 mV.")
    range: _scope.Range = _scope.range_param()
    matrix: _scope.Matrix = _scope.matrix_param()
    intensity: float = _scope.intensity_param()
    colour: _trace.TraceColour = param("own", "Of the traces; own: of each channel its own, of luma white.")
    every: int = _scope.every_param()
    to: To = place_param()
    position: Corner = corner_param("top-left")
    size: float = size_param(0.25)
    opacity: float = opacity_param()


CHANNELS = {"rgb": ("red", "green", "blue"), "yrgb": ("luma", "red", "green", "blue")}


def draw(canvas: Canvas, seen: Seen, *, parameters: Parameters) -> None:
    """The panel: ground, graticule, one trace beside the other."""
    levels: _scope.Levels = seen.results["parade"]
    _trace.ground(canvas)
    box = _trace.graticule(canvas, parameters.scale, parameters.range)
    count, gap = len(levels.channels), _GAP * box.cols
    wide = max((box.cols - gap * (count - 1)) / count, 1.0)
    for n, (channel, counts) in enumerate(zip(levels.channels, levels.counts, strict=True)):
        part = _trace.Box(box.top, box.left + n * (wide + gap), box.rows, wide)
        colour = _trace.trace_colour(channel, parameters.colour)
        _trace.draw_waveforms(canvas, part, counts[None], [colour], parameters.intensity)
        if n:
            col = part.left - gap / 2
            canvas.polyline(np.array([[box.top, col], [box.top + box.rows, col]]), GRID, 1.0, 0.5)


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The step that counts, and the panel.

    The result ``parade`` is a `tenbit.kernels._scope.Levels`.
    """
    p = parameters
    count = _scope.levels_step(
        "parade",
        CHANNELS[p.channels],
        facts,
        span=p.range,
        matrix=p.matrix,
        every=p.every,
        most=_scope.PARADE_COLUMNS,
    )
    if p.to == "none" or p.opacity == 0:
        return Prepared(facts, (count,), overlay=lambda _: Overlay())
    layer = Layer("parade", partial(draw, parameters=p), Place(p.to, p.position, p.size, ASPECT), p.opacity)
    return Prepared(facts, (count,), overlay=lambda _: Overlay(layers=(layer,)))


STAGE = Stage("parade", Parameters, ("display",), prepare)
