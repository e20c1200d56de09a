"""Quad-Bayer at full resolution against an independent reference: whole-array convolutions with masks."""

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import convolve, convolve1d

from tenbit.kernels import stage
from tenbit.kernels.errors import StageError
from tenbit.kernels.quad_bayer import blended, green, red_blue
from tenbit.kernels.quad_bayer.taps import AT_COLOUR, AT_GREEN
from tenbit.pipeline.device import choose
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.run import run_plan

QUAD = ("QRGGB", "QGRBG", "QGBRG", "QBGGR")
TENT = np.array([1, 2, 3, 4, 3, 2, 1]) / 8
BORDER = 24  # what lies nearer to the edge depends on how the frame is continued there
PLAIN = ("quad_bayer", {"method": "direct", "encode": "none"})


def colours(frame):
    rows, cols = frame.facts.rows, frame.facts.cols
    return np.array([[frame.facts.cfa.colour(r, c) for c in range(cols)] for r in range(rows)])


def mosaic(rgb, cfa):
    flat = Frame.from_mosaic(np.zeros(rgb.shape[:2], np.float32), cfa=cfa)
    return Frame.from_mosaic(np.take_along_axis(rgb, colours(flat)[..., None], 2)[..., 0].astype(np.float32), cfa=cfa)


def scene(rows, cols, seed=1):
    """Smooth colour, a textured luma and some edges, 0.1 … 0.9."""
    rng = np.random.default_rng(seed)
    rgb = rng.random((rows, cols, 3))
    for axis in (0, 1):
        rgb = convolve1d(rgb, np.ones(9) / 9, axis=axis, mode="wrap")
    fine = convolve(rng.random((rows, cols)), np.ones((2, 2)) / 4, mode="wrap")[..., None]
    steps = ((np.arange(cols) // 13 + np.arange(rows)[:, None] // 17) % 2)[..., None]
    return np.clip(0.2 + 0.6 * rgb + 0.5 * (fine - 0.5) + 0.2 * (steps - 0.5), 0.1, 0.9)


def tent(plane):
    return convolve1d(convolve1d(plane, TENT, axis=0), TENT, axis=1)


def line_differences(samples, is_green):
    """Green less the other colour along rows: every filter over the whole plane, then each where its site is."""
    second = np.arange(samples.shape[1]) % 2 == 1
    out = np.zeros_like(samples)
    for taps, here in ((AT_COLOUR, ~is_green), (AT_GREEN, is_green)):
        for flipped in (False, True):
            # A convolution turns its kernel round.
            kernel = np.array(taps if flipped else taps[::-1])
            out = np.where(here & (second == flipped), convolve1d(samples, kernel, axis=1), out)
    return out


def moved(plane, rows, cols):
    """The plane as seen from so many rows and columns before: ``moved(p, 1, 0)[r] == p[r + 1]``."""
    return np.roll(plane, (-rows, -cols), (0, 1))


def reference(frame):
    """The three colours of a mosaic in float64."""
    samples = frame.samples.astype(float)
    colour = colours(frame)
    is_green, is_red, is_blue = colour == 1, (colour == 0).astype(float), (colour == 2).astype(float)
    across = line_differences(samples, is_green)
    down = line_differences(samples.T, is_green.T).T
    ones = np.ones(3)
    gradient = {
        (0, 1): convolve1d(abs(moved(across, 0, 1) - across), ones, axis=0),
        (1, 0): convolve1d(abs(moved(down, 1, 0) - down), ones, axis=1),
    }
    ways, weights, means = [(0, -1), (0, 1), (-1, 0), (1, 0)], [], []
    for row, col in ways:
        plane, steps = (down, gradient[1, 0]) if row else (across, gradient[0, 1])
        first = 0 if row + col > 0 else 1
        total = sum(moved(steps, row * n, col * n) for n in range(first, first + 4))
        weights.append((total + green.LEAST_GRADIENT) ** -4)
        means.append(sum(w * moved(plane, row * n, col * n) for n, w in enumerate((0.4, 0.3, 0.2, 0.1))))
    shares = [weight / sum(weights) for weight in weights]
    difference = sum(share * mean for share, mean in zip(shares, means, strict=True)) * ~is_green
    g = samples + difference
    smooth = [tent(mask * difference) / tent(mask) for mask in (is_red, is_blue)]

    def fine(plane):
        ring = np.array([[0, 0, 1, 0, 0], [0] * 5, [1, 0, 0, 0, 1], [0] * 5, [0, 0, 1, 0, 0]]) / 4
        return (plane - convolve(plane, ring)) ** 2

    ratio = tent((fine(smooth[0]) + fine(smooth[1])) / 2) / (tent(fine(g)) + green.LEAST_DETAIL)
    mix = 1 / (1 + (ratio / green.HALF_REFINED) ** 2)
    lines = [
        sum(
            share * (moved(p, 2 * r, 2 * c) + moved(p, 3 * r, 3 * c)) / 2
            for share, (r, c) in zip(shares, ways, strict=True)
        )
        for p in smooth
    ]
    g = g + mix * ~is_green * (np.where(is_red > 0, *lines) - difference)
    out = []
    for mask in (is_red, is_blue):

        def mean(plane, mask=mask):
            return tent(mask * plane) / tent(mask)

        variance, product = mean(g * g) - mean(g) ** 2, mean(g * samples) - mean(g) * mean(samples)
        slope = (product + red_blue.FLAT) / (variance + red_blue.FLAT)
        follows = slope * (g - mean(g)) + mean(samples)
        out.append(np.where(mask > 0, samples, follows + mean(samples - follows)))
    return np.stack([out[0], g, out[1]], axis=-1)


@pytest.fixture
def on_cpu():
    """``on_cpu(frame, step, …)``: step after step, so that all tests share a few small loops."""

    def run(frame, *steps, fuse=False):
        chain = [Link(stage(name), stage(name).parameters(**parameters)) for name, parameters in steps]
        return run_plan(frame, plan(chain, frame.facts, fuse=fuse), choose("cpu")[0])

    return run


@pytest.mark.parametrize("cfa", QUAD)
def test_direct_equals_whole_array_convolutions(on_cpu, cfa):
    frame = mosaic(scene(65, 78), cfa)
    inside = (slice(BORDER, -BORDER),) * 2
    # float32: variances are differences of squares, and a slope divides by them
    np.testing.assert_allclose(on_cpu(frame, PLAIN).samples[inside], reference(frame)[inside], atol=5e-5)


def test_fused_equals_step_after_step(on_cpu):
    frame = mosaic(scene(37, 150), "QGBRG")
    np.testing.assert_array_equal(on_cpu(frame, PLAIN, fuse=True).samples, on_cpu(frame, PLAIN).samples)


@pytest.mark.parametrize("cfa", QUAD)
@pytest.mark.parametrize("shape", [(4, 4), (5, 9), (23, 30)])
def test_a_flat_colour_stays_up_to_the_border(on_cpu, cfa, shape):
    flat = np.broadcast_to([0.2, 0.5, 0.3], (*shape, 3))
    out = on_cpu(mosaic(flat, cfa), PLAIN).samples
    np.testing.assert_allclose(out, flat, atol=2e-5)


def test_sites_keep_their_own_samples(on_cpu):
    frame = mosaic(scene(23, 30), "QRGGB")
    out = on_cpu(frame, PLAIN)
    assert out.state == "linear" and out.facts.cfa is None
    np.testing.assert_array_equal(np.take_along_axis(out.samples, colours(frame)[..., None], 2)[..., 0], frame.samples)


def test_sharp_grey_lines_take_on_no_colour(on_cpu):
    lines = np.where(np.arange(48) // 3 % 2, 0.8, 0.2)
    upright = np.broadcast_to(lines[None, :, None], (40, 48, 3))
    for grey in (upright, upright.transpose(1, 0, 2)):
        out = on_cpu(mosaic(grey, "QGRBG"), PLAIN).samples
        # down a line differences are 0, across it they are not: weights of 1e-8 against 1
        np.testing.assert_allclose(out[8:-8, 8:-8], grey[8:-8, 8:-8], atol=0.02)


def test_equals_plain_python(develop, plain, target):
    frame = mosaic(scene(12, 17), "QBGGR")
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, noise=((1e-3, 1e-6),)))
    chain = (("quad_bayer", {"method": "auto", "encode": "sqrt"}),)
    # fused, the simulator has half as many kernels to play; the CPU has its small loops already
    found, expected = develop(frame, *chain, fuse=target == "cuda").samples, plain(frame, *chain).samples
    np.testing.assert_array_equal(found, expected)


def test_auto_keeps_detail_and_gives_up_noise(on_cpu):
    rng = np.random.default_rng(5)
    still = scene(64, 64)
    flat = np.broadcast_to([0.3, 0.4, 0.35], still.shape)
    sigma = 0.03
    known = {"noise": ((0.0, sigma**2),)}
    for truth, least_gain in ((flat, 9.0), (still, 0.0)):
        frame = mosaic(truth + 0.0, "QRGGB")
        noisy = (frame.samples + sigma * rng.standard_normal(frame.samples.shape)).astype(np.float32)
        frame = dataclasses.replace(frame, samples=noisy, facts=dataclasses.replace(frame.facts, **known))
        error = {}
        for method in ("direct", "auto"):
            out = on_cpu(frame, ("quad_bayer", {"method": method, "encode": "sqrt"})).samples
            error[method] = 20 * np.log10(np.sqrt(np.mean((out - truth)[10:-10, 10:-10] ** 2)))
        assert error["direct"] - error["auto"] > least_gain


def test_without_noise_auto_is_direct(on_cpu):
    frame = mosaic(scene(23, 30), "QRGGB")
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, noise=((0.0, 0.0),)))
    auto, direct = (on_cpu(frame, ("quad_bayer", {"method": m, "encode": "none"})).samples for m in ("auto", "direct"))
    np.testing.assert_allclose(auto, direct, atol=1e-4)


def test_noise_kept_is_what_lies_above_its_share():
    # energy 3 over a variance of 1: two thirds of the detail stay
    def at(value):
        return lambda row, col: np.float32(value)

    out = blended.blended(at(3.0), at(1.0), at(0.8), at(0.5), at(0.2), at(0.5), at(0.5), at(0.5))
    np.testing.assert_allclose(out, (0.7, 0.5, 0.3), rtol=1e-6)


@pytest.mark.parametrize("cfa", QUAD)
def test_remosaic_keeps_the_samples_that_a_bayer_mosaic_has_there(on_cpu, cfa):
    frame = mosaic(scene(23, 30), cfa)
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, neutral=(0.5, 1.0, 0.625)))
    out = on_cpu(frame, ("quad_bayer", {"method": "remosaic", "encode": "none"}))
    assert (out.state, out.facts.cfa.name, out.samples.shape) == ("mosaic", cfa[1:], (23, 30))
    same = colours(frame) == colours(out)
    assert 0.3 < same.mean() < 0.7
    np.testing.assert_allclose(out.samples[same], frame.samples[same], rtol=3e-7)


def test_remosaic_samples_the_colours_of_direct(on_cpu):
    frame = mosaic(scene(23, 30), "QGBRG")
    rgb = on_cpu(frame, PLAIN).samples
    out = on_cpu(frame, ("quad_bayer", {"method": "remosaic", "encode": "none"}))
    np.testing.assert_array_equal(out.samples, np.take_along_axis(rgb, colours(out)[..., None], 2)[..., 0])


def test_demosaic_behind_it_is_left_out_and_said(on_cpu):
    frame = mosaic(scene(23, 30), "QRGGB")
    out = on_cpu(frame, PLAIN, ("demosaic", {}))
    assert "demosaic left out: quad_bayer has made three colours of the mosaic" in out.warnings
    np.testing.assert_array_equal(out.samples, on_cpu(frame, PLAIN).samples)


@pytest.mark.parametrize("method", ["direct", "auto", "remosaic"])
def test_counts_above_black_are_refused(on_cpu, method):
    frame = Frame.from_mosaic(np.zeros((8, 8), np.uint16), cfa="QRGGB", black=64, white=1023)
    with pytest.raises(StageError, match="quad_bayer: the samples are counts above a black level; put black_level"):
        on_cpu(frame, ("quad_bayer", {"method": method}))
