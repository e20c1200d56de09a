"""A glance at each frame of a shot: how bright it is, and how the chain would balance it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tenbit.kernels._facts import LINEARIZATION, Array, Triple
from tenbit.pipeline.config import Chain
from tenbit.pipeline.device import CpuDevice, choose, usable_cores
from tenbit.pipeline.foreseen import Read, opened
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import failed
from tenbit.pipeline.plan import plan
from tenbit.pipeline.run import Said, run_plan
from tenbit.pipeline.shots.brightness import places_of
from tenbit.pipeline.shots.given import last_of

if TYPE_CHECKING:
    from tenbit.pipeline.batch import Order

Seen = Callable[[Path, str], None]
"""Told of each file once it has been measured, and why it could not be."""


@dataclass(frozen=True, eq=False)
class Glance:
    """What was measured of one frame.

    Parameters
    ----------
    places : array, optional
        See `places_of`; None for a frame that cannot be read.
    gains : Triple, optional
        What the chain's white_balance multiplies its colours by.
    baseline_ev : float
        What the chain adds to its exposure because the file says so.
    error : str
        Why it cannot be read.
    """

    places: Array | None = None
    gains: Triple | None = None
    baseline_ev: float = 0.0
    error: str = ""


def head_of(chain: Chain) -> Chain:
    """The chain as far as a glance depends on it: up to its white balance, and where it has none its black level."""
    at = max((at for name in ("white_balance", "black_level") if (at := last_of(chain, name)) is not None), default=-1)
    return dataclasses.replace(chain, links=chain.links[: at + 1])


def takes_baseline(chain: Chain) -> bool:
    """Whether the chain adds what the file says of its exposure."""
    return any(link.stage.name == "exposure" and link.parameters.baseline for link in chain.links)


def glances_of(
    jobs: Sequence[Job], order: Order, *, said: Said | None = None, seen: Seen | None = None
) -> dict[Path, Glance]:
    """A glance at every file, on all cores; a frame that cannot be read leaves the others alone.

    Notes
    -----
    A core holds one frame at a time. What is looked at is few samples: reading is nearly all that it costs.
    """
    from tenbit.pipeline.isolated import reading

    with reading(order.isolate, order.limits) as read:
        pool = ThreadPoolExecutor(order.threads or usable_cores(), thread_name_prefix="tenbit-glance")
        try:
            found = {}
            for job, glance in zip(jobs, pool.map(lambda job: _glance(job, order, read, said), jobs), strict=True):
                found[job.source] = glance
                if seen:
                    seen(job.source, glance.error)
            return found
        finally:
            # A file over which a reader hangs is not waited for.
            pool.shutdown(wait=False, cancel_futures=True)


def _glance(job: Job, order: Order, read: Read, said: Said | None) -> Glance:
    head = head_of(order.chain)
    try:
        frame = opened(job.source, head, camera=order.camera, defects=order.defects, asked=order.asked, read=read)
        what = plan(head.links, frame.facts, packing=frame.packing)
        gains, places = what.facts.gains, None
        # Gains of grey world are measured on the whole picture; what opcodes make linear is codes until they have.
        if gains is None or any(opcode.name == LINEARIZATION for opcode in frame.facts.opcodes):
            cpu, _ = choose("cpu")
            frame = run_plan(frame, what, cpu.shared(1) if isinstance(cpu, CpuDevice) else cpu, said=said)
            gains = frame.facts.gains or (1.0, 1.0, 1.0)
            places = places_of(frame, dataclasses.replace(head, links=())) - np.float32(np.log2(gains[1]))
        if places is None:
            places = places_of(frame, head)
    except Exception as error:
        return Glance(error=failed(job, error).error)
    return Glance(places, gains, frame.facts.baseline_exposure_ev if takes_baseline(order.chain) else 0.0)
