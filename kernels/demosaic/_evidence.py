"""How far two colours part at a place: second moments of their curvatures over 5 × 5 sites of one colour.

For `adaptive`. What noise adds to the moments is taken off them: it is no detail to be followed.
"""

from __future__ import annotations

from tenbit.kernels._arithmetic import fma

# Added to the mean of squared curvatures: where nothing is curved, slopes are 1.
LEAST_ENERGY = 1e-5
# The share of the energy in which colours differ at which long and short count alike.
HALF_WAY = 0.05
# How far a mean of near samples moves away from that of farther ones: at corners, and beside.
CORNERS, BESIDE = 0.27, 0.4
# How far it moves towards them where there is nothing but noise.
BACK = 0.2
STEEPEST = 2.0
# Curvature of pure noise of variance 1: 1 + 4/16.
CURVATURE_OF_NOISE = 1.25


def curvatures(m, difference):
    """Curvature of the own colour and of the first green at a red or blue site."""
    own = m(0, 0) - 0.25 * ((m(-2, 0) + m(2, 0)) + (m(0, -2) + m(0, 2)))
    d = difference(0, 0) - 0.25 * ((difference(-2, 0) + difference(2, 0)) + (difference(0, -2) + difference(0, 2)))
    return own, own + d


def curvature(green):
    """Curvature of the finished green at a red or blue site."""
    return green(0, 0) - 0.25 * ((green(-2, 0) + green(2, 0)) + (green(0, -2) + green(0, 2)))


def squares(a, b, c, d, e):
    """Sum of five squares."""
    return fma(a, a, fma(b, b, fma(c, c, fma(d, d, e * e))))


def products(a, b, c, d, e, p, q, r, s, t):
    """Sum of five products, first by first."""
    return fma(a, p, fma(b, q, fma(c, r, fma(d, s, e * t))))


def moments(own, green):
    """Means of own · own, own · green and green · green over 5 × 5 sites of one colour."""
    own_own = 0.04 * (
        squares(own(-4, -4), own(-4, -2), own(-4, 0), own(-4, 2), own(-4, 4))
        + squares(own(-2, -4), own(-2, -2), own(-2, 0), own(-2, 2), own(-2, 4))
        + squares(own(0, -4), own(0, -2), own(0, 0), own(0, 2), own(0, 4))
        + squares(own(2, -4), own(2, -2), own(2, 0), own(2, 2), own(2, 4))
        + squares(own(4, -4), own(4, -2), own(4, 0), own(4, 2), own(4, 4))
    )
    own_green = 0.04 * (
        products(
            own(-4, -4),
            own(-4, -2),
            own(-4, 0),
            own(-4, 2),
            own(-4, 4),
            green(-4, -4),
            green(-4, -2),
            green(-4, 0),
            green(-4, 2),
            green(-4, 4),
        )
        + products(
            own(-2, -4),
            own(-2, -2),
            own(-2, 0),
            own(-2, 2),
            own(-2, 4),
            green(-2, -4),
            green(-2, -2),
            green(-2, 0),
            green(-2, 2),
            green(-2, 4),
        )
        + products(
            own(0, -4),
            own(0, -2),
            own(0, 0),
            own(0, 2),
            own(0, 4),
            green(0, -4),
            green(0, -2),
            green(0, 0),
            green(0, 2),
            green(0, 4),
        )
        + products(
            own(2, -4),
            own(2, -2),
            own(2, 0),
            own(2, 2),
            own(2, 4),
            green(2, -4),
            green(2, -2),
            green(2, 0),
            green(2, 2),
            green(2, 4),
        )
        + products(
            own(4, -4),
            own(4, -2),
            own(4, 0),
            own(4, 2),
            own(4, 4),
            green(4, -4),
            green(4, -2),
            green(4, 0),
            green(4, 2),
            green(4, 4),
        )
    )
    green_green = 0.04 * (
        squares(green(-4, -4), green(-4, -2), green(-4, 0), green(-4, 2), green(-4, 4))
        + squares(green(-2, -4), green(-2, -2), green(-2, 0), green(-2, 2), green(-2, 4))
        + squares(green(0, -4), green(0, -2), green(0, 0), green(0, 2), green(0, 4))
        + squares(green(2, -4), green(2, -2), green(2, 0), green(2, 2), green(2, 4))
        + squares(green(4, -4), green(4, -2), green(4, 0), green(4, 2), green(4, 4))
    )
    return own_own, own_green, green_green


def evidence(own_own, own_green, green_green, k):
    """How much the short way counts, and the slopes of green by the own colour and of the own colour by green."""
    apart = max((own_own - own_green) + (green_green - own_green), 0.0)
    half_way = HALF_WAY * (0.5 * (own_own + green_green) + LEAST_ENERGY)
    apart, half_way = apart * apart * apart, half_way * half_way * half_way
    shared = own_green - CURVATURE_OF_NOISE * k.noise + LEAST_ENERGY
    green_slope, colour_slope = shared / (own_own + LEAST_ENERGY), shared / (green_green + LEAST_ENERGY)
    return apart / (apart + half_way), limited(green_slope), limited(colour_slope)


def following(own_own, own_green, green_green, short, k):
    """The slope of the own colour by green, and how far means of it are sharpened at corners and beside."""
    noise = CURVATURE_OF_NOISE * k.noise
    slope = limited((own_green - noise + LEAST_ENERGY) / (green_green + LEAST_ENERGY))
    sure = min(max((own_own - noise + LEAST_ENERGY) / (own_own + LEAST_ENERGY), 0.0), 1.0)
    back = BACK * (1.0 - sure)
    return 1.0 + short * (slope - 1.0), CORNERS * sure - back, BESIDE * sure * short - back


def limited(slope):
    """A slope between none and the steepest."""
    return min(max(slope, 0.0), STEEPEST)
