"""What will be done to a file: the frame opened, its plan, and whether what comes of it fits the output."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from tenbit.kernels._facts import Facts
from tenbit.kernels._pass import Packing
from tenbit.pipeline.config import Chain, Format, Output, final_facts, nominal
from tenbit.pipeline.errors import ChainError, ReadError, RequestError, WriteError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.images import FORMATS, check_options, default_bits
from tenbit.pipeline.lenses.resolve import with_optics
from tenbit.pipeline.plan import Plan, PlanError, plan
from tenbit.pipeline.raw import read
from tenbit.pipeline.raw.defects import DefectList

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked

CameraLike = str | Mapping[str, Any] | None


class Read(Protocol):
    """What makes a frame of a file: `tenbit.pipeline.raw.read`, here or in another process."""

    def __call__(self, path: str | Path, *, camera: CameraLike = None, keep_packed: bool = False) -> Frame: ...


def read_here(path: str | Path, *, camera: CameraLike = None, keep_packed: bool = False) -> Frame:
    """A raw file, read in this process."""
    return read(path, camera=camera, keep_packed=keep_packed)


def opened(
    path: str | Path,
    chain: Chain,
    *,
    camera: CameraLike = None,
    defects: DefectList | None = None,
    asked: Asked | None = None,
    read: Read = read_here,
) -> Frame:
    """A raw file, still packed, with all that is known beside it: defective sites, and the lens if the chain asks."""
    frame = read(path, camera=camera, keep_packed=True)
    return with_optics(frame if defects is None else defects.on(frame), chain, asked)


def planned(facts: Facts, chain: Chain, *, packing: Packing | None = None, fuse: bool = True) -> Plan:
    """The passes for one frame, packed or not, ending in the whole numbers that its output needs.

    ``fuse=False`` makes every step a pass of its own.

    Raises
    ------
    StageError
        If a stage cannot work on the frame.
    WriteError
        If what the chain makes of the frame does not fit the output.
    """
    bits = bits_of(chain.output)
    # A DNG says itself where black and white are.
    is_float = bits == 32 or chain.output.format == "dng"
    what = plan(chain.links, facts, bits=None if is_float else bits, packing=packing, fuse=fuse)
    if faults := output_faults(chain.output, what.facts):
        raise WriteError("; ".join(chain.document.fault(("output", name), text) for name, text in faults))
    return what


class Foreseen(NamedTuple):
    """What would be done to a frame: the plan, and how the frame comes."""

    plan: Plan
    facts: Facts
    dtype: str
    packing: Packing | None


def planned_for(
    chain: Chain,
    path: str | None,
    *,
    camera: CameraLike = None,
    defects: DefectList | None = None,
    asked: Asked | None = None,
) -> Foreseen:
    """The plan for one raw file, or for a nominal 12 MP frame."""
    frame = None if path is None else opened(path, chain, camera=camera, defects=defects, asked=asked)
    facts, packing = (frame.facts, frame.packing) if frame else (nominal()[0], None)
    dtype = str(frame.samples.dtype) if frame else "uint16"
    try:
        return Foreseen(planned(facts, chain, packing=packing), facts, dtype, packing)
    except WriteError as error:
        raise ChainError([str(error)]) from None
    except PlanError as error:
        # Without a frame it is the chain that is wrong.
        if path is not None:
            raise
        raise ChainError(error.faults) from None


def camera_from(text: str | None) -> CameraLike:
    """What ``--camera`` says: a name, a path, or the fields in braces, ``{camera: imx296, black: 61}``, as a mapping.

    Raises
    ------
    RequestError
        If there is no camera of that name or path, or the file or the fields are broken, misspelt or impossible.
    """
    from tenbit.pipeline.document import parse_value
    from tenbit.pipeline.raw.camera import check_camera

    if text is None:
        return None
    try:
        camera = dict(parse_value(text)) if text.lstrip().startswith("{") else text
        check_camera(camera)
    except (ReadError, ChainError, OSError, TypeError, ValueError) as error:
        raise RequestError(f"--camera: {error}") from None
    return camera


def settled(chain: Chain, format: Format) -> Chain:  # noqa: A002  the chain file's word
    """The chain with the format of its output decided.

    Raises
    ------
    ChainError
        If the options of the output do not fit the format, or the picture that the chain makes of a usual frame.
    """
    output = dataclasses.replace(chain.output, format=format)
    if faults := output_faults(output, final_facts(chain)):
        raise ChainError([chain.document.fault(("output", name), text) for name, text in faults])
    return dataclasses.replace(chain, output=output)


def likely_format(chain: Chain) -> Format:
    """The chain's format; where a suffix is still to say it, the first that can hold what the chain makes."""
    facts = final_facts(chain)
    able = [f for f in FORMATS if not output_faults(dataclasses.replace(chain.output, format=cast(Format, f)), facts)]
    return chain.output.format or cast(Format, (able or ["jpeg"])[0])


def output_faults(output: Output, facts: Facts) -> list[tuple[str, str]]:
    """Why a frame at the end of its chain cannot be written so, as (option, text) pairs; empty when it can."""
    format_ = output.format or "jpeg"
    if facts.state == "mosaic" and format_ == "jpeg":
        return [("format", "a mosaic has one plane, which jpeg cannot hold: add demosaic, or write png or tiff")]
    if format_ != "dng" and bits_of(output) != 32 and not facts.is_signal:
        text = (
            "whole numbers are made of samples between black and white, not of counts: put black_level into the chain"
        )
        return [("bits", f"{text}, or write 32 bits (tiff)")]
    known = {**dataclasses.asdict(output), "format": format_}
    return check_options(**known, space=facts.space, state=facts.state)


def bits_of(output: Output) -> int:
    """Bits of each sample of an output."""
    return output.bits or default_bits(output.format or "jpeg")
