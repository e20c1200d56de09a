"""Batches of small frames: jobs, chains, and outcomes all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenbit.pipeline.batch import Order, develop
from tenbit.pipeline.config import Chain, load
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome

BARE = ["black_level", {"demosaic": {"method": "bilinear"}}]
SEEN = [*BARE, "tone", {"histogram": {"to": "none"}}]


def chain_of(stages: list[Any], format: Any = "png", **overrides: Any) -> Chain:  # noqa: A002
    return settled(load(stages, overrides=[f"output.{name}={value}" for name, value in overrides.items()]), format)


def jobs(folder: Path, *names: str) -> list[Job]:
    return [Job(Path(f"{name}.dng"), folder / f"{name}.png") for name in names]


def run(work: list[Job], chain: Chain, **options: Any) -> list[Outcome]:
    return list(develop(work, Order(chain, device="cpu", **options)))
