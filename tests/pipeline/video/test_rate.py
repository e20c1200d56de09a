"""Frames per second, timecode, and which codec goes into which file."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.video import codec_for, rate_from, timecode_from
from tenbit.pipeline.video.planes import COLOURS, _halved, ycc_of


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("24", Fraction(24)),
        ("12.5", Fraction(25, 2)),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("2997/100", Fraction(2997, 100)),
        ("30000/1001", Fraction(30000, 1001)),
    ],
)
def test_rates_are_exact(text: str, rate: Fraction) -> None:
    assert rate_from(text) == rate


@pytest.mark.parametrize("text", ["0", "-24", "fast", "1/0", "301", "nan", ""])
def test_no_rate(text: str) -> None:
    with pytest.raises(RequestError, match="fps '"):
        rate_from(text)


@pytest.mark.parametrize(
    ("text", "fps", "why"),
    [
        ("1:00:00:00", "24", "01:00:00:00 is expected"),
        ("24:00:00:00", "24", "hours are 0..23"),
        ("00:60:00:00", "24", "minutes are 0..59"),
        ("00:00:00:24", "23.976", "at 23.976 frames per second the last field is 0..23"),
        ("01:00:00;00", "30", "drop frame .* is of 29.97 and 59.94"),
        ("00:01:00;01", "29.97", "leaves out; 02 is next"),
        ("00:01:00;03", "59.94", "leaves out; 04 is next"),
        ("01:00:00:00", "12.5", "25/2 frames per second have none"),
    ],
)
def test_no_timecode(text: str, fps: str, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        timecode_from(text, rate_from(fps))


@pytest.mark.parametrize(
    ("text", "fps"),
    [("00:01:00;02", "29.97"), ("00:10:00;00", "29.97"), ("23:59:59:23", "23.976"), ("00:01:00:00", "29.97")],
)
def test_a_timecode(text: str, fps: str) -> None:
    assert timecode_from(text, rate_from(fps)) == text


def test_the_suffix_says_the_codec() -> None:
    assert [codec_for(Path(name)).name for name in ("a.mov", "a.MP4", "a.mkv")] == ["prores", "hevc", "ffv1"]
    assert codec_for(Path("a.mov"), "hevc").name == "hevc"
    for name, asked, text in (
        ("a.avi", None, r"a\.avi: suffix '\.avi' is of no video known here, allowed: \.mov, \.mp4, \.mkv"),
        ("a.mp4", "prores", r"a\.mp4: \.mp4 holds no prores; it goes into \.mov, \.mkv"),
        ("a.mov", "h266", "codec 'h266' is not known, allowed: prores, hevc, ffv1"),
    ):
        with pytest.raises(RequestError, match=text):
            codec_for(Path(name), asked)


def test_white_black_and_grey_hit_their_codes() -> None:
    for colours in COLOURS.values():
        matrix, offsets = ycc_of(colours)
        for grey in (0, 32768, 65535):
            luma, blue, red = np.floor(matrix @ np.full(3, grey, np.float32) + offsets)
            assert (luma, blue, red) == (np.floor(64.5 + 876 * grey / 65535), 512, 512)


def test_chroma_lies_on_every_second_column() -> None:
    chroma = np.array([[0, 4, 8, 4, 0, 0], [8, 12, 16, 12, 8, 8]], np.float32)
    np.testing.assert_array_equal(_halved(chroma, 1), [[1, 6, 1], [9, 14, 9]])
    np.testing.assert_array_equal(_halved(chroma, 2), [[5, 10, 5]])
