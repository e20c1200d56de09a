"""One frame through a plan."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tenbit.kernels._facts import Facts, State
from tenbit.kernels._noise import multiplied
from tenbit.kernels._pass import Slot
from tenbit.kernels._spans import span
from tenbit.pipeline.device import Device, DeviceFullError, Pending, choose
from tenbit.pipeline.device.contract import Finished, Target, native, said_once
from tenbit.pipeline.device.layout import layout
from tenbit.pipeline.errors import StageError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.overlay import overlaid
from tenbit.pipeline.plan import Plan, plan
from tenbit.pipeline.tiles import through_tiles

Said = Callable[[str], None]
ChainLike = str | os.PathLike[str] | Sequence[str | Mapping[str, Any]]


def run(
    frame: Frame,
    chain: ChainLike,
    *,
    device: str | None = None,
    bits: int | None = None,
    lens: str | os.PathLike[str] | None = None,
    f_number: float | None = None,
    focus_m: float | None = None,
    sensor_mm: tuple[float, float] | None = None,
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
    lens : str or path, optional
        For stages that correct the lens: a slug or a name of the catalogue, or a profile's file; ``none`` for none. By
        default what the frame's file, its folder or the frame itself say.
    f_number, focus_m : float, optional
        At which it was set, where the frame does not say it; metres.
    sensor_mm : tuple of float, optional
        Height and width of the frame on the sensor, where it is not known.
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
    ReadError, RequestError
        If the lens or the profile that is named cannot be found.
    TypeError
        If ``frame`` is not a `Frame`.
    """
    if not isinstance(frame, Frame):
        raise TypeError(
            f"frame: a tenbit.Frame is expected, not {type(frame).__name__}; "
            "tenbit.read(path) and tenbit.Frame.from_mosaic(array) give one"
        )
    from tenbit.pipeline.config import load
    from tenbit.pipeline.lenses.asked import Asked
    from tenbit.pipeline.lenses.resolve import with_optics

    checked = load(chain, is_order_checked=False)
    named = Path(lens) if isinstance(lens, os.PathLike) else lens
    frame = with_optics(frame, checked, Asked(named, f_number, focus_m, sensor_mm))
    where, note = choose(device)
    if note and said:
        said(note)
    with span("plan", checked.name):
        what = plan(checked.links, frame.facts, bits=bits, packing=frame.packing, came_bits=came_bits(frame))
    done = run_plan(frame, what, where, said=said, may_fall_back=is_auto(device))
    return dataclasses.replace(done, record={**done.record, "chain": checked.as_record()})


def came_bits(frame: Frame) -> int | None:
    """How many bits the whole code values of a frame have; None for floats."""
    return 8 * frame.samples.itemsize if frame.samples.dtype.kind == "u" else None


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
    passes = what.passes_for(device.target)
    planes, wanted = {picture_of(frame.state): frame.samples}, (picture_of(what.facts.state), *what.keeps)
    free, needed = device.free_bytes(), bytes_needed(what, frame, device.target)
    try:
        if free is not None and needed > free:
            raise DeviceFullError(f"the frame needs {needed / 2**20:.0f} MiB, more than {device.name} has free")
        return PendingFrame(frame, what, device, device.begin(passes, planes, wanted, said=said), said)
    except DeviceFullError as error:
        shortage = str(error)
    if device.target == "cuda":
        try:
            done = through_tiles(device, passes, planes, wanted, period=period, said=said)
            return PendingFrame(frame, what, device, Finished(done), said)
        except DeviceFullError as error:
            shortage = f"{shortage}; {error}"
    if not may_fall_back:
        raise DeviceFullError(shortage)
    said_once(device, said, "cpu", f"developed on the CPU: {shortage}")
    cpu = choose("cpu")[0]
    return PendingFrame(frame, what, cpu, cpu.begin(what.passes_for("cpu"), planes, wanted, said=said), said)


class PendingFrame:
    """A frame on its way through a plan."""

    def __init__(self, frame: Frame, what: Plan, device: Device, pending: Pending, said: Said | None = None) -> None:
        self.frame, self.what, self.device, self.pending = frame, what, device, pending
        self._said = said
        self._finished: Frame | None = None

    def finish(self) -> Frame:
        """Wait for it; samples on the host, (rows, cols) or (rows, cols, 3). May be asked again."""
        if self._finished is None:
            self._finished = self._painted()
        return self._finished

    def _painted(self) -> Frame:
        from tenbit import __version__

        done = self.pending.finish()
        arrays = dict(done.arrays)
        samples = arrays.pop(picture_of(self.what.facts.state))
        corrections = self.what.facts.corrections
        clean = dataclasses.replace(
            self.frame,
            samples=samples.copy() if np.may_share_memory(samples, self.frame.samples) else samples,
            packing=None,
            facts=_told(self.what.facts, done.results),
            results=dict(done.results),
            warnings=(*self.frame.warnings, *self.what.notes),
            record={
                **self.frame.record,
                "tenbit": __version__,
                "device": self.device.name,
                **({"corrections": [c.as_record() for c in corrections]} if corrections else {}),
            },
        )
        return overlaid(self.frame, clean, self.what, arrays, self.device, said=self._said)


def _told(facts: Facts, results: Mapping[str, Any]) -> Facts:
    """The facts of a finished frame, with the gains that were measured meanwhile."""
    if facts.gains is not None or "white_balance" not in results:
        return facts
    gains = results["white_balance"]["gains"]
    return multiplied(dataclasses.replace(facts, gains=gains), gains)


def picture_of(state: State) -> str:
    """The name of the array that holds a frame's samples."""
    return "mosaic" if state == "mosaic" else "rgb"


def bytes_needed(what: Plan, frame: Frame, target: Target = "cpu") -> int:
    """Memory at the fullest moment of a plan: the arrays that are there, and those that a pass is making."""
    ins = Slot(picture_of(frame.state), frame.samples.shape, native(frame.samples[:1, :1]).dtype.str)
    return layout(what.passes_for(target), [ins]).nbytes
