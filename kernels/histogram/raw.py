"""The histogram of the raw samples: in stops below white, with the comb that few codes make."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._overlay import Seen
from tenbit.kernels._raw_counts import CHANNELS, RawCounts, counts_name, raw_noise

PER_EV = 3
"""Bars of a stop."""
# As many stops as a viewfinder shows, where the codes of the sensor do not reach further.
_EV_LEAST = 12
RAW = "raw_histogram"


@dataclass(frozen=True, eq=False)
class RawHistogram:
    """Raw samples by their distance from saturation.

    Parameters
    ----------
    raw : RawCounts
        Exact, code by code.
    noise : mapping
        By channel (noise at black, signal that equals its noise), parts of white, or None where it is not known.
    """

    raw: RawCounts
    noise: Mapping[str, tuple[float, float] | None]

    @property
    def stops(self) -> int:
        """Length of the axis, EV below white: 12, or as many as the codes reach."""
        span = max(self.raw.white[name] - self.raw.black[name] for name in CHANNELS)
        return max(math.ceil(math.log2(span)) if self.raw.is_exact else _EV_LEAST, _EV_LEAST)

    @property
    def floor_ev(self) -> float | None:
        """EV below white, in the noisiest channel, at which signal is no more than noise."""
        floors = [known[1] for known in self.noise.values() if known]
        return math.log2(max(floors)) if floors else None

    def evs(self, channel: str) -> Array:
        """EV of every code below white (negative), -inf at or below black: (codes,), float64."""
        codes = np.arange(self.raw.counts.shape[1])
        signal = (codes - self.raw.black[channel]) / (self.raw.white[channel] - self.raw.black[channel])
        return np.asarray(np.log2(signal, out=np.full(signal.shape, -np.inf), where=signal > 0))

    def bars(self, channel: str) -> Array:
        """Samples of a channel per third of a stop, from the far end of the axis to white: (3 · stops,), int64.

        Clipped ones are in the last; those below the axis in none.
        """
        bar = np.floor((self.evs(channel) + self.stops) * PER_EV)
        bar = np.minimum(bar, PER_EV * self.stops - 1)
        counts = self.raw[channel]
        return np.bincount(bar[bar >= 0].astype(np.intp), counts[bar >= 0], PER_EV * self.stops).astype(np.int64)

    @property
    def at_black(self) -> dict[str, float]:
        """Part of each channel's samples at or below black, which have no place on the axis."""
        return {name: self.raw.part(name, -math.inf, math.floor(self.raw.black[name]) + 1) for name in CHANNELS}

    @property
    def under_noise(self) -> dict[str, float] | None:
        """Part of each channel's samples whose signal is no more than its noise; None when that is not known."""
        parts = {}
        for name in CHANNELS:
            known = self.noise[name]
            if known is None:
                return None
            black, white = self.raw.black[name], self.raw.white[name]
            parts[name] = self.raw.part(name, -math.inf, black + known[1] * (white - black))
        return parts

    def as_record(self) -> dict[str, Any]:
        """The same as numbers, lists and dicts, fit for JSON: bars of a third of a stop, ``-stops`` … 0 EV."""
        return {
            "stops": self.stops,
            "per_ev": PER_EV,
            "samples": self.raw.samples,
            "clipped": self.raw.clipped,
            "at_black": self.at_black,
            "noise_floor_ev": self.floor_ev,
            "under_noise": self.under_noise,
            "bars": {name: self.bars(name).tolist() for name in CHANNELS},
        }


def measured(seen: Seen, *, facts: Facts) -> RawHistogram:
    """The result ``raw_histogram``, of what has been counted of the mosaic of these facts."""
    return RawHistogram(seen.results[counts_name(facts)], raw_noise(facts, seen.results))
