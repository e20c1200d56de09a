"""Slopes of one colour over another: sums over windows of sites of one colour, and what follows from them.

``p, q, s`` are planes: the product of the two colours' second differences, the square of the guide's, the square of the
other's; later a slope times its weight, and the weight. The mosaic is read for its phase alone.
"""

from __future__ import annotations

# Added to the sum of squares that a slope is divided by, as a fraction of white squared: flat areas have none.
LEAST_SQUARES = 1e-5
# Added to what a slope leaves over per site, as a fraction of white squared: all good fits count alike.
LEAST_MISFIT = 1e-4


def five(a, b, c, d, e):
    """Sum of five."""
    return (a + e) + (b + d) + c


def rows_of_three(_mosaic, p, q, s):
    """Sums of three planes over five sites of a row."""
    return (
        five(p(0, -4), p(0, -2), p(0, 0), p(0, 2), p(0, 4)),
        five(q(0, -4), q(0, -2), q(0, 0), q(0, 2), q(0, 4)),
        five(s(0, -4), s(0, -2), s(0, 0), s(0, 2), s(0, 4)),
    )


def cols_of_three(_mosaic, p, q, s):
    """Sums of three planes over five sites of a column."""
    return (
        five(p(-4, 0), p(-2, 0), p(0, 0), p(2, 0), p(4, 0)),
        five(q(-4, 0), q(-2, 0), q(0, 0), q(2, 0), q(4, 0)),
        five(s(-4, 0), s(-2, 0), s(0, 0), s(2, 0), s(4, 0)),
    )


def rows_of_two(_mosaic, p, q):
    """Sums of two planes over five sites of a row."""
    return (
        five(p(0, -4), p(0, -2), p(0, 0), p(0, 2), p(0, 4)),
        five(q(0, -4), q(0, -2), q(0, 0), q(0, 2), q(0, 4)),
    )


def cols_of_two(_mosaic, p, q):
    """Sums of two planes over five sites of a column."""
    return (
        five(p(-4, 0), p(-2, 0), p(0, 0), p(2, 0), p(4, 0)),
        five(q(-4, 0), q(-2, 0), q(0, 0), q(2, 0), q(4, 0)),
    )


def weighted(product, square, own_square, part):
    """A slope times its weight, and its weight, from sums over ``1 / part`` sites: the better the fit, the more."""
    slope = product / (square + LEAST_SQUARES)
    weight = 1.0 / (max(own_square - slope * product, 0.0) * part + LEAST_MISFIT)
    return weight * slope, weight


def slope_across(p, q, s):
    """The slope of five columns and three rows of sites, and its weight, from sums over rows."""
    slope, weight = weighted(
        p(-2, 0) + p(0, 0) + p(2, 0), q(-2, 0) + q(0, 0) + q(2, 0), s(-2, 0) + s(0, 0) + s(2, 0), 1.0 / 15.0
    )
    return slope, weight


def slope_down(p, q, s):
    """The slope of three columns and five rows of sites, and its weight, from sums over columns."""
    slope, weight = weighted(
        p(0, -2) + p(0, 0) + p(0, 2), q(0, -2) + q(0, 0) + q(0, 2), s(0, -2) + s(0, 0) + s(0, 2), 1.0 / 15.0
    )
    return slope, weight


def slope_around(_mosaic, p, q, s):
    """The slope of five columns and five rows of sites, and its weight, from sums over rows."""
    slope, weight = weighted(
        five(p(-4, 0), p(-2, 0), p(0, 0), p(2, 0), p(4, 0)),
        five(q(-4, 0), q(-2, 0), q(0, 0), q(2, 0), q(4, 0)),
        five(s(-4, 0), s(-2, 0), s(0, 0), s(2, 0), s(4, 0)),
        1.0 / 25.0,
    )
    return slope, weight
