"""Orient against Pillow's exif_transpose and numpy's turns."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from tenbit.kernels.errors import StageError

SAMPLES = np.random.default_rng(1).integers(0, 256, (5, 8, 3)).astype(np.float32)


def upright(orientation):
    """What Pillow makes of the samples and an EXIF orientation."""
    picture = Image.fromarray(SAMPLES.astype(np.uint8))
    picture.getexif()[274] = orientation
    return np.asarray(ImageOps.exif_transpose(picture)).astype(np.float32)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_file_says_how(develop, planes, orientation):
    # A mark on one pixel shows where the optical centre goes.
    frame = planes(SAMPLES, orientation=orientation, optical_centre=(1.0, 6.0), crop=(1, 6, 1, 1))
    out = develop(frame, ("orient", {}))
    np.testing.assert_array_equal(out.samples, upright(orientation))
    row, col = out.facts.optical_centre
    np.testing.assert_array_equal(out.samples[int(row), int(col)], SAMPLES[1, 6])
    assert out.facts.crop == (row, col, 1, 1)
    assert out.facts.orientation == 1
    assert out.samples.shape == (out.facts.rows, out.facts.cols, 3)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirror", [False, True])
def test_further_turns_are_clockwise_then_mirrored(develop, planes, degrees, mirror):
    frame = planes(SAMPLES, orientation=8)
    out = develop(frame, ("orient", {"degrees": degrees, "mirror": mirror})).samples
    expected = np.rot90(upright(8), k=-degrees // 90)
    np.testing.assert_array_equal(out, expected[:, ::-1] if mirror else expected)
    lying = develop(frame, ("orient", {"to": "none", "degrees": degrees, "mirror": mirror}))
    expected = np.rot90(SAMPLES, k=-degrees // 90)
    np.testing.assert_array_equal(lying.samples, expected[:, ::-1] if mirror else expected)
    # None is left for a viewer to do, with no turn at all too.
    assert lying.facts.orientation == 1


def test_a_crop_turns_with_its_pixels(develop, planes):
    frame = planes(SAMPLES, orientation=6, crop=(1, 2, 3, 5))
    first = develop(frame, ("orient", {}), ("crop", {})).samples
    second = develop(frame, ("crop", {}), ("orient", {})).samples
    np.testing.assert_array_equal(first, second)


def test_four_turns_change_nothing(develop, planes):
    out = develop(planes(SAMPLES), *[("orient", {"degrees": 90})] * 4)
    assert out.samples.tobytes() == SAMPLES.tobytes()


def test_upright_stays_bit_for_bit(develop, planes):
    samples = np.random.default_rng(2).random((3, 4, 3)).astype(np.float32)
    assert develop(planes(samples), ("orient", {})).samples.tobytes() == samples.tobytes()


def test_equals_plain_python(develop, plain, planes):
    frame, chain = planes(SAMPLES, orientation=7), ("orient", {"degrees": 90})
    np.testing.assert_array_equal(develop(frame, chain).samples, plain(frame, chain).samples)


def test_an_unknown_orientation_is_refused(develop, planes):
    with pytest.raises(StageError, match="orient: the file's orientation is 9; 1 to 8 are known"):
        develop(planes(SAMPLES, orientation=9), ("orient", {}))
