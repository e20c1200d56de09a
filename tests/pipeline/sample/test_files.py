"""Files of the simulator: bytes by hand, LibRaw's reading of the DNG, tags, and nothing half written."""

import io
import json

import numpy as np
import pytest
import rawpy
import tifffile

from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.sample.files import pack_raw10, sidecar, write_dng, write_together
from tenbit.pipeline.sample.sensor import COLOR_MATRIX, SensorModel, neutral


def _mosaic(rows, cols, bits=10):
    return np.random.default_rng([rows, cols]).integers(0, 2**bits, (rows, cols), dtype=np.uint16)


def test_raw10_by_hand():
    # 1023 = 0xFF·4 + 3, 64 = 16·4 + 0, 513 = 128·4 + 1, 2 = 0·4 + 2: low bits 10 01 00 11.
    four = np.array([[1023, 64, 513, 2]], np.uint16)
    assert pack_raw10(four) == bytes([255, 16, 128, 0, 0b10010011])
    assert pack_raw10(four, stride=7) == bytes([255, 16, 128, 0, 0b10010011, 0, 0])
    assert pack_raw10(four[:, :2]) == bytes([255, 16, 0, 0, 0b00000011])


def test_raw10_unpacked_pixel_by_pixel():
    mosaic = _mosaic(6, 13)
    packed = pack_raw10(mosaic, stride=24)
    assert len(packed) == 6 * 24
    for row in range(6):
        for col in range(13):
            group = packed[row * 24 + col // 4 * 5 :][:5]
            assert group[col % 4] * 4 + (group[4] >> 2 * (col % 4) & 3) == mosaic[row, col]
    with pytest.raises(ValueError, match="stride: 19 bytes are fewer than the 20 of a row of 13 pixels"):
        pack_raw10(mosaic, stride=19)


def test_sidecar_says_how_to_read():
    facts = json.loads(sidecar((6, 13), 24, SensorModel(cfa="QGRBG", black=60)))
    assert facts | {"neutral": 0} == {
        "rows": 6,
        "cols": 13,
        "packing": "raw10",
        "stride": 24,
        "cfa": "QGRBG",
        "black": 60,
        "white": 1023,
        "neutral": 0,
        "color_matrix": [list(row) for row in COLOR_MATRIX],
        "noise": [list(SensorModel(black=60).noise_profile)],
        "make": "tenbit",
        "model": "sample",
    }
    assert facts["neutral"] == pytest.approx(neutral(), abs=1e-6)


@pytest.mark.parametrize("cfa", ["RGGB", "GRBG", "GBRG", "BGGR"])
@pytest.mark.parametrize(
    ("bits", "shape"), [(8, (64, 96)), (10, (71, 97)), (12, (70, 99)), (14, (64, 130)), (16, (80, 90))]
)
def test_libraw_reads_the_dng_bit_for_bit(tmp_path, cfa, bits, shape):
    mosaic, sensor = _mosaic(*shape, bits), SensorModel(cfa=cfa, bits=bits, black=bits)
    path = tmp_path / "a.dng"
    with path.open("wb") as file:
        write_dng(file, mosaic, sensor)
    with rawpy.imread(str(path)) as raw:
        assert np.array_equal(raw.raw_image, mosaic)
        assert raw.white_level == 2**bits - 1
        assert raw.black_level_per_channel == [bits] * 4
        letters = raw.color_desc.decode()
        assert "".join(letters[i] for i in raw.raw_pattern.ravel()) == cfa
        red, green, blue, _ = raw.camera_whitebalance
        assert (green / red, green / blue) == pytest.approx((neutral()[0], neutral()[2]), abs=1e-5)


def test_dng_rows_are_most_significant_bit_first_and_byte_aligned():
    mosaic = _mosaic(3, 5)
    file = io.BytesIO()
    write_dng(file, mosaic, SensorModel())
    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        (offset,), (size,) = tiff.pages[0].dataoffsets, tiff.pages[0].databytecounts
    strip = file.getvalue()[offset : offset + size]
    rows = ["".join(f"{value:010b}" for value in row).ljust(56, "0") for row in mosaic]
    assert strip == b"".join(int(row, 2).to_bytes(7, "big") for row in rows)


@pytest.mark.parametrize("cfa", ["GBRG", "QBGGR"])
def test_dng_tags(cfa):
    mosaic, sensor, file = _mosaic(12, 16), SensorModel(cfa=cfa, iso=400), io.BytesIO()
    write_dng(file, mosaic, sensor)
    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages[0]
        tags = {tag.code: tag.value for tag in page.tags}
        assert np.array_equal(page.asarray(), mosaic)
    pattern = [2, 2, 1, 1, 2, 2, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0] if cfa == "QBGGR" else [1, 2, 0, 1]
    side = 4 if cfa == "QBGGR" else 2
    assert (tags[254], tags[258], tags[259], tags[262], tags[274]) == (0, 10, 1, 32803, 1)
    assert (tags[271], tags[272], tags[50708]) == ("tenbit", "sample", "tenbit sample")
    assert tags[33421] == (side, side)
    assert list(tags[33422]) == pattern
    assert (tags[50714], tags[50717], tags[50778]) == (64, 1023, 21)
    assert tags[50829] == (0, 0, 12, 16)
    assert (tags[50719], tags[50720]) == ((0, 0), (16, 12))
    matrix = np.array(tags[50721]).reshape(3, 3, 2)
    np.testing.assert_allclose(matrix[..., 0] / matrix[..., 1], COLOR_MATRIX, rtol=1e-12)
    assert tags[50730] == (0, 1)
    assert tags[34855] == 400
    assert tags[33434] == (1, 125)
    assert tags[51041] == sensor.noise_profile


def test_files_appear_together_or_not_at_all(tmp_path):
    def fail(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    (tmp_path / "b").write_bytes(b"old")
    with pytest.raises(WriteError, match="No space left on device"):
        write_together({tmp_path / "a": lambda file: file.write(b"new"), tmp_path / "b": fail})
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    assert (tmp_path / "b").read_bytes() == b"old"
    write_together({tmp_path / "a": lambda file: file.write(b"1"), tmp_path / "b": lambda file: file.write(b"2")})
    assert sorted((path.name, path.read_bytes()) for path in tmp_path.iterdir()) == [("a", b"1"), ("b", b"2")]
