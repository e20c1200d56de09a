"""Values between pixels: Catmull-Rom interpolation, for stages that move the picture by fractions of a pixel."""

from __future__ import annotations

from numpy import float32 as f32


def cubic(before, here, there, after, t):
    """Catmull-Rom between ``here`` (t = 0) and ``there`` (t = 1), all four samples one pixel apart.

    Keys' cubic convolution with a = −0.5 (Keys 1981, "Cubic convolution interpolation for digital image processing"),
    in differences of samples, so that equal samples give themselves back to the last bit.
    """
    curve = 3.0 * (here - there) + (after - before)
    bend = 2.0 * (before - here) + 3.0 * (there - here) + (there - after)
    return here + 0.5 * t * ((there - before) + t * (bend + t * curve))


def floored(value):
    """The largest whole number not above a value.

    ``math.floor`` would do, but on CUDA it makes a float64, and no index.
    """
    whole = int(value)
    return whole - 1 if f32(whole) > value else whole


def held(index, count):
    """An index held inside 0 … count − 1."""
    return min(max(index, 0), count - 1)


def cubic_along(plane, row, col, t):
    """`cubic` along one row, between ``col`` and ``col + 1``; outside the plane the outermost pixel is repeated."""
    cols = plane.shape[1]
    return cubic(
        f32(plane[row, held(col - 1, cols)]),
        f32(plane[row, held(col, cols)]),
        f32(plane[row, held(col + 1, cols)]),
        f32(plane[row, held(col + 2, cols)]),
        t,
    )


def interpolated(plane, row, col, d_row, d_col):
    """The plane at (row + d_row, col + d_col), from 4 × 4 pixels; outside, the outermost pixels are repeated.

    The pixel and the way from it stay apart, so that float32 places the point to a few millionths of a pixel however
    large the frame is.
    """
    rows = plane.shape[0]
    down = floored(d_row)
    right = floored(d_col)
    top, left = row + down, col + right
    t = d_col - f32(right)
    return cubic(
        cubic_along(plane, held(top - 1, rows), left, t),
        cubic_along(plane, held(top, rows), left, t),
        cubic_along(plane, held(top + 1, rows), left, t),
        cubic_along(plane, held(top + 2, rows), left, t),
        d_row - f32(down),
    )
