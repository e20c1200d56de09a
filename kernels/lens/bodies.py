"""Where the lens put one pixel of the ideal picture, as rows and columns away from it.

Laws of distortion go from ideal to distorted, which is the way from this pixel to its source. The pixel and the way
from it stay apart, so that float32 places the source to a few millionths of a pixel however large the frame is.
"""

from __future__ import annotations

import math

from numpy import float32 as f32

from tenbit.kernels._arithmetic import fma


def displaced(row, col, k):
    """One law ``1 + k1 r² + k2 r⁴ + k3 r⁶`` for all colours, each of which has a zoom."""
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    square = (d_row * d_row + d_col * d_col) * k.per_square
    bend = square * fma(square, fma(square, k.k3, k.k2), k.k1)
    stretch = fma(bend, k.zoom, k.zoom_beyond_1)
    return d_row * stretch, d_col * stretch


def displaced_evenly(row, col, k):
    """A law of even powers per colour up to radius 1; farther out the way is as long as there."""
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    square = (d_row * d_row + d_col * d_col) * k.per_square
    s = min(square, 1.0)
    held = f32(math.sqrt(s / max(square, 1e-12)))
    outer = fma(s, fma(s, fma(s, k.e7, k.e6), k.e5), k.e4)
    bend = fma(s, fma(s, fma(s, fma(s, outer, k.e3), k.e2), k.e1), k.e0)
    stretch = fma(held, bend, k.zoom_beyond_1)
    return d_row * stretch, d_col * stretch


def displaced_freely(row, col, k):
    """As `displaced_evenly`, with odd powers and with terms across the radius (Brown 1971).

    From radius ``nearest`` inwards and ``farthest`` outwards the stretch along the radius stays what it is there.
    """
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    length = d_row * d_row + d_col * d_col
    radius = f32(math.sqrt(length * k.per_square))
    inside = radius if radius < 1.0 else 1.0
    held = inside / (radius if radius > 1e-6 else 1e-6)
    bent = min(max(inside, k.nearest), k.farthest)
    s = bent * bent
    outer = fma(s, fma(s, fma(s, k.e7, k.e6), k.e5), k.e4)
    even = fma(s, fma(s, fma(s, fma(s, outer, k.e3), k.e2), k.e1), k.e0)
    odd = fma(s, fma(s, fma(s, k.o3, k.o2), k.o1), k.o0)
    lean = 2.0 * held * fma(k.down, d_row, k.right * d_col)
    stretch = fma(held, fma(bent, odd, even) + lean, k.zoom_beyond_1)
    across = held * held * length
    return fma(d_row, stretch, k.down * across), fma(d_col, stretch, k.right * across)
