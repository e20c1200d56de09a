"""Figures as they are read: three digits and a unit, names that are cut where they are long."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tenbit.pipeline.profile.parts import Runs, Timing
from tenbit.pipeline.profile.statistics import Interval, median_interval

_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
_SEVERAL = 3  # rounds below which an interval says nothing
NARROW, BROAD = "iljtfr.,:;|'!()[]{} ", "mwMW@%…—"


def quantity(value: float, unit: str) -> str:
    """A value of three digits with its unit: ``12.3 ms``, ``21 GB/s``."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    # As it is shown: 999.7 is 1.00 of the next one.
    factor, prefix = next((one for one in _PREFIXES if size >= one[0] * 0.9995), _PREFIXES[-1] if size else (1.0, ""))
    if not unit and size < 1:
        factor, prefix = 1.0, ""
    return f"{digits(value / factor)} {prefix}{unit}".rstrip()


def digits(value: float) -> str:
    """Three digits, without an exponent: ``0.0123``, ``1.2``, ``12345``."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value)) + 1e-9))
    text = f"{abs(value):.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"−{text}" if value < 0 and text != "0" else text


def memory(size_bytes: float) -> str:
    """In MiB, whatever the size."""
    return f"{digits(size_bytes / 2**20)} MiB"


def milliseconds(seconds: float) -> str:
    """In ms, whatever the size: rows of a table are of one unit."""
    return f"{digits(seconds * 1e3)} ms"


def percent(share: float) -> str:
    """Of a whole."""
    return f"{digits(round(share * 100, 1))} %"


def interval(runs: Runs) -> Interval | None:
    """Where the median lies; None of so few rounds that it says nothing."""
    return median_interval(runs) if sum(map(len, runs)) >= _SEVERAL else None


def spread(timing: Timing) -> str:
    """The interval of a median, in ms."""
    found = interval(timing.wall_s)
    return "–" if found is None else f"{digits(found.low * 1e3)} to {digits(found.high * 1e3)} ms"


def text_px(text: str, size_px: float) -> float:
    """About what a text takes in the fonts of today's systems, rather more than less."""
    wide = sum(0.36 if c in NARROW else 0.92 if c in BROAD else 0.7 if c.isupper() else 0.6 for c in text)
    return size_px * wide


def cut(text: str, room_px: float, size_px: float) -> str:
    """A text that is cut in its middle, where it does not fit."""
    kept = len(text)
    shown = text
    while text_px(shown, size_px) > room_px and kept > 2:
        kept -= 1
        shown = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return shown


def pass_name(number: int, steps: Sequence[str]) -> str:
    """A pass by its place and its stages: all of two, the first and the last of more."""
    stages = list(dict.fromkeys(step.partition(".")[0] for step in steps))
    told = " + ".join(stages) if len(stages) <= 2 else f"{stages[0]} … {stages[-1]}"
    return f"{number}: {told}"
