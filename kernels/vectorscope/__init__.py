"""Vectorscope: how much of each hue, and how strong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from tenbit.kernels import _scope, _trace
from tenbit.kernels._arithmetic import fma
from tenbit.kernels._facts import Facts
from tenbit.kernels._luma import luma_of
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
from tenbit.kernels._scope import within
from tenbit.kernels._stage import PLANES, Access, Constants, Prepared, Stage, Step, param
from tenbit.kernels.vectorscope.panel import draw_vectors
from tenbit.kernels.vectorscope.result import CODES, counted, difference_scales


@dataclass(frozen=True)
class Parameters:
    """Draw a vectorscope: hue as direction, saturation as distance, with boxes for colour bars and the line of skin.

    The large boxes are where bars of 75 % lie, the small ones those of 100 %.
    """

    gain: Literal[1, 2, 4] = param(1, "How much larger the middle is shown.")
    skin_line: bool = param(True, "Draw the line that skin of every shade lies near.")
    range: _scope.Range = _scope.range_param()
    matrix: _scope.Matrix = param("auto", "From RGB to colour differences; auto: bt2020 for rec2020, else bt709.")
    intensity: float = _scope.intensity_param()
    colour: _trace.TraceColour = param("own", "Of the trace; own: of each place its own.")
    every: int = _scope.every_param()
    to: To = place_param()
    position: Corner = corner_param("top-right")
    size: float = size_param(0.25)
    opacity: float = opacity_param()


def differences(red, green, blue, k):
    """One counter: the code of Cr times 256, and the code of Cb (ITU-R BT.709, 3.2 and 3.4; JFIF when full)."""
    r, g, b = within(red), within(green), within(blue)
    luma = luma_of(r, g, b, k.red_share, k.green_share, k.blue_share)
    return code_of(r - luma, k.per_red) * k.codes + code_of(b - luma, k.per_blue)


def code_of(difference, per):
    """Code of 0 … 255 of one colour difference, a half rounded up."""
    return int(min(max(fma(difference, per, 128.5), 0.0), 255.0))


def draw(canvas: Canvas, seen: Seen, *, parameters: Parameters) -> None:
    """The panel."""
    p = parameters
    draw_vectors(
        canvas,
        seen.results["vectorscope"],
        gain=p.gain,
        has_skin_line=p.skin_line,
        intensity=p.intensity,
        colour=p.colour,
    )


def constants_of(matrix: str, span: _scope.Range) -> Constants:
    """Constants of `differences`."""
    red, blue = _scope.LUMA[matrix]
    by, ry = difference_scales(matrix)
    # Of legal samples 219 codes are what 255 are of full ones; their differences have 224.
    codes = 224.0 * 255.0 / 219.0 if span == "legal" else 255.0
    shares = {"red_share": red, "green_share": 1.0 - red - blue, "blue_share": blue}
    return {**shares, "per_blue": codes / by, "per_red": codes / ry, "codes": CODES}


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The step that counts, and the panel.

    The result ``vectorscope`` is a `Vectors`.
    """
    p = parameters
    every = _scope.every_of(p.every, facts)
    auto = "bt2020" if facts.space.startswith("rec2020") else "bt709"
    matrix = auto if p.matrix == "auto" else p.matrix
    count = Step(
        "vectorscope",
        Access.REDUCE,
        differences,
        PLANES[facts.state],
        ("vectorscope",),
        constants_of(matrix, p.range),
        counters=CODES * CODES,
        summary=partial(counted, matrix=matrix, span=p.range, every=every),
        every=every,
    )
    if p.to == "none" or p.opacity == 0:
        return Prepared(facts, (count,), overlay=lambda _: Overlay())
    layer = Layer("vectorscope", partial(draw, parameters=p), Place(p.to, p.position, p.size, 1.0), p.opacity)
    return Prepared(facts, (count,), overlay=lambda _: Overlay(layers=(layer,)))


STAGE = Stage("vectorscope", Parameters, ("display",), prepare)
