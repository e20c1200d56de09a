"""Averages of neighbours that differ by no more than noise, at four distances.

À-trous levels with weights that stop at edges, after Dammertz, Sewtz, Hanika and Lensch, "Edge-avoiding à-trous wavelet
transform", High Performance Graphics 2010; a polynomial stands for the Gaussian, so that it vectorises.
"""

from __future__ import annotations

import math

from tenbit.kernels._noise import Profile
from tenbit.kernels._stage import Body
from tenbit.kernels.denoise._roots import scales_and_shift

# Variance of what each level meets: of luma per scale of red and of blue, and per scale of green; of a chroma per scale
# of its own colour, and per scale of green. Measured on flat noise behind a demosaic by colour differences along edges
# of the encoded mosaic (gbtf), within 12 % for gains of 1 to 3. Behind linear filters the first chroma is 2.5 times as
# much, the rest is alike.
LUMA = ((0.164, 0.457), (0.048, 0.123), (0.0171, 0.0268), (0.0085, 0.0026))
CHROMA = ((0.170, 0.089), (0.129, 0.062), (0.073, 0.029), (0.030, 0.0085))
# How many standard deviations a neighbour may differ before it counts little. Chosen on the photographs of the
# demosaic's scores at ISO 1600; 2 … 3.5 and 3 … 6 change less than 0.3 dB.
LUMA_REACH, CHROMA_REACH = 2.5, 4.0
# How much of a difference in luma counts for chroma; a weight is the fourth power of 1 − difference² / (8 reach²).
BY_LUMA, WIDTH = 0.25, 8.0
# How many standard deviations a pixel may lie beyond all of its neighbours.
TAIL = 1.0


def tamed(luma, red, blue, k):
    """Each pixel, brought nearer to its 8 neighbours where it lies far outside of what they span.

    The tails of noise, which no neighbour is like: they would stay as specks.
    """
    y, r, b = luma(0, 0), red(0, 0), blue(0, 0)
    v = span(luma(-1, 0), luma(1, 0), luma(0, -1), luma(0, 1))
    d = span(luma(-1, -1), luma(1, 1), luma(-1, 1), luma(1, -1))
    y = min(max(y, min(v[0], d[0]) - k.luma), max(v[1], d[1]) + k.luma)
    v = span(red(-1, 0), red(1, 0), red(0, -1), red(0, 1))
    d = span(red(-1, -1), red(1, 1), red(-1, 1), red(1, -1))
    r = min(max(r, min(v[0], d[0]) - k.red), max(v[1], d[1]) + k.red)
    v = span(blue(-1, 0), blue(1, 0), blue(0, -1), blue(0, 1))
    d = span(blue(-1, -1), blue(1, 1), blue(-1, 1), blue(1, -1))
    b = min(max(b, min(v[0], d[0]) - k.blue), max(v[1], d[1]) + k.blue)
    return y, r, b


def span(a, b, c, d):
    """The least and the most of four."""
    return min(min(a, b), min(c, d)), max(max(a, b), max(c, d))


def averaged_1(luma, red, blue, k):
    """Each pixel and those of its 8 neighbours that differ by no more than noise, weighted as a tent is."""
    y, r, b = luma(0, 0), red(0, 0), blue(0, 0)
    v = pair(y, r, b, luma(-1, 0), red(-1, 0), blue(-1, 0), luma(1, 0), red(1, 0), blue(1, 0), k.luma, k.red, k.blue)
    h = pair(y, r, b, luma(0, -1), red(0, -1), blue(0, -1), luma(0, 1), red(0, 1), blue(0, 1), k.luma, k.red, k.blue)
    d = pair(y, r, b, luma(-1, -1), red(-1, -1), blue(-1, -1), luma(1, 1), red(1, 1), blue(1, 1), k.luma, k.red, k.blue)
    u = pair(y, r, b, luma(-1, 1), red(-1, 1), blue(-1, 1), luma(1, -1), red(1, -1), blue(1, -1), k.luma, k.red, k.blue)
    y, r, b = averaged(y, r, b, v, h, d, u)
    return y, r, b


def averaged_2(luma, red, blue, k):
    """As `averaged_1`, neighbours 2 apart."""
    y, r, b = luma(0, 0), red(0, 0), blue(0, 0)
    v = pair(y, r, b, luma(-2, 0), red(-2, 0), blue(-2, 0), luma(2, 0), red(2, 0), blue(2, 0), k.luma, k.red, k.blue)
    h = pair(y, r, b, luma(0, -2), red(0, -2), blue(0, -2), luma(0, 2), red(0, 2), blue(0, 2), k.luma, k.red, k.blue)
    d = pair(y, r, b, luma(-2, -2), red(-2, -2), blue(-2, -2), luma(2, 2), red(2, 2), blue(2, 2), k.luma, k.red, k.blue)
    u = pair(y, r, b, luma(-2, 2), red(-2, 2), blue(-2, 2), luma(2, -2), red(2, -2), blue(2, -2), k.luma, k.red, k.blue)
    y, r, b = averaged(y, r, b, v, h, d, u)
    return y, r, b


def averaged_4(luma, red, blue, k):
    """As `averaged_1`, neighbours 4 apart."""
    y, r, b = luma(0, 0), red(0, 0), blue(0, 0)
    v = pair(y, r, b, luma(-4, 0), red(-4, 0), blue(-4, 0), luma(4, 0), red(4, 0), blue(4, 0), k.luma, k.red, k.blue)
    h = pair(y, r, b, luma(0, -4), red(0, -4), blue(0, -4), luma(0, 4), red(0, 4), blue(0, 4), k.luma, k.red, k.blue)
    d = pair(y, r, b, luma(-4, -4), red(-4, -4), blue(-4, -4), luma(4, 4), red(4, 4), blue(4, 4), k.luma, k.red, k.blue)
    u = pair(y, r, b, luma(-4, 4), red(-4, 4), blue(-4, 4), luma(4, -4), red(4, -4), blue(4, -4), k.luma, k.red, k.blue)
    y, r, b = averaged(y, r, b, v, h, d, u)
    return y, r, b


def averaged_8(luma, red, blue, k):
    """As `averaged_1`, neighbours 8 apart."""
    y, r, b = luma(0, 0), red(0, 0), blue(0, 0)
    v = pair(y, r, b, luma(-8, 0), red(-8, 0), blue(-8, 0), luma(8, 0), red(8, 0), blue(8, 0), k.luma, k.red, k.blue)
    h = pair(y, r, b, luma(0, -8), red(0, -8), blue(0, -8), luma(0, 8), red(0, 8), blue(0, 8), k.luma, k.red, k.blue)
    d = pair(y, r, b, luma(-8, -8), red(-8, -8), blue(-8, -8), luma(8, 8), red(8, 8), blue(8, 8), k.luma, k.red, k.blue)
    u = pair(y, r, b, luma(-8, 8), red(-8, 8), blue(-8, 8), luma(8, -8), red(8, -8), blue(8, -8), k.luma, k.red, k.blue)
    y, r, b = averaged(y, r, b, v, h, d, u)
    return y, r, b


LEVELS: tuple[tuple[int, Body], ...] = ((1, averaged_1), (2, averaged_2), (4, averaged_4), (8, averaged_8))


def pair(y, r, b, y_1, r_1, b_1, y_2, r_2, b_2, by_luma, by_red, by_blue):
    """Two opposite neighbours: what they add to luma, its weight, what they add to each chroma, its weight."""
    y_1, r_1, b_1, y_2, r_2, b_2 = y_1 - y, r_1 - r, b_1 - b, y_2 - y, r_2 - r, b_2 - b
    luma_1, luma_2 = y_1 * y_1 * by_luma, y_2 * y_2 * by_luma
    chroma_1 = r_1 * r_1 * by_red + b_1 * b_1 * by_blue
    chroma_2 = r_2 * r_2 * by_red + b_2 * b_2 * by_blue
    w_1, w_2 = likeness(luma_1 + chroma_1), likeness(luma_2 + chroma_2)
    c_1 = likeness((luma_1 * BY_LUMA + chroma_1) * ((LUMA_REACH / CHROMA_REACH) * (LUMA_REACH / CHROMA_REACH)))
    c_2 = likeness((luma_2 * BY_LUMA + chroma_2) * ((LUMA_REACH / CHROMA_REACH) * (LUMA_REACH / CHROMA_REACH)))
    return w_1 * y_1 + w_2 * y_2, w_1 + w_2, c_1 * r_1 + c_2 * r_2, c_1 * b_1 + c_2 * b_2, c_1 + c_2


def likeness(difference):
    """1 for none, falling to 0 at 1."""
    near = max(1.0 - difference, 0.0)
    near *= near
    return near * near


def averaged(y, r, b, v, h, d, u):
    """Luma and chromas moved towards neighbours: straight ones count twice as much as diagonal ones."""
    weight = 2.0 * (v[1] + h[1]) + (d[1] + u[1]) + 4.0
    share = 1.0 / (2.0 * (v[4] + h[4]) + (d[4] + u[4]) + 4.0)
    y += (2.0 * (v[0] + h[0]) + (d[0] + u[0])) / weight
    return y, r + (2.0 * (v[2] + h[2]) + (d[2] + u[2])) * share, b + (2.0 * (v[3] + h[3]) + (d[3] + u[3])) * share


def tails(profile: Profile) -> dict[str, float]:
    """Constants of `tamed`: so much outside of the neighbours is left."""
    (red, green, blue), _ = scales_and_shift(profile)
    (own, other), (by_own, by_green) = LUMA[0], CHROMA[0]
    return {
        "luma": TAIL * math.sqrt((own * (red + blue) + other * green) / 4.0),
        "red": TAIL * math.sqrt((by_own * red + by_green * green) / 4.0),
        "blue": TAIL * math.sqrt((by_own * blue + by_green * green) / 4.0),
    }


def reach(level: int, profile: Profile) -> dict[str, float]:
    """Constants of one level: 1 / (8 reach² variance) of luma and chromas."""
    (red, green, blue), _ = scales_and_shift(profile)
    (own, other), (by_own, by_green) = LUMA[level], CHROMA[level]
    # Roots here are half of Anscombe's: their variance is a quarter of the scale.
    least = WIDTH * LUMA_REACH**2 / 4.0
    return {
        "luma": 1.0 / (least * (own * (red + blue) + other * green)),
        "red": 1.0 / (least * (by_own * red + by_green * green)),
        "blue": 1.0 / (least * (by_own * blue + by_green * green)),
    }
