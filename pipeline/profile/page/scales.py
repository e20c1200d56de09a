"""Where a value lies along an axis, and the round values that are marked there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """Values between two ends, in px.

    Parameters
    ----------
    low, high : float
        Values; ``low`` above ``high`` turns the axis round. Above 0 on a logarithmic one.
    start, end : float
        Where they lie, px.
    is_log : bool
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """Where a value lies, px."""
        low, high, value = (self._along(one) for one in (self.low, self.high, value))
        return self.start + (value - low) / (high - low) * (self.end - self.start)

    def ticks(self, most: int = 7) -> list[float]:
        """Round values between the ends, ``most`` of them at most but for decades that are few."""
        low, high = sorted((self.low, self.high))
        return _log_ticks(low, high, most) if self.is_log else _ticks(low, high, most)

    def _along(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


@dataclass(frozen=True)
class Axis:
    """A scale with what stands along it.

    Parameters
    ----------
    scale : Scale
    title : str
        What it shows, with its unit.
    told : callable
        Text of a tick.
    """

    scale: Scale
    title: str
    told: Callable[[float], str]


def around(values: list[float], *, is_log: bool, margin: float = 0.06) -> tuple[float, float]:
    """Ends of an axis that holds all values with some room beside them."""
    low, high = min(values), max(values)
    if is_log:
        beside = max((high / low) ** margin, 1.15)
        return low / beside, high * beside
    beside = (high - low) * margin or abs(high) * 0.05 or 1.0
    return low - beside, high + beside


def _ticks(low: float, high: float, most: int) -> list[float]:
    rough = (high - low) / most
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(decade * one for one in _STEPS if decade * one >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    for parts in ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        found = [n * 10.0**decade for decade in decades for n in parts]
        found = [value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if 2 <= len(found) <= most:
            return found
    return found[:: -(-len(found) // most)] if len(found) >= 2 else _ticks(low, high, most)
