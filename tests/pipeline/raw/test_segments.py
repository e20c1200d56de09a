"""Strips and tiles decoded bit for bit, against samples that the tests coded themselves."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import rawpy
import tifffile

from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.raw import read


def pack_msb(samples: np.ndarray, bits: int) -> bytes:
    """Each row as one stream of bits, highest first, filled up to whole bytes."""
    rows = []
    for row in samples.reshape(len(samples), -1):
        stream = "".join(f"{value:0{bits}b}" for value in row.tolist())
        stream += "0" * (-len(stream) % 8)
        rows.append(int(stream, 2).to_bytes(len(stream) // 8, "big"))
    return b"".join(rows)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_uncompressed_samples_come_back_bit_for_bit(dng: Any, bits: int, order: str) -> None:
    samples = np.random.default_rng(bits).integers(1, 1 << bits, (6, 22)).astype(np.uint16)
    plain = {8: lambda: samples.astype(np.uint8).tobytes(), 16: lambda: samples.astype(f"{order}u2").tobytes()}
    data = plain.get(bits, lambda: pack_msb(samples, bits))()
    frame = read(dng.write(dng.cfa_tags(6, 22, bits), data, order=order))
    assert frame.reader == "dng"
    assert frame.samples.dtype == (np.uint8 if bits == 8 else np.uint16)
    np.testing.assert_array_equal(frame.samples, samples)
    assert frame.facts.cfa is not None and frame.facts.cfa.name == "RGGB"
    assert frame.facts.black == (0.0,) * 4
    assert frame.facts.white == (2.0**bits - 1,) * 4


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_packed_samples_of_three_planes(dng: Any, bits: int) -> None:
    samples = np.random.default_rng(bits).integers(1, 1 << bits, (5, 7, 3)).astype(np.uint16)
    frame = read(dng.write(dng.linear_tags(5, 7, bits), pack_msb(samples, bits), order=">"))
    np.testing.assert_array_equal(frame.samples, samples)


def test_ten_bit_written_by_tifffile_reads_as_libraw_reads_it(tmp_path: Path, mosaic: np.ndarray) -> None:
    path = tmp_path / "ten.dng"
    big = np.tile(mosaic, (5, 4))  # LibRaw refuses tiny pictures
    tags = [
        (50706, "B", 4, (1, 4, 0, 0), False),
        (33421, "H", 2, (2, 2), False),
        (33422, "B", 4, bytes([1, 0, 2, 1]), False),
        (50717, "H", 1, 1023, False),
    ]
    tifffile.imwrite(path, big, photometric=32803, bitspersample=10, extratags=tags, metadata=None, subfiletype=0)
    frame = read(path)
    np.testing.assert_array_equal(frame.samples, big)
    assert frame.facts.cfa is not None and frame.facts.cfa.name == "GRBG"
    with rawpy.imread(str(path)) as raw:
        np.testing.assert_array_equal(frame.samples, raw.raw_image)


def test_strips_of_unequal_height(dng: Any, mosaic: np.ndarray) -> None:
    strips = [mosaic[row : row + 7].tobytes() for row in range(0, 24, 7)]
    frame = read(dng.write(dng.cfa_tags(24, 40, t278=("I", 7)), *strips))
    np.testing.assert_array_equal(frame.samples, mosaic)


TILED = {"t278": None, "t322": ("I", 16), "t323": ("I", 16)}


@pytest.mark.parametrize("order", ["<", ">"])
def test_uncompressed_tiles_with_cut_edges(dng: Any, mosaic: np.ndarray, order: str) -> None:
    tiles = [tile.astype(f"{order}u2").tobytes() for tile in dng.tiles_of(mosaic, 16, 16)]
    frame = read(dng.write(dng.cfa_tags(24, 40, **TILED), *tiles, order=order))
    np.testing.assert_array_equal(frame.samples, mosaic)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("plain", (16, 16, 1)), ("two components of half the width", (16, 8, 2)), ("folded rows", (8, 32, 1))],
)
@pytest.mark.parametrize("predictor", [1, 6])
def test_lossless_jpeg_tiles_in_every_shape(
    dng: Any, mosaic: np.ndarray, name: str, shape: tuple[int, int, int], predictor: int
) -> None:
    tiles = [dng.lossless(tile.reshape(shape).squeeze(), 10, predictor) for tile in dng.tiles_of(mosaic, 16, 16)]
    frame = read(dng.write(dng.cfa_tags(24, 40, **TILED, t259=("H", 7)), *tiles))
    np.testing.assert_array_equal(frame.samples, mosaic)


def test_lossless_jpeg_of_another_encoder_in_one_strip(dng: Any, mosaic: np.ndarray) -> None:
    data = imagecodecs.ljpeg_encode(mosaic, bitspersample=16)
    frame = read(dng.write(dng.cfa_tags(24, 40, t259=("H", 7)), data))
    np.testing.assert_array_equal(frame.samples, mosaic)


def test_lossless_jpeg_of_three_planes(dng: Any) -> None:
    samples = np.random.default_rng(3).integers(0, 4096, (16, 20, 3)).astype(np.uint16)
    frame = read(dng.write(dng.linear_tags(16, 20, t259=("H", 7)), dng.lossless(samples, 12)))
    assert frame.state == "linear"
    np.testing.assert_array_equal(frame.samples, samples)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [8, 32946])
@pytest.mark.parametrize("predictor", [1, 2, 34892])
def test_deflate_with_integer_predictors(
    dng: Any, mosaic: np.ndarray, compression: int, predictor: int, order: str
) -> None:
    step = {1: 0, 2: 1, 34892: 2}[predictor]
    coded = mosaic.copy()
    if step:
        coded[:, step:] -= mosaic[:, :-step]
    data = zlib.compress(coded.astype(f"{order}u2").tobytes())
    tags = dng.cfa_tags(24, 40, t259=("H", compression), t317=("H", predictor))
    np.testing.assert_array_equal(read(dng.write(tags, data, order=order)).samples, mosaic)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("predictor", [0, 1, 3])
def test_floats_of_every_width(dng: Any, bits: int, predictor: int, order: str) -> None:
    """Values that even 16-bit floats hold exactly; predictor 0 is uncompressed."""
    samples = np.random.default_rng(5).integers(1, 512, (6, 10)).astype(np.float32) / 256
    bytes_of = {16: lambda: samples.astype(">f2").view("u1"), 32: lambda: samples.astype(">f4").view("u1")}
    high_first = bytes_of.get(bits, lambda: np.frombuffer(float24(samples), np.uint8))().reshape(6, 10, bits // 8)
    stored = high_first if order == ">" else high_first[..., ::-1]
    if predictor == 3:
        planes = high_first.transpose(0, 2, 1).reshape(6, -1)
        stored = planes.copy()
        stored[:, 1:] -= planes[:, :-1]
    data = np.ascontiguousarray(stored).tobytes()
    tags = dng.cfa_tags(6, 10, bits, t339=("H", 3), t259=("H", 8 if predictor else 1), t317=("H", max(predictor, 1)))
    frame = read(dng.write(tags, zlib.compress(data) if predictor else data, order=order))
    assert frame.samples.dtype == np.float32
    np.testing.assert_array_equal(frame.samples, samples)
    assert frame.facts.white == (1.0,) * 4


def float24(samples: np.ndarray) -> bytes:
    """Big-endian floats of 1 sign, 7 exponent and 16 fraction bits, for exactly representable values above 0."""
    words = samples.astype(np.float32).view(np.uint32)
    exponent = (words >> 23) - 127 + 63
    return b"".join(
        struct.pack(">I", int(e) << 16 | int(w) >> 7 & 0xFFFF)[1:]
        for e, w in zip(exponent.ravel(), words.ravel(), strict=True)
    )


def test_planar_three_planes(dng: Any) -> None:
    samples = np.random.default_rng(1).integers(1, 65535, (5, 7, 3)).astype(np.uint16)
    planes = [samples[..., plane].tobytes() for plane in range(3)]
    frame = read(dng.write(dng.linear_tags(5, 7, t284=("H", 2)), *planes))
    np.testing.assert_array_equal(frame.samples, samples)
    assert frame.facts.cfa is None
    assert frame.facts.black == (0.0,) * 3


def test_lossy_mosaic_is_refused(dng: Any) -> None:
    data = imagecodecs.jpeg8_encode(np.full((24, 40), 100, np.uint16), bitspersample=12)
    with pytest.raises(UnsupportedError, match=r"mosaic in lossy JPEG \(DCT, 12 bits\)"):
        read(dng.write(dng.cfa_tags(24, 40, 12, t259=("H", 7)), data))


def test_a_few_bytes_claim_no_gigabytes(dng: Any) -> None:
    """A lossless JPEG needs a bit per sample: refused before 18000 × 18000 samples are allocated."""
    tags = dng.cfa_tags(18000, 18000, t259=("H", 7))
    with pytest.raises(ReadError, match="bytes cannot hold 18000 × 18000 pixels"):
        read(dng.write(tags, dng.lossless(np.ones((8, 8), np.uint16), 16)))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"t259": ("H", 8), "t317": ("H", 3)}, "predictor 3 on 16-bit integers"),
        ({"t259": ("H", 8), "t317": ("H", 2), "t258": ("H", 12)}, "predictor 2 on 12-bit integers"),
        ({"t259": ("H", 8), "t317": ("H", 2), "t339": ("H", 3)}, "predictor 2 on 16-bit floats"),
    ],
)
def test_predictors_of_other_samples_are_refused(
    dng: Any, mosaic: np.ndarray, change: dict[str, Any], text: str
) -> None:
    with pytest.raises(UnsupportedError, match=text):
        read(dng.write(dng.cfa_tags(24, 40, **change), zlib.compress(mosaic.tobytes())))


def test_deflate_that_ends_early_is_refused(dng: Any, mosaic: np.ndarray) -> None:
    data = zlib.compress(mosaic[:20].tobytes())
    with pytest.raises(ReadError, match="strip 0: 1600 bytes where its samples need 1920"):
        read(dng.write(dng.cfa_tags(24, 40, t259=("H", 8)), data))


@pytest.mark.parametrize(
    ("shape", "text"), [((24, 38), "38 × 24 pixels, too few"), ((24, 80), "1920 samples where 960")]
)
def test_jpegs_of_another_size_are_refused(dng: Any, shape: tuple[int, int], text: str) -> None:
    data = dng.lossless(np.ones(shape, np.uint16), 10)
    with pytest.raises(ReadError, match=text):
        read(dng.write(dng.cfa_tags(24, 40, t259=("H", 7)), data + bytes(100)))


@pytest.mark.parametrize("shape", [(24, 48), (32, 40)])
def test_jpegs_filled_up_to_whole_blocks_are_cut(dng: Any, mosaic: np.ndarray, shape: tuple[int, int]) -> None:
    data = dng.lossless(np.pad(mosaic, ((0, shape[0] - 24), (0, shape[1] - 40))), 10)
    np.testing.assert_array_equal(read(dng.write(dng.cfa_tags(24, 40, t259=("H", 7)), data)).samples, mosaic)


def test_tiles_that_leave_out_what_is_outside(dng: Any, mosaic: np.ndarray) -> None:
    tiles = [mosaic[row : row + 16, col : col + 16] for row in (0, 16) for col in (0, 16, 32)]
    tags = dng.cfa_tags(24, 40, **TILED, t259=("H", 7))
    np.testing.assert_array_equal(read(dng.write(tags, *(dng.lossless(tile, 10) for tile in tiles))).samples, mosaic)


def test_lossy_jpeg_of_three_planes(dng: Any) -> None:
    """A flat colour, as RGB and as YCbCr: baseline JPEG at quality 100 is off by a count or two."""
    samples = np.full((16, 24, 3), (200, 100, 50), np.uint8)
    for space in ("rgb", "ycbcr"):
        data = imagecodecs.jpeg8_encode(samples, 100, colorspace="rgb", outcolorspace=space)
        for compression in (7, 34892):
            frame = read(dng.write(dng.linear_tags(16, 24, 8, t259=("I", compression)), data))
            assert np.abs(frame.samples.astype(int) - samples).max() <= 2
