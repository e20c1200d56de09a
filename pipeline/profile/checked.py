"""A chain's picture held against its definition before anything is timed: fast and wrong is worth nothing.

The definition is the bodies as plain Python, step after step over whole planes (`tenbit.kernels._reference`), which is
slow: it is done to a small part from the frame's middle. The whole frame is held, to the last bit, against one thread
with the default sizes; on a card against the CPU.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._reference import run_passes
from tenbit.kernels._schedule import Schedule
from tenbit.kernels._source import PACKINGS
from tenbit.kernels._stage import PLANES
from tenbit.pipeline import foreseen
from tenbit.pipeline.config import Chain
from tenbit.pipeline.device import CpuDevice, Device, choose
from tenbit.pipeline.errors import RequestError, StageError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Plan
from tenbit.pipeline.run import run_plan

SIDES = (32, 48)
"""Rows and columns that plain Python does: a second of the shipped chain ``standard``."""
CODES = {8: 1, 16: 4}
"""How far targets may be apart (law 2), in code values, by their bits; floats as far as 16 bits."""
# Shares of the samples that may be farther: what a threshold decides may fall on either side of it, and plain Python
# has another exp than loops have.
_BEYOND_OF_CPU, _BEYOND_OF_PYTHON = 1e-4, 1e-3


def checked(chain: Chain, frame: Frame, device: Device, *, fuse: bool = True) -> str:
    """How near a device's picture is to its reference, as a line; by the loops that are timed, packed ones too.

    Raises
    ------
    RequestError
        If it is another picture: then its speed says nothing.
    """
    found = []
    small = _middle(frame)
    try:
        plain = foreseen.planned(small.facts, chain, fuse=False)
    except StageError as error:
        # A stage that needs more than this.
        found.append(f"not held against plain Python: {error}")
    else:
        timed = foreseen.planned(small.facts, chain, packing=small.packing, fuse=fuse)
        ours = run_plan(small, _undrawn(timed), device).samples
        far, beyond = apart(_by_definition(small, plain), ours)
        text = f"{_said(far, ours)} from plain Python on {small.facts.rows} x {small.facts.cols} from its middle"
        found.append(_held(text, beyond, _BEYOND_OF_PYTHON))
    if isinstance(device, CpuDevice):
        what = _undrawn(foreseen.planned(frame.facts, chain, packing=frame.packing, fuse=fuse))
        alone = run_plan(frame, what, CpuDevice(1, Schedule())).samples
        if not np.array_equal(run_plan(frame, what, device).samples, alone):
            raise RequestError("not timed: the whole frame on one thread, by the default sizes, is another picture")
        found.append("the whole frame the same on one thread")
    else:
        what = _undrawn(foreseen.planned(frame.facts, chain, packing=frame.packing, fuse=fuse))
        ours = run_plan(frame, what, device).samples
        far, beyond = apart(run_plan(frame, what, choose("cpu")[0]).samples, ours)
        found.append(_held(f"{_said(far, ours)} from the CPU on the whole frame", beyond, _BEYOND_OF_CPU))
    return "; ".join(found)


def _held(text: str, beyond: float, allowed: float) -> str:
    if beyond > allowed:
        raise RequestError(f"not timed: the picture is not its reference's: {text}; {beyond:.2%} of it beyond the law")
    return text


def _said(far: float, picture: Array) -> str:
    if picture.dtype.kind == "f":
        return f"at most {far:.2g} of 1"
    return f"at most {far:.0f} of {np.iinfo(picture.dtype).max}"


def apart(theirs: Array, ours: Array) -> tuple[float, float]:
    """The largest distance of two pictures, and the share of samples that are farther apart than law 2 allows."""
    if theirs.shape != ours.shape:
        raise RequestError(f"not timed: a picture of {ours.shape} and a reference of {theirs.shape}")
    far = np.abs(ours.astype(np.float64) - theirs.astype(np.float64))
    allowed = CODES[8 * ours.dtype.itemsize] if ours.dtype.kind == "u" else CODES[16] / 65535
    return float(far.max()), float((far > allowed).mean())


def _middle(frame: Frame) -> Frame:
    """A part from a frame's middle, in the phase of its CFA, packed if the frame is."""
    facts = frame.facts
    period = facts.cfa.period if facts.cfa else 1
    group = PACKINGS[frame.packing][0] if frame.packing else 1
    # Columns begin with a group of packed ones; a frame that has no whole group is all there is of it.
    high, wide = period, math.lcm(period, group)
    rows = min(SIDES[0], facts.rows // high * high)
    cols = min(SIDES[1], facts.cols // wide * wide) or facts.cols
    top, left = (facts.rows - rows) // 2 // high * high, (facts.cols - cols) // 2 // wide * wide
    # A group of packed samples is a byte longer than it has samples.
    columns = slice(left, left + cols)
    if frame.packing:
        columns = slice(left // group * (group + 1), None if cols % group else (left + cols) // group * (group + 1))
    samples = frame.samples[top : top + rows, columns]
    centre = (facts.optical_centre[0] - top, facts.optical_centre[1] - left)
    part = dataclasses.replace(facts, rows=rows, cols=cols, optical_centre=centre, crop=None)
    return dataclasses.replace(frame, samples=np.ascontiguousarray(samples), facts=part)


def unpacked(frame: Frame) -> Array:
    """The samples of a frame, (rows, cols), as whole numbers of their own."""
    if frame.packing is None:
        return frame.samples
    from tenbit.pipeline.raw.packed import unpack_raw10, unpack_raw12

    return (unpack_raw10 if frame.packing == "raw10" else unpack_raw12)(frame.samples)[:, : frame.facts.cols]


def _undrawn(what: Plan) -> Plan:
    """A plan that paints and draws nothing."""
    return dataclasses.replace(what, overlay=dataclasses.replace(what.overlay, paint=(), layers=()))


def _by_definition(frame: Frame, what: Plan) -> Array:
    """The picture by plain Python, as the plan stores it."""
    host = [unpacked(frame)] if frame.state == "mosaic" else [frame.samples[..., n] for n in range(3)]
    planes: dict[str, Array] = dict(zip(PLANES[frame.state], host, strict=True))
    run_passes(what.passes, planes)
    finished = [planes[name] for name in PLANES[what.facts.state]]
    samples = finished[0] if len(finished) == 1 else np.stack(finished, axis=-1)
    return samples if what.bits is None else samples.astype(f"uint{what.bits}")
