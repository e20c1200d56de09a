"""The marks and the focus score on simulated frames: a plane tilted through focus, defocus, noise, text."""

from functools import cache

import numpy as np
import pytest
from borrowed_peaking import WAYS
from tilted_plane import COLS, DISCS, MIDDLE, ROWS, defocused, disc_at, shot, stack, tilted

import tenbit
from tenbit.kernels._facts import Facts
from tenbit.kernels._focus import COUNTERS, HIGHEST, LEVELS, RESPONSES, Focus, focus_of, noise_of, tiles_of
from tenbit.pipeline.frame import Frame

ISO = (100, 800, 6400)
F_NUMBERS = (2.8, 5.6)
# A viewfinder's circle of confusion: the diagonal of its 1080 rows over 1500 is 1.5 px.
CONFUSION_PX = 1.5
GREEN = (0.0, 1.0, 0.0)


@cache
def developed(f_number, iso):
    return shot(tilted(f_number), iso)


@cache
def ramp(iso):
    """From black to white without an edge: nothing but noise."""
    return shot(np.tile(np.geomspace(0.003, 0.9, COLS), (ROWS, 1)), iso)


@cache
def bars(disc_px, iso):
    """Strong edges, as much out of focus."""
    light = np.where(np.arange(2 * COLS) % 160 < 80, 0.02, 0.5)
    return shot(defocused(np.tile(light, (2 * ROWS, 1)), disc_px), iso)


def peaking(picture):
    """What the stage marks, (rows, cols), and its results."""
    rows, cols = picture.shape[:2]
    samples = picture.astype(np.float32) / np.float32(255)
    frame = Frame(samples, Facts(state="display", rows=rows, cols=cols, space="srgb"))
    done = tenbit.run(frame, [{"peaking": {"colour": "#00FF00"}}], device="cpu")
    return (done.samples == GREEN).all(axis=-1), done.results


def marked(picture):
    return peaking(picture)[0]


def inner(mask):
    """Without the borders, where mirrored neighbours make edges."""
    return mask[8:-8, 8:-8]


def band(mask):
    """Columns, from that of the focus, before which 5, 50 and 95 % of the marks stand."""
    reached = np.cumsum(mask[8:-8].mean(axis=0))
    return tuple(int(np.searchsorted(reached, part * reached[-1])) - MIDDLE for part in (0.05, 0.5, 0.95))


@pytest.mark.parametrize("f_number", F_NUMBERS)
@pytest.mark.parametrize("iso", ISO)
def test_the_band_sits_at_the_focus_plane(f_number, iso):
    """Half of the marks stand on either side of it, within the depth of field; nine of ten nowhere near soft."""
    first, middle, last = band(marked(developed(f_number, iso)))
    depth = (disc_at(np.arange(COLS), f_number) <= CONFUSION_PX).sum() / 2
    assert abs(middle) < 0.5 * depth
    assert disc_at(np.array([MIDDLE + first, MIDDLE + last]), f_number).max() < 4
    assert marked(developed(f_number, iso))[:, COLS // 2 - 20 : COLS // 2 + 20].mean() > 0.015


@pytest.mark.parametrize("iso", ISO)
def test_the_width_of_the_band_follows_the_f_number(iso):
    wide, narrow = (np.diff(band(marked(developed(f_number, iso)))[::2])[0] for f_number in (5.6, 2.8))
    assert 1.6 < wide / narrow < 2.6


@pytest.mark.parametrize("iso", ISO)
def test_noise_and_soft_edges_stay_bare_and_sharp_ones_do_not(iso):
    assert inner(marked(ramp(iso))).mean() < 0.0005
    assert inner(marked(bars(8.0, iso))).mean() == 0
    assert inner(marked(bars(0.0, iso))).mean() > 0.015


def test_borrowed_ways_fail_where_they_are_said_to():
    """Of the pixels, what each marks of noise alone, at ISO 100, 800 and 6400, and of strong edges out of focus."""
    noise = {name: [inner(way(ramp(iso))).mean() for iso in ISO] for name, way in WAYS.items()}
    soft = {name: inner(way(bars(8.0, 100))).mean() for name, way in WAYS.items()}
    # Its threshold follows the share: noise is marked for want of better.
    assert noise["Magic Lantern"] == pytest.approx([0.001, 0.005, 0.005], abs=0.0005)
    assert soft["Magic Lantern"] == pytest.approx(0.005, abs=0.0005)
    # Fixed thresholds hold until the noise is as large.
    assert noise["Open Camera"][:2] == [0, 0] and 0.03 < noise["Open Camera"][2] < 0.05
    assert noise["phone"][:2] == [0, 0] and 0.004 < noise["phone"][2] < 0.009
    # Contrast decides, not sharpness: more of an edge is marked out of focus than in it.
    assert soft["phone"] > 0.1 > inner(WAYS["phone"](bars(0.0, 100))).mean()
    spans = {name: band(way(developed(2.8, 6400)))[::2] for name, way in {**WAYS, "tenbit": marked}.items()}
    discs = {name: disc_at(np.array([MIDDLE + edge for edge in span]), 2.8).max() for name, span in spans.items()}
    assert discs["tenbit"] < 3 < 7 < min(discs[name] for name in WAYS)


@pytest.mark.parametrize("iso", ISO)
def test_the_score_falls_with_defocus(iso):
    """At every sensitivity; and noise makes nothing sharper."""
    steps = [DISCS.index(disc) for disc in (0.0, 1.5, 3.0, 5.0, 8.0)]
    scores = [peaking(shot(stack()[n], iso))[1]["focus"].score for n in steps]
    assert np.all(np.diff(scores) < -0.01)
    clean = [0.402, 0.375, 0.307, 0.230, 0.173]
    assert np.all(np.array(scores) < np.array(clean) + 0.03)
    assert peaking(shot(stack()[-1], iso))[1]["focus"].score < 0.2


def test_frames_of_a_burst_compare():
    """Another exposure and other noise leave the score where it was: frames differ by their focus alone."""
    steps = [DISCS.index(disc) for disc in (0.0, 3.0)]
    sharp, soft = (peaking(shot(stack()[n], 100))[1]["focus"].score for n in steps)
    for seed, gain in ((6, 1.0), (7, 0.5)):
        again = peaking(shot(gain * stack()[0], 100, seed=seed))[1]["focus"].score
        assert abs(again - sharp) < 0.3 * (sharp - soft)


def test_the_sharpest_tile_is_in_focus():
    focus = peaking(developed(2.8, 800))[1]["focus"]
    assert focus.tiles.shape == (2, 5)
    assert focus.sharpest[1] == 0.5
    np.testing.assert_array_equal(focus.tiles.argmax(axis=1), 2)


def test_text_is_marked_though_only_edges_are_grey():
    """Between ink and paper there is no flat grey that the noise could be measured from."""
    strokes = np.full((2 * 96, 2 * 160), 0.7)
    for col in range(16, 300, 24):
        strokes[20:170, col : col + 7] = 0.02
    assert inner(marked(shot(strokes[::2, ::2], 100))).mean() > 0.1


def test_noise_is_that_of_what_is_flat():
    """Half of the picture is texture; the levels are those of the other half's noise."""
    rng = np.random.default_rng(3)
    counters = np.zeros((LEVELS, 64))
    edges = (0.15 + 0.01 * np.arange(65)) ** 8
    flat = 0.02**2 * rng.chisquare(12, 20000) / 12
    texture = 0.1 * rng.random(20000)
    for level in (2, 3, 4, 5):
        counters[level] = np.histogram(np.concatenate([flat, texture]), edges)[0]
    noise = np.sqrt(noise_of(counters.ravel()))
    np.testing.assert_allclose(noise, 0.02, rtol=0.2)
    assert not noise_of(np.zeros(LEVELS * 64)).any()


def test_hand_worked_scores():
    """Two tiles of 8100 cells: one with edges enough, one with half of the edges that it takes for a score."""
    counters = np.zeros((COUNTERS // RESPONSES, RESPONSES), np.int64)
    step = HIGHEST / RESPONSES
    counters[0, 16] = 500
    counters[1, 8] = 45
    focus = focus_of(counters.ravel(), cells=(90, 180))
    assert tiles_of(90, 180) == (1, 2)
    # 80 % of the way through a bin; a tile of 8100 cells takes 81.
    np.testing.assert_allclose(focus.tiles, [[16.8 * step, 8.8 * step * 45 / 81]])
    assert focus.score == focus.tiles[0, 0]
    assert focus.as_record() == {
        "score": pytest.approx(0.42), "sharpest": [0.5, 0.25], "tiles": [[0.42, pytest.approx(0.1222)]],
    }  # fmt: skip
    shapes = [(1024, 1365), (1365, 1024), (1080, 1920), (1619, 2400), (1024, 8000), (160, 480), (3, 3)]
    expected = [(11, 15), (15, 11), (12, 18), (12, 18), (11, 18), (2, 5), (1, 1)]
    assert [tiles_of(*shape) for shape in shapes] == expected
    many = Focus(np.arange(192.0).reshape(12, 16))
    assert many.score == 188.0 and many.sharpest == (11.5 / 12, 15.5 / 16)
