"""Unpack: the samples of a packed or interleaved frame as they are, a plane each.

No stage of a chain: every pass can read such a frame but one that looks at computed places; this goes before it.
"""

from __future__ import annotations

from tenbit.kernels._facts import Facts
from tenbit.kernels._stage import Step, point


def same(mosaic):
    """A sample."""
    return mosaic


def same_of_three(red, green, blue):
    """A pixel."""
    return red, green, blue


def scaled(red, green, blue, k):
    """Code values as 0 … 1."""
    return red * k.scale, green * k.scale, blue * k.scale


def from_codes(facts: Facts, bits: int) -> Step:
    """The step that takes whole code values of a display picture as 0 … 1."""
    return point("unpack", scaled, facts, constants={"scale": 1.0 / (2**bits - 1)})


def step(facts: Facts) -> Step:
    """The step that takes a packed mosaic, or interleaved planes, apart."""
    return point("unpack", same if facts.state == "mosaic" else same_of_three, facts)
