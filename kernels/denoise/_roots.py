"""Roots that make noise the same from dark to bright, split into luma and two chromas, and the way back."""

from __future__ import annotations

import math

from numpy import float32 as f32

from tenbit.kernels._noise import Profile

# Roots go on straight below this share of their shift.
LEAST_SHARE = 0.25


def stabilised(red, green, blue, k):
    """Luma and two chromas of one pixel, in units in which noise is the same from dark to bright, twice.

    Roots of each colour (Anscombe 1948) with one shift for all, so that grey stays grey; chroma is what red and blue
    differ by from green.
    """
    r, g = root(red + k.shift, k.least, k.slope), root(green + k.shift, k.least, k.slope)
    b = root(blue + k.shift, k.least, k.slope)
    luma = 0.25 * (r + b) + 0.5 * g
    return luma, r - g, b - g, luma, r - g, b - g


def root(value, least, slope):
    """The root of a value, and its tangent below the least: noise about black is not cut off."""
    near = f32(math.sqrt(max(value, least)))
    return near + min(value - least, 0.0) * slope


def squared(value, least_root, slope):
    """What `root` was of."""
    near = max(value, least_root)
    return near * near + min(value - least_root, 0.0) / slope


def towards(noisy_red, noisy_blue, red, blue, k):
    """Chromas with so much of their noise as is wanted."""
    return noisy_red + k.strength * (red - noisy_red), noisy_blue + k.strength * (blue - noisy_blue)


def coloured(luma, red, blue, k):
    """Three colours of one pixel: roots undone, and with them what the mean of a noisy root falls short by."""
    green = luma - 0.25 * (red + blue)
    r = squared(green + red, k.least_root, k.slope) - k.red
    g = squared(green, k.least_root, k.slope) - k.green
    return r, g, squared(green + blue, k.least_root, k.slope) - k.blue


def scales_and_shift(profile: Profile) -> tuple[tuple[float, float, float], float]:
    """Scale of each colour's noise, and the shift of the roots.

    A scale is at least a tenth of the offset, or the roots of a frame without shot noise would have no curve at all.
    """
    scales = tuple(max(scale, offset / 10) for scale, offset in profile)
    shift = sum(o / s + 0.375 * s for s, (_, o) in zip(scales, profile, strict=True)) / 3
    return (scales[0], scales[1], scales[2]), shift


def _roots_of(shift: float) -> tuple[float, float, float]:
    """The value below which the root goes on straight, its root, and the slope there."""
    least = LEAST_SHARE * shift
    return least, math.sqrt(least), 0.5 / math.sqrt(least)


def roots(profile: Profile) -> dict[str, float]:
    """Constants of `stabilised`."""
    _, shift = scales_and_shift(profile)
    least, _, slope = _roots_of(shift)
    return {"shift": shift, "least": least, "slope": slope}


def light(removed: float, profile: Profile) -> dict[str, float]:
    """Constants of `coloured`.

    The mean of a root is short of the root of the mean: its square by a quarter of the scale, of which the share of the
    variance that is ``removed`` is made up for.
    """
    scales, shift = scales_and_shift(profile)
    _, least_root, slope = _roots_of(shift)
    red, green, blue = (shift - 0.25 * removed * scale for scale in scales)
    return {"least_root": least_root, "slope": slope, "red": red, "green": green, "blue": blue}
