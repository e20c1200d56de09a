"""Adaptive: long, stiff means of colour differences where colours move together, short, supple ones where they do not.

Two families of methods win on different pictures. Direction fusion (Pekkucuksen and Altunbasak 2010) takes green less
red to be constant and averages it over many pixels: right where the fine detail of all colours is the same, as it is
in sharp, aliased frames. Residual interpolation (Kiku and others 2013) lets each colour follow green by a slope of its
own over a short way: right where colours differ in detail. Here one trip does both, and the evidence is local:

1. differences of four directions, fused over a long way, give a first green at red and blue sites;
2. there, the curvature of green and of the own colour over 5 × 5 sites of that colour (their second moments) says how
   far they part, the share of their energy in which they differ, and the slope of one against the other;
3. differences over a short way with these slopes are fused in the same directions; the share decides between long and
   short, and that is green;
4. red and blue follow green by their slope about a mean of their own samples, the sharper the surer the samples are.

What noise adds to the moments is taken off them first, so that noise is not followed as if it were detail: in the dark
slopes fall to 0 and what is left is a mean of neighbours.

The constants were chosen on 21 pictures (twelve of Kodak, nine of McMaster), none of which was held out: what they make
of other pictures was not measured. Most trade a tenth of a decibel of one set for as much of the other.
"""

from __future__ import annotations

from collections.abc import Callable

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._facts import Cfa
from tenbit.kernels._stage import Access, Body, Constants, Results, Step
from tenbit.kernels.demosaic._evidence import curvature, curvatures, evidence, following, moments
from tenbit.kernels.demosaic._sites import by_site, difference_step, nothing, on_red_rows
from tenbit.kernels.demosaic.gbtf import gradients

# Added to a sum of 25 gradients: flat areas weigh all directions alike.
LEAST = 1e-4
# Weight of the farther two of four samples that a line is interpolated from; a cubic would give them 1/16.
SHARPER = 0.14
# What a mean over a long way makes of five differences, the first three of them alike.
NEAREST, FOURTH, FIFTH = 4.0 / 17.0, 3.0 / 17.0, 2.0 / 17.0
# What a mean over a short way makes of two.
HERE, NEXT = 2.0 / 3.0, 1.0 / 3.0


def two_nothings(*_planes):
    """What sites that nobody asks are given."""
    return 0.0, 0.0


def three_nothings(*_planes):
    """As `two_nothings`, for three planes."""
    return 0.0, 0.0, 0.0


def four_nothings(*_planes):
    """As `two_nothings`, for four planes."""
    return 0.0, 0.0, 0.0, 0.0


def weight(gradient):
    """Weight of a direction whose gradients add up to this."""
    return 1.0 / ((gradient + LEAST) * (gradient + LEAST))


def fused(m, across, down, along_rows, along_cols):
    """Green less the own colour at a red or blue site, over a long way and in three parts over a short one.

    The short way is ``plain + green_slope · own_bend + colour_slope · green_bend``: the slopes are not known yet.
    """
    left = weight(along_rows(0, -4) + along_rows(0, -3) + along_rows(0, -2) + along_rows(0, -1) + along_rows(0, 0))
    right = weight(along_rows(0, 0) + along_rows(0, 1) + along_rows(0, 2) + along_rows(0, 3) + along_rows(0, 4))
    above = weight(along_cols(-4, 0) + along_cols(-3, 0) + along_cols(-2, 0) + along_cols(-1, 0) + along_cols(0, 0))
    below = weight(along_cols(0, 0) + along_cols(1, 0) + along_cols(2, 0) + along_cols(3, 0) + along_cols(4, 0))
    to_one = 1.0 / ((left + right) + (above + below))
    left, right, above, below = left * to_one, right * to_one, above * to_one, below * to_one
    difference = (
        left * long_mean(across(0, 0), across(0, -1), across(0, -2), across(0, -3), across(0, -4))
        + right * long_mean(across(0, 0), across(0, 1), across(0, 2), across(0, 3), across(0, 4))
        + above * long_mean(down(0, 0), down(-1, 0), down(-2, 0), down(-3, 0), down(-4, 0))
        + below * long_mean(down(0, 0), down(1, 0), down(2, 0), down(3, 0), down(4, 0))
    )
    rows, cols = HERE * (left + right), HERE * (above + below)
    left, right, above, below = NEXT * left, NEXT * right, NEXT * above, NEXT * below
    here = m(0, 0)
    plain = (
        rows * (between(m(0, -3), m(0, -1), m(0, 1), m(0, 3)) - here)
        + cols * (between(m(-3, 0), m(-1, 0), m(1, 0), m(3, 0)) - here)
        + left * (m(0, -1) - between(m(0, -4), m(0, -2), here, m(0, 2)))
        + right * (m(0, 1) - between(m(0, -2), here, m(0, 2), m(0, 4)))
        + above * (m(-1, 0) - between(m(-4, 0), m(-2, 0), here, m(2, 0)))
        + below * (m(1, 0) - between(m(-2, 0), here, m(2, 0), m(4, 0)))
    )
    own_bend = rows * bend(m(0, -4), m(0, -2), here, m(0, 2), m(0, 4)) + cols * bend(
        m(-4, 0), m(-2, 0), here, m(2, 0), m(4, 0)
    )
    green_bend = (
        left * bend(m(0, -5), m(0, -3), m(0, -1), m(0, 1), m(0, 3))
        + right * bend(m(0, -3), m(0, -1), m(0, 1), m(0, 3), m(0, 5))
        + above * bend(m(-5, 0), m(-3, 0), m(-1, 0), m(1, 0), m(3, 0))
        + below * bend(m(-3, 0), m(-1, 0), m(1, 0), m(3, 0), m(5, 0))
    )
    return difference, plain, own_bend, -green_bend


def long_mean(a, b, c, d, e):
    """Mean of five differences, the nearest first."""
    return NEAREST * (a + b + c) + (FOURTH * d + FIFTH * e)


# ---- green ----
def between(before_3, before, after, after_3):
    """A colour between samples of it along a line."""
    return (0.5 + SHARPER) * (before + after) - SHARPER * (before_3 + after_3)


def bend(before_4, before_2, here, after_2, after_4):
    """How far a sample lies off what `between` makes of means of its own colour's samples, two and four away."""
    return (0.5 - SHARPER) * here - 0.25 * (before_2 + after_2) + (0.5 * SHARPER) * (before_4 + after_4)


def green_at_colour(mosaic, difference, plain, own_bend, green_bend, short, green_slope, colour_slope):
    """Green at a red or blue site: long and short differences in the shares of the evidence."""
    supple = fma(green_slope, own_bend, fma(colour_slope, green_bend, plain))
    return mosaic + fma(short, supple - difference, difference)


def green_at_green(mosaic, difference, plain, own_bend, green_bend, short, green_slope, colour_slope):
    """Green as it was measured."""
    return mosaic


# ---- red and blue ----
def sharpened(near, far, sharpness):
    """A mean of near samples, moved away from that of farther ones."""
    return near + sharpness * (near - far)


def opposite_at_colour(m, green, slope, corners):
    """Blue at a red site, red at a blue one: from the corners, along green."""
    near = 0.25 * ((m(-1, -1) + m(1, 1)) + (m(-1, 1) + m(1, -1)))
    far = 0.125 * (((m(-3, -1) + m(-3, 1)) + (m(3, -1) + m(3, 1))) + ((m(-1, -3) + m(1, -3)) + (m(-1, 3) + m(1, 3))))
    green_near = 0.25 * ((green(-1, -1) + green(1, 1)) + (green(-1, 1) + green(1, -1)))
    green_far = 0.125 * (
        ((green(-3, -1) + green(-3, 1)) + (green(3, -1) + green(3, 1)))
        + ((green(-1, -3) + green(1, -3)) + (green(-1, 3) + green(1, 3)))
    )
    sharpness = 0.25 * ((corners(-1, -1) + corners(1, 1)) + (corners(-1, 1) + corners(1, -1)))
    along = 0.25 * ((slope(-1, -1) + slope(1, 1)) + (slope(-1, 1) + slope(1, -1)))
    return sharpened(near, far, sharpness) + along * (green(0, 0) - sharpened(green_near, green_far, sharpness))


def colours_at_colour(m, green, opposite, slope, beside, k):
    """Red, green and blue of a red or blue site."""
    own, other = m(0, 0), opposite(0, 0)
    return own if k.red_row > 0.5 else other, green(0, 0), other if k.red_row > 0.5 else own


def colours_at_green(m, green, opposite, slope, beside, k):
    """Red, green and blue of a green site: its row's colour and its column's, each along green."""
    here = green(0, 0)
    green_near = 0.25 * ((green(0, -1) + green(0, 1)) + (green(-1, 0) + green(1, 0)))
    green_far = 0.125 * (
        ((green(-2, -1) + green(-2, 1)) + (green(2, -1) + green(2, 1)))
        + ((green(-1, -2) + green(1, -2)) + (green(-1, 2) + green(1, 2)))
    )
    near = 0.25 * ((m(0, -1) + m(0, 1)) + (opposite(-1, 0) + opposite(1, 0)))
    far = 0.125 * (
        ((m(-2, -1) + m(-2, 1)) + (m(2, -1) + m(2, 1)))
        + ((opposite(-1, -2) + opposite(1, -2)) + (opposite(-1, 2) + opposite(1, 2)))
    )
    sharpness = 0.5 * (beside(0, -1) + beside(0, 1))
    along = 0.5 * (slope(0, -1) + slope(0, 1))
    row = sharpened(near, far, sharpness) + along * (here - sharpened(green_near, green_far, sharpness))
    near = 0.25 * ((m(-1, 0) + m(1, 0)) + (opposite(0, -1) + opposite(0, 1)))
    far = 0.125 * (
        ((m(-1, -2) + m(-1, 2)) + (m(1, -2) + m(1, 2)))
        + ((opposite(-2, -1) + opposite(2, -1)) + (opposite(-2, 1) + opposite(2, 1)))
    )
    sharpness = 0.5 * (beside(-1, 0) + beside(1, 0))
    along = 0.5 * (slope(-1, 0) + slope(1, 0))
    col = sharpened(near, far, sharpness) + along * (here - sharpened(green_near, green_far, sharpness))
    return row if k.red_row > 0.5 else col, here, col if k.red_row > 0.5 else row


def steps(cfa: Cfa, noise: Constants | Callable[[Results], Constants]) -> tuple[Step, ...]:
    """Steps from a Bayer mosaic to red, green and blue.

    Parameters
    ----------
    cfa : Cfa
    noise : mapping, or a function of the results so far that makes one
        ``noise``: the variance of a sample, one for all or one per site; 0 where noise is not looked at.
    """
    stencil, m, difference, green = Access.STENCIL, "mosaic", "demosaic_difference", "demosaic_green"
    ways, sums = ("demosaic_across", "demosaic_down"), ("demosaic_along_rows", "demosaic_along_cols")
    parts = ("demosaic_plain", "demosaic_own_bend", "demosaic_green_bend")
    own_curve, green_curve = "demosaic_own_curve", "demosaic_green_curve"
    energies = ("demosaic_own_own", "demosaic_own_green", "demosaic_green_green")
    evidences = ("demosaic_short", "demosaic_green_slope", "demosaic_colour_slope")
    slope, corners, beside, opposite = "demosaic_slope", "demosaic_corners", "demosaic_beside", "demosaic_opposite"

    def at(colour: Body, site_of_green: Body = nothing) -> tuple[Body, ...]:
        return by_site(cfa, colour, site_of_green)

    return (
        difference_step(cfa),
        Step("demosaic.gradients", stencil, gradients, ways, sums, radius=2),
        Step("demosaic.fused", stencil, at(fused, four_nothings), (m, *ways, *sums), (difference, *parts), radius=5),
        Step(
            "demosaic.curvatures",
            stencil,
            at(curvatures, two_nothings),
            (m, difference),
            (own_curve, green_curve),
            radius=2,
        ),
        Step("demosaic.moments", stencil, at(moments, three_nothings), (own_curve, green_curve), energies, radius=4),
        Step("demosaic.evidence", Access.POINT, at(evidence, three_nothings), energies, evidences, noise),
        Step(
            "demosaic.green",
            Access.POINT,
            at(green_at_colour, green_at_green),
            (m, difference, *parts, *evidences),
            (green,),
        ),
        Step("demosaic.curvature", stencil, at(curvature), (green,), (green_curve,), radius=2),
        Step("demosaic.moments", stencil, at(moments, three_nothings), (own_curve, green_curve), energies, radius=4),
        Step(
            "demosaic.following",
            Access.POINT,
            at(following, three_nothings),
            (*energies, evidences[0]),
            (slope, corners, beside),
            noise,
        ),
        Step("demosaic.opposite", stencil, at(opposite_at_colour), (m, green, slope, corners), (opposite,), radius=3),
        Step(
            "demosaic",
            stencil,
            at(colours_at_colour, colours_at_green),
            (m, green, opposite, slope, beside),
            ("red", "green", "blue"),
            {"red_row": on_red_rows(cfa)},
            radius=2,
        ),
    )
