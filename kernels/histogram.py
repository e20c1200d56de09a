"""Histogram: how many pixels have each code value, and the panel that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._luma import luma_of, shares
from tenbit.kernels._panel import Scale, drawn, panel_constants
from tenbit.kernels._stage import PLANES, Access, Constants, Prepared, Results, Stage, Step, param, point

BINS = 256
CHANNELS = ("red", "green", "blue", "luma")
Position = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
# Width of the panel over its height, and its distance from the border over the picture's height.
_ASPECT = 1.8
_MARGIN = 0.02


@dataclass(frozen=True)
class Parameters:
    """Count the code values of red, green, blue and luma, and lay a histogram over the picture."""

    overlay: bool = param(True, "Draw the panel; the counts are in the results either way.")
    position: Position = param("bottom-right", "Corner of the panel.")
    size: float = param(0.25, "Height of the panel.", unit="fraction of the picture's height", low=0.05, high=1)
    scale: Scale = param("linear", "Height of a bin: its count, or the logarithm of it.")
    opacity: float = param(0.9, "1 lays the panel on as it is drawn, 0 shows nothing.", low=0, high=1)


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of code values.

    Parameters
    ----------
    counts : array
        (4, 256), int64: red, green, blue and luma. Bin n holds the samples that are stored as n with 8 bits; what lies
        beyond 0 … 1 is in the first and the last bin.
    """

    counts: Array

    def __getitem__(self, channel: str) -> Array:
        """Counts of ``red``, ``green``, ``blue`` or ``luma``: (256,), int64."""
        return np.asarray(self.counts[CHANNELS.index(channel)])

    @property
    def pixels(self) -> int:
        return int(self.counts[0].sum())

    @property
    def clipped(self) -> dict[str, float]:
        """Part of the pixels in the last bin, full scale, by channel."""
        return self._by_channel(self.counts[:, -1] / self.pixels)

    @property
    def crushed(self) -> dict[str, float]:
        """Part of the pixels in the first bin, zero, by channel."""
        return self._by_channel(self.counts[:, 0] / self.pixels)

    @property
    def mean(self) -> dict[str, float]:
        """Mean of the bins' values, 0 … 1, by channel."""
        return self._by_channel(self.counts @ np.linspace(0, 1, BINS) / self.pixels)

    @property
    def median(self) -> dict[str, float]:
        """Value, 0 … 1, of the first bin at which half of the pixels are counted, by channel."""
        halves = (2 * self.counts.cumsum(axis=1) >= self.pixels).argmax(axis=1)
        return self._by_channel(halves / (BINS - 1))

    def as_record(self) -> dict[str, Any]:
        """The same as numbers, lists and dicts, fit for JSON."""
        return {
            "pixels": self.pixels,
            "clipped": self.clipped,
            "crushed": self.crushed,
            "mean": self.mean,
            "median": self.median,
            "counts": dict(zip(CHANNELS, self.counts.tolist(), strict=True)),
        }

    @staticmethod
    def _by_channel(values: Array) -> dict[str, float]:
        return dict(zip(CHANNELS, values.tolist(), strict=True))


def bin_of(value, peak):
    """Code value of a sample, a half rounded up; beyond 0 … 1 the nearest."""
    inside = value if value > 0.0 else 0.0  # what is no number counts as 0
    return int((inside if inside < 1.0 else 1.0) * peak + 0.5)


def bins(red, green, blue, k):
    """One counter per channel to raise."""
    luma = luma_of(red, green, blue, k.red_share, k.green_share, k.blue_share)
    return (
        bin_of(red, k.peak),
        k.bins + bin_of(green, k.peak),
        2 * k.bins + bin_of(blue, k.peak),
        3 * k.bins + bin_of(luma, k.peak),
    )


def _counted(counters: Array) -> Histogram:
    return Histogram(counters.reshape(len(CHANNELS), BINS))


def _panel_constants(results: Results, *, place: dict[str, int], scale: Scale, opacity: float) -> Constants:
    shape = place["rows"], place["cols"]
    return {**place, "opacity": opacity, **panel_constants(results["histogram"].counts, shape=shape, scale=scale)}


def place_of(parameters: Parameters, facts: Facts) -> dict[str, int]:
    """The panel's ``top``, ``left``, ``rows`` and ``cols`` in the picture."""
    margin = round(_MARGIN * min(facts.rows, facts.cols))
    rows = max(min(round(parameters.size * facts.rows), facts.rows - 2 * margin), 1)
    cols = max(min(round(_ASPECT * rows), facts.cols - 2 * margin), 1)
    vertical, horizontal = parameters.position.split("-")
    return {
        "top": margin if vertical == "top" else facts.rows - rows - margin,
        "left": margin if horizontal == "left" else facts.cols - cols - margin,
        "rows": rows,
        "cols": cols,
    }


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The step that counts, and the paint when it is asked for.

    The result ``histogram`` is a `Histogram`.
    """
    planes = PLANES[facts.state]
    constants: Constants = {**shares(facts.space), "peak": float(BINS - 1), "bins": BINS}
    counters = BINS * len(CHANNELS)
    count = Step(
        "histogram", Access.REDUCE, bins, planes, ("histogram",), constants, counters=counters, summary=_counted
    )
    if not parameters.overlay or parameters.opacity == 0:
        return Prepared(facts, (count,))
    late: Callable[[Results], Constants] = partial(
        _panel_constants,
        place=place_of(parameters, facts),
        scale=parameters.scale,
        opacity=parameters.opacity,
    )
    return Prepared(
        facts,
        (count,),
        (point("histogram.paint", drawn, facts, constants=late, within=("top", "left", "rows", "cols")),),
    )


STAGE = Stage("histogram", Parameters, ("display",), prepare)
