"""Peaking: marks what is in focus."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

from numpy import float32 as f32

from tenbit.kernels._draw import Colour, colour_constants, over
from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._luma import luma_of, shares
from tenbit.kernels._stage import PLANES, Access, Prepared, Stage, Step, param, point

# Detail over contrast of an edge of 0.4 of white under a Gaussian blur of sigma pixels: 0.5 gives 0.32, 0.7 gives 0.22,
# 1 gives 0.15, 1.5 gives 0.09, 2 gives 0.06. What has to be passed, from the least to the most sensitive:
STRICTEST, LOOSEST = 0.35, 0.07
# Added to the contrast, as a fraction of white: at 0.2, luma noise of 0.01 marks 0.3 % of a flat field by default.
FLAT_CONTRAST = 0.2


@dataclass(frozen=True)
class Parameters:
    """Paint over edges that are in focus.

    An edge counts when its finest detail is a large part of the contrast around it, so that a strong edge out of focus
    is left alone and a weak one in focus is not.
    """

    colour: Colour = param("red", "Colour of the marks.")
    sensitivity: float = param(0.5, "0: only the sharpest edges; 1: every edge that is nearly sharp.", low=0, high=1)
    opacity: float = param(1.0, "1 hides the picture under a mark, 0 shows no marks.", low=0, high=1)


def luma(red, green, blue, k):
    """Luma of one pixel."""
    return luma_of(red, green, blue, k.red_share, k.green_share, k.blue_share)


def in_focus(y, k):
    """1 where detail of one pixel's width is more than a part of the contrast within two pixels, else 0.

    Detail is the length of the second differences across and down, each smoothed 1 2 1 along the edge (a third of the
    noise of the 4-neighbour Laplacian); contrast is the largest less the smallest luma of 5 × 5.
    """
    across = 0.25 * (
        (2.0 * y(-1, 0) - y(-1, -1) - y(-1, 1))
        + 2.0 * (2.0 * y(0, 0) - y(0, -1) - y(0, 1))
        + (2.0 * y(1, 0) - y(1, -1) - y(1, 1))
    )
    down = 0.25 * (
        (2.0 * y(0, -1) - y(-1, -1) - y(1, -1))
        + 2.0 * (2.0 * y(0, 0) - y(-1, 0) - y(1, 0))
        + (2.0 * y(0, 1) - y(-1, 1) - y(1, 1))
    )
    most_0 = largest(y(-2, -2), y(-2, -1), y(-2, 0), y(-2, 1), y(-2, 2))
    most_1 = largest(y(-1, -2), y(-1, -1), y(-1, 0), y(-1, 1), y(-1, 2))
    most_2 = largest(y(0, -2), y(0, -1), y(0, 0), y(0, 1), y(0, 2))
    most_3 = largest(y(1, -2), y(1, -1), y(1, 0), y(1, 1), y(1, 2))
    most_4 = largest(y(2, -2), y(2, -1), y(2, 0), y(2, 1), y(2, 2))
    least_0 = smallest(y(-2, -2), y(-2, -1), y(-2, 0), y(-2, 1), y(-2, 2))
    least_1 = smallest(y(-1, -2), y(-1, -1), y(-1, 0), y(-1, 1), y(-1, 2))
    least_2 = smallest(y(0, -2), y(0, -1), y(0, 0), y(0, 1), y(0, 2))
    least_3 = smallest(y(1, -2), y(1, -1), y(1, 0), y(1, 1), y(1, 2))
    least_4 = smallest(y(2, -2), y(2, -1), y(2, 0), y(2, 1), y(2, 2))
    contrast = largest(most_0, most_1, most_2, most_3, most_4) - smallest(least_0, least_1, least_2, least_3, least_4)
    detail = f32(math.sqrt(across * across + down * down))
    return 1.0 if detail > k.part * (contrast + k.flat) else 0.0


def largest(a, b, c, d, e):
    """The largest of five."""
    return max(max(max(a, b), max(c, d)), e)


def smallest(a, b, c, d, e):
    """The smallest of five."""
    return min(min(min(a, b), min(c, d)), e)


def marked(peaking):
    """The one counter, where there is a mark."""
    return 0 if peaking > 0.5 else -1


def painted(red, green, blue, peaking, k):
    """The colour where there is a mark."""
    alpha = peaking * k.opacity
    return over(red, k.red, alpha), over(green, k.green, alpha), over(blue, k.blue, alpha)


def share(counters: Array, *, pixels: int) -> float:
    """Part of the picture that is marked, 0 … 1."""
    return int(counters[0]) / pixels


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Steps that measure into the side plane ``peaking``, and the paint.

    The result ``peaking`` is the part of the picture's pixels that is marked, 0 … 1.
    """
    rgb = PLANES[facts.state]
    constants = {"part": STRICTEST + (LOOSEST - STRICTEST) * parameters.sensitivity, "flat": FLAT_CONTRAST}
    steps = (
        Step("peaking.luma", Access.POINT, luma, rgb, ("peaking_luma",), shares(facts.space)),
        Step("peaking", Access.STENCIL, in_focus, ("peaking_luma",), ("peaking",), constants, radius=2),
        Step(
            "peaking.share",
            Access.REDUCE,
            marked,
            ("peaking",),
            ("peaking",),
            counters=1,
            summary=partial(share, pixels=facts.rows * facts.cols),
        ),
    )
    if parameters.opacity == 0:
        return Prepared(facts, steps)
    colours = {**colour_constants(parameters.colour), "opacity": parameters.opacity}
    paint = point("peaking.paint", painted, facts, constants=colours, also_reads=("peaking",))
    return Prepared(facts, steps, (paint,))


STAGE = Stage("peaking", Parameters, ("display",), prepare)
