"""Demosaic: three colours at every site of a Bayer mosaic."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tenbit.kernels._facts import BLUE, GREEN, RED, Cfa, Facts
from tenbit.kernels._stage import PLANES, Access, Body, Prepared, Stage, Step, param
from tenbit.kernels.errors import StageError


@dataclass(frozen=True)
class Parameters:
    """Interpolate red, green and blue at every site of a Bayer mosaic."""

    method: Literal["auto", "bilinear", "malvar"] = param(
        "auto", "bilinear: the mean of the nearest; malvar: Malvar, He and Cutler 2004; auto: malvar."
    )


# ---- bilinear ----
def bilinear_at_red(m):
    """Red site: green from 4 neighbours, blue from 4 corners."""
    green = 0.25 * ((m(-1, 0) + m(1, 0)) + (m(0, -1) + m(0, 1)))
    blue = 0.25 * ((m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1)))
    return m(0, 0), green, blue


def bilinear_at_green_on_red_row(m):
    """Green site with red beside it and blue above and below."""
    return 0.5 * (m(0, -1) + m(0, 1)), m(0, 0), 0.5 * (m(-1, 0) + m(1, 0))


def bilinear_at_green_on_blue_row(m):
    """Green site with blue beside it and red above and below."""
    return 0.5 * (m(-1, 0) + m(1, 0)), m(0, 0), 0.5 * (m(0, -1) + m(0, 1))


def bilinear_at_blue(m):
    """Blue site: green from 4 neighbours, red from 4 corners."""
    green = 0.25 * ((m(-1, 0) + m(1, 0)) + (m(0, -1) + m(0, 1)))
    red = 0.25 * ((m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1)))
    return red, green, m(0, 0)


# ---- Malvar, He, Cutler: "High-quality linear interpolation for demosaicing of Bayer-patterned color images",
# ICASSP 2004, figure 2; every filter is an eighth of whole and half numbers ----
def malvar_at_red(m):
    """Red site."""
    here, ring = m(0, 0), (m(0, -2) + m(0, 2)) + (m(-2, 0) + m(2, 0))
    cross, corners = (m(0, -1) + m(0, 1)) + (m(-1, 0) + m(1, 0)), (m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1))
    green = (4.0 * here + 2.0 * cross - ring) * 0.125
    blue = (6.0 * here + 2.0 * corners - 1.5 * ring) * 0.125
    return here, green, blue


def malvar_at_green_on_red_row(m):
    """Green site with red beside it and blue above and below."""
    here, beside, above = m(0, 0), m(0, -2) + m(0, 2), m(-2, 0) + m(2, 0)
    corners = (m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1))
    red = (5.0 * here + 4.0 * (m(0, -1) + m(0, 1)) - beside - corners + 0.5 * above) * 0.125
    blue = (5.0 * here + 4.0 * (m(-1, 0) + m(1, 0)) - above - corners + 0.5 * beside) * 0.125
    return red, here, blue


def malvar_at_green_on_blue_row(m):
    """Green site with blue beside it and red above and below."""
    here, beside, above = m(0, 0), m(0, -2) + m(0, 2), m(-2, 0) + m(2, 0)
    corners = (m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1))
    red = (5.0 * here + 4.0 * (m(-1, 0) + m(1, 0)) - above - corners + 0.5 * beside) * 0.125
    blue = (5.0 * here + 4.0 * (m(0, -1) + m(0, 1)) - beside - corners + 0.5 * above) * 0.125
    return red, here, blue


def malvar_at_blue(m):
    """Blue site."""
    here, ring = m(0, 0), (m(0, -2) + m(0, 2)) + (m(-2, 0) + m(2, 0))
    cross, corners = (m(0, -1) + m(0, 1)) + (m(-1, 0) + m(1, 0)), (m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1))
    green = (4.0 * here + 2.0 * cross - ring) * 0.125
    red = (6.0 * here + 2.0 * corners - 1.5 * ring) * 0.125
    return red, green, here


# Bodies at a red site, a green one on a red row, a green one on a blue row, a blue one; and their radius.
METHODS: dict[str, tuple[tuple[Body, Body, Body, Body], int]] = {
    "bilinear": (
        (bilinear_at_red, bilinear_at_green_on_red_row, bilinear_at_green_on_blue_row, bilinear_at_blue),
        1,
    ),
    "malvar": ((malvar_at_red, malvar_at_green_on_red_row, malvar_at_green_on_blue_row, malvar_at_blue), 2),
}


def by_site(bodies: tuple[Body, Body, Body, Body], cfa: Cfa) -> tuple[Callable[..., object], ...]:
    """One body per site of a Bayer period, row by row."""
    at_red, on_red_row, on_blue_row, at_blue = bodies

    def body(row: int, col: int) -> Body:
        colour = cfa.colour(row, col)
        if colour == GREEN:
            return on_red_row if cfa.colour(row, col + 1) == RED else on_blue_row
        return at_blue if colour == BLUE else at_red

    return tuple(body(row, col) for row in (0, 1) for col in (0, 1))


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The bodies of the method in the phase of the frame's CFA.

    Raises
    ------
    StageError
        For a quad-Bayer mosaic.
    """
    assert facts.cfa is not None
    if facts.cfa.is_quad:
        raise StageError(f"demosaic: the mosaic is quad-Bayer ({facts.cfa.name}); put quad_bayer before it")
    bodies, radius = METHODS["malvar" if parameters.method == "auto" else parameters.method]
    colours = {
        colour: tuple(v for v, c in zip(facts.black, facts.cfa.sites, strict=True) if c == colour)
        for colour in (RED, GREEN, BLUE)
    }
    white = {
        colour: tuple(v for v, c in zip(facts.white, facts.cfa.sites, strict=True) if c == colour)
        for colour in (RED, GREEN, BLUE)
    }
    after = dataclasses.replace(
        facts,
        state="linear",
        cfa=None,
        black=tuple(sum(v) / len(v) for v in colours.values()),
        white=tuple(sum(v) / len(v) for v in white.values()),
    )
    step = Step(
        "demosaic", Access.STENCIL, by_site(bodies, facts.cfa), PLANES["mosaic"], PLANES["linear"], radius=radius
    )
    return Prepared(after, (step,))


STAGE = Stage("demosaic", Parameters, ("mosaic",), prepare)
