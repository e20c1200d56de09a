"""ICC profiles of the output spaces, computed from their primaries and curves."""

from __future__ import annotations

import struct
from functools import cache

import numpy as np

from tenbit.kernels._facts import Array

ENCODED_SPACES = ("srgb", "display-p3", "rec2020")
"""Spaces whose samples carry a curve once the frame's state is ``display``."""

SPACES = ("srgb", "srgb-linear", "display-p3", "rec2020", "rec2020-linear", "camera")

_TITLES = {"srgb": "sRGB", "display-p3": "Display P3", "rec2020": "Rec. 2020"}

# Red, green, blue as CIE xy: IEC 61966-2-1, SMPTE RP 431-2, ITU-R BT.2020.
_PRIMARIES = {
    "srgb": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "display-p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    "rec2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
}
_D65 = (0.3127, 0.3290)
_D50_XYZ = np.array([0.9642, 1.0, 0.8249])  # the profile connection space of every ICC version
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])

# (g, a, b, c, d): linear = (a x + b) ** g from x = d on, c x below. IEC 61966-2-1, and the inverse of the transfer
# function of ITU-R BT.2020 table 4 with its exact constants.
_ALPHA, _BETA = 1.09929682680944, 0.018053968510807
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_REC2020_CURVE = (1 / 0.45, 1 / _ALPHA, 1 - 1 / _ALPHA, 1 / 4.5, 4.5 * _BETA)
_CURVES = {"srgb": _SRGB_CURVE, "display-p3": _SRGB_CURVE, "rec2020": _REC2020_CURVE}


@cache
def icc_profile(space: str, state: str) -> bytes | None:
    """The profile that tells a viewer what the numbers in a file mean: matrix and curve, ICC version 4.

    Made here because `imagecodecs.cms_profile` writes today's date into it (the same picture would never give the
    same file), calls every space "RGB built-in", and needs three tables (25 kB) for a curve that is one formula.

    Parameters
    ----------
    space : str
        One of `SPACES`.
    state : str
        ``linear`` gives the space's primaries with a gamma of 1, whatever the space's own curve.

    Returns
    -------
    bytes or None
        About 600 bytes; None for ``camera``, whose primaries nobody knows.

    Notes
    -----
    ICC.1:2010, parametric curve type 3; D65 adapted to D50 by Bradford's matrix (its annex E).
    """
    if space == "camera":
        return None
    base = space.removesuffix("-linear")
    is_linear = state == "linear" or base != space
    adaptation = _to_d50()
    # Green takes the rounding of red and blue: white then is D50 to the last bit, so that greys stay grey.
    columns = _fixed(adaptation @ _rgb_to_xyz(base))
    columns[:, 1] = _fixed(_D50_XYZ) - columns[:, 0] - columns[:, 2]
    curve = struct.pack(">4sII", b"curv", 0, 0)
    if not is_linear:
        curve = struct.pack(">4sIHH5i", b"para", 0, 3, 0, *_fixed(np.array(_CURVES[base])))
    tags = {
        b"desc": _text(_TITLES[base] + (" linear" if is_linear else "")),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": _xyz(_fixed(_D50_XYZ)),
        b"chad": struct.pack(">4sI9i", b"sf32", 0, *_fixed(adaptation).ravel()),
        b"rXYZ": _xyz(columns[:, 0]),
        b"gXYZ": _xyz(columns[:, 1]),
        b"bXYZ": _xyz(columns[:, 2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _assembled(tags)


def _rgb_to_xyz(space: str) -> Array:
    """Linear RGB of a space to XYZ under D65, (3, 3): columns scaled so that RGB white is the white point."""
    columns = np.array([_xy_to_xyz(xy) for xy in _PRIMARIES[space]]).T
    scaled: Array = columns * np.linalg.solve(columns, _xy_to_xyz(_D65))
    return scaled


def _xy_to_xyz(xy: tuple[float, float]) -> Array:
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _to_d50() -> Array:
    """XYZ under D65 to XYZ under D50, (3, 3), after Bradford."""
    scale = (_BRADFORD @ _D50_XYZ) / (_BRADFORD @ _xy_to_xyz(_D65))
    adaptation: Array = np.linalg.inv(_BRADFORD) @ (scale[:, None] * _BRADFORD)
    return adaptation


def _fixed(values: Array) -> Array:
    """ICC's s15Fixed16Number: integers of 1/65536."""
    fixed: Array = np.rint(values * 65536).astype(np.int32)
    return fixed


def _xyz(values: Array) -> bytes:
    return struct.pack(">4sI3i", b"XYZ ", 0, *values)


def _text(text: str) -> bytes:
    """A multiLocalizedUnicode tag with one English record."""
    encoded = text.encode("utf-16-be")
    return struct.pack(">4sIII4sII", b"mluc", 0, 1, 12, b"enUS", len(encoded), 28) + encoded


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    """Header, tag table and tag data, each tag on four bytes, equal data once."""
    table, data, places = b"", b"", dict[bytes, int]()
    for name, payload in tags.items():
        if payload not in places:
            places[payload] = 132 + 12 * len(tags) + len(data)
            data += payload + bytes(-len(payload) % 4)
        table += struct.pack(">4sII", name, places[payload], len(payload))
    body = struct.pack(">I", len(tags)) + table + data
    # A fixed date: the same picture gives the same file.
    header = struct.pack(">IIHH", 128 + len(body), 0, 0x0430, 0) + b"mntrRGB XYZ "
    header += struct.pack(">6H4s", 2025, 1, 1, 0, 0, 0, b"acsp")
    header += bytes(28) + struct.pack(">3i", *_fixed(_D50_XYZ))
    return header.ljust(128, b"\0") + body
