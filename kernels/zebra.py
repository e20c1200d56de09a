"""Zebra: stripes where the picture is too bright or too dark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from numpy import float32 as f32

from tenbit.kernels._draw import Colour, colour_constants, over
from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._luma import luma_of, shares
from tenbit.kernels._stage import PLANES, Access, Constants, Prepared, Stage, Step, param, point
from tenbit.kernels.errors import StageError

# Stripes of 16 px at 1080 rows look the same on a picture of any size; under 4 px they are no longer stripes.
_PERIOD_AT_1080 = 16
_PERIOD_LEAST = 4


@dataclass(frozen=True)
class Parameters:
    """Draw diagonal stripes over highlights, and stripes the other way over shadows."""

    high: float = param(0.95, "Marked from here up.", unit="fraction of white", low=0, high=1)
    low: float = param(0.02, "Marked below; 0 marks nothing.", unit="fraction of white", low=0, high=1)
    source: Literal["luma", "max"] = param("luma", "luma of the three channels, or the largest of them.")
    high_colour: Colour = param("red", "Stripes over highlights.")
    low_colour: Colour = param("blue", "Stripes over shadows.")
    opacity: float = param(0.85, "1 hides the picture under a stripe, 0 shows no stripes.", low=0, high=1)
    phase: int = param(0, "Moves the stripes; the frame's number makes them walk.", unit="px", low=0, high=1_000_000)


def zone(value, high, low):
    """1 at or above ``high``, 2 below ``low``, else 0."""
    return 1.0 if value >= high else (2.0 if max(value, 0.0) < low else 0.0)


def zone_of_luma(red, green, blue, k):
    """`zone` of the luma."""
    return zone(luma_of(red, green, blue, k.red_share, k.green_share, k.blue_share), k.high, k.low)


def zone_of_largest(red, green, blue, k):
    """`zone` of the largest channel."""
    return zone(max(red, max(green, blue)), k.high, k.low)


def counted(zebra):
    """Counter 0 for highlights, 1 for shadows."""
    return int(zebra) - 1


def stripe(turns, period):
    """How much of a pixel a stripe covers, so many periods along: half of every period, edges one pixel soft."""
    along = (turns - f32(int(turns))) * period
    return min(max(0.25 * period + 0.5 - abs(along + 0.5 - 0.5 * period), 0.0), 1.0)


def striped(red, green, blue, zebra, k, row, col):
    """Stripes that rise to the right over highlights, that fall over shadows."""
    is_high = zebra < 1.5
    along = f32(row + col + k.phase) if is_high else f32(k.rows - row + col + k.phase)
    alpha = min(zebra, 1.0) * stripe(along * k.per_period, k.period_px) * k.opacity
    return (
        over(red, k.high_red if is_high else k.low_red, alpha),
        over(green, k.high_green if is_high else k.low_green, alpha),
        over(blue, k.high_blue if is_high else k.low_blue, alpha),
    )


def parts(counters: Array, *, pixels: int) -> dict[str, float]:
    """Parts of the picture that are ``high`` and ``low``, 0 … 1."""
    return {"high": int(counters[0]) / pixels, "low": int(counters[1]) / pixels}


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Steps that measure into the side plane ``zebra`` (0 neither, 1 high, 2 low), and the paint.

    The result ``zebra`` holds the parts of the picture that are ``high`` and ``low``.

    Raises
    ------
    StageError
        If ``low`` is above ``high``.
    """
    p = parameters
    if p.low > p.high:
        raise StageError(f"zebra: low {p.low:g} is above high {p.high:g}")
    levels = {**shares(facts.space), "high": p.high, "low": p.low}
    body = zone_of_luma if p.source == "luma" else zone_of_largest
    steps = (
        Step("zebra", Access.POINT, body, PLANES[facts.state], ("zebra",), levels),
        Step(
            "zebra.parts",
            Access.REDUCE,
            counted,
            ("zebra",),
            ("zebra",),
            counters=2,
            summary=partial(parts, pixels=facts.rows * facts.cols),
        ),
    )
    if p.opacity == 0:
        return Prepared(facts, steps)
    period = max(round(_PERIOD_AT_1080 * facts.rows / 1080), _PERIOD_LEAST)
    colours: Constants = {
        **colour_constants(p.high_colour, "high_"),
        **colour_constants(p.low_colour, "low_"),
        "opacity": p.opacity,
        "phase": p.phase % period,
        "per_period": 1.0 / period,
        "period_px": float(period),
        "rows": facts.rows,
    }
    paint = point("zebra.paint", striped, facts, constants=colours, also_reads=("zebra",))
    return Prepared(facts, steps, (paint,))


STAGE = Stage("zebra", Parameters, ("display",), prepare)
