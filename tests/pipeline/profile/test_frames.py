"""Frames to measure with: their sizes, their depth, their truth."""

from __future__ import annotations

import numpy as np
import pytest

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.profile import frames


def test_samples_of_any_size() -> None:
    assert frames.size_of("50MP") == (6144, 8192)
    rows, cols = frames.size_of("0.5mp")
    assert rows * cols == pytest.approx(5e5, rel=0.02)
    made = frames.sample("64x72", bits=12, has_truth=True)
    assert made.frame.facts.white == (4095.0,) * 4
    assert made.truth is not None and made.truth.shape == (64, 72, 3)
    assert made.truth.max() <= 1
    for name, said in (
        ("big", "no such size; allowed: 12mp"),
        ("63x64", "multiples of 8 from 64 to 65535"),
        ("8x8", "multiples of 8"),
    ):
        with pytest.raises(RequestError, match=f"sample '{name}': .*{said}"):
            frames.size_of(name)
    with pytest.raises(RequestError, match="RAW10 holds 10 bits, not 12"):
        frames.sample("64x64", bits=12, is_packed=True)
    with pytest.raises(RequestError, match="cfa"):
        frames.sample("64x64", cfa="XXXX")


def test_large_samples_are_small_ones_beside_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_SIMULATED", (64, 64))
    made = frames.sample("128x96", is_packed=True, has_truth=True)
    assert made.frame.samples.shape == (128, 120)
    assert (made.frame.facts.rows, made.frame.facts.cols) == (128, 96)
    assert made.truth is not None and made.truth.shape == (128, 96, 3)
    np.testing.assert_array_equal(made.frame.samples[:64], made.frame.samples[64:])
