"""Denoise against an independent reference on whole arrays, and what it must leave alone."""

import dataclasses

import numpy as np
import pytest
from conftest import links

from tenbit.kernels.denoise._levels import BY_LUMA, CHROMA, CHROMA_REACH, LUMA, LUMA_REACH
from tenbit.kernels.errors import StageError
from tenbit.pipeline.device import choose
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import plan
from tenbit.pipeline.run import run_plan

NOISE = ((3.2e-3, 1e-4), (1.6e-3, 3e-5), (2.6e-3, 6e-5))


def noisy(light, seed=1, noise=NOISE):
    """Samples with the noise of a profile, not correlated."""
    scale, offset = np.array(noise).T
    return light + np.random.default_rng(seed).normal(size=light.shape) * np.sqrt(scale * np.maximum(light, 0) + offset)


def scene(shape=(13, 17)):
    """A dark and a bright side with an edge between, both coloured."""
    rows, cols = shape
    right = (np.arange(cols) > cols // 2)[None, :, None] * np.ones((rows, 1, 3))
    return np.where(right > 0, [0.5, 0.4, 0.3], [0.02, 0.06, 0.1])


def around(plane, row, col):
    """Every pixel's neighbour so far away; the frame is mirrored about its outermost pixels."""
    rows, cols = plane.shape
    padded = np.pad(plane, 8, mode="reflect")
    return padded[8 + row : 8 + row + rows, 8 + col : 8 + col + cols]


def smooth(plane, axis):
    padded = np.pad(plane, [(1, 1) if n == axis else (0, 0) for n in (0, 1)], mode="reflect")
    first, last = (padded[:-2], padded[2:]) if axis == 0 else (padded[:, :-2], padded[:, 2:])
    return (first + 2 * plane + last) / 4


def by_numpy(samples, luma=1.0, chroma=1.0):
    """The stage in float64, plane by plane and offset by offset."""
    scale, offset = np.array(NOISE).T
    shift = np.mean(offset / scale + 0.375 * scale)
    light = samples.astype(float)
    roots = np.where(light > 0, np.sqrt(np.maximum(light, 0) + shift), np.sqrt(shift) + light / (2 * np.sqrt(shift)))
    red, green, blue = np.moveaxis(roots, -1, 0)
    came = [(red + 2 * green + blue) / 4, red - green, blue - green]

    def variances_at(level):
        luma = (LUMA[level][0] * (scale[0] + scale[2]) + LUMA[level][1] * scale[1]) / 4
        return [luma, *((CHROMA[level][0] * scale[n] + CHROMA[level][1] * scale[1]) / 4 for n in (0, 2))]

    planes = []
    for plane, variance in zip(came, variances_at(0), strict=True):
        others = [around(plane, r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c]
        reach = np.sqrt(variance)
        planes.append(np.clip(plane, np.min(others, axis=0) - reach, np.max(others, axis=0) + reach))
    for level, apart in enumerate((1, 2, 4, 8)):
        variances = variances_at(level)
        sums, weights = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
        for row in (-1, 0, 1):
            for col in (-1, 0, 1):
                tent = (2 - abs(row)) * (2 - abs(col))
                there = [around(plane, row * apart, col * apart) for plane in planes]
                y, r, b = ((t - p) ** 2 / v / 8 for t, p, v in zip(there, planes, variances, strict=True))
                alike = np.maximum(1 - (y + r + b) / LUMA_REACH**2, 0) ** 4
                coloured = np.maximum(1 - (BY_LUMA * y + r + b) / CHROMA_REACH**2, 0) ** 4
                for n, weight in enumerate((alike, coloured, coloured)):
                    sums[n] = sums[n] + tent * weight * there[n]
                    weights[n] = weights[n] + tent * weight
        planes = [s / w for s, w in zip(sums, weights, strict=True)]

    def split(plane):
        down, across = smooth(plane, 0), smooth(plane, 1)
        low = smooth(down, 1)
        return low, [down - low, across - low, plane - down - across + low]

    low, first = split(planes[0])
    _, details = split(came[0])
    for detail, estimate, (own, other) in zip(details, first, [(0.0168, 0.0735)] * 2 + [(0.0162, 0.0284)], strict=True):
        energy = sum(around(estimate**2, r, c) for r in (-1, 0, 1) for c in (-1, 0, 1)) / 9
        low = low + detail * energy / (energy + (own * (scale[0] + scale[2]) + other * scale[1]) / 4)
    planes = [low, *planes[1:]]
    y, r, b = (c + s * (p - c) for c, p, s in zip(came, planes, (luma, chroma, chroma), strict=True))
    green = y - (r + b) / 4
    roots = np.stack([green + r, green, green + b], axis=-1)
    value = np.where(roots > np.sqrt(shift), roots**2 - shift, (roots - np.sqrt(shift)) * 2 * np.sqrt(shift))
    removed = 1 - (1 - (luma + chroma) / 2) ** 2
    return value + missing(np.maximum(value, 0), removed)


def missing(light, removed):
    """What the mean of noisy roots falls short by, of which a part is removed."""
    scale, offset = np.array(NOISE).T
    shift = np.mean(offset / scale + 0.375 * scale)
    return removed * scale / 4 * (1 - (shift / (light + shift)) ** 2 / 2)


@pytest.mark.parametrize(("luma", "chroma"), [(1.0, 1.0), (0.6, 0.3)])
def test_equals_numpy(develop, planes, luma, chroma):
    frame = planes(noisy(scene()), noise=NOISE)
    out = develop(frame, ("denoise", {"luma": luma, "chroma": chroma}))
    # float32 through seven steps
    np.testing.assert_allclose(out.samples, by_numpy(frame.samples, luma, chroma), atol=2e-5)


@pytest.mark.parametrize(("luma", "chroma"), [(1.0, 1.0), (0.6, 0.3)])
def test_equals_plain_python(develop, plain, planes, luma, chroma):
    frame = planes(noisy(scene((7, 9))), noise=NOISE)
    chain = (("denoise", {"luma": luma, "chroma": chroma}),)
    np.testing.assert_array_equal(develop(frame, *chain).samples, plain(frame, *chain).samples)


def test_noise_that_is_not_known_is_measured_and_said(develop, plain, planes):
    frame = planes(noisy(np.full((16, 20, 3), 0.3)))
    out = develop(frame, ("denoise", {}))
    assert out.warnings == ("denoise: the file says nothing of its noise: it is estimated from the picture",)
    assert out.facts.measured_noise == (1.0, 1.0, 1.0)
    np.testing.assert_array_equal(out.samples, plain(frame, ("denoise", {})).samples)
    given = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, noise=out.results["noise"]))
    np.testing.assert_allclose(develop(given, ("denoise", {})).samples, out.samples, atol=1e-6)


def test_gains_that_are_measured_meanwhile_count(develop, planes):
    frame = planes(noisy(np.full((12, 14, 3), [0.2, 0.4, 0.3]), noise=((1e-3, 1e-5),) * 3), noise=((1e-3, 1e-5),))
    out = develop(frame, ("white_balance", {"mode": "grey_world"}), ("denoise", {}))
    gains = out.results["white_balance"]["gains"]
    same = develop(frame, ("white_balance", {"mode": "gains", "gains": gains}), ("denoise", {}))
    np.testing.assert_allclose(out.samples, same.samples, atol=1e-5)


def test_nothing_is_done_at_strength_0(develop, planes):
    frame = planes(noisy(scene()), noise=NOISE)
    out = develop(frame, ("denoise", {"luma": 0.0, "chroma": 0.0}))
    np.testing.assert_array_equal(out.samples, frame.samples)
    assert out.facts == frame.facts


def test_flat_stays_flat(develop, planes):
    out = develop(planes(np.full((9, 11, 3), [0.3, 0.2, 0.1]), noise=NOISE), ("denoise", {})).samples
    light = np.array([0.3, 0.2, 0.1])
    expected = light + missing(light, 0.9975)
    np.testing.assert_allclose(out, np.broadcast_to(expected, out.shape), atol=1e-6)


@pytest.mark.parametrize("light", [0.0, 0.01, 0.3])
def test_noise_falls_and_brightness_stays(planes, light):
    frame = planes(noisy(np.full((160, 200, 3), light)), noise=NOISE)
    out = run_plan(frame, plan(links([("denoise", {"luma": 1.0})]), frame.facts), choose("cpu")[0]).samples
    assert (out.std(axis=(0, 1)) < 0.4 * frame.samples.std(axis=(0, 1))).all()
    # within a twentieth of the noise
    np.testing.assert_allclose(out.mean(axis=(0, 1)), light, atol=0.05 * frame.samples.std())


def test_an_edge_well_above_the_noise_stays(develop, planes):
    light = scene((12, 20))
    out = develop(planes(light, noise=NOISE), ("denoise", {"luma": 1.0})).samples
    np.testing.assert_allclose(out, light + missing(light, 1.0), atol=2e-3)


def test_colour_without_chroma_strength_stays(develop, planes):
    frame = planes(noisy(np.full((9, 11, 3), 0.4)), noise=NOISE)
    out = develop(frame, ("denoise", {"luma": 1.0, "chroma": 0.0}))
    scale, offset = np.array(NOISE).T
    shift = np.mean(offset / scale + 0.375 * scale)
    light = out.samples - missing(out.samples, 0.75)
    before, after = (np.sqrt(s.astype(float) + shift) for s in (frame.samples, light))
    np.testing.assert_allclose(after[..., 0] - after[..., 1], before[..., 0] - before[..., 1], atol=1e-5)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"black": (64.0,) * 3, "white": (1023.0,) * 3}, "denoise: the samples are counts above a black level"),
        ({"space": "srgb"}, "denoise: the picture is in srgb already; put it before colour"),
    ],
)
def test_refusals(develop, planes, facts, message):
    with pytest.raises(StageError, match=message):
        develop(planes(np.zeros((4, 4, 3)), **facts), ("denoise", {}))


def test_a_mosaic_is_refused(develop):
    with pytest.raises(StageError, match="denoise takes a linear frame"):
        develop(Frame.from_mosaic(np.zeros((4, 4), np.float32)), ("denoise", {}))


def test_a_speck_goes_and_a_line_stays(develop, planes):
    light = np.full((15, 17, 3), 0.2)
    light[:, 12] = 0.8
    light[7, 4] = 0.02
    out = develop(planes(light, noise=NOISE), ("denoise", {"luma": 1.0})).samples
    assert np.abs(out[7, 4] - 0.2).max() < 0.03
    assert np.abs(out[:, 12] - 0.8).max() < 0.03
