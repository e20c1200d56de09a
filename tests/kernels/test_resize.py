"""Resize against Pillow's resampling of float planes."""

import numpy as np
import pytest
from PIL import Image

from tenbit.kernels import resize
from tenbit.kernels.errors import StageError

PILLOW = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "box": Image.Resampling.BOX,
}


def pillow(samples, rows, cols, name):
    planes = [Image.fromarray(samples[..., n].astype(np.float32)) for n in range(3)]
    return np.stack([np.asarray(p.resize((cols, rows), PILLOW[name])) for p in planes], axis=-1)


@pytest.mark.parametrize("name", list(PILLOW))
@pytest.mark.parametrize("size", [(7, 11), (40, 9), (1, 1), (23, 31)])
def test_equals_pillow(develop, planes, name, size):
    samples = np.random.default_rng(1).random((23, 37, 3))
    rows, cols = size
    out = develop(planes(samples), ("resize", {"rows": rows, "cols": cols, "filter": name}))
    # sums of at most 222 float32 products below 1, in another order
    np.testing.assert_allclose(out.samples, pillow(samples, rows, cols, name), atol=3e-6)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (20, 30)),
        ({"long_edge_px": 15}, (10, 15)),
        ({"long_edge_px": 60}, (40, 60)),
        ({"rows": 5}, (5, 8)),
        ({"cols": 3}, (2, 3)),
        ({"scale": 0.31}, (6, 9)),
        ({"scale": 0.001}, (1, 1)),
    ],
)
def test_size(planes, asked, expected):
    assert resize.size(resize.Parameters(**asked), planes(np.zeros((20, 30, 3))).facts) == expected


def test_hand_worked_box(develop, planes):
    samples = np.repeat(np.arange(8.0).reshape(2, 4, 1), 3, axis=2)
    out = develop(planes(samples), ("resize", {"scale": 0.5, "filter": "box"})).samples
    np.testing.assert_array_equal(out[..., 0], [[2.5, 4.5]])


@pytest.mark.parametrize("name", list(PILLOW))
@pytest.mark.parametrize(("count", "wanted"), [(1, 5), (7, 3), (10, 10), (1000, 7), (3, 100)])
def test_weights_sum_to_one_inside_the_frame(name, count, wanted):
    first, weights = resize.table(count, wanted, name)
    assert first.min() >= 0
    assert (first + weights.shape[1]).max() <= count
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("rows", [4, 19])
def test_flat_stays_flat(develop, planes, rows):
    out = develop(planes(np.full((9, 13, 3), 0.7)), ("resize", {"rows": rows}))
    np.testing.assert_allclose(out.samples, 0.7, atol=3e-7)


def test_the_same_size_stays_bit_for_bit(develop, planes):
    samples = np.random.default_rng(2).random((6, 9, 3)).astype(np.float32)
    for asked in ({}, {"long_edge_px": 9}, {"scale": 1.0}, {"rows": 6, "cols": 9}):
        assert develop(planes(samples), ("resize", asked)).samples.tobytes() == samples.tobytes()


def test_nothing_aliases(develop, planes):
    # columns 0, 1, 0, 1 …: every finer size must be grey, but for the border
    samples = np.repeat((np.arange(60) % 2.0)[None, :, None] * np.ones((4, 1, 1)), 3, axis=2)
    out = develop(planes(samples), ("resize", {"rows": 4, "cols": 20})).samples
    np.testing.assert_allclose(out[:, 3:-3], 0.5, atol=0.01)


@pytest.mark.parametrize("state", ["linear", "display"])
def test_equals_plain_python(develop, plain, planes, state):
    frame = planes(np.random.default_rng(3).random((11, 7, 3)), state=state)
    chain = ("resize", {"rows": 5, "cols": 9})
    np.testing.assert_array_equal(develop(frame, chain).samples, plain(frame, chain).samples)


def test_facts_follow(develop, planes):
    frame = planes(np.zeros((20, 30, 3)), optical_centre=(9.5, 14.5), crop=(2, 4, 10, 20), noise=((0.1, 0.2),))
    facts = develop(frame, ("resize", {"scale": 0.5, "filter": "box"})).facts
    assert (facts.rows, facts.cols) == (10, 15)
    assert facts.optical_centre == (4.5, 7.0)
    assert facts.crop == (1, 2, 5, 10)
    # the mean of four samples has a quarter of the variance
    np.testing.assert_allclose(facts.noise, [(0.025, 0.05)])


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"scale": 2.0, "rows": 3}, "resize: scale and rows, cols ask for different sizes; give one"),
        ({"scale": 2.0, "long_edge_px": 3}, "resize: long_edge_px and scale ask for different sizes; give one"),
        ({"rows": 90_000}, "resize: 90000 x 135000 is more than 100000 px along a side"),
    ],
)
def test_what_cannot_be_is_refused(develop, planes, asked, text):
    with pytest.raises(StageError) as caught:
        develop(planes(np.zeros((20, 30, 3))), ("resize", asked))
    assert str(caught.value) == text
