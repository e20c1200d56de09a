"""Bilinear: the mean of the nearest samples of a colour."""

from __future__ import annotations

from tenbit.kernels._facts import Cfa
from tenbit.kernels._stage import PLANES, Access, Step
from tenbit.kernels.demosaic._sites import by_site, on_red_rows


def at_colour(m, k):
    """Red or blue site: green from 4 neighbours, the opposite colour from 4 corners."""
    own = m(0, 0)
    green = 0.25 * ((m(-1, 0) + m(1, 0)) + (m(0, -1) + m(0, 1)))
    opposite = 0.25 * ((m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1)))
    return own if k.red_row > 0.5 else opposite, green, opposite if k.red_row > 0.5 else own


def at_green(m, k):
    """Green site: one colour from beside it, the other from above and below."""
    beside = 0.5 * (m(0, -1) + m(0, 1))
    above = 0.5 * (m(-1, 0) + m(1, 0))
    return beside if k.red_row > 0.5 else above, m(0, 0), above if k.red_row > 0.5 else beside


def steps(cfa: Cfa) -> tuple[Step, ...]:
    """The step from a Bayer mosaic to red, green and blue."""
    body, constants = by_site(cfa, at_colour, at_green), {"red_row": on_red_rows(cfa)}
    return (Step("demosaic", Access.STENCIL, body, PLANES["mosaic"], PLANES["linear"], constants, radius=1),)
