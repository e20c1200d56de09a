"""Sharpen against whole-array filters, and against what is known of a slanted edge."""

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import convolve, maximum_filter, minimum_filter
from scipy.special import erf

import tenbit
from tenbit.kernels.errors import StageError
from tenbit.kernels.sharpen import PLACES, REGULAR, weights
from tenbit.pipeline.frame import Frame

NOISE = ((1e-4, 1e-6),)
SHARES = np.array([0.2126, 0.7152, 0.0722])


def filter_of(sigma_px):
    """The filter as a picture, (7, 7)."""
    picture = np.zeros((7, 7))
    for (row, col), weight in zip(PLACES, weights(sigma_px), strict=True):
        for r, c in ((row, col), (col, row)):
            picture[np.ix_([3 - r, 3 + r], [3 - c, 3 + c])] = weight
    return picture


def reference(linear, amount=1.0, sigma_px=0.6, overshoot=0.1):
    """Whole arrays in float64."""
    luma = linear.astype(float) @ SHARES
    most, least = maximum_filter(luma, 3, mode="mirror"), minimum_filter(luma, 3, mode="mirror")
    span = most - least
    variance = (SHARES**2).sum() * (NOISE[0][0] * np.maximum(luma, 0) + NOISE[0][1])
    detail = amount * convolve(luma, filter_of(sigma_px), mode="mirror")
    wanted = luma + detail * span**2 / (span**2 + 36 * variance)
    held = np.clip(wanted, least - overshoot * span, most + overshoot * span)
    return linear * np.clip(1 + (held - luma) / (np.maximum(luma, 0) + 0.002), 0.25, 4)[..., None]


@pytest.mark.parametrize("parameters", [{}, {"amount": 0.4, "sigma_px": 1.1}, {"overshoot": 1.0, "sigma_px": 0.3}])
@pytest.mark.parametrize("shape", [(8, 9), (13, 7)])
def test_equals_whole_array_filters(develop, planes, parameters, shape):
    frame = planes(np.random.default_rng(1).uniform(0, 1, (*shape, 3)), space="camera", noise=NOISE)
    out = develop(frame, ("sharpen", parameters))
    # the shares of luma have four digits here
    np.testing.assert_allclose(out.samples, reference(frame.samples, **parameters), atol=2e-4)


def test_equals_plain_python(develop, plain, planes):
    frame = planes(np.random.default_rng(2).uniform(-0.01, 1.5, (7, 8, 3)), space="camera", noise=NOISE)
    np.testing.assert_array_equal(develop(frame, ("sharpen", {})).samples, plain(frame, ("sharpen", {})).samples)


def test_flat_stays_flat(develop, planes):
    frame = planes(np.full((8, 9, 3), 0.3), space="camera", noise=NOISE)
    np.testing.assert_allclose(develop(frame, ("sharpen", {})).samples, 0.3, rtol=1e-6)


def test_an_amount_of_0_is_nothing(develop, planes):
    frame = planes(np.random.default_rng(3).uniform(0, 1, (6, 7, 3)), space="camera")
    out = develop(frame, ("sharpen", {"amount": 0.0}))
    np.testing.assert_array_equal(out.samples, frame.samples)
    assert out.facts == frame.facts


def test_colour_stays(develop, planes):
    light = np.random.default_rng(4).uniform(0.1, 1, (9, 8, 1)) * [0.9, 0.5, 0.2]
    out = develop(planes(light, space="camera", noise=NOISE), ("sharpen", {})).samples
    np.testing.assert_allclose(out / out[..., 1:2], np.broadcast_to([1.8, 1.0, 0.4], out.shape), rtol=1e-5)


@pytest.mark.parametrize("sigma_px", [0.3, 0.6, 0.9])
def test_the_filter_is_the_wiener_filter(sigma_px):
    """In both directions of frequency, where the blur leaves something."""
    kernel = filter_of(sigma_px)
    assert kernel.sum() == pytest.approx(0, abs=1e-9)
    for v, u in ((0.1, 0.0), (0.2, 0.2), (0.3, 0.1), (0.4, 0.0)):
        at = np.arange(-3, 4)
        response = 1 + np.cos(2 * np.pi * v * at) @ kernel @ np.cos(2 * np.pi * u * at)
        blur = np.exp(-2 * (np.pi * sigma_px) ** 2 * (v * v + u * u))
        # seven pixels across hold the filter this well
        assert blur * response == pytest.approx((1 + REGULAR) * blur**2 / (blur**2 + REGULAR), abs=0.07)


def edge(sigma_px, noise=0.0, size=96):
    """An edge of 5 degrees between 0.1 and 0.6, blurred, and the distance of each pixel from it."""
    row, col = np.mgrid[:size, :size] - (size - 1) / 2
    distance = col * np.cos(np.radians(5)) + row * np.sin(np.radians(5))
    light = 0.1 + 0.25 * (1 + erf(distance / (np.sqrt(2) * sigma_px)))
    light = light[..., None] + noise * np.random.default_rng(5).standard_normal((size, size, 3))
    return light, distance


def mtf50(plane, distance):
    """Cycles per pixel at which half of the contrast is left (ISO 12233: slanted edge, four bins a pixel)."""
    inside = np.zeros(plane.shape, bool)
    inside[6:-6, 6:-6] = True
    inside &= np.abs(distance) < 12
    bins = np.floor(4 * distance[inside]).astype(int) + 48
    profile = np.bincount(bins, plane[inside]) / np.bincount(bins)
    spectrum = np.abs(np.fft.rfft(np.diff(profile) * np.hanning(len(profile) - 1), 2048))
    return np.fft.rfftfreq(2048, 0.25)[np.argmax(spectrum < 0.5 * spectrum[0])]


def sharpened(light, variance, **parameters):
    facts = {"noise": ((0.0, variance),), "optical_centre": (0.0, 0.0)}
    flat = Frame.from_mosaic(np.zeros(light.shape[:2], np.float32)).facts
    facts = dataclasses.replace(flat, state="linear", cfa=None, black=(0.0,) * 3, white=(1.0,) * 3, **facts)
    frame = Frame(np.ascontiguousarray(light, np.float32), facts)
    return tenbit.run(frame, [{"sharpen": parameters}], device="cpu").samples[..., 1]


@pytest.mark.parametrize("sigma_px", [0.6, 0.75, 0.9])
def test_a_slanted_edge_gets_back_its_sharpness_without_a_halo(sigma_px):
    light, distance = edge(sigma_px)
    out = sharpened(light, 1e-8, sigma_px=sigma_px)
    frequency = np.linspace(0.05, 0.5, 500)
    blur = np.exp(-2 * (np.pi * sigma_px * frequency) ** 2)
    expected = frequency[np.argmax((1 + REGULAR) * blur**2 / (blur**2 + REGULAR) < 0.5)]
    before, after = mtf50(light[..., 1], distance), mtf50(out, distance)
    assert after > 1.25 * before
    # the limit to halos changes the edge a little
    assert after == pytest.approx(expected, rel=0.15)
    assert out.max() < 0.6 + 0.08 * 0.5
    assert out.min() > 0.1 - 0.08 * 0.5


def test_noise_is_hardly_raised():
    light, distance = edge(0.7, noise=0.01)
    out = sharpened(light, 1e-4, sigma_px=0.7)
    flat = distance > 10
    # the filter alone would double the noise
    assert np.sqrt((filter_of(0.7) ** 2).sum()) > 1
    assert out[flat].std() < 1.35 * light[..., 1][flat].std()
    assert mtf50(out, distance) > 1.2 * mtf50(light[..., 1], distance)


def test_unknown_noise_is_measured_and_said(develop, planes):
    frame = planes(np.random.default_rng(6).uniform(0.3, 0.31, (14, 15, 3)), space="camera")
    out = develop(frame, ("sharpen", {}))
    assert "noise" in out.results
    assert out.warnings == ("sharpen: the file says nothing of its noise: it is estimated from the picture",)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"black": (64.0,) * 3}, "put black_level before it"),
        ({"space": "srgb"}, "in srgb already, and its noise mixed; put it before colour"),
    ],
)
def test_refusals(develop, planes, facts, message):
    with pytest.raises(StageError, match=message):
        develop(planes(np.zeros((4, 4, 3)), **({"space": "camera"} | facts)), ("sharpen", {}))
