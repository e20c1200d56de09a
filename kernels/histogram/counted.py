"""Counts of the finished picture's code values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._luma import shares
from tenbit.kernels._stage import PLANES, Access, Step
from tenbit.kernels.quantise import code_value

CHANNELS = ("red", "green", "blue", "luma")
# More counts than these are too many for a report.
_MOST_TOLD = 1024


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of code values.

    Parameters
    ----------
    counts : array
        (4, bins), int64: red, green, blue and luma. Of 256 bins, bin n holds the samples that are stored as n with 8
        bits, of 65536 those that are stored as n with 16; what lies beyond 0 … 1 is in the first and the last bin.
    """

    counts: Array

    def __getitem__(self, channel: str) -> Array:
        """Counts of ``red``, ``green``, ``blue`` or ``luma``: (bins,), int64."""
        return np.asarray(self.counts[CHANNELS.index(channel)])

    @property
    def bins(self) -> int:
        return int(self.counts.shape[1])

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
        return self._by_channel(self.counts @ np.linspace(0, 1, self.bins) / self.pixels)

    @property
    def median(self) -> dict[str, float]:
        """Value, 0 … 1, of the first bin at which half of the pixels are counted, by channel."""
        halves = (2 * self.counts.cumsum(axis=1) >= self.pixels).argmax(axis=1)
        return self._by_channel(halves / (self.bins - 1))

    def as_record(self) -> dict[str, Any]:
        """The same as numbers, lists and dicts, fit for JSON; of more than 1024 bins without the counts."""
        counts = dict(zip(CHANNELS, self.counts.tolist(), strict=True)) if self.bins <= _MOST_TOLD else None
        return {
            "pixels": self.pixels,
            "bins": self.bins,
            "clipped": self.clipped,
            "crushed": self.crushed,
            "mean": self.mean,
            "median": self.median,
            **({"counts": counts} if counts else {}),
        }

    @staticmethod
    def _by_channel(values: Array) -> dict[str, float]:
        return dict(zip(CHANNELS, values.tolist(), strict=True))


def bins(red, green, blue, k):
    """One counter per channel to raise: the code values that are stored, and that of the luma."""
    luma = fma(blue, k.blue_share, fma(green, k.green_share, red * k.red_share))
    return (
        int(code_value(red, k.peak)),
        k.bins + int(code_value(green, k.peak)),
        2 * k.bins + int(code_value(blue, k.peak)),
        3 * k.bins + int(code_value(luma, k.peak)),
    )


def counting(facts: Facts, count: int) -> Step:
    """The step that counts so many code values per channel; its result ``histogram`` is a `Histogram`."""
    constants = {**shares(facts.space), "peak": float(count - 1), "bins": count}
    return Step(
        "histogram", Access.REDUCE, bins, PLANES[facts.state], ("histogram",), constants,
        counters=count * len(CHANNELS), summary=_summary,
    )  # fmt: skip


def _summary(counters: Array) -> Histogram:
    return Histogram(counters.reshape(len(CHANNELS), -1))
