"""Paint on code values: each channel by itself, half up, the same over a large rectangle as over a small one."""

import numpy as np
import pytest

from tenbit.pipeline.overlay.blend import flat, scattered, shaded


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("side", [6, 320])
def test_one_colour_over_a_rectangle(dtype, side):
    peak = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    under = (np.random.default_rng(1).random((side, side, 3)) * peak).astype(dtype)
    colour, alpha = (0.04, 0.5, 0.9), 0.72
    expected = under * (1 - alpha) + np.array(colour) * peak * alpha
    drawn = under.copy()
    flat(drawn, colour, alpha)
    np.testing.assert_allclose(drawn, expected, atol=0.51 if peak > 1 else 1e-6)
    flat(drawn, colour, 0.0)
    np.testing.assert_allclose(drawn, expected, atol=0.51 if peak > 1 else 1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_whole_rows_channels_and_single_pixels_say_the_same(dtype):
    under = np.random.default_rng(2).integers(0, np.iinfo(dtype).max + 1, (200, 170, 3), dtype)
    colour, alpha = (0.31, 0.5, 1.0), 0.37
    whole, one_by_one, scattered_too = under.copy(), under.copy(), under.copy()
    flat(whole, colour, alpha)
    shaded(one_by_one, colour, np.full(under.shape[:2], alpha))
    rows, cols = (places.ravel() for places in np.indices(under.shape[:2]))
    scattered(scattered_too, rows, cols, colour, np.full(rows.shape, alpha))
    np.testing.assert_array_equal(whole, one_by_one)
    np.testing.assert_array_equal(whole, scattered_too)


def test_halves_are_rounded_up():
    pixels = np.full((1, 2, 3), 100, np.uint8)
    flat(pixels[:, :1], (101 / 255, 103 / 255, 1.0), 0.5)
    assert pixels.tolist() == [[[101, 102, 178], [100, 100, 100]]]


def test_no_cover_leaves_codes_alone():
    under = np.random.default_rng(3).random((9, 7, 3), np.float32)
    pixels = under.copy()
    cover = np.zeros((9, 7), np.float32)
    cover[4, 3] = 1
    shaded(pixels, (0.25, 0.5, 0.75), cover)
    assert pixels[4, 3].tolist() == [0.25, 0.5, 0.75]
    pixels[4, 3] = under[4, 3]
    assert pixels.tobytes() == under.tobytes()
