"""Developed pictures, read back: what tenbit wrote, what Pillow and tifffile wrote, and what is broken."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.frame import Exif
from tenbit.pipeline.images import write
from tenbit.pipeline.pictures import is_picture, read_picture, upright


@pytest.fixture
def samples():
    return np.random.default_rng(3).integers(0, 65536, (13, 17, 3), np.uint16)


TOLD = Exif(
    make="Leica", model="M11", lens_model="Summilux-M 35", iso=400, exposure_s=0.004, taken="2024:05:06 07:08:09"
)


@pytest.mark.parametrize("space", ["srgb", "display-p3", "rec2020"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_what_was_written_is_read_back(tmp_path, samples, space, suffix):
    path = tmp_path / f"a{suffix}"
    record = {"chain": {"name": "standard", "chain": [{"tone": {}}]}, "source": "a.dng"}
    write(path, samples, space=space, state="display", bits=16, exif=TOLD, orientation=6, record=record)
    frame = read_picture(path)
    assert is_picture(path)
    np.testing.assert_array_equal(frame.samples, samples)
    assert (frame.facts.space, frame.facts.orientation, frame.state) == (space, 6, "display")
    assert (frame.exif.lens_model, frame.exif.iso, frame.exif.taken) == ("Summilux-M 35", 400, TOLD.taken)
    assert frame.record["developed"] == record
    assert frame.warnings == ()


def test_a_jpeg(tmp_path, samples):
    path = tmp_path / "a.jpg"
    write(path, np.full((16, 24, 3), 77, np.uint8), space="display-p3", state="display", exif=TOLD, quality=100)
    frame = read_picture(path)
    assert frame.samples.shape == (16, 24, 3)
    np.testing.assert_allclose(frame.samples, 77, atol=1)
    assert (frame.facts.space, frame.exif.exposure_s) == ("display-p3", 0.004)


def test_light_gets_the_curve_of_its_space(tmp_path):
    """0.2140 of light is code 0.5 of sRGB (IEC 61966-2-1)."""
    path = tmp_path / "a.tif"
    light = np.full((4, 5, 3), 0.21404114, np.float32)
    light[0, 0] = 2.0
    write(path, light, space="srgb", state="linear", bits=32)
    frame = read_picture(path)
    assert frame.samples.dtype == np.float32
    np.testing.assert_allclose(frame.samples[1:], 0.5, atol=1e-6)
    assert frame.samples[0, 0, 0] == 1
    assert "light without a curve" in frame.warnings[0]


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA", "I;16"])
def test_every_kind_of_png_becomes_three_planes(tmp_path, mode):
    grey = np.tile(np.array([0, 255, 128, 7], np.uint8), (3, 2))
    path = tmp_path / "a.png"
    if mode == "I;16":
        Image.fromarray(grey.astype(np.uint16) * 257).save(path)
    else:
        Image.fromarray(grey).convert(mode).save(path)
    frame = read_picture(path)
    assert frame.samples.shape == (3, 8, 3)
    expected = grey.astype(np.uint16) * 257 if mode == "I;16" else grey
    if mode != "1":
        np.testing.assert_array_equal(frame.samples, np.repeat(expected[..., None], 3, axis=2))
    assert ("transparency is left out" in frame.warnings) == (mode in ("LA", "RGBA"))


@pytest.mark.parametrize("kind", ["planar", "white is zero", "palette", "one bit"])
def test_every_kind_of_tiff_becomes_three_planes(tmp_path, kind):
    colours = np.random.default_rng(1).integers(0, 256, (6, 9, 3), np.uint8)
    path = tmp_path / "a.tif"
    expected = colours
    if kind == "planar":
        tifffile.imwrite(path, np.moveaxis(colours, -1, 0), photometric="rgb", planarconfig="separate")
    elif kind == "white is zero":
        tifffile.imwrite(path, 255 - colours[..., 0], photometric="miniswhite")
        expected = np.repeat(colours[..., :1], 3, axis=2)
    elif kind == "palette":
        table = np.random.default_rng(2).integers(0, 65536, (3, 256), np.uint16)
        tifffile.imwrite(path, colours[..., 0], photometric="palette", colormap=table)
        expected = np.moveaxis(table, 0, -1)[colours[..., 0]]
    else:
        tifffile.imwrite(path, colours[..., 0] > 127, photometric="minisblack")
        expected = np.where(colours[..., :1] > 127, np.uint8(255), np.uint8(0)).repeat(3, axis=2)
    np.testing.assert_array_equal(read_picture(path).samples, expected)


def _profile(primaries, gamma):
    """A version 2 profile as Adobe's programs write it: XYZ of primaries, a gamma."""
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", 12) + b"Adobe RGB x\0"}
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True):
        tags[name] = b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in column))
    tags[b"gTRC"] = b"curv" + bytes(4) + struct.pack(">IHH", 1, round(gamma * 256), 0)
    table, at, body = b"", 132 + 12 * len(tags), b""
    for name, payload in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(payload))
        body += payload
    head = bytes(16) + b"RGB " + bytes(16) + b"acsp" + bytes(88)
    return head + struct.pack(">I", len(tags)) + table + body


def test_profiles_of_others(tmp_path):
    path = tmp_path / "a.png"
    image = Image.fromarray(np.zeros((2, 2, 3), np.uint8))
    # Adobe RGB (1998), annex C
    adobe = _profile([(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)], 2.2)
    image.save(path, icc_profile=adobe)
    assert "Adobe RGB x" in read_picture(path).warnings[0]
    # sRGB as HP's profile of 1998 has it
    srgb = [(0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)]
    image.save(path, icc_profile=_profile(srgb, 2.2))
    assert read_picture(path).warnings == ()
    image.save(path, icc_profile=_profile(srgb, 1.0))
    assert "light without a curve" in read_picture(path).warnings[0]
    image.save(path, icc_profile=b"no profile at all")
    assert "unnamed" in read_picture(path).warnings[0]


def test_a_picture_that_monitors_have_painted_is_told(tmp_path, samples):
    chain = [{"zebra": {"opacity": 0.5}}, {"histogram": {"to": "png"}}, {"peaking": {"opacity": 0}}]
    record = {"chain": {"name": "monitor", "chain": chain}}
    write(tmp_path / "a.png", samples, space="srgb", state="display", bits=16, record=record)
    assert read_picture(tmp_path / "a.png").warnings == ("zebra drawn into the picture: the numbers count that too",)


def _jpeg(**options):
    handle = io.BytesIO()
    Image.fromarray(np.random.default_rng(5).integers(0, 256, (40, 40, 3), np.uint8)).save(handle, "JPEG", **options)
    return handle.getvalue()


def _inks():
    handle = io.BytesIO()
    Image.new("CMYK", (8, 8)).save(handle, "JPEG")
    return handle.getvalue()


def _large_png():
    header = struct.pack(">II5B", 60000, 60000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I4s", 13, b"IHDR") + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))


def _huge() -> bytes:
    """A few hundred bytes that say that they are 393 megapixels: libjpeg decodes that to grey, in half a minute."""
    content = bytearray(_jpeg())
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = (65500).to_bytes(2, "big") + (6000).to_bytes(2, "big")
    return bytes(content)


PNG = imagecodecs.png_encode(np.zeros((9, 9, 3), np.uint8))


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.jpg", _jpeg()[:900], "cut off"),
        ("a.jpg", _jpeg()[:40], "cut off"),
        ("a.jpg", _huge(), "no picture of 65500 x 6000"),
        ("a.jpg", _jpeg()[:2] + b"\xff\xd8rubbish", "no marker"),
        ("a.jpg", _inks(), "4 inks"),
        ("a.png", PNG[:50], "cut off"),
        ("a.png", PNG[:45] + b"\0\0" + PNG[47:], "broken PNG"),
        ("a.png", _large_png(), "60000 x 60000"),
        ("a.tif", b"II*\0\x08\0\0\0", "TIFF"),
        ("a.jpg", b"", "neither"),
        ("a.jpg", b"BM rubbish", "neither"),
    ],
)
def test_what_is_broken_is_said_in_one_line(tmp_path, name, content, text):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError, match=text) as caught:
        read_picture(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_pillow_turns_it(tmp_path, samples, orientation):
    path = tmp_path / "a.png"
    write(path, (samples >> 8).astype(np.uint8), space="srgb", state="display", orientation=orientation)
    turned = upright(read_picture(path))
    with Image.open(path) as image:
        np.testing.assert_array_equal(turned.samples, np.asarray(ImageOps.exif_transpose(image)))
    assert (turned.facts.orientation, turned.facts.rows) == (1, len(turned.samples))


def test_what_is_not_there(tmp_path):
    with pytest.raises(ReadError, match="no such file"):
        read_picture(tmp_path / "a.jpg")
    assert not is_picture(tmp_path / "a.jpg")
    assert not is_picture(tmp_path)


def test_a_raw_file_is_no_picture(raw):
    assert not is_picture(raw)


def test_too_many_pixels(tmp_path, samples):
    write(tmp_path / "a.tif", samples, space="srgb", state="display", bits=16)
    with pytest.raises(UnsupportedError, match="13 x 17"):
        read_picture(tmp_path / "a.tif", max_pixels=200)
