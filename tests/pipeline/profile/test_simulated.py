"""Simulated frames that are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tenbit.pipeline import sample as simulator
from tenbit.pipeline.profile import simulated
from tenbit.pipeline.profile.frames import sample


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TENBIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(simulated, "_LEAST_PIXELS", 0)
    return tmp_path / "cache" / "samples"


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_frame_is_simulated_once(is_packed: bool, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sample("64x64", is_packed=is_packed).frame
    assert len(list(cache.iterdir())) == 1
    monkeypatch.setattr(simulator, "make", None)
    again = sample("64x64", is_packed=is_packed).frame
    np.testing.assert_array_equal(again.samples, first.samples)
    assert (again.facts, again.packing) == (first.facts, first.packing)


def test_other_frames_are_kept_beside_it_and_few_of_them(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "_MOST", 2)
    for seed in range(4):
        sample("64x64", seed=seed)
    assert len(list(cache.iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(cache: Path) -> None:
    cache.parent.write_text("a file, no folder", "utf-8")
    assert sample("64x64").frame.samples.shape == (64, 64)


def test_with_its_truth_it_is_not_kept(cache: Path) -> None:
    truth = sample("64x64", has_truth=True).truth
    assert truth is not None
    assert truth.shape == (64, 64, 3)
    assert not cache.exists()
