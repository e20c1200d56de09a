"""The laws that no schedule may break: one chain, one picture."""

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenbit.kernels import stage
from tenbit.kernels._schedule import Schedule
from tenbit.pipeline.device import CpuDevice, choose
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.run import run_plan

COLOR_MATRIX = [[0.8, -0.2, -0.1], [-0.4, 1.2, 0.2], [-0.1, 0.2, 0.6]]
LENS = {"distortion": (-0.05, 0.01, 0.0), "red_scale": 1.002, "blue_scale": 0.999}
DEVELOP = [
    ("black_level", {}),
    ("white_balance", {}),
    ("demosaic", {"method": "malvar"}),
    ("lens", LENS),
    ("exposure", {"ev": 0.5}),
    ("colour", {}),
    ("tone", {}),
    ("resize", {"long_edge_px": 21}),
    ("orient", {"to": "file"}),
]
MONITORS = [("histogram", {}), ("peaking", {}), ("zebra", {"high": 0.6, "low": 0.1})]
# The thinnest bands that there are.
THINNEST = Schedule(scratch_bytes=1)
STRAIGHT = [entry for entry in DEVELOP if entry[0] not in ("lens", "resize", "orient")]


def scene(rows, cols, cfa="RGGB", seed=1, orientation=1):
    """A noisy gradient with a bright edge, so that monitors find something."""
    rng = np.random.default_rng(seed)
    signal = np.linspace(0.02, 0.9, cols) * np.where(np.arange(rows)[:, None] > rows // 2, 1.0, 0.3)
    counts = 64 + 900 * signal + rng.normal(0, 8, (rows, cols))
    frame = Frame.from_mosaic(
        np.clip(counts, 0, 1023).astype(np.uint16),
        cfa=cfa,
        black=(60, 64, 66, 68) * (4 if cfa.startswith("Q") else 1),
        white=1023,
        neutral=(0.5, 1.0, 0.6),
        color_matrix=COLOR_MATRIX,
    )
    return dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, orientation=orientation))


def developed(frame, steps, *, device=None, fuse=True, bits=None):
    links = [Link(stage(name), stage(name).parameters(**given)) for name, given in steps]
    return run_plan(frame, plan(links, frame.facts, bits=bits, fuse=fuse), device or choose("cpu")[0])


@pytest.mark.parametrize("cfa", ["RGGB", "GRBG", "GBRG", "BGGR"])
def test_law_1_fused_equals_unfused(cfa):
    @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(rows=st.integers(2, 70), cols=st.integers(2, 70), seed=st.integers(0, 99))
    def at_any_size(rows, cols, seed):
        frame = scene(rows, cols, cfa, seed)
        whole, apart = developed(frame, STRAIGHT), developed(frame, STRAIGHT, fuse=False)
        np.testing.assert_array_equal(whole.samples, apart.samples)

    at_any_size()


def test_law_1_holds_for_every_kind_of_pass():
    frame = scene(31, 45, orientation=6)
    for bits in (None, 8, 16):
        whole = developed(frame, [*DEVELOP, *MONITORS], bits=bits)
        apart = developed(frame, [*DEVELOP, *MONITORS], bits=bits, fuse=False)
        np.testing.assert_array_equal(whole.samples, apart.samples)
        np.testing.assert_array_equal(whole.results["histogram"].counts, apart.results["histogram"].counts)


@pytest.mark.parametrize("threads", [1, 3])
def test_law_1_banded_equals_whole(threads):
    frame = scene(139, 37)
    whole = developed(frame, [*DEVELOP, *MONITORS], device=CpuDevice(1))
    banded = developed(frame, [*DEVELOP, *MONITORS], device=CpuDevice(threads, THINNEST))
    np.testing.assert_array_equal(whole.samples, banded.samples)


@pytest.mark.parametrize(("bits", "codes"), [(8, 1), (16, 4)])
def test_law_2_both_targets_agree(bits, codes):
    frame = scene(21, 38, orientation=6)
    cpu = developed(frame, DEVELOP, bits=bits)
    cuda = developed(frame, DEVELOP, bits=bits, device=choose("cuda")[0])
    assert cpu.samples.dtype == cuda.samples.dtype == np.dtype(f"uint{bits}")
    assert np.abs(cpu.samples.astype(int) - cuda.samples).max() <= codes


@pytest.mark.parametrize(("cfa", "rows", "cols"), [("RGGB", 20, 30), ("QGBRG", 24, 36)])
def test_law_2_masks_and_counts_agree(cfa, rows, cols):
    frame = scene(rows, cols, cfa)
    steps = [
        ("black_level", {}),
        ("quad_bayer", {}),
        ("white_balance", {"mode": "grey_world"}),
        *STRAIGHT[2:],
        *MONITORS,
    ]
    cpu = developed(frame, steps, bits=8)
    cuda = developed(frame, steps, bits=8, device=choose("cuda")[0])
    assert np.abs(cpu.samples.astype(int) - cuda.samples).max() <= 1
    assert not np.array_equal(cpu.samples, developed(frame, steps[: -len(MONITORS)], bits=8).samples)
    np.testing.assert_array_equal(cpu.results["histogram"].counts, cuda.results["histogram"].counts)
    assert {name: cpu.results[name] for name in ("peaking", "zebra", "white_balance")} == {
        name: cuda.results[name] for name in ("peaking", "zebra", "white_balance")
    }


def test_law_3_nothing_asked_for_changes_nothing():
    frame = scene(18, 26)
    plain = developed(frame, [("black_level", {}), ("demosaic", {"method": "malvar"})])
    idle = developed(
        frame,
        [
            ("black_level", {}),
            ("white_balance", {"mode": "gains", "gains": (1.0, 1.0, 1.0), "highlights": "keep"}),
            ("demosaic", {"method": "malvar"}),
            ("lens", {"distortion": (0.0, 0.0, 0.0), "red_scale": 1.0, "blue_scale": 1.0}),
            ("exposure", {"ev": 0.0}),
            ("colour", {"space": "camera"}),
            ("crop", {}),
            ("orient", {}),
        ],
    )
    np.testing.assert_array_equal(plain.samples, idle.samples)


def test_law_4_no_monitor_measures_paint():
    frame = scene(24, 40)
    # Step after step: loops that law 1 has compiled already.
    alone = {name: developed(frame, [*STRAIGHT, (name, given)], fuse=False).results[name] for name, given in MONITORS}
    assert alone["peaking"].share > 0 and alone["zebra"]["high"] > 0
    # Each order compiles loops of its own; every monitor stands first, in the middle and last once.
    for order in (MONITORS, MONITORS[1:] + MONITORS[:1], MONITORS[2:] + MONITORS[:2]):
        together = developed(frame, [*STRAIGHT, *order]).results
        np.testing.assert_array_equal(together["histogram"].counts, alone["histogram"].counts)
        assert (together["peaking"], together["zebra"]) == (alone["peaking"], alone["zebra"])


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_law_5_levels_come_from_the_frame(bits):
    top = 2**bits - 1
    signal = np.random.default_rng(5).integers(0, 201, (12, 18)) / 200
    black = top / 16
    counts = black + signal * (top - black)
    frame = Frame.from_mosaic(counts.astype(np.float32), black=black, white=top)
    out = developed(frame, [("black_level", {}), ("demosaic", {"method": "malvar"})])
    expected = developed(Frame.from_mosaic(signal.astype(np.float32)), [("demosaic", {"method": "malvar"})])
    np.testing.assert_allclose(out.samples, expected.samples, atol=2e-6)
