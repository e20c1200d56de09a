"""Bodies that depend on the colour of a site, written once for red and blue."""

from __future__ import annotations

from tenbit.kernels._facts import GREEN, RED, Cfa
from tenbit.kernels._stage import PLANES, Access, Body, PerSite, Step


def on_red_rows(cfa: Cfa) -> PerSite:
    """1 on the rows of a Bayer mosaic that hold red sites, 0 on those that hold blue ones.

    On a red row a site's own colour (or, at a green site, that of its neighbours beside it) is red; on a blue row what
    is computed in the same way is blue.
    """
    rows = [RED in (cfa.colour(row, 0), cfa.colour(row, 1)) for row in (0, 1)]
    return PerSite(float(rows[row]) for row in (0, 1) for _ in (0, 1))


def by_site(cfa: Cfa, at_colour: Body, at_green: Body) -> tuple[Body, ...]:
    """A body for red and blue sites and one for green sites, in the phase of a Bayer mosaic."""
    return tuple(at_green if colour == GREEN else at_colour for colour in cfa.sites)


def signs(cfa: Cfa) -> PerSite:
    """1 at green sites, -1 at red and blue ones."""
    return PerSite(1.0 if colour == GREEN else -1.0 for colour in cfa.sites)


def nothing(*_planes):
    """What sites that nobody asks are given."""
    return 0.0


# ---- green less red or blue, along rows and along columns ----
def differences(m, k):
    """Green less the row's other colour across, and less the column's other colour down.

    Either is the site's own colour and the mean of its neighbours, both corrected by the curvature of the other:
    Hamilton and Adams, US patent 5,629,734 (1997, expired).
    """
    here = 0.5 * m(0, 0)
    across = k.sign * (here - 0.5 * (m(0, -1) + m(0, 1)) + 0.25 * (m(0, -2) + m(0, 2)))
    down = k.sign * (here - 0.5 * (m(-1, 0) + m(1, 0)) + 0.25 * (m(-2, 0) + m(2, 0)))
    return across, down


def difference_step(cfa: Cfa) -> Step:
    """The step that makes ``demosaic_across`` and ``demosaic_down``."""
    return Step(
        "demosaic.differences",
        Access.STENCIL,
        differences,
        ("mosaic",),
        ("demosaic_across", "demosaic_down"),
        {"sign": signs(cfa)},
        radius=2,
    )


# ---- three colours, once green less the own colour is known at red and blue sites ----
def at_colour(m, d, k):
    """Red or blue site: green from the difference, the opposite colour from differences at its own sites around.

    They are interpolated by the filter of Pekkucuksen and Altunbasak, which Menon and Calvagno (2007) use too: ten
    thirty-seconds of each corner, and less a thirty-second of the eight sites behind them.
    """
    near = (d(-1, -1) + d(1, 1)) + (d(-1, 1) + d(1, -1))
    far = ((d(-3, -1) + d(-3, 1)) + (d(3, -1) + d(3, 1))) + ((d(-1, -3) + d(1, -3)) + (d(-1, 3) + d(1, 3)))
    own = m(0, 0)
    green = own + d(0, 0)
    opposite = green - (0.3125 * near - 0.03125 * far)
    return own if k.red_row > 0.5 else opposite, green, opposite if k.red_row > 0.5 else own


def near_at_colour(m, d, k):
    """As `at_colour`, with the mean of the four corners."""
    near = (d(-1, -1) + d(1, 1)) + (d(-1, 1) + d(1, -1))
    own = m(0, 0)
    green = own + d(0, 0)
    opposite = green - 0.25 * near
    return own if k.red_row > 0.5 else opposite, green, opposite if k.red_row > 0.5 else own


def at_green(m, d, k):
    """Green site: red and blue from the differences beside it, above and below it."""
    green = m(0, 0)
    beside = green - 0.5 * (d(0, -1) + d(0, 1))
    above = green - 0.5 * (d(-1, 0) + d(1, 0))
    return beside if k.red_row > 0.5 else above, green, above if k.red_row > 0.5 else beside


def colour_step(cfa: Cfa) -> Step:
    """The step that makes red, green and blue of ``demosaic_difference``, which only red and blue sites need hold."""
    return _colour_step(cfa, at_colour, 3)


def near_colour_step(cfa: Cfa) -> Step:
    """As `colour_step`, of fewer operations; colours that change fast lose 0.1 to 0.2 dB."""
    return _colour_step(cfa, near_at_colour, 1)


def _colour_step(cfa: Cfa, body: Body, radius: int) -> Step:
    bodies, reads = by_site(cfa, body, at_green), ("mosaic", "demosaic_difference")
    constants = {"red_row": on_red_rows(cfa)}
    return Step("demosaic", Access.STENCIL, bodies, reads, PLANES["linear"], constants, radius=radius)
