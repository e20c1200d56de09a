"""Damaged files through `read`: each is read or refused with one line, whatever is wrong with it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.raw import read

TILED = {"t278": None, "t322": ("I", 16), "t323": ("I", 16)}


@pytest.fixture(scope="module")
def whole_file(builders: Any) -> bytes:
    """A small DNG that exercises most parsers: tiles, tables, opcodes, EXIF."""
    samples = np.random.default_rng(9).integers(1, 1024, (24, 40)).astype(np.uint16)
    tiles = [builders.lossless(tile.reshape(16, 8, 2), 10) for tile in builders.tiles_of(samples, 16, 16)]
    opcode = struct.pack(">IIIII", 1, 4, 0x01030000, 0, 8) + struct.pack(">II", 7, 0)
    more = {"t259": ("H", 7), "t50712": ("H", list(range(1024))), "t51008": ("U", opcode)}
    tags = builders.cfa_tags(24, 40, **TILED, **more)
    data: bytes = builders.build_tiff([(tags, tiles)])
    return data


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_dng_cut_anywhere_is_refused(whole_file: bytes, tmp_path: Path, data: st.DataObject) -> None:
    """The directory is at the end here, so that every cut loses something that is needed."""
    path = tmp_path / "cut.dng"
    path.write_bytes(whole_file[: data.draw(st.integers(0, len(whole_file) - 40))])
    with pytest.raises(ReadError):
        read(path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_dng_with_changed_bytes_reads_or_is_refused(
    whole_file: bytes, tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    damaged = bytearray(whole_file)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    path = tmp_path / "damaged.dng"
    path.write_bytes(damaged)
    try:
        frame = read(path, max_pixels=100_000)
    except ReadError as refused:
        assert "\n" not in str(refused)
    else:
        assert frame.samples.size <= 300_000


@pytest.mark.parametrize(
    ("name", "number"),
    [("L1000123", 1000123), ("IMG_0042 (2)", 2), ("clip_24_000017", 17), ("dark", 0), ("7020260102123456", 102123456)],
)
def test_the_number_of_a_frame_is_the_last_of_its_name(
    whole_file: bytes, tmp_path: Path, name: str, number: int
) -> None:
    path = tmp_path / f"{name}.dng"
    path.write_bytes(whole_file)
    assert read(path).facts.number == number
