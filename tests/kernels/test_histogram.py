"""Histogram against numpy's bincount of the stored picture and of the mosaic, and its panel as it is drawn."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tenbit.kernels._draw import percent
from tenbit.kernels._facts import Opcode
from tenbit.kernels._overlay import Seen
from tenbit.kernels._raw_counts import CHANNELS, RawCounts
from tenbit.kernels.errors import StageError
from tenbit.kernels.histogram.counted import Histogram
from tenbit.kernels.histogram.drawing import areas, draw_picture, draw_raw, heights_of, raw_heights
from tenbit.kernels.histogram.raw import RawHistogram
from tenbit.pipeline.frame import Frame

BT709 = (0.2126, 0.7152, 0.0722)
NO_NOISE = dict.fromkeys(CHANNELS)


class Paper:
    """A canvas that remembers what it is told to draw."""

    def __init__(self, rows, cols, unit=1.0):
        self.rows, self.cols, self.unit = rows, cols, unit
        self.drawn = []

    def __getattr__(self, name):
        return lambda *args, **more: self.drawn.append((name, args, more))

    def text_cols(self, text, size=11.0):
        return 0.6 * size * self.unit * len(text)

    def texts(self):
        return [args[2] for name, args, _ in self.drawn if name == "text"]

    def images(self):
        return [args for name, args, _ in self.drawn if name == "image"]


def codes(values, peak=255):
    """As a picture is stored, by whole numbers of float64."""
    return np.floor(np.clip(values.astype(np.float32), 0, 1).astype(np.float64) * peak + 0.5).astype(int)


@pytest.mark.parametrize(("bins", "shape"), [(256, (15, 26)), (256, (1, 1)), (65536, (3, 31))])
def test_counts_equal_bincount(develop, planes, bins, shape):
    samples = np.random.default_rng(1).uniform(-0.2, 1.3, (*shape, 3))
    chain = ("histogram", {"bins": bins, "to": "none"})
    found = develop(planes(samples, state="display", space="srgb"), chain).results["histogram"]
    for n, channel in enumerate(("red", "green", "blue")):
        expected = np.bincount(codes(samples[..., n], bins - 1).ravel(), minlength=bins)
        np.testing.assert_array_equal(found[channel], expected)
        assert found[channel].dtype == np.int64
        assert found.clipped[channel] == expected[-1] / samples[..., 0].size
        assert found.crushed[channel] == expected[0] / samples[..., 0].size
    luma = codes(samples.astype(np.float32) @ BT709, bins - 1)
    # the fourth digit of the weights moves a sample by a five-thousandth of white at most
    np.testing.assert_allclose(
        np.repeat(np.arange(bins), found["luma"]) / bins, np.sort(luma.ravel()) / bins, atol=2e-4 + 1 / bins
    )
    assert found.pixels == shape[0] * shape[1]


def test_hand_worked(develop, planes):
    samples = np.array([0.0, 0.0, 0.2, 1.0]).reshape(2, 2, 1) * np.ones(3)
    found = develop(planes(samples, state="display"), ("histogram", {"to": "none"})).results["histogram"]
    assert {n: c for n, c in enumerate(found["green"].tolist()) if c} == {0: 2, 51: 1, 255: 1}
    for channel in ("red", "green", "blue", "luma"):
        assert found.crushed[channel] == 0.5
        assert found.clipped[channel] == 0.25
        assert found.mean[channel] == pytest.approx(0.3)
        assert found.median[channel] == 0


def test_record_is_json():
    counts = np.zeros((4, 256), np.int64)
    counts[:, 102] = 15
    record = json.loads(json.dumps(Histogram(counts).as_record()))
    assert record["pixels"] == 15
    assert record["counts"]["blue"][102] == 15
    assert record["median"]["luma"] == pytest.approx(0.4)
    assert "counts" not in Histogram(np.ones((4, 2048), np.int64)).as_record()


def test_equals_plain_python(develop, plain, planes):
    frame = planes(np.random.default_rng(5).random((8, 23, 3)), state="display", space="rec2020")
    chain = ("histogram", {"to": "none"})
    there, here = develop(frame, chain), plain(frame, chain)
    assert there.samples.tobytes() == here.samples.tobytes() == frame.samples.tobytes()
    np.testing.assert_array_equal(there.results["histogram"].counts, here.results["histogram"].counts)


def mosaic(shape=(14, 19), cfa="RGGB"):
    """Of a file that tells its noise."""
    samples = np.random.default_rng(2).integers(40, 1024, shape).astype(np.uint16)
    frame = Frame.from_mosaic(samples, cfa=cfa, black=64.0, white=1000.0)
    return replace(frame, facts=replace(frame.facts, noise=((1e-4, 1e-6),)))


# Where the greens stand is by the pattern's letters, found without the stage's code.
PLACES = {
    "RGGB": [(0, 0), (0, 1), (1, 0), (1, 1)],
    "GRBG": [(0, 1), (0, 0), (1, 1), (1, 0)],
    "GBRG": [(1, 0), (1, 1), (0, 0), (0, 1)],
    "BGGR": [(1, 1), (1, 0), (0, 1), (0, 0)],
}


@pytest.mark.parametrize("cfa", list(PLACES))
def test_raw_counts_equal_bincount_by_channel(develop, cfa):
    frame = mosaic(cfa=cfa)
    out = develop(frame, ("histogram", {}))
    np.testing.assert_array_equal(out.samples, frame.samples)
    found = out.results["raw_histogram"]
    assert found.raw.counts.shape == (4, 1024)
    for channel, (row, col) in zip(CHANNELS, PLACES[cfa], strict=True):
        own = frame.samples[row::2, col::2]
        np.testing.assert_array_equal(found.raw[channel], np.bincount(own.ravel(), minlength=1024))
        assert found.raw.clipped[channel] == (own >= 1000).mean()
        assert found.at_black[channel] == (own <= 64).mean()


def test_raw_counts_of_quad_bayer(develop):
    frame = mosaic((12, 20), "QGRBG")
    found = develop(frame, ("histogram", {})).results["raw_counts"]
    blocks = frame.samples.reshape(6, 2, 10, 2)
    for channel, (row, col) in zip(CHANNELS, PLACES["GRBG"], strict=True):
        own = blocks[row::2, :, col::2]
        np.testing.assert_array_equal(found[channel], np.bincount(own.ravel(), minlength=1024))


def test_behind_black_level_codes_are_told_again_on_16_bits(develop):
    frame = mosaic()
    found = develop(frame, ("black_level", {}), ("histogram", {})).results["raw_counts_signal"]
    assert (found.is_exact, found.black["G1"], found.white["B"]) == (False, 4096, 65535)
    own = frame.samples[::2, ::2].ravel().astype(float)
    there = np.repeat(np.arange(65536), found["R"])
    np.testing.assert_allclose(there, np.clip(np.sort((own - 64) / 936 * 61439 + 4096), 0, 65535), atol=0.51)
    assert found.clipped["R"] == (own >= 1000).mean()


def test_a_monitor_behind_black_level_leaves_the_codes_of_one_before_it(plain):
    chain = ("histogram", {"to": "none"}), ("black_level", {}), ("exposure_advice", {"to": "none"})
    results = plain(mosaic(), *chain).results
    assert [results[name].is_exact for name in ("raw_counts", "raw_counts_signal")] == [True, False]


def test_raw_and_picture_in_one_chain(develop):
    chain = ("histogram", {"to": "none"})
    out = develop(
        mosaic(), chain, ("black_level", {}), ("demosaic", {"method": "bilinear"}), ("tone", {}), chain, bits=8
    )
    assert out.results["raw_histogram"].raw.samples == {"R": 70, "G1": 63, "G2": 70, "B": 63}
    red = np.bincount(out.samples[..., 0].ravel(), minlength=256)
    np.testing.assert_array_equal(out.results["histogram"]["red"], red)


def raw_of(values, *, black=64.0, white=1023.0, noise=NO_NOISE):
    """All four channels of the same samples."""
    counts = np.tile(np.bincount(values, minlength=1024), (4, 1))
    levels = dict.fromkeys(CHANNELS, black), dict.fromkeys(CHANNELS, white)
    return RawHistogram(RawCounts(counts, *levels), noise)


def test_bars_are_thirds_of_a_stop_below_white():
    """Of 959 steps: 960 / 2 is a stop down, a tenth of a step too bright to be two bars further."""
    found = raw_of(np.array([1023] * 5 + [64 + 480] * 3 + [64 + 479] * 2 + [64 + 1] * 7 + [64, 60]))
    bars = found.bars("G1")
    assert bars.shape == (36,)
    assert {int(n): int(bars[n]) for n in np.flatnonzero(bars)} == {35: 5, 33: 3, 32: 2, 6: 7}
    record = json.loads(json.dumps(found.as_record()))
    assert record["at_black"]["R"] == pytest.approx(2 / 19)
    assert record["clipped"]["B"] == pytest.approx(5 / 19)
    assert (record["noise_floor_ev"], record["under_noise"]) == (None, None)


def test_noise_floor_of_a_profile_and_what_lies_under_it():
    noise = dict.fromkeys(CHANNELS, (0.01, 2.0**-6))
    found = raw_of(np.arange(64, 1024), noise=noise)
    assert found.floor_ev == pytest.approx(-6)
    assert found.under_noise["G2"] == pytest.approx(15 / 960)  # 959 / 64 is 14.98 steps


def test_comb_has_a_tooth_per_code_near_black_and_bars_above():
    found = raw_of(np.arange(64, 1024))
    heights = raw_heights(found, 480, "linear")[0]
    teeth = [np.log2(n / 959) for n in (1, 2, 3, 4)]
    at = [(ev + 12) / 12 * 480 for ev in teeth]
    assert all(heights[round(col)] > 0 for col in at)
    assert all(heights[round((a + b) / 2)] == 0 for a, b in pairwise(at))
    assert (heights[round(at[-1]) + 20 :] > 0).all()
    assert heights.max() == 1


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_heights_are_filled_by_what_one_bin_in_fifty_exceeds(scale):
    counts = np.zeros((4, 256), int)
    counts[:, 50:100] = 100
    counts[:, 255] = 10**6
    heights = heights_of(counts, 512, scale)
    assert heights.shape == (4, 512)
    assert heights[0, 2 * 75] == heights[0, -1] == 1
    assert heights[0, 2 * 150] == 0
    assert heights_of(counts, 100, scale).shape == (4, 100)


def test_areas_add_up_as_they_do_pixel_by_pixel():
    heights = np.random.default_rng(6).uniform(0, 9, (3, 14))
    heights[:, 0], heights[:, 1], heights[0] = 0, 9, np.round(heights[0])
    colours = np.array([[0.5, 0.1, 0.0], [0.0, 0.4, 0.1], [0.1, 0.0, 0.3]])
    image, cover = areas(heights, 9, colours)
    for row in range(9):
        for col in range(14):
            parts = [min(max(height - (8 - row), 0), 1) for height in heights[:, col]]
            assert cover[row, col] == pytest.approx(max(parts), abs=1e-6)
            if max(parts) > 0:
                added = sum(part * colour for part, colour in zip(parts, colours, strict=True))
                np.testing.assert_allclose(image[row, col] * max(parts), added, atol=1e-6)


def seen(**results):
    return Seen(results, None, np.zeros((1, 1, 3), np.uint8), {}, None)


def test_panel_of_a_picture_shows_areas_luma_and_clipped_parts():
    counts = np.zeros((4, 256), int)
    counts[:, 5] = 900  # all in the shadows
    counts[0, 200:220] = 45  # and red in the lights
    counts[2, 255] = 100
    counts[2, 0] = 1
    paper = Paper(270, 486)
    draw_picture(paper, seen(histogram=Histogram(counts)), show="rgb", scale="linear")
    assert paper.texts() == ["0.056 %", "5.6 %"]
    ((_, left, rows, cols, image, alpha),) = paper.images()
    assert image.shape == (rows, cols, 3)
    here = lambda part: (image[rows - 3, round(part * cols)], alpha[rows - 3, round(part * cols)])  # noqa: E731
    assert here(5 / 255)[1] == pytest.approx(0.9)
    assert here(0.5)[1] == 0
    assert here(210 / 255)[0][0] > 0.6 > 5 * here(210 / 255)[0][1]
    luma = max((args[0] for name, args, _ in paper.drawn if name == "polyline"), key=len)
    assert luma.shape == (cols, 2)
    assert luma[:, 1].min() > left


@pytest.mark.parametrize("show", ["rgb", "luma", "parade"])
@pytest.mark.parametrize("shape", [(1, 1), (9, 14), (40, 90), (270, 486)])
def test_panels_fit_any_canvas(show, shape):
    counts = np.random.default_rng(4).integers(0, 9, (4, 256))
    noise = dict.fromkeys(CHANNELS, (0.001, 0.002))
    for draw in (draw_picture, draw_raw):
        paper = Paper(*shape)
        results = {"histogram": Histogram(counts), "raw_histogram": raw_of(np.arange(60, 1024), noise=noise)}
        draw(paper, seen(**results), show=show, scale="log")
        for name, args, _ in paper.drawn:
            if name in ("rect", "image"):
                top, left, rows, cols = args[:4]
                assert 0 <= top <= top + rows <= shape[0] + 1e-9
                assert 0 <= left <= left + cols <= shape[1] + 1e-9
            if name == "image":
                assert np.isfinite(args[4]).all()
                assert 0 <= args[4].min() <= args[4].max() <= 1
                assert 0 <= np.min(args[5]) <= np.max(args[5]) <= 1
        parts = 1 if show != "parade" else 3 if draw is draw_picture else 4
        assert len(paper.images()) == (parts if shape[0] > 4 else 0)


def test_raw_panel_has_an_axis_in_stops():
    paper = Paper(270, 486)
    found = raw_of(np.append(np.arange(64, 1023), [1023] * 41))
    draw_raw(paper, seen(raw_histogram=found), show="rgb", scale="linear")
    assert [t for t in paper.texts() if "%" not in t] == ["0 EV", *(f"\N{MINUS SIGN}{n}" for n in range(2, 13, 2))]
    assert [t for t in paper.texts() if "%" in t] == ["0.1 %"] * 3 + ["4.1 %"] * 3


def test_percentages_have_two_digits():
    assert [percent(p) for p in (1, 0.1234, 0.01, 0.000123)] == ["100 %", "12 %", "1 %", "0.012 %"]


def test_raw_samples_must_be_as_the_sensor_gave_them(develop):
    chain = [("black_level", {}), ("white_balance", {"mode": "grey_world"}), ("histogram", {})]
    with pytest.raises(StageError, match="histogram: white balance has multiplied the samples; put it before"):
        develop(mosaic(), *chain)
    frame = mosaic()
    waits = Frame(frame.samples, replace(frame.facts, opcodes=(Opcode(1, "LinearizationTable", {}),)))
    with pytest.raises(StageError, match="samples are codes until opcode list 1 has been applied; put linearise"):
        develop(waits, ("histogram", {}))
