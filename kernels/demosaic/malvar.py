"""Malvar: linear filters of 5 × 5 samples.

H. S. Malvar, L. He, R. Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned color images",
ICASSP 2004, figure 2; every filter is an eighth of whole and half numbers.
"""

from __future__ import annotations

from tenbit.kernels._facts import Cfa
from tenbit.kernels._stage import PLANES, Access, Step
from tenbit.kernels.demosaic._sites import by_site, on_red_rows


def at_colour(m, k):
    """Red or blue site."""
    own, ring = m(0, 0), (m(0, -2) + m(0, 2)) + (m(-2, 0) + m(2, 0))
    cross, corners = (m(0, -1) + m(0, 1)) + (m(-1, 0) + m(1, 0)), (m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1))
    green = (4.0 * own + 2.0 * cross - ring) * 0.125
    opposite = (6.0 * own + 2.0 * corners - 1.5 * ring) * 0.125
    return own if k.red_row > 0.5 else opposite, green, opposite if k.red_row > 0.5 else own


def at_green(m, k):
    """Green site: one colour lies beside it, the other above and below."""
    own, across, down = m(0, 0), m(0, -2) + m(0, 2), m(-2, 0) + m(2, 0)
    corners = (m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1))
    beside = (5.0 * own + 4.0 * (m(0, -1) + m(0, 1)) - across - corners + 0.5 * down) * 0.125
    above = (5.0 * own + 4.0 * (m(-1, 0) + m(1, 0)) - down - corners + 0.5 * across) * 0.125
    return beside if k.red_row > 0.5 else above, own, above if k.red_row > 0.5 else beside


def steps(cfa: Cfa) -> tuple[Step, ...]:
    """The step from a Bayer mosaic to red, green and blue."""
    body, constants = by_site(cfa, at_colour, at_green), {"red_row": on_red_rows(cfa)}
    return (Step("demosaic", Access.STENCIL, body, PLANES["mosaic"], PLANES["linear"], constants, radius=2),)
