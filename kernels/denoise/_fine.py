"""Fine details of luma that stand out of the noise."""

from __future__ import annotations

from tenbit.kernels._noise import Profile
from tenbit.kernels.denoise._roots import scales_and_shift

# Variance of noise in a detail per scale of red and of blue, and per scale of green: along rows or columns, along both.
# Measured as that of the levels.
STRAIGHT, DIAGONAL = (0.0168, 0.0735), (0.0162, 0.0284)


def fine(luma):
    """Squares of the three fine details of one pixel's luma."""
    n, w, e, s = luma(-1, 0), luma(0, -1), luma(0, 1), luma(1, 0)
    corners = luma(-1, -1) + luma(-1, 1) + luma(1, -1) + luma(1, 1)
    _low, rows, cols, both = details(luma(0, 0), n, s, w, e, corners)
    return rows * rows, cols * cols, both * both


def details(here, above, below, left, right, corners):
    """What 3 × 3 pixels make smooth, and what they add along the row, along the column and along both."""
    down = 0.25 * (above + below) + 0.5 * here
    across = 0.25 * (left + right) + 0.5 * here
    low = 0.0625 * corners + 0.125 * ((above + below) + (left + right)) + 0.25 * here
    return low, down - low, across - low, (here - down) - (across - low)


def restored(noisy, luma, rows, cols, both, k):
    """Luma of one pixel with the fine details that stand out, and so much of the noise as is wanted.

    Each detail of the noisy luma is kept by the share that the same detail of the averaged luma, over 3 × 3 pixels, has
    of it and noise together: Wiener's filter with a first estimate (Ghael, Sayeed and Baraniuk 1997).
    """
    n, w, e, s = luma(-1, 0), luma(0, -1), luma(0, 1), luma(1, 0)
    corners = luma(-1, -1) + luma(-1, 1) + luma(1, -1) + luma(1, 1)
    low = 0.0625 * corners + 0.125 * ((n + s) + (w + e)) + 0.25 * luma(0, 0)
    n, w, e, s = noisy(-1, 0), noisy(0, -1), noisy(0, 1), noisy(1, 0)
    corners = noisy(-1, -1) + noisy(-1, 1) + noisy(1, -1) + noisy(1, 1)
    _low, row, col, cross = details(noisy(0, 0), n, s, w, e, corners)
    in_rows = ((rows(-1, -1) + rows(-1, 0)) + (rows(-1, 1) + rows(0, -1))) + rows(0, 0)
    in_rows += (rows(0, 1) + rows(1, -1)) + (rows(1, 0) + rows(1, 1))
    in_cols = ((cols(-1, -1) + cols(-1, 0)) + (cols(-1, 1) + cols(0, -1))) + cols(0, 0)
    in_cols += (cols(0, 1) + cols(1, -1)) + (cols(1, 0) + cols(1, 1))
    in_both = ((both(-1, -1) + both(-1, 0)) + (both(-1, 1) + both(0, -1))) + both(0, 0)
    in_both += (both(0, 1) + both(1, -1)) + (both(1, 0) + both(1, 1))
    clean = low + row * kept(in_rows, k.straight) + col * kept(in_cols, k.straight) + cross * kept(in_both, k.diagonal)
    return noisy(0, 0) + k.strength * (clean - noisy(0, 0))


def kept(signal, noise):
    """Wiener's gain."""
    return signal / (signal + noise)


def floors(profile: Profile) -> dict[str, float]:
    """Noise in the sum of 9 squares of the fine details of luma."""
    (red, green, blue), _ = scales_and_shift(profile)
    straight, diagonal = (9.0 / 4.0 * (own * (red + blue) + other * green) for own, other in (STRAIGHT, DIAGONAL))
    return {"straight": straight, "diagonal": diagonal}
