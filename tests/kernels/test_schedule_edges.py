"""What schedules meet at the edge of what is allowed: lines, arrays as they come, threads on one plan, no numbers.

Two chains of made-up steps of every kind but those that look anywhere do it all, so that few loops are compiled.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from made_up.chains import Chain
from made_up.schedules import assert_same, by_definition, done

from tenbit.kernels._facts import Cfa
from tenbit.kernels._schedule import Schedule
from tenbit.pipeline import tiles
from tenbit.pipeline.device import CpuDevice, SimulatedDevice

MOSAIC = Chain(
    ("shade", "edge", "level", "rare", "guide", "box", "colour", "luma", "detail", "sparse", "weigh", "soft", "sides"),
    Cfa("GRBG"),
    "float32",
    None,
)
PLANES = Chain(
    ("luma", "box", "detail", "levels", "soft", "rows", "follow", "weigh", "sparse", "green", "box"),
    None,
    "float32",
    None,
)
LINES = [(2, 2), (2, 3), (3, 2), (2, 41), (33, 2), (3, 3), (5, 7)]


@pytest.fixture(scope="module")
def cpu():
    return CpuDevice(3)


@pytest.fixture(params=[MOSAIC, PLANES], ids=["mosaic", "planes"])
def chain(request):
    return request.param


@pytest.mark.parametrize(
    ("chain", "rows", "cols"),
    [
        *((c, *size) for c in (MOSAIC, PLANES) for size in LINES),
        *((PLANES, *size) for size in ((1, 1), (1, 2), (1, 40), (40, 1))),
    ],
)
def test_frames_smaller_than_what_is_looked_at(chain, rows, cols, cpu):
    fused, apart = chain.plans(rows, cols, 3)
    frame, planes = chain.frame(rows, cols, 3)
    expected = by_definition(apart, planes)
    for device in (cpu, SimulatedDevice()):
        assert_same(done(device, fused, frame), expected)


@pytest.mark.parametrize(
    ("chain", "rows", "cols"),
    [
        *((c, *size) for c in (MOSAIC, PLANES) for size in ((2, 20000), (20000, 2), (7, 20001))),
        *((PLANES, *size) for size in ((1, 20000), (20000, 1))),
    ],
)
def test_frames_of_a_few_lines_that_are_very_long(chain, rows, cols, cpu):
    fused, apart = chain.plans(rows, cols, 1)
    frame, _ = chain.frame(rows, cols, 1)
    assert_same(done(cpu, fused, frame), done(CpuDevice(1), apart, frame))


def strided(samples):
    wide = np.zeros((2 * len(samples), 2 * samples.shape[1], *samples.shape[2:]), samples.dtype)
    wide[::2, ::2] = samples
    return wide[::2, ::2]


def unaligned(samples):
    moved = np.zeros(samples.nbytes + 1, np.uint8)[1:].view(samples.dtype).reshape(samples.shape)
    moved[...] = samples
    return moved


def read_only(samples):
    kept = samples.copy()
    kept.flags.writeable = False
    return kept


def reversed_bytes(samples):
    return samples.astype(samples.dtype.newbyteorder())


def doubled(samples):
    return samples.astype(np.float64)


@pytest.mark.parametrize("as_given", [strided, unaligned, read_only, reversed_bytes, doubled, np.asfortranarray])
def test_arrays_however_they_lie(chain, as_given, cpu):
    fused, apart = chain.plans(14, 30, 5)
    frame, planes = chain.frame(14, 30, 5)
    ((name, samples),) = frame.items()
    given = as_given(samples)
    before = given.copy()
    assert_same(done(cpu, fused, {name: given}), by_definition(apart, planes))
    np.testing.assert_array_equal(given, before)


@pytest.mark.parametrize("schedule", [Schedule(), Schedule(scratch_bytes=1)])
def test_threads_may_share_a_plan(chain, schedule, cpu):
    fused, _ = chain.plans(50, 300, 1)
    frames = [chain.frame(50, 300, number)[0] for number in range(6)]
    expected = [done(cpu, fused, frame) for frame in frames]
    device = CpuDevice(3, schedule)
    with ThreadPoolExecutor(4) as pool:
        for number, found in enumerate(pool.map(lambda frame: done(device, fused, frame), 4 * frames)):
            assert_same(found, expected[number % 6])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_what_is_no_number_stays_where_it_is(chain, cpu):
    fused, apart = chain.plans(14, 30, 5)
    frame, planes = chain.frame(14, 30, 5)
    (samples,) = frame.values()
    samples[3, 4], samples[9, 20] = np.inf, -np.inf
    expected = by_definition(apart, planes)
    assert not np.isfinite(expected[0]).all() and np.isfinite(expected[0]).any()
    for device in (cpu, SimulatedDevice()):
        assert_same(done(device, fused, frame), expected)
    # Counting makes whole numbers of samples, which plain Python refuses: the step after step loops are the measure.
    samples[6, 11] = np.nan
    expected = done(CpuDevice(1), apart, frame)
    for device in (cpu, SimulatedDevice()):
        assert_same(done(device, fused, frame), expected)


def test_a_pass_may_write_a_side_plane_alone(cpu):
    chain = Chain(("edge", "level", "follow", "ease"), Cfa("BGGR"), "uint16", None)
    fused, apart = chain.plans(20, 70, 1)
    assert [[slot.name for slot in work.outs] for work in fused.passes] == [["edge"], ["mosaic"]]
    frame, planes = chain.frame(20, 70, 1)
    expected = by_definition(apart, planes)
    for device in (cpu, SimulatedDevice()):
        assert_same(done(device, fused, frame), expected)


def test_rows_that_are_left_out_are_those_of_the_frame_not_of_a_tile():
    chain = Chain(("edge", "rare", "colour", "luma", "detail", "sparse"), Cfa("GRBG"), "float32", None)
    fused, apart = chain.plans(30, 6, 1)
    frame, planes = chain.frame(30, 6, 1)
    rows = tiles.tiles(30, 10, tiles.margin_of(fused.cuda_passes), 2)
    out = tiles._each(SimulatedDevice(), fused.cuda_passes, frame, ("rgb",), list(rows), None)
    assert_same((out.arrays["rgb"], out.counters), by_definition(apart, planes))


@pytest.mark.parametrize("names", ["edge spread ease", "colour luma detail weigh", "edge gain spread near ease"])
def test_a_quad_mosaic_ends_in_its_own_way(names, cpu):
    # By whole periods; planes that are made of it are mirrored about their outermost pixels as any planes are.
    chain = Chain(tuple(names.split()), Cfa("QGRBG"), "float32", None)
    fused, apart = chain.plans(14, 18, 1)
    frame, planes = chain.frame(14, 18, 1)
    expected = by_definition(apart, planes)
    for device in (cpu, SimulatedDevice()):
        assert_same(done(device, fused, frame), expected)


@pytest.mark.parametrize("cfa", ["RGGB", "GBRG", "QGRBG"])
@pytest.mark.parametrize(
    "names", ["edge sort ease", "edge sort spread ease", "gain edge guide order luma", "edge order"]
)
def test_a_point_may_differ_from_site_to_site(names, cfa, cpu):
    chain = Chain(tuple(names.split()), Cfa(cfa), "float32", None)
    fused, apart = chain.plans(13, 22, 1)
    frame, planes = chain.frame(13, 22, 1)
    expected = by_definition(apart, planes)
    for device in (cpu, SimulatedDevice()):
        assert_same(done(device, fused, frame), expected)
        assert_same(done(device, apart, frame), expected)
