"""What scopes count, and what their parameters share: code values by column of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._luma import luma_of, shares
from tenbit.kernels._stage import PLANES, Access, Step, param
from tenbit.kernels.quantise import code_value

LEVELS = 256
"""Code values that are told apart: those of the picture stored with 8 bits."""
WAVEFORM_COLUMNS, PARADE_COLUMNS = 512, 256
"""How many columns a trace has at most: as many as a panel of a corner has pixels for."""
# Of larger pictures every so manieth row is counted, which leaves 1.5 MP of 12: no trace looks different.
_ROWS = 384
# Codes of 0 and 100 IRE with 8 bits; with 10 they are four times as large (ITU-R BT.709, 4.6).
LEGAL_BLACK, LEGAL_WHITE = 16.0, 235.0

Range = Literal["full", "legal"]
Matrix = Literal["auto", "bt709", "bt601", "bt2020"]
LUMA: dict[str, tuple[float, float]] = {"bt709": (0.2126, 0.0722), "bt601": (0.299, 0.114), "bt2020": (0.2627, 0.0593)}
"""What red and blue add to luma: ITU-R BT.709, BT.601 and BT.2020, 4.3 and its like in each."""


def range_param() -> Any:
    """The parameter ``range`` of a scope."""
    return param("full", "What the picture's code values mean: 0 and 100 IRE at their ends, or at 16 and 235 of 255.")


def matrix_param() -> Any:
    """The parameter ``matrix`` of a scope."""
    return param("auto", "Weights of luma; auto: those of the picture's colour space.")


def every_param() -> Any:
    """The parameter ``every`` of a scope."""
    return param(0, "Count every so manieth row; 0: as many as leave about 384 rows.", low=0, high=10_000)


def intensity_param() -> Any:
    """The parameter ``intensity`` of a scope."""
    return param(0.5, "Brightness of the trace: 0 shows where most pixels are, 1 every single one.", low=0, high=1)


def every_of(asked: int, facts: Facts) -> int:
    """Of how many rows one is counted."""
    return asked or max(1, facts.rows // _ROWS)


def luma_shares(matrix: Matrix, facts: Facts) -> dict[str, float]:
    """Constants ``red_share``, ``green_share`` and ``blue_share``."""
    if matrix == "auto":
        return shares(facts.space)
    red, blue = LUMA[matrix]
    return {"red_share": red, "green_share": 1.0 - red - blue, "blue_share": blue}


def within(value):
    """A sample as it is stored: 0 … 1; what is no number is 0."""
    inside = value if value > 0.0 else 0.0
    return inside if inside < 1.0 else 1.0


def column_of(col, per_col, levels):
    """The first counter of the waveform's column that a column of the picture falls into.

    Counters of a column lie together: a row of the picture raises one small part of them after the other.
    """
    return int((f32(col) + 0.5) * per_col) * levels


def luma_levels(red, green, blue, k, col):
    """One counter: of the luma."""
    luma = luma_of(within(red), within(green), within(blue), k.red_share, k.green_share, k.blue_share)
    return column_of(col, k.per_col, k.levels) + int(code_value(luma, k.peak))


def rgb_levels(red, green, blue, k, col):
    """Three counters: of each channel."""
    first = column_of(col, k.per_col, k.levels)
    return (
        first + int(code_value(red, k.peak)),
        first + k.size + int(code_value(green, k.peak)),
        first + 2 * k.size + int(code_value(blue, k.peak)),
    )


def luma_and_rgb_levels(red, green, blue, k, col):
    """Four counters: of the luma, then of each channel."""
    luma = luma_of(within(red), within(green), within(blue), k.red_share, k.green_share, k.blue_share)
    first = column_of(col, k.per_col, k.levels)
    return (
        first + int(code_value(luma, k.peak)),
        first + k.size + int(code_value(red, k.peak)),
        first + 2 * k.size + int(code_value(green, k.peak)),
        first + 3 * k.size + int(code_value(blue, k.peak)),
    )


BODIES = {
    ("luma",): luma_levels,
    ("red", "green", "blue"): rgb_levels,
    ("luma", "red", "green", "blue"): luma_and_rgb_levels,
}


def levels_step(
    name: str, channels: tuple[str, ...], facts: Facts, *, span: Range, matrix: Matrix, every: int, most: int
) -> Step:
    """The step that counts levels of channels by column; its result, under its name, is a `Levels`.

    Parameters
    ----------
    name : str
    channels : tuple of str
        One of `BODIES`.
    facts : Facts
        Of a display frame.
    span, matrix, every
        The parameters of a scope.
    most : int
        Columns that a trace has; of a narrower picture, as many as that.
    """
    columns, every = min(most, facts.cols), every_of(every, facts)
    constants = {
        **luma_shares(matrix, facts),
        "levels": LEVELS,
        "size": most * LEVELS,
        "peak": float(LEVELS - 1),
        "per_col": columns / facts.cols,
    }
    return Step(
        name,
        Access.REDUCE,
        BODIES[channels],
        PLANES[facts.state],
        (name,),
        constants,
        # As many whatever the frame's width: one loop for all.
        counters=len(channels) * most * LEVELS,
        summary=partial(counted_levels, columns=columns, channels=channels, span=span, every=every),
        every=every,
    )


@dataclass(frozen=True, eq=False)
class Levels:
    """Counts of code values by column of the picture: a waveform, or several.

    Parameters
    ----------
    counts : array
        (channels, columns, 256), int64. Level n holds the samples that are stored as n with 8 bits.
    channels : tuple of str
        Of ``luma``, ``red``, ``green``, ``blue``.
    range : {"full", "legal"}
        What the code values mean.
    every : int
        One row of so many was counted.
    """

    counts: Array
    channels: tuple[str, ...]
    range: Range
    every: int

    def __getitem__(self, channel: str) -> Array:
        """Counts of one channel: (columns, 256), int64."""
        return np.asarray(self.counts[self.channels.index(channel)])

    @property
    def pixels(self) -> int:
        """How many were counted."""
        return int(self.counts[0].sum())

    @cached_property
    def _sums(self) -> Array:
        return np.asarray(self.counts.sum(axis=1))

    def quantile(self, channel: str, part: float) -> float:
        """IRE that at least this part of the pixels does not exceed: the lowest at 0, the highest at 1."""
        so_far = self._sums[self.channels.index(channel)].cumsum()
        # A millionth of a pixel: 0.99 of 100 pixels are 99, not 100.
        return float(ire_of(int((so_far >= max(part * self.pixels - 1e-6, 1)).argmax()), self.range))

    def as_record(self) -> dict[str, Any]:
        """Numbers fit for JSON; the counts are left out.

        Of each channel, in IRE: ``min``, ``p1``, ``p50``, ``p99`` (percentiles), ``max`` and ``mean``; and the parts
        of the pixels, 0 … 1, ``below`` 0 IRE and ``above`` 100 IRE, which a full range has none of.
        """
        return {
            "range": self.range,
            "every": self.every,
            "pixels": self.pixels,
            "ire": {channel: self._record(channel) for channel in self.channels},
        }

    def _record(self, channel: str) -> dict[str, float]:
        sums, pixels = self._sums[self.channels.index(channel)], self.pixels
        ire = ire_of(np.arange(LEVELS), self.range)
        points = {"min": 0.0, "p1": 0.01, "p50": 0.5, "p99": 0.99, "max": 1.0}
        return {
            **{name: round(self.quantile(channel, part), 2) for name, part in points.items()},
            "mean": round(float(sums @ ire) / pixels, 2),
            "below": int(sums[ire < 0].sum()) / pixels,
            "above": int(sums[ire > 100].sum()) / pixels,
        }


def counted_levels(counters: Array, *, columns: int, channels: tuple[str, ...], span: Range, every: int) -> Levels:
    """The counters of a step as `Levels`."""
    return Levels(counters.reshape(len(channels), -1, LEVELS)[:, :columns], channels, span, every)


def ire_of(code: Any, span: Range) -> Any:
    """IRE of a code value of 0 … 255."""
    black, white = (LEGAL_BLACK, LEGAL_WHITE) if span == "legal" else (0.0, LEVELS - 1.0)
    return (code - black) * 100.0 / (white - black)


def code_of(ire: Any, span: Range) -> Any:
    """Code value of 0 … 255 at so many IRE; the inverse of `ire_of`."""
    black, white = (LEGAL_BLACK, LEGAL_WHITE) if span == "legal" else (0.0, LEVELS - 1.0)
    return black + ire * (white - black) / 100.0
