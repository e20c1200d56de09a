"""White balance: a gain per colour that makes the scene's white grey."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tenbit.kernels._camera import daylight, gains_of, has_color_matrix, neutral_of_white
from tenbit.kernels._facts import Array, Facts, Triple
from tenbit.kernels._noise import multiplied
from tenbit.kernels._stage import (
    PLANES,
    Access,
    Constants,
    PerSite,
    Prepared,
    Results,
    Stage,
    Step,
    param,
    point,
    require_signal,
)
from tenbit.kernels._temperature import white_xy
from tenbit.kernels.errors import StageError

# Of the histograms that grey world measures, per colour. Within a bin the mean is off by at most 1/8192 of white.
BINS = 4096.0
# Samples that count for grey world, as a share of white: not clipped, not lost in noise.
LOWEST, HIGHEST = 0.002, 0.99


@dataclass(frozen=True)
class Parameters:
    """Multiply each colour so that the scene's white becomes grey."""

    mode: Literal["as_shot", "daylight", "temperature", "grey_world", "gains"] = param(
        "as_shot",
        "as_shot: the camera's own; daylight: D65; temperature: temperature_k and tint; "
        "grey_world: the mean of the picture is grey; gains: as given.",
    )
    temperature_k: float | None = param(
        None, "Colour temperature of the light, for mode temperature.", unit="K", low=1500, high=15000
    )
    tint: float = param(
        0.0, "For mode temperature: above 0 more magenta, below 0 more green (3000 × Duv).", low=-150, high=150
    )
    gains: tuple[float, float, float] | None = param(
        None, "Red, green and blue gain, for mode gains; only their ratios count.", low=0.01, high=100
    )
    highlights: Literal["clip", "keep"] = param(
        "clip", "clip: a sensor that is full gives white, cut off at 1; keep: values above 1 go on, tinted."
    )


def balanced_mosaic(mosaic, k):
    """One sample of a mosaic."""
    return mosaic * k.gain


def balanced_mosaic_clipped(mosaic, k):
    """One sample of a mosaic, at most 1."""
    return min(mosaic * k.gain, 1.0)


def balanced(red, green, blue, k):
    """One pixel of three planes."""
    return red * k.red, green * k.green, blue * k.blue


def balanced_clipped(red, green, blue, k):
    """One pixel of three planes, at most 1."""
    return min(red * k.red, 1.0), min(green * k.green, 1.0), min(blue * k.blue, 1.0)


def bin_of(value, first):
    """The counter of a sample in a histogram that begins at counter ``first``; -1 for one that does not count."""
    return int(first + value * BINS) if LOWEST < value < HIGHEST else -1


def measured_mosaic(mosaic, k):
    """The histogram counter of one sample of a mosaic."""
    return bin_of(mosaic, k.first)


def measured(red, green, blue):
    """The histogram counters of one pixel of three planes."""
    return bin_of(red, 0.0), bin_of(green, BINS), bin_of(blue, 2.0 * BINS)


def mean_gains(counters: Array) -> dict[str, Any]:
    """Gains that bring the means of the three histograms together; 1 where a colour has no sample that counts."""
    counts = counters.reshape(3, int(BINS))
    total = counts.sum(axis=1)
    if not total.all():
        return {"gains": (1.0, 1.0, 1.0)}
    means = counts @ ((np.arange(BINS) + 0.5) / BINS) / total
    red, green, blue = (float(mean) for mean in means)
    return {"gains": gains_of((red, green, blue))}


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """A gain per colour, known now or, for grey world, once the frame has been measured.

    Raises
    ------
    StageError
        If the samples still hold their black level, are balanced or brightened already or are no longer the camera's,
        if the mode needs a colour matrix that the file lacks, or if parameters contradict each other.
    """
    require_signal("white_balance", facts)
    if facts.space != "camera":
        raise StageError(f"white_balance: the picture is in {facts.space} already; put it before colour")
    if facts.is_balanced:
        raise StageError("white_balance: the frame is balanced already; once is allowed")
    if facts.exposure_ev != 0.0:
        raise StageError("white_balance: the clipped samples are no longer at 1; put it before exposure")
    for name, mode in (("temperature_k", "temperature"), ("gains", "gains")):
        is_given = getattr(parameters, name) is not None
        if is_given != (parameters.mode == mode):
            raise StageError(
                f"white_balance: {name} {'belongs to' if is_given else 'is needed for'} mode: {mode}"
                + (f"; here it is {parameters.mode}" if is_given else "")
            )
    if parameters.mode == "grey_world":
        return _measuring(parameters, facts)
    try:
        gains, notes = _gains(parameters, facts)
    except StageError as error:
        raise StageError(f"white_balance: {error}") from None
    is_clipped = parameters.highlights == "clip"
    after = dataclasses.replace(multiplied(facts, gains), gains=gains, is_balanced=True, is_clipped=is_clipped)
    if gains == (1.0, 1.0, 1.0):
        return Prepared(after, notes=notes)
    body = _body(parameters, facts)
    return Prepared(after, (point("white_balance", body, facts, constants=_constants(facts, gains)),), notes=notes)


def _gains(parameters: Parameters, facts: Facts) -> tuple[Triple, tuple[str, ...]]:
    """The gains that the parameters and the file lead to, and what to say about them."""
    if parameters.gains is not None:
        red, green, blue = parameters.gains
        return gains_of((1.0 / red, 1.0 / green, 1.0 / blue)), ()
    if parameters.mode == "as_shot" and facts.neutral is not None:
        return gains_of(facts.neutral), ()
    if not has_color_matrix(facts.colour):
        if parameters.mode != "as_shot":
            raise StageError(
                f"mode {parameters.mode} needs a colour matrix, which the file lacks; use gains or grey_world"
            )
        return (1.0, 1.0, 1.0), ("the file says neither its white nor its colour matrix: colours are left as they are",)
    if parameters.temperature_k is not None:
        white = white_xy(parameters.temperature_k, parameters.tint)
        return gains_of(neutral_of_white(facts.colour, white)), ()
    notes = ("the file does not say its white: daylight is taken",) if parameters.mode == "as_shot" else ()
    return gains_of(daylight(facts.colour)), notes


def _body(parameters: Parameters, facts: Facts) -> Any:
    if facts.state == "mosaic":
        return balanced_mosaic_clipped if parameters.highlights == "clip" else balanced_mosaic
    return balanced_clipped if parameters.highlights == "clip" else balanced


def _constants(facts: Facts, gains: Triple) -> Constants:
    if facts.cfa is not None:
        return {"gain": PerSite(gains[colour] for colour in facts.cfa.sites)}
    return dict(zip(("red", "green", "blue"), gains, strict=True))


def _measuring(parameters: Parameters, facts: Facts) -> Prepared:
    """Grey world: a histogram of each colour, then gains that depend on it."""
    measuring: Constants = {}
    if facts.cfa is not None:
        measuring = {"first": PerSite(colour * BINS for colour in facts.cfa.sites)}
    measure = Step(
        "white_balance.measure",
        Access.REDUCE,
        measured if facts.cfa is None else measured_mosaic,
        PLANES[facts.state],
        ("white_balance",),
        measuring,
        counters=3 * int(BINS),
        summary=mean_gains,
    )

    def late(results: Results) -> Constants:
        return _constants(facts, results["white_balance"]["gains"])

    after = dataclasses.replace(
        multiplied(facts, None), gains=None, is_balanced=True, is_clipped=parameters.highlights == "clip"
    )
    return Prepared(after, (measure, point("white_balance", _body(parameters, facts), facts, constants=late)))


STAGE = Stage("white_balance", Parameters, ("mosaic", "linear"), prepare)
