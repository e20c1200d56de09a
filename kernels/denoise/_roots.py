"""Roots that make noise the same from dark to bright, split into luma and two chromas, and the way back."""

from __future__ import annotations

import math

from numpy import float32 as f32

from tenbit.kernels._noise import Profile


def stabilised(red, green, blue, k):
    """Luma and two chromas of one pixel, in units in which noise is the same from dark to bright, twice.

    Roots of each colour (Anscombe 1948) with one shift for all, so that grey stays grey; chroma is what red and blue
    differ by from green.
    """
    r, g, b = root(red, k.shift, k.slope), root(green, k.shift, k.slope), root(blue, k.shift, k.slope)
    luma = 0.25 * (r + b) + 0.5 * g
    return luma, r - g, b - g, luma, r - g, b - g


def root(light, shift, slope):
    """The root of light and a shift, and its tangent below black: noise there is not cut off, nor made larger."""
    return f32(math.sqrt(max(light, 0.0) + shift)) + min(light, 0.0) * slope


def light_of(value, shift, black, slope, missing):
    """What `root` was of, and what the mean of noisy roots falls short by.

    Far above black that is ``missing``; at black, where the half of the noise is on the tangent, it is a half.
    """
    near = max(value, black)
    share = shift / (near * near)
    return near * near - shift + min(value - black, 0.0) / slope + missing * (1.0 - 0.5 * share * share)


def towards(noisy_red, noisy_blue, red, blue, k):
    """Chromas with so much of their noise as is wanted."""
    return noisy_red + k.strength * (red - noisy_red), noisy_blue + k.strength * (blue - noisy_blue)


def coloured(luma, red, blue, k):
    """Three colours of one pixel: roots undone."""
    green = luma - 0.25 * (red + blue)
    r = light_of(green + red, k.shift, k.black, k.slope, k.red)
    g = light_of(green, k.shift, k.black, k.slope, k.green)
    b = light_of(green + blue, k.shift, k.black, k.slope, k.blue)
    return r, g, b


def scales_and_shift(profile: Profile) -> tuple[tuple[float, float, float], float]:
    """Scale of each colour's noise, and the shift of the roots.

    A scale is at least a tenth of the offset, or the roots of a frame without shot noise would have no curve at all.
    """
    scales = tuple(max(scale, offset / 10) for scale, offset in profile)
    shift = sum(o / s + 0.375 * s for s, (_, o) in zip(scales, profile, strict=True)) / 3
    return (scales[0], scales[1], scales[2]), shift


def roots(profile: Profile) -> dict[str, float]:
    """Constants of `stabilised`."""
    _, shift = scales_and_shift(profile)
    return {"shift": shift, "slope": 0.5 / math.sqrt(shift)}


def light(removed: float, profile: Profile) -> dict[str, float]:
    """Constants of `coloured`.

    The square of a root's mean is short of the mean of its square by a quarter of the scale, of which the share of the
    variance that is ``removed`` is made up for.
    """
    scales, shift = scales_and_shift(profile)
    red, green, blue = (0.25 * removed * scale for scale in scales)
    return {**roots(profile), "black": math.sqrt(shift), "red": red, "green": green, "blue": blue}
