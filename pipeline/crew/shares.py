"""Each process's part of cores, memory and cards."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import NamedTuple

from tenbit.pipeline.batch.budget import default_bytes
from tenbit.pipeline.batch.order import Order
from tenbit.pipeline.device import usable_cores
from tenbit.pipeline.device.driver import device_count

VISIBLE = "CUDA_VISIBLE_DEVICES"


class Share(NamedTuple):
    """The order of one process, and variables of its environment."""

    order: Order
    env: dict[str, str]


def shares(order: Order, processes: int) -> list[Share]:
    """The orders of so many processes: cores and memory divided, cards given out in turn.

    A card that was asked for is told by its number. Where it is the device's own choice, each process sees one card: so
    it may still fall back to the CPU.
    """
    cores, memory_bytes = order.threads or usable_cores(), order.memory_bytes or default_bytes()
    device = (order.device or os.environ.get("TENBIT_DEVICE") or "auto").lower()
    cards = device_count() if device in ("auto", "cuda") else 0
    seen = os.environ.get(VISIBLE, "").split(",") if os.environ.get(VISIBLE) else [str(n) for n in range(cards)]
    made = []
    for number in range(processes):
        threads = max(1, cores // processes + (number < cores % processes))
        own = replace(order, threads=threads, memory_bytes=max(1, memory_bytes // processes))
        env = {}
        if cards > 1 and device == "cuda":
            own = replace(own, device=f"cuda:{number % cards}")
        elif cards > 1:
            env[VISIBLE] = seen[number % cards]
        made.append(Share(own, env))
    return made
