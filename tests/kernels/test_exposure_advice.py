"""Exposure advice: bracketed exposures of one scene, what is ignored, what clips, the noise floor."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tenbit import read, run
from tenbit.kernels import _noise, _raw_counts
from tenbit.kernels._raw_counts import CHANNELS, RawCounts
from tenbit.kernels.errors import StageError
from tenbit.kernels.exposure_advice import Advice, advise, draw, headroom, lines_of, over
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.sample import make

BLACK, WHITE = 64, 1023
CHAIN = ("exposure_advice", {"to": "none"})
SHAPE = (32, 40)


def bracket(ev, *, noise=(2e-5, 1e-7), seed=1):
    """One scene at so many stops, up to a tenth of white at 0 EV: noisy, rounded, clipped, and its profile told."""
    light = np.kron(np.random.default_rng(1).uniform(0.001, 0.1, (8, 10)), np.ones((4, 4))) * 2.0**ev
    spread = np.sqrt(noise[0] * light + noise[1]) * np.random.default_rng(seed).standard_normal(light.shape)
    counts = np.clip(np.rint((light + spread) * (WHITE - BLACK) + BLACK), 0, WHITE)
    frame = Frame.from_mosaic(counts.astype(np.uint16), black=float(BLACK), white=float(WHITE))
    return replace(frame, facts=replace(frame.facts, noise=(noise,)))


def test_advice_follows_the_exposure_until_the_frame_clips(develop, target):
    exposures = np.arange(-2, 6) if target == "cpu" else (-1, 2, 4)
    for ev in exposures:
        advice = develop(bracket(ev), CHAIN).results["exposure_advice"]
        truth = np.log2(10) - ev  # what the brightest patches leave, but for noise on them
        assert advice.is_guess == (truth < 0)
        if truth >= 0:
            assert advice.ev == pytest.approx(truth, abs=1 / 6)
            assert advice.suggested_ev <= advice.ev < advice.suggested_ev + 1 / 3
            assert 3 * advice.suggested_ev == pytest.approx(round(3 * advice.suggested_ev))
            assert max(advice.clipped.values()) <= 0.001
        else:
            assert advice.ev < 0
            assert None in advice.headroom_ev.values()


def test_advice_for_the_simulated_camera_moves_with_its_exposure(here):
    """Whose lamps are 7 stops over white at 0 EV: headroom begins far below it."""
    found = []
    for ev in (-4, -3.5, -3, 1):
        make(here / f"{ev}.dng", rows=96, cols=128, exposure_ev=ev, truth=False)
        out = run(read(here / f"{ev}.dng"), [{"exposure_advice": {"to": "none"}}], device="cpu")
        found.append(out.results["exposure_advice"])
    assert [advice.is_guess for advice in found] == [False, False, False, True]
    np.testing.assert_allclose(np.diff([advice.ev for advice in found[:3]]), -0.5, atol=1 / 6)
    assert found[3].ev < found[2].ev - 1
    assert max(found[3].clipped.values()) > 0.05


def test_highlights_to_be_ignored_are(develop):
    frame = bracket(-1)
    samples = frame.samples.copy()
    samples[5, :4] = WHITE  # two of the 320 samples of G2 and of B clip
    frame = replace(frame, samples=samples)
    lost = develop(frame, CHAIN).results["exposure_advice"]
    assert lost.is_guess
    assert lost.clipped == {"R": 0, "G1": 0, "G2": 2 / 320, "B": 2 / 320}
    kept = develop(frame, ("exposure_advice", {"to": "none", "ignore": 0.01})).results["exposure_advice"]
    assert not kept.is_guess
    assert kept.ev == pytest.approx(np.log2(10) + 1, abs=1 / 3)


def test_behind_black_level_the_advice_is_the_same(develop):
    before = develop(bracket(1), CHAIN, ("black_level", {})).results["exposure_advice"]
    behind = develop(bracket(1), ("black_level", {}), CHAIN).results["exposure_advice"]
    for name in CHANNELS:
        assert behind.headroom_ev[name] == pytest.approx(before.headroom_ev[name], abs=1e-3)
    assert behind.range_ev == pytest.approx(before.range_ev, abs=1e-9)


def test_floats_that_have_their_black_are_told_on_16_bits():
    """Samples up to 1 are no codes: three channels a stop below white, blue two."""
    facts = replace(bracket(0).facts, black=(0.0625,) * 4, white=(1.0,) * 4)
    step = _raw_counts.raw_counting(facts)
    assert step.counters == 4 * 65536
    signal = np.array([0.5, 0.5, 0.5, 0.25])
    sites = [SimpleNamespace(**{n: v[at] if isinstance(v, tuple) else v for n, v in step.constants.items()})
             for at in range(4)]  # fmt: skip
    counters = np.zeros(step.counters, np.int64)
    for k, light in zip(sites, signal, strict=True):
        counters[step.body(0.0625 + 0.9375 * light, k)] += 1
    found = step.summary(counters)
    assert not found.is_exact
    assert [headroom(found, name, 0.0) for name in ("R", "G1", "G2", "B")] == pytest.approx([1, 1, 1, 2], abs=1e-4)


def test_noise_that_cannot_be_measured_is_not_made_up():
    """Equal samples say nothing of it, and then neither does the advice; a file may say that there is none."""
    facts = replace(bracket(0).facts, noise=None)
    # None at all, and none at black: 17 EV would be of no sensor.
    for scale in (0.0, 1e-4):
        nothing = {"raw_noise": ((scale, _noise.LEAST_OFFSET),) * 3}
        assert set(_raw_counts.raw_noise(facts, nothing).values()) == {None}
    raw = raw_of(np.ones(1024, int))
    advice = advise(SimpleNamespace(results=nothing | {_raw_counts.counts_name(facts): raw}), facts=facts, ignore=0.001)
    assert advice.range_ev is advice.under_noise is advice.used_ev is advice.noise_floor_ev is None
    rounding = _raw_counts.raw_noise(replace(facts, noise=((0.0, 0.0),)), {})["B"]
    assert rounding == pytest.approx((1 / (WHITE - BLACK) / np.sqrt(12),) * 2)


def test_noise_of_a_tall_frame_is_that_of_some_bands_of_its_rows(monkeypatch):
    monkeypatch.setattr(_raw_counts, "_NOISE_ROWS", 64)
    ramp = np.tile(np.linspace(0.001, 0.5, 400), (260, 1))
    noisy = ramp + np.sqrt(1e-4 * ramp + 1e-5) * np.random.default_rng(2).standard_normal(ramp.shape)
    noisy[[n for n in range(260) if n % 128 >= 32]] = 0.7  # what lies between the bands is not looked at
    counts = np.clip(np.rint(noisy * 15000 + 512), 0, 16383).astype(np.uint16)
    frame = Frame.from_mosaic(counts, black=512.0, white=15512.0)
    band, windows, _ = _raw_counts.noise_steps(frame.facts)
    assert (band.shape, band.constants, windows.reads) == ((64, 400), {"every": 4, "band": 32}, band.writes)
    uneven = replace(frame.facts, black_rows=np.zeros(260))
    assert [step.reads for step in _raw_counts.noise_steps(uneven)] == [("mosaic",), windows.writes]
    rows = [_raw_counts.banded(np.arange(260)[:, None], row, 0, SimpleNamespace(**band.constants)) for row in range(64)]
    assert rows == [*range(32), *range(128, 160)]
    advice = run(frame, [{"exposure_advice": {"to": "none"}}], device="cpu").results["exposure_advice"]
    assert advice.range_ev == pytest.approx(-np.log2(np.sqrt(1e-5)), abs=0.5)


@pytest.mark.parametrize("target", ["cuda"], indirect=True)
def test_equals_plain_python(develop, plain):
    """Its noise measured: by the CPU's loops it is in another test."""
    frame = bracket(0)
    frame = Frame.from_mosaic(frame.samples[:16, :20], black=float(BLACK), white=float(WHITE))
    there, here = develop(frame, CHAIN), plain(frame, CHAIN)
    np.testing.assert_array_equal(there.samples, here.samples)
    np.testing.assert_array_equal(there.results["raw_counts"].counts, here.results["raw_counts"].counts)
    assert there.results["raw_noise"] == here.results["raw_noise"]
    assert "noise" not in there.results  # other stages find the frame as if nobody had looked


def raw_of(counts):
    return RawCounts(np.tile(counts, (4, 1)), dict.fromkeys(CHANNELS, 64.0), dict.fromkeys(CHANNELS, 1023.0))


def test_headroom_hand_worked():
    """Few codes are a comb, and a level is one of its teeth: of 959 steps, 60 are 4 EV down, 1 is 9.9."""
    counts = np.zeros(1024, int)
    counts[64] = 990
    counts[[65, 124]] = 8, 2
    assert headroom(raw_of(counts), "R", 0.001) == pytest.approx(np.log2(959 / 60))
    assert headroom(raw_of(counts), "R", 0.002) == pytest.approx(np.log2(959))
    assert headroom(raw_of(counts), "B", 0.05) == pytest.approx(np.log2(959))  # black: one code at least
    counts[1023] = 1
    assert headroom(raw_of(counts), "G1", 0.001) == pytest.approx(np.log2(959 / 60))
    counts[1023] = 2
    assert headroom(raw_of(counts), "G1", 0.001) is None


def test_what_highlights_are_over_is_guessed_from_how_fast_they_thin_out():
    """Ten times fewer per stop: 1 % at white is 0.1 % a stop above."""
    counts = np.zeros(1024, int)
    counts[[100, 700, 1023]] = 900, 90, 10
    assert over(raw_of(counts), "R", 0.001) == pytest.approx(1, abs=1e-6)
    counts[[100, 700, 1023]] = 0, 0, 1000
    assert over(raw_of(counts), "R", 0.001) == 4
    counts[[100, 700, 1023]] = 99000, 899, 101
    assert over(raw_of(counts), "R", 0.001) == pytest.approx(1 / 3)


def test_record_and_text():
    rooms = {"R": 1.5, "G1": 0.7, "G2": 0.75, "B": 2.0}
    advice = Advice(rooms, dict.fromkeys(CHANNELS, 0.0), dict.fromkeys(CHANNELS, 0.012), None, 0.001, -8.5, 9.5, 7.0)
    record = json.loads(json.dumps(advice.as_record()))
    assert record["suggested_ev"] == pytest.approx(2 / 3)
    assert record["dynamic_range_ev"] == {"available": 9.5, "used": 7.0}
    assert [text for text, _ in lines_of(advice)] == [
        "ETTR +0.7 EV",
        "R +1.5  G1 +0.7  G2 +0.8  B +2.0",
        "clipped 0 %   under noise 1.2 %",
        "range 7.0 of 9.5 EV",
    ]
    lost = replace(advice, headroom_ev=rooms | {"G1": None}, over_ev=1.2, under_noise=None, range_ev=None)
    minus = "\N{MINUS SIGN}"
    assert lost.suggested_ev == pytest.approx(-4 / 3)
    assert [text for text, _ in lines_of(lost)] == [
        f"ETTR about {minus}1.3 EV: highlights are lost",
        "R +1.5  G1 clipped  G2 +0.8  B +2.0",
        "clipped 0 %",
        "range not known",
    ]


def test_panel_keeps_its_text_inside():
    advice = Advice(dict.fromkeys(CHANNELS), dict.fromkeys(CHANNELS, 0.1), None, 4.0, 0.001, None, None, None)
    texts = []
    paper = SimpleNamespace(
        rows=100,
        cols=200,
        unit=1.0,
        rect=lambda *_: None,
        text=lambda row, col, text, colour, size: texts.append((row, col, text, size)),
        text_cols=lambda text, size: 0.6 * size * len(text),
    )
    draw(paper, SimpleNamespace(results={"exposure_advice": advice}))
    assert len(texts) == 4
    for row, col, text, size in texts:
        assert size / 2 < row < 100 - size / 2
        assert 0 < col < col + 0.6 * size * len(text) <= 200


def test_stands_before_white_balance(develop):
    with pytest.raises(StageError, match="exposure_advice: white balance has multiplied the samples; put it before"):
        develop(bracket(0), ("black_level", {}), ("white_balance", {"mode": "grey_world"}), CHAIN)
