"""DNG opcode lists (DNG 1.6, chapter 7): parsed into `Opcode` records, not applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array, Opcode
from tenbit.pipeline.errors import ReadError

_OPTIONAL = 1
# No list in a real file has more than a dozen; a count from a broken file may be anything.
_MAX_OPCODES = 1024


class _Bytes:
    """Big-endian numbers taken from the front, never beyond the end."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data, self._at, self._what = data, 0, what

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def array(self, kind: str, count: int) -> Array:
        dtype = np.dtype(kind).newbyteorder(">")
        if count < 0 or count * dtype.itemsize > self.left:
            raise ReadError(f"{self._what} ends early: {count * dtype.itemsize} bytes expected, {self.left} left")
        values = np.frombuffer(self._data, dtype, count, self._at).astype(np.dtype(kind))
        self._at += count * dtype.itemsize
        return values

    def integers(self, count: int, *, is_signed: bool = False) -> tuple[int, ...]:
        return tuple(int(value) for value in self.array("i4" if is_signed else "u4", count))

    def floats(self, count: int) -> tuple[float, ...]:
        return tuple(float(value) for value in self.array("f8", count))


def _area(source: _Bytes) -> dict[str, Any]:
    top, left, bottom, right = source.integers(4, is_signed=True)
    plane, planes, row_pitch, col_pitch = source.integers(4)
    if bottom < top or right < left or not row_pitch or not col_pitch:
        raise ReadError(f"opcode area {top}, {left}, {bottom}, {right} with pitch {row_pitch}, {col_pitch}")
    area = {"Top": top, "Left": left, "Bottom": bottom, "Right": right}
    return area | {"Plane": plane, "Planes": planes, "RowPitch": row_pitch, "ColPitch": col_pitch}


def _warp(names: tuple[str, ...]) -> Callable[[_Bytes], dict[str, Any]]:
    def parse(source: _Bytes) -> dict[str, Any]:
        (planes,) = source.integers(1)
        if not 1 <= planes <= 4:
            raise ReadError(f"opcode warp of {planes} planes")
        table = source.array("f8", planes * len(names)).reshape(planes, len(names))
        centre = source.floats(2)
        return {"Planes": planes, "Names": names, "Coefficients": table, "CenterX": centre[0], "CenterY": centre[1]}

    return parse


def _warp_rectilinear_2(source: _Bytes) -> dict[str, Any]:
    names = (*(f"kr{i}" for i in range(15)), "kt0", "kt1", "MinValidRadius", "MaxValidRadius")
    parameters = _warp(names)(source)
    return parameters | {"UseReciprocal": bool(source.integers(1)[0])}


def _fix_vignette_radial(source: _Bytes) -> dict[str, Any]:
    *k, x, y = source.floats(7)
    return {"k": tuple(k), "CenterX": x, "CenterY": y}


def _fix_bad_pixels_list(source: _Bytes) -> dict[str, Any]:
    phase, points, rectangles = source.integers(3)
    return {
        "BayerPhase": phase,
        "Points": source.array("u4", 2 * points).reshape(-1, 2),
        "Rectangles": source.array("u4", 4 * rectangles).reshape(-1, 4),
    }


def _map_polynomial(source: _Bytes) -> dict[str, Any]:
    area = _area(source)
    (degree,) = source.integers(1)
    if degree > 8:
        raise ReadError(f"opcode MapPolynomial of degree {degree}, more than 8")
    coefficients = source.floats(degree + 1)
    if not np.isfinite(coefficients).all():
        raise ReadError("opcode MapPolynomial with coefficients that are no numbers")
    return area | {"Coefficients": coefficients}


def _map_table(source: _Bytes) -> dict[str, Any]:
    area = _area(source)
    (count,) = source.integers(1)
    if not 1 <= count <= 65536:
        raise ReadError(f"opcode MapTable of {count} entries")
    return area | {"Table": source.array("u2", count)}


def _gain_map(source: _Bytes) -> dict[str, Any]:
    area = _area(source)
    rows, cols = source.integers(2)
    spacing_v, spacing_h, origin_v, origin_h = source.floats(4)
    (planes,) = source.integers(1)
    if not (rows and cols and planes):
        raise ReadError(f"opcode GainMap of {rows} × {cols} points and {planes} planes")
    gains = source.array("f4", rows * cols * planes).reshape(rows, cols, planes)
    if not np.isfinite(gains).all():
        raise ReadError("opcode GainMap with gains that are no numbers")
    if not np.isfinite([spacing_v, spacing_h, origin_v, origin_h]).all() or min(spacing_v, spacing_h) < 0:
        raise ReadError(f"opcode GainMap of points {spacing_v} × {spacing_h} apart")
    # Between the points of a map of one row or column there is no way to be apart.
    spacing_v, spacing_h = spacing_v or 1.0, spacing_h or 1.0
    grid = {"MapSpacingV": spacing_v, "MapSpacingH": spacing_h, "MapOriginV": origin_v, "MapOriginH": origin_h}
    return area | grid | {"MapPlanes": planes, "Gains": gains}


def _per_line(source: _Bytes) -> dict[str, Any]:
    area = _area(source)
    (count,) = source.integers(1)
    values = source.array("f4", count)
    if not np.isfinite(values).all():
        raise ReadError("opcode per row or column with values that are no numbers")
    return area | {"Values": values}


_PARSERS: dict[int, tuple[str, Callable[[_Bytes], dict[str, Any]]]] = {
    1: ("WarpRectilinear", _warp(("kr0", "kr1", "kr2", "kr3", "kt0", "kt1"))),
    2: ("WarpFisheye", _warp(("kr0", "kr1", "kr2", "kr3"))),
    3: ("FixVignetteRadial", _fix_vignette_radial),
    4: ("FixBadPixelsConstant", lambda s: dict(zip(("Constant", "BayerPhase"), s.integers(2), strict=True))),
    5: ("FixBadPixelsList", _fix_bad_pixels_list),
    6: (
        "TrimBounds",
        lambda s: dict(zip(("Top", "Left", "Bottom", "Right"), s.integers(4, is_signed=True), strict=True)),
    ),
    7: ("MapTable", _map_table),
    8: ("MapPolynomial", _map_polynomial),
    9: ("GainMap", _gain_map),
    10: ("DeltaPerRow", _per_line),
    11: ("DeltaPerColumn", _per_line),
    12: ("ScalePerRow", _per_line),
    13: ("ScalePerColumn", _per_line),
    14: ("WarpRectilinear2", _warp_rectilinear_2),
}


def parse_opcodes(data: bytes, number: int) -> tuple[Opcode, ...]:
    """The opcodes of one list, in the order in which they are to be applied.

    Parameters
    ----------
    data : bytes
        Value of OpcodeList1, 2 or 3; big-endian whatever the file's byte order.
    number : int
        1, 2 or 3.

    Returns
    -------
    tuple of Opcode
        Parameters by the specification's names (areas as Top, Left, Bottom, Right, Plane, Planes, RowPitch, ColPitch);
        warps as ``Coefficients`` (planes, terms) with the terms' ``Names``. An opcode that is not in DNG 1.6 is
        ``Unknown<id>`` with its bytes as ``Data``.

    Raises
    ------
    ReadError
        If the list ends early or an opcode's values are impossible.
    """
    source = _Bytes(data, f"OpcodeList{number}")
    (count,) = source.integers(1)
    if count > _MAX_OPCODES:
        raise ReadError(f"OpcodeList{number} claims {count} opcodes, more than {_MAX_OPCODES}")
    opcodes = []
    for index in range(count):
        code, _, flags, size = source.integers(4)
        body = source.array("u1", size).tobytes()
        name, parser = _PARSERS.get(code, (f"Unknown{code}", lambda s: {"Data": s.array("u1", s.left).tobytes()}))
        parameters = parser(_Bytes(body, f"OpcodeList{number}[{index}] {name}"))
        opcodes.append(Opcode(number, name, parameters, bool(flags & _OPTIONAL)))
    return tuple(opcodes)


def read_opcodes(lists: dict[int, bytes | None]) -> tuple[Opcode, ...]:
    """The opcodes of a picture, list after list; the tags' values by the lists' numbers."""
    return tuple(opcode for number, data in lists.items() if data for opcode in parse_opcodes(data, number))


def apply_map_polynomials(samples: Array, opcodes: tuple[Opcode, ...]) -> tuple[Array, tuple[Opcode, ...]]:
    """Samples after the MapPolynomial opcodes that open list 2, and the opcodes that are left.

    Parameters
    ----------
    samples : array
        (rows, cols, 3) float32, 0 black and 1 white; changed in place.
    opcodes : tuple of Opcode
        All lists. Only the first entries of list 2 are applied, up to one that is no MapPolynomial: order matters.

    Returns
    -------
    samples : array
    left : tuple of Opcode

    Notes
    -----
    ``y = sum(c[i] x**i)`` on x limited to -1 … 1 (DNG 1.6, "MapPolynomial"); areas are those of the active area.
    """
    left = list(opcodes)
    for opcode in [entry for entry in opcodes if entry.list == 2]:
        if opcode.name != "MapPolynomial":
            break
        p = opcode.parameters
        rows = slice(max(p["Top"], 0), max(p["Bottom"], 0), p["RowPitch"])
        cols = slice(max(p["Left"], 0), max(p["Right"], 0), p["ColPitch"])
        area = samples[rows, cols, p["Plane"] : p["Plane"] + p["Planes"]]
        x = np.clip(area, np.float32(-1), np.float32(1))
        y = np.full_like(x, p["Coefficients"][-1])
        for coefficient in reversed(p["Coefficients"][:-1]):
            y *= x
            y += np.float32(coefficient)
        area[...] = y
        left = [entry for entry in left if entry is not opcode]
    return samples, tuple(left)
