"""Values between pixels, for stages that move the picture by fractions of a pixel: Catmull-Rom, or Lanczos-3.

Both are separable and may be limited, row by row and then down the columns: see `limited`.
"""

from __future__ import annotations

from numpy import float32 as f32

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._stage import Body, Step


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


def limited(value, before, here, there, after):
    """A value between ``here`` and ``there`` without the halo that negative weights give to an edge.

    It stays between the two. But where both outer samples lie lower a peak may be between, and it may stand out by a
    quarter of the smaller step down (a trough likewise): at an edge one of the steps is none. Measured: edges blurred
    by 0.3 … 0.8 px overshoot by 5 % of their height with Catmull-Rom, by 9 % with Lanczos-3, and limited by 0.0 %; of
    waves up to 0.3 cycles a pixel nothing is lost, where limits from 2 × 2 or 4 × 4 pixels take 4 to 7 % of them.
    """
    rise, fall = here - before, there - after
    above = fma(0.25, max(min(rise, fall), 0.0), max(here, there))
    below = fma(0.25, min(max(rise, fall), 0.0), min(here, there))
    return min(max(value, below), above)


def limited_cubic(before, here, there, after, w_before, w_there, w_after):
    """`cubic`, `limited`."""
    return limited(cubic(before, here, there, after, w_before, w_there, w_after), before, here, there, after)


def windowed_weights(t):
    """Lanczos-3 at ``t`` between the middle ones of six samples in a row: of all but the third.

    sinc(x) sinc(x/3), the six divided by their sum (Duchon 1979, "Lanczos filtering in one and two dimensions"). Each
    is a polynomial that is exact where ``t`` is 0 or 1 and off by at most 3.4e-6 between (minimax in float64).
    """
    u = t - 0.5
    square, inside = u * u, t * (1.0 - t)
    outer = inside * fma(square, fma(square, -0.065967229, 0.038412273), 0.097829401)
    outer_odd = inside * u * fma(square, fma(square, -0.081309655, 0.21565851), -0.25566644)
    inner = inside * fma(square, fma(square, -0.010101558, 0.10854664), -0.54347325)
    inner_odd = inside * u * fma(square, fma(square, 0.1893879, -0.46375839), 0.72456002)
    even = fma(square, fma(square, 0.077296649, -0.14712174), 0.44564599)
    odd = u * fma(square, fma(square, 0.36997873, -0.78547323), 1.3464815)
    return outer + outer_odd, inner + inner_odd, fma(inside, even + odd, t), inner - inner_odd, outer - outer_odd


def windowed(first, before, here, there, after, last, w_first, w_before, w_there, w_after, w_last):
    """Six samples in a row by their `windowed_weights`, as differences."""
    near = fma(w_after, after - here, fma(w_there, there - here, fma(w_before, before - here, here)))
    return fma(w_last, last - here, fma(w_first, first - here, near))


def limited_windowed(first, before, here, there, after, last, w_first, w_before, w_there, w_after, w_last):
    """`windowed`, `limited`."""
    value = windowed(first, before, here, there, after, last, w_first, w_before, w_there, w_after, w_last)
    return limited(value, before, here, there, after)


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


def between_limited(plane, down, right):
    """`between`, the column and its two inner rows `limited`: where the others are not, edges get no halo either."""
    b, t, a = weights(right)
    above = cubic(plane(-1, -1), plane(-1, 0), plane(-1, 1), plane(-1, 2), b, t, a)
    here = limited_cubic(plane(0, -1), plane(0, 0), plane(0, 1), plane(0, 2), b, t, a)
    there = limited_cubic(plane(1, -1), plane(1, 0), plane(1, 1), plane(1, 2), b, t, a)
    under = cubic(plane(2, -1), plane(2, 0), plane(2, 1), plane(2, 2), b, t, a)
    w_above, w_there, w_under = weights(down)
    return limited_cubic(above, here, there, under, w_above, w_there, w_under)


def between_windowed(plane, down, right):
    """As `between`: `windowed` of 6 × 6 pixels."""
    f, b, t, a, e = windowed_weights(right)
    top = windowed(plane(-2, -2), plane(-2, -1), plane(-2, 0), plane(-2, 1), plane(-2, 2), plane(-2, 3), f, b, t, a, e)
    above = windowed(
        plane(-1, -2), plane(-1, -1), plane(-1, 0), plane(-1, 1), plane(-1, 2), plane(-1, 3), f, b, t, a, e
    )
    here = windowed(plane(0, -2), plane(0, -1), plane(0, 0), plane(0, 1), plane(0, 2), plane(0, 3), f, b, t, a, e)
    there = windowed(plane(1, -2), plane(1, -1), plane(1, 0), plane(1, 1), plane(1, 2), plane(1, 3), f, b, t, a, e)
    under = windowed(plane(2, -2), plane(2, -1), plane(2, 0), plane(2, 1), plane(2, 2), plane(2, 3), f, b, t, a, e)
    bottom = windowed(plane(3, -2), plane(3, -1), plane(3, 0), plane(3, 1), plane(3, 2), plane(3, 3), f, b, t, a, e)
    f, b, t, a, e = windowed_weights(down)
    return windowed(top, above, here, there, under, bottom, f, b, t, a, e)


def between_windowed_limited(plane, down, right):
    """`between_windowed`, the column and its four inner rows `limited`."""
    f, b, t, a, e = windowed_weights(right)
    top = windowed(plane(-2, -2), plane(-2, -1), plane(-2, 0), plane(-2, 1), plane(-2, 2), plane(-2, 3), f, b, t, a, e)
    above = limited_windowed(
        plane(-1, -2), plane(-1, -1), plane(-1, 0), plane(-1, 1), plane(-1, 2), plane(-1, 3), f, b, t, a, e
    )
    here = limited_windowed(
        plane(0, -2), plane(0, -1), plane(0, 0), plane(0, 1), plane(0, 2), plane(0, 3), f, b, t, a, e
    )
    there = limited_windowed(
        plane(1, -2), plane(1, -1), plane(1, 0), plane(1, 1), plane(1, 2), plane(1, 3), f, b, t, a, e
    )
    under = limited_windowed(
        plane(2, -2), plane(2, -1), plane(2, 0), plane(2, 1), plane(2, 2), plane(2, 3), f, b, t, a, e
    )
    bottom = windowed(plane(3, -2), plane(3, -1), plane(3, 0), plane(3, 1), plane(3, 2), plane(3, 3), f, b, t, a, e)
    f, b, t, a, e = windowed_weights(down)
    return limited_windowed(top, above, here, there, under, bottom, f, b, t, a, e)


_INTERPOLATIONS: dict[tuple[str, bool], tuple[Body, int]] = {
    ("bicubic", False): (between, 4),
    ("bicubic", True): (between_limited, 4),
    ("lanczos3", False): (between_windowed, 6),
    ("lanczos3", True): (between_windowed_limited, 6),
}


def interpolation(step: Step) -> tuple[Body, int]:
    """What finds a WARP's values between pixels, and how many rows and columns it reads: half before, half behind."""
    return _INTERPOLATIONS[step.taps, step.is_clamped]
