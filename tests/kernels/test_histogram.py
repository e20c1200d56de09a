"""Histogram against numpy's bincount of the picture saved with 8 bits."""

import json

import numpy as np
import pytest

from tenbit.kernels import histogram

BT709 = (0.2126, 0.7152, 0.0722)


def codes(values):
    return np.floor(np.clip(values.astype(np.float32), 0, 1) * np.float32(255) + np.float32(0.5)).astype(int)


@pytest.mark.parametrize("shape", [(1, 1), (15, 26), (3, 31)])
def test_counts_equal_bincount(develop, planes, shape):
    samples = np.random.default_rng(1).uniform(-0.2, 1.3, (*shape, 3))
    found = develop(planes(samples, state="display", space="srgb"), ("histogram", {})).results["histogram"]
    for n, channel in enumerate(("red", "green", "blue")):
        expected = np.bincount(codes(samples[..., n]).ravel(), minlength=256)
        np.testing.assert_array_equal(found[channel], expected)
        assert found[channel].dtype == np.int64
        assert found.clipped[channel] == expected[255] / samples[..., 0].size
        assert found.crushed[channel] == expected[0] / samples[..., 0].size
    luma = codes(samples @ BT709)
    # the fourth digit of the weights may move a sample by one bin
    shift = np.abs(found["luma"].cumsum() - np.bincount(luma.ravel(), minlength=256).cumsum()).max()
    assert shift <= max(0.01 * samples[..., 0].size, 1)
    assert found.pixels == shape[0] * shape[1]


def test_hand_worked(develop, planes):
    samples = np.array([0.0, 0.0, 0.2, 1.0]).reshape(2, 2, 1) * np.ones(3)
    found = develop(planes(samples, state="display"), ("histogram", {})).results["histogram"]
    assert {n: c for n, c in enumerate(found["green"].tolist()) if c} == {0: 2, 51: 1, 255: 1}
    for channel in ("red", "green", "blue", "luma"):
        assert found.crushed[channel] == 0.5
        assert found.clipped[channel] == 0.25
        assert found.mean[channel] == pytest.approx(0.3)
        assert found.median[channel] == 0


def test_record_is_json(develop, planes):
    found = develop(planes(np.full((3, 5, 3), 0.4), state="display"), ("histogram", {})).results["histogram"]
    record = json.loads(json.dumps(found.as_record()))
    assert record["pixels"] == 15
    assert record["counts"]["blue"][102] == 15
    assert record["median"]["luma"] == pytest.approx(0.4)


@pytest.mark.parametrize("position", ["top-left", "top-right", "bottom-left", "bottom-right"])
def test_panel_lies_in_its_corner(develop, planes, position):
    samples = np.random.default_rng(2).random((16, 32, 3))
    out = develop(planes(samples, state="display"), ("histogram", {"position": position, "size": 0.5})).samples
    changed = (out != samples.astype(np.float32)).any(axis=-1)
    rows, cols = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert (rows[-1] - rows[0] + 1, cols[-1] - cols[0] + 1) == (8, 14)
    assert (rows[0] < 2, cols[0] < 2) == (position.startswith("top"), position.endswith("left"))
    assert changed[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1].all()


def test_without_overlay_the_picture_stays_bit_for_bit(develop, planes):
    samples = np.random.default_rng(3).random((9, 14, 3)).astype(np.float32)
    for asked in ({"overlay": False}, {"opacity": 0.0}):
        out = develop(planes(samples, state="display"), ("histogram", asked))
        assert out.samples.tobytes() == samples.tobytes()
        assert out.results["histogram"].pixels == 126


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (200, 3), (30, 50)])
@pytest.mark.parametrize("size", [0.05, 1.0])
def test_panel_fits_any_frame(planes, shape, size):
    place = histogram.place_of(histogram.Parameters(size=size), planes(np.zeros((*shape, 3))).facts)
    assert 0 <= place["top"] <= place["top"] + place["rows"] <= shape[0]
    assert 0 <= place["left"] <= place["left"] + place["cols"] <= shape[1]
    assert min(place["rows"], place["cols"]) >= 1


def test_equals_plain_python(develop, plain, planes):
    frame = planes(np.random.default_rng(5).random((8, 23, 3)), state="display", space="rec2020")
    chain = ("histogram", {"size": 0.6, "scale": "log"})
    there, here = develop(frame, chain), plain(frame, chain)
    np.testing.assert_array_equal(there.samples, here.samples)
    np.testing.assert_array_equal(there.results["histogram"].counts, here.results["histogram"].counts)
