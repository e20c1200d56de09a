"""The scene: known colours at known places, any size, no aliasing; patterns against numerical integration."""

import numpy as np
import pytest

from tenbit.pipeline.sample.charts import PATCH_PITCH, PATCHES
from tenbit.pipeline.sample.scene import PATCH_CHART, Picture, StillLife
from tenbit.pipeline.sample.shapes import linear, slab, stripes


def _whole(scene: StillLife) -> np.ndarray:
    return scene.at(*np.mgrid[: scene.rows, : scene.cols].astype(np.float64))


@pytest.mark.parametrize("shape", [(64, 64), (97, 200), (200, 64), (200, 260)])
def test_any_size_is_finite_and_has_dark_and_clipped_parts(shape):
    light = _whole(StillLife(*shape))
    assert light.shape == (*shape, 3)
    assert light.dtype == np.float32
    assert np.isfinite(light).all()
    assert light.min() >= 0
    assert (light > 1).all(axis=-1).sum() >= 5
    assert 0.1 < light.clip(0, 1).mean() < 0.4


def test_too_small_is_refused():
    with pytest.raises(ValueError, match="64 by 64 pixels at least, not 64 by 63"):
        StillLife(64, 63)


def test_seed_changes_textures_only():
    first, again, other = (_whole(StillLife(96, 128, seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.abs(first - other).mean() < 0.02


def test_patches_have_their_published_colours():
    scene = StillLife(540, 720)
    turn = np.radians(PATCH_CHART.degrees)
    for i, code in enumerate(PATCHES):
        down, right = (i // 6 - 1.5) * PATCH_PITCH, (i % 6 - 2.5) * PATCH_PITCH
        y = PATCH_CHART.y + down * np.cos(turn) + right * np.sin(turn)
        x = PATCH_CHART.x + right * np.cos(turn) - down * np.sin(turn)
        row, col = scene.point(y, x)
        # The bulbs above cast a little glow, but the chart hangs below it.
        np.testing.assert_allclose(scene.at(np.array([[row]]), np.array([[col]]))[0, 0], linear(code), atol=2e-3)


def test_srgb_is_decoded_by_the_standard():
    assert linear("#ffffff") == (1, 1, 1)
    assert linear("#0a80bc")[:2] == pytest.approx((10 / 255 / 12.92, 0.2158605), abs=1e-6)


def test_a_smaller_picture_is_the_mean_of_a_larger_one():
    """What anti-aliasing means. Point sampling of the same scene misses this by more than four times as much."""
    small = _whole(StillLife(150, 200)).clip(0, 1)
    large = _whole(StillLife(600, 800)).clip(0, 1)
    mean = large.reshape(150, 4, 200, 4, 3).mean(axis=(1, 3))
    sampled = large[2::4, 2::4]
    assert np.abs(small - mean).mean() < 0.008
    assert np.abs(sampled - mean).mean() > 4 * np.abs(small - mean).mean()


def test_stripes_and_slabs_are_means_over_a_pixel():
    fine = (np.arange(20_000) + 0.5) / 20_000 - 0.5
    for at, width in ((0.1, 0.3), (0.49, 0.2), (3.7, 1.7), (-2.2, 0.9)):
        wave = (np.mod(at + width * fine, 1) < 0.5).mean()
        assert stripes(np.array([at]), width)[0] == pytest.approx(wave, abs=2e-4)
        thin = (np.abs(at + width * fine) <= 0.15).mean()
        assert slab(np.array([at]), 0.15, width)[0] == pytest.approx(thin, abs=2e-4)


def test_a_picture_is_exact_at_pixels_and_keeps_parabolas_between_them():
    row, col = np.mgrid[:12, :16].astype(np.float64)

    def parabola(y, x):
        return np.stack([y * y / 100, x * y / 100, 1 + x - y * y / 50], axis=-1)

    scene = Picture(parabola(row, col))
    assert np.array_equal(scene.at(row, col), parabola(row, col).astype(np.float32))
    y, x = np.random.default_rng(1).uniform(2, 9, (2, 5, 40))
    np.testing.assert_allclose(scene.at(y, x), parabola(y, x), atol=2e-5)
    assert np.array_equal(scene.at(np.array([[-9.0]]), np.array([[30.0]]))[0, 0], scene.at(row, col)[0, 15])
    with pytest.raises(ValueError, match=r"shape \(rows, cols, 3\), not \(4, 5\)"):
        Picture(np.zeros((4, 5)))
