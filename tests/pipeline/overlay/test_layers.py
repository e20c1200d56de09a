"""Where panels go, what is drawn of them, and in which order."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from tenbit.kernels._facts import Facts
from tenbit.kernels._overlay import GROUND, Layer, Place, Seen
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.overlay.layers import draw_layers, drawings_of
from tenbit.pipeline.overlay.places import beside, in_corners, panel_shape, unit_of

CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")


def filled(colour, alpha=1.0):
    return lambda canvas, seen: canvas.rect(0, 0, canvas.rows, canvas.cols, colour, alpha)


@pytest.fixture
def draw():
    """``draw(layers, state=…)``: on a grey picture of 8 bits."""

    def run(*layers, rows=100, cols=150, state="display"):
        facts = Facts(state=state, rows=rows, cols=cols)
        picture = np.full((rows, cols, 3), 100, np.uint8)
        return draw_layers(Frame(picture, facts), layers, Seen({}, facts, picture, {}, facts))

    return run


def test_units_go_by_the_shorter_side():
    assert unit_of(1080, 1920) == unit_of(1920, 1080) == 1
    assert unit_of(2160, 3000) == 2


@pytest.mark.parametrize("size", [(100, 150), (3072, 4096), (900, 1100)])
def test_panels_stand_in_their_corners_and_never_over_one_another(size):
    rows, cols = size
    places = [Place(corner=c, size=s) for c, s in itertools.product(CORNERS, (0.15, 0.25))]
    boxes = in_corners(places, rows, cols)
    for one, other in itertools.combinations(boxes, 2):
        assert not one.meets(other)
    margin = round(0.02 * min(rows, cols))
    for box in boxes:
        assert box.top >= margin and box.top + box.rows <= rows - margin
        assert box.left >= margin and box.left + box.cols <= cols - margin
    for box, corner in zip(boxes[::2], CORNERS, strict=True):
        assert (box.top == margin) == corner.startswith("top")
        assert (box.left == margin) == corner.endswith("left")


def test_panels_of_one_corner_stand_one_above_the_other_then_beside():
    first, second, third, fourth = in_corners([Place(size=0.3, aspect=1.0)] * 4, 1000, 1500)
    assert (first.top, first.left, first.rows) == (680, 1180, 300)
    assert (second.top, second.left) == (370, 1180)
    assert (third.top, third.left) == (60, 1180)
    assert (fourth.top, fourth.left) == (680, 870)


def test_a_panel_without_room_is_made_smaller():
    large, late = in_corners([Place(size=0.9, aspect=1.0), Place(size=0.9, aspect=1.0)], 1000, 1500)
    assert large.rows == 900
    assert 300 <= late.rows < 560
    assert not large.meets(late)


def test_panels_beside_fill_columns():
    places = [Place(size=size, aspect=aspect) for size, aspect in ((0.4, 1.0), (0.5, 0.5), (0.3, 2.0))]
    boxes, added = beside(places, 1000, 800)
    assert [(b.top, b.left) for b in boxes] == [(16, 816), (424, 816), (16, 1224)]
    assert added == 16 + 400 + 8 + 600 + 16
    assert beside([], 1000, 800) == ([], 0)


def test_layers_lie_in_order_over_the_picture(draw):
    below, panel = Layer("below", filled((1, 0, 0))), Layer("panel", filled((0, 1, 0), 1.0), Place(size=0.3))
    out = draw(below, panel).samples
    high, wide = panel_shape(Place(size=0.3), 100, 150)
    assert out[-3, -3].tolist() == [0, 255, 0]
    assert ((out == [0, 255, 0]).all(axis=-1)).sum() == high * wide
    assert out[0, 0].tolist() == [255, 0, 0]
    np.testing.assert_array_equal(draw(panel, below).samples, out)
    half = draw(Layer("below", filled((1, 0, 0)), opacity=0.5)).samples
    assert half[0, 0].tolist() == [178, 50, 50]


def test_beside_makes_the_picture_wider_and_leaves_it_alone(draw):
    out = draw(Layer("panel", filled((0, 0, 1)), Place("beside", size=0.5, aspect=1.0)))
    assert out.samples.shape == (100, 150 + 2 + 50 + 2, 3)
    assert out.facts.cols == 204
    assert (out.samples[:, :150] == 100).all()
    assert (out.samples[2:52, 152:202] == [0, 0, 255]).all()
    assert out.samples[60, 160].tolist() == np.floor(np.array(GROUND) * 255 + 0.5).tolist()


def test_files_are_drawn_for_every_state_and_pictures_for_one(draw):
    file = Layer("histogram", filled((0, 0, 1), 0.5), Place("png", size=0.4, aspect=2.0), opacity=0.1)
    vector = Layer("waveform", filled((0, 0, 1)), Place("svg"))
    layers = (file, vector, Layer("lines", filled((1, 1, 1))), Layer("none", filled((1, 1, 1)), Place("none")))
    assert drawings_of(layers) == ("histogram.png", "waveform.svg")
    for state in ("linear", "display"):
        out = draw(*layers, state=state)
        assert (out.samples == (255 if state == "display" else 100)).all()
        assert sorted(out.drawings) == ["histogram.png", "waveform.svg"]
        panel = np.asarray(Image.open(io.BytesIO(out.drawings["histogram.png"])))
        assert panel.shape == (40, 80, 3)
        assert panel[5, 5].tolist() == [5, 5, 134]  # on GROUND, its opacity is of the picture
        assert out.drawings["waveform.svg"].startswith(b"<svg")
    assert (draw(layers[3]).samples == 100).all()


def test_a_read_only_picture_is_copied():
    facts = Facts(state="display", rows=4, cols=6)
    picture = np.zeros((4, 6, 3), np.float32)
    picture.flags.writeable = False
    out = draw_layers(Frame(picture, facts), [Layer("all", filled((1, 1, 1)))], Seen({}, facts, picture, {}, facts))
    assert out.samples.min() == 1 > picture.max()
