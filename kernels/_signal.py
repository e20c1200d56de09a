"""The signal that monitors go by: one value of three encoded channels, and the scale that its levels are told on."""

from __future__ import annotations

from typing import Any, Literal

from tenbit.kernels._facts import Facts
from tenbit.kernels._luma import luma_of, shares
from tenbit.kernels._stage import param

Source = Literal["luma", "luma_709", "luma_601", "max"]
Levels = Literal["percent", "ire"]

# Weights of red, green and blue: ITU-R BT.709-6, item 3.2, and BT.601-7, section 2.5.1.
_WEIGHTS = {"luma_709": (0.2126, 0.7152, 0.0722), "luma_601": (0.299, 0.587, 0.114)}
# 10-bit codes of 0 IRE and of one more in a signal of narrow range: 100 IRE is 940 (SMPTE ST 274).
_ZERO, _PER_IRE, _LAST = 64, 8.76, 1023


def signal_of(red, green, blue, red_share, green_share, blue_share, by_largest):
    """Weighted sum of three channels, or the largest of them where ``by_largest`` is 1."""
    luma = luma_of(red, green, blue, red_share, green_share, blue_share)
    return max(red, max(green, blue)) if by_largest > 0.5 else luma


def signal_constants(source: Source, facts: Facts) -> dict[str, float]:
    """Constants ``red_share``, ``green_share``, ``blue_share`` and ``by_largest`` of a source."""
    weights = shares(facts.space)
    if source in _WEIGHTS:
        weights = dict(zip(weights, _WEIGHTS[source], strict=True))
    return {**weights, "by_largest": float(source == "max")}


def code_of(level: float, levels: Levels) -> float:
    """The sample, 0 … 1 of the picture's full range, that is a level, 1 for 100 % or for 100 IRE."""
    return level if levels == "percent" else (_ZERO + 100 * _PER_IRE * level) / _LAST


def source_param() -> Any:
    """The parameter ``source``."""
    return param(
        "luma",
        "luma: with the weights of the picture's own primaries; luma_709, luma_601: with those of BT.709 or BT.601; "
        "max: the largest of the three channels.",
    )


def levels_param() -> Any:
    """The parameter ``levels``."""
    return param(
        "percent",
        "What levels are fractions of. percent: of full range, 1 is the largest code value, which is what 100 IRE "
        "becomes when this picture is played out; ire: of a signal of legal range stored as it is, as log footage is: "
        "0 is code 64 and 1 is code 940 of 10 bits, the largest code value is 1.09.",
    )
