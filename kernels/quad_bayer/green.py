"""Green at every site of a quad-Bayer mosaic: bodies of `direct`, which tells the papers."""

from __future__ import annotations

from tenbit.kernels._arithmetic import fma

# Added to a sum of 12 differences: flat areas weigh all directions alike.
LEAST_GRADIENT = 0.01
# Detail of colour over that of green, squared, at which green is refined by half.
HALF_REFINED = 0.035
LEAST_DETAIL = 2e-4
# Of a colour over a tent: nothing is divided by zero, however small the frame.
LEAST_WEIGHT = 0.01


def differences(m, k):
    """Green less the row's other colour, green less the column's other colour, and the sample itself."""
    across = k.a0 * m(0, -7)
    across = fma(k.a1, m(0, -6), across)
    across = fma(k.a2, m(0, -5), across)
    across = fma(k.a3, m(0, -4), across)
    across = fma(k.a4, m(0, -3), across)
    across = fma(k.a5, m(0, -2), across)
    across = fma(k.a6, m(0, -1), across)
    across = fma(k.a7, m(0, 0), across)
    across = fma(k.a8, m(0, 1), across)
    across = fma(k.a9, m(0, 2), across)
    across = fma(k.a10, m(0, 3), across)
    across = fma(k.a11, m(0, 4), across)
    across = fma(k.a12, m(0, 5), across)
    across = fma(k.a13, m(0, 6), across)
    across = fma(k.a14, m(0, 7), across)
    down = k.d0 * m(-7, 0)
    down = fma(k.d1, m(-6, 0), down)
    down = fma(k.d2, m(-5, 0), down)
    down = fma(k.d3, m(-4, 0), down)
    down = fma(k.d4, m(-3, 0), down)
    down = fma(k.d5, m(-2, 0), down)
    down = fma(k.d6, m(-1, 0), down)
    down = fma(k.d7, m(0, 0), down)
    down = fma(k.d8, m(1, 0), down)
    down = fma(k.d9, m(2, 0), down)
    down = fma(k.d10, m(3, 0), down)
    down = fma(k.d11, m(4, 0), down)
    down = fma(k.d12, m(5, 0), down)
    down = fma(k.d13, m(6, 0), down)
    down = fma(k.d14, m(7, 0), down)
    return across, down, m(0, 0)


def site(_value, row, col, k):
    """1 at red sites, -1 at blue ones, 0 at green ones."""
    on_red_row = 1.0 if ((row >> 1) & 1) == k.red_row else 0.0
    on_red_col = 1.0 if ((col >> 1) & 1) == k.red_col else 0.0
    return on_red_row + on_red_col - 1.0


def gradients(across, down):
    """How much the differences vary from a pixel to the next one right of it, and below it."""
    along_rows = (
        abs(across(-1, 1) - across(-1, 0)) + abs(across(0, 1) - across(0, 0)) + abs(across(1, 1) - across(1, 0))
    )
    along_cols = abs(down(1, -1) - down(0, -1)) + abs(down(1, 0) - down(0, 0)) + abs(down(1, 1) - down(0, 1))
    return along_rows, along_cols


def fused(across, down, rows, cols, value, sites):
    """Weights of left, right and above (with that of below they sum to 1), and green at every site."""
    left = LEAST_GRADIENT + (rows(0, -4) + rows(0, -3)) + (rows(0, -2) + rows(0, -1))
    right = LEAST_GRADIENT + (rows(0, 0) + rows(0, 1)) + (rows(0, 2) + rows(0, 3))
    above = LEAST_GRADIENT + (cols(-4, 0) + cols(-3, 0)) + (cols(-2, 0) + cols(-1, 0))
    below = LEAST_GRADIENT + (cols(0, 0) + cols(1, 0)) + (cols(2, 0) + cols(3, 0))
    left, right, above, below = left * left, right * right, above * above, below * below
    left, right = 1.0 / (left * left), 1.0 / (right * right)
    above, below = 1.0 / (above * above), 1.0 / (below * below)
    # The nearer a difference, the heavier.
    total = left * ((0.4 * across(0, 0) + 0.3 * across(0, -1)) + (0.2 * across(0, -2) + 0.1 * across(0, -3)))
    total += right * ((0.4 * across(0, 0) + 0.3 * across(0, 1)) + (0.2 * across(0, 2) + 0.1 * across(0, 3)))
    total += above * ((0.4 * down(0, 0) + 0.3 * down(-1, 0)) + (0.2 * down(-2, 0) + 0.1 * down(-3, 0)))
    total += below * ((0.4 * down(0, 0) + 0.3 * down(1, 0)) + (0.2 * down(2, 0) + 0.1 * down(3, 0)))
    share = 1.0 / ((left + right) + (above + below))
    return left * share, right * share, above * share, fma(abs(sites(0, 0)), total * share, value(0, 0))


def difference_rows(green, value, sites):
    """Green less red and green less blue over the tent along a row, and the weights that they have there."""
    # Green less its own sample is 0 at green sites.
    d0, d1, d2 = green(0, -3) - value(0, -3), green(0, -2) - value(0, -2), green(0, -1) - value(0, -1)
    d3 = green(0, 0) - value(0, 0)
    d4, d5, d6 = green(0, 1) - value(0, 1), green(0, 2) - value(0, 2), green(0, 3) - value(0, 3)
    r0, r1, r2, r3 = max(sites(0, -3), 0.0), max(sites(0, -2), 0.0), max(sites(0, -1), 0.0), max(sites(0, 0), 0.0)
    r4, r5, r6 = max(sites(0, 1), 0.0), max(sites(0, 2), 0.0), max(sites(0, 3), 0.0)
    b0, b1, b2, b3 = min(sites(0, -3), 0.0), min(sites(0, -2), 0.0), min(sites(0, -1), 0.0), min(sites(0, 0), 0.0)
    b4, b5, b6 = min(sites(0, 1), 0.0), min(sites(0, 2), 0.0), min(sites(0, 3), 0.0)
    red = 0.5 * (r3 * d3) + 0.375 * (r2 * d2 + r4 * d4) + 0.25 * (r1 * d1 + r5 * d5) + 0.125 * (r0 * d0 + r6 * d6)
    blue = 0.5 * (b3 * d3) + 0.375 * (b2 * d2 + b4 * d4) + 0.25 * (b1 * d1 + b5 * d5) + 0.125 * (b0 * d0 + b6 * d6)
    red_weight = 0.5 * r3 + 0.375 * (r2 + r4) + 0.25 * (r1 + r5) + 0.125 * (r0 + r6)
    blue_weight = 0.5 * b3 + 0.375 * (b2 + b4) + 0.25 * (b1 + b5) + 0.125 * (b0 + b6)
    return red, -blue, red_weight, -blue_weight


def difference_cols(dr, db, wr, wb):
    """Smooth green less red and green less blue, and one over the weight that either colour has over the tent."""
    r = 0.5 * dr(0, 0) + 0.375 * (dr(-1, 0) + dr(1, 0)) + 0.25 * (dr(-2, 0) + dr(2, 0)) + 0.125 * (dr(-3, 0) + dr(3, 0))
    b = 0.5 * db(0, 0) + 0.375 * (db(-1, 0) + db(1, 0)) + 0.25 * (db(-2, 0) + db(2, 0)) + 0.125 * (db(-3, 0) + db(3, 0))
    red = (
        0.5 * wr(0, 0) + 0.375 * (wr(-1, 0) + wr(1, 0)) + 0.25 * (wr(-2, 0) + wr(2, 0)) + 0.125 * (wr(-3, 0) + wr(3, 0))
    )
    blue = (
        0.5 * wb(0, 0) + 0.375 * (wb(-1, 0) + wb(1, 0)) + 0.25 * (wb(-2, 0) + wb(2, 0)) + 0.125 * (wb(-3, 0) + wb(3, 0))
    )
    per_red, per_blue = 1.0 / max(red, LEAST_WEIGHT), 1.0 / max(blue, LEAST_WEIGHT)
    return r * per_red, b * per_blue, per_red, per_blue


def detail(dr, db, green):
    """Energy of what varies within two pixels: of the differences of colour, and of green."""
    red = dr(0, 0) - 0.25 * ((dr(-2, 0) + dr(2, 0)) + (dr(0, -2) + dr(0, 2)))
    blue = db(0, 0) - 0.25 * ((db(-2, 0) + db(2, 0)) + (db(0, -2) + db(0, 2)))
    own = green(0, 0) - 0.25 * ((green(-2, 0) + green(2, 0)) + (green(0, -2) + green(0, 2)))
    return 0.5 * (red * red + blue * blue), own * own


def detail_rows(colour, green):
    """Both energies over the tent along a row."""
    c = (
        0.5 * colour(0, 0)
        + 0.375 * (colour(0, -1) + colour(0, 1))
        + 0.25 * (colour(0, -2) + colour(0, 2))
        + 0.125 * (colour(0, -3) + colour(0, 3))
    )
    g = (
        0.5 * green(0, 0)
        + 0.375 * (green(0, -1) + green(0, 1))
        + 0.25 * (green(0, -2) + green(0, 2))
        + 0.125 * (green(0, -3) + green(0, 3))
    )
    return c, g


def refined(hue, detail, dr, db, left, right, above, g, value, sites, k):
    """Green, moved towards what the smooth differences say along the same lines where colour varies with it."""
    c = (
        0.5 * hue(0, 0)
        + 0.375 * (hue(-1, 0) + hue(1, 0))
        + 0.25 * (hue(-2, 0) + hue(2, 0))
        + 0.125 * (hue(-3, 0) + hue(3, 0))
    )
    fine = (
        0.5 * detail(0, 0)
        + 0.375 * (detail(-1, 0) + detail(1, 0))
        + 0.25 * (detail(-2, 0) + detail(2, 0))
        + 0.125 * (detail(-3, 0) + detail(3, 0))
    )
    alike = k.half * (fine + k.least)
    alike = alike * alike
    mix = alike / (alike + c * c)
    below = 1.0 - ((left(0, 0) + right(0, 0)) + above(0, 0))
    red = 0.5 * (
        (left(0, 0) * (dr(0, -2) + dr(0, -3)) + right(0, 0) * (dr(0, 2) + dr(0, 3)))
        + (above(0, 0) * (dr(-2, 0) + dr(-3, 0)) + below * (dr(2, 0) + dr(3, 0)))
    )
    blue = 0.5 * (
        (left(0, 0) * (db(0, -2) + db(0, -3)) + right(0, 0) * (db(0, 2) + db(0, 3)))
        + (above(0, 0) * (db(-2, 0) + db(-3, 0)) + below * (db(2, 0) + db(3, 0)))
    )
    other = (red if sites(0, 0) > 0.0 else blue) - (g(0, 0) - value(0, 0))
    return fma(mix * abs(sites(0, 0)), other, g(0, 0))
