"""A frame's lens as numbers on its sensor: which lens it is, what is known of it, at the settings of the frame."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING

from tenbit.kernels._optics import Optics
from tenbit.pipeline.config import Chain
from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.lenses.best import Settings, optics_of

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked
    from tenbit.pipeline.lenses.match import Identity

STAGES = ("flat_field", "vignetting", "lens")
"""Stages that work from what is known of the lens, where their ``profile`` is not ``none``."""
OF_FOCAL = ("framelines",)
"""Stages that ask for the lens's focal length only."""
_OF_LENSES = ("GainMap", "FixVignetteRadial", "WarpRectilinear", "WarpRectilinear2", "WarpFisheye")


def with_optics(frame: Frame, chain: Chain, options: Asked | None = None) -> Frame:
    """The frame with what is known of its lens, or with its focal length, if the chain has a stage that asks for it.

    Parameters
    ----------
    frame : Frame
        One whose facts hold optics already keeps them, unless the options name a lens.
    chain : Chain
        Its ``lens`` stage may name the lens.
    options : Asked
        What the user says beside chain and files.

    Raises
    ------
    ReadError
        If a profile that was named is not there or broken.
    RequestError
        If the lens that was named is none, or could be several.
    """
    wanted = _wanted(chain)
    is_known = frame.facts.optics is not None and (options is None or options.lens is None)
    if not wanted and _asks_focal(chain) and not is_known:
        return _with_focal(frame, chain, options)
    if not wanted or is_known:
        return frame
    from tenbit.pipeline.lenses.asked import Asked, asked_for

    asked = asked_for(frame.source, options or Asked(), chain)
    if "natural" not in wanted and _is_silent(frame.exif, asked):
        return dataclasses.replace(
            frame, record={**frame.record, "lens": {"slug": None, "how": "nothing names a lens"}}
        )
    from tenbit.pipeline.lenses import catalogue, match

    identity = match.identify(frame, frame.source, asked)
    optics, pixel_mm, notes = of_frame(frame, identity, asked, is_light_asked="always" in wanted)
    focal_mm = identity.focal_mm or frame.facts.focal_mm
    facts = dataclasses.replace(frame.facts, pixel_mm=pixel_mm, optics=optics, focal_mm=focal_mm)
    said = dict.fromkeys((*frame.warnings, *catalogue.faults(), *identity.notes, *notes))
    return dataclasses.replace(
        frame,
        facts=facts,
        exif=_completed(frame.exif, identity, asked),
        record={**frame.record, "lens": identity.as_record()},
        warnings=tuple(said),
    )


def _with_focal(frame: Frame, chain: Chain, options: Asked | None) -> Frame:
    """The frame with the focal length of its lens, where somebody names one; profiles are left alone."""
    from tenbit.pipeline.lenses.asked import Asked, asked_for

    asked = asked_for(frame.source, options or Asked(), chain)
    if _is_silent(frame.exif, asked):
        return frame
    from tenbit.pipeline.lenses import match

    identity = match.identify(frame, frame.source, asked)
    return dataclasses.replace(
        frame,
        facts=dataclasses.replace(frame.facts, focal_mm=identity.focal_mm or frame.facts.focal_mm),
        exif=_completed(frame.exif, identity, asked),
        record={**frame.record, "lens": identity.as_record()},
        warnings=tuple(dict.fromkeys((*frame.warnings, *identity.notes))),
    )


def _is_silent(exif: Exif, asked: Asked) -> bool:
    """Whether nobody says anything of a lens, nor of a camera whose lens is built in: then nothing has to be loaded."""
    from tenbit.pipeline.lenses.imports import makers

    is_said = asked.lens is not None or asked.sensor_mm is not None
    is_told = exif.lens_model or exif.lens_profile or exif.lens_code is not None
    return not is_said and not is_told and not makers.is_known(exif.make) and "leica" not in (exif.make or "").lower()


def of_frame(
    frame: Frame, identity: Identity, asked: Asked, *, is_light_asked: bool = False
) -> tuple[Optics, float | None, tuple[str, ...]]:
    """What is known of a frame's lens, the pitch of its samples in mm, and what the user should be told.

    Parameters
    ----------
    frame : Frame
    identity : Identity
    asked : Asked
    is_light_asked : bool
        Whether fall-off is to be undone even where the camera has done so.
    """
    from tenbit.pipeline.lenses import match

    pixel_mm = match.pixel_mm(frame, asked)
    found, notes = match.profiles_of(frame, identity, pixel_mm)
    optics, more = optics_of(
        identity.name,
        found,
        Settings(identity.focal_mm, identity.f_number, identity.focus_m),
        light_withheld="" if is_light_asked else match.light_withheld(frame, identity),
        is_light_undone=identity.is_coded_leica,
        is_named=identity.profile is not None,
        reach_mm=None if pixel_mm is None else pixel_mm * math.hypot(frame.facts.rows, frame.facts.cols) / 2,
        sensor=match.sensor_name(frame),
    )
    return optics, pixel_mm, (*notes, *more, *_of_another_lens(frame, identity))


def _of_another_lens(frame: Frame, identity: Identity) -> tuple[str, ...]:
    """A note where a phone has put corrections of its own lens into the file, and another lens was before it."""
    names = dict.fromkeys(o.name for o in frame.facts.opcodes if o.name in _OF_LENSES)
    if "not_used" not in identity.sources or not names:
        return ()
    return (
        f"the file's {' and '.join(names)} may be of the camera's own lens, not of {identity.name}: `opcodes: none` of "
        "lens and vignetting and a chain without file_corrections leave them out",
    )


def _completed(exif: Exif, identity: Identity, asked: Asked) -> Exif:
    """EXIF of the picture, with the lens and the aperture that the user tells where the file tells none."""
    if asked.lens is None or identity.slug is None:
        return exif
    return dataclasses.replace(
        exif, lens_model=exif.lens_model or identity.name, f_number=exif.f_number or asked.f_number
    )


def check_lens(chain: Chain, options: Asked) -> None:
    """Refuse, before any file is touched, a lens that is none, or that no stage of the chain would correct.

    Raises
    ------
    RequestError, ChainError
        Where the lens that options or the chain name is not there, could be several, is a broken profile, or has no
        stage.
    """
    from tenbit.pipeline.lenses.asked import NO_LENS, of_chain

    if options.lens not in (None, NO_LENS) and not _wanted(chain) and not _asks_focal(chain):
        raise RequestError(f"--lens: the chain {chain.name} has no stage that corrects a lens: {', '.join(STAGES)}")
    for asked in (options, of_chain(chain)):
        place = asked.places.get("lens", "lens")
        if isinstance(asked.lens, str) and asked.lens != NO_LENS:
            from tenbit.pipeline.lenses import names

            names.resolved(asked.lens, place)
        elif isinstance(asked.lens, Path) and asked.lens.suffix.lower() in (".yaml", ".yml"):
            from tenbit.pipeline.lenses import files

            try:
                files.load_profile(asked.lens)
            except ReadError as fault:
                raise RequestError(f"{place}: {fault}") from None


def _asks_focal(chain: Chain) -> bool:
    return any(link.stage.name in OF_FOCAL for link in chain.links)


def _wanted(chain: Chain) -> list[str]:
    """What the stages that correct a lens say of its profile, but those that want none."""
    found = [getattr(link.parameters, "profile", "none") for link in chain.links if link.stage.name in STAGES]
    return [profile for profile in found if profile != "none"]
