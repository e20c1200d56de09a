"""Histogram: how many samples have each code value, and the panel that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tenbit.kernels._facts import Facts
from tenbit.kernels._overlay import (
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
from tenbit.kernels._raw_counts import noise_steps, raw_counting, require_raw
from tenbit.kernels._stage import Prepared, Stage, param
from tenbit.kernels.histogram.counted import Histogram, counting
from tenbit.kernels.histogram.drawing import Scale, Show, draw_picture, draw_raw
from tenbit.kernels.histogram.raw import RAW, RawHistogram, measured

__all__ = ["STAGE", "Histogram", "Parameters", "RawHistogram"]

Bins = Literal[256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]


@dataclass(frozen=True)
class Parameters:
    """Count the code values of red, green, blue and luma, or the raw samples, and draw a histogram.

    At the end of the chain it counts the picture. On the mosaic, before white_balance, it counts the samples of each
    CFA channel, and shows them in stops below the sensor's saturation, the noise floor shaded; both may stand in one
    chain. Before black_level it counts the sensor's own codes; behind it they are told again on 16 bits.
    """

    bins: Bins = param(256, "Of each channel of the picture, 8 to 16 bits; raw samples have one bin per code.")
    show: Show = param("rgb", "Areas of the channels one over the other, luma alone, or the channels side by side.")
    scale: Scale = param("linear", "Height of a bin: its count, or the logarithm of it.")
    to: To = place_param()
    position: Corner = corner_param("bottom-right")
    size: float = size_param(0.25)
    opacity: float = opacity_param()


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The step that counts, and the panel when it is asked for.

    The result ``histogram`` is a `Histogram`; on a mosaic ``raw_histogram`` is a `RawHistogram`.

    Raises
    ------
    StageError
        On a mosaic that is balanced already.
    """
    if facts.state != "mosaic":
        return Prepared(facts, (counting(facts, parameters.bins),), overlay=partial(_overlay, parameters))
    require_raw("histogram", facts)
    steps = (*noise_steps(facts), raw_counting(facts))
    return Prepared(facts, steps, overlay=partial(_raw_overlay, parameters, facts))


def _overlay(parameters: Parameters, _: Facts) -> Overlay:
    draw = partial(draw_picture, show=parameters.show, scale=parameters.scale)
    return Overlay(layers=_layers("histogram", draw, parameters))


def _raw_overlay(parameters: Parameters, facts: Facts, _: Facts) -> Overlay:
    meters = (Meter(RAW, partial(measured, facts=facts)),)
    draw = partial(draw_raw, show=parameters.show, scale=parameters.scale)
    return Overlay(meters, layers=_layers(RAW, draw, parameters))


def _layers(name: str, draw: Callable[[Canvas, Seen], None], parameters: Parameters) -> tuple[Layer, ...]:
    p = parameters
    if p.to == "none" or p.opacity == 0:
        return ()
    return (Layer(name, draw, Place(p.to, p.position, p.size), p.opacity),)


STAGE = Stage("histogram", Parameters, ("mosaic", "display"), prepare)
