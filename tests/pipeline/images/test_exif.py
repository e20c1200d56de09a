"""EXIF as two other programs read it: Pillow and exifread."""

from pathlib import Path

import exifread
import numpy as np
import pytest
from PIL import ExifTags, Image

import tenbit
from tenbit.pipeline.frame import Exif
from tenbit.pipeline.images import write
from tenbit.pipeline.images.exif import exif_block, exif_tags

FULL = Exif(
    make="Leica Camera AG",
    model="LEICA M11",
    lens_make="Leica Camera AG",
    lens_model="Summilux-M 1:1.4/35 ASPH.",
    serial="5612345",
    taken="2024:05:17 18:03:59",
    exposure_s=1 / 250,
    f_number=1.4,
    iso=400,
    focal_mm=35.0,
    focal_35mm=35.0,
    artist="Jürgen Müller",
    copyright="© J. Müller",
)
NAMES = ["a.jpg", "a.png", "a.tif"]


def written(folder: Path, name: str, exif: Exif = FULL, space: str = "srgb") -> Path:
    write(folder / name, np.zeros((3, 5, 3), np.uint8), space=space, state="display", exif=exif)
    return folder / name


def by_pillow(path: Path):
    """(main directory, EXIF directory), by tag name."""
    with Image.open(path) as image:
        exif = image.getexif()
        main = {ExifTags.TAGS[code]: value for code, value in exif.items() if code in ExifTags.TAGS}
        return main, {ExifTags.TAGS[code]: value for code, value in exif.get_ifd(ExifTags.IFD.Exif).items()}


@pytest.mark.parametrize("name", NAMES)
def test_pillow_reads_every_tag(tmp_path, name):
    main, exif = by_pillow(written(tmp_path, name))
    utf8 = "Jürgen Müller".encode().decode("latin-1")  # Pillow takes the bytes of a text for latin-1
    assert {key: main[key] for key in ("Make", "Model", "Orientation", "Software", "DateTime", "Artist")} == {
        "Make": "Leica Camera AG",
        "Model": "LEICA M11",
        "Orientation": 1,
        "Software": f"tenbit {tenbit.__version__}",
        "DateTime": "2024:05:17 18:03:59",
        "Artist": utf8,
    }
    assert exif == {
        "ExposureTime": 1 / 250,
        "FNumber": pytest.approx(1.4),
        "ISOSpeedRatings": 400,
        "ExifVersion": b"0232",
        "DateTimeOriginal": "2024:05:17 18:03:59",
        "FocalLength": 35,
        "ColorSpace": 1,
        "ExifImageWidth": 5,
        "ExifImageHeight": 3,
        "FocalLengthIn35mmFilm": 35,
        "BodySerialNumber": "5612345",
        "LensMake": "Leica Camera AG",
        "LensModel": "Summilux-M 1:1.4/35 ASPH.",
    }


@pytest.mark.parametrize("name", NAMES)
def test_exifread_reads_the_same(tmp_path, name):
    with written(tmp_path, name).open("rb") as handle:
        tags = exifread.process_file(handle, details=False)
    found = {key: str(tag) for key, tag in tags.items()}
    expected = {
        "Image Make": "Leica Camera AG",
        "Image Orientation": "Horizontal (normal)",
        "Image Artist": "Jürgen Müller",
        "Image Copyright": "© J. Müller",
        "EXIF ExposureTime": "1/250",
        "EXIF FNumber": "7/5",
        "EXIF ISOSpeedRatings": "400",
        "EXIF DateTimeOriginal": "2024:05:17 18:03:59",
        "EXIF FocalLength": "35",
        "EXIF ColorSpace": "sRGB",
        "EXIF BodySerialNumber": "5612345",
        "EXIF LensModel": "Summilux-M 1:1.4/35 ASPH.",
    }
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_invented_where_the_source_is_silent(tmp_path, name):
    main, exif = by_pillow(written(tmp_path, name, Exif(), space="display-p3"))
    assert not {"Make", "Model", "DateTime", "Artist", "Copyright"} & set(main)
    assert exif == {"ExifVersion": b"0232", "ColorSpace": 65535, "ExifImageWidth": 5, "ExifImageHeight": 3}


@pytest.mark.parametrize(
    ("exposure_s", "expected"),
    [
        (np.float32(1 / 8000), (1, 8000)),
        (np.float32(1 / 30), (1, 30)),
        (0.3, (3, 10)),
        (0.5, (1, 2)),
        (1.0, (1, 1)),
        (1.3, (13, 10)),
        (30.0, (30, 1)),
        (7200.0, (7200, 1)),
        (1 / 3_000_000, (1, 3_000_000)),
    ],
)
def test_exposure_is_the_fraction_a_photographer_knows(exposure_s, expected):
    tags = exif_tags(Exif(exposure_s=float(exposure_s)), space="srgb", rows=1, cols=1)
    (payload,) = [tag.payload for tag in tags.exif if tag.code == 33434]
    assert tuple(np.frombuffer(payload, "<u4")) == expected


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 1e12])
def test_numbers_that_mean_nothing_are_left_out(value):
    exif = Exif(exposure_s=value, f_number=value, focal_mm=value, focal_35mm=value, iso=0)
    codes = {tag.code for tag in exif_tags(exif, space="srgb", rows=1, cols=1).exif}
    assert codes == {36864, 40961, 40962, 40963}


def test_a_broken_date_is_left_out_and_broken_text_is_cut():
    exif = Exif(taken="yesterday", make="x" * 5000, model=" \0rest", artist="é" * 5000)
    main = {tag.code: tag.payload for tag in exif_tags(exif, space="srgb", rows=1, cols=1).main}
    assert 306 not in main
    assert 272 not in main
    assert main[271] == b"x" * 1000 + b"\0"
    assert main[315].rstrip(b"\0").decode() == "é" * 500
    assert len(exif_block(exif_tags(exif, space="srgb", rows=1, cols=1))) < 65533


def test_iso_beyond_16_bits_goes_into_the_longer_tag(tmp_path):
    _, exif = by_pillow(written(tmp_path, "a.jpg", Exif(iso=102400)))
    assert (exif["ISOSpeedRatings"], exif["SensitivityType"], exif["ISOSpeed"]) == (65535, 3, 102400)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a_picture_that_was_not_turned_says_how_to_turn_it(tmp_path, suffix):
    path = tmp_path / f"lying.{suffix}"
    write(path, np.zeros((4, 6, 3), np.uint8), space="srgb", state="display", orientation=6)
    with Image.open(path) as picture:
        assert picture.getexif()[274] == 6
