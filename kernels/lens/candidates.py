"""Sources that speak of distortion or lateral colour: the chain's numbers, opcodes, the profile, the frame."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tenbit.kernels._facts import Facts, Opcode
from tenbit.kernels._optics import UNKNOWN_SIZE, Correction, Defect, Lateral, Law, Origin, Warp

if TYPE_CHECKING:
    from tenbit.kernels.lens import Parameters

NUMBERS, FRAME = "the chain's numbers", "the frame itself"
_MODELS = {
    "WarpRectilinear": "warp_rectilinear",
    "WarpRectilinear2": "warp_rectilinear_2",
    "WarpFisheye": "warp_fisheye",
}
Found = Warp | Lateral | Literal["measured"]


@dataclass(frozen=True)
class Candidate:
    """One source that speaks of one defect; ``reason`` says why it may not be used, if it may not."""

    defect: Defect
    source: str
    found: Found
    origin: Origin
    reason: str = ""


def half_diagonal(facts: Facts) -> float:
    """Pixels from the middle of the frame to the outer corner of its last pixel."""
    return float(np.hypot(facts.rows, facts.cols) / 2)


def is_colour_given(p: Parameters) -> bool:
    """Whether the chain has numbers of lateral colour."""
    return (p.red_scale, p.red_k, p.blue_scale, p.blue_k) != (1.0, 0.0, 1.0, 0.0)


def measured(facts: Facts, pixel_mm: float, found: Mapping[str, Any]) -> Lateral:
    """Lateral colour as `lateral_colour` has found it, or the like."""
    unit = half_diagonal(facts) * pixel_mm
    red, blue = (Law("poly3", (found[f"{c}_scale"], 0.0, found[f"{c}_k"]), unit) for c in ("red", "blue"))
    return Lateral(red, blue, Origin(FRAME))


def numbers_warp(p: Parameters, facts: Facts, pixel_mm: float) -> list[Candidate]:
    """What the chain says of distortion."""
    if p.distortion is None:
        return []
    half = half_diagonal(facts) * pixel_mm
    centre = (p.centre[0] * half, p.centre[1] * half)
    origin = Origin(NUMBERS)
    return [Candidate("distortion", NUMBERS, Warp((Law("even", p.distortion, half),), origin, centre), origin)]


def numbers_colour(p: Parameters, facts: Facts, pixel_mm: float) -> list[Candidate]:
    """What the chain says of lateral colour."""
    if not is_colour_given(p):
        return []
    found = measured(facts, pixel_mm, dataclasses.asdict(p))
    return [Candidate("lateral_colour", NUMBERS, found, Origin(NUMBERS))]


def opcode(
    p: Parameters, facts: Facts, pixel_mm: float
) -> tuple[Candidate | None, tuple[Opcode, ...], list[Correction]]:
    """The warp of opcode list 3, the opcodes that stay behind, and the record of those."""
    warps = [o for o in facts.opcodes if o.list == 3 and o.name in _MODELS]
    if not warps:
        return None, facts.opcodes, []
    reason = ""
    name = f"opcode {warps[0].name} of the file"
    if p.opcodes == "none":
        reason = "opcodes: none in the chain"
    elif len(warps) > 1:
        reason = f"the file has {len(warps)} warps; one is understood"
    elif warps[0].parameters["Planes"] not in (1, 3):
        reason = f"it is of {warps[0].parameters['Planes']} planes, not of 1 or 3"
    elif not np.isfinite(warps[0].parameters["Coefficients"]).all():
        reason = "its coefficients are no numbers"
    left = tuple(o for o in facts.opcodes if not any(o is warp for warp in warps))
    if reason:
        kept = left if p.opcodes == "none" else facts.opcodes
        return None, kept, [Correction("distortion", name, is_applied=False, reason=reason)]
    q = warps[0].parameters
    row, col = q["CenterY"] * facts.rows - 0.5, q["CenterX"] * facts.cols - 0.5
    farthest = np.hypot(
        max(q["CenterY"], 1 - q["CenterY"]) * facts.rows, max(q["CenterX"], 1 - q["CenterX"]) * facts.cols
    )
    more = (float(q["UseReciprocal"]),) if "UseReciprocal" in q else ()
    laws = tuple(
        Law(_MODELS[warps[0].name], (*map(float, terms), *more), float(farthest) * pixel_mm)
        for terms in q["Coefficients"]
    )
    if all(law == laws[0] for law in laws):
        laws = laws[:1]
    centre = ((row - facts.optical_centre[0]) * pixel_mm, (col - facts.optical_centre[1]) * pixel_mm)
    origin = Origin(name)
    return Candidate("distortion", name, Warp(laws, origin, centre), origin), left, []


def profile_warp(p: Parameters, facts: Facts) -> list[Candidate]:
    """What the profile says of distortion."""
    warp = facts.optics.warp if facts.optics else None
    return [_profiled("distortion", warp, p, facts)] if warp else []


def profile_colour(p: Parameters, facts: Facts) -> list[Candidate]:
    """What the profile says of lateral colour."""
    if facts.optics is None:
        return []
    found: list[Warp | Lateral] = [facts.optics.lateral] if facts.optics.lateral else []
    if facts.optics.warp and len(facts.optics.warp.laws) == 3:
        found.append(facts.optics.warp)
    return [_profiled("lateral_colour", each, p, facts) for each in found]


def _profiled(defect: Defect, found: Warp | Lateral, p: Parameters, facts: Facts) -> Candidate:
    reason = "profile: none in the chain" if p.profile == "none" else ""
    if not reason and facts.pixel_mm is None and "resize" not in facts.moved_by:
        reason = UNKNOWN_SIZE
    return Candidate(defect, found.origin.source, found, found.origin, reason)


def measured_colour(facts: Facts) -> list[Candidate]:
    """What `lateral_colour` measures."""
    origin = Origin(FRAME)
    return [Candidate("lateral_colour", FRAME, "measured", origin)] if facts.has_lateral_colour else []
