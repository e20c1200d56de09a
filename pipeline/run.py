"""One frame through a plan."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._stage import PLANES, Pass, Results
from tenbit.pipeline.device import Device, DeviceFullError, choose
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
    """The frame after a plan, on a device.

    Raises
    ------
    StageError
        If the frame is smaller than one period of its CFA.
    DeviceError
        If the frame does not fit the device's memory, unless ``may_fall_back``: then it is done on the CPU, and said.
    """
    facts = frame.facts
    period = facts.cfa.period if facts.cfa else 1
    if min(facts.rows, facts.cols) < period:
        size = f"{facts.rows} x {facts.cols}"
        raise StageError(f"a frame of {size} is smaller than one period of its CFA ({period} x {period})")
    free, needed = device.free_bytes(), bytes_needed(what, frame)
    try:
        if free is not None and needed > free:
            raise DeviceFullError(f"the frame needs {needed / 2**20:.0f} MiB, more than {device.name} has free")
        return _through(frame, what, device, said)
    except DeviceFullError as shortage:
        if not may_fall_back:
            raise
        if said:
            said(f"developed on the CPU: {shortage}")
    return _through(frame, what, choose("cpu")[0], said)


def _through(frame: Frame, what: Plan, device: Device, said: Said | None) -> Frame:
    """Up, through every pass, and down again."""
    from tenbit import __version__

    facts = frame.facts
    names = PLANES[facts.state]
    host = [frame.samples] if facts.state == "mosaic" else [frame.samples[..., n] for n in range(3)]
    planes: dict[str, Any] = {name: device.upload(_native(plane)) for name, plane in zip(names, host, strict=True)}
    results: dict[str, Any] = {}
    for work in what.passes:
        _do(work, planes, results, device, said)
    finished = [device.download(planes[name]) for name in PLANES[what.facts.state]]
    samples = finished[0] if len(finished) == 1 else np.stack(finished, axis=-1)
    return dataclasses.replace(
        frame,
        samples=samples.copy() if samples is frame.samples else samples,
        facts=what.facts,
        results=results,
        warnings=(*frame.warnings, *what.notes),
        record={"tenbit": __version__, "device": device.name},
    )


def _native(plane: Array) -> Array:
    """A plane in a dtype that the loops are compiled for."""
    return plane if plane.dtype in (np.uint8, np.uint16, np.float32) else plane.astype(np.float32)


def _do(work: Pass, planes: dict[str, Any], results: dict[str, Any], device: Device, said: Said | None) -> None:
    """One pass: planes and results are brought up to date."""
    seen: Results = results
    constants = [step.resolved(seen) for step in work.steps]
    outs = [device.empty(slot.shape, slot.dtype) for slot in work.outs]
    counts = device.run(work, constants, [planes[name] for name in work.ins], outs, said)
    for tally, counters in zip(work.tallies, counts, strict=True):
        results[tally.writes[0]] = tally.summary(counters) if tally.summary else counters
    for name in work.frees:
        planes.pop(name, None)
    planes |= {slot.name: array for slot, array in zip(work.outs, outs, strict=True)}


def bytes_needed(what: Plan, frame: Frame) -> int:
    """Memory at the fullest moment of a plan: the planes that are there, and those that a pass is making."""
    itemsize = _native(frame.samples[:1, :1]).itemsize
    alive = dict.fromkeys(PLANES[frame.state], itemsize * frame.facts.rows * frame.facts.cols)
    most = sum(alive.values())
    for work in what.passes:
        new = {slot.name: math.prod(slot.shape) * np.dtype(slot.dtype).itemsize for slot in work.outs}
        most = max(most, sum(alive.values()) + sum(new.values()))
        alive = {name: size for name, size in alive.items() if name not in work.frees} | new
    return most
