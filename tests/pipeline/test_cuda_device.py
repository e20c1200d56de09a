"""The CUDA device on a stand-in for CuPy: arrays that numpy cannot take by accident, memory that runs out."""

import contextlib
import sys
import types

import numpy as np
import pytest

from tenbit.kernels import stage
from tenbit.pipeline import device, run
from tenbit.pipeline.errors import DeviceError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, plan


class OutOfMemoryError(Exception):
    pass


class OnDevice:
    """An array of the card: the host gets it by ``asnumpy`` alone."""

    def __init__(self, array):
        self.held = array
        self.shape, self.dtype = array.shape, array.dtype

    def __array__(self, *arguments, **more):
        raise TypeError("implicit conversion of a device array")


class StandIn(types.ModuleType):
    """As much of CuPy as `CudaDevice` uses."""

    def __init__(self, capacity):
        super().__init__("cupy")
        self.capacity, self.current, self.used_on = capacity, [], []
        runtime = types.SimpleNamespace(
            getDeviceProperties=lambda number: {"name": b"Stand-in"}, memGetInfo=lambda: (capacity // 2, capacity)
        )
        memory = types.SimpleNamespace(OutOfMemoryError=OutOfMemoryError)
        self.cuda = types.SimpleNamespace(runtime=runtime, memory=memory, Device=self._device)

    @contextlib.contextmanager
    def _device(self, number):
        self.current.append(number)
        yield
        self.current.pop()

    def _made(self, array):
        self.used_on.append(self.current[-1])
        if array.nbytes > self.capacity:
            raise OutOfMemoryError("out of memory allocating")
        return OnDevice(array)

    def asarray(self, array):
        return self._made(array.copy())

    def empty(self, shape, dtype):
        return self._made(np.empty(shape, dtype))

    def asnumpy(self, array):
        return array.held

    def get_default_memory_pool(self):
        return types.SimpleNamespace(free_bytes=lambda: self.capacity // 2)


@pytest.fixture
def on_stand_in(monkeypatch):
    """``on_stand_in(capacity)``: a CUDA device 1 over a stand-in, its kernels run by numba's simulator."""

    def opened(capacity):
        stand_in = StandIn(capacity)
        monkeypatch.setitem(sys.modules, "cupy", stand_in)
        monkeypatch.setattr(device, "is_simulated", lambda: False)
        monkeypatch.setattr(device, "_unusable", lambda number: None)
        from tenbit.kernels._cuda import CudaPass

        launch = CudaPass.__call__

        def unwrapped(self, ins, outs, packed, *, counters):
            kf, ki, arrays = packed
            held = [[a.held for a in group] for group in (ins, outs, arrays)]
            launch(self, held[0], held[1], (kf.held, ki.held, held[2]), counters=[c.held for c in counters])

        monkeypatch.setattr(CudaPass, "__call__", unwrapped)
        return device.CudaDevice(1), stand_in

    return opened


def developed(frame, where, **more):
    names = ("black_level", "white_balance", "demosaic", "tone", "histogram")
    parameters = {"white_balance": {"mode": "grey_world"}}
    chain = [Link(stage(n), stage(n).parameters(**parameters.get(n, {}))) for n in names]
    return run.run_plan(frame, plan(chain, frame.facts, bits=8), where, **more)


def frame():
    samples = np.random.default_rng(1).integers(64, 1023, (12, 16)).astype(np.uint16)
    return Frame.from_mosaic(samples, black=64, white=1023, neutral=(0.5, 1.0, 0.7))


def test_a_frame_goes_up_and_down_by_explicit_copies_alone(on_stand_in):
    where, stand_in = on_stand_in(2**30)
    out = developed(frame(), where)
    expected = developed(frame(), device.CpuDevice(1))
    assert where.name == "cuda:1 Stand-in"
    assert np.abs(out.samples.astype(int) - expected.samples).max() <= 1
    np.testing.assert_array_equal(out.results["histogram"].counts, expected.results["histogram"].counts)
    assert set(stand_in.used_on) == {1}
    assert stand_in.current == []


def test_what_the_pool_holds_is_free(on_stand_in):
    where, _ = on_stand_in(4096)
    assert where.free_bytes() == 4096


@pytest.mark.parametrize("capacity", [100, 2000])
def test_a_frame_that_does_not_fit_is_developed_on_the_cpu_and_said(on_stand_in, capacity):
    where, _ = on_stand_in(capacity)
    with pytest.raises(DeviceError, match="cuda:1 Stand-in"):
        developed(frame(), where)
    said = []
    out = developed(frame(), where, said=said.append, may_fall_back=True)
    assert [line for line in said if line.startswith("developed on the CPU: the frame ")]
    assert out.record["device"].startswith("cpu")


def test_memory_that_runs_out_on_the_way_is_ours_to_tell(on_stand_in, monkeypatch):
    where, _ = on_stand_in(300)
    monkeypatch.setattr(where, "free_bytes", lambda: 10**9)
    with pytest.raises(device.DeviceFullError, match="the frame does not fit into the memory of cuda:1 Stand-in"):
        developed(frame(), where)
    said = []
    assert developed(frame(), where, said=said.append, may_fall_back=True).record["device"].startswith("cpu")
    assert "developed on the CPU: the frame does not fit into the memory of cuda:1 Stand-in" in said
