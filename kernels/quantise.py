"""Quantise: the picture as whole code values.

Not a stage of a chain: a plan ends with it when whole numbers are asked for.
"""

from __future__ import annotations

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._facts import Facts
from tenbit.kernels._stage import Step, point


def code_value(value, peak):
    """A sample of 0 … 1 as a code value of 0 … peak, a half rounded up (the store cuts the fraction off)."""
    inside = value if value > 0.0 else 0.0  # what is no number becomes 0 too
    return fma(inside if inside < 1.0 else 1.0, peak, 0.5)


def code_value_of_mosaic(mosaic, k):
    """`code_value` of the one plane of a mosaic."""
    return code_value(mosaic, k.peak)


def code_values(red, green, blue, k):
    """`code_value` of each plane."""
    return code_value(red, k.peak), code_value(green, k.peak), code_value(blue, k.peak)


def step(facts: Facts, bits: int) -> Step:
    """The step that stores the picture with 8 or 16 bits."""
    body = code_value_of_mosaic if facts.state == "mosaic" else code_values
    return point("quantise", body, facts, constants={"peak": float(2**bits - 1)})
