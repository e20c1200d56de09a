"""One frame through a plan."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._stage import PLANES, Pass, Slot
from tenbit.pipeline.device import Device, DeviceFullError, Pending, choose
from tenbit.pipeline.device.contract import native
from tenbit.pipeline.device.layout import layout
from tenbit.pipeline.errors import StageError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Plan, plan

Said = Callable[[str], None]
ChainLike = str | os.PathLike[str] | Sequence[str | Mapping[str, Any]]


def run(
    frame: Frame,
    chain: ChainLike,
    *,
    device: str | None = None,
    bits: int | None = None,
    said: Said | None = None,
) -> Frame:
    """The frame after a chain.

    Parameters
    ----------
    frame : Frame
    chain : path, str or sequence
        A chain file, a shipped chain's name, or a list: ``[{"black_level": {}}, {"demosaic": {"method": "malvar"}}]``.
    device : str, optional
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; by default ``$TENBIT_DEVICE``, else ``auto``.
    bits : int, optional
        8 or 16 for whole numbers; by default float32, 0 … 1 between black and white.
    said : callable, optional
        Told, a line each, what a user wants to know while it runs: a fall-back, a compile that takes seconds.

    Returns
    -------
    Frame
        Samples on the host, (rows, cols) or (rows, cols, 3); results of measuring stages by name.

    Raises
    ------
    ChainError
        If the chain is wrong.
    StageError
        If a stage cannot work on this frame.
    DeviceError
        If the device asked for cannot be used.
    TypeError
        If ``frame`` is not a `Frame`.
    """
    if not isinstance(frame, Frame):
        raise TypeError(
            f"frame: a tenbit.Frame is expected, not {type(frame).__name__}; "
            "tenbit.read(path) and tenbit.Frame.from_mosaic(array) give one"
        )
    from tenbit.pipeline.config import load

    checked = load(chain, is_order_checked=False)
    where, note = choose(device)
    if note and said:
        said(note)
    done = run_plan(frame, plan(checked.links, frame.facts, bits=bits), where, said=said, may_fall_back=is_auto(device))
    return dataclasses.replace(done, record={**done.record, "chain": checked.as_record()})


def is_auto(device: str | None) -> bool:
    """Whether the device is tenbit's to choose: then a frame that does not fit it may be done on the CPU."""
    return (device or os.environ.get("TENBIT_DEVICE") or "auto").lower() == "auto"


def run_plan(
    frame: Frame, what: Plan, device: Device, *, said: Said | None = None, may_fall_back: bool = False
) -> Frame:
    """The frame after a plan, on a device; see `begin`."""
    return begin(frame, what, device, said=said, may_fall_back=may_fall_back).finish()


def begin(
    frame: Frame, what: Plan, device: Device, *, said: Said | None = None, may_fall_back: bool = False
) -> PendingFrame:
    """Start a frame through a plan; on a card the next may be begun before this one is finished.

    Parameters
    ----------
    frame : Frame
        Its samples must not be written to before it is finished.
    what : Plan
    device : Device
    said : callable, optional
        Told, a line each, of compiles that take seconds and, once per device, of what is done when memory is short.
    may_fall_back : bool
        Whether a frame that does not fit the device, not even in tiles, is done on the CPU.

    Raises
    ------
    StageError
        If the frame is smaller than one period of its CFA.
    DeviceError
        If the device fails, or the frame does not fit and may not fall back.
    """
    facts = frame.facts
    period = facts.cfa.period if facts.cfa else 1
    if min(facts.rows, facts.cols) < period:
        size = f"{facts.rows} x {facts.cols}"
        raise StageError(f"a frame of {size} is smaller than one period of its CFA ({period} x {period})")
    passes = getattr(what, "passes_for", lambda target: what.passes)(device.target)
    planes, wanted = _planes(frame, passes), _wanted(frame, what, passes)
    free, needed = device.free_bytes(), bytes_needed(what, frame)
    try:
        if free is not None and needed > free:
            raise DeviceFullError(f"the frame needs {needed / 2**20:.0f} MiB, more than {device.name} has free")
        return PendingFrame(frame, what, device.name, device.begin(passes, planes, wanted, said=said))
    except DeviceFullError as shortage:
        if not may_fall_back:
            raise
        if said:
            said(f"developed on the CPU: {shortage}")
    cpu = choose("cpu")[0]
    return PendingFrame(frame, what, cpu.name, cpu.begin(what.passes, planes, wanted, said=said))


class PendingFrame:
    """A frame on its way through a plan."""

    def __init__(self, frame: Frame, what: Plan, device: str, pending: Pending) -> None:
        self.frame, self.what, self.device, self.pending = frame, what, device, pending

    def finish(self) -> Frame:
        """Wait for it; samples on the host, (rows, cols) or (rows, cols, 3)."""
        from tenbit import __version__

        done = self.pending.finish()
        finished = list(done.arrays.values())
        samples = finished[0] if len(finished) == 1 else np.stack(finished, axis=-1)
        return dataclasses.replace(
            self.frame,
            samples=samples.copy() if np.may_share_memory(samples, self.frame.samples) else samples,
            facts=self.what.facts,
            **({"packing": None} if hasattr(self.frame, "packing") else {}),
            results=dict(done.results),
            warnings=(*self.frame.warnings, *self.what.notes),
            record={"tenbit": __version__, "device": self.device},
        )


def _planes(frame: Frame, passes: Sequence[Pass]) -> dict[str, Array]:
    """The frame's arrays as its passes name them."""
    if frame.state == "mosaic":
        return {"mosaic": frame.samples}
    if any("rgb" in work.ins for work in passes):
        return {"rgb": frame.samples}
    return {name: frame.samples[..., n] for n, name in enumerate(PLANES[frame.state])}


def _wanted(frame: Frame, what: Plan, passes: Sequence[Pass]) -> tuple[str, ...]:
    """Names of the arrays that are the finished picture."""
    alive = set(_planes(frame, passes))
    for work in passes:
        alive = (alive - set(work.frees)) | {slot.name for slot in work.outs}
    return ("rgb",) if "rgb" in alive else PLANES[what.facts.state]


def bytes_needed(what: Plan, frame: Frame) -> int:
    """Memory at the fullest moment of a plan: the arrays that are there, and those that a pass is making."""
    planes = {name: native(plane[:1, :1]) for name, plane in _planes(frame, what.passes).items()}
    ins = [Slot(name, frame.samples.shape[:2], plane.dtype.str) for name, plane in planes.items()]
    return layout(what.passes, ins).nbytes
