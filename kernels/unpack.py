"""Unpack: the samples of a packed mosaic as they are.

No stage of a chain: every pass can read a packed mosaic but one that looks at computed places; this goes before it.
"""

from __future__ import annotations

from tenbit.kernels._stage import PLANES, Access, Step


def same(mosaic):
    """A sample."""
    return mosaic


STEP = Step("unpack", Access.POINT, same, PLANES["mosaic"], PLANES["mosaic"])
