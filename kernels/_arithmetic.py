"""Arithmetic that targets have an instruction for."""

from __future__ import annotations

from numpy import float32 as f32


def fma(a, b, c):
    """``a · b + c`` of float32 numbers, rounded once.

    In a loop it is one instruction on either target; only where it is written, so that no compiler decides how often a
    value is rounded. Here the product is exact, as float64 holds it whole.
    """
    return f32(float(a) * float(b) + float(c))
