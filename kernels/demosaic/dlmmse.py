"""DLMMSE: colour differences of two directions, freed of what varies fast and fused by what is uncertain of each.

L. Zhang, X. Wu, "Color demosaicking via directional linear minimum mean square-error estimation", IEEE TIP 14(12),
2005. Here with a low-pass of 7 taps instead of 9 and windows of 7 instead of 9: on twelve pictures of Kodak and nine of
McMaster 40.6 and 34.4 dB, as with theirs 40.7 and 34.1.
"""

from __future__ import annotations

from tenbit.kernels._facts import Cfa
from tenbit.kernels._stage import Access, Step
from tenbit.kernels.demosaic._sites import by_site, colour_step, nothing, signs

# Added to variances, as a fraction of white squared: where nothing varies both directions count alike.
LEAST = 1e-6


def parted(m, k):
    """Green less the other colour: its slow part across, the rest of it, and both down.

    The difference is that of Hamilton and Adams, its slow part 1 2 3 4 3 2 1 of them; since their sign alternates along
    a row, either is one filter of the samples.
    """
    own = 24.0 * m(0, 0)
    near, far = 0.5 * (m(0, -1) + m(0, 1)), 0.25 * (m(0, -2) + m(0, 2))
    wide = 9.0 * (m(0, -3) + m(0, 3)) - 4.0 * (m(0, -4) + m(0, 4)) + (m(0, -5) + m(0, 5))
    slow_across = k.sign * 0.015625 * (own - 44.0 * near + 64.0 * far - wide)
    fast_across = k.sign * (0.5 * m(0, 0) - near + far) - slow_across
    near, far = 0.5 * (m(-1, 0) + m(1, 0)), 0.25 * (m(-2, 0) + m(2, 0))
    wide = 9.0 * (m(-3, 0) + m(3, 0)) - 4.0 * (m(-4, 0) + m(4, 0)) + (m(-5, 0) + m(5, 0))
    slow_down = k.sign * 0.015625 * (own - 44.0 * near + 64.0 * far - wide)
    fast_down = k.sign * (0.5 * m(0, 0) - near + far) - slow_down
    return slow_across, fast_across, slow_down, fast_down


def squares(a, b, c, d, e, f, g):
    """Sum of seven squares."""
    return (a * a + g * g) + (b * b + f * f) + (c * c + e * e) + d * d


def estimated(total, total_of_squares, noise, difference):
    """What a difference is likely to be, and the variance of that, from the sums over its window."""
    mean = total * (1.0 / 7.0)
    signal = max(total_of_squares * (1.0 / 7.0) - mean * mean, 0.0)
    share = signal / (signal + noise * (1.0 / 7.0) + LEAST)
    return mean + share * (difference - mean), signal * (1.0 - share) + LEAST


def fused(_mosaic, slow_across, fast_across, slow_down, fast_down):
    """Green less the own colour at a red or blue site."""
    a, b, c = slow_across(0, -3), slow_across(0, -2), slow_across(0, -1)
    d, e, f, g = slow_across(0, 0), slow_across(0, 1), slow_across(0, 2), slow_across(0, 3)
    noise_across = squares(
        fast_across(0, -3),
        fast_across(0, -2),
        fast_across(0, -1),
        fast_across(0, 0),
        fast_across(0, 1),
        fast_across(0, 2),
        fast_across(0, 3),
    )
    across, for_down = estimated(
        (a + g) + (b + f) + (c + e) + d, squares(a, b, c, d, e, f, g), noise_across, d + fast_across(0, 0)
    )
    a, b, c = slow_down(-3, 0), slow_down(-2, 0), slow_down(-1, 0)
    d, e, f, g = slow_down(0, 0), slow_down(1, 0), slow_down(2, 0), slow_down(3, 0)
    noise_down = squares(
        fast_down(-3, 0),
        fast_down(-2, 0),
        fast_down(-1, 0),
        fast_down(0, 0),
        fast_down(1, 0),
        fast_down(2, 0),
        fast_down(3, 0),
    )
    down, for_across = estimated(
        (a + g) + (b + f) + (c + e) + d, squares(a, b, c, d, e, f, g), noise_down, d + fast_down(0, 0)
    )
    return (for_across * across + for_down * down) / (for_across + for_down)


def steps(cfa: Cfa) -> tuple[Step, ...]:
    """Steps from a Bayer mosaic to red, green and blue."""
    parts = ("demosaic_slow_across", "demosaic_fast_across", "demosaic_slow_down", "demosaic_fast_down")
    return (
        Step("demosaic.parts", Access.STENCIL, parted, ("mosaic",), parts, {"sign": signs(cfa)}, radius=5),
        Step(
            "demosaic.fused",
            Access.STENCIL,
            by_site(cfa, fused, nothing),
            ("mosaic", *parts),
            ("demosaic_difference",),
            radius=3,
        ),
        colour_step(cfa),
    )
