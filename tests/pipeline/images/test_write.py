"""Pixels, formats and refusals of the writers, read back by Pillow, libtiff and libpng."""

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.frame import Exif
from tenbit.pipeline.images import write

LARGEST = {np.uint8: 255, np.uint16: 65535}


def noise(dtype, *, rows=37, cols=41, planes=3):
    shape = (rows, cols, planes) if planes == 3 else (rows, cols)
    return np.random.default_rng(5).integers(0, LARGEST[dtype] + 1, shape).astype(dtype)


def decoded(path: Path):
    """The samples by libtiff, which did not write them, and by libpng (no other decoder here has 16-bit RGB)."""
    read = {".png": imagecodecs.png_decode, ".tif": imagecodecs.tiff_decode}[path.suffix]
    return read(path.read_bytes())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("planes", [1, 3])
@pytest.mark.parametrize(
    ("name", "compression"), [("a.png", "deflate"), ("a.tif", "deflate"), ("a.tif", "zstd"), ("a.tif", "none")]
)
def test_lossless_formats_give_back_every_sample(tmp_path, dtype, planes, name, compression):
    samples = noise(dtype, planes=planes)
    write(tmp_path / name, samples, space="srgb", state="display", compression=compression)
    found = decoded(tmp_path / name)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, samples)


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (1, 7), (5, 1), (33, 65), (64, 31)])
@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.jpg"])
def test_any_size_is_written(tmp_path, rows, cols, name):
    samples = np.full((rows, cols, 3), 128, np.uint8)
    write(tmp_path / name, samples, space="srgb", state="display")
    with Image.open(tmp_path / name) as image:
        np.testing.assert_array_equal(np.asarray(image), samples)  # a flat grey survives even JPEG


@pytest.mark.parametrize("planes", [1, 3])
def test_float_tiff_keeps_values_outside_of_0_to_1(tmp_path, planes):
    samples = np.random.default_rng(2).normal(0.5, 2, (9, 70, 3)[: 3 if planes == 3 else 2]).astype(np.float32)
    write(tmp_path / "a.tif", samples, space="srgb-linear", state="linear", bits=32, compression="zstd")
    np.testing.assert_array_equal(decoded(tmp_path / "a.tif").reshape(samples.shape), samples)


@pytest.mark.parametrize(("name", "bits", "largest"), [("a.png", 8, 255), ("a.png", 16, 65535), ("a.tif", 16, 65535)])
def test_floats_are_clipped_scaled_and_rounded_half_up(tmp_path, name, bits, largest):
    column = np.array([-1, 0, 0.49 / largest, 0.51 / largest, 0.5, 1, 7, np.nan, -np.inf, np.inf], np.float32)
    samples = np.repeat(np.resize(column, 130)[:, None, None], 3, axis=2) * np.ones((1, 2, 1), np.float32)
    write(tmp_path / name, samples, space="srgb", state="display", bits=bits)
    half = (largest + 1) // 2  # 0.5 * 255 = 127.5 and 0.5 * 65535 = 32767.5: up
    expected = np.resize([0, 0, 0, 1, half, largest, largest, 0, 0, largest], 130)
    np.testing.assert_array_equal(decoded(tmp_path / name)[:, 1, 2], expected)


def test_float_jpeg_equals_the_jpeg_of_its_code_values(tmp_path):
    codes = noise(np.uint8)
    write(tmp_path / "codes.jpg", codes, space="srgb", state="display")
    write(tmp_path / "floats.jpg", (codes / 255).astype(np.float32), space="srgb", state="display")
    assert (tmp_path / "codes.jpg").read_bytes() == (tmp_path / "floats.jpg").read_bytes()


@pytest.mark.parametrize(
    ("subsampling", "factors"), [("4:4:4", (1, 1)), ("4:2:2", (2, 1)), ("4:2:0", (2, 2))], ids=lambda v: str(v)
)
def test_jpeg_has_the_subsampling_asked_for_and_stays_near(tmp_path, subsampling, factors):
    rows, cols = np.mgrid[:64, :80]
    samples = np.stack([rows * 3, cols * 3, 255 - rows - cols], axis=2).astype(np.uint8)
    write(tmp_path / "a.jpg", samples, space="srgb", state="display", quality=95, subsampling=subsampling)
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.layer[0][1:3] == factors  # sampling factors of luma against 1 × 1 chroma
        # a smooth ramp at quality 95: quantisation steps of a few code values
        assert np.abs(np.asarray(image, np.int16) - samples).max() <= 8


def test_lower_quality_makes_a_smaller_jpeg(tmp_path):
    samples = noise(np.uint8)
    for quality in (30, 90):
        write(tmp_path / f"{quality}.jpg", samples, space="srgb", state="display", quality=quality)
    assert (tmp_path / "30.jpg").stat().st_size < 0.7 * (tmp_path / "90.jpg").stat().st_size


def test_a_view_that_is_not_contiguous_is_written_as_seen(tmp_path):
    samples = noise(np.uint8, rows=20, cols=30)[::2, ::-3]
    for name in ("a.png", "a.tif"):
        write(tmp_path / name, samples, space="srgb", state="display")
        np.testing.assert_array_equal(decoded(tmp_path / name), samples)
    write(tmp_path / "a.jpg", samples, space="srgb", state="display")
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.size == (10, 10)


def test_the_same_picture_gives_the_same_file(tmp_path):
    samples = noise(np.uint8)
    for name in ("a.jpg", "a.png", "a.tif"):
        write(tmp_path / name, samples, space="display-p3", state="display", record={"chain": []})
        first = (tmp_path / name).read_bytes()
        write(tmp_path / name, samples, space="display-p3", state="display", record={"chain": []})
        assert (tmp_path / name).read_bytes() == first


def test_tiff_is_sound_in_tifffiles_eyes(tmp_path, caplog):
    write(tmp_path / "a.tif", noise(np.uint16), space="srgb", state="display", record={"chain": []})
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        (page,) = file.pages
        codes = [tag.code for tag in page.tags]
        assert page.photometric == tifffile.PHOTOMETRIC.RGB
        assert codes == sorted(codes)
        assert page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
        assert page.predictor == tifffile.PREDICTOR.HORIZONTAL
    assert not caplog.records  # tifffile logs what it finds wrong


@pytest.mark.parametrize("cols", [3, 4, 5, 6])
def test_tiff_keeps_directories_and_values_on_even_offsets(tmp_path, cols):
    exif = Exif(make="even", model="odd", lens_model="odd by one", exposure_s=0.5)
    record = {"cols": "x" * cols}
    write(tmp_path / "a.tif", noise(np.uint8, cols=cols), space="srgb", state="display", exif=exif, record=record)
    content = (tmp_path / "a.tif").read_bytes()
    (main_at,) = struct.unpack_from("<I", content, 4)
    main = directory(content, main_at)
    ((exif_at,),) = [values for code, *_, values in main if code == 34665]
    offsets = [main_at, exif_at]
    for code, kind, count, (value,) in main + directory(content, exif_at):
        size = count * {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}[kind]
        if size > 4 and code != 273:
            offsets.append(value)
            assert value + size <= len(content)
    assert [offset % 2 for offset in offsets] == [0] * len(offsets)


def directory(content: bytes, at: int):
    """(code, type, count, (value or offset,)) of each entry."""
    (entries,) = struct.unpack_from("<H", content, at)
    found = [struct.unpack_from("<HHII", content, at + 2 + 12 * i) for i in range(entries)]
    return [(code, kind, count, (value,)) for code, kind, count, value in found]


def test_format_decides_where_the_suffix_says_nothing(tmp_path):
    write(tmp_path / "a.out", noise(np.uint8), space="srgb", state="display", format="png")
    assert (tmp_path / "a.out").read_bytes().startswith(b"\x89PNG")


def refusal(path, samples, **options):
    with pytest.raises(WriteError) as caught:
        write(path, samples, **{"space": "srgb", "state": "display", **options})
    text = str(caught.value)
    assert "\n" not in text
    assert not path.exists()
    assert list(path.parent.glob(".*")) == []
    return text


@pytest.mark.parametrize(
    ("name", "samples", "options", "text"),
    [
        ("a.bmp", noise(np.uint8), {}, "suffix '.bmp' is not known, allowed: .jpg, .jpeg, .png, .tif, .tiff"),
        ("a", noise(np.uint8), {"format": "webp"}, "format 'webp' is not known, allowed: jpeg, png, tiff"),
        ("a.png", noise(np.uint8), {"format": "jpeg"}, "the suffix says png, the format jpeg"),
        ("a.jpg", noise(np.uint16), {}, "bits: 16 is not possible in jpeg, allowed: 8"),
        ("a.png", noise(np.uint8), {"bits": 32}, "bits: 32 is not possible in png, allowed: 8, 16"),
        ("a.png", noise(np.uint16), {"bits": 8}, "bits: 8 does not fit samples that are uint16 already"),
        ("a.jpg", noise(np.uint8), {"quality": 0}, "quality: 0 is outside 1..100"),
        ("a.jpg", noise(np.uint8), {"subsampling": "4:1:1"}, "subsampling: '4:1:1' is not one of 4:2:0, 4:2:2, 4:4:4"),
        ("a.tif", noise(np.uint8), {"compression": "lzw"}, "compression: 'lzw' is not one of deflate, zstd, none"),
        ("a.tif", noise(np.uint8), {"space": "adobe"}, "space: 'adobe' is not one of srgb, srgb-linear, display-p3"),
        ("a.jpg", noise(np.uint8), {"state": "linear"}, "bits: 8 bits of linear srgb would band: add the tone stage"),
        ("a.jpg", noise(np.uint8, planes=1), {}, "samples: one plane cannot be written as jpeg, allowed: png, tiff"),
        ("a.tif", np.zeros((2, 2, 4), np.uint8), {}, "samples: shape (2, 2, 4) is not (rows, cols, 3) or (rows, cols)"),
        ("a.tif", np.zeros((0, 2, 3), np.uint8), {}, "samples: shape (0, 2, 3) is not"),
        ("a.tif", np.zeros((2, 2, 3)), {}, "samples: float64 is not one of uint8, uint16, float32"),
        ("a.jpg", np.zeros((1, 65501, 3), np.uint8), {}, "jpeg holds 65500 rows and columns at most, not (1, 65501)"),
        ("a.jpg", noise(np.uint8), {"record": {"long": "x" * 65536}}, "jpeg holds 65533 at most: use png or tiff"),
        (
            "a.tif",
            np.broadcast_to(np.uint16(0), (40000, 40000, 3)),
            {},
            "tiff holds 4 GiB at most, and this picture has 8.9 GiB of samples",
        ),
        ("a.jpg", noise(np.uint8), {"quality": 0, "subsampling": ""}, "subsampling: '' is not one of"),
        ("a.jpg", noise(np.uint8), {"quality": 0, "subsampling": ""}, "; quality: 0 is outside"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_cannot_be_written_is_refused_in_one_line(tmp_path, name, samples, options, text):
    assert text in refusal(tmp_path / name, samples, **options)


@pytest.mark.parametrize("error", [RuntimeError("codec broke"), ValueError("bad shape")])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_an_encoder_that_fails_leaves_nothing(tmp_path, monkeypatch, name, error):
    def fail(*args, **kwargs):
        raise error

    for module, function in ((imagecodecs, "jpeg8_encode"), (imagecodecs, "png_encode"), (tifffile, "imwrite")):
        monkeypatch.setattr(module, function, fail)
    assert f"encoder failed: {error}" in refusal(tmp_path / name, noise(np.uint8))
