"""Parade against FFmpeg's."""

import ffmpeg_scopes
import numpy as np
import pytest

from tenbit.kernels.errors import StageError


@pytest.fixture
def rgb():
    """Random code values, (rows, cols, 3)."""
    return np.random.default_rng(1).integers(0, 256, (11, 13, 3))


def test_channels_are_where_ffmpeg_puts_them(develop, planes, rgb):
    out = develop(planes(rgb / 255, state="display", space="srgb"), ("parade", {"to": "none"}))
    parade = out.results["parade"]
    assert parade.channels == ("red", "green", "blue")
    np.testing.assert_array_equal(parade.counts, ffmpeg_scopes.parade(rgb.transpose(2, 0, 1)))


def test_counts_are_those_of_the_stored_picture(develop, planes):
    """Of any samples: level n are the pixels that are stored as n."""
    samples = np.random.default_rng(2).uniform(-0.1, 1.1, (6, 10, 3))
    out = develop(planes(samples, state="display", space="srgb"), ("parade", {"to": "none"}), bits=8)
    np.testing.assert_array_equal(out.results["parade"].counts, ffmpeg_scopes.parade(out.samples.transpose(2, 0, 1)))


def test_luma_comes_first_and_is_the_waveforms(develop, planes, rgb):
    frame = planes(rgb / 255, state="display", space="rec2020")
    out = develop(frame, ("waveform", {"to": "none"}), ("parade", {"channels": "yrgb", "to": "none"}))
    parade, waveform = out.results["parade"], out.results["waveform"]
    assert parade.channels == ("luma", "red", "green", "blue")
    np.testing.assert_array_equal(parade["luma"], waveform["luma"])
    np.testing.assert_array_equal(parade.counts[1:], ffmpeg_scopes.parade(rgb.transpose(2, 0, 1)))
    record = parade.as_record()["ire"]
    assert list(record) == ["luma", "red", "green", "blue"]
    for n, channel in enumerate(("red", "green", "blue")):
        assert record[channel]["min"] == pytest.approx(100 * rgb[..., n].min() / 255, abs=0.01)
        assert record[channel]["max"] == pytest.approx(100 * rgb[..., n].max() / 255, abs=0.01)
        assert record[channel]["mean"] == pytest.approx(100 * rgb[..., n].mean() / 255, abs=0.01)


@pytest.mark.parametrize("target", ["cpu"], indirect=True)
def test_waveforms_stand_side_by_side_in_their_colours(develop, planes):
    """A flat picture of 20, 50 and 80 %: three lines, the red one lowest and left, the blue one highest and right."""
    flat = np.broadcast_to([0.2, 0.5, 0.8], (90, 120, 3))
    out = develop(planes(flat, state="display", space="srgb"), ("parade", {"to": "beside", "size": 1.0}))
    panel = out.samples[:, 120:]
    rows = []
    for n, third in enumerate((0.2, 0.53, 0.86)):
        # The channel's light less that of the others: labels and lines are grey.
        column = panel[:, round(third * panel.shape[1])]
        light = column[:, n] - np.delete(column, n, axis=1).max(axis=1)
        rows.append(light.argmax() / len(panel))
        assert light.max() > 0.2
    np.testing.assert_allclose(rows, [0.8, 0.5, 0.2], atol=0.06)


def test_stands_behind_tone(develop, planes):
    with pytest.raises(StageError, match="parade takes a display frame; here it is linear"):
        develop(planes(np.zeros((4, 4, 3))), ("parade", {}))
