"""Directional filters of quad-Bayer interpolation, fitted by ``benchmarks/fit_quad.py`` (source and method there).

Green less the line's other colour at the first of two samples of that colour, and at the first of two green ones, from
the fifteen samples around it. On green the taps sum to 1, on the other colour to -1.
"""

from __future__ import annotations

AT_COLOUR = (
    -0.01142, -0.00630, 0.06100, -0.00111, -0.13635, -0.09358, 0.69194, -0.66744,
    -0.08856, 0.35749, -0.04397, -0.09030, -0.00482, 0.05312, -0.01970,
)  # fmt: skip
AT_GREEN = (
    0.01601, -0.00073, -0.04835, -0.02222, 0.18938, 0.01454, -0.59772, 0.55470,
    0.15783, -0.36103, 0.01986, 0.10666, -0.00236, -0.04287, 0.01630,
)  # fmt: skip
REACH = 7
