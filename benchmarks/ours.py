"""How the benchmark calls tenbit. What the engine learns (packed input, another device) is changed here alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbit.kernels._facts import Facts
from tenbit.pipeline.config import load
from tenbit.pipeline.device import CpuDevice
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Plan, plan
from tenbit.pipeline.run import run_plan

Chain = Sequence[str | Mapping[str, Any]]


@cache
def cpu(threads: int = 2) -> CpuDevice:
    """The CPU with so many threads."""
    return CpuDevice(threads)


def planned(facts: Facts, chain: Chain, *, bits: int | None) -> Plan:
    """The plan of a chain, made once."""
    return plan(
        load(list(chain), is_order_checked=False).links,
        facts,
        bits=bits,
        came_bits=8 if facts.state == "display" else None,
    )


def developed(frame: Frame, chain: Chain, *, bits: int | None, threads: int = 2) -> Frame:
    """The frame after a chain, planned anew."""
    return run_plan(frame, planned(frame.facts, chain, bits=bits), cpu(threads))


def planned_from_raw10(facts: Facts, chain: Chain) -> Plan:
    """The plan of a chain to 8 bits, for `developed_from_raw10`."""
    return plan(load(list(chain), is_order_checked=False).links, facts, bits=8, packing="raw10")


def developed_from_raw10(packed: NDArray[np.uint8], facts: Facts, what: Plan, *, threads: int = 2) -> Frame:
    """The frame after a plan, from RAW10 rows as they came from the sensor."""
    return run_plan(Frame(packed, facts, packing="raw10"), what, cpu(threads))


def fast_chain(curve: str, *, method: str = "malvar") -> Chain:
    """Black level, white balance, demosaic, matrix to sRGB, tone: a shipped chain but for its exposure and turn."""
    return ["black_level", "white_balance", {"demosaic": {"method": method}}, "colour", {"tone": {"curve": curve}}]


def display_frame(frame: Frame) -> Frame:
    """A picture of RGB8 as a frame that monitors take."""
    return Frame(frame.samples, frame.facts)
