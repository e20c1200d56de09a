"""Values between pixels: Catmull-Rom interpolation, for stages that move the picture by fractions of a pixel."""

from __future__ import annotations

from numpy import float32 as f32

from tenbit.kernels._arithmetic import fma


def cubic(before, here, there, after, t):
    """Catmull-Rom between ``here`` (t = 0) and ``there`` (t = 1), all four samples one pixel apart.

    Keys' cubic convolution with a = −0.5 (Keys 1981, "Cubic convolution interpolation for digital image processing"),
    in differences of samples, so that equal samples give themselves back to the last bit.
    """
    curve = fma(3.0, here - there, after - before)
    bend = fma(2.0, before - here, fma(3.0, there - here, there - after))
    return fma(0.5 * t, fma(t, fma(t, curve, bend), there - before), here)


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
    above = cubic(plane(-1, -1), plane(-1, 0), plane(-1, 1), plane(-1, 2), right)
    here = cubic(plane(0, -1), plane(0, 0), plane(0, 1), plane(0, 2), right)
    there = cubic(plane(1, -1), plane(1, 0), plane(1, 1), plane(1, 2), right)
    under = cubic(plane(2, -1), plane(2, 0), plane(2, 1), plane(2, 2), right)
    return cubic(above, here, there, under, down)
