"""Adaptive against a reference that filters whole arrays in float64, and what it makes of flat, grey and noisy ones."""

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import correlate, correlate1d, gaussian_filter

from tenbit.kernels._encode import shift_of
from tenbit.kernels._schedule import Schedule
from tenbit.pipeline.frame import Frame

PHASES = [("RGGB", (14, 18)), ("GRBG", (13, 17)), ("GBRG", (17, 14)), ("BGGR", (11, 16))]
PROFILE = ((3e-3, 2e-5), (2e-3, 1e-5), (4e-3, 3e-5))
# Of a line: between samples of one colour, and what a sample of the other lies off the same filter of its own colour.
BETWEEN = np.array([-0.14, 0, 0.64, 0, 0.64, 0, -0.14])
BEND = -np.convolve(BETWEEN, [0.5, 0, 0.5])
BEND[4] += 1
LONG, SHORT = np.array([4, 4, 4, 3, 2]) / 17, np.array([2, 1, 0, 0, 0]) / 3
# Every second of nine by nine.
LATTICE = np.zeros((9, 9))
LATTICE[::2, ::2] = 1 / 25
CURVATURE = np.zeros((5, 5))
CURVATURE[2] = CURVATURE[:, 2] = [-0.25, 0, 1, 0, -0.25]
# The four nearest of a kind and the eight behind them: from a corner, and from beside.
CORNERS, BESIDE = np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]]) / 4, np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
BEHIND_CORNERS, BEHIND_BESIDE = np.zeros((7, 7)), np.zeros((5, 5))
BEHIND_CORNERS[::6, 2:5:2] = BEHIND_CORNERS[2:5:2, ::6] = 1 / 8
BEHIND_BESIDE[::4, 1:4:2] = BEHIND_BESIDE[1:4:2, ::4] = 1 / 8


def along(array, taps, axis):
    """Filtered along an axis, mirrored about the outermost samples."""
    return correlate1d(array, np.asarray(taps, float), axis=axis, mode="mirror")


def around(array, taps):
    return correlate(array, taps, mode="mirror")


def shares(across, down):
    """Of the left, the right, above and below: of their gradients the inverse squares."""
    weights = []
    for plane, axis in ((across, 1), (down, 0)):
        gradient = along(np.abs(along(plane, [-1, 0, 1], axis)), np.ones(5), 1 - axis)
        weights += [(along(gradient, np.repeat([1, 0], (5, 4))[::back], axis) + 1e-4) ** -2.0 for back in (1, -1)]
    return [weight / sum(weights) for weight in weights]


def mixed(parts, across, down, taps):
    """Means of planes towards four sides, the nearest first, in the shares of the sides."""
    sides = ((across, 1, 1), (across, 1, -1), (down, 0, 1), (down, 0, -1))
    return sum(
        part * along(plane, np.concatenate([taps[::-1], np.zeros(4)])[::back], axis)
        for part, (plane, axis, back) in zip(parts, sides, strict=True)
    )


def sharp(near, far, sharpness):
    return near + sharpness * (near - far)


def reference(m, colour, noise=0.0):
    """Red, green and blue of a mosaic whose samples have a variance of ``noise``, one for all or one per sample."""
    at_green, at_colour = colour == 1, colour != 1
    sign = np.where(at_green, 1.0, -1.0)
    stiff = [sign * along(m, [0.25, -0.5, 0.5, -0.5, 0.25], axis) for axis in (1, 0)]
    parts = shares(*stiff)
    long = mixed(parts, *stiff, LONG)
    own, first = around(m, CURVATURE), around(np.where(at_colour, m + long, 0), CURVATURE)
    oo, og, gg = (around(a * b * at_colour, LATTICE) for a, b in ((own, own), (own, first), (first, first)))
    apart = np.maximum(oo - 2 * og + gg, 0) / (0.05 * ((oo + gg) / 2 + 1e-5))
    short = apart**3 / (1 + apart**3)
    shared = og - 1.25 * noise + 1e-5
    green_slope, colour_slope = (np.clip(shared / (energy + 1e-5), 0, 2) for energy in (oo, gg))
    # Differences without the bend of the other colour, and the bends, which count by the slopes of the site that asks.
    plain = [sign * (m - along(m, BETWEEN, axis)) for axis in (1, 0)]
    bends = [along(m, BEND, axis) for axis in (1, 0)]
    of_own, of_green = ([bend * here for bend in bends] for here in (at_colour, at_green))
    supple = mixed(parts, *plain, SHORT)
    supple = supple + green_slope * mixed(parts, *of_own, SHORT) - colour_slope * mixed(parts, *of_green, SHORT)
    green = np.where(at_green, m, m + long + short * (supple - long))

    final = around(np.where(at_colour, green, 0), CURVATURE)
    og, gg = (around(a * final * at_colour, LATTICE) for a in (own, final))
    slope = 1 + short * (np.clip((og - 1.25 * noise + 1e-5) / (gg + 1e-5), 0, 2) - 1)
    sure = np.clip((oo - 1.25 * noise + 1e-5) / (oo + 1e-5), 0, 1)
    corners, beside = 0.27 * sure - 0.2 * (1 - sure), 0.4 * sure * short - 0.2 * (1 - sure)
    out = np.stack([m, green, m], axis=-1)
    for c in (0, 2):
        here = colour == c
        plane = np.where(here, m, 0)
        k, a = (around(np.where(here, each, 0), CORNERS) for each in (corners, slope))
        guide = sharp(around(green, CORNERS), around(green, BEHIND_CORNERS), k)
        there = sharp(around(plane, CORNERS), around(plane, BEHIND_CORNERS), k) + a * (green - guide)
        plane = np.where(colour == 2 - c, there, plane)
        k, a = (2 * around(np.where(here, each, 0), BESIDE) for each in (beside, slope))
        guide = sharp(around(green, BESIDE), around(green, BEHIND_BESIDE), k)
        there = sharp(around(plane, BESIDE), around(plane, BEHIND_BESIDE), k) + a * (green - guide)
        out[..., c] = np.where(at_green, there, plane)
    return out


def colours(frame):
    rows, cols = frame.samples.shape
    return np.array([[frame.facts.cfa.colour(r, c) for c in range(cols)] for r in range(rows)])


def mosaic(samples, cfa="RGGB", **facts):
    frame = Frame.from_mosaic(np.asarray(samples, np.float32), cfa=cfa)
    return dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **facts))


def busy(shape, seed=3):
    """Waves whose colours move together in one half and apart in the other, and noise: 0 … 1."""
    rng, (row, col) = np.random.default_rng(seed), np.mgrid[: shape[0], : shape[1]]
    waves = np.sin(row / 1.1 + col / 1.7) * np.where(col > shape[1] / 2, 1, (-1) ** (row + col))
    return 0.45 + 0.25 * waves + 0.04 * rng.standard_normal(shape)


@pytest.fixture
def on_cpu():
    """``on_cpu(frame, encode="none")`` for frames that are too large for the simulator."""
    from tenbit.kernels import stage
    from tenbit.pipeline.device import CpuDevice
    from tenbit.pipeline.plan import Link, plan
    from tenbit.pipeline.run import run_plan

    def run(frame, method="adaptive", encode="none", threads=1, schedule=None):
        demosaic = stage("demosaic")
        link = Link(demosaic, demosaic.parameters(method=method, encode=encode))
        return run_plan(frame, plan([link], frame.facts), CpuDevice(threads, schedule))

    return run


@pytest.mark.parametrize(("cfa", "shape"), PHASES)
def test_equals_filtered_arrays(on_cpu, cfa, shape):
    frame = mosaic(busy(shape), cfa, noise=PROFILE)
    variances = np.array([scale * 0.18 + offset for scale, offset in PROFILE])
    expected = reference(frame.samples.astype(float), colours(frame), variances[colours(frame)])
    # float32 sums of some tens of products about 1, cubes and quotients of them
    np.testing.assert_allclose(on_cpu(frame).samples, expected, atol=2e-5)


@pytest.mark.parametrize(("cfa", "shape"), [("RGGB", (9, 12)), ("GBRG", (8, 11))])
def test_equals_plain_python_on_both_targets(develop, plain, cfa, shape):
    frame, chain = mosaic(busy(shape), cfa, noise=PROFILE), ("demosaic", {"method": "auto", "encode": "none"})
    np.testing.assert_array_equal(develop(frame, chain).samples, plain(frame, chain).samples)


def test_strips_and_bands_make_the_picture_of_the_whole(on_cpu):
    frame = mosaic(busy((61, 230)), noise=PROFILE)
    whole = on_cpu(frame).samples
    thin = on_cpu(frame, threads=3, schedule=Schedule(scratch_bytes=1))
    np.testing.assert_array_equal(thin.samples, whole)


def test_counts_above_black_are_neither_encoded_nor_noisy(plain):
    frame = Frame.from_mosaic(busy((9, 12)).astype(np.float32), cfa="GRBG", black=0.01)
    out = plain(frame, ("demosaic", {"method": "adaptive"}))
    assert out.warnings == ()
    np.testing.assert_allclose(out.samples, reference(frame.samples.astype(float), colours(frame)), atol=2e-5)


@pytest.mark.parametrize("encode", ["auto", "vst", "sqrt"])
def test_roots_are_interpolated_with_the_noise_that_they_have(on_cpu, encode):
    frame = mosaic(busy((20, 26)), noise=PROFILE)
    shift, colour = 0.01 if encode == "sqrt" else shift_of(PROFILE), colours(frame)
    roots = np.sqrt(np.maximum(frame.samples.astype(float) + shift, 0))
    scales = np.array([scale for scale, _ in PROFILE])
    expected = np.maximum(reference(roots, colour, scales[colour] / 4), 0) ** 2 - shift
    np.testing.assert_allclose(on_cpu(frame, encode=encode).samples, expected, atol=4e-5)


def test_a_frame_without_a_profile_is_measured_and_it_is_said(on_cpu):
    rng = np.random.default_rng(5)
    light = np.repeat(np.linspace(0.05, 0.6, 160), 2)[None, :] + np.zeros((240, 1))
    noisy = light + np.sqrt(PROFILE[0][0] * light + PROFILE[0][1]) * rng.standard_normal(light.shape)
    measured, known = on_cpu(mosaic(noisy)), on_cpu(mosaic(noisy, noise=(PROFILE[0],)))
    assert measured.warnings == ("demosaic: the file says nothing of its noise: it is estimated from the picture",)
    assert known.warnings == ()
    assert measured.results["noise"][0][0] == pytest.approx(PROFILE[0][0], rel=0.1)
    # a few per cent more or less noise move slopes little
    assert np.abs(measured.samples - known.samples).mean() < 0.02 * np.abs(noisy - light).mean()


@pytest.mark.parametrize("noise", [((1e-8, 1e-8),), ((1e-2, 1e-4),)])
@pytest.mark.parametrize("encode", ["none", "auto"])
def test_flat_stays_flat_and_black_black(on_cpu, encode, noise):
    samples = np.zeros((36, 80))
    samples[:, 40:] = 0.25
    out = on_cpu(mosaic(samples, noise=noise), encode=encode).samples
    np.testing.assert_allclose(out[:, :10], 0, atol=2e-6)
    np.testing.assert_allclose(out[:, -10:], 0.25, atol=2e-6)


@pytest.mark.parametrize("noise", [((1e-8, 1e-8),), ((1e-2, 1e-4),)])
def test_a_grey_ramp_stays_grey(on_cpu, noise):
    ramp = np.add.outer(np.arange(40), 2 * np.arange(60)) / 200
    out = on_cpu(mosaic(ramp, "GBRG", noise=noise)).samples[12:-12, 12:-12]
    np.testing.assert_allclose(out, np.repeat(ramp[12:-12, 12:-12, None], 3, axis=2), atol=1e-5)


def test_noise_on_a_flat_field_grows_no_maze(on_cpu):
    rng = np.random.default_rng(8)
    noisy = mosaic(0.3 + 0.02 * rng.standard_normal((120, 160)), noise=((0.0, 0.02**2),))
    slow, gbtf = (on_cpu(noisy, method).samples[16:-16, 16:-16] for method in ("adaptive", "gbtf"))
    # 0.52 of the mosaic's variance, and 0.88
    assert slow.var() < 0.7 * gbtf.var()
    # A maze is noise in lines: much at the finest in one direction and none in the other.
    finest = [np.abs(np.diff(slow[..., 1], axis=axis)).mean() for axis in (0, 1)]
    assert 0.95 < finest[0] / finest[1] < 1.05


@pytest.mark.parametrize("site", [(20, 22), (20, 23), (21, 23)])
def test_a_lone_star_stays_nearly_neutral(on_cpu, site):
    """On a red, a green and a blue site: 1 or 2 % of its height, where bilinear makes 53 to 77 and malvar 7 to 23."""
    light = np.zeros((40, 44))
    light[site] = 4.0
    light = 0.02 + gaussian_filter(light, 0.8)
    out = on_cpu(mosaic(light, noise=((1e-5, 1e-7),)), encode="auto").samples
    assert (out.max(axis=-1) - out.min(axis=-1))[light > 0.1].max() < 0.03 * light.max()
