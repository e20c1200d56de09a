"""Three colours at every site of a quad-Bayer mosaic, at full resolution.

Green less red or blue is estimated along rows and along columns by fitted filters (`taps`), and four half-lines are
joined by how little these differences vary on them: the direction fusion of I. Pekkucuksen and Y. Altunbasak ("Gradient
based threshold free color filter array interpolation", ICIP 2010), for blocks of 2 × 2. Where colours vary with green
(most sharp, hardly coloured things) green is refined once from the smoothed differences. Red and blue follow green by
local linear regression, and what that leaves over is interpolated: D. Kiku, Y. Monno, M. Tanaka and M. Okutomi,
"Residual interpolation for color image demosaicking", ICIP 2013.

All means are taken with the tent 1 2 3 4 3 2 1: over it a colour weighs the same wherever its blocks lie.
"""

from __future__ import annotations

from tenbit.kernels._facts import GREEN, RED, Cfa
from tenbit.kernels._stage import PLANES, Access, Body, PerSite, Step
from tenbit.kernels.quad_bayer import green, red_blue
from tenbit.kernels.quad_bayer.taps import AT_COLOUR, AT_GREEN, REACH


def taps_of(cfa: Cfa) -> dict[str, PerSite]:
    """Filters of every site: ``a0`` … along its row and ``d0`` … along its column."""

    def filtered(row: int, col: int, is_second: bool) -> tuple[float, ...]:
        taps = AT_GREEN if cfa.colour(row, col) == GREEN else AT_COLOUR
        return taps[::-1] if is_second else taps

    sites = [(row, col) for row in range(4) for col in range(4)]
    across = [filtered(row, col, col % 2 == 1) for row, col in sites]
    down = [filtered(row, col, row % 2 == 1) for row, col in sites]
    every = range(2 * REACH + 1)
    return {f"{name}{n}": PerSite(t[n] for t in taps) for name, taps in (("a", across), ("d", down)) for n in every}


def side(*names: str) -> tuple[str, ...]:
    """Names of this stage's side planes."""
    return tuple(f"quad_{name}" for name in names)


def stencil(name: str, body: Body, reads: tuple[str, ...], writes: tuple[str, ...], radius: int) -> Step:
    """A STENCIL over side planes."""
    return Step(f"quad_bayer.{name}", Access.STENCIL, body, side(*reads), side(*writes), radius=radius)


def steps(cfa: Cfa) -> tuple[Step, ...]:
    """Steps from a quad-Bayer mosaic, encoded or not, to red, green and blue."""
    red = next((row, col) for row in (0, 2) for col in (0, 2) if cfa.colour(row, col) == RED)
    smooth, energies, ways = ("red_difference", "blue_difference"), ("colour", "detail"), ("left", "right", "above")
    here = ("value", "site")
    rows, energy_rows = ("red_rows", "blue_rows", "red_weight", "blue_weight"), ("colour_rows", "detail_rows")
    sums = ("green", "mean", "squares", "products")
    moments = tuple(f"{colour}_{what}" for colour in ("red", "blue") for what in sums)
    per, fitted = ("per_red", "per_blue"), ("red_slope", "red_level", "blue_slope", "blue_level")
    follows, rests = ("red_follows", "blue_follows"), ("red_rest", "blue_rest")
    rest_rows = ("red_rest_rows", "blue_rest_rows")
    return (
        Step(
            "quad_bayer.differences",
            Access.STENCIL,
            green.differences,
            ("mosaic",),
            side("across", "down", "value"),
            taps_of(cfa),
            radius=REACH,
        ),
        Step(
            "quad_bayer.site",
            Access.POINT,
            green.site,
            side("value"),
            side("site"),
            {"red_row": red[0] // 2, "red_col": red[1] // 2},
        ),
        stencil("gradients", green.gradients, ("across", "down"), ("along_rows", "along_cols"), 1),
        stencil("green", green.fused, ("across", "down", "along_rows", "along_cols", *here), (*ways, "green"), 4),
        stencil("difference_rows", green.difference_rows, ("green", *here), rows, 3),
        stencil("smooth", green.difference_cols, rows, (*smooth, *per), 3),
        stencil("detail", green.detail, (*smooth, "green"), energies, 2),
        stencil("detail_rows", green.detail_rows, energies, energy_rows, 3),
        Step(
            "quad_bayer.refined",
            Access.STENCIL,
            green.refined,
            side(*energy_rows, *smooth, *ways, "green", *here),
            side("refined"),
            {"half": green.HALF_REFINED, "least": green.LEAST_DETAIL},
            radius=3,
        ),
        stencil("moments", red_blue.moment_rows, ("refined", *here), moments, 3),
        stencil("lines", red_blue.lines, (*moments, *per), fitted, 3),
        Step(
            "quad_bayer.follow",
            Access.POINT,
            red_blue.followed,
            side("refined", *here, *fitted),
            side(*follows, *rests),
        ),
        stencil("rest_rows", red_blue.rest_rows, rests, rest_rows, 3),
        Step(
            "quad_bayer",
            Access.STENCIL,
            red_blue.finished,
            side(*rest_rows, *follows, *per, "refined", *here),
            PLANES["linear"],
            radius=3,
        ),
    )
