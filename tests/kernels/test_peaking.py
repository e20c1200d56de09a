"""Peaking against whole-array filters of scipy."""

import numpy as np
import pytest
from scipy.ndimage import convolve, gaussian_filter, maximum_filter, minimum_filter

from tenbit.kernels._draw import COLOURS

BT709 = np.array([0.2126, 0.7152, 0.0722])


def ratio(samples, weights=BT709):
    """Smoothed second difference over local contrast, by convolution and rank filters; borders mirrored."""
    y = samples.astype(float) @ weights
    kernel = np.outer([1, 2, 1], [-1, 2, -1]) / 4
    detail = np.hypot(convolve(y, kernel, mode="mirror"), convolve(y, kernel.T, mode="mirror"))
    contrast = maximum_filter(y, 5, mode="mirror") - minimum_filter(y, 5, mode="mirror")
    return detail / (contrast + 0.2)


def marks(out, colour="red"):
    return (out.samples == np.array(COLOURS[colour], np.float32)).all(axis=-1)


def edges(rows, cols, blur=0.0, seed=1):
    """Boxes of random grey, a little blurred: a picture with edges of every strength."""
    rng = np.random.default_rng(seed)
    picture = np.kron(rng.random((rows // 6 + 1, cols // 6 + 1)), np.ones((6, 6)))[:rows, :cols]
    tint = np.array([1.0, 0.8, 0.6])
    return (gaussian_filter(picture, blur) if blur else picture)[..., None] * tint


@pytest.mark.parametrize("shape", [(15, 32), (7, 5), (3, 3)])
@pytest.mark.parametrize(("sensitivity", "part"), [(0.0, 0.35), (0.5, 0.21), (1.0, 0.07)])
def test_equals_whole_array_filters(develop, planes, shape, sensitivity, part):
    samples = edges(*shape, blur=0.6)
    out = develop(planes(samples, state="display", space="srgb"), ("peaking", {"sensitivity": sensitivity}))
    expected = ratio(samples)
    sure = np.abs(expected - part) > 1e-5
    np.testing.assert_array_equal(marks(out)[sure], (expected > part)[sure])
    np.testing.assert_array_equal(out.samples[~marks(out)], samples.astype(np.float32)[~marks(out)])
    assert out.results["peaking"] == marks(out).mean()


def test_hand_worked_step(develop, planes):
    samples = np.zeros((6, 8, 3))
    samples[:, 4:] = 0.4
    # beside the step: second difference 0.4, contrast 0.4: 0.4 / (0.4 + 0.2) is more than 0.35
    out = develop(planes(samples, state="display"), ("peaking", {"sensitivity": 0.0, "colour": "green"}))
    np.testing.assert_array_equal(marks(out, "green"), np.tile(np.isin(np.arange(8), (3, 4)), (6, 1)))


def test_contrast_alone_is_not_focus(develop, planes):
    """A strong edge out of focus stays bare; one a quarter as strong, in focus, does not."""
    step = np.where(np.arange(32) < 16, 0.0, 1.0)[None, :, None] * np.ones((8, 1, 3))
    strong = gaussian_filter(step, (0, 2.5, 0))
    assert develop(planes(strong, state="display"), ("peaking", {})).results["peaking"] == 0
    assert develop(planes(0.25 * step, state="display"), ("peaking", {})).results["peaking"] > 0


def test_flat_and_noise_stay_bare(develop, planes):
    noise = 0.5 + np.random.default_rng(2).normal(0, 0.005, (16, 32, 1)) * np.ones(3)
    out = develop(planes(noise, state="display"), ("peaking", {}))
    np.testing.assert_array_equal(out.samples, noise.astype(np.float32))


def test_opacity_mixes(develop, planes):
    samples = edges(8, 20)
    full = develop(planes(samples, state="display"), ("peaking", {"colour": "white"}))
    half = develop(planes(samples, state="display"), ("peaking", {"colour": "white", "opacity": 0.5}))
    np.testing.assert_allclose(half.samples, (full.samples + samples) / 2, atol=1e-6)
    none = develop(planes(samples, state="display"), ("peaking", {"opacity": 0.0}))
    assert none.samples.tobytes() == samples.astype(np.float32).tobytes()


def test_equals_plain_python(develop, plain, planes):
    frame = planes(edges(13, 17, blur=0.7), state="display", space="display-p3")
    there, here = develop(frame, ("peaking", {})), plain(frame, ("peaking", {}))
    np.testing.assert_array_equal(there.samples, here.samples)
    assert there.results["peaking"] == here.results["peaking"] > 0
