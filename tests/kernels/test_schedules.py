"""Law 1 on chains drawn at random: whatever the schedule, the same picture and the same counts, to the last bit.

Each test draws a chain from a seed, and hypothesis frames, rectangles and distances for it: see `made_up`.
``TENBIT_CHAINS=20:60`` draws those of seeds 20 … 59 in the place of the suite's.
"""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up.chains import Chain
from made_up.schedules import assert_same, by_definition, done

from tenbit.kernels._schedule import Schedule
from tenbit.kernels._stage import ANYWHERE
from tenbit.pipeline import tiles
from tenbit.pipeline.device import CpuDevice, DeviceFullError, SimulatedDevice

ASKED = os.environ.get("TENBIT_CHAINS")
# The simulator compiles nothing; a loop of the CPU takes seconds where it is not kept yet.
FOR_CUDA = range(*map(int, ASKED.split(":"))) if ASKED else (*range(11), 13)
FOR_CPU = FOR_CUDA if ASKED else (3, 4, 5, 6, 9, 10, 13)
EXTREME = (
    Schedule(scratch_bytes=1),
    Schedule(scratch_bytes=1 << 26, most_deep=12, least_wide=1, bands=64),
    Schedule(scratch_bytes=1 << 14, most_deep=1, least_wide=1, bands=1),
)
FOR_TILES = FOR_CUDA if ASKED else (2, 3, 4, 7, 8, 10)


def few(count):
    return settings(max_examples=count, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def side(chain, most):
    """Pixels along one side of a frame, from one period of the CFA on."""
    return st.integers(chain.cfa.period if chain.cfa else 1, most)


@pytest.fixture(scope="module")
def cpus():
    """The CPU with one thread and with three."""
    return CpuDevice(1), CpuDevice(3)


@pytest.fixture(scope="module")
def extreme():
    """The CPU by schedules far from the default: the thinnest chunks and narrowest strips, all of a frame at once."""
    return [CpuDevice(3, schedule) for schedule in EXTREME]


@pytest.mark.parametrize("seed", FOR_CPU)
def test_the_cpu_makes_the_picture_of_the_definition(seed, cpus, extreme):
    chain = Chain.of(seed)

    @few(5)
    @given(data=st.data(), number=st.integers(0, 999))
    def at_any_size(data, number):
        rows, cols = data.draw(side(chain, 40)), data.draw(side(chain, 70))
        fused, apart = chain.plans(rows, cols, number)
        frame, planes = chain.frame(rows, cols, number)
        expected = by_definition(apart, planes)
        for device in cpus:
            assert_same(done(device, apart, frame), expected)
            assert_same(done(device, fused, frame), expected)
        for device in extreme:
            assert_same(done(device, fused, frame), expected)

    at_any_size()


@pytest.mark.parametrize("seed", FOR_CPU)
def test_no_strip_and_no_band_shows(seed, cpus, extreme):
    chain = Chain.of(seed)

    @few(40)
    @given(data=st.data(), number=st.integers(0, 999))
    def at_any_size(data, number):
        rows, cols = data.draw(side(chain, 9)), data.draw(side(chain, 700))
        if data.draw(st.booleans()):
            rows, cols = cols, rows
        fused, apart = chain.plans(rows, cols, number)
        frame, _ = chain.frame(rows, cols, number)
        expected = done(cpus[0], apart, frame)
        assert_same(done(cpus[0], fused, frame), expected)
        for device in extreme:
            assert_same(done(device, fused, frame), expected)

    at_any_size()


@pytest.mark.parametrize("seed", FOR_CUDA)
def test_cuda_makes_the_picture_of_the_definition(seed):
    chain, device = Chain.of(seed), SimulatedDevice()

    @few(2)
    @given(data=st.data(), number=st.integers(0, 999))
    def at_any_size(data, number):
        # Blocks do 8 × 32 pixels, or periods of the CFA.
        rows, cols = data.draw(side(chain, 18)), data.draw(side(chain, 70))
        fused, apart = chain.plans(rows, cols, number)
        frame, planes = chain.frame(rows, cols, number)
        assert_same(done(device, fused, frame), by_definition(apart, planes))

    at_any_size()


class Small(SimulatedDevice):
    """Numba's simulator; it takes frames of so many rows at the most."""

    def __init__(self, most_rows):
        super().__init__()
        self.most_rows = most_rows

    def begin(self, passes, planes, wanted, **more):
        if len(next(iter(planes.values()))) > self.most_rows:
            raise DeviceFullError("too tall")
        return super().begin(passes, planes, wanted, **more)


@pytest.mark.parametrize("seed", FOR_TILES)
def test_tiles_make_the_picture_of_the_whole_frame(seed, monkeypatch):
    chain, (rows, cols) = Chain.of(seed), (45, 11)
    fused, apart = chain.plans(rows, cols, seed)
    if tiles.why_not(fused.cuda_passes, rows):
        # Refused, and rightly: no chain of the suite's own, but some that are asked for.
        assert ASKED and any(step.access in ANYWHERE for work in fused.cuda_passes for step in work.steps)
        return
    monkeypatch.setattr(tiles, "LEAST_ROWS", 8)
    frame, planes = chain.frame(rows, cols, seed)
    device, name = Small(12 + 2 * tiles.margin_of(fused.cuda_passes)), "mosaic" if apart.facts.cfa else "rgb"
    period = chain.cfa.period if chain.cfa else 1
    out = tiles.through_tiles(device, fused.cuda_passes, frame, (name,), period=period)
    assert_same((out.arrays[name], out.counters), by_definition(apart, planes))
