"""Roughness of pictures and of what is no picture."""

from __future__ import annotations

import numpy as np
import pytest

from tenbit.pipeline.raw.plausible import roughness

ROW, COL = np.mgrid[:200, :300]


@pytest.mark.parametrize("period", [2, 4])
def test_a_gradient_of_four_colours_is_smooth(period: int) -> None:
    """By hand: steps of ``period`` along 200 rows, whose random pairs differ by a third of the range on average."""
    colours = 1000 * ((ROW // (period // 2)) % 2) + 500 * ((COL // (period // 2)) % 2)
    across_cols, across_rows = roughness((ROW * 3 + colours).astype(np.uint16), period)
    assert across_cols == 0
    assert across_rows == pytest.approx(period / (200 / 3), rel=0.05)


def test_noise_is_rough_both_ways() -> None:
    assert roughness(np.random.default_rng(0).integers(0, 1024, (200, 300)), 2) == pytest.approx((1, 1), abs=0.02)


def test_a_wrong_width_is_rough_across_rows_only() -> None:
    picture = (500 + 400 * np.sin(COL / 300 * 2 * np.pi)).astype(np.uint16)
    across_cols, across_rows = roughness(picture.reshape(-1)[: 180 * 330].reshape(180, 330), 2)
    assert across_rows > 10 * across_cols


@pytest.mark.parametrize("shape", [(2, 2), (3, 50), (50, 3), (64, 64)])
def test_flat_and_tiny_frames_have_none(shape: tuple[int, int]) -> None:
    assert roughness(np.full(shape, 9, np.uint16), 2) == (0.0, 0.0)
