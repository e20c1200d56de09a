"""Samples through shipped chains, beside stored pictures of them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.config import Chain, load
from tenbit.pipeline.device import Device, choose, is_simulated
from tenbit.pipeline.foreseen import opened, planned, settled
from tenbit.pipeline.run import run_plan
from tenbit.pipeline.selftest.check import Said, TrialError, UntriedError

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "selftest"
# Law 2: targets, and processors of one target, agree to so many code values.
_MOST_OFF = {np.dtype(np.uint8): 1, np.dtype(np.uint16): 4}


@dataclass(frozen=True)
class Case:
    """A stored sample through a shipped chain.

    Parameters
    ----------
    name : str
        Of the stored picture too.
    sample : str
    chain : str
    bits : int
        Of the picture.
    is_long : bool
        Its loops take longer to compile than the rest together: it is developed where they are compiled already.
    marked : float
        Share of the picture that may be marked otherwise: a mask may fall either way where it is at its threshold.
    """

    name: str
    sample: str
    chain: str
    bits: Literal[8, 16] = 8
    is_long: bool = False
    marked: float = 0.0

    @property
    def reference(self) -> Path:
        """The stored picture."""
        return FOLDER / f"{self.name}.png"


CASES = (
    Case("fast", "bayer.dng", "fast"),
    Case("fast-quad", "quad.dng", "fast"),
    Case("fast-raw10", "packed.raw10", "fast", bits=16),
    Case("standard", "bayer.dng", "standard", is_long=True),
    Case("quad-full", "quad.dng", "quad-full", is_long=True),
    Case("monitor", "bayer.dng", "monitor", is_long=True, marked=0.002),
)
# A simulator takes a second for what a card does in a microsecond.
TINY = (Case("tiny", "tiny.dng", "fast"),)


def chosen(device: str | None) -> tuple[Device, Said]:
    """The device that is tried."""
    where, note = choose(device)
    return where, Said(f"{where.name}{'; ' if note else ''}{note or ''}")


def cases_for(device: Device) -> tuple[Case, ...]:
    """What is developed on a device."""
    return TINY if device.target == "cuda" and is_simulated() else CASES


def developed(case: Case, device: Device) -> tuple[Array, Said]:
    """The picture of a case, compared with the stored one.

    Raises
    ------
    TrialError
        If it is another picture.
    UntriedError
        If its loops would have to be compiled.
    """

    def said(text: str) -> None:
        if case.is_long and text.startswith("compiling "):
            raise UntriedError("its loops are not compiled yet: tenbit doctor --warm compiles them")

    picture = through(case, device, said)
    checksum = hashlib.sha256(np.ascontiguousarray(picture).tobytes()).hexdigest()[:16]
    return picture, Said(compared(picture, stored(case.reference), marked=case.marked), checksum)


def through(case: Case, device: Device, said: Callable[[str], None] | None = None) -> Array:
    """The picture of a case, (rows, cols, 3), uint8 or uint16."""
    chain = settled_for(case)
    frame = opened(FOLDER / case.sample, chain)
    return run_plan(frame, planned(frame.facts, chain, packing=frame.packing), device, said=said).samples


def settled_for(case: Case) -> Chain:
    """The chain of a case, ending in a PNG of its bits."""
    chain = settled(load(case.chain), "png")
    return dataclasses.replace(chain, output=dataclasses.replace(chain.output, bits=case.bits))


def stored(path: Path) -> Array:
    """Samples of a stored picture."""
    from tenbit.pipeline.pictures import read_picture

    return read_picture(path).samples


def compared(picture: Array, reference: Array, *, marked: float = 0.0) -> str:
    """How a picture lies beside its reference, one line.

    Parameters
    ----------
    picture, reference : array
        (rows, cols, 3), uint8 or uint16.
    marked : float
        Share of the pixels that may lie further off.

    Raises
    ------
    TrialError
        If it lies further off than rounding explains.
    """
    if (picture.shape, picture.dtype) != (reference.shape, reference.dtype):
        raise TrialError(f"{picture.dtype} {picture.shape}, but the reference is {reference.dtype} {reference.shape}")
    off = np.abs(picture.astype(np.int32) - reference)
    if not off.any():
        return "identical to the reference"
    allowed, largest = _MOST_OFF[picture.dtype], np.iinfo(picture.dtype).max
    beyond = float((off.max(axis=-1) > allowed).mean())
    text = f"off by up to {off.max()} of {largest}"
    if beyond > marked:
        raise TrialError(f"{text}: {beyond:.2%} of the pixels by more than {allowed}")
    return f"{text}, in {float(off.any(axis=-1).mean()):.2%} of the pixels: within rounding"
