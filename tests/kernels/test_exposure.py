"""Exposure: one multiplication."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels.errors import StageError
from tenbit.pipeline.frame import Frame


@pytest.mark.parametrize("shape", [(5, 7), (8, 12)])
@pytest.mark.parametrize("ev", [-2.5, 0.3, 10.0])
def test_mosaic(develop, plain, shape, ev):
    samples = np.random.default_rng(1).random(shape, dtype=np.float32) - np.float32(0.1)
    frame = Frame.from_mosaic(samples)
    out = develop(frame, ("exposure", {"ev": ev}))
    # the gain and the product are rounded to float32 once each
    np.testing.assert_allclose(out.samples, samples.astype(float) * np.exp2(ev), rtol=2e-7)
    np.testing.assert_array_equal(out.samples, plain(frame, ("exposure", {"ev": ev})).samples)
    assert out.facts.exposure_ev == ev


def test_planes_hand_worked(develop, planes):
    frame = planes(np.array([[[0.1, 0.25, -0.5]]]))
    np.testing.assert_allclose(develop(frame, ("exposure", {"ev": 2})).samples, [[[0.4, 1.0, -2.0]]], rtol=1e-6)


def test_baseline_is_applied_once(develop, planes):
    frame = planes(np.full((3, 5, 3), 0.1), baseline_exposure_ev=-1.0)
    once = develop(frame, ("exposure", {"ev": 0.5}))
    np.testing.assert_allclose(once.samples, 0.1 * 2**-0.5, rtol=1e-6)
    assert once.facts.baseline_exposure_ev == 0.0
    twice = develop(frame, ("exposure", {"ev": 0.5}), ("exposure", {"ev": 1.0}))
    np.testing.assert_allclose(twice.samples, 0.1 * 2**0.5, rtol=1e-6)
    left = develop(frame, ("exposure", {"ev": 1.0, "baseline": False}))
    np.testing.assert_allclose(left.samples, 0.2, rtol=1e-6)
    assert left.facts.baseline_exposure_ev == -1.0


@pytest.mark.parametrize("baseline_ev", [0.0, 1.5])
def test_an_exposure_of_0_changes_nothing(develop, planes, baseline_ev):
    frame = planes(np.random.default_rng(2).random((4, 5, 3)), baseline_exposure_ev=baseline_ev)
    out = develop(frame, ("exposure", {"ev": -baseline_ev}))
    np.testing.assert_array_equal(out.samples, frame.samples)
    assert out.facts == dataclasses.replace(frame.facts, baseline_exposure_ev=0.0)


def test_counts_are_refused(develop):
    frame = Frame.from_mosaic(np.zeros((4, 4), np.uint16), black=64, white=1023)
    with pytest.raises(StageError, match=r"exposure: .*put black_level before it"):
        develop(frame, ("exposure", {"ev": 1}))
