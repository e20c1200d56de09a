"""The canvas on pictures of all three kinds."""

import tomllib

import numpy as np
import pytest

from tenbit.pipeline.overlay import font
from tenbit.pipeline.overlay.canvas import PictureCanvas

WHITE, RED = (1.0, 1.0, 1.0), (1.0, 0.0, 0.0)


@pytest.fixture
def drawn():
    """``pixels = drawn(rows, cols, lambda canvas: …)``: on black floats, one channel, unless told otherwise."""

    def draw(rows, cols, what, *, unit=1.0, opacity=1.0, dtype=np.float32):
        pixels = np.zeros((rows, cols, 3), dtype)
        what(PictureCanvas(pixels, unit, opacity))
        return pixels[..., 0]

    return draw


def test_edges_of_rectangles_cover_parts_of_pixels(drawn):
    found = drawn(4, 5, lambda c: c.rect(0.5, 1.25, 2.0, 2.5, WHITE))
    np.testing.assert_allclose(found, np.outer([0.5, 1, 0.5, 0], [0, 0.75, 1, 0.75, 0]), atol=1e-6)


def test_rectangles_are_cut_off(drawn):
    assert drawn(4, 5, lambda c: c.rect(-3, -3, 99, 99, WHITE)).min() == 1
    for box in ((-5, 0, 3, 3), (0, 9, 3, 3), (4, 0, 2, 2), (1, 1, 0, 3), (1, 1, -2, 3)):
        assert drawn(4, 5, lambda c, box=box: c.rect(*box, WHITE)).max() == 0


def test_a_canvas_is_a_part_of_the_picture():
    picture = np.full((6, 8, 3), 10, np.uint8)
    PictureCanvas(picture[2:4, 3:6], 1.0).rect(-1, -1, 9, 9, WHITE)
    expected = np.full((6, 8), 10)
    expected[2:4, 3:6] = 255
    np.testing.assert_array_equal(picture[..., 1], expected)


def test_opacity_is_of_every_primitive(drawn):
    corner = np.array([(1.0, 1.0), (1.0, 7.0), (7.0, 1.0)])
    ways = (
        lambda c: c.rect(1, 1, 5, 5, WHITE),
        lambda c: c.polyline(corner, WHITE, 2),
        lambda c: c.polygon(corner, WHITE),
        lambda c: c.image(1, 1, 4, 4, np.ones((2, 2, 3))),
        lambda c: c.marks(np.ones((2, 2)), 4, WHITE),
        lambda c: c.text(4, 1, "H", WHITE, size=8),
    )
    for way in ways:
        np.testing.assert_allclose(drawn(80, 80, way, opacity=0.25), 0.25 * drawn(80, 80, way), atol=1e-6)
        assert drawn(80, 80, way, opacity=0.0).max() == 0


def test_lines_along_rows_are_rectangles_and_scale_with_the_unit(drawn):
    found = drawn(9, 7, lambda c: c.polyline([(4, 1), (4, 6)], WHITE, 1.0), unit=2.0)
    np.testing.assert_array_equal(found, np.outer([0, 0, 0, 1, 1, 0, 0, 0, 0], [0, 1, 1, 1, 1, 1, 0]))
    # never thinner than a pixel
    assert drawn(9, 7, lambda c: c.polyline([(1, 3.5), (8, 3.5)], WHITE, 1.0), unit=0.2)[4, 3] == 1


def test_images_enlarge_by_whole_pixels_and_shrink_by_means(drawn):
    values = np.array([[0.0, 1.0], [0.5, 0.25]])
    colours = np.repeat(values[..., None], 3, axis=2)
    found = drawn(6, 6, lambda c: c.image(1, 1, 4, 4, colours))
    np.testing.assert_array_equal(found[1:5, 1:5], np.kron(values, np.ones((2, 2))))
    assert found[0].max() == 0 == found[:, 5].max()
    found = drawn(3, 3, lambda c: c.image(0, 0, 1, 2, colours))
    np.testing.assert_allclose(found[0], [0.25, 0.625, 0], atol=1e-6)
    smooth = drawn(2, 8, lambda c: c.image(0, 0, 2, 8, colours[:1], is_smooth=True))[0]
    assert (np.diff(smooth) >= 0).all() and len(np.unique(smooth)) > 4


def test_images_are_cut_off_and_what_is_clear_does_not_bleed(drawn):
    colours = np.ones((2, 2, 3))
    alpha = np.array([[0.0, 1.0], [0.0, 1.0]])
    colours[:, 0] = 0.0  # a colour that nobody is to see
    found = drawn(4, 4, lambda c: c.image(-2, -2, 8, 8, colours, alpha, is_smooth=True))
    np.testing.assert_allclose(found[:, 0], found[0, 0])
    pixels = np.full((4, 4, 3), 0.5, np.float32)
    PictureCanvas(pixels, 1).image(-2, -2, 8, 8, colours, alpha, is_smooth=True)
    assert pixels.min() >= 0.5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("share", [0.03, 0.8])
def test_marks(dtype, share):
    """Sparse and dense, on whole cells and on those that the edge cuts: each pixel takes its own cell's cover."""
    rng = np.random.default_rng(1)
    peak = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    under = (rng.random((40, 50, 3)) * peak).astype(dtype)
    mask = np.where(rng.random((14, 17)) < share, rng.random((14, 17)), 0).astype(np.float32)
    mask[0, 0], mask[13, 16] = 1.0, 0.5
    tones = rng.random((14, 17, 3)).astype(np.float32)
    large = np.kron(mask, np.ones((3, 3)))[:40, :50, None] * 0.8
    for colour, wanted in ((RED, np.array(RED)), (tones, np.kron(tones, np.ones((3, 3, 1)))[:40, :50])):
        pixels = np.zeros((44, 60, 3), dtype)
        pixels[2:42, 4:54] = under
        PictureCanvas(pixels[2:42, 4:54], 1.0).marks(mask, 3, colour, 0.8)
        expected = under * (1 - large) + wanted * large * peak
        np.testing.assert_allclose(pixels[2:42, 4:54], expected, atol=0.52 if peak > 1 else 1e-6)
        assert (pixels[2:42, 4:54] == under)[(large == 0)[..., 0]].all()
        assert pixels[:2].max() == 0 == pixels[:, 54:].max()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_marks_that_hide_what_is_below(dtype):
    under = (np.random.default_rng(1).random((12, 15, 3)) * 200).astype(dtype)
    mask = np.zeros((4, 5))
    mask[1, 3] = mask[2, 0] = 1
    tones = np.random.default_rng(2).integers(0, 2, (4, 5, 3)).astype(np.float32)
    for colour in (RED, tones):
        pixels = under.copy()
        PictureCanvas(pixels, 1.0).marks(mask, 3, colour)
        peak = 255 if dtype == np.uint8 else 1
        wanted = np.kron(np.broadcast_to(colour, (4, 5, 3)), np.ones((3, 3, 1))) * peak
        np.testing.assert_array_equal(pixels, np.where(np.kron(mask, np.ones((3, 3)))[..., None] > 0, wanted, under))


def test_text_stands_where_it_is_put(drawn):
    def place(anchor, text="HH"):
        found = drawn(100, 100, lambda c: c.text(50, 40, text, WHITE, size=20, anchor=anchor))
        rows, cols = np.nonzero(found > 0.5)
        return rows.min(), rows.max() + 1, cols.min(), cols.max() + 1

    top, bottom, left, right = place("left")
    assert (top + bottom) / 2 == pytest.approx(50, abs=1)
    assert bottom - top == pytest.approx(20 * font.CAP, abs=1)
    assert 40 <= left <= 43
    wide = PictureCanvas(np.zeros((100, 100, 3)), 1.0).text_cols("HH", 20)
    assert right - left == pytest.approx(wide, abs=5)
    assert sum(place("centre")[2:]) / 2 == pytest.approx(40, abs=1)
    assert 37 <= place("right")[3] <= 40


def test_text_is_never_too_small_to_be_read(drawn):
    for unit in (0.1, 0.5):
        found = drawn(80, 90, lambda c: c.text(40, 4, "HI", WHITE), unit=unit)
        rows = np.nonzero(found.max(axis=1) > 0.4)[0]
        assert len(rows) >= 5
    assert drawn(60, 90, lambda c: c.text(30, 4, "HI", WHITE), unit=0.1).max() == 0
    assert PictureCanvas(np.zeros((60, 90, 3)), 0.1).text_cols("HI") == 0
    assert drawn(60, 90, lambda c: c.text(30, 4, "HI", WHITE), unit=1.0).max() > 0.5


def test_digits_are_of_one_width_and_labels_have_their_signs():
    assert len({font.text_cols(digit, 20.0) for digit in "0123456789"}) == 1
    missing = font.text_mask("\uffff", 20.0)[2]
    for sign in "−×°Δσ·±²%µ":
        assert font.text_mask(sign, 20.0)[2].shape != missing.shape, sign


def test_text_is_cut_off_at_every_edge(drawn):
    for row, col in ((0, 0), (99, 99), (-40, 10), (50, -300), (50, 300)):
        drawn(100, 100, lambda c, row=row, col=col: c.text(row, col, "edge", WHITE, size=20))


def test_the_font_is_shipped_with_its_licence():
    root = font.FONT.parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    assert font.FONT.stat().st_size < 800 * 1024
    assert "Bitstream Vera" in (font.FONT.parent / "LICENSE.txt").read_text("utf-8")
    assert "configs/fonts/LICENSE.txt" in project["project"]["license-files"]
    assert "configs/fonts/*" in project["tool"]["setuptools"]["package-data"]["tenbit"]
