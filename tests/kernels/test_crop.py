"""Crop against slices."""

import numpy as np
import pytest

from tenbit.kernels.errors import StageError

SAMPLES = np.random.default_rng(1).random((11, 17, 3)).astype(np.float32)
FILE = (2, 3, 7, 9)


@pytest.mark.parametrize("state", ["linear", "display"])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (2, 3, 7, 9)),
        ({"aspect": "1:1"}, (2, 4, 7, 7)),
        ({"to": "none"}, (0, 0, 11, 17)),
        ({"top": 1, "left": 5, "rows": 4, "cols": 12}, (1, 5, 4, 12)),
        ({"top": 4}, (4, 0, 7, 17)),
        ({"rows": 5, "cols": 5}, (3, 6, 5, 5)),
        ({"to": "none", "aspect": "3:2"}, (0, 0, 11, 16)),
        ({"to": "none", "aspect": "16:9"}, (0, 0, 10, 17)),
        ({"to": "none", "aspect": "2:3"}, (0, 5, 11, 7)),
    ],
)
def test_is_a_slice(develop, planes, state, asked, expected):
    frame = planes(SAMPLES, state=state, crop=FILE, optical_centre=(5.0, 8.0))
    out = develop(frame, ("crop", asked))
    top, left, rows, cols = expected
    np.testing.assert_array_equal(out.samples, SAMPLES[top : top + rows, left : left + cols])
    assert (out.facts.rows, out.facts.cols) == (rows, cols)
    assert out.facts.optical_centre == (5.0 - top, 8.0 - left)
    assert out.facts.crop == (FILE if asked == {"to": "none"} else None)


def test_a_file_without_a_crop_stays_bit_for_bit(develop, planes):
    assert develop(planes(SAMPLES), ("crop", {})).samples.tobytes() == SAMPLES.tobytes()


def test_twice_is_once(develop, planes):
    frame = planes(SAMPLES, crop=FILE)
    once, twice = develop(frame, ("crop", {})), develop(frame, ("crop", {}), ("crop", {}))
    np.testing.assert_array_equal(once.samples, twice.samples)


def test_equals_plain_python(develop, plain, planes):
    chain = ("crop", {"rows": 6, "cols": 3})
    np.testing.assert_array_equal(develop(planes(SAMPLES), chain).samples, plain(planes(SAMPLES), chain).samples)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"top": 8, "rows": 4}, "crop: the rectangle, 4 x 17 from row 8, column 0, is not inside the frame of 11 x 17"),
        ({"rows": 12}, "crop: the rectangle, 12 x 17 from row -1, column 0, is not inside the frame of 11 x 17"),
        ({"left": 17}, "crop: the rectangle, 11 x 0 from row 0, column 17, is not inside the frame of 11 x 17"),
        ({}, "crop: the file's crop, 7 x 20 from row 2, column 3, is not inside the frame of 11 x 17"),
        ({"aspect": "wide"}, "crop: aspect 'wide' is not two numbers above 0 like '3:2'"),
        ({"aspect": "3:0"}, "crop: aspect '3:0' is not two numbers above 0 like '3:2'"),
        ({"aspect": "nan:1"}, "crop: aspect 'nan:1' is not two numbers above 0 like '3:2'"),
    ],
)
def test_what_cannot_be_cropped_is_refused(develop, planes, asked, text):
    crop = None if "aspect" in asked else (2, 3, 7, 20)
    with pytest.raises(StageError) as caught:
        develop(planes(SAMPLES, crop=crop), ("crop", asked))
    assert str(caught.value) == text
