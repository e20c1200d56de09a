"""ICC profiles of the output spaces, computed from their primaries and curves."""

from __future__ import annotations

import struct
from functools import cache

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._spaces import CURVES, D50_XYZ, D65_XY, adaptation, rgb_to_xyz, xyz_of

_TITLES = {"srgb": "sRGB", "display-p3": "Display P3", "rec2020": "Rec. 2020"}


@cache
def icc_profile(space: str, state: str) -> bytes | None:
    """The profile that tells a viewer what the numbers in a file mean: matrix and curve, ICC version 4.

    Made here because `imagecodecs.cms_profile` writes today's date into it (the same picture would never give the
    same file), calls every space "RGB built-in", and needs three tables (25 kB) for a curve that is one formula.

    Parameters
    ----------
    space : str
        One of ``SPACES``.
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
    to_d50 = adaptation(xyz_of(D65_XY), D50_XYZ)
    # Green takes the rounding of red and blue: white then is D50 to the last bit, so that greys stay grey.
    columns = _fixed(to_d50 @ rgb_to_xyz(base))
    columns[:, 1] = _fixed(D50_XYZ) - columns[:, 0] - columns[:, 2]
    curve = struct.pack(">4sII", b"curv", 0, 0)
    if not is_linear:
        curve = struct.pack(">4sIHH5i", b"para", 0, 3, 0, *_fixed(np.array(CURVES[base])))
    tags = {
        b"desc": _text(_TITLES[base] + (" linear" if is_linear else "")),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": _xyz(_fixed(D50_XYZ)),
        b"chad": struct.pack(">4sI9i", b"sf32", 0, *_fixed(to_d50).ravel()),
        b"rXYZ": _xyz(columns[:, 0]),
        b"gXYZ": _xyz(columns[:, 1]),
        b"bXYZ": _xyz(columns[:, 2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _assembled(tags)


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
    header += bytes(28) + struct.pack(">3i", *_fixed(D50_XYZ))
    return header.ljust(128, b"\0") + body
