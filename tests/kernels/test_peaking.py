"""Peaking against whole-array filters of scipy; where it marks a plane tilted through focus is in test_focus."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, convolve, correlate1d, gaussian_filter, maximum_filter, minimum_filter

from tenbit.kernels import stage
from tenbit.kernels._draw import COLOURS
from tenbit.kernels._facts import Facts
from tenbit.kernels.errors import StageError
from tenbit.kernels.peaking import Peaking, thickened, threshold_for

BT709 = np.array([0.2126, 0.7152, 0.0722])
SHAPES = {"cpu": (61, 83), "cuda": (13, 18)}


def brightness(samples):
    return np.sqrt(np.clip(samples.astype(float), 0, 1) ** 2 @ BT709)


def scharr(y):
    kernel = np.outer([3, 10, 3], [-1, 0, 1]) / 32
    return convolve(y, kernel, mode="mirror") ** 2 + convolve(y, kernel.T, mode="mirror") ** 2


def separable(y, taps):
    taps = np.array(taps) / np.sum(taps)
    return correlate1d(correlate1d(y, taps, axis=0, mode="mirror"), taps, axis=1, mode="mirror")


def responses(samples, mode, noise):
    """What each cell answers, and whether that hangs on the last digits of a comparison."""
    y = brightness(samples)
    slope = scharr(y)
    if mode == "gradient":
        return np.sqrt(slope), np.zeros(y.shape, bool)
    if mode == "contrast":
        cross = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]) / 4
        return np.abs(convolve(y, cross, mode="mirror")), np.zeros(y.shape, bool)
    soft, taps = separable(y, [1, 2, 1]), [1, 6, 15, 20, 15, 6, 1]
    high, low = maximum_filter(soft, 7, mode="mirror"), minimum_filter(soft, 7, mode="mirror")
    contrast, level, energy = high - low, high, separable(slope, taps)
    expected = np.maximum(np.interp(level, (np.arange(8) + 0.5) / 8, noise), (0.3 / 255) ** 2)
    limits = [(energy, 4.5 * expected), (slope, 7 * expected), (slope, 0.7 * energy)]
    found = np.clip((np.sqrt(slope) - np.sqrt(expected)) / np.maximum(contrast, 1e-3), 0, 1)
    passed, close = np.ones(y.shape, bool), np.zeros(y.shape, bool)
    for value, limit in limits:
        passed &= value > limit
        close |= np.abs(value - limit) < 1e-3 * limit
    return np.where(passed, found, 0), close


def marks(out, colour="red"):
    return (out.samples == np.array(COLOURS[colour], np.float32)).all(axis=-1)


def boxes(rows, cols, blur=0.0, seed=1):
    """Boxes of random tints, a little blurred: edges of every strength."""
    picture = np.random.default_rng(seed).random((rows // 6 + 1, cols // 6 + 1, 3))
    picture = np.kron(picture, np.ones((6, 6, 1)))[:rows, :cols]
    return gaussian_filter(picture, (blur, blur, 0)) if blur else picture


def shown(planes, samples):
    return planes(samples, state="display", space="srgb")


# On the CPU contrast is a loop of its own, which takes many seconds to compile; the simulator has the same bodies.
@pytest.mark.parametrize(
    ("target", "mode", "threshold"),
    [
        ("cpu", "sharpness", (0.42 * 0.19) ** 0.5),
        ("cuda", "sharpness", (0.42 * 0.19) ** 0.5),
        ("cpu", "gradient", (0.16 * 0.025) ** 0.5),
        ("cuda", "gradient", (0.16 * 0.025) ** 0.5),
        ("cuda", "contrast", (0.1 * 0.015) ** 0.5),
    ],
    indirect=["target"],
)
def test_equals_whole_array_filters(develop, planes, target, mode, threshold):
    samples = boxes(*SHAPES[target], blur=0.6) + np.random.default_rng(2).normal(0, 0.01, (*SHAPES[target], 3))
    out = develop(shown(planes, samples), ("peaking", {"mode": mode}))
    response, close = responses(samples, mode, out.results["focus_noise"])
    over = response > threshold
    neighbours = convolve(over.astype(int), np.ones((3, 3), int), mode="mirror") - over
    expected = over & (neighbours >= 2)
    close |= np.abs(response - threshold) < 1e-4
    sure = ~binary_dilation(close, np.ones((3, 3), bool))
    assert sure.mean() > 0.9 and 0.02 < expected.mean() < 0.6
    np.testing.assert_array_equal(marks(out)[sure], expected[sure])
    np.testing.assert_array_equal(out.samples[~marks(out)], samples.astype(np.float32)[~marks(out)])
    peaking = out.results["peaking"]
    assert peaking.as_record() == {"share": marks(out).mean(), "threshold": pytest.approx(threshold)}


def test_hand_worked_step(develop, planes):
    """Beside a step of 0.4 the slope is 0.2 per cell and the contrast 0.3 … 0.4: about a half of it."""
    samples = np.zeros((6, 12, 3))
    samples[:, 6:] = 0.4
    out = develop(shown(planes, samples), ("peaking", {"sensitivity": 0.0, "colour": "#26F240"}))
    marked = (out.samples != samples.astype(np.float32)).any(axis=-1)
    np.testing.assert_array_equal(marked, np.tile(np.isin(np.arange(12), (5, 6)), (6, 1)))
    np.testing.assert_allclose(out.samples[0, 5], [0x26 / 255, 0xF2 / 255, 0x40 / 255], atol=1e-6)


def test_contrast_alone_is_not_focus(develop, planes):
    """A strong edge out of focus stays bare, as does noise; an edge a quarter as strong, in focus, does not."""
    step = np.where(np.arange(32) < 16, 0.0, 1.0)[None, :, None] * np.ones((8, 1, 3))
    strong = gaussian_filter(step, (0, 2.5, 0), mode="nearest")
    assert develop(shown(planes, strong), ("peaking", {})).results["peaking"].share == 0
    assert develop(shown(planes, 0.25 * step), ("peaking", {})).results["peaking"].share > 0
    noise = 0.5 + np.random.default_rng(2).normal(0, 0.03, (16, 32, 1)) * np.ones(3)
    assert develop(shown(planes, noise), ("peaking", {})).samples.tobytes() == noise.astype(np.float32).tobytes()


def test_opacity_mixes_and_0_changes_nothing(develop, planes):
    samples = boxes(8, 20)
    full = develop(shown(planes, samples), ("peaking", {"colour": "white"}))
    half = develop(shown(planes, samples), ("peaking", {"colour": "white", "opacity": 0.5}))
    np.testing.assert_allclose(half.samples, (full.samples + samples) / 2, atol=1e-6)
    none = develop(shown(planes, samples), ("peaking", {"opacity": 0.0}))
    assert none.samples.tobytes() == samples.astype(np.float32).tobytes()
    assert none.results["peaking"] == full.results["peaking"]


@pytest.mark.parametrize("target", ["cpu"], indirect=True)
def test_edges_only_shows_a_dark_grey_picture(develop, planes):
    samples = boxes(8, 20)
    over = develop(shown(planes, samples), ("peaking", {}))
    alone = develop(shown(planes, samples), ("peaking", {"draw": "edges_only", "ground": 0.5}))
    np.testing.assert_array_equal(marks(alone), marks(over))
    grey = 0.5 * (samples @ BT709)[..., None] * np.ones(3)
    np.testing.assert_allclose(alone.samples[~marks(alone)], grey[~marks(alone)], atol=1e-4)


@pytest.mark.parametrize("target", ["cpu"], indirect=True)
def test_a_share_of_the_picture_sets_the_threshold(develop, planes):
    samples = boxes(61, 83, blur=0.8)
    for share in (0.02, 0.1):
        out = develop(shown(planes, samples), ("peaking", {"share": share, "clean": False}))
        peaking = out.results["peaking"]
        assert 0.5 * share < peaking.share <= share
        response, _ = responses(samples, "sharpness", out.results["focus_noise"])
        assert (response > peaking.threshold).mean() == pytest.approx(peaking.share, abs=5e-4)
        assert peaking.share == marks(out).mean()


def test_threshold_for_a_share():
    counters = np.zeros(256, np.int64)
    counters[[64, 128, 200]] = 100, 10, 4
    assert threshold_for(counters, wanted=14, least=0.0) == (65 / 256) ** 2
    assert threshold_for(counters, wanted=13, least=0.0) == (129 / 256) ** 2
    assert threshold_for(counters, wanted=3, least=0.0) == (201 / 256) ** 2
    assert threshold_for(counters, wanted=200, least=0.2) == 0.2


def test_a_large_picture_is_looked_at_in_cells():
    """Of three pixels, where a picture has 3072 rows: 1024 rows of them, and what is left over is in none."""
    prepared = stage("peaking").prepare(stage("peaking").parameters(), Facts(state="display", rows=3072, cols=4096))
    light, averaged, encoded, *_ = prepared.steps
    assert (light.shape, averaged.shape, averaged.constants["cell"]) == (None, (1024, 1365), 3)
    assert (averaged.reads, encoded.reads) == (light.writes, averaged.writes)
    assert prepared.keeps == ("peaking_marks",)

    (layer,) = prepared.overlay(prepared.facts).layers
    drawn = []
    canvas = SimpleNamespace(
        unit=3072 / 1080, marks=lambda mask, cell, colour: drawn.append((mask.sum(), cell, colour))
    )
    mask = np.zeros((1024, 1365), np.float32)
    mask[5, 5] = 1
    layer.draw(canvas, SimpleNamespace(planes={"peaking_marks": mask}))
    assert drawn == [(1, 3, COLOURS["red"])]


def test_marks_grow_to_discs():
    mask = np.zeros((7, 7), np.float32)
    mask[3, 3] = 1
    plus = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    np.testing.assert_array_equal(thickened(mask, 2)[2:5, 2:5], plus)
    np.testing.assert_array_equal(thickened(mask, 3)[2:5, 2:5], np.ones((3, 3)))
    assert thickened(mask, 3).sum() == 9 and thickened(mask, 5).sum() == 21
    corner = np.zeros((3, 3), np.float32)
    corner[0, 0] = 1
    np.testing.assert_array_equal(thickened(corner, 2), [[1, 1, 0], [1, 0, 0], [0, 0, 0]])


def test_equals_plain_python(develop, plain, planes):
    frame = shown(planes, boxes(9, 12, blur=0.7))
    there, here = develop(frame, ("peaking", {})), plain(frame, ("peaking", {}))
    assert there.results["peaking"] == here.results["peaking"]
    np.testing.assert_array_equal(there.results["focus_noise"], here.results["focus_noise"])
    np.testing.assert_array_equal(there.results["focus"].tiles, here.results["focus"].tiles)
    assert isinstance(there.results["peaking"], Peaking) and there.results["peaking"].share > 0


@pytest.mark.parametrize("target", ["cpu"], indirect=True)
def test_a_colour_that_is_none_is_refused(develop, planes):
    with pytest.raises(StageError, match=r"peaking.colour: 'rad' is no colour; did you mean 'red'\?"):
        develop(shown(planes, np.zeros((4, 4, 3))), ("peaking", {"colour": "rad"}))
