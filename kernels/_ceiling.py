"""What a processor can do at best, as a step like any other: `fma` after `fma` of values that stay in registers."""

from __future__ import annotations

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._pass import Pass
from tenbit.kernels._stage import Access, Step


def once(a, b, c, d, scale, offset):
    return fma(a, scale, offset), fma(b, scale, offset), fma(c, scale, offset), fma(d, scale, offset)


def twice(a, b, c, d, e, f, g, h, m, n, o, p, scale, offset):
    """Twelve values, of which none waits for another.

    Two units that take four cycles need eight of them, and some to spare (a Zen 5 core: 91 % of its peak with eight,
    95 % with twelve, 96 % with sixteen, which AVX2 has no registers for).
    """
    a, b, c, d = once(a, b, c, d, scale, offset)
    e, f, g, h = once(e, f, g, h, scale, offset)
    m, n, o, p = once(m, n, o, p, scale, offset)
    a, b, c, d = once(a, b, c, d, scale, offset)
    e, f, g, h = once(e, f, g, h, scale, offset)
    m, n, o, p = once(m, n, o, p, scale, offset)
    return a, b, c, d, e, f, g, h, m, n, o, p


def eight_times(a, b, c, d, e, f, g, h, m, n, o, p, scale, offset):
    a, b, c, d, e, f, g, h, m, n, o, p = twice(a, b, c, d, e, f, g, h, m, n, o, p, scale, offset)
    a, b, c, d, e, f, g, h, m, n, o, p = twice(a, b, c, d, e, f, g, h, m, n, o, p, scale, offset)
    a, b, c, d, e, f, g, h, m, n, o, p = twice(a, b, c, d, e, f, g, h, m, n, o, p, scale, offset)
    return twice(a, b, c, d, e, f, g, h, m, n, o, p, scale, offset)


def multiplied_and_added(value, k):
    """One value, from twelve that each were multiplied and added to 32 times."""
    a, b, c, d = value, value + 1.0, value + 2.0, value + 3.0
    e, f, g, h = value + 4.0, value + 5.0, value + 6.0, value + 7.0
    m, n, o, p = value + 8.0, value + 9.0, value + 10.0, value + 11.0
    a, b, c, d, e, f, g, h, m, n, o, p = eight_times(a, b, c, d, e, f, g, h, m, n, o, p, k.scale, k.offset)
    a, b, c, d, e, f, g, h, m, n, o, p = eight_times(a, b, c, d, e, f, g, h, m, n, o, p, k.scale, k.offset)
    a, b, c, d, e, f, g, h, m, n, o, p = eight_times(a, b, c, d, e, f, g, h, m, n, o, p, k.scale, k.offset)
    a, b, c, d, e, f, g, h, m, n, o, p = eight_times(a, b, c, d, e, f, g, h, m, n, o, p, k.scale, k.offset)
    return ((a + b) + (c + d)) + ((e + f) + (g + h)) + ((m + n) + (o + p))


def multiply_add(rows: int, cols: int) -> Pass:
    """A pass over ``mosaic`` that does little else than multiply and add."""
    plane = ("mosaic",)
    # Values stay near 1: nothing overflows, and none becomes so small that a processor is slow with it.
    constants = {"scale": 0.5, "offset": 0.5}
    step = Step("multiply_add", Access.POINT, multiplied_and_added, plane, plane, constants)
    return Pass((step,), plane, plane, 1, (rows, cols))
