"""Every stage test runs on each target: the CPU, and CUDA (numba's simulator, or a real GPU with TENBIT_TEST_GPU=1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from tenbit.kernels import stage
from tenbit.kernels._reference import run_passes
from tenbit.kernels._stage import PLANES
from tenbit.pipeline.device import choose
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.run import run_plan

Steps = Sequence[tuple[str, Mapping[str, Any]]]


def links(steps: Steps) -> list[Link]:
    return [Link(stage(name), stage(name).parameters(**parameters)) for name, parameters in steps]


@pytest.fixture(params=["cpu", "cuda"])
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def develop(target: str) -> Callable[..., Frame]:
    """``develop(frame, ("black_level", {}), ("demosaic", {"method": "malvar"}), bits=None)`` on the target."""

    def run(frame: Frame, *steps: tuple[str, Mapping[str, Any]], bits: int | None = None, fuse: bool = True) -> Frame:
        device, _ = choose(target)
        return run_plan(frame, plan(links(steps), frame.facts, bits=bits, fuse=fuse), device)

    return run


@pytest.fixture
def plain() -> Callable[..., Frame]:
    """As ``develop``, by the reference schedule: the bodies as plain Python, step after step. For small frames."""

    def run(frame: Frame, *steps: tuple[str, Mapping[str, Any]]) -> Frame:
        what = plan(links(steps), frame.facts, fuse=False)
        names = PLANES[frame.state]
        host = [frame.samples] if frame.state == "mosaic" else [frame.samples[..., n] for n in range(3)]
        planes = dict(zip(names, host, strict=True))
        results = run_passes(what.passes, planes)
        finished = [planes[name] for name in PLANES[what.facts.state]]
        samples = finished[0] if len(finished) == 1 else np.stack(finished, axis=-1)
        return Frame(samples, what.facts, results=results, warnings=what.notes)

    return run


@pytest.fixture
def planes() -> Callable[..., Frame]:
    """A frame of three float32 planes: ``planes(array, state="linear", space="srgb")``."""
    from tenbit.kernels._facts import Facts

    def make(array: np.ndarray, **facts: Any) -> Frame:
        rows, cols, _ = array.shape
        known = {"state": "linear", "optical_centre": ((rows - 1) / 2, (cols - 1) / 2)} | facts
        return Frame(np.ascontiguousarray(array, np.float32), Facts(rows=rows, cols=cols, **known))

    return make
