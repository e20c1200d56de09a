"""Waveform against FFmpeg's, numpy's counts, and its own graticule."""

import ffmpeg_scopes
import numpy as np
import pytest

from tenbit.kernels import _trace
from tenbit.kernels._scope import code_of, ire_of
from tenbit.kernels.errors import StageError
from tenbit.pipeline.overlay.canvas import PictureCanvas

WEIGHTS = {"auto": (0.2126, 0.0722), "bt709": (0.2126, 0.0722), "bt601": (0.299, 0.114), "bt2020": (0.2627, 0.0593)}


def codes(seed, shape=(9, 16)):
    """Random code values, (rows, cols, 3), whose luma by any matrix hangs on no rounding."""
    rgb = np.random.default_rng(seed).integers(0, 256, (*shape, 3))
    for red, blue in WEIGHTS.values():
        luma = rgb @ np.array([red, 1 - red - blue, blue])
        rgb[abs(luma % 1 - 0.5) < 0.02] = 77
    return rgb


def luma_codes(rgb, matrix):
    red, blue = WEIGHTS[matrix]
    return np.floor(rgb @ np.array([red, 1 - red - blue, blue]) + 0.5).astype(np.uint8)


@pytest.mark.parametrize("matrix", list(WEIGHTS))
def test_luma_is_where_ffmpeg_puts_it(develop, planes, matrix):
    rgb = codes(1)
    out = develop(planes(rgb / 255, state="display", space="srgb"), ("waveform", {"matrix": matrix, "to": "none"}))
    np.testing.assert_array_equal(
        out.results["waveform"]["luma"], ffmpeg_scopes.waveform(luma_codes(rgb, matrix)), strict=True
    )


def test_patches_through_ffmpegs_own_conversion_lie_within_one_code_value(develop, planes):
    """Colour bars and a ramp as RGB: FFmpeg makes luma of them and draws it, by its own arithmetic."""
    bars = np.array([[r, g, b] for r in (0, 191) for g in (0, 191) for b in (0, 191)], np.uint8)
    rgb = np.concatenate([bars, np.linspace(0, 255, 8).astype(np.uint8)[:, None] + np.zeros((1, 3), np.uint8)])
    rgb = np.broadcast_to(rgb, (3, 16, 3))
    y, _, _ = ffmpeg_scopes.differences(rgb.transpose(2, 0, 1), matrix="bt709", span="full")
    theirs = ffmpeg_scopes.waveform(y)
    out = develop(planes(rgb / 255, state="display", space="srgb"), ("waveform", {"to": "none"}))
    ours = out.results["waveform"]["luma"]
    at, expected = ours.argmax(axis=1), theirs.argmax(axis=1)
    assert abs(at - expected).max() <= 1
    np.testing.assert_array_equal(ours.max(axis=1), 3)


def test_hand_worked_channels(develop, planes):
    """0.5 is code 128 (127.5, a half rounded up); what is beyond 0 … 1 or no number is at the ends."""
    samples = np.array([[[0.5, 0.0, 1.0], [-1.0, 2.0, np.nan]], [[0.5, 0.2, 1.0], [0.0, 1.0, 0.0]]])
    out = develop(planes(samples, state="display", space="srgb"), ("waveform", {"channels": "rgb", "to": "none"}))
    levels = out.results["waveform"]
    expected = np.zeros((3, 2, 256), int)
    expected[0, 0, 128], expected[1, 0, [0, 51]], expected[2, 0, 255] = 2, 1, 2
    expected[0, 1, 0], expected[1, 1, 255], expected[2, 1, 0] = 2, 2, 2
    np.testing.assert_array_equal(levels.counts, expected)
    np.testing.assert_array_equal(levels["green"], expected[1])


@pytest.mark.parametrize("target", ["cpu"], indirect=True)
def test_wide_pictures_have_512_columns(develop, planes):
    cols = 1030
    rgb = np.repeat(np.random.default_rng(5).integers(0, 256, (1, cols, 1)), 3, axis=2)
    levels = develop(planes(rgb / 255, state="display", space="srgb"), ("waveform", {"to": "none"}))
    expected = np.zeros((512, 256), int)
    np.add.at(expected, ((2 * np.arange(cols) + 1) * 512 // (2 * cols), rgb[0, :, 0]), 1)
    np.testing.assert_array_equal(levels.results["waveform"]["luma"], expected)


def test_counts_every_so_manieth_row(develop, planes):
    rgb = codes(2)
    out = develop(planes(rgb / 255, state="display", space="srgb"), ("waveform", {"every": 4, "to": "none"}))
    levels = out.results["waveform"]
    np.testing.assert_array_equal(levels["luma"], ffmpeg_scopes.waveform(luma_codes(rgb[[0, 4, 8]], "bt709")))
    assert (levels.every, levels.pixels) == (4, 48)


@pytest.mark.parametrize("target", ["cpu"], indirect=True)
def test_large_pictures_are_counted_by_384_rows_or_a_few_more(develop, planes):
    flat = np.full((1200, 4, 3), 0.25)
    levels = develop(planes(flat, state="display", space="srgb"), ("waveform", {"to": "none"})).results["waveform"]
    assert (levels.every, levels.pixels) == (3, 400 * 4)
    record = levels.as_record()["ire"]["luma"]
    assert {record[name] for name in ("min", "p1", "p50", "p99", "max", "mean")} == {25.1}  # code 64 of 255


def test_record_of_a_legal_picture(develop, planes):
    """Codes 16 and 235 are 0 and 100 IRE; 8 of 100 pixels are below, 3 above."""
    row = np.repeat([10, 16, 125.5, 235, 250], [8, 40, 40, 9, 3])
    samples = np.repeat(row[None, :, None], 3, axis=2) / 255
    chain = ("waveform", {"range": "legal", "to": "none"})
    record = develop(planes(samples, state="display", space="srgb"), chain).results["waveform"].as_record()
    luma = record["ire"]["luma"]
    assert record["range"] == "legal"
    assert record["pixels"] == 100
    assert (luma["below"], luma["above"]) == (0.08, 0.03)
    assert luma["min"] == luma["p1"] == pytest.approx(100 * (10 - 16) / 219, abs=0.01)
    assert luma["p50"] == pytest.approx(50, abs=0.3)  # half a code
    assert luma["p99"] == luma["max"] == pytest.approx(100 * (250 - 16) / 219, abs=0.01)
    assert luma["mean"] == pytest.approx((8 * -2.74 + 0 + 40 * 50.23 + 9 * 100 + 3 * 106.85) / 100, abs=0.01)


@pytest.mark.parametrize("span", ["full", "legal"])
def test_10_bit_lines_are_those_of_the_standard(span):
    lines = {ire: int(text) for ire, text in _trace.marks_of("bit10", span).items() if text}
    assert list(lines.values()) == {"full": [0, 256, 512, 768, 1023], "legal": [64, 283, 502, 721, 940]}[span]
    for ire, code in lines.items():
        assert code == pytest.approx(64 + 8.76 * ire if span == "legal" else 1023 * ire / 100, abs=0.76)
        assert ire_of(code_of(ire, span), span) == pytest.approx(ire)
    assert _trace.marks_of("mv", span)[100.0] == "700"
    assert _trace.marks_of("percent", span)[40.0] == "40%"


@pytest.mark.parametrize("target", ["cpu"], indirect=True)
@pytest.mark.parametrize("span", ["full", "legal"])
def test_the_trace_lies_on_the_line_of_its_level(develop, planes, span):
    """A flat picture at 50 IRE: the brightest row of the panel is the line's, to half a pixel and half a code."""
    flat = np.full((60, 90, 3), code_of(50, span) / 255)
    chain = {"scale": "ire", "range": span, "size": 1.0, "to": "beside", "colour": "white", "opacity": 1.0}
    out = develop(planes(flat, state="display", space="srgb"), ("waveform", chain))
    panel = out.samples[:, 90:]
    box = _trace.graticule(PictureCanvas(np.zeros(panel.shape, np.float32), 60 / 1080), "ire", span)
    brightest = panel[:, panel.shape[1] // 2].sum(axis=-1).argmax()
    assert abs(brightest + 0.5 - _trace.row_of(code_of(50, span), box)) < 1
    np.testing.assert_array_equal(out.samples[:, :90], np.float32(flat))


def test_counts_are_spread_and_none_is_lost():
    counts = np.random.default_rng(3).integers(0, 50, (256, 100))
    shown = _trace.fitted(counts, (97.4, 1000.0))
    assert shown.shape == (97, 100)
    np.testing.assert_allclose(shown.sum(axis=0), counts.sum(axis=0), rtol=1e-6)
    np.testing.assert_allclose(_trace.fitted(np.ones((256, 4)), (64, 4)), 4.0)


def test_one_pixel_is_seen_and_more_are_brighter():
    counts = np.array([0, 1, 10, 100, 1000, 3000.0])
    for intensity in (0.0, 0.5, 1.0):
        bright = _trace.brightness(counts, 3000 / 256, intensity)
        assert bright[0] == 0
        assert bright[1] > 0.12
        assert (np.diff(bright) > 0).all()
        assert bright[-1] == pytest.approx(1)
    assert (_trace.brightness(counts, 12, 1.0) >= _trace.brightness(counts, 12, 0.0)).all()


def test_light_adds_up_to_white():
    pixels = np.zeros((8, 8, 3), np.float32)
    counts = np.zeros((3, 1, 1))
    counts[:] = 9
    colours = [_trace.trace_colour(channel, "own") for channel in ("red", "green", "blue")]
    _trace.draw_waveforms(PictureCanvas(pixels, 1.0), _trace.Box(0, 0, 8, 8), counts, colours, 1.0)
    assert pixels.min() > 0.5


@pytest.mark.parametrize("scale", ["ire", "percent", "bit10", "mv"])
def test_a_panel_as_small_as_a_few_pixels_has_lines_and_no_text(scale):
    drawn = []

    class Small(PictureCanvas):
        def text(self, *_: object, **__: object) -> None:
            drawn.append("text")

    pixels = np.zeros((12, 20, 3), np.float32)
    box = _trace.graticule(Small(pixels, 1.0), scale, "full")
    assert min(box) > 0
    assert not drawn
    assert pixels.max() > 0.2


def test_without_a_panel_the_picture_stays_bit_for_bit(develop, planes):
    samples = codes(4).astype(np.float32) / 255
    for chain in ({"opacity": 0.0}, {"to": "none"}):
        out = develop(planes(samples, state="display", space="srgb"), ("waveform", chain))
        assert out.samples.tobytes() == samples.tobytes()
        assert out.results["waveform"].pixels == samples.size // 3


def test_equals_plain_python(develop, plain, planes):
    frame = planes(np.random.default_rng(6).uniform(-0.1, 1.1, (7, 9, 3)), state="display", space="srgb")
    chain = ("waveform", {"channels": "rgb", "every": 2, "to": "none"})
    np.testing.assert_array_equal(
        develop(frame, chain).results["waveform"].counts, plain(frame, chain).results["waveform"].counts
    )


def test_stands_behind_tone(develop, planes):
    with pytest.raises(StageError, match="waveform takes a display frame; here it is linear"):
        develop(planes(np.zeros((4, 4, 3))), ("waveform", {}))
