"""Arithmetic that targets have an instruction for."""

from __future__ import annotations

from numpy import float32 as f32


def fma(a, b, c):
    """``a · b + c`` of float32 numbers, rounded once.

    In a loop it is one instruction on either target; only where it is written, so that no compiler decides how often a
    value is rounded. Here float64 holds the product whole but rounds the sum before float32 does, which differs in the
    last bit where that falls on a tie: about once in 2²⁹ values. Literals are rounded first, as they are in a loop.
    """
    return f32(float(f32(a)) * float(f32(b)) + float(f32(c)))
