"""Highlights: what a full sensor has lost of a colour is filled in from the other two."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._facts import Facts, Triple
from tenbit.kernels._stage import (
    PLANES,
    Access,
    Constant,
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
from tenbit.kernels.errors import StageError
from tenbit.kernels.highlights._around import RADIUS, bodies, others
from tenbit.kernels.highlights._measured import (
    COUNTERS,
    RIM_BINS,
    RIM_LEAST,
    TOP_BINS,
    concluded,
    counted,
    counted_planes,
)

# A sample begins to count as lost so far below the threshold, as a share of its clip level: no edge appears.
FADE = 0.04
_AROUND = ("highlights_one", "highlights_other", "highlights_near")


@dataclass(frozen=True)
class Parameters:
    """Treat what is brighter than the sensor can hold, so that it is not tinted."""

    method: Literal["opposed", "blend", "clip"] = param(
        "opposed",
        "opposed: a colour that is lost is raised to what the other two say, light above white is kept; "
        "blend: what has lost a colour fades to grey; clip: every colour is cut off at 1.",
    )
    threshold: float = param(
        0.97, "Above this part of its clip level a colour is lost.", unit="fraction of white", low=0.9, high=1
    )


def lost(value, start, slope):
    """0 where a colour is whole, 1 where it is lost."""
    return min(max((value - start) * slope, 0.0), 1.0)


def raised(here, one, other, is_lost, one_lost, other_lost, offset):
    """A colour where it is lost: the mean of the others plus an offset, if that is more.

    One of the others that is lost too is taken for the larger of both. Where all are lost they so become equal: white.
    """
    most = max(one, other)
    first, second = fma(one_lost, most - one, one), fma(other_lost, most - other, other)
    expected = fma(offset, 1.0 - one_lost * other_lost, 0.5 * (first + second))
    return fma(is_lost, max(expected - here, 0.0), here)


def faded(here, one, other, most_lost):
    """A colour on its way to the mean of the three where one of them is lost, and the darkest is near white."""
    grey = (here + one + other) * (1.0 / 3.0)
    darkest = min(min(here, one), other)
    return fma(most_lost * min(max(darkest, 0.0), 1.0), grey - here, here)


def opposed_mosaic(mosaic, one, other, k):
    """One sample of a mosaic."""
    return raised(
        mosaic,
        one,
        other,
        lost(mosaic, k.start, k.slope),
        lost(one, k.one_start, k.one_slope),
        lost(other, k.other_start, k.other_slope),
        k.offset,
    )


def opposed_planes(red, green, blue, k):
    """One pixel of three planes."""
    r = lost(red, k.red_start, k.red_slope)
    g = lost(green, k.green_start, k.green_slope)
    b = lost(blue, k.blue_start, k.blue_slope)
    return (
        raised(red, green, blue, r, g, b, 0.0),
        raised(green, red, blue, g, r, b, 0.0),
        raised(blue, red, green, b, r, g, 0.0),
    )


def blended_mosaic(mosaic, one, other, k):
    """One sample of a mosaic."""
    is_lost = lost(mosaic, k.start, k.slope)
    one_lost, other_lost = lost(one, k.one_start, k.one_slope), lost(other, k.other_start, k.other_slope)
    return faded(mosaic, one, other, max(max(is_lost, one_lost), other_lost))


def blended_planes(red, green, blue, k):
    """One pixel of three planes."""
    r = lost(red, k.red_start, k.red_slope)
    g = lost(green, k.green_start, k.green_slope)
    b = lost(blue, k.blue_start, k.blue_slope)
    most = max(max(r, g), b)
    return faded(red, green, blue, most), faded(green, red, blue, most), faded(blue, red, green, most)


def clipped_mosaic(mosaic):
    """One sample of a mosaic."""
    return min(mosaic, 1.0)


def clipped_planes(red, green, blue):
    """One pixel of three planes."""
    return min(red, 1.0), min(green, 1.0), min(blue, 1.0)


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The steps of a method; for ``opposed`` the frame is measured first.

    The result ``highlights`` holds, for ``opposed``, the ``saturation`` and the ``offset`` of each colour.

    Raises
    ------
    StageError
        If the samples still hold their black level, are cut off, brightened or not balanced, or are no longer the
        camera's.

    Notes
    -----
    ``opposed`` takes up the idea of "inpaint opposed" as described for darktable: a lost sample from the mean of the
    other channels close by, with a chroma offset from the rim of what is lost, and never lowered. Ours differs in what
    measuring showed, on simulated frames and on real ones cut off once more: a plain mean instead of one of cube roots;
    a lost neighbour counts as the larger of the two; and the offset is drawn to 0 where it differs from place to place.
    """
    require_signal("highlights", facts)
    if parameters.method == "clip":
        if facts.is_clipped:
            return Prepared(facts)
        body = clipped_mosaic if facts.state == "mosaic" else clipped_planes
        return Prepared(dataclasses.replace(facts, is_clipped=True), (point("highlights", body, facts),))
    if facts.is_clipped:
        raise StageError(
            f"highlights: white_balance has cut off what {parameters.method} needs; give it highlights: keep"
        )
    if not facts.is_balanced:
        raise StageError("highlights: what is white is not known yet; put white_balance before it")
    if facts.exposure_ev != 0.0:
        raise StageError("highlights: the clipped samples are no longer at white; put it before exposure")
    if facts.space != "camera":
        raise StageError(f"highlights: the picture is in {facts.space} already; put it before colour")
    return Prepared(facts, _opposed(parameters, facts) if parameters.method == "opposed" else _blend(parameters, facts))


def _opposed(parameters: Parameters, facts: Facts) -> tuple[Step, ...]:
    """Measure, then fill in."""

    def nominal(results: Results) -> Constants:
        return _counting(facts, _gains(facts, results), parameters.threshold)

    def found(results: Results) -> Constants:
        result = results["highlights"]
        gains = _gains(facts, results)
        full = tuple(gain * share for gain, share in zip(gains, result["saturation"], strict=True))
        constants = _limits(facts, full, parameters.threshold)
        return constants | ({"offset": PerSite(result["offset"][c] for c in facts.cfa.sites)} if facts.cfa else {})

    planes = PLANES[facts.state]
    measure = Step(
        "highlights.measure",
        Access.REDUCE,
        counted if facts.cfa else counted_planes,
        (*planes, *_AROUND) if facts.cfa else planes,
        ("highlights",),
        nominal if facts.gains is None else nominal({}),
        counters=COUNTERS,
        summary=partial(concluded, samples=_samples(facts)),
    )
    if facts.cfa is None:
        return measure, point("highlights", opposed_planes, facts, constants=found)
    # Looked at again once the frame is measured, by constants that wait for it: else these planes would be stored.
    return (
        _around(facts),
        measure,
        dataclasses.replace(_around(facts), constants=lambda results: {}),
        point("highlights", opposed_mosaic, facts, constants=found, also_reads=_AROUND[:2]),
    )


def _blend(parameters: Parameters, facts: Facts) -> tuple[Step, ...]:
    def limits(results: Results) -> Constants:
        return _limits(facts, _gains(facts, results), parameters.threshold)

    constants = limits if facts.gains is None else limits({})
    if facts.cfa is None:
        return (point("highlights", blended_planes, facts, constants=constants),)
    return _around(facts), point("highlights", blended_mosaic, facts, constants=constants, also_reads=_AROUND[:2])


def _around(facts: Facts) -> Step:
    assert facts.cfa is not None
    return Step("highlights.around", Access.STENCIL, bodies(facts.cfa), PLANES["mosaic"], _AROUND, radius=RADIUS)


def _gains(facts: Facts, results: Results) -> Triple:
    """Where each colour is at white."""
    if facts.gains is not None:
        return facts.gains
    red, green, blue = results["white_balance"]["gains"]
    return red, green, blue


def _limits(facts: Facts, full: tuple[float, ...], threshold: float) -> dict[str, Constant]:
    """From where on, and how fast, a colour counts as lost: ``start`` and ``slope`` of each."""
    start = tuple(level * (threshold - FADE) for level in full)
    slope = tuple(1.0 / (level * FADE) for level in full)
    if facts.cfa is None:
        names = PLANES[facts.state]
        starts: dict[str, Constant] = {f"{name}_start": value for name, value in zip(names, start, strict=True)}
        return starts | {f"{name}_slope": value for name, value in zip(names, slope, strict=True)}
    one, other = zip(*others(facts.cfa), strict=True)
    sites = {"": facts.cfa.sites, "one_": one, "other_": other}
    pairs = {"start": start, "slope": slope}
    return {f"{of}{name}": PerSite(v[c] for c in colours) for of, colours in sites.items() for name, v in pairs.items()}


def _counting(facts: Facts, gains: Triple, threshold: float) -> Constants:
    """Constants of the measurement."""
    if facts.cfa is None:
        return {f"{name}_per_clip": 1.0 / gain for name, gain in zip(PLANES[facts.state], gains, strict=True)}

    def per_site(value: Callable[[int], float]) -> PerSite:
        assert facts.cfa is not None
        return PerSite(value(colour) for colour in facts.cfa.sites)

    limits = _limits(facts, gains, threshold)
    return {
        **{name: limits[name] for name in ("start", "one_start", "other_start")},
        "end": per_site(lambda colour: gains[colour] * threshold),
        "least": per_site(lambda colour: gains[colour] * RIM_LEAST),
        "per_clip": per_site(lambda colour: 1.0 / gains[colour]),
        "top": per_site(lambda colour: TOP_BINS * colour),
        "rim": per_site(lambda colour: 3.0 * TOP_BINS + RIM_BINS * colour),
    }


def _samples(facts: Facts) -> Triple:
    """How many samples the frame has of each colour, about."""
    every = facts.rows * facts.cols
    return (every / 4, every / 2, every / 4) if facts.cfa else (every, every, every)


STAGE = Stage("highlights", Parameters, ("mosaic", "linear"), prepare)
