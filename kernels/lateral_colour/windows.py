"""Windows in which red and blue are held against green, and their votes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from numpy import float32 as f32

from tenbit.kernels._stage import Access, Body, Constants, Results, Step
from tenbit.kernels.lateral_colour.lattice import MARK, SIDE_PLANES, Lattice, half_px
from tenbit.kernels.lateral_colour.law import BINS, QUADRANTS, REACH, RINGS, UNSURE_PX, fitted, neutral

# What a clipped sample was marked with is still larger than this behind the filters.
MARKED = 4.0
# Votes: displacement in lattice pixels at most; its standard deviation at most; gain of an edge over that of green.
NEAR, SURE, FAINTEST, STRONGEST = 1.5, 0.25, 0.3, 3.3
# Samples of a window that are free beside gain and displacement.
FREE = 23.0
# Error of a round that others follow, at the corner, in lattice pixels at most.
ROUGHLY = 0.25
LAST = "lateral_colour"
# Of the histogram, as bodies reckon with it.
BINS_HERE, RINGS_HERE, CORNERS = float(BINS), float(RINGS), float(QUADRANTS)
CELLS = RINGS * QUADRANTS * BINS


def band(p):
    """Detail of a few lattice pixels: 1 2 1 both ways less the mean of 5 × 5; `MARK` beside clipped samples."""
    beside = (p(-1, 0) + p(1, 0)) + (p(0, -1) + p(0, 1))
    corners = (p(-1, -1) + p(1, 1)) + (p(-1, 1) + p(1, -1))
    above = ((p(-2, -2) + p(-2, 2)) + (p(-2, -1) + p(-2, 1))) + p(-2, 0)
    under = ((p(2, -2) + p(2, 2)) + (p(2, -1) + p(2, 1))) + p(2, 0)
    left = (p(-1, -2) + p(1, -2)) + p(0, -2)
    right = (p(-1, 2) + p(1, 2)) + p(0, 2)
    mean = 0.04 * (((above + under) + (left + right)) + ((beside + corners) + p(0, 0)))
    detail = (0.25 * p(0, 0) + 0.125 * beside + 0.0625 * corners) - mean
    return detail if abs(mean - 0.55) < 0.75 else MARK


def sloped(green, red, blue, row, col, k):
    """Green's slope along the radius and the three colours' detail; zeros where one of them is not to be used."""
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    down = (green(-2, 0) - green(2, 0)) * (1.0 / 12.0) + (green(1, 0) - green(-1, 0)) * (2.0 / 3.0)
    right = (green(0, -2) - green(0, 2)) * (1.0 / 12.0) + (green(0, 1) - green(0, -1)) * (2.0 / 3.0)
    slope = (d_row * down + d_col * right) / f32(math.sqrt(d_row * d_row + d_col * d_col + 0.25))
    most = max(max(abs(green(0, 0)), abs(red(0, 0))), abs(blue(0, 0)))
    most_down = max(max(abs(green(-2, 0)), abs(green(-1, 0))), max(abs(green(1, 0)), abs(green(2, 0))))
    most_right = max(max(abs(green(0, -2)), abs(green(0, -1))), max(abs(green(0, 1)), abs(green(0, 2))))
    use = 1.0 if max(max(most_down, most_right), most) < MARKED else 0.0
    return use * slope, use * green(0, 0), use * red(0, 0), use * blue(0, 0)


def summed_across(slope, green, red, blue):
    """Products of slope and colours, added up over five columns: what a fit of a colour to green needs."""
    d0, d1, d2, d3, d4 = slope(0, -2), slope(0, -1), slope(0, 0), slope(0, 1), slope(0, 2)
    g0, g1, g2, g3, g4 = green(0, -2), green(0, -1), green(0, 0), green(0, 1), green(0, 2)
    r0, r1, r2, r3, r4 = red(0, -2), red(0, -1), red(0, 0), red(0, 1), red(0, 2)
    b0, b1, b2, b3, b4 = blue(0, -2), blue(0, -1), blue(0, 0), blue(0, 1), blue(0, 2)
    return (
        g0 * g0 + g1 * g1 + g2 * g2 + g3 * g3 + g4 * g4,
        g0 * d0 + g1 * d1 + g2 * d2 + g3 * d3 + g4 * d4,
        d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3 + d4 * d4,
        r0 * g0 + r1 * g1 + r2 * g2 + r3 * g3 + r4 * g4,
        r0 * d0 + r1 * d1 + r2 * d2 + r3 * d3 + r4 * d4,
        r0 * r0 + r1 * r1 + r2 * r2 + r3 * r3 + r4 * r4,
        b0 * g0 + b1 * g1 + b2 * g2 + b3 * g3 + b4 * g4,
        b0 * d0 + b1 * d1 + b2 * d2 + b3 * d3 + b4 * d4,
        b0 * b0 + b1 * b1 + b2 * b2 + b3 * b3 + b4 * b4,
    )


def voted(gg, gd, dd, rg, rd, rr, bg, bd, bb, row, col, k):
    """The vote of each colour's window: the number of a counter, −1 for none."""
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    away = d_row * d_row + d_col * d_col
    rho = f32(math.sqrt(away * k.per_square))
    ring = f32(min(int(rho * RINGS_HERE), RINGS - 1))
    quadrant = (2.0 if d_row > 0.0 else 0.0) + (1.0 if d_col > 0.0 else 0.0)
    first = (CORNERS * ring + quadrant) * BINS_HERE
    s_gg = (gg(-2, 0) + gg(2, 0)) + (gg(-1, 0) + gg(1, 0)) + gg(0, 0)
    s_gd = (gd(-2, 0) + gd(2, 0)) + (gd(-1, 0) + gd(1, 0)) + gd(0, 0)
    s_dd = (dd(-2, 0) + dd(2, 0)) + (dd(-1, 0) + dd(1, 0)) + dd(0, 0)
    s_rg = (rg(-2, 0) + rg(2, 0)) + (rg(-1, 0) + rg(1, 0)) + rg(0, 0)
    s_rd = (rd(-2, 0) + rd(2, 0)) + (rd(-1, 0) + rd(1, 0)) + rd(0, 0)
    s_rr = (rr(-2, 0) + rr(2, 0)) + (rr(-1, 0) + rr(1, 0)) + rr(0, 0)
    s_bg = (bg(-2, 0) + bg(2, 0)) + (bg(-1, 0) + bg(1, 0)) + bg(0, 0)
    s_bd = (bd(-2, 0) + bd(2, 0)) + (bd(-1, 0) + bd(1, 0)) + bd(0, 0)
    s_bb = (bb(-2, 0) + bb(2, 0)) + (bb(-1, 0) + bb(1, 0)) + bb(0, 0)
    square = away * k.per_square
    per_radius = 1.0 / f32(math.sqrt(away + 0.25))
    red = vote(s_gg, s_gd, s_dd, s_rg, s_rd, s_rr, k.red_growth + k.red_bend * square, per_radius)
    blue = vote(s_gg, s_gd, s_dd, s_bg, s_bd, s_bb, k.blue_growth + k.blue_bend * square, per_radius)
    return (first + red if red >= 0.0 else -1.0), (first + blue if blue >= 0.0 else -1.0)


def vote(gg, gd, dd, cg, cd, cc, known, per_radius):
    """The histogram's bin for what one window says of one colour, −1 where that is not sure enough.

    Least squares of ``colour = gain (green + shift · slope)``; ``along`` and ``gain`` are gain · shift and gain, each
    times the determinant. The colour stands ``-shift`` farther out than what is ``known`` puts it.
    """
    det = gg * dd - gd * gd
    along, gain = gg * cd - gd * cg, dd * cg - gd * cd
    # Of the fit's residual; over gain², it is the variance of the shift.
    variance = (cc * det - (gain * cg + along * cd)) * gg
    is_edge = gain > FAINTEST * det and gain < STRONGEST * det and abs(along) < NEAR * gain
    ratio = known - along / (gain if is_edge else 1.0) * per_radius
    place = (ratio + REACH) * (0.5 * BINS_HERE / REACH)
    is_sure = variance < (FREE * SURE * SURE) * gain * gain and place >= 0.0 and place < BINS_HERE
    return f32(int(place)) if is_edge and is_sure else -1.0


def counted(red, blue):
    """The counter of each colour's vote."""
    return int(red), int(blue) + CELLS if blue >= 0.0 else -1


def measured(lattice: Lattice, name: str, before: str | None) -> list[Step]:
    """The lattice's votes, counted under ``name``."""

    def known(results: Results) -> Constants:
        found = results[before] if before else neutral()
        growth = {f"{colour}_growth": found[f"{colour}_scale"] - 1 for colour in ("red", "blue")}
        return {**lattice.centre, **growth, **{f"{colour}_bend": found[f"{colour}_k"] for colour in ("red", "blue")}}

    # A round that is not the last need only come so near that the next one sees what is left.
    unsure_px = ROUGHLY * lattice.spacing if name != LAST else UNSURE_PX

    def stencil(
        part: str,
        body: Body,
        reads: tuple[str, ...],
        writes: tuple[str, ...],
        constants: Constants | Callable[[Results], Constants] | None = None,
    ) -> Step:
        where = f"lateral_colour.{part}_{lattice.spacing}"
        return Step(where, Access.STENCIL, body, reads, writes, constants or {}, radius=2, shape=lattice.shape)

    red, green, blue = SIDE_PLANES
    slope = ("lateral_slope", green, red, blue)
    sums = tuple(f"lateral_{two}" for two in ("gg", "gd", "dd", "rg", "rd", "rr", "bg", "bd", "bb"))
    votes = ("lateral_red_vote", "lateral_blue_vote")
    return [
        *(stencil(f"band_{plane}", band, (plane,), (plane,)) for plane in (green, red, blue)),
        stencil("slope", sloped, (green, red, blue), slope, lattice.centre),
        stencil("sums", summed_across, slope, sums),
        stencil("votes", voted, sums, votes, known),
        Step(
            f"lateral_colour.count_{lattice.spacing}",
            Access.REDUCE,
            counted,
            votes,
            (name,),
            counters=2 * CELLS,
            summary=partial(fitted, half_px=half_px(lattice.facts), unsure_px=unsure_px),
            shape=lattice.shape,
        ),
    ]
