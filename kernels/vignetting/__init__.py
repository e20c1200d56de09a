"""Vignetting: the light that a lens takes from the corners, given back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tenbit.kernels import _gain_maps, _laws, _opcodes
from tenbit.kernels._facts import Facts, Opcode, Triple
from tenbit.kernels._noise import multiplied
from tenbit.kernels._optics import UNKNOWN_SIZE, Correction, Law
from tenbit.kernels._stage import Prepared, Stage, Step, Told, param, require_signal
from tenbit.kernels.errors import StageError
from tenbit.kernels.vignetting.falloff import DarkError, Place, farthest, lifting

GIVEN = "the chain's numbers"
_CORNER = Place((0.0, 0.0))
# Of a table that stands for a law behind a warp.
_POINTS = 65


@dataclass(frozen=True)
class Parameters:
    """Give back the light that the lens takes from the corners.

    By the numbers given here; else by the file's own opcodes; else by a flat field, which has done it before; else by
    the lens's profile. Put it before ``lens``: fall-off is of the picture as the lens drew it.
    """

    profile: Literal["auto", "always", "natural", "none"] = param(
        "auto",
        "auto: the lens's profile, where one is known and the camera has not undone fall-off itself; always: even "
        "then; natural: as a thin lens of its focal length; none.",
    )
    k: Triple = param(
        (0.0, 0.0, 0.0),
        "k1, k2, k3 of the light left at r, 1 + k1 r² + k2 r⁴ + k3 r⁶; from the axis, half a diagonal is 1.",
        low=-10,
        high=10,
    )
    opcodes: Literal["auto", "none"] = param(
        "auto", "auto: the file's law of fall-off and its gain map of three colours, if it has one; none: left out."
    )
    strength: float = param(1.0, "Part of the stops that are given back; 0 changes nothing.", low=0, high=1)


@dataclass(frozen=True)
class _Source:
    """What may undo the fall-off: a law, opcodes of the file, or neither when ``said`` has a reason against it.

    Parameters
    ----------
    said : Correction
        What it is.
    law : Law or None
        Its unit in pixels.
    place : Place
    opcodes : tuple of (Opcode, Opcode or None)
        Each with the warp that stands before it in the file, if one does.
    """

    said: Correction
    law: Law | None = None
    place: Place = _CORNER
    opcodes: tuple[tuple[Opcode, Opcode | None], ...] = ()


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The steps of the source that comes first, and a record of all.

    Raises
    ------
    StageError
        If the samples still hold their black level, have been through `lens`, or are no longer those that an opcode is
        of; or if a law leaves no light somewhere in the picture.
    """
    require_signal("vignetting", facts)
    if parameters.strength == 0.0:
        return Prepared(facts)
    if facts.corrected("distortion"):
        raise StageError("vignetting: fall-off is of the picture before lens; put it further ahead")
    own = tuple(opcode for opcode in facts.opcodes if _is_ours(opcode))
    after = dataclasses.replace(facts, opcodes=tuple(o for o in facts.opcodes if not any(o is mine for mine in own)))
    before = facts.corrected("vignetting")
    by = before.source if before else ""
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    for source in (*_given(parameters, facts), *_of_file(parameters, own, facts), *_of_profile(parameters, facts)):
        reason = source.said.reason or ("" if source.law or source.opcodes else "withheld")
        if not reason and by and not (source.opcodes and by.startswith("opcode")):
            reason = f"undone {'already ' if before else ''}by {by}"
        if not reason:
            try:
                done = _by_opcodes(parameters, after, source) if source.opcodes else _by_law(parameters, after, source)
            except DarkError as error:
                if source.said.source == GIVEN:
                    raise StageError(f"vignetting: {GIVEN}: {error}") from None
                reason = str(error)
            else:
                by, after, steps, notes = source.said.source, done.facts, (*steps, *done.steps), (*notes, *done.notes)
                continue
        if source.said.source == GIVEN or reason == UNKNOWN_SIZE:
            notes += (f"{source.said.source}, not applied: {reason}",)
        said = dataclasses.replace(source.said, is_applied=False, reason=reason)
        after = dataclasses.replace(after, corrections=(*after.corrections, said))
    return Prepared(after, steps, notes=notes)


def _is_ours(opcode: Opcode) -> bool:
    """Whether this stage applies an opcode: gain maps of list 2 are `file_corrections`'."""
    return (opcode.name, opcode.list) in (("FixVignetteRadial", 2), ("FixVignetteRadial", 3), ("GainMap", 3))


def _given(p: Parameters, facts: Facts) -> tuple[_Source, ...]:
    """The numbers of the chain."""
    if not any(p.k):
        return ()
    law = Law("pa", p.k, float(np.hypot(facts.rows, facts.cols)) / 2)
    return (_Source(Correction("vignetting", GIVEN), law, Place(facts.optical_centre)),)


def _of_file(p: Parameters, own: tuple[Opcode, ...], facts: Facts) -> tuple[_Source, ...]:
    """The opcodes that the file holds."""
    if not own:
        return ()
    names = dict.fromkeys(opcode.name for opcode in own)
    said = Correction("vignetting", f"{'opcode' if len(names) == 1 else 'opcodes'} {' and '.join(names)} of the file")
    if p.opcodes == "none":
        return (_Source(dataclasses.replace(said, reason="opcodes: none in the chain")),)
    warp: Opcode | None = None
    found: list[tuple[Opcode, Opcode | None]] = []
    for opcode in facts.opcodes:
        warp = opcode if opcode.list == 3 and opcode.name.startswith("Warp") else warp
        found += [(opcode, warp)] * any(opcode is mine for mine in own)
    return (_Source(said, opcodes=tuple(found)),)


def _of_profile(p: Parameters, facts: Facts) -> tuple[_Source, ...]:
    """What is known of the lens; with what is withheld, and why."""
    optics = facts.optics
    if p.profile == "natural":
        falloff = optics.natural if optics else None
        if falloff is None:
            return (_Source(Correction("vignetting", "natural fall-off", reason="the focal length is not known")),)
    else:
        falloff = optics.falloff if optics else None
    known = optics.withheld if optics and p.profile in ("auto", "always") else ()
    withheld = tuple(_Source(said) for said in known if said.defect == "vignetting" and said not in facts.corrections)
    if falloff is None:
        return withheld
    origin = falloff.origin
    said = Correction("vignetting", origin.source, origin.provenance, valid_mm=origin.valid_mm)
    reason = ""
    if p.profile == "none":
        reason = "profile: none in the chain"
    elif p.profile == "natural" and optics and optics.light_undone:
        reason = optics.light_undone
    elif "resize" in facts.moved_by:
        reason = "the picture was stretched; put vignetting before resize"
    elif any(falloff.centre_mm) and "orient" in facts.moved_by:
        reason = "its centre is off the middle and the picture was turned; put vignetting before orient"
    elif facts.pixel_mm is None:
        reason = UNKNOWN_SIZE
    if reason or facts.pixel_mm is None:
        return (_Source(dataclasses.replace(said, reason=reason)), *withheld)
    down, right = (mm / facts.pixel_mm for mm in falloff.centre_mm)
    centre = (facts.optical_centre[0] + down, facts.optical_centre[1] + right)
    law = dataclasses.replace(falloff.law, unit_mm=falloff.law.unit_mm / facts.pixel_mm)
    return (_Source(said, law, Place(centre, origin.valid_mm / facts.pixel_mm)), *withheld)


def _by_law(p: Parameters, facts: Facts, source: _Source) -> Prepared:
    """The steps of a law, and its entry of the record."""
    assert source.law is not None
    done = lifting("vignetting", source.law, facts, source.place, strength=p.strength)
    figures: tuple[tuple[str, float | str], ...] = (("model", source.law.model), *_figures(p, done.corner_ev))
    if done.residual_ev > 0.005:
        figures += (("residual_ev", round(done.residual_ev, 3)),)
    said = dataclasses.replace(source.said, figures=figures)
    if facts.pixel_mm is not None:
        reach = farthest(facts, source.place) * facts.pixel_mm
        said = dataclasses.replace(said, reach_mm=round(reach, 2))
        if said.valid_mm is not None and said.valid_mm < reach:
            said = dataclasses.replace(said, reason=f"beyond {said.valid_mm:g} mm held")
    after = dataclasses.replace(facts, corrections=(*facts.corrections, said))
    known = f"{said.source}{f' ({said.provenance})' if said.provenance else ''}"
    notes = () if said.source == GIVEN else (Told(f"fall-off by {known}"),)
    return Prepared(multiplied(after, (done.mean,) * 3), done.steps, notes=notes)


def _by_opcodes(p: Parameters, facts: Facts, source: _Source) -> Prepared:
    """The steps of opcodes in the order of their list, and their entries of the record."""
    if facts.moved_by:
        raise StageError(
            f"vignetting: opcode list {source.opcodes[0][0].list} of the file is of the frame as read; "
            f"put vignetting before {facts.moved_by[0]}"
        )
    steps: tuple[Step, ...] = ()
    after, corner = facts, 0.0
    more: tuple[Correction, ...] = ()
    remarks: dict[str, None] = {}
    for opcode, warp in source.opcodes:
        if opcode.name == "GainMap":
            maps = _maps(p, opcode, facts)
            steps += _opcodes.steps_of(maps, facts, _gain_maps.scale_of(facts), "vignetting")
            after = multiplied(after, _opcodes.mean_gains(maps, facts))
            more = _gain_maps.said_of(maps)[1:] if opcode.parameters["MapPlanes"] > 1 else more
            corner += _gain_maps.most_ev(maps)
        else:
            law, place = _radial(opcode, facts)
            bent = law if warp is None else _through(warp, law, place, facts)
            if warp is not None:
                remarks[f"behind {warp.name} in the file{', not followed through it' if bent is None else ''}"] = None
            done = lifting("vignetting", bent or law, facts, place, strength=p.strength)
            steps, corner = (*steps, *done.steps), corner + done.corner_ev
            after = multiplied(after, (done.mean,) * 3)
    said = dataclasses.replace(source.said, reason="; ".join(remarks), figures=_figures(p, corner))
    after = dataclasses.replace(after, corrections=(*after.corrections, said, *more))
    return Prepared(after, steps, notes=(Told(f"fall-off by {said.source}"),))


def _figures(p: Parameters, corner_ev: float) -> tuple[tuple[str, float | str], ...]:
    strength = (("strength", p.strength),) if p.strength != 1.0 else ()
    return (("corner_ev", round(corner_ev, 3)), *strength)


def _maps(p: Parameters, opcode: Opcode, facts: Facts) -> tuple[Opcode, ...]:
    """A gain map of list 3 for the frame as it is."""
    gains = np.maximum(opcode.parameters["Gains"], 0.0) ** np.float32(p.strength)
    opcode = dataclasses.replace(opcode, parameters=opcode.parameters | {"Gains": gains})
    return _gain_maps.on_mosaic(opcode, facts) if facts.cfa else (opcode,)


def _radial(opcode: Opcode, facts: Facts) -> tuple[Law, Place]:
    """FixVignetteRadial: its centre is in sides of the frame, its unit from there to the farthest corner."""
    down, right = opcode.parameters["CenterY"], opcode.parameters["CenterX"]
    unit = np.hypot(max(down, 1 - down) * facts.rows, max(right, 1 - right) * facts.cols)
    return Law("gain", opcode.parameters["k"], float(unit)), Place((down * facts.rows - 0.5, right * facts.cols - 0.5))


def _through(warp: Opcode, law: Law, place: Place, facts: Facts) -> Law | None:
    """A law of the picture that a warp of the file makes, as one of the picture before it; None where none is alike.

    The gain at a radius here is that at the radius to which the warp brings it.
    """
    p = warp.parameters
    if warp.name != "WarpRectilinear" or p["Planes"] not in (1, 3):
        return None
    green = np.asarray(p["Coefficients"], np.float64)[p["Planes"] // 2]
    centre = p["CenterY"] * facts.rows - 0.5, p["CenterX"] * facts.cols - 0.5
    if green[4:].any() or not np.allclose(centre, place.centre, atol=0.5):
        return None
    radii = np.linspace(0.0, farthest(facts, place), _POINTS)
    try:
        left = _laws.light(law, _laws.inverse(Law("warp_rectilinear", tuple(green[:4].tolist()), law.unit_mm), radii))
    except StageError:
        return None
    if not (np.isfinite(left) & (left > 0)).all():
        return None
    points = np.stack([radii, np.log2(left)], axis=1)
    return Law("table", tuple(points.ravel().tolist()), 1.0)


STAGE = Stage("vignetting", Parameters, ("mosaic", "linear"), prepare)
