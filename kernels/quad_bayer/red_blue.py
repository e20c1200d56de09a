"""Red and blue at every site of a quad-Bayer mosaic, green being known: bodies of `direct`, which tells the paper."""

from __future__ import annotations

from tenbit.kernels._arithmetic import fma

# Variance of green below which a slope tends to 1: colours then differ by a constant.
FLAT = 0.002


def moment_rows(green, value, sites):
    """Sums along a row, of red sites and of blue ones: green, the sample, green squared, their product."""
    g0, g1, g2, g3 = green(0, -3), green(0, -2), green(0, -1), green(0, 0)
    g4, g5, g6 = green(0, 1), green(0, 2), green(0, 3)
    m0, m1, m2, m3 = value(0, -3), value(0, -2), value(0, -1), value(0, 0)
    m4, m5, m6 = value(0, 1), value(0, 2), value(0, 3)
    s0, s1, s2, s3 = 0.125 * sites(0, -3), 0.25 * sites(0, -2), 0.375 * sites(0, -1), 0.5 * sites(0, 0)
    s4, s5, s6 = 0.375 * sites(0, 1), 0.25 * sites(0, 2), 0.125 * sites(0, 3)
    r0, r1, r2, r3, r4, r5 = max(s0, 0.0), max(s1, 0.0), max(s2, 0.0), max(s3, 0.0), max(s4, 0.0), max(s5, 0.0)
    r6, b6 = max(s6, 0.0), max(-s6, 0.0)
    b0, b1, b2, b3, b4, b5 = max(-s0, 0.0), max(-s1, 0.0), max(-s2, 0.0), max(-s3, 0.0), max(-s4, 0.0), max(-s5, 0.0)
    rg0, rg1, rg2, rg3, rg4, rg5, rg6 = r0 * g0, r1 * g1, r2 * g2, r3 * g3, r4 * g4, r5 * g5, r6 * g6
    bg0, bg1, bg2, bg3, bg4, bg5, bg6 = b0 * g0, b1 * g1, b2 * g2, b3 * g3, b4 * g4, b5 * g5, b6 * g6
    return (
        ((rg0 + rg1) + (rg2 + rg3)) + ((rg4 + rg5) + rg6),
        fma(r6, m6, fma(r5, m5, fma(r4, m4, fma(r3, m3, fma(r2, m2, fma(r1, m1, r0 * m0)))))),
        fma(rg6, g6, fma(rg5, g5, fma(rg4, g4, fma(rg3, g3, fma(rg2, g2, fma(rg1, g1, rg0 * g0)))))),
        fma(rg6, m6, fma(rg5, m5, fma(rg4, m4, fma(rg3, m3, fma(rg2, m2, fma(rg1, m1, rg0 * m0)))))),
        ((bg0 + bg1) + (bg2 + bg3)) + ((bg4 + bg5) + bg6),
        fma(b6, m6, fma(b5, m5, fma(b4, m4, fma(b3, m3, fma(b2, m2, fma(b1, m1, b0 * m0)))))),
        fma(bg6, g6, fma(bg5, g5, fma(bg4, g4, fma(bg3, g3, fma(bg2, g2, fma(bg1, g1, bg0 * g0)))))),
        fma(bg6, m6, fma(bg5, m5, fma(bg4, m4, fma(bg3, m3, fma(bg2, m2, fma(bg1, m1, bg0 * m0)))))),
    )


def lines(rg, rm, rs, rp, bg, bm, bs, bp, per_red, per_blue):
    """Slope and level of the lines of red over green and of blue over green; a slope of 1 where green is flat."""
    n, p = per_red(0, 0), per_blue(0, 0)
    r_green = n * (
        0.5 * rg(0, 0) + 0.375 * (rg(-1, 0) + rg(1, 0)) + 0.25 * (rg(-2, 0) + rg(2, 0)) + 0.125 * (rg(-3, 0) + rg(3, 0))
    )
    r_mean = n * (
        0.5 * rm(0, 0) + 0.375 * (rm(-1, 0) + rm(1, 0)) + 0.25 * (rm(-2, 0) + rm(2, 0)) + 0.125 * (rm(-3, 0) + rm(3, 0))
    )
    r_squares = n * (
        0.5 * rs(0, 0) + 0.375 * (rs(-1, 0) + rs(1, 0)) + 0.25 * (rs(-2, 0) + rs(2, 0)) + 0.125 * (rs(-3, 0) + rs(3, 0))
    )
    r_products = n * (
        0.5 * rp(0, 0) + 0.375 * (rp(-1, 0) + rp(1, 0)) + 0.25 * (rp(-2, 0) + rp(2, 0)) + 0.125 * (rp(-3, 0) + rp(3, 0))
    )
    b_green = p * (
        0.5 * bg(0, 0) + 0.375 * (bg(-1, 0) + bg(1, 0)) + 0.25 * (bg(-2, 0) + bg(2, 0)) + 0.125 * (bg(-3, 0) + bg(3, 0))
    )
    b_mean = p * (
        0.5 * bm(0, 0) + 0.375 * (bm(-1, 0) + bm(1, 0)) + 0.25 * (bm(-2, 0) + bm(2, 0)) + 0.125 * (bm(-3, 0) + bm(3, 0))
    )
    b_squares = p * (
        0.5 * bs(0, 0) + 0.375 * (bs(-1, 0) + bs(1, 0)) + 0.25 * (bs(-2, 0) + bs(2, 0)) + 0.125 * (bs(-3, 0) + bs(3, 0))
    )
    b_products = p * (
        0.5 * bp(0, 0) + 0.375 * (bp(-1, 0) + bp(1, 0)) + 0.25 * (bp(-2, 0) + bp(2, 0)) + 0.125 * (bp(-3, 0) + bp(3, 0))
    )
    red = (r_products - r_green * r_mean + FLAT) / (max(r_squares - r_green * r_green, 0.0) + FLAT)
    blue = (b_products - b_green * b_mean + FLAT) / (max(b_squares - b_green * b_green, 0.0) + FLAT)
    return red, r_mean - red * r_green, blue, b_mean - blue * b_green


def followed(green, value, sites, red_slope, red_level, blue_slope, blue_level):
    """Red and blue as they follow green, and what is left over at their own sites."""
    red, blue = fma(red_slope, green, red_level), fma(blue_slope, green, blue_level)
    return red, blue, max(sites, 0.0) * (value - red), max(-sites, 0.0) * (value - blue)


def rest_rows(dr, db):
    """What is left over, over the tent along a row."""
    r = 0.5 * dr(0, 0) + 0.375 * (dr(0, -1) + dr(0, 1)) + 0.25 * (dr(0, -2) + dr(0, 2)) + 0.125 * (dr(0, -3) + dr(0, 3))
    b = 0.5 * db(0, 0) + 0.375 * (db(0, -1) + db(0, 1)) + 0.25 * (db(0, -2) + db(0, 2)) + 0.125 * (db(0, -3) + db(0, 3))
    return r, b


def finished(dr, db, red, blue, per_red, per_blue, green, value, sites):
    """Three colours; a site's own sample stays."""
    r = 0.5 * dr(0, 0) + 0.375 * (dr(-1, 0) + dr(1, 0)) + 0.25 * (dr(-2, 0) + dr(2, 0)) + 0.125 * (dr(-3, 0) + dr(3, 0))
    b = 0.5 * db(0, 0) + 0.375 * (db(-1, 0) + db(1, 0)) + 0.25 * (db(-2, 0) + db(2, 0)) + 0.125 * (db(-3, 0) + db(3, 0))
    r, b = fma(r, per_red(0, 0), red(0, 0)), fma(b, per_blue(0, 0), blue(0, 0))
    own, kind = value(0, 0), sites(0, 0)
    return own if kind > 0.0 else r, green(0, 0), own if kind < 0.0 else b
