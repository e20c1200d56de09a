"""Which of several sources undoes distortion and lateral colour: the chain's numbers, opcodes of the file, the profile.

Law 6: of each defect one, and the record says which, and why not the others.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tenbit.kernels import _laws
from tenbit.kernels._facts import Facts, Opcode
from tenbit.kernels._optics import UNKNOWN_SIZE, Correction, Defect, Lateral, Warp
from tenbit.kernels._stage import Told
from tenbit.kernels.errors import StageError
from tenbit.kernels.lens import candidates
from tenbit.kernels.lens.candidates import (
    FRAME,
    NUMBERS,
    Candidate,
    Found,
    half_diagonal,
    is_colour_given,
    measured_colour,
    numbers_colour,
    numbers_warp,
    profile_colour,
    profile_warp,
)
from tenbit.kernels.lens.path import Path

if TYPE_CHECKING:
    from tenbit.kernels.lens import Parameters

# No lens does a hundredth of it; numbers of a broken file do, and float32 has no such places.
_FARTHEST = 1000


@dataclass
class Choice:
    """What is undone, and by what.

    Parameters
    ----------
    path : Path
        Without what is measured while the frame is developed.
    is_measured : bool
        Whether lateral colour is undone as it was measured.
    winners : dict
        The candidate that won each defect.
    left_out : list of Correction
        Those that did not.
    opcodes : tuple of Opcode
        Those that nobody has decided about.
    notes : list of str
    """

    path: Path
    is_measured: bool = False
    winners: dict[Defect, Candidate] = field(default_factory=dict)
    left_out: list[Correction] = field(default_factory=list)
    opcodes: tuple[Opcode, ...] = ()
    notes: list[str] = field(default_factory=list)


def choose(p: Parameters, facts: Facts) -> Choice:
    """The first source of each defect, in the order numbers, opcode, profile, frame, that can be used.

    Raises
    ------
    StageError
        If the chain's numbers cannot be used, ``lateral`` asks for what is not there or contradicts them, or the stage
        comes behind one that has moved what a source is about.
    """
    _refuse_contradictions(p, facts)
    pixel_mm = facts.pixel_mm or 1.0
    opcode, opcodes, refused = candidates.opcode(p, facts, pixel_mm)
    of_file = [_checked(opcode, p, facts, pixel_mm)] if opcode else []
    warps = [_checked(c, p, facts, pixel_mm) for c in numbers_warp(p, facts, pixel_mm)]
    # Some files have warps that only move red and blue, or nothing.
    warps += [
        *(c for c in of_file if c.reason or _is_bent(c, facts, pixel_mm)),
        *(_checked(c, p, facts, pixel_mm) for c in profile_warp(p, facts)),
    ]
    colours = [*numbers_colour(p, facts, pixel_mm), *(_of_colour(c) for c in of_file if _has_colours(c))]
    colours += [*profile_colour(p, facts), *measured_colour(facts)]
    # What cannot be used is left to whoever can.
    opcodes = facts.opcodes if any(c.reason for c in of_file) else opcodes
    choice = Choice(Path(pixel_mm, facts.optical_centre), opcodes=opcodes, left_out=refused)
    warp = _decided(choice, warps, facts)
    if isinstance(warp, Warp):
        choice.path = _path(warp, facts, pixel_mm)
    colour = _decided(choice, [_wanted(c, p) for c in colours], facts)
    choice.is_measured = colour == "measured"
    if isinstance(colour, Warp | Lateral):
        choice.path = dataclasses.replace(choice.path, lateral=colour)
    _say(choice, p, facts)
    return choice


def _path(warp: Warp, facts: Facts, pixel_mm: float) -> Path:
    (row, col), (down, right) = facts.optical_centre, warp.centre_mm
    return Path(pixel_mm, (row + down / pixel_mm, col + right / pixel_mm), warp)


def _refuse_contradictions(p: Parameters, facts: Facts) -> None:
    is_given = is_colour_given(p)
    if is_given and p.lateral in ("measured", "none"):
        raise StageError(f"lens: lateral: {p.lateral} and the numbers for red and blue exclude each other")
    if p.lateral == "measured" and not facts.has_lateral_colour:
        raise StageError("lens: lateral: measured needs lateral_colour before it")
    if any(p.centre) and p.distortion is None:
        raise StageError("lens: centre belongs to the numbers of distortion; here are none")
    asked: dict[Defect, bool] = {"distortion": p.distortion is not None, "lateral_colour": is_given}
    for defect, is_asked in asked.items():
        if is_asked and (before := facts.corrected(defect)):
            name = defect.replace("_", " ")
            raise StageError(f"lens: {name} was undone already by {before.source}; once is allowed")


def _is_bent(candidate: Candidate, facts: Facts, pixel_mm: float) -> bool:
    assert isinstance(candidate.found, Warp)
    path = _path(candidate.found, facts, pixel_mm)
    return not path.is_straight(path.reach_px(facts))


def _has_colours(candidate: Candidate) -> bool:
    return isinstance(candidate.found, Warp) and len(candidate.found.laws) == 3


def _of_colour(candidate: Candidate) -> Candidate:
    return dataclasses.replace(candidate, defect="lateral_colour")


def _wanted(candidate: Candidate, p: Parameters) -> Candidate:
    """Not when ``lateral`` asks for something else."""
    is_wanted = {
        "auto": True,
        "none": False,
        "given": candidate.source == NUMBERS,
        "measured": candidate.found == "measured",
    }[p.lateral]
    if is_wanted or candidate.reason:
        return candidate
    return dataclasses.replace(candidate, reason=f"lateral: {p.lateral} in the chain")


def _checked(candidate: Candidate, p: Parameters, facts: Facts, pixel_mm: float) -> Candidate:
    """The same with a reason if its law cannot be undone inside the picture.

    Raises
    ------
    StageError
        If it is the chain's own.
    """
    if candidate.reason or not isinstance(candidate.found, Warp):
        return candidate
    warp = candidate.found
    path = _path(warp, facts, pixel_mm)
    (row, col), reason = path.centre, ""
    try:
        if not (0 <= row <= facts.rows - 1 and 0 <= col <= facts.cols - 1):
            reason = "its centre is not inside the picture"
        elif not (p.autoscale and candidate.source == NUMBERS):
            reach = path.reach_px(facts) / p.scale
            with np.errstate(all="ignore"):
                turn, farthest = path.turning_px(reach), path.farthest_px(reach)
            if turn < reach:
                unit, name = half_diagonal(facts), ", ".join(f"{v:g}" for v in warp.laws[0].terms)
                if candidate.source == NUMBERS:
                    raise StageError(
                        f"lens: distortion {name} turns back at radius {turn / unit:.3f}, inside the picture "
                        "(1 is the corner); smaller numbers are needed"
                    )
                reason = f"it turns back at radius {turn / unit:.3f}, inside the picture (1 is the corner)"
            elif not farthest <= _FARTHEST * reach:
                reason = f"it looks more than {_FARTHEST} times as far out as the picture reaches"
    except StageError as error:
        if candidate.source == NUMBERS:
            raise
        reason = str(error)
    if reason and candidate.source == NUMBERS:
        raise StageError(f"lens: {candidate.source}: {reason}")
    return dataclasses.replace(candidate, reason=reason)


def _decided(choice: Choice, candidates: list[Candidate], facts: Facts) -> Found | None:
    """What the first of them that may be used has found; the record of the others."""
    winner: Candidate | None = None
    for candidate in candidates:
        before = facts.corrected(candidate.defect)
        reason = candidate.reason
        if not reason and before is not None:
            reason = f"undone already by {before.source}"
        if not reason and winner is not None:
            reason = f"undone by {winner.source}"
        if not reason:
            _refuse_moved(candidate, facts)
            winner = candidate
            choice.winners[candidate.defect] = candidate
            continue
        choice.left_out.append(
            Correction(candidate.defect, candidate.source, candidate.origin.provenance, is_applied=False, reason=reason)
        )
    return winner.found if winner else None


def _refuse_moved(candidate: Candidate, facts: Facts) -> None:
    """A `StageError` where the frame is no longer what a source speaks of."""
    if candidate.source.startswith("opcode") and "crop" in facts.moved_by:
        raise StageError("lens: opcode list 3 of the file is of the frame as read; put lens before crop")
    if "resize" in facts.moved_by and candidate.source != NUMBERS:
        raise StageError("lens: the picture was stretched; put lens before resize")
    if "orient" in facts.moved_by and candidate.source != NUMBERS and isinstance(candidate.found, Warp):
        found = candidate.found
        leans = [_laws.tangential(law) for law in found.laws]
        if any(found.centre_mm) or any(map(any, leans)):
            raise StageError(f"lens: {candidate.source} is not the same all round; put lens before orient")


def _say(choice: Choice, p: Parameters, facts: Facts) -> None:
    """What the user should be told."""
    spoken: dict[tuple[str, str], list[str]] = {}
    for defect, winner in choice.winners.items():
        if winner.source not in (NUMBERS, FRAME):
            spoken.setdefault((winner.source, winner.origin.provenance), []).append(defect.replace("_", " "))
    for (source, provenance), defects in spoken.items():
        choice.notes.append(Told(f"{' and '.join(defects)} by {source}{f' ({provenance})' if provenance else ''}"))
    if choice.is_measured:
        choice.notes.append(Told("lateral colour as measured from the frame"))
    elif facts.has_lateral_colour:
        other = choice.winners.get("lateral_colour")
        used = "left as it is" if other is None else "as given" if other.source == NUMBERS else f"by {other.source}"
        choice.notes.append(Told(f"lateral colour is {used}, not as measured from the frame"))
    if unsized := [c for c in choice.left_out if c.reason == UNKNOWN_SIZE]:
        choice.notes.append(f"{unsized[0].source} is not applied: {UNKNOWN_SIZE}")
    if p.profile != "none" and facts.optics is not None:
        known = (*facts.corrections, *choice.left_out)
        mine = [c for c in facts.optics.withheld if c.defect in ("distortion", "lateral_colour")]
        choice.left_out += [c for c in mine if c not in known]
