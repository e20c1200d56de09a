"""Exposure advice: how many stops the sensor had left, and what was lost at either end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tenbit.kernels._draw import COLOURS, percent
from tenbit.kernels._facts import Facts, Triple
from tenbit.kernels._overlay import (
    GROUND,
    GROUND_ALPHA,
    INK,
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
from tenbit.kernels._raw_counts import (
    CHANNELS,
    RawCounts,
    counts_name,
    noise_steps,
    raw_counting,
    raw_noise,
    require_raw,
)
from tenbit.kernels._stage import Prepared, Stage, param

NAME = "exposure_advice"
# Steps of a camera's dial.
_STEPS_PER_EV = 3
# How far down a clipped frame's highlights are guessed: beyond that a guess is worth nothing.
_MOST_OVER_EV = 4.0
_LEAST_OVER_EV = 1 / 3
_ASPECT = 3.4


@dataclass(frozen=True)
class Parameters:
    """Tell how the raw frame could have been exposed: to the right, and no further than its highlights.

    It stands on the mosaic, before white_balance. Headroom is the distance from white to the highest level that more
    than a part of a channel's samples reach. When more of them than that are clipped, how far they were over is not in
    the file: the advice is then a guess from how fast the highlights thin out, and says so.
    """

    ignore: float = param(
        0.001,
        "Brightest samples that may clip: lamps, glints.",
        unit="fraction of each channel's samples",
        low=0,
        high=0.2,
    )
    to: To = place_param()
    position: Corner = corner_param("top-left")
    size: float = size_param(0.1)
    opacity: float = opacity_param()


@dataclass(frozen=True)
class Advice:
    """How a raw frame was exposed. Mappings are by channel: R, G1, G2, B.

    Parameters
    ----------
    headroom_ev : mapping
        Stops until more than the ignored part clips; None where that is so already.
    clipped : mapping
        Part of the samples at white or above.
    under_noise : mapping or None
        Part of the samples whose signal is no more than their noise; None where noise is not known.
    over_ev : float or None
        Of a clipped frame: the guess by how many stops its highlights are over.
    ignored : float
        Part of a channel's samples that may clip.
    noise_floor_ev : float or None
        Stops below white at which signal is no more than noise, in the noisiest channel.
    range_ev : float or None
        Stops from white down to one standard deviation of the noise at black: what the frame could hold.
    used_ev : float or None
        Stops between its highlights and its shadows, the ignored part left out at either end.
    """

    headroom_ev: Mapping[str, float | None]
    clipped: Mapping[str, float]
    under_noise: Mapping[str, float] | None
    over_ev: float | None
    ignored: float
    noise_floor_ev: float | None
    range_ev: float | None
    used_ev: float | None

    @property
    def ev(self) -> float:
        """Stops to expose by: the least headroom, or less exposure where highlights are lost."""
        if self.over_ev is not None:
            return -self.over_ev
        return min(ev for ev in self.headroom_ev.values() if ev is not None)

    @property
    def suggested_ev(self) -> float:
        """`ev`, rounded down to a third of a stop."""
        return math.floor(self.ev * _STEPS_PER_EV + 1e-6) / _STEPS_PER_EV

    @property
    def is_guess(self) -> bool:
        """Whether highlights are lost, so that nobody knows how far they were over."""
        return self.over_ev is not None

    def as_record(self) -> dict[str, Any]:
        """The same as numbers, lists and dicts, fit for JSON: parts 0 … 1, stops."""
        return {
            "suggested_ev": self.suggested_ev,
            "is_guess": self.is_guess,
            "headroom_ev": dict(self.headroom_ev),
            "clipped": dict(self.clipped),
            "under_noise": None if self.under_noise is None else dict(self.under_noise),
            "ignored": self.ignored,
            "noise_floor_ev": self.noise_floor_ev,
            "dynamic_range_ev": {"available": self.range_ev, "used": self.used_ev},
        }


def headroom(raw: RawCounts, channel: str, ignore: float) -> float | None:
    """Stops from the highest level that more than a part of the samples reach, to white; None when that is clipped.

    A level is taken for at least one code above black.
    """
    level = raw.level_above(channel, ignore)
    if level >= raw.white[channel]:
        return None
    span = raw.white[channel] - raw.black[channel]
    return math.log2(span / max(level - raw.black[channel], 1.0))


def over(raw: RawCounts, channel: str, ignore: float) -> float:
    """A guess of how many stops the highlights of a clipped channel are over.

    Among highlights the samples above a level grow fewer by about the same factor per stop: that between half of white
    and white is taken to go on above white. Between a third of a stop and four.
    """
    black, white = raw.black[channel], raw.white[channel]
    clipped = raw.part(channel, white, math.inf)
    high = raw.part(channel, black + (white - black) / 2, math.inf)
    factor = min(clipped / high, 0.999)
    stops = math.log(max(ignore, 1e-6) / clipped) / math.log(factor)
    return min(max(stops, _LEAST_OVER_EV), _MOST_OVER_EV)


def advise(seen: Seen, *, facts: Facts, ignore: float) -> Advice:
    """The advice for the mosaic of these facts, counted already."""
    raw: RawCounts = seen.results[counts_name(facts)]
    noise = raw_noise(facts, seen.results)
    found = {name: headroom(raw, name, ignore) for name in CHANNELS}
    lost = [name for name in CHANNELS if found[name] is None]
    known = {name: pair for name, pair in noise.items() if pair is not None}
    under = {
        name: raw.part(name, -math.inf, raw.black[name] + floor * (raw.white[name] - raw.black[name]))
        for name, (_, floor) in known.items()
    }
    is_known = len(known) == len(CHANNELS)
    return Advice(
        found,
        raw.clipped,
        under if is_known else None,
        max((over(raw, name, ignore) for name in lost), default=None),
        ignore,
        math.log2(max(floor for _, floor in known.values())) if is_known else None,
        -math.log2(max(sigma for sigma, _ in known.values())) if is_known else None,
        _used(raw, {name: sigma for name, (sigma, _) in known.items()}, ignore) if is_known else None,
    )


def _used(raw: RawCounts, sigma: Mapping[str, float], ignore: float) -> float:
    """Stops between the highlights of the brightest channel and the shadows of the darkest."""
    high = max(min(raw.signal(name, raw.level_above(name, ignore)), 1.0) for name in CHANNELS)
    low = min(max(raw.signal(name, raw.level_below(name, ignore)), sigma[name]) for name in CHANNELS)
    return math.log2(max(high / low, 1.0))


def draw(canvas: Canvas, seen: Seen) -> None:
    """Four lines of text."""
    found: Advice = seen.results[NAME]
    canvas.rect(0, 0, canvas.rows, canvas.cols, GROUND, GROUND_ALPHA)
    lines = lines_of(found)
    pitch = canvas.rows / (len(lines) + 1.0)
    size = 0.75 * pitch / canvas.unit
    widest = max(canvas.text_cols(text, size) for text, _ in lines)
    size *= min(1.0, 0.88 * canvas.cols / max(widest, 1e-6))
    for n, (text, colour) in enumerate(lines):
        canvas.text((n + 1) * pitch, 0.04 * canvas.cols, text, colour, size)


def lines_of(found: Advice) -> tuple[tuple[str, Triple], ...]:
    """What is told of an advice, with the colours of the lines."""
    rooms = "  ".join(f"{name} {_signed(ev)}" for name, ev in found.headroom_ev.items())
    lost = "clipped " + percent(max(found.clipped.values()))
    noise = "" if found.under_noise is None else f"   under noise {percent(max(found.under_noise.values()))}"
    if found.range_ev is None or found.used_ev is None:
        span = "range not known"
    else:
        span = f"range {found.used_ev:.1f} of {found.range_ev:.1f} EV"
    if found.is_guess:
        first = f"ETTR about {_signed(found.suggested_ev)} EV: highlights are lost"
    else:
        first = f"ETTR {_signed(found.suggested_ev)} EV"
    return (
        (first, COLOURS["orange"] if found.is_guess else INK),
        (rooms, INK),
        (lost + noise, INK),
        (span, INK),
    )


def _signed(ev: float | None) -> str:
    if ev is None:
        return "clipped"
    return f"{ev:+.1f}".replace("-", "\N{MINUS SIGN}")


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Steps that count; the result ``exposure_advice`` is an `Advice`.

    Raises
    ------
    StageError
        On a mosaic that is balanced already.
    """
    require_raw(NAME, facts)
    steps = (*noise_steps(facts), raw_counting(facts))
    return Prepared(facts, steps, overlay=partial(_overlay, parameters, facts))


def _overlay(parameters: Parameters, facts: Facts, _: Facts) -> Overlay:
    p = parameters
    meters = (Meter(NAME, partial(advise, facts=facts, ignore=p.ignore)),)
    if p.to == "none" or p.opacity == 0:
        return Overlay(meters)
    return Overlay(meters, layers=(Layer(NAME, draw, Place(p.to, p.position, p.size, _ASPECT), p.opacity),))


STAGE = Stage(NAME, Parameters, ("mosaic",), prepare)
