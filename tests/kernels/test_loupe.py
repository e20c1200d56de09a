"""Loupe: which pixels are taken, how they are shown, and from where."""

import json

import numpy as np
import pytest
from conftest import links

from tenbit.kernels._facts import Facts
from tenbit.kernels.errors import StageError
from tenbit.kernels.loupe import most_edges
from tenbit.pipeline.plan import plan

MIDDLE = {"at": (0.5, 0.5), "size": 0.3}


def noise(rows, cols, seed=1):
    return np.random.default_rng(seed).random((rows, cols, 3)).astype(np.float32)


@pytest.mark.parametrize("zoom", [100, 200, 400])
def test_the_inset_shows_the_picture_s_own_pixels(develop, planes, zoom):
    """A frame of one pixel around them; where the frame of their place lies, the picture is as it was before."""
    samples, times = noise(100, 150), zoom // 100
    out = develop(planes(samples, state="display"), ("loupe", MIDDLE | {"zoom": zoom})).samples
    # 30 x 45 at the margin of 2: rows 68 … 97, columns 2 … 46.
    inset = out[68:98, 2:47]
    assert (inset[[0, -1]] > 0.9).all() and (inset[:, [0, -1]] > 0.9).all()
    high, wide = -(-30 // times), -(-45 // times)
    large = np.kron(samples, np.ones((times, times, 1), np.float32))
    near = [
        (top, left)
        for top in range(50 - high // 2 - 2, 50 - high // 2 + 3)
        for left in range(75 - wide // 2 - 2, 75 - wide // 2 + 3)
        if (large[top * times :, left * times :][1:10, 1:44] == inset[1:10, 1:-1]).all()
    ]
    assert len(near) == 1


def test_the_marker_is_around_the_pixels_shown(develop, planes):
    samples = np.full((100, 150, 3), 0.25, np.float32)
    out = develop(planes(samples, state="display"), ("loupe", MIDDLE | {"zoom": 200, "position": "top-right"})).samples
    changed = (out != samples).any(axis=-1)
    changed[:40] = False  # the inset
    rows, cols = np.nonzero(changed)
    assert [rows.min(), rows.max(), cols.min(), cols.max()] == pytest.approx([50 - 8, 50 + 8, 75 - 12, 75 + 12], abs=2)
    assert not changed[46:54, 68:82].any()


def test_at_the_edge_it_shows_what_there_is(develop, planes):
    frame = planes(noise(60, 90), state="display")
    found = develop(frame, ("loupe", {"at": (0.0, 1.0), "zoom": 200, "to": "none"}))
    assert found.samples.tobytes() == frame.samples.tobytes()
    loupe = found.results["loupe"]
    assert (loupe.top, loupe.left + loupe.pixels.shape[1]) == (0, 90)
    np.testing.assert_array_equal(loupe.pixels, frame.samples[: loupe.pixels.shape[0], loupe.left :])
    record = loupe.as_record()
    assert record == {"row": record["row"], "col": record["col"], "zoom_percent": 200, "score": None}
    assert record["row"] < 0.2 and record["col"] > 0.8
    json.dumps(record)


def test_it_shows_what_was_there_before_any_paint(develop, planes):
    frame = planes(noise(60, 90), state="display")
    lines = ("framelines", {"aspect": "9:1", "mask": 1.0, "opacity": 1.0})
    out = develop(frame, lines, ("loupe", {"at": (0.1, 0.5), "zoom": 100}))
    bare = develop(frame, ("loupe", {"at": (0.1, 0.5), "zoom": 100, "to": "none"}))
    np.testing.assert_array_equal(out.results["loupe"].pixels, bare.results["loupe"].pixels)
    assert out.samples[:20, :20].max() == 0


def test_files_leave_the_picture_alone(develop, planes):
    samples = noise(100, 150)
    out = develop(planes(samples, state="display"), ("loupe", MIDDLE | {"to": "png"}))
    assert out.samples.tobytes() == samples.tobytes()
    assert out.drawings["loupe.png"][:4] == b"\x89PNG"


# The simulator takes seconds over focus; that both targets measure it alike is peaking's to show.
@pytest.mark.parametrize("target", ["cpu"], indirect=True)
def test_the_sharpest_part_is_found(develop, planes):
    samples = np.full((270, 360, 3), 0.5)
    samples[150:190, 250:300] += np.kron(np.random.default_rng(1).random((10, 10)) - 0.5, np.ones((4, 5)))[..., None]
    found = develop(planes(samples, state="display"), ("loupe", {"to": "none", "size": 0.4})).results["loupe"]
    assert (found.row * 270, found.col * 360) == pytest.approx((170, 275), abs=25)
    assert found.score > 0.2
    blank = develop(planes(np.full((270, 360, 3), 0.5), state="display"), ("loupe", {"to": "none", "size": 0.4}))
    assert blank.results["loupe"].score == 0


def test_a_window_of_most_edges_around_the_sharpest_tile():
    response = np.zeros((40, 60))
    response[12:15, 22:26] = 0.5
    response[35:, 50:] = 0.9  # many, in another tile
    tiles = np.zeros((4, 6))
    tiles[1, 2] = 0.6
    row, col = most_edges(tiles, response, (0.25, 0.25))
    top, left = row * 40 - 5, col * 60 - 7.5
    assert top <= 12 and top + 10 >= 15 and left <= 22 and left + 15 >= 26


def test_faults():
    with pytest.raises(StageError, match=r"loupe\.colour: 'whit' is no colour; did you mean 'white'"):
        plan(links([("loupe", {"colour": "whit"})]), Facts(state="display", rows=9, cols=12))
