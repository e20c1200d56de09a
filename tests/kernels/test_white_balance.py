"""White balance against gains tiled over the mosaic."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels._camera import daylight
from tenbit.kernels.errors import StageError
from tenbit.pipeline.frame import Frame

NEUTRAL = (0.5, 1.0, 0.8)
GAINS = np.array([2.0, 1.0, 1.25])
MATRIX = [[0.90, -0.28, -0.11], [-0.45, 1.28, 0.19], [-0.08, 0.24, 0.58]]


def mosaic(shape=(9, 11), seed=1, high=1.1, **facts):
    samples = np.random.default_rng(seed).uniform(-0.05, high, shape).astype(np.float32)
    return Frame.from_mosaic(samples, **({"neutral": NEUTRAL} | facts))


def colours(frame):
    rows, cols = frame.samples.shape
    return np.array([[frame.facts.cfa.colour(r, c) for c in range(cols)] for r in range(rows)])


@pytest.mark.parametrize("cfa", ["RGGB", "GRBG", "GBRG", "BGGR", "QRGGB"])
@pytest.mark.parametrize("shape", [(4, 4), (9, 11), (5, 70)])
@pytest.mark.parametrize("highlights", ["clip", "keep"])
def test_as_shot(develop, plain, cfa, shape, highlights):
    frame = mosaic(shape, cfa=cfa)
    chain = (("white_balance", {"highlights": highlights}),)
    out = develop(frame, *chain)
    expected = frame.samples * GAINS[colours(frame)]
    expected = np.minimum(expected, 1.0) if highlights == "clip" else expected
    np.testing.assert_allclose(out.samples, expected, rtol=2e-7)
    np.testing.assert_array_equal(out.samples, plain(frame, *chain).samples)
    assert out.facts.gains == tuple(GAINS)
    assert out.facts.is_balanced
    assert out.facts.is_clipped == (highlights == "clip")


def test_what_clips_is_neutral_white(develop):
    frame = mosaic((6, 8), high=1.0)
    frame.samples[2:4, 2:4] = 1.0
    out = develop(frame, ("white_balance", {})).samples
    np.testing.assert_array_equal(out[2:4, 2:4], 1.0)


def test_linear_planes(develop, plain, planes):
    frame = planes(np.random.default_rng(3).uniform(0, 1, (5, 7, 3)), neutral=NEUTRAL)
    out = develop(frame, ("white_balance", {}))
    np.testing.assert_allclose(out.samples, np.minimum(frame.samples * GAINS, 1.0), rtol=2e-7)
    np.testing.assert_array_equal(out.samples, plain(frame, ("white_balance", {})).samples)


def test_explicit_gains_count_by_their_ratios(develop):
    for gains in ((2.0, 1.0, 1.25), (1.0, 0.5, 0.625)):
        out = develop(mosaic(), ("white_balance", {"mode": "gains", "gains": gains}))
        assert out.facts.gains == pytest.approx((2.0, 1.0, 1.25))


def test_daylight_is_what_the_matrix_says(develop):
    frame = mosaic(color_matrix=MATRIX)
    out = develop(frame, ("white_balance", {"mode": "daylight"}))
    seen = np.array(MATRIX) @ [0.3127 / 0.329, 1.0, 0.3583 / 0.329]
    np.testing.assert_allclose(out.facts.gains, seen.max() / seen, rtol=1e-9)


def test_a_colder_light_needs_less_blue_gain(develop):
    frame = mosaic(color_matrix=MATRIX)
    found = [
        develop(frame, ("white_balance", {"mode": "temperature", "temperature_k": k, "tint": t})).facts.gains
        for k, t in ((3000.0, 0.0), (5500.0, 0.0), (9000.0, 0.0), (5500.0, 40.0))
    ]
    blue_over_red = [gains[2] / gains[0] for gains in found]
    assert blue_over_red[0] > blue_over_red[1] > blue_over_red[2]
    # a tint above 0 is a greener light: red and blue are raised against green
    assert found[3][0] / found[3][1] > found[1][0] / found[1][1]


def test_d65_as_temperature_is_daylight(develop):
    frame = mosaic(color_matrix=MATRIX)
    chosen = {"mode": "temperature", "temperature_k": 6507.0, "tint": 9.8}
    out = develop(frame, ("white_balance", chosen))
    neutral = np.array(daylight(frame.facts.colour))
    np.testing.assert_allclose(out.facts.gains, neutral.max() / neutral, rtol=1e-3)


@pytest.mark.parametrize("cfa", ["GRBG", "QRGGB"])
def test_grey_world_makes_the_means_equal(develop, plain, cfa):
    frame = mosaic((16, 36), seed=4, high=0.5, cfa=cfa)
    frame.samples[3, :9] = 1.0  # a lamp that must not count
    frame = dataclasses.replace(frame, samples=frame.samples * np.array([0.4, 1.0, 0.7], np.float32)[colours(frame)])
    chain = (("white_balance", {"mode": "grey_world", "highlights": "keep"}),)
    out = develop(frame, *chain)
    of = colours(frame)
    counted = (frame.samples > 0.002) & (frame.samples < 0.99)
    means = np.array([frame.samples[(of == c) & counted].mean() for c in range(3)])
    # bins of 1/4096
    np.testing.assert_allclose(out.results["white_balance"]["gains"], means.max() / means, rtol=1e-3)
    np.testing.assert_allclose(out.samples, frame.samples * (means.max() / means)[of], rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(out.samples, plain(frame, *chain).samples)


def test_grey_world_of_planes(develop, plain, planes):
    frame = planes(np.random.default_rng(5).uniform(0.05, 0.5, (12, 15, 3)) * [0.5, 1.0, 0.8])
    chain = (("white_balance", {"mode": "grey_world"}),)
    out = develop(frame, *chain)
    means = out.samples.mean(axis=(0, 1))
    np.testing.assert_allclose(means, means.max(), rtol=1e-3)
    np.testing.assert_array_equal(out.samples, plain(frame, *chain).samples)


def test_grey_world_of_a_black_frame_changes_nothing(develop):
    out = develop(Frame.from_mosaic(np.zeros((4, 6), np.float32)), ("white_balance", {"mode": "grey_world"}))
    assert out.results["white_balance"] == {"gains": (1.0, 1.0, 1.0)}
    np.testing.assert_array_equal(out.samples, 0.0)


def test_without_a_neutral_daylight_is_taken_and_said(develop):
    out = develop(mosaic(neutral=None, color_matrix=MATRIX), ("white_balance", {}))
    assert out.warnings == ("white_balance: the file does not say its white: daylight is taken",)
    same = develop(mosaic(neutral=None, color_matrix=MATRIX), ("white_balance", {"mode": "daylight"}))
    np.testing.assert_array_equal(out.samples, same.samples)


def test_without_anything_known_nothing_changes_and_it_is_said(develop):
    frame = mosaic(neutral=None)
    out = develop(frame, ("white_balance", {}))
    np.testing.assert_array_equal(out.samples, frame.samples)
    assert "neither its white nor its colour matrix" in out.warnings[0]


def test_gains_of_1_change_nothing(develop):
    frame = mosaic()
    out = develop(frame, ("white_balance", {"mode": "gains", "gains": (1.0, 1.0, 1.0)}))
    np.testing.assert_array_equal(out.samples, frame.samples)
    assert out.facts == dataclasses.replace(frame.facts, is_balanced=True, is_clipped=True)


@pytest.mark.parametrize(
    ("facts", "parameters", "message"),
    [
        ({"black": (64.0,) * 4}, {}, "put black_level before it"),
        ({"white": (1023.0,) * 4}, {}, "put black_level before it"),
        ({"is_balanced": True}, {}, "balanced already; once is allowed"),
        ({"exposure_ev": 1.0}, {}, "put it before exposure"),
        ({"space": "srgb"}, {}, "in srgb already; put it before colour"),
        ({}, {"mode": "daylight"}, "mode daylight needs a colour matrix, which the file lacks"),
        ({}, {"mode": "temperature"}, "temperature_k is needed for mode: temperature"),
        ({}, {"mode": "gains"}, "gains is needed for mode: gains"),
        ({}, {"gains": (1.0, 2.0, 1.0)}, "gains belongs to mode: gains; here it is as_shot"),
        ({}, {"temperature_k": 5000.0}, "temperature_k belongs to mode: temperature; here it is as_shot"),
        ({"neutral": (0.0, 1.0, 1.0)}, {}, "white_balance: a neutral of 0, 1, 1: every channel must be above 0"),
    ],
)
def test_refusals(develop, facts, parameters, message):
    frame = mosaic()
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **facts))
    with pytest.raises(StageError, match=message):
        develop(frame, ("white_balance", parameters))
