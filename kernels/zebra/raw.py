"""Zebra of raw samples: which channels the sensor has clipped, seen on the finished picture."""

from __future__ import annotations

import math
from functools import partial

from tenbit.kernels._cells import cell_of, cells
from tenbit.kernels._facts import BLUE, GREEN, RED, Array, Facts
from tenbit.kernels._overlay import Layer, Overlay
from tenbit.kernels._raw_counts import require_table
from tenbit.kernels._stage import Access, PerSite, Prepared, Step
from tenbit.kernels.errors import StageError
from tenbit.kernels.zebra.gone import CELLS, FLOOR, GONE, draw_gone
from tenbit.kernels.zebra.stripes import stripes

CHANNELS = ("red", "green", "blue")
# What no sample is under, of the channels that have no floor.
_NOWHERE = -1e30
# Of signal: more than float32 is off by, less than half of one of 16 bits' codes.
_ROUNDING = 1e-6
# Counts of three channels are told apart in one float32 while a cell is no larger.
_LARGEST_CELL = 16


def counted(mosaic, k):
    """The counter of a sample's channel where it is clipped."""
    return int(k.channel) if mosaic >= k.clip else -1


def gone(mosaic, k):
    """Its channel's weight where a sample is clipped."""
    return k.weight if mosaic >= k.clip else 0.0


def under(mosaic, k):
    """1 where a green sample is no more than the noise; other channels have a floor that nothing is under."""
    return 1.0 if mosaic <= k.floor else 0.0


def floored(plane):
    """The one counter."""
    return int(plane) - 1


def prepared(facts: Facts, look: dict[str, float], *, margin: float, is_floor_marked: bool, opacity: float) -> Prepared:
    """Steps that count, and that say of each cell which channels are gone; and the layer.

    The result ``raw_zebra`` holds per channel which part of its samples is clipped, and ``any``, which part of all
    samples, each 0 … 1; ``raw_zebra_floor`` is the part of green that is no more than the noise.

    Parameters
    ----------
    facts : Facts
        Of the mosaic, before or after black_level.
    look : dict
        Of the stripes.
    margin : float
        A sample this part of white under its channel's white level counts as clipped: many sensors stop there.
    is_floor_marked : bool
    opacity : float

    Raises
    ------
    StageError
        If the samples have been multiplied, or are codes of a table, so that white is not where the sensor ends.
    """
    assert facts.cfa is not None
    _refuse_multiplied(facts)
    cell = _cell(facts)
    levels = list(zip(facts.black, facts.white, strict=True))
    channels = facts.cfa.sites
    of_channel = [_count(facts, colour) for colour in (RED, GREEN, BLUE)]
    pixels = min(cell, facts.rows) * min(cell, facts.cols)
    base = pixels + 1
    # Behind black_level white is a quotient, and may be the float32 below 1.
    rounding = _ROUNDING if facts.is_signal else 0.0
    constants = {
        "clip": PerSite(white - margin * (white - black) - rounding for black, white in levels),
        "channel": PerSite(float(channel) for channel in channels),
    }
    steps = [Step("raw_zebra", Access.REDUCE, counted, ("mosaic",), ("raw_zebra",), constants, counters=3,
                  summary=partial(_shares, of_channel=of_channel))]  # fmt: skip
    notes: list[str] = []
    drawn: list[str] = []
    if opacity > 0:
        weighed = {"clip": constants["clip"], "weight": PerSite(float(base**channel) for channel in channels)}
        steps.append(Step("raw_zebra.gone", Access.POINT, gone, ("mosaic",), (GONE,), weighed))
        drawn.append(GONE)
    if is_floor_marked and facts.noise is None:
        notes += ["the file says nothing of its noise: no floor is marked"]
    elif is_floor_marked:
        limit = _floor(facts)
        floors = PerSite(
            black + limit * (white - black) if channel == GREEN else _NOWHERE
            for (black, white), channel in zip(levels, channels, strict=True)
        )
        steps += [
            Step("raw_zebra.floor", Access.POINT, under, ("mosaic",), (FLOOR,), {"floor": floors}),
            Step("raw_zebra.floored", Access.REDUCE, floored, (FLOOR,), (FLOOR,), counters=1,
                 summary=partial(_floor_share, greens=of_channel[GREEN])),
        ]  # fmt: skip
        drawn += [FLOOR] if opacity > 0 else []
    keeps = tuple(CELLS[plane] for plane in drawn)
    if drawn:
        # Last: steps behind it would meet the small planes.
        steps.append(cells("raw_zebra.cells", tuple(drawn), keeps, facts, cell))

    def overlay(final: Facts) -> Overlay:
        if final.state != "display" or opacity == 0:
            return Overlay()
        draw = partial(draw_gone, stripes=stripes(final, **look), came=facts, cell=cell, pixels=pixels)
        return Overlay(layers=(Layer("raw_zebra", draw, opacity=opacity),))

    return Prepared(facts, tuple(steps), overlay=overlay, keeps=keeps, notes=tuple(notes))


def _refuse_multiplied(facts: Facts) -> None:
    require_table("zebra", facts)
    before = ""
    if facts.is_balanced or facts.gains != (1.0, 1.0, 1.0):
        before = "white_balance"
    elif facts.exposure_ev:
        before = "exposure"
    elif done := next((c for c in facts.corrections if c.is_applied), None):
        before = f"what has undone {done.defect} ({done.source})"
    if before:
        raise StageError(f"zebra: on a mosaic it goes by the sensor's own white levels; put it before {before}")


def _cell(facts: Facts) -> int:
    """Side of a cell, px: about a viewfinder's pixel, of whole CFA periods."""
    assert facts.cfa is not None
    period = facts.cfa.period
    return min(-(-cell_of(facts) // period) * period, _LARGEST_CELL)


def _count(facts: Facts, colour: int) -> int:
    """How many sites of a colour there are."""
    assert facts.cfa is not None
    period = facts.cfa.period
    down = [len(range(row, facts.rows, period)) for row in range(period)]
    across = [len(range(col, facts.cols, period)) for col in range(period)]
    return sum(
        down[row] * across[col]
        for row in range(period)
        for col in range(period)
        if facts.cfa.colour(row, col) == colour
    )


def _floor(facts: Facts) -> float:
    """Signal, 0 … 1, of green that is as large as its own noise: s² = scale · s + offset."""
    assert facts.noise is not None
    scale, offset = facts.noise[GREEN if len(facts.noise) == 3 else 0]
    return (scale + math.sqrt(scale * scale + 4 * max(offset, 0.0))) / 2


def _shares(counters: Array, *, of_channel: list[int]) -> dict[str, float]:
    found = {
        name: int(count) / max(whole, 1) for name, count, whole in zip(CHANNELS, counters, of_channel, strict=True)
    }
    return {**found, "any": int(counters.sum()) / sum(of_channel)}


def _floor_share(counters: Array, *, greens: int) -> float:
    return int(counters[0]) / max(greens, 1)
