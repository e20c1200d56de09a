"""Which colour space a picture's ICC profile means."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._spaces import CURVES, D50_XYZ, D65_XY, adaptation, rgb_to_xyz, xyz_of

# Primaries of one space in profiles of several makers lie within this (XYZ, D50), those of two spaces ten times apart.
_NEAR = 0.006
# Where curves are looked at, and how far the same curve of two makers may be apart there.
_CODES = np.array([0.25, 0.5, 0.75])
_CURVE_NEAR = 0.02
_PRIMARIES_OF_H273 = {1: "srgb", 9: "rec2020", 12: "display-p3"}


class Meant(NamedTuple):
    """A colour space, whether the samples lack its curve, and what the user should be told."""

    space: str = "srgb"
    is_linear: bool = False
    notes: tuple[str, ...] = ()


def meant_by(icc: bytes | None, cicp: tuple[int, int] | None = None) -> Meant:
    """The space that a profile's primaries and curve mean; sRGB where there is none.

    Parameters
    ----------
    icc : bytes or None
        Of an RGB picture: matrix and curves. Anything else is noted, and taken for sRGB.
    cicp : tuple of int or None
        Primaries and curve by ITU-T H.273, which go before a profile (PNG).

    Notes
    -----
    ICC.1:2010, 8.3.3: rXYZ, gXYZ and bXYZ are the primaries seen under D50, rTRC leads from codes to light.
    """
    if cicp is not None and cicp[0] in _PRIMARIES_OF_H273:
        return Meant(_PRIMARIES_OF_H273[cicp[0]], is_linear=cicp[1] == 8)
    if icc is None:
        return Meant()
    tags = _tags(icc)
    columns = [_xyz(tags.get(name, b"")) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    light = _light(tags.get(b"gTRC", b""))
    if icc[16:20] == b"GRAY" and light is not None:
        return Meant(is_linear=bool(np.abs(light - _CODES).max() < _CURVE_NEAR))
    title = _title(tags.get(b"desc", b"")) or "unnamed"
    unknown = Meant(notes=(f"its colour profile ({title}) is none of tenbit's spaces: taken for srgb",))
    if light is None or any(column is None for column in columns):
        return unknown
    found = np.array(columns).T
    to_d50 = adaptation(xyz_of(D65_XY), D50_XYZ)
    away = {space: float(np.abs(to_d50 @ rgb_to_xyz(space) - found).max()) for space in CURVES}
    space = min(away, key=lambda name: away[name])
    if away[space] > _NEAR:
        return unknown
    if np.abs(light - _CODES).max() < _CURVE_NEAR:
        return Meant(space, is_linear=True)
    if np.abs(light - decoded(space, _CODES)).max() > _CURVE_NEAR:
        return Meant(space, notes=(f"its colour profile ({title}) has another curve than {space}'s",))
    return Meant(space)


def decoded(space: str, codes: Array) -> Array:
    """Light of code values 0 … 1 of an encoded space."""
    g, a, b, c, d = CURVES[space]
    return np.asarray(np.where(codes >= d, np.abs(a * codes + b) ** g, c * codes))


def _tags(icc: bytes) -> dict[bytes, bytes]:
    """The tags of a profile by name; those that lie outside it are left out."""
    if len(icc) < 132 or icc[36:40] != b"acsp":
        return {}
    (count,) = struct.unpack_from(">I", icc, 128)
    entries = [struct.unpack_from(">4sII", icc, 132 + 12 * n) for n in range(min(count, (len(icc) - 132) // 12, 100))]
    return {name: icc[at : at + size] for name, at, size in entries if at + size <= len(icc)}


def _xyz(tag: bytes) -> tuple[float, ...] | None:
    if tag[:4] != b"XYZ " or len(tag) < 20:
        return None
    return tuple(value / 65536 for value in struct.unpack_from(">3i", tag, 8))


def _light(tag: bytes) -> Array | None:
    """Light at `_CODES`, by a curve (ICC.1, 10.5) or a formula (10.15)."""
    if tag[:4] == b"curv" and len(tag) >= 12:
        (count,) = struct.unpack_from(">I", tag, 8)
        values = np.frombuffer(tag[12 : 12 + 2 * count], ">u2")
        if count == 0:
            return _CODES
        if count == 1 and len(values) == 1:
            return np.asarray(_CODES ** (values[0] / 256))
        return np.interp(_CODES, np.linspace(0, 1, count), values / 65535) if len(values) == count else None
    if tag[:4] == b"para" and len(tag) >= 12:
        kind = struct.unpack_from(">H", tag, 8)[0]
        wanted = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}.get(kind, 0)
        if not wanted or len(tag) < 12 + 4 * wanted:
            return None
        g, a, b, c, d, e, f = (*(v / 65536 for v in struct.unpack_from(f">{wanted}i", tag, 12)), *(0.0,) * 7)[:7]
        if kind < 3:
            # The first kinds have no straight part of their own: at these codes only the power is met.
            return np.asarray(np.maximum((a if kind else 1.0) * _CODES + b, 0) ** g + (c if kind == 2 else 0.0))
        return np.asarray(np.where(d <= _CODES, np.maximum(a * _CODES + b, 0) ** g + e, c * _CODES + f))
    return None


def _title(tag: bytes) -> str:
    """The profile's name: version 4 has it in UTF-16, version 2 in ASCII."""
    if tag[:4] == b"mluc" and len(tag) >= 28:
        size, at = struct.unpack_from(">II", tag, 20)
        return tag[at : at + size].decode("utf-16-be", "replace").strip("\0 ")
    if tag[:4] == b"desc" and len(tag) >= 12:
        (size,) = struct.unpack_from(">I", tag, 8)
        return tag[12 : 12 + size].split(b"\0")[0].decode("ascii", "replace").strip()
    return ""
