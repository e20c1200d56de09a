"""JPEG headers that lie, and lossless streams with damage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.raw import jpeg

SAMPLES = np.random.default_rng(0).integers(0, 4096, (12, 10, 2)).astype(np.uint16)


@pytest.fixture(scope="module")
def stream(builders: Any) -> bytes:
    data: bytes = builders.lossless(SAMPLES, 12, 4)
    return data


def test_header_and_samples(stream: bytes) -> None:
    header = jpeg.read_header(stream, "tile 1")
    assert header == jpeg.JpegHeader(3, 12, 12, 10, 2, is_subsampled=False, predictor=4)
    assert header.samples == 240
    np.testing.assert_array_equal(jpeg.decode_lossless(stream, header, "tile 1"), SAMPLES.ravel())


def test_fill_bytes_between_markers_are_skipped(stream: bytes) -> None:
    assert jpeg.read_header(stream[:2] + b"\xff\xff" + stream[2:], "x") == jpeg.read_header(stream, "x")


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"at": 4, "value": 1}, ReadError, "a lossless JPEG of 1 bits and predictor 4"),
        ({"at": 4, "value": 17}, ReadError, "a lossless JPEG of 17 bits"),
        ({"at": 6, "value": 0}, ReadError, "a JPEG of 0 × 10 samples"),
        ({"at": 9, "value": 0}, ReadError, "and 0 components"),
        ({"at": 5, "value": 200}, ReadError, "too few for 1024240 samples"),
        ({"at": 11, "value": 0x21}, UnsupportedError, "subsampled components"),
    ],
)
def test_headers_that_lie(stream: bytes, change: dict[str, int], error: type[ReadError], text: str) -> None:
    """``at`` counts from the frame header's marker: length, precision, rows, cols, components, factors."""
    damaged = bytearray(stream)
    damaged[stream.index(b"\xff\xc3") + change["at"]] = change["value"]
    with pytest.raises(error, match=text):
        jpeg.decode_lossless(bytes(damaged), jpeg.read_header(bytes(damaged), "tile 1"), "tile 1")


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xd9\0\0\0\0", b"\xff\xd8\xff\xda\0\4\0\0\0", b"\xff\xd8\0\0\0\0"]
)
def test_streams_without_a_frame(data: bytes) -> None:
    with pytest.raises(ReadError, match=r"^tile 1: "):
        jpeg.read_header(data, "tile 1")


def test_damaged_streams_are_decoded_or_refused(stream: bytes) -> None:
    """The decoder is native code: what must not happen is the end of the process."""
    rng = np.random.default_rng(1)
    for _ in range(1000):
        damaged = bytearray(stream)
        for place in rng.integers(2, 120 if rng.random() < 0.5 else len(stream), rng.integers(1, 6)):
            damaged[place] = rng.integers(0, 256)
        try:
            header = jpeg.read_header(bytes(damaged), "x")
            if header.samples <= 4096:
                assert jpeg.decode_lossless(bytes(damaged), header, "x").shape == (header.samples,)
        except ReadError:
            pass
