"""Spot meters: patches whose counts and colours are known, found through a chain that turns and bends them."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from tenbit.kernels._facts import Facts, Opcode
from tenbit.kernels._overlay import Seen
from tenbit.kernels._raw_counts import CHANNELS
from tenbit.kernels.errors import StageError
from tenbit.kernels.spot import Parameters, places_of
from tenbit.kernels.spot.drawing import draw, label_of
from tenbit.kernels.spot.meter import centre_weights, lab_of, spot_at
from tenbit.pipeline.config import load
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.overlay.raw import counts_of
from tenbit.pipeline.plan import plan

# Stops below saturation of R, G1, G2 and B in the four quarters: upper left, upper right, lower left, lower right.
STOPS = ((-1, -2, -2, -3), (-4, -3, -3, -2), (-2, -1, -1, -1), (-5, -4, -4.5, -6))
UPPER_LEFT, UPPER_RIGHT, LOWER_LEFT, LOWER_RIGHT = STOPS
BLACK, WHITE = 256, 256 + 2**14
LENS = {"lens": {"distortion": [-0.04, 0.0, 0.0], "autoscale": True}}


def quarters(rows=48, cols=64, **facts):
    """A mosaic of four patches, GRBG."""
    places = {"R": (0, 1), "G1": (0, 0), "G2": (1, 1), "B": (1, 0)}
    samples = np.zeros((rows, cols), np.uint16)
    for n, stops in enumerate(STOPS):
        patch = samples[(n // 2) * rows // 2 :, (n % 2) * cols // 2 :][: rows // 2, : cols // 2]
        for name, ev in zip(CHANNELS, stops, strict=True):
            patch[places[name][0] :: 2, places[name][1] :: 2] = round(2.0 ** (14 + ev)) + BLACK
    frame = Frame.from_mosaic(samples, cfa="GRBG", black=float(BLACK), white=float(WHITE))
    return replace(frame, facts=replace(frame.facts, **facts))


def picture(colour, shape=(20, 30), space="srgb"):
    """A picture of one colour, told by its 8-bit code values."""
    samples = np.broadcast_to(np.array(colour, np.float32) / 255, (*shape, 3)).copy()
    return Frame(samples, Facts(state="display", rows=shape[0], cols=shape[1], space=space))


def found(frame, chain, **asked):
    """What is measured at the end of a chain. Of a mosaic nothing is developed: its picture is white."""
    links = load([*chain, {"spot": asked}], is_order_checked=False).links
    what = plan(links, frame.facts)
    if frame.state == "mosaic":
        shown = np.ones((what.facts.rows, what.facts.cols, 3), np.float32)
        seen = Seen({}, what.facts, shown, {}, frame.facts, counts_of(frame))
    else:
        seen = Seen({}, what.facts, frame.samples, {}, frame.facts)
    (meter,) = what.overlay.meters
    assert meter.name == "spot"
    return meter.measure(seen)


def stops_of(spot):
    return [spot.raw[name][0] for name in CHANNELS]


DEVELOP = ["black_level", {"demosaic": {"method": "bilinear"}}]


def test_stops_below_saturation_of_each_channel():
    asked = {"points": [[0.25, 0.25], [0.25, 0.75]], "areas": [[0.6, 0.1, 0.3, 0.3]], "names": ["a", "b"]}
    spots = found(quarters(), [*DEVELOP, "tone"], **asked)
    assert list(spots) == ["a", "b", "3"]
    for name, stops in zip(spots, (UPPER_LEFT, UPPER_RIGHT, LOWER_LEFT), strict=True):
        assert stops_of(spots[name]) == pytest.approx(stops, abs=1e-3)
        assert spots[name].ev == pytest.approx(max(stops), abs=1e-3)
        assert spots[name].clipped == 0


def test_places_are_of_the_finished_picture():
    """Undistorted, cut, made smaller and turned upright: what was the upper left has become the upper right."""
    chain = [*DEVELOP, LENS, "tone", "crop", {"resize": {"scale": 0.5}}, "orient"]
    known = {"crop": (4, 8, 40, 48), "orientation": 6}
    spots = found(quarters(**known), chain, points=[[0.2, 0.8], [0.8, 0.8], [0.2, 0.2], [0.8, 0.2]], point_size=0.1)
    for spot, stops in zip(spots.values(), (UPPER_LEFT, UPPER_RIGHT, LOWER_LEFT, LOWER_RIGHT), strict=True):
        assert stops_of(spot) == pytest.approx(stops, abs=1e-3)


def test_means_are_over_the_area_and_clipped_samples_are_told():
    frame = quarters()
    samples = frame.samples.copy()
    samples[24:, :32] = WHITE
    spots = found(replace(frame, samples=samples), [*DEVELOP, "tone"], areas=[[0.25, 0, 0.5, 0.5]])
    half = [math.log2((2.0**ev + 1) / 2) for ev in UPPER_LEFT]
    assert stops_of(spots["1"]) == pytest.approx(half, abs=1e-3)
    assert [spots["1"].raw[name][1] for name in CHANNELS] == [0.5] * 4


def test_black_that_differs_by_row_is_taken_off():
    frame = quarters(black_rows=np.full(48, 16.0), black_cols=np.full(64, -16.0))
    chain = [*DEVELOP, "tone"]
    assert stops_of(found(frame, chain)["1"]) == pytest.approx(stops_of(found(quarters(), chain)["1"]))


def test_hand_worked_colours():
    """CIE Lab D50 of sRGB as Bruce Lindbloom's calculator has it: red, and grey 119."""
    red = found(picture((255, 0, 0)), [])["1"]
    assert red.lab == pytest.approx((54.29, 80.81, 69.89), abs=0.02)
    assert red.luma == pytest.approx(0.2126, abs=1e-4)
    grey = found(picture((119, 119, 119)), [])["1"]
    assert grey.lab == pytest.approx((50.03, 0, 0), abs=0.02)
    assert grey.luma == pytest.approx(119 / 255)
    assert lab_of(np.zeros(3), "srgb") == pytest.approx((0, 0, 0), abs=1e-9)


def test_what_is_no_number_is_black():
    """Of a picture of floats; a report knows no NaN."""
    frame = picture((255, 255, 255))
    frame.samples[..., 0], frame.samples[..., 1], frame.samples[..., 2] = np.nan, -np.inf, np.inf
    assert found(frame, [])["1"] == found(picture((0, 0, 255)), [])["1"]


def test_a_picture_without_its_raw_has_no_stops():
    spot = found(picture((9, 9, 9), space="camera"), [])["1"]
    assert (spot.raw, spot.lab, spot.ev) == (None, None, None)
    record = json.loads(json.dumps(spot.as_record()))
    assert (record["ev"], record["raw"], record["lab"]) == (None, None, None)


def test_codes_of_a_table_say_no_stops():
    frame = quarters()
    facts = plan(load([*DEVELOP, "tone"], is_order_checked=False).links, frame.facts).facts
    (place,) = places_of(Parameters(), facts)
    shown = np.ones((48, 64, 3), np.float32)
    came = replace(frame.facts, opcodes=(Opcode(1, "LinearizationTable", {}),))
    assert spot_at(place, Seen({}, facts, shown, {}, came, counts_of(frame))).raw is None
    assert spot_at(place, Seen({}, facts, shown, {}, frame.facts, counts_of(frame))).raw is not None


def test_samples_that_lie_far_apart_are_read_one_period_at_a_time(monkeypatch):
    from tenbit.kernels.spot import meter

    chain, asked = [*DEVELOP, "tone"], {"centre_weighted": True}
    whole = found(quarters(), chain, **asked)["centre"]
    monkeypatch.setattr(meter, "_READ_WHOLE", 0)
    assert found(quarters(), chain, **asked)["centre"] == whole


def test_centre_weighting():
    weights = centre_weights(np.arange(40), np.arange(60), (40, 60))
    assert weights.sum() == pytest.approx(1)
    assert weights[20, 30] > 5 * weights[0, 0]
    away = np.hypot(*np.meshgrid(np.arange(40) - 19.5, np.arange(60) - 29.5, indexing="ij"))
    assert weights[away <= 10].sum() == pytest.approx(0.75)
    # a black frame around a white middle that is the circle
    lit = np.where(away[..., None] <= 10, 1, 0) * np.ones(3, np.float32)
    frame = Frame(lit, Facts(state="display", rows=40, cols=60, space="srgb"))
    assert found(frame, [], centre_weighted=True)["centre"].luma == pytest.approx(0.75)


def test_the_picture_is_measured_before_any_paint(develop):
    """And drawn on: where the values of a point are written. The file's samples are found by a run, too."""
    mosaic = Frame.from_mosaic(np.full((14, 19), 64 + 468, np.uint16), black=64.0, white=1000.0)
    mosaic = replace(mosaic, facts=replace(mosaic.facts, noise=((1e-4, 1e-6),)))
    # The loops of another test.
    counted = ("histogram", {"to": "none"})
    chain = counted, ("black_level", {}), ("demosaic", {"method": "bilinear"}), ("tone", {}), counted, ("spot", {})
    assert stops_of(develop(mosaic, *chain, bits=8).results["spot"]["1"]) == pytest.approx([-1] * 4)
    frame = picture((200, 100, 50), (12, 14))
    out = develop(frame, ("spot", {"points": ((0.3, 0.3),)}))
    alone = develop(frame, ("spot", {"points": ((0.3, 0.3),), "opacity": 0.0}))
    assert (out.samples != frame.samples).any()
    assert alone.samples.tobytes() == frame.samples.tobytes()
    assert out.results["spot"] == alone.results["spot"]
    assert out.results["spot"]["1"].luma == pytest.approx((0.2126 * 200 + 0.7152 * 100 + 0.0722 * 50) / 255, abs=1e-4)


class Paper:
    """A canvas that remembers what it is told to draw."""

    def __init__(self, rows, cols):
        self.rows, self.cols, self.unit = rows, cols, 1.0
        self.drawn = []

    def __getattr__(self, name):
        return lambda *args, **more: self.drawn.append((name, args))

    def text_cols(self, text, size=11.0):
        return 0.6 * size * len(text)


def test_crosses_boxes_and_values_are_drawn_inside():
    frame = picture((119, 119, 119), (300, 400))
    asked = {"points": [[0.5, 0.5], [0.0, 1.0]], "areas": [[0.9, 0.9, 0.1, 0.1]], "centre_weighted": True}
    spots = found(frame, [], **asked)
    paper = Paper(300, 400)
    draw(paper, Seen({"spot": spots}, frame.facts, frame.samples, {}, frame.facts))
    texts = [args for name, args in paper.drawn if name == "text"]
    assert [text for _, _, text in texts] == [f"{name}  Lab 50 0 0  47 %" for name in ("1", "2", "3", "centre")]
    for row, col, text in texts:
        assert 0 <= row <= 300
        assert 0 <= col <= 400 - paper.text_cols(text)
    assert sum(name == "polyline" for name, _ in paper.drawn) == 2 * (4 + 4 + 1 + 1)


def test_what_is_written_of_raw_samples():
    minus = "\N{MINUS SIGN}"
    spot = found(quarters(), [*DEVELOP, "tone"], points=[[0.25, 0.25]], names=["grey"])["grey"]
    assert label_of(spot).startswith(f"grey  {minus}1.0 EV  ")
    clipped = replace(spot, raw={"R": (None, 0.0), "G1": (-0.01, 0.5)}, lab=None, luma=0.5)
    assert label_of(clipped) == "grey  0.0 EV  clipped 50 %  50 %"
    assert label_of(replace(clipped, raw={"R": (None, 0.0)})) == "grey  at black  50 %"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"points": ((0.5, 0.5),), "names": ("a", "b")}, "spot: 2 names for 1 points and areas"),
        ({"areas": ((0.5, 1.0, 0.1, 0.1),)}, "spot: area 1 has no pixel in a picture of 20 x 30"),
        ({"points": ((0, 0), (1, 1)), "names": ("a", "a")}, "spot: a names two places"),
        ({"points": ((0, 0),), "names": ("centre",), "centre_weighted": True}, "spot: centre names two places"),
    ],
)
def test_places_that_cannot_be(asked, text):
    with pytest.raises(StageError, match=text):
        places_of(Parameters(**asked), picture((0, 0, 0)).facts)
