"""Small pictures of a frame, by hand."""

import numpy as np

from tenbit.pipeline.contact.marks import MarkCanvas
from tenbit.pipeline.contact.tile import thumbnail, with_lost_light


def test_a_thumbnail_keeps_flat_flat_and_its_shape():
    picture = np.full((500, 1001, 3), (10, 128, 250), np.uint8)
    small = thumbnail(picture, 100)
    assert small.shape == (50, 100, 3)
    assert (small == (10, 128, 250)).all()
    same = thumbnail(small, 100)
    assert same is not small
    np.testing.assert_array_equal(same, small)


def test_a_small_light_is_kept():
    """Of blocks of 10 x 10 one has four pixels whose red clips, another one has two."""
    picture = np.full((100, 200, 3), 40, np.uint8)
    picture[31:33, 51:53, 0] = 255
    picture[71:72, 151:153, 1] = 255
    out = with_lost_light(picture, thumbnail(picture, 20))
    assert out[3, 5, 0] == 255
    assert out[3, 5, 1] < 60
    assert (out[..., 0] == 255).sum() == 1
    assert (out[..., 1] < 60).all()


def test_a_line_of_cells_covers_and_a_lone_one_is_faint():
    mask = np.zeros((90, 120), np.float32)
    mask[:, 40] = 1
    mask[10, 80] = 1
    canvas = MarkCanvas((30, 40), (180, 240))
    assert not canvas.is_marked
    canvas.marks(mask, 2, (1.0, 0.0, 0.0))
    pixels = canvas.pixels()
    assert canvas.is_marked
    np.testing.assert_array_equal(pixels[:, 13], np.tile(np.array([255, 0, 0, 255], np.uint8), (30, 1)))
    assert pixels[3, 26, 3] == 85  # one of nine, in a block three wide
    assert (pixels[..., 3] > 0).sum() == 31


def test_colours_of_cells_are_kept_and_later_marks_lie_over():
    """Cover comes in thirds."""
    colours = np.zeros((4, 4, 3))
    colours[:, :2, 1] = 1
    colours[:, 2:, 2] = 1
    canvas = MarkCanvas((2, 2), (4, 4))
    canvas.marks(np.ones((4, 4)), 1, colours, alpha=0.5)
    np.testing.assert_array_equal(canvas.pixels()[0], [[0, 255, 0, 170], [0, 0, 255, 170]])
    canvas.marks(np.eye(4), 1, (1.0, 0.0, 0.0))
    np.testing.assert_array_equal(canvas.pixels()[0], [[255, 0, 0, 255], [0, 0, 255, 170]])


def test_cells_larger_than_pixels_leave_no_gap():
    canvas = MarkCanvas((8, 8), (8, 8))
    canvas.marks(np.array([[1, 0], [0, 0]]), 4, (1.0, 1.0, 1.0))
    expected = np.zeros((8, 8))
    expected[:4, :4] = 255
    np.testing.assert_array_equal(canvas.pixels()[..., 3], expected)
