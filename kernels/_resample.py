"""Values between pixels: Catmull-Rom interpolation, for stages that move the picture by fractions of a pixel."""

from __future__ import annotations

from numpy import float32 as f32

from tenbit.kernels._arithmetic import fma


def weights(t):
    """Catmull-Rom at ``t`` between two of four samples in a row: of the first, the third and the fourth.

    Keys' cubic convolution with a = −0.5 (Keys 1981, "Cubic convolution interpolation for digital image processing").
    The second sample has what is left of 1.
    """
    before = t * fma(t, fma(t, -0.5, 1.0), -0.5)
    there = t * fma(t, fma(t, -1.5, 2.0), 0.5)
    after = t * t * fma(t, 0.5, -0.5)
    return before, there, after


def cubic(before, here, there, after, w_before, w_there, w_after):
    """Four samples in a row by their `weights`, as differences: equal samples give themselves back to the last bit."""
    return fma(w_after, after - here, fma(w_there, there - here, fma(w_before, before - here, here)))


def floored(value):
    """The largest whole number not above a value.

    ``math.floor`` would do, but on CUDA it makes a float64, and no index.
    """
    whole = int(value)
    return whole - 1 if f32(whole) > value else whole


def held(index, count):
    """An index held inside 0 … count − 1."""
    return min(max(index, 0), count - 1)


def between(plane, down, right):
    """The value ``down`` and ``right``, 0 … 1, of the way to the next row and column: `cubic` of 4 × 4 pixels."""
    b, t, a = weights(right)
    above = cubic(plane(-1, -1), plane(-1, 0), plane(-1, 1), plane(-1, 2), b, t, a)
    here = cubic(plane(0, -1), plane(0, 0), plane(0, 1), plane(0, 2), b, t, a)
    there = cubic(plane(1, -1), plane(1, 0), plane(1, 1), plane(1, 2), b, t, a)
    under = cubic(plane(2, -1), plane(2, 0), plane(2, 1), plane(2, 2), b, t, a)
    w_above, w_there, w_under = weights(down)
    return cubic(above, here, there, under, w_above, w_there, w_under)
