"""Where the places of opcodes lie in a frame, and what a LinearizationTable has to do with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tenbit.kernels._facts import LINEARIZATION, Array, Opcode
from tenbit.pipeline.raw.covered import Rectangle

# Opcodes that are of an area.
_OF_AREAS = ("MapTable", "MapPolynomial", "GainMap", "DeltaPerRow", "DeltaPerColumn", "ScalePerRow", "ScalePerColumn")


def waits_for_list_1(opcodes: Sequence[Opcode]) -> bool:
    """Whether the LinearizationTable has to wait until list 1 has been applied to the stored codes."""
    of_values = (*_OF_AREAS, "FixBadPixelsConstant")
    return any(opcode.list == 1 and opcode.name in of_values for opcode in opcodes)


def placed(
    opcodes: Sequence[Opcode],
    active: Rectangle,
    stored: tuple[int, int],
    *,
    is_mosaic: bool = True,
    is_float: bool = False,
) -> tuple[Opcode, ...]:
    """Opcodes with all places in pixels of the active area, which is what a frame holds.

    Parameters
    ----------
    opcodes : sequence of Opcode
        As the file has them: list 1 in pixels of the whole picture, covered ones with them, the others in those of the
        active area.
    active : tuple of int
        (top, left, bottom, right)
    stored : tuple of int
        (rows, cols) of the whole picture.
    is_mosaic, is_float : bool
        Of the samples. Deltas of floats are of the samples themselves, not of 65535 codes.

    Returns
    -------
    tuple of Opcode
        Those of lists 1 and 2 say what frame they are of as ``OfFrame``: (rows, cols, whether it is a mosaic), and of
        list 1 whether its samples are floats as ``IsOfFloats``.

    Notes
    -----
    After a TrimBounds, later places of its list count from what is left.
    """
    top, left, rows, cols = 0, 0, *stored
    high, wide = active[2] - active[0], active[3] - active[1]
    out = []
    for opcode in opcodes:
        p = dict(opcode.parameters)
        if opcode.list < 3:
            p["OfFrame"] = high, wide, is_mosaic
        if opcode.list == 2 and is_float and opcode.name.startswith("Delta"):
            p["Values"] = p["Values"] * np.float32(65535)
        if opcode.list == 1:
            p["IsOfFloats"] = is_float
            down, right = top - max(active[0], top), left - max(active[1], left)
            if opcode.name == "GainMap":
                # (row + 0.5) / rows of the whole picture, in sides of the active area.
                p["MapOriginV"] = (p["MapOriginV"] * rows + down) / high
                p["MapOriginH"] = (p["MapOriginH"] * cols + right) / wide
                p["MapSpacingV"], p["MapSpacingH"] = p["MapSpacingV"] * rows / high, p["MapSpacingH"] * cols / wide
            if opcode.name == "FixBadPixelsList":
                p["Points"] = p["Points"].astype(np.int64) + np.array([down, right])
                p["Rectangles"] = p["Rectangles"].astype(np.int64) + np.array([down, right, down, right])
            if opcode.name == "TrimBounds":
                top, left = top + p["Top"], left + p["Left"]
                rows, cols = p["Bottom"] - p["Top"], p["Right"] - p["Left"]
            if opcode.name in (*_OF_AREAS, "TrimBounds"):
                p |= {"Top": p["Top"] + down, "Bottom": p["Bottom"] + down}
                p |= {"Left": p["Left"] + right, "Right": p["Right"] + right}
        if opcode.name == "TrimBounds":
            # Where nothing is left, the stage says so.
            high = max(min(p["Bottom"], high) - max(p["Top"], 0), 1)
            wide = max(min(p["Right"], wide) - max(p["Left"], 0), 1)
        out.append(replace(opcode, parameters=p))
    return tuple(out)


def linearization(table: Array, rows: int, cols: int) -> Opcode:
    """A LinearizationTable that waits for list 1, as the last opcode of that list."""
    area = {"Top": 0, "Left": 0, "Bottom": rows, "Right": cols, "Plane": 0, "Planes": 1, "RowPitch": 1, "ColPitch": 1}
    return Opcode(1, LINEARIZATION, area | {"Table": table.astype(np.uint16)})
