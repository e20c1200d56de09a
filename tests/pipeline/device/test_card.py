"""What only a real card can show; skipped unless TENBIT_TEST_GPU is set."""

import os

import numpy as np
import pytest

from tenbit.pipeline import run, tiles
from tenbit.pipeline.device import CpuDevice, choose

CHAIN = ("black_level", ("white_balance", {"mode": "grey_world"}), "demosaic", "tone", "zebra", "histogram")


@pytest.fixture
def card():
    if not os.environ.get("TENBIT_TEST_GPU"):
        pytest.skip("needs a card: set TENBIT_TEST_GPU=1")
    device = choose("cuda")[0]
    yield device
    device.drop()


def developed(card, frames, what):
    """Frames with the next begun before the one in front is finished."""
    pending = [run.begin(frames[0], what, card)]
    for frame in frames[1:]:
        pending.append(run.begin(frame, what, card))
        yield pending.pop(0).finish()
    yield pending.pop().finish()


def test_frames_that_overlap_and_are_replayed_are_the_cpus(card, scene, planned):
    frames = [scene(1000, 1504, seed=n) for n in range(8)]
    what, cpu = planned(frames[0], *CHAIN), CpuDevice()
    for frame, out in zip(frames, developed(card, frames, what), strict=True):
        expected = run.run_plan(frame, what, cpu)
        # Zebra's stripes have thresholds: a pixel in ten thousand may lie on the other side.
        beyond = np.abs(out.samples.astype(int) - expected.samples) > 1
        assert beyond.mean() < 1e-4
        np.testing.assert_allclose(out.results["histogram"].counts, expected.results["histogram"].counts, atol=100)


def test_launches_are_captured(card, scene, planned):
    frame = scene(200, 300)
    what, said = planned(frame, *CHAIN), []
    first = run.run_plan(frame, what, card, said=said.append)
    for _ in range(3):
        np.testing.assert_array_equal(run.run_plan(frame, what, card, said=said.append).samples, first.samples)
    assert [line for line in said if "not replayed" in line] == []
    lane = next(lane for lane in card._lanes if lane.program is not None)
    assert all(stretch._graph is not None for stretch in lane.program._stretches.values())


def test_tiles_make_the_picture_of_the_whole_frame(card, scene, planned, monkeypatch):
    frame = scene(601, 400)
    what = planned(frame, *CHAIN, "peaking")
    whole = run.run_plan(frame, what, card)
    monkeypatch.setattr(card, "free_bytes", lambda: run.bytes_needed(what, frame, "cuda") - 1)
    said = []
    card.said_before.clear()
    tiled = run.run_plan(frame, what, card, said=said.append)
    assert [line for line in said if line.startswith("done in tiles of ")]
    np.testing.assert_array_equal(tiled.samples, whole.samples)
    np.testing.assert_array_equal(tiled.results["histogram"].counts, whole.results["histogram"].counts)
    assert tiles.margin_of(what.cuda_passes) > 0


def test_memory_stays_what_it_was(card, scene, planned):
    frames = [scene(500, 700, seed=n) for n in range(4)]
    what = planned(frames[0], *CHAIN)
    for _ in developed(card, frames, what):
        pass
    used = card.cupy.get_default_memory_pool().used_bytes()
    for _ in developed(card, frames * 5, what):
        pass
    assert card.cupy.get_default_memory_pool().used_bytes() == used
