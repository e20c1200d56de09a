"""Colour spaces: primaries, white, matrices, curves. On the host, float64; stages take numbers from here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tenbit.kernels._facts import Array

SPACES = ("srgb", "srgb-linear", "display-p3", "rec2020", "rec2020-linear", "camera")
D65_XY = (0.3127, 0.3290)
D50_XYZ: Array = np.array([0.9642, 1.0, 0.8249])
"""The white that DNG's forward matrices and every ICC profile refer to (ICC.1, 7.2.16)."""

# Red, green, blue as CIE xy: IEC 61966-2-1, SMPTE EG 432-1, ITU-R BT.2020.
_PRIMARIES = {
    "srgb": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "display-p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    "rec2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
}
# XYZ to cone responses: Lam's Bradford transform as ICC.1 prints it (annex E).
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
# ITU-R BT.2020, table 4, with the digits that make curve and tangent meet.
_ALPHA, _BETA = 1.09929682680944, 0.018053968510807
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
CURVES = {
    "srgb": _SRGB_CURVE,
    "display-p3": _SRGB_CURVE,
    "rec2020": (1 / 0.45, 1 / _ALPHA, 1 - 1 / _ALPHA, 1 / 4.5, 4.5 * _BETA),
}
"""(g, a, b, c, d) of an encoded space, as ICC's parametric curve of type 3 takes them: light is (a x + b) ** g from the
code x = d on, and c x below. IEC 61966-2-1, and the inverse of BT.2020's transfer function."""
KNEES = {"srgb": 0.0031308, "display-p3": 0.0031308, "rec2020": _BETA}
"""Linear light up to which an encoded space's curve is a straight line through 0."""


def is_encoded(space: str) -> bool:
    """Whether samples of the space carry a curve once they are ready for a display."""
    return space in CURVES


def xyz_of(xy: tuple[float, float]) -> Array:
    """XYZ of a chromaticity, (3,), with Y at 1."""
    x, y = xy
    return np.array([x / y, 1.0, (1.0 - x - y) / y])


def xy_of(xyz: Array) -> tuple[float, float]:
    """CIE 1931 chromaticity of XYZ."""
    total = float(xyz.sum())
    return float(xyz[0]) / total, float(xyz[1]) / total


def rgb_to_xyz(space: str) -> Array:
    """Linear RGB of a space to XYZ, (3, 3); RGB white becomes D65 with Y at 1.

    Raises
    ------
    KeyError
        For ``camera``, whose primaries nobody knows.
    """
    columns = np.array([xyz_of(xy) for xy in _PRIMARIES[space.removesuffix("-linear")]]).T
    scaled: Array = columns * np.linalg.solve(columns, xyz_of(D65_XY))
    return scaled


def adaptation(white: Array, to: Array) -> Array:
    """XYZ as seen under one white to XYZ that looks alike under another, (3, 3): Bradford, linear.

    Parameters
    ----------
    white, to : array
        XYZ of the two whites, (3,).
    """
    scale = (_BRADFORD @ to) / (_BRADFORD @ white)
    matrix: Array = np.linalg.inv(_BRADFORD) @ (scale[:, None] * _BRADFORD)
    return matrix


def encode(space: str, linear: npt.ArrayLike) -> Array:
    """Linear light of 0 … 1 as the space's code values of 0 … 1: IEC 61966-2-1 for ``srgb`` and ``display-p3``,
    ITU-R BT.2020 for ``rec2020``; the other spaces have no curve.
    """
    light = np.asarray(linear, np.float64)
    if not is_encoded(space):
        return light
    if space == "rec2020":
        return np.where(light < _BETA, 4.5 * light, _ALPHA * np.maximum(light, _BETA) ** 0.45 - (_ALPHA - 1.0))
    knee = KNEES[space]
    return np.where(light <= knee, 12.92 * light, 1.055 * np.maximum(light, knee) ** (1.0 / 2.4) - 0.055)


def decode(space: str, code: npt.ArrayLike) -> Array:
    """The inverse of `encode`."""
    values = np.asarray(code, np.float64)
    if not is_encoded(space):
        return values
    g, a, b, c, d = CURVES[space]
    return np.where(values < d, c * values, (a * np.maximum(values, d) + b) ** g)
