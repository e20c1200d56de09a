"""A Bayer mosaic at full resolution, sampled from the three colours that were interpolated."""

from __future__ import annotations

from tenbit.kernels._facts import RED, Cfa, Triple
from tenbit.kernels._stage import PLANES, Access, PerSite, Step


def balanced(mosaic, k):
    """One sample, multiplied so that white is grey: edges are followed in balanced colours."""
    return mosaic * k.gain


def sampled(red, green, blue, row, col, k):
    """The colour that a Bayer mosaic has at a site, its gain taken back."""
    is_red_row, is_red_col = (row & 1) == k.red_row, (col & 1) == k.red_col
    on_red_row = red * k.per_red if is_red_col else green * k.per_green
    on_blue_row = green * k.per_green if is_red_col else blue * k.per_blue
    return on_red_row if is_red_row else on_blue_row


def balance(cfa: Cfa, gains: Triple) -> tuple[Step, ...]:
    """The step that multiplies each colour of a mosaic; none for gains of 1."""
    if gains == (1.0, 1.0, 1.0):
        return ()
    constants = {"gain": PerSite(gains[colour] for colour in cfa.sites)}
    return (Step("quad_bayer.balance", Access.POINT, balanced, PLANES["mosaic"], PLANES["mosaic"], constants),)


def sample(cfa: Cfa, gains: Triple) -> Step:
    """The step from three colours to a Bayer mosaic, without the gains that went before."""
    red_row, red_col = next((row, col) for row in (0, 1) for col in (0, 1) if cfa.colour(row, col) == RED)
    red, green, blue = (1.0 / gain for gain in gains)
    constants = {"red_row": red_row, "red_col": red_col, "per_red": red, "per_green": green, "per_blue": blue}
    return Step("quad_bayer.sample", Access.POINT, sampled, PLANES["linear"], PLANES["mosaic"], constants)
