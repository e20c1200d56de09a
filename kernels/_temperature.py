"""Colour temperature and tint of a white, to chromaticity and back."""

from __future__ import annotations

import math
from functools import lru_cache

LOWEST_K, HIGHEST_K = 1000.0, 15000.0
"""Where Krystek's formula holds; whites beyond are taken as at these ends."""

TINT_PER_DUV = 3000.0
"""Tint in Adobe's unit: 3000 times the distance from the black-body locus in CIE 1960 (u, v), positive above it, where
whites are greenish. A camera that takes such a light for white makes the picture more magenta."""

# Kelvin of the EXIF LightSource codes. 1 … 11 and 24 by name, 12 … 15 the middle of the range that EXIF 2.3 gives,
# 17 … 23 the CIE illuminants.
LIGHT_SOURCES = {1: 5500, 2: 4200, 3: 2850, 4: 5500, 9: 5500, 10: 6500, 11: 7500, 12: 6400, 13: 5050, 14: 4150}
LIGHT_SOURCES |= {15: 3525, 16: 2925, 17: 2856, 18: 4874, 19: 6774, 20: 5503, 21: 6504, 22: 7504, 23: 5003, 24: 3200}


def _locus(kelvin: float) -> tuple[float, float]:
    """(u, v) of a black body: M. Krystek, Color Research and Application 10 (1985) 38, within 1e-4 in its range."""
    t = kelvin
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t)
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t)
    return u, v


def _normal(kelvin: float) -> tuple[float, float]:
    """Unit vector across the locus, towards larger v."""
    (u0, v0), (u1, v1) = _locus(kelvin * 0.999), _locus(kelvin * 1.001)
    along_u, along_v = u1 - u0, v1 - v0
    length = math.hypot(along_u, along_v)
    return along_v / length, -along_u / length


def white_xy(kelvin: float, tint: float = 0.0) -> tuple[float, float]:
    """Chromaticity of a white.

    Parameters
    ----------
    kelvin : float
        Correlated colour temperature, `LOWEST_K` to `HIGHEST_K`.
    tint : float
        Distance from the black-body locus, see `TINT_PER_DUV`.
    """
    (u, v), (across_u, across_v) = _locus(kelvin), _normal(kelvin)
    duv = tint / TINT_PER_DUV
    u, v = u + duv * across_u, v + duv * across_v
    return 3.0 * u / (2.0 * u - 8.0 * v + 4.0), 2.0 * v / (2.0 * u - 8.0 * v + 4.0)


@lru_cache(maxsize=256)
def temperature_and_tint(xy: tuple[float, float]) -> tuple[float, float]:
    """Correlated colour temperature in kelvin, and tint, of a white: the nearest point of the locus in (u, v)."""
    x, y = xy
    u, v = 4.0 * x / (-2.0 * x + 12.0 * y + 3.0), 6.0 * y / (-2.0 * x + 12.0 * y + 3.0)

    def beyond(kelvin: float) -> float:
        """Positive when the white lies on the hotter side of the normal at this temperature."""
        (u0, v0), (across_u, across_v) = _locus(kelvin), _normal(kelvin)
        # The direction along the locus towards the hotter end is the normal turned by a quarter.
        return -(u - u0) * across_v + (v - v0) * across_u

    low, high = 1.0 / HIGHEST_K, 1.0 / LOWEST_K
    for _ in range(50):
        middle = 0.5 * (low + high)
        if beyond(1.0 / middle) > 0:
            high = middle
        else:
            low = middle
    kelvin = 2.0 / (low + high)
    (u0, v0), (across_u, across_v) = _locus(kelvin), _normal(kelvin)
    return kelvin, TINT_PER_DUV * ((u - u0) * across_u + (v - v0) * across_v)
