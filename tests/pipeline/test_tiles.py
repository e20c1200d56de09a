"""Frames in tiles of rows: the picture of the whole frame bit for bit, its counts, and what is said."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbit.kernels._facts import Opcode
from tenbit.pipeline import tiles
from tenbit.pipeline.device import CpuDevice, CudaDevice, DeviceFullError, SimulatedDevice
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.run import bytes_needed, run_plan

LIGHT = ("black_level", "demosaic", "tone")
MONITORS = (
    "black_level",
    ("white_balance", {"mode": "grey_world"}),
    "demosaic",
    "tone",
    ("zebra", {"high": 0.6, "low": 0.2}),
    "histogram",
    "vectorscope",
)


class Small(SimulatedDevice):
    """Numba's simulator with memory that is counted: it takes frames of so many rows at the most."""

    def __init__(self, most_rows, free=10**9):
        super().__init__()
        self.name, self.most_rows, self.free, self.heights = "cuda:0 small", most_rows, free, []

    def free_bytes(self):
        return self.free

    def begin(self, passes, planes, wanted, **more):
        rows = next(iter(planes.values())).shape[0]
        self.heights.append(rows)
        if rows > self.most_rows:
            raise DeviceFullError(f"the frame does not fit into the memory of {self.name}")
        return super().begin(passes, planes, wanted, **more)


@pytest.fixture(autouse=True)
def thin(monkeypatch):
    """Tiles may be thin, so that frames may be small."""
    monkeypatch.setattr(tiles, "LEAST_ROWS", 8)


@given(st.integers(1, 300), st.integers(1, 120), st.integers(0, 20), st.sampled_from([1, 2, 4]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_row_is_in_one_tile_with_its_margin(rows, deep, margin, period):
    parts = list(tiles.tiles(rows, deep, margin, period))
    assert [row for tile in parts for row in range(tile.low, tile.high)] == list(range(rows))
    for tile in parts:
        assert tile.first % period == tile.low % period == 0
        assert tile.high - tile.low <= max(deep, period)
        assert tile.first == 0 or tile.low - tile.first >= margin
        assert tile.end == rows or tile.end - tile.high >= margin


def test_corrections_by_row_column_and_site_know_where_a_tile_lies(planned):
    rng = np.random.default_rng(4)
    area = {"Top": 1, "Left": 0, "Bottom": 97, "Right": 16, "Plane": 0, "Planes": 1, "RowPitch": 2, "ColPitch": 1}
    points = {"BayerPhase": 0, "Points": np.array([[50, 5], [95, 7]]), "Rectangles": np.array([[46, 8, 50, 10]])}
    grid = {"MapSpacingV": 0.5, "MapSpacingH": 1.0, "MapOriginV": 0.0, "MapOriginH": 0.0, "MapPlanes": 1}
    opcodes = (
        Opcode(1, "DeltaPerRow", area | {"Values": rng.random(48, np.float32) * 9}),
        Opcode(1, "FixBadPixelsList", points),
        Opcode(2, "GainMap", area | grid | {"Gains": 1 + rng.random((3, 2, 1), np.float32)}),
    )
    frame = Frame.from_mosaic(rng.integers(64, 1023, (97, 16)).astype(np.uint16), cfa="QRGGB", black=64, white=1023)
    facts = {"opcodes": opcodes, "masked_rows": rng.random(97, np.float32), "defects": np.array([[9, 3], [28, 14]])}
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, noise=((1e-4, 1e-6),), **facts))
    chain = ["linearise", ("defect_pixels", {"detect": True}), ("black_level", {"drift": True}), "file_corrections"]
    what = planned(frame, *chain, bits=None)
    whole = run_plan(frame, what, CpuDevice())
    device = Small(90)
    np.testing.assert_array_equal(run_plan(frame, what, device).samples, whole.samples)
    assert device.heights[0] == 97 and len(device.heights) > 2
    assert (whole.samples != (frame.samples - 64) / np.float32(959)).mean() > 0.4


def test_tiles_make_the_picture_of_the_whole_frame(scene, planned):
    frame = scene(33, 13)
    deltas = np.linspace(-3, 3, 33, dtype=np.float32)
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, black_rows=deltas))
    what = planned(frame, *MONITORS)
    whole = run_plan(frame, what, SimulatedDevice())
    device = Small(24)
    tiled = run_plan(frame, what, device)
    assert device.heights[0] == 33 and max(device.heights[-3:]) <= 24
    np.testing.assert_array_equal(tiled.samples, whole.samples)
    np.testing.assert_array_equal(tiled.results["histogram"].counts, whole.results["histogram"].counts)
    np.testing.assert_array_equal(tiled.results["vectorscope"].counts, whole.results["vectorscope"].counts)
    assert {name: tiled.results[name] for name in ("zebra", "white_balance")} == {
        name: whole.results[name] for name in ("zebra", "white_balance")
    }
    assert tiled.record["device"] == "cuda:0 small"


def test_it_is_said_once_and_smaller_tiles_are_tried(scene, planned):
    frame, said, device = scene(40, 9), [], Small(20)
    what = planned(frame, *LIGHT)
    whole = run_plan(frame, what, SimulatedDevice())
    for _ in range(2):
        out = run_plan(frame, what, device, said=said.append)
        np.testing.assert_array_equal(out.samples, whole.samples)
    assert [line for line in said if not line.startswith("compiling")] == [
        "cuda:0 small has less memory than it said: smaller tiles are tried",
        "done in tiles of 10 rows: the frame does not fit cuda:0 small",
    ]


def test_the_memory_that_is_free_decides_how_deep_tiles_are(scene, planned):
    frame = scene(64, 9)
    what = planned(frame, *LIGHT)
    device = Small(64, free=bytes_needed(what, frame, "cuda") - 1)
    out = run_plan(frame, what, device)
    np.testing.assert_array_equal(out.samples, run_plan(frame, what, SimulatedDevice()).samples)
    # Two tiles are on the way at a time, each with its margin.
    assert 8 <= max(device.heights) < 32


@pytest.mark.parametrize(("name", "given"), [("orient", {"degrees": 90}), ("lens", {"distortion": (-0.2, 0.0, 0.0)})])
def test_what_looks_anywhere_is_done_on_the_cpu_and_said(scene, planned, name, given):
    frame, said, device = scene(24, 20), [], Small(10)
    what = planned(frame, "black_level", "demosaic", (name, given), "tone")
    reason = f"the frame does not fit into the memory of cuda:0 small; {name} looks anywhere in the frame, so it cannot"
    with pytest.raises(DeviceFullError, match=reason):
        run_plan(frame, what, device)
    for _ in range(2):
        out = run_plan(frame, what, device, said=said.append, may_fall_back=True)
        assert out.record["device"].startswith("cpu")
    told = [line for line in said if not line.startswith("compiling")]
    assert len(told) == 1 and told[0].startswith(f"developed on the CPU: {reason}")


def test_when_no_tile_fits_it_is_done_on_the_cpu(scene, planned):
    frame, said, device = scene(24, 9), [], Small(1)
    what = planned(frame, *LIGHT)
    with pytest.raises(DeviceFullError, match="not even tiles of 8 rows fit into the memory of cuda:0 small"):
        run_plan(frame, what, device)
    out = run_plan(frame, what, device, said=said.append, may_fall_back=True)
    np.testing.assert_array_equal(out.samples, run_plan(frame, what, CpuDevice(1)).samples)
    told = [line for line in said if not line.startswith("compiling")]
    assert told[-1].endswith("not even tiles of 8 rows fit into the memory of cuda:0 small")


def test_a_card_takes_tiles_one_after_the_other(strict, scene, planned):
    frame = scene(64, 40)
    what = planned(frame, *LIGHT)
    strict(capacity=bytes_needed(what, frame, "cuda") + 4096)
    roomy = run_plan(frame, what, CudaDevice())
    cupy, said = strict(capacity=bytes_needed(what, frame, "cuda") * 3 // 4), []
    tiled = run_plan(frame, what, CudaDevice(), said=said.append)
    np.testing.assert_array_equal(tiled.samples, roomy.samples)
    assert [line for line in said if line.startswith("done in tiles of ")]
    assert cupy.log.count("up") > 2


def test_what_is_measured_twice_is_done_on_the_cpu(scene, planned):
    """Noise before and behind gains that are measured: both results have one name."""
    frame, device, find = scene(24, 20), Small(10), ("defect_pixels", {"detect": True})
    twice = planned(frame, find, "black_level", ("white_balance", {"mode": "grey_world"}), find, "demosaic")
    assert [tally.writes for work in twice.cuda_passes for tally in work.tallies].count(("noise",)) == 2
    with pytest.raises(DeviceFullError, match="noise is measured twice on the way, so it cannot be done in tiles"):
        run_plan(frame, twice, device)
