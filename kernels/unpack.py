"""Unpack: the samples of a packed or interleaved frame as they are, a plane each.

No stage of a chain: every pass can read such a frame but one that looks at computed places; this goes before it.
"""

from __future__ import annotations

from tenbit.kernels._facts import Facts
from tenbit.kernels._stage import PLANES, Access, Step, point


def same(mosaic):
    """A sample."""
    return mosaic


def same_of_three(red, green, blue):
    """A pixel."""
    return red, green, blue


STEP = Step("unpack", Access.POINT, same, PLANES["mosaic"], PLANES["mosaic"])
"""Of a packed mosaic."""


def apart(facts: Facts) -> Step:
    """The step that takes interleaved planes apart."""
    return point("unpack", same_of_three, facts)
