"""Opcodes for tests, and an application of each by the specification, sample by sample over NumPy slices."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import Opcode


def area(top, left, bottom, right, *, pitch=(1, 1), plane=0, planes=1):
    names = ("Top", "Left", "Bottom", "Right", "Plane", "Planes", "RowPitch", "ColPitch")
    return dict(zip(names, (top, left, bottom, right, plane, planes, *pitch), strict=True))


def gain_map(number, where, gains, *, spacing=None, origin=(0.0, 0.0)):
    gains = np.asarray(gains, np.float32)
    gains = gains[..., None] if gains.ndim == 2 else gains
    spacing = spacing or tuple(1.0 / max(n - 1, 1) for n in gains.shape[:2])
    grid = {"MapSpacingV": spacing[0], "MapSpacingH": spacing[1], "MapOriginV": origin[0], "MapOriginH": origin[1]}
    return Opcode(number, "GainMap", where | grid | {"MapPlanes": gains.shape[2], "Gains": gains})


def table(number, where, entries):
    return Opcode(number, "MapTable", where | {"Table": np.asarray(entries, np.uint16)})


def polynomial(number, where, *coefficients):
    return Opcode(number, "MapPolynomial", where | {"Coefficients": tuple(map(float, coefficients))})


def lines(number, kind, where, values):
    return Opcode(number, kind, where | {"Values": np.asarray(values, np.float32)})


def trim(number, top, left, bottom, right):
    return Opcode(number, "TrimBounds", {"Top": top, "Left": left, "Bottom": bottom, "Right": right})


def by_the_book(samples, opcode):
    """One plane after one opcode; list 1 works on 16-bit codes, list 2 on 0 … 1. float64."""
    out = np.array(samples, np.float64)
    p = opcode.parameters
    if opcode.name == "TrimBounds":
        return out[p["Top"] : p["Bottom"], p["Left"] : p["Right"]]
    code = 1.0 if opcode.list == 1 else 1.0 / 65535
    most, least = (65535.0, 0.0) if opcode.list == 1 else (1.0, -1.0)
    total_rows, total_cols = out.shape
    for i, row in enumerate(range(p["Top"], p["Bottom"], p["RowPitch"])):
        for j, col in enumerate(range(p["Left"], p["Right"], p["ColPitch"])):
            if not (0 <= row < total_rows and 0 <= col < total_cols):
                continue
            x = out[row, col]
            if opcode.name == "MapTable":
                entries = p["Table"].astype(float)
                place = min(abs(x) / code, len(entries) - 1)
                y = np.interp(place, np.arange(len(entries)), entries) * code
                y = y if x >= 0 else 2 * entries[0] * code - y
            elif opcode.name == "MapPolynomial":
                c = p["Coefficients"]
                y = sum(c[n] * min(abs(x), most) ** n for n in range(len(c)))
                y = y if x >= 0 else 2 * c[0] - y
            elif opcode.name == "GainMap":
                at_row = ((row + 0.5) / total_rows - p["MapOriginV"]) / p["MapSpacingV"]
                at_col = ((col + 0.5) / total_cols - p["MapOriginH"]) / p["MapSpacingH"]
                rows = [np.interp(at_col, np.arange(p["Gains"].shape[1]), line) for line in p["Gains"][..., 0]]
                y = x * np.interp(at_row, np.arange(len(rows)), rows)
            else:
                value = float(p["Values"][i if opcode.name.endswith("Row") else j])
                y = x + value * code if opcode.name.startswith("Delta") else x * value
            out[row, col] = min(max(y, least), most)
    return out
