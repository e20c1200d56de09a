"""Framelines: where the frames of focal lengths lie, and what is drawn."""

import json

import numpy as np
import pytest
from conftest import links

from tenbit.kernels._draw import COLOURS
from tenbit.kernels._facts import Facts
from tenbit.kernels.errors import StageError
from tenbit.kernels.framelines.fields import fields_of, paired
from tenbit.pipeline.plan import plan

PLAIN = {"focal": "none", "opacity": 1.0}


@pytest.mark.parametrize(
    ("mounted", "expected"),
    [
        (28, (90,)), (35, (135,)), (50, (75,)), (24, (35,)), (51.6, (75,)), (21, (24, 35)), (15, (24, 35)),
        (40, (50, 75)), (75, (90, 135)), (90, (135,)), (135, ()),
    ],
)  # fmt: skip
def test_pairs_of_an_m_body(mounted, expected):
    assert paired(mounted) == expected


def field(mounted, focal, came, *chain):
    """(top, left, rows, cols) of a focal length's frame, and whether it is inside, after a chain."""
    (found,) = fields_of(mounted, (focal,), came, plan(links(chain), came).facts).fields
    return [found.rect.top, found.rect.left, found.rect.rows, found.rect.cols], found.is_inside


def test_a_frame_is_its_share_of_the_sensor_wherever_that_has_gone():
    """The sensor of 60 x 90: a 50 in the picture of a 25 has its middle half, rows 15 … 45 and columns 22.5 … 67.5."""
    came = Facts(state="display", rows=60, cols=90)
    assert field(25.0, 50.0, came) == (pytest.approx([15, 22.5, 30, 45]), True)
    cut = ("crop", {"top": 6, "left": 10, "rows": 48, "cols": 60})
    assert field(25.0, 50.0, came, cut) == (pytest.approx([9, 12.5, 30, 45]), True)
    # A quarter clockwise: what was left is at the top; the rows count from the bottom.
    assert field(25.0, 50.0, came, cut, ("orient", {"degrees": 90})) == (pytest.approx([12.5, 9, 45, 30]), True)
    twice = ("resize", {"scale": 2.0})
    assert field(25.0, 50.0, came, cut, twice) == (pytest.approx([18, 25, 60, 90]), True)
    assert field(25.0, 50.0, came, ("crop", {"top": 30, "left": 0, "rows": 30, "cols": 90}))[1] is False
    assert field(25.0, 20.0, came)[1] is False


def test_the_part_that_the_maker_shows_is_the_lens_s_field():
    came = Facts(state="display", rows=60, cols=90, crop=(10, 20, 40, 60))
    assert field(25.0, 50.0, came)[0] == pytest.approx([20, 35, 20, 30])


def test_results_are_parts_of_the_picture(develop, planes):
    frame = planes(np.full((60, 90, 3), 0.5), state="display", focal_mm=28.0)
    found = develop(frame, ("framelines", {})).results["framelines"].as_record()
    part = round(28 / 90, 5)
    (only,) = found["frames"]
    assert found["mounted_mm"] == 28
    assert (only["focal_mm"], only["rows"], only["cols"], only["is_inside"]) == (90, part, part, True)
    assert only["top"] == pytest.approx((1 - part) / 2, abs=1e-4)
    json.dumps(found)
    given = develop(frame, ("framelines", {"mounted_mm": 35.0, "focal": (50.0, 70.0)})).results["framelines"]
    assert [f["rows"] for f in given.as_record()["frames"]] == [0.7, 0.5]


def test_lines_are_corners_of_the_frame(develop, planes):
    frame = planes(np.full((120, 180, 3), 0.25), state="display", focal_mm=25.0)
    out = develop(frame, ("framelines", {"focal": (50.0,), "opacity": 1.0, "colour": "red"}))
    changed = (np.abs(out.samples - 0.25) > 0.3).any(axis=-1)
    rows, cols = np.nonzero(changed)
    assert [rows.min(), rows.max(), cols.min(), cols.max()] == pytest.approx([30, 90, 45, 135], abs=2)
    assert not changed[58:62].any() and not changed[:, 88:92].any()  # between the corners there is nothing


def test_a_mask_darkens_what_is_outside(develop, planes):
    samples = np.random.default_rng(1).random((40, 90, 3)).astype(np.float32)
    out = develop(planes(samples, state="display"), ("framelines", PLAIN | {"aspect": "1:1", "mask": 0.75})).samples
    np.testing.assert_array_equal(out[:, 25:65], samples[:, 25:65])
    np.testing.assert_allclose(out[:, :25], 0.25 * samples[:, :25], atol=1e-6)
    np.testing.assert_allclose(out[:, 65:], 0.25 * samples[:, 65:], atol=1e-6)
    wide = develop(planes(samples, state="display"), ("framelines", PLAIN | {"aspect": "9:1", "mask": 1.0})).samples
    assert wide[:15].max() == 0 == wide[25:].max()


@pytest.mark.parametrize(
    ("guides", "rows", "cols"),
    [
        ("thirds", (100, 200), (150, 300)),
        ("golden", (300 - 300 * 0.618034, 300 * 0.618034), (450 - 450 * 0.618034, 450 * 0.618034)),
    ],
)
def test_guides_divide_the_picture(develop, planes, guides, rows, cols):
    out = develop(planes(np.zeros((300, 450, 3)), state="display"), ("framelines", PLAIN | {"guides": guides})).samples
    at_rows, at_cols = np.nonzero(out[:, 5, 1] > 0.2)[0], np.nonzero(out[5, :, 1] > 0.2)[0]
    for found, expected in ((at_rows, rows), (at_cols, cols)):
        assert all(min(abs(found + 0.5 - e)) < 1 for e in expected)
        assert all(min(abs(f + 0.5 - np.array(expected))) <= 1.5 for f in found)


def test_safe_areas_of_st_2046(develop, planes):
    out = develop(planes(np.zeros((400, 600, 3)), state="display"), ("framelines", PLAIN | {"safe": "both"})).samples
    across = np.nonzero(out[200, :300, 1] > 0.2)[0]
    assert min(abs(across - 600 * 0.035)) <= 1 and min(abs(across - 600 * 0.05)) <= 1
    assert len(across) <= 4


@pytest.mark.parametrize(("roll", "colour"), [(8.0, "yellow"), (-8.0, "yellow"), (0.2, "green")])
def test_the_horizon_of_a_camera_turned_clockwise_rises_to_the_right(develop, planes, roll, colour):
    out = develop(planes(np.zeros((200, 300, 3)), state="display"), ("framelines", PLAIN | {"roll_deg": roll})).samples
    rows = {side: np.average(np.arange(200), weights=out[:, col, 1]) for side, col in (("left", 80), ("right", 220))}
    rise = (rows["left"] - rows["right"]) / 140
    assert np.degrees(np.arctan(rise)) == pytest.approx(roll, abs=0.5)
    tone = out.reshape(-1, 3)[out.sum(axis=-1).argmax()]
    assert np.argsort(tone).tolist() == np.argsort(COLOURS[colour]).tolist()


def test_nothing_asked_is_nothing_done(develop, planes):
    samples = np.random.default_rng(4).random((30, 41, 3)).astype(np.float32)
    for parameters in (PLAIN, {"guides": "thirds+diagonals", "safe": "both", "opacity": 0.0}, {}):
        out = develop(planes(samples, state="display"), ("framelines", parameters))
        assert out.samples.tobytes() == samples.tobytes()
        assert out.results["framelines"].fields == ()


def test_what_cannot_be_drawn_is_said(develop, planes):
    frame = planes(np.zeros((9, 12, 3)), state="display")
    out = develop(frame, ("framelines", {"focal": (50.0,)}))
    assert out.warnings == (
        "framelines: the focal length of the lens is not known: no frames are drawn; mounted_mm gives it",
    )
    out = develop(planes(np.zeros((9, 12, 3)), state="display", focal_mm=135.0), ("framelines", {}))
    assert out.warnings == ("framelines: an M body has no frame inside that of 135 mm",)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"aspect": "wide"}, "framelines: aspect 'wide' is not two numbers like 16:9, from 1:10 to 10:1"),
        ({"aspect": "16:0"}, "framelines: aspect '16:0' is not two numbers"),
        ({"aspect": "99:1"}, "framelines: aspect '99:1' is not two numbers"),
        ({"guides": "thirds+fifths"}, "framelines: there are no guides 'fifths'; there are thirds, golden"),
        ({"colour": "whit"}, "framelines.colour: 'whit' is no colour; did you mean 'white'"),
    ],
)
def test_faults(parameters, text):
    with pytest.raises(StageError, match=text):
        plan(links([("framelines", parameters)]), Facts(state="display", rows=9, cols=12))


def test_a_chain_file_takes_a_word_or_a_list():
    from tenbit.pipeline.config import load
    from tenbit.pipeline.errors import ChainError

    chain = ["black_level", "demosaic", "tone"]
    assert load([*chain, {"framelines": {"focal": [50, 75]}}]).links[-1].parameters.focal == (50.0, 75.0)
    with pytest.raises(ChainError, match="'all' is not one of auto, none or a list of numbers"):
        load([*chain, {"framelines": {"focal": "all"}}])
