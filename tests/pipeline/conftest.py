"""Frames, plans and a strict stand-in for CuPy, for the tests of what runs them."""

import gc
import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest


def strict_cupy():
    """The module of the stand-in: tests are no package, so it is loaded by its path."""
    path = Path(__file__).parent / "device" / "strict_cupy.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def strict(monkeypatch):
    """``strict(capacity)``: the stand-in in the place of cupy, numba's simulator behind it; no fault may be left."""
    if os.environ.get("TENBIT_TEST_GPU"):
        pytest.skip("numba's simulator stands behind the stand-in, and TENBIT_TEST_GPU asks for the real numba")
    from tenbit.kernels import _compile
    from tenbit.kernels._cuda_pass import CudaPass
    from tenbit.pipeline.device import cuda

    made, stand_in = [], strict_cupy()
    launch = CudaPass.__call__

    def queued(self, ins, outs, packed, *, shape, counters, stream=0):
        kf, ki, arrays = packed
        groups = [ins, outs, [kf, ki], arrays, counters]
        held = [[array.held for array in group] for group in groups]

        def do():
            launch(self, held[0], held[1], (*held[2], held[3]), shape=shape, counters=held[4])

        made[-1].launch(stream, [array for group in groups for array in group], do, kernel=self)

    def installed(capacity=2**30, number=0):
        cupy = stand_in.StrictCupy(capacity, number)
        made.append(cupy)
        monkeypatch.setitem(sys.modules, "cupy", cupy)
        monkeypatch.setattr(cuda, "unusable", lambda number: None)
        monkeypatch.setattr(_compile, "kernel_array", lambda array: array)
        monkeypatch.setattr(_compile, "kernel_stream", lambda pointer: cupy.streams[pointer])
        monkeypatch.setattr(CudaPass, "__call__", queued)
        return cupy

    yield installed
    gc.collect()
    assert [fault for cupy in made for fault in cupy.faults] == []


@pytest.fixture
def card(strict):
    """A CUDA device over the stand-in; ``card.cupy`` is the stand-in."""
    from tenbit.pipeline.device import CudaDevice

    strict()
    return CudaDevice()


@pytest.fixture
def scene():
    """``scene(rows, cols)``: a noisy gradient."""
    from tenbit.pipeline.frame import Frame

    def make(rows, cols, cfa="RGGB", seed=1):
        rng = np.random.default_rng(seed)
        counts = 64 + 900 * np.linspace(0.02, 0.9, cols) + rng.normal(0, 8, (rows, cols))
        samples = np.clip(counts, 0, 1023).astype(np.uint16)
        return Frame.from_mosaic(samples, cfa=cfa, black=64, white=1023, neutral=(0.5, 1.0, 0.7))

    return make


@pytest.fixture
def planned():
    """``planned(frame, "demosaic", ("tone", {...}), bits=8)``: the plan of some stages; a bare demosaic is Malvar's."""
    from tenbit.kernels import stage
    from tenbit.pipeline.plan import Link, plan

    quick = {"demosaic": {"method": "malvar"}}

    def make(frame, *stages, bits=8, **more):
        named = [(s, quick.get(s, {})) if isinstance(s, str) else s for s in stages]
        chain = [Link(stage(name), stage(name).parameters(**given)) for name, given in named]
        return plan(chain, frame.facts, bits=bits, **more)

    return make
