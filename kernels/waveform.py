"""Waveform: code values over the width of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from tenbit.kernels import _scope, _trace
from tenbit.kernels._facts import Facts
from tenbit.kernels._overlay import (
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

ASPECT = 1.8


@dataclass(frozen=True)
class Parameters:
    """Draw a waveform: how bright the picture is, column by column, on a scale of IRE, 10-bit codes or mV.

    A place of the trace is the brighter the more pixels have that value; a single one is still seen.
    """

    channels: Literal["luma", "rgb"] = param("luma", "Luma, or the three channels over each other in their colours.")
    scale: _trace.Scale = param("ire", "Labels of the graticule: IRE, per cent, 10-bit codes, or 0 to 700 mV.")
    range: _scope.Range = _scope.range_param()
    matrix: _scope.Matrix = _scope.matrix_param()
    intensity: float = _scope.intensity_param()
    colour: _trace.TraceColour = param("own", "Of the trace; own: of each channel its own, of luma white.")
    every: int = _scope.every_param()
    to: To = place_param()
    position: Corner = corner_param("bottom-left")
    size: float = size_param(0.25)
    opacity: float = opacity_param()


CHANNELS = {"luma": ("luma",), "rgb": ("red", "green", "blue")}


def draw(canvas: Canvas, seen: Seen, *, parameters: Parameters) -> None:
    """The panel: ground, graticule, traces."""
    levels: _scope.Levels = seen.results["waveform"]
    _trace.ground(canvas)
    box = _trace.graticule(canvas, parameters.scale, parameters.range)
    colours = [_trace.trace_colour(channel, parameters.colour) for channel in levels.channels]
    _trace.draw_waveforms(canvas, box, levels.counts, colours, parameters.intensity)


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The step that counts, and the panel.

    The result ``waveform`` is a `tenbit.kernels._scope.Levels`.
    """
    p = parameters
    count = _scope.levels_step(
        "waveform",
        CHANNELS[p.channels],
        facts,
        span=p.range,
        matrix=p.matrix,
        every=p.every,
        most=_scope.WAVEFORM_COLUMNS,
    )
    if p.to == "none" or p.opacity == 0:
        return Prepared(facts, (count,), overlay=lambda _: Overlay())
    layer = Layer("waveform", partial(draw, parameters=p), Place(p.to, p.position, p.size, ASPECT), p.opacity)
    return Prepared(facts, (count,), overlay=lambda _: Overlay(layers=(layer,)))


STAGE = Stage("waveform", Parameters, ("display",), prepare)
