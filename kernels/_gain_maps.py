"""Maps of gains, per CFA site or per plane, as the gain maps of DNG that `_opcodes` applies; and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array, Facts, Opcode
from tenbit.kernels._opcodes import CODES, SIGNAL, UNBOUNDED, Scale
from tenbit.kernels._optics import Correction

# Samples that have been balanced and kept, or brightened, have no one end.
_OPEN = Scale(1.0, CODES, -UNBOUNDED, UNBOUNDED)


def scale_of(facts: Facts) -> Scale:
    """Where gains have to stop: where the sensor ends, as long as all colours do so at 1."""
    is_one_end = facts.exposure_ev == 0.0 and (facts.is_clipped or not facts.is_balanced)
    return SIGNAL if is_one_end else _OPEN


def of_sites(
    maps: Sequence[Array], facts: Facts, *, spacing: tuple[float, float], origin: tuple[float, float]
) -> tuple[Opcode, ...]:
    """Gain maps of a mosaic, one for each site of its CFA, row by row.

    Parameters
    ----------
    maps : sequence of array
        (points down, points across) for every site of one period.
    facts : Facts
    spacing, origin : tuple of float
        (down, across) of the points, in sides of the frame.
    """
    assert facts.cfa is not None
    period = facts.cfa.period
    grid = {"MapSpacingV": spacing[0], "MapSpacingH": spacing[1], "MapOriginV": origin[0], "MapOriginH": origin[1]}
    opcodes = []
    for site, gains in enumerate(maps):
        area = {"Top": site // period, "Left": site % period, "Bottom": facts.rows, "Right": facts.cols}
        area |= {"Plane": 0, "Planes": 1, "RowPitch": period, "ColPitch": period, "MapPlanes": 1}
        opcodes.append(Opcode(2, "GainMap", area | grid | {"Gains": np.asarray(gains, np.float32)[..., None]}))
    return tuple(opcodes)


def on_mosaic(opcode: Opcode, facts: Facts) -> tuple[Opcode, ...]:
    """A gain map of planes as gain maps of the sites of a mosaic, each within the area that it has.

    Of rows and columns that it leaves out none is left out here: an interpolated plane has no sites.
    """
    assert facts.cfa is not None
    p: dict[str, Any] = opcode.parameters
    period = facts.cfa.period
    out = []
    for site, colour in enumerate(facts.cfa.sites):
        if not p["Plane"] <= colour < p["Plane"] + p["Planes"]:
            continue
        top, left = max(p["Top"], 0), max(p["Left"], 0)
        area = {"Top": top + (site // period - top) % period, "Left": left + (site % period - left) % period}
        area |= {"RowPitch": period, "ColPitch": period, "Plane": 0, "Planes": 1, "MapPlanes": 1}
        gains = p["Gains"][..., min(colour - p["Plane"], p["MapPlanes"] - 1)][..., None]
        out.append(replace(opcode, list=2, parameters=p | area | {"Gains": gains}))
    return tuple(out)


def most_ev(opcodes: Sequence[Opcode]) -> float:
    """The largest gain of gain maps, in EV."""
    return float(np.log2(max(1e-6, *(float(opcode.parameters["Gains"].max()) for opcode in opcodes))))


def said_of(opcodes: Sequence[Opcode]) -> tuple[Correction, ...]:
    """What a file's own gain maps have undone, for the record: fall-off and colour shading; none without a map."""
    maps = [opcode for opcode in opcodes if opcode.name == "GainMap" and (opcode.parameters["Gains"] != 1.0).any()]
    if not maps:
        return ()
    source, figures = "opcode GainMap of the file", (("corner_ev", round(most_ev(maps), 3)),)
    return Correction("vignetting", source, figures=figures), Correction("colour_shading", source, figures=figures)
