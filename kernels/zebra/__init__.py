"""Zebra: stripes where the picture is too bright or too dark, or where the sensor has clipped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tenbit.kernels._draw import Colour, colour_constants, colour_of, over
from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._overlay import SEEN, Overlay, opacity_param
from tenbit.kernels._signal import Levels, Source, code_of, levels_param, signal_constants, signal_of, source_param
from tenbit.kernels._stage import PLANES, Access, Prepared, Stage, Step, param
from tenbit.kernels.errors import StageError
from tenbit.kernels.zebra import raw
from tenbit.kernels.zebra.stripes import cover, stripes

BANDS = ("high", "low", "mid")


@dataclass(frozen=True)
class Parameters:
    """Draw diagonal stripes over highlights and over a band of middle tones, or over what the sensor has clipped.

    Behind ``tone`` it goes by the picture. Stripes over highlights rise to the right, those over the band and over
    shadows fall. Where two levels meet, highlights come first, then shadows.

    On a mosaic, before ``white_balance``, it goes by the samples and by the white level of each channel; its result is
    ``raw_zebra``. What is drawn over the finished picture then tells by its colour which channels are gone: red, green
    or blue is one, yellow red and green, magenta red and blue, cyan green and blue, black all three. Both may stand in
    one chain.
    """

    high: float = param(0.95, "Zebra 2: marked from here up.", unit="fraction of white", low=0, high=1.1)
    mid: float = param(0.7, "Zebra 1: middle of the band; 0 marks none.", unit="fraction of white", low=0, high=1.1)
    mid_range: float = param(
        0.05, "How far the band reaches to either side, both ends included.", unit="fraction of white", low=0, high=0.5
    )
    low: float = param(0.0, "Marked below; 0 marks nothing.", unit="fraction of white", low=0, high=1.1)
    source: Source = source_param()
    levels: Levels = levels_param()
    margin: float = param(
        0.01, "Raw: so far under the white level a sample counts as clipped.", unit="fraction of white", low=0, high=0.5
    )
    floor: bool = param(False, "Raw: mark green, in white, where it is no more than the noise.")
    high_colour: Colour = param("red", "Stripes over highlights.")
    mid_colour: Colour = param("yellow", "Stripes over the band.")
    low_colour: Colour = param("blue", "Stripes over shadows.")
    period: float = param(16.0, "From stripe to stripe.", unit="px at 1080 rows", low=4, high=200)
    angle: float = param(45.0, "How steeply stripes rise, or fall.", unit="degrees", low=0, high=90)
    duty: float = param(0.5, "Part of a period that is painted.", low=0.05, high=1)
    opacity: float = opacity_param(0.85)
    phase: int = param(
        0, "Moves the stripes; they walk by 1 per frame of a sequence.", unit="px at 1080 rows", low=0, high=1_000_000
    )


def band(value, high, low, mid_from, mid_to):
    """1 at or above ``high``, 2 below ``low``, 3 in the band, both ends included, else 0; what is no number is 0."""
    inside = value if value > 0.0 else 0.0
    middle = (3.0 if value <= mid_to else 0.0) if value >= mid_from else 0.0
    return 1.0 if value >= high else (2.0 if inside < low else middle)


def counted(red, green, blue, k):
    """The counter of a pixel's `band`."""
    value = signal_of(red, green, blue, k.red_share, k.green_share, k.blue_share, k.by_largest)
    return int(band(value, k.high, k.low, k.mid_from, k.mid_to)) - 1


def striped(red, green, blue, seen_red, seen_green, seen_blue, k, row, col):
    """Stripes that rise over highlights and fall over the rest, by the `band` of the clean picture."""
    value = signal_of(seen_red, seen_green, seen_blue, k.red_share, k.green_share, k.blue_share, k.by_largest)
    at = band(value, k.high, k.low, k.mid_from, k.mid_to)
    right = k.right if at < 1.5 else -k.right
    covered = cover(row, col, k.down, right, k.start, k.half_px, k.period_px, k.per_feather)
    alpha = min(at, 1.0) * covered * k.opacity
    return (
        over(red, k.high_red if at < 1.5 else (k.low_red if at < 2.5 else k.mid_red), alpha),
        over(green, k.high_green if at < 1.5 else (k.low_green if at < 2.5 else k.mid_green), alpha),
        over(blue, k.high_blue if at < 1.5 else (k.low_blue if at < 2.5 else k.mid_blue), alpha),
    )


def parts(counters: Array, *, pixels: int) -> dict[str, float]:
    """Parts of the picture that are ``high``, ``low`` and in the ``mid`` band, 0 … 1."""
    return {name: int(count) / pixels for name, count in zip(BANDS, counters, strict=True)}


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The step that counts, and the paint.

    The result ``zebra`` holds the parts of the picture that are ``high``, ``low`` and ``mid``; on a mosaic it is
    ``raw_zebra``, see `raw.prepared`.

    Raises
    ------
    StageError
        If ``low`` is above ``high``, or a colour is none; on a mosaic as `raw.prepared`.
    """
    p = parameters
    look = {"period": p.period, "angle": p.angle, "duty": p.duty, "phase": p.phase}
    if facts.state == "mosaic":
        return raw.prepared(facts, look, margin=p.margin, is_floor_marked=p.floor, opacity=p.opacity)
    if p.low > p.high:
        raise StageError(f"zebra: low {p.low:g} is above high {p.high:g}")
    ends = (p.mid - p.mid_range, p.mid + p.mid_range) if p.mid > 0 else (2.0, 1.0)
    levels = {
        **signal_constants(p.source, facts),
        "high": code_of(p.high, p.levels),
        "low": code_of(p.low, p.levels) if p.low > 0 else 0.0,
        "mid_from": code_of(ends[0], p.levels),
        "mid_to": code_of(ends[1], p.levels),
    }
    colours: dict[str, float] = {}
    for name, colour in (("high", p.high_colour), ("mid", p.mid_colour), ("low", p.low_colour)):
        colour_of(colour, f"zebra.{name}_colour")
        colours |= colour_constants(colour, f"{name}_")
    rgb = PLANES["display"]
    summary = partial(parts, pixels=facts.rows * facts.cols)
    count = Step("zebra", Access.REDUCE, counted, rgb, ("zebra",), levels, counters=len(BANDS), summary=summary)

    def overlay(final: Facts) -> Overlay:
        if p.opacity == 0:
            return Overlay()
        constants = {
            **levels,
            **stripes(final, **look).constants(),
            **colours,
            "opacity": p.opacity,
        }
        return Overlay(paint=(Step("zebra.paint", Access.POINT, striped, (*rgb, *SEEN), rgb, constants),))

    return Prepared(facts, (count,), overlay=overlay)


STAGE = Stage("zebra", Parameters, ("mosaic", "display"), prepare)
