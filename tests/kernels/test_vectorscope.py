"""Vectorscope against FFmpeg's, the bars of BT.709, and hand-worked colours."""

import ffmpeg_scopes
import numpy as np
import pytest

from tenbit.kernels.errors import StageError
from tenbit.kernels.vectorscope.panel import BARS
from tenbit.kernels.vectorscope.result import chroma_of

WEIGHTS = {"bt709": (0.2126, 0.0722), "bt601": (0.299, 0.114), "bt2020": (0.2627, 0.0593)}
# 75 % bars, (Cb, Cr): ITU-R BT.709, to four digits.
BARS_709 = {
    "R": (-0.0859, 0.3750),
    "Mg": (0.2891, 0.3406),
    "B": (0.3750, -0.0344),
    "Cy": (0.0859, -0.3750),
    "G": (-0.2891, -0.3406),
    "Yl": (-0.3750, 0.0344),
}


def differences(rgb, matrix, span):
    """Codes of Cb and Cr, not rounded, of (rows, cols, 3) codes."""
    red, blue = WEIGHTS[matrix]
    r, g, b = np.moveaxis(rgb.astype(float), -1, 0)
    luma = red * r + (1 - red - blue) * g + blue * b
    scale = 224 / 219 if span == "legal" else 1.0
    return 128 + scale * (b - luma) / (2 - 2 * blue), 128 + scale * (r - luma) / (2 - 2 * red)


@pytest.mark.parametrize("span", ["full", "legal"])
@pytest.mark.parametrize("matrix", list(WEIGHTS))
def test_colours_are_where_ffmpeg_puts_them(develop, planes, matrix, span):
    rgb = np.random.default_rng(1).integers(0, 256, (9, 14, 3))
    codes = np.stack(differences(rgb, matrix, span))
    rgb[(abs(codes % 1 - 0.5) < 0.02).any(axis=0)] = 128  # no pixel hangs on rounding
    cb, cr = (np.clip(np.floor(c + 0.5), 0, 255).astype(np.uint8) for c in differences(rgb, matrix, span))
    chain = ("vectorscope", {"matrix": matrix, "range": span, "to": "none"})
    out = develop(planes(rgb / 255, state="display", space="srgb"), chain)
    np.testing.assert_array_equal(out.results["vectorscope"].counts, ffmpeg_scopes.vectorscope(cb, cr))


@pytest.mark.parametrize("matrix", list(WEIGHTS))
def test_patches_through_ffmpegs_own_conversion_lie_within_one_code_value(develop, planes, matrix):
    for n, bar in enumerate(BARS.values()):
        rgb = np.broadcast_to(np.array(bar, np.uint8) * (191 if n % 2 else 255), (2, 16, 3))
        _, cb, cr = ffmpeg_scopes.differences(rgb.transpose(2, 0, 1), matrix=matrix, span="full")
        theirs = np.argwhere(ffmpeg_scopes.vectorscope(cb, cr))
        out = develop(
            planes(rgb / 255, state="display", space="srgb"), ("vectorscope", {"matrix": matrix, "to": "none"})
        )
        ours = np.argwhere(out.results["vectorscope"].counts)
        assert len(ours) == len(theirs) == 1
        assert abs(ours - theirs).max() <= 1


def test_boxes_are_those_of_bt709():
    for name, place in BARS_709.items():
        np.testing.assert_allclose(np.array(chroma_of(BARS[name], "bt709")) * 0.75, place, atol=5.1e-5)


@pytest.mark.parametrize(("space", "matrix"), [("srgb", "bt709"), ("display-p3", "bt709"), ("rec2020", "bt2020")])
def test_auto_goes_by_the_colour_space(develop, planes, space, matrix):
    frame = planes(np.broadcast_to([0.6, 0.2, 0.1], (2, 3, 3)), state="display", space=space)
    auto, named = (
        develop(frame, ("vectorscope", {"matrix": which, "to": "none"})).results["vectorscope"]
        for which in ("auto", matrix)
    )
    assert auto.matrix == matrix
    np.testing.assert_array_equal(auto.counts, named.counts)


def test_record_of_bars(develop, planes):
    """75 % red, and 75 % cyan opposite: no hue on the whole; as saturated as 75 % bars are."""
    samples = np.zeros((4, 6, 3))
    samples[:2], samples[2:] = (0.75, 0, 0), (0, 0.75, 0.75)
    frame = planes(samples, state="display", space="srgb")
    record = develop(frame, ("vectorscope", {"to": "none"})).results["vectorscope"].as_record()
    assert record["hue_degrees"] is None
    assert record["distance"] == pytest.approx(np.hypot(*BARS_709["R"]), abs=0.003)
    assert record["saturation"]["max"] == pytest.approx(1, abs=0.01)
    assert record["skin"] == 0
    assert (record["matrix"], record["every"], record["pixels"]) == ("bt709", 1, 24)


def test_record_of_skin(develop, planes):
    """Three quarters of a light skin, one of 100 % red: the mean's hue lies between theirs."""
    samples = np.full((4, 4, 3), np.array([224, 172, 138]) / 255)
    samples[3] = (1.0, 0.0, 0.0)
    frame = planes(samples, state="display", space="srgb")
    record = develop(frame, ("vectorscope", {"to": "none"})).results["vectorscope"].as_record()
    skin, red = np.array(chroma_of((224 / 255, 172 / 255, 138 / 255), "bt709")), np.array(BARS_709["R"]) * 4 / 3
    cb, cr = 0.75 * skin + 0.25 * red
    assert record["skin"] == 0.75
    assert (record["cb"], record["cr"]) == pytest.approx((cb, cr), abs=0.002)
    assert record["hue_degrees"] == pytest.approx(np.degrees(np.arctan2(cr, cb)), abs=0.5)
    assert record["saturation"]["max"] == pytest.approx(4 / 3, abs=0.01)


def test_grey_stays_in_the_middle_and_has_no_hue(develop, planes):
    grey = np.random.default_rng(3).random((5, 8, 1)) * np.ones(3)
    vectors = develop(planes(grey, state="display", space="srgb"), ("vectorscope", {"to": "none"})).results[
        "vectorscope"
    ]
    assert vectors.counts[128, 128] == vectors.pixels == 40
    record = vectors.as_record()
    assert (record["distance"], record["saturation"]["max"], record["hue_degrees"]) == (0, 0, None)


def test_counts_every_so_manieth_row(develop, planes):
    samples = np.random.default_rng(4).random((9, 8, 3))
    chain = ("vectorscope", {"every": 4, "to": "none"})
    some = develop(planes(samples, state="display", space="srgb"), chain).results["vectorscope"]
    those = develop(planes(samples[[0, 4, 8]], state="display", space="srgb"), ("vectorscope", {"to": "none"}))
    np.testing.assert_array_equal(some.counts, those.results["vectorscope"].counts)


@pytest.mark.parametrize("target", ["cpu"], indirect=True)
@pytest.mark.parametrize("gain", [1, 2, 4])
def test_the_trace_lies_where_its_colour_is(develop, planes, gain):
    """A flat picture of little colour: a spot above neutral and left of it, ``gain`` times as far."""
    flat = np.broadcast_to([0.55, 0.5, 0.47], (240, 240, 3))
    look = {"gain": gain, "size": 1.0, "to": "beside", "colour": "green", "skin_line": False, "intensity": 1.0}
    out = develop(planes(flat, state="display", space="srgb"), ("vectorscope", look))
    panel = out.samples[:, 240:]
    # Lines and boxes are grey, the trace is green.
    green = np.clip(panel[..., 1] - panel[..., [0, 2]].max(axis=-1) - 0.1, 0, None)
    centre = (np.indices(green.shape) + 0.5).reshape(2, -1) @ green.ravel() / green.sum()
    cb, cr = chroma_of((0.55, 0.5, 0.47), "bt709")
    half = 0.5 / 0.54 * min(green.shape) / 2
    expected = green.shape[0] / 2 - 2 * gain * cr * half, green.shape[1] / 2 + 2 * gain * cb * half
    np.testing.assert_allclose(centre, expected, atol=1 + gain * half / 255)


def test_without_a_panel_the_picture_stays_bit_for_bit(develop, planes):
    samples = np.random.default_rng(5).random((5, 7, 3)).astype(np.float32)
    out = develop(planes(samples, state="display", space="srgb"), ("vectorscope", {"opacity": 0.0}))
    assert out.samples.tobytes() == samples.tobytes()
    assert out.results["vectorscope"].pixels == 35


def test_equals_plain_python(develop, plain, planes):
    frame = planes(np.random.default_rng(6).uniform(-0.1, 1.1, (7, 9, 3)), state="display", space="srgb")
    chain = ("vectorscope", {"to": "none"})
    ours, reference = (run(frame, chain).results["vectorscope"].counts for run in (develop, plain))
    np.testing.assert_array_equal(ours, reference)


def test_stands_behind_tone(develop, planes):
    with pytest.raises(StageError, match="vectorscope takes a display frame; here it is linear"):
        develop(planes(np.zeros((4, 4, 3))), ("vectorscope", {}))
