"""The directory walk on files that lie about themselves."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.raw.tiff import Tiff


@pytest.mark.parametrize("order", ["<", ">"])
def test_values_of_every_kind(builders: Any, order: str) -> None:
    values = {
        700: ("B", [1, 2, 3, 4, 5]),
        701: ("H", [1, 65535]),
        702: ("I", 4_000_000_000),
        703: ("q", [-1, 4, 3, 2]),
        704: ("f", [0.5]),
        705: ("d", [0.25, 2]),
        706: ("s", "text"),
        707: ("i", [-7]),
        708: ("Q", [1, 0]),
    }
    (home,) = Tiff(io.BytesIO(builders.build_tiff([(values, [])], order))).directories
    expected = {
        700: [1, 2, 3, 4, 5],
        701: [1, 65535],
        702: [4e9],
        703: [-0.25, 1.5],
        704: [0.5],
        705: [0.25, 2],
        707: [-7],
    }
    for code, numbers in expected.items():
        np.testing.assert_array_equal(home.array(code), numbers)
    assert home.text(706) == "text"
    assert (home.number(708), home.numbers(708, 1), home.integer(708, 3)) == (None, None, 3)
    assert (home.array(1), home.number(1), home.text(1), home.numbers(701, 3)) == (None, None, None, None)


def test_bigtiff(tmp_path: Any) -> None:
    path = tmp_path / "big.tif"
    tifffile.imwrite(path, np.ones((4, 5), np.uint8), bigtiff=True, byteorder=">")
    with path.open("rb") as stream:
        home = Tiff(stream).directories[0]
        assert (home.integer(256, 0), home.integer(257, 0)) == (5, 4)


def one_entry(count: int, value: int, *, kind: int = 4, following: int = 0) -> bytes:
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, 256, kind, count, value, following)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "TIFF header needs bytes 0..8, the file ends at 0"),
        (b"PNG.....", "does not begin with II or MM"),
        (b"II\x2c\0....", "magic number 44"),
        (b"II*\0" + struct.pack("<I", 0), "without a directory"),
        (b"II*\0" + struct.pack("<I", 99), "needs bytes 99..101, the file ends at 8"),
        (b"II*\0" + struct.pack("<IH", 8, 5000), "5000 tags, more than 4096"),
    ],
)
def test_files_that_are_refused(data: bytes, text: str) -> None:
    with pytest.raises(ReadError, match=text):
        Tiff(io.BytesIO(data))


def test_a_value_beyond_the_end_is_refused_without_allocating_it() -> None:
    (home,) = Tiff(io.BytesIO(one_entry(1 << 31, 30))).directories
    with pytest.raises(ReadError, match=r"IFD0: tag 256 needs bytes 30..8589934622, the file ends at 26"):
        home.array(256)


def test_an_unknown_field_type_is_refused() -> None:
    (home,) = Tiff(io.BytesIO(one_entry(1, 1, kind=99))).directories
    with pytest.raises(ReadError, match="unknown field type 99"):
        home.array(256)


def test_a_chain_that_bites_its_tail_ends() -> None:
    tiff = Tiff(io.BytesIO(one_entry(1, 1, following=8)))
    assert len(tiff.directories) == 1
    assert tiff.problem == "IFD1: the chain of directories comes back to byte 8"


def test_a_chain_that_leaves_the_file_ends() -> None:
    tiff = Tiff(io.BytesIO(one_entry(1, 1, following=999_999)))
    assert (len(tiff.directories), tiff.problem) == (1, None)
