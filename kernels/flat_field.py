"""Flat field: fall-off and colour shading undone by a map of the user's own, measured on evenly lit frames."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tenbit.kernels import _gain_maps, _opcodes
from tenbit.kernels._facts import Array, Cfa, Facts, Opcode
from tenbit.kernels._noise import multiplied
from tenbit.kernels._optics import UNKNOWN_SIZE, Correction, Defect, Flat
from tenbit.kernels._stage import Prepared, Stage, Told, param, require_signal
from tenbit.kernels.errors import StageError

# How much larger a frame may be than what a map covers, and how much smaller, as ratios of lengths: rows and columns
# that a reader leaves out, and a picture of another shape from the same sensor; not another sensor.
_LARGEST, _SMALLEST = 1.02, 0.9
_DEFECTS: tuple[Defect, ...] = ("vignetting", "colour_shading")


@dataclass(frozen=True)
class Parameters:
    """Undo fall-off and colour shading by the map of gains that `tenbit calibrate flat` has made of the lens.

    A file's own gain maps come before it. Where something else has undone the fall-off, or the file holds an opcode
    that will, only the map's colours are used.
    """

    profile: Literal["auto", "always", "none"] = param(
        "auto",
        "auto: the map in the lens's profile, where there is one and the camera has not undone shading itself; always: "
        "even then; none.",
    )


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The steps of the map, and a record of it.

    Raises
    ------
    StageError
        If the samples still hold their black level, or have been cut or turned: then sites are no longer where the map
        has them.
    """
    require_signal("flat_field", facts)
    optics = facts.optics
    known = optics.withheld if optics else ()
    withheld = tuple(said for said in known if said.defect == "colour_shading" and said not in facts.corrections)
    if optics is None or optics.flat is None:
        return Prepared(_recorded(facts, *(withheld if parameters.profile != "none" else ())))
    flat = optics.flat
    reason = "profile: none in the chain" if parameters.profile == "none" else _against(flat, facts)
    if reason:
        return Prepared(_recorded(facts, *(_said(flat, defect, reason=reason) for defect in _DEFECTS), *withheld))
    if facts.moved_by:
        raise StageError(f"flat_field: its map is of the frame as read; put it before {facts.moved_by[0]}")
    before = _light_by(facts)
    gains = flat.gains.astype(np.float64)
    if before:
        greens = [site for site, letter in enumerate(flat.cfa) if letter == "G"]
        gains = gains / gains[greens].mean(axis=0)
    maps = _placed(gains, flat, facts)
    corners = gains[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    if before:
        light = _said(flat, "vignetting", reason=f"undone by {before}")
    else:
        light = _said(flat, "vignetting", figures=(("corner_ev", round(float(np.log2(corners.mean())), 3)),))
    colours = _said(flat, "colour_shading", figures=(("corner_pct", _tint(flat.cfa, corners)),))
    steps = _opcodes.steps_of(maps, facts, _gain_maps.scale_of(facts), "flat_field")
    after = multiplied(_recorded(facts, light, colours), _opcodes.mean_gains(maps, facts))
    done = "colour shading" if before else "fall-off and colour shading"
    return Prepared(after, steps, notes=(Told(f"{done} by {flat.origin.source} ({flat.origin.provenance})"),))


def _against(flat: Flat, facts: Facts) -> str:
    """Why a map is not used; empty when it may be."""
    before = facts.corrected("colour_shading")
    if before:
        return f"undone already by {before.source}"
    if any(opcode.name == "GainMap" and opcode.list == 3 for opcode in facts.opcodes):
        return "the file's own opcode GainMap comes first"
    if facts.pixel_mm is None:
        return UNKNOWN_SIZE
    sides = facts.rows * facts.pixel_mm, facts.cols * facts.pixel_mm
    ratios = sides[0] / flat.height_mm, sides[1] / flat.width_mm
    if max(ratios) > _LARGEST or max(ratios) < _SMALLEST:
        return (
            f"it is of {flat.height_mm:.1f} x {flat.width_mm:.1f} mm, and the picture of {sides[0]:.1f} x "
            f"{sides[1]:.1f} mm: another sensor"
        )
    return ""


def _light_by(facts: Facts) -> str:
    """What has undone the fall-off, or will; empty when nothing."""
    before = facts.corrected("vignetting")
    if before:
        return before.source
    has_opcode = any(opcode.name == "FixVignetteRadial" for opcode in facts.opcodes)
    return "opcode FixVignetteRadial of the file" if has_opcode else ""


def _placed(gains: Array, flat: Flat, facts: Facts) -> tuple[Opcode, ...]:
    """The map as gain maps of the sites of this frame's CFA; the axis of both is in the same place."""
    assert facts.cfa is not None and facts.pixel_mm is not None
    spacing, origin = [], []
    for count, centre, points, side_mm in (
        (facts.rows, facts.optical_centre[0], gains.shape[1], flat.height_mm),
        (facts.cols, facts.optical_centre[1], gains.shape[2], flat.width_mm),
    ):
        side = side_mm / (count * facts.pixel_mm)
        spacing.append(side / (points - 1))
        origin.append((centre + 0.5) / count - side / 2)
    ours = [_kind(facts.cfa, row, col) for row in range(facts.cfa.period) for col in range(facts.cfa.period)]
    theirs = [_kind(Cfa(flat.cfa), row, col) for row in (0, 1) for col in (0, 1)]
    maps = [gains[theirs.index(kind)] for kind in ours]
    return _gain_maps.of_sites(maps, facts, spacing=(spacing[0], spacing[1]), origin=(origin[0], origin[1]))


def _kind(cfa: Cfa, row: int, col: int) -> tuple[int, int]:
    """The colour of a site, and the colour beside it in its row: which tells the two greens apart."""
    return cfa.colour(row, col), cfa.colour(row, col + (2 if cfa.is_quad else 1))


def _tint(cfa: str, corners: Array) -> float:
    """The largest difference of red and blue gains to green ones in a corner, percent."""
    colours = {letter: corners[[n for n, other in enumerate(cfa) if other == letter]].mean(axis=0) for letter in "RGB"}
    return round(max(float(np.abs(colours[c] / colours["G"] - 1).max()) for c in "RB") * 100, 2)


def _said(
    flat: Flat, defect: Defect, *, reason: str = "", figures: tuple[tuple[str, float | str], ...] = ()
) -> Correction:
    """An entry of the record; with a reason, of what the map was not used for."""
    origin = flat.origin
    return Correction(defect, origin.source, origin.provenance, is_applied=not reason, reason=reason, figures=figures)


def _recorded(facts: Facts, *said: Correction) -> Facts:
    return dataclasses.replace(facts, corrections=(*facts.corrections, *said))


STAGE = Stage("flat_field", Parameters, ("mosaic",), prepare)
