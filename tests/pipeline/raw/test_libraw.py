"""The LibRaw reader on real files, and what it must refuse; the whole folder of malformed files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rawpy
import tifffile

from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.raw import libraw, read

CAMERA_FILES = ["bayer10/*.CRW", "otherraw/*.KDC"]


@pytest.mark.parametrize("pattern", CAMERA_FILES)
def test_camera_files_read_as_libraw_shows_them(shared_data: Path, pattern: str) -> None:
    for path in sorted((shared_data / "raw").glob(pattern)):
        frame = read(path)
        assert (frame.reader, frame.state) == ("libraw", "mosaic")
        with rawpy.imread(str(path)) as raw:
            np.testing.assert_array_equal(frame.samples, raw.raw_image_visible)
            colours = np.where(raw.raw_colors_visible[:2, :2] == 3, 1, raw.raw_colors_visible[:2, :2])
            assert frame.facts.cfa is not None
            assert frame.facts.cfa.sites == tuple(colours.ravel())
            assert frame.facts.white == (raw.white_level,) * 4


def test_canon_g2(shared_data: Path) -> None:
    (path,) = (shared_data / "raw" / "bayer10").glob("*G2*")
    frame = read(path)
    assert frame.samples.shape == (1720, 2312)
    assert (frame.facts.black, frame.facts.white) == ((32.0,) * 4, (1023.0,) * 4)
    assert frame.facts.neutral == pytest.approx((1036 / 1658, 1.0, 1036 / 1685))
    assert frame.facts.crop == (8, 20, 1704, 2272)
    assert frame.facts.colour.illuminant1 == 21
    assert (frame.exif.make, frame.exif.model, frame.exif.iso) == ("Canon", "Canon PowerShot G2", 50)
    assert frame.exif.exposure_s == pytest.approx(1 / 50, rel=0.01)
    assert frame.warnings == ()


def test_a_cut_off_file_is_refused_quietly(
    shared_data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (source,) = (shared_data / "raw" / "otherraw").glob("*P003911*")
    path = tmp_path / "cut.KDC"
    path.write_bytes(source.read_bytes()[:80_000])
    with pytest.raises(ReadError, match="cut off"):
        read(path)
    assert capfd.readouterr() == ("", "")


def test_what_others_write_meanwhile_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    with libraw._quiet(lines):
        os.write(2, b"progress 3/4\nx.kdc: Unexpected end of file\n")
    assert lines == ["Unexpected end of file"]
    assert capfd.readouterr().err == "progress 3/4\n"


@pytest.mark.parametrize("tags", [{}, {"software": "a scanner"}, {"extratags": [(271, "s", 0, "Nikon", False)]}])
def test_ordinary_tiffs_are_refused(tmp_path: Path, tags: dict[str, Any]) -> None:
    """LibRaw 0.22 reads a plain 16-bit TIFF as an RGGB mosaic."""
    path = tmp_path / "scan.tif"
    samples = np.random.default_rng(0).integers(0, 65535, (200, 300)).astype(np.uint16)
    tifffile.imwrite(path, samples, photometric="minisblack", metadata=None, **tags)
    with pytest.raises(ReadError, match=r"ordinary TIFF|not a raw file"):
        read(path)


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("missing.nef", None, "no such file"),
        ("empty.nef", b"", "the file is empty"),
        ("words.nef", b"these are words, not samples" * 100, "not a raw file that LibRaw can read"),
        ("picture.jpg", b"\xff\xd8\xff\xe0" + bytes(500), "not a raw file that LibRaw can read"),
        ("picture.dng", b"\xff\xd8\xff\xe0" + bytes(500), "not a DNG: no TIFF with a DNGVersion tag"),
    ],
)
def test_what_is_no_raw_file(tmp_path: Path, name: str, data: bytes | None, text: str) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ReadError, match=text):
        read(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="a folder, not a file"):
        read(tmp_path)


def test_foveon_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "x.X3F"
    path.write_bytes(b"FOVb" + bytes(200))
    with pytest.raises(UnsupportedError, match="Foveon"):
        read(path)


def test_a_raf_names_its_camera(tmp_path: Path) -> None:
    path = tmp_path / "x.raf"
    path.write_bytes(b"FUJIFILMCCD-RAW 0201FF383501" + b"X100".ljust(32, b"\0") + bytes(100))
    exif, ordinary = libraw._own_facts(path)
    assert exif is not None
    assert (exif.make, exif.model, ordinary) == ("FUJIFILM", "X100", frozenset())


class FakeRaw:
    """As much of rawpy.RawPy as the frame needs, with any sensor."""

    class sizes:  # noqa: N801
        pixel_aspect, flip, top_margin, left_margin = 1.0, 6, 0, 0
        crop_top_margin = crop_left_margin = crop_width = crop_height = 0

    class other:  # noqa: N801
        shutter_speed = aperture = iso_speed = focal_length = 0.0
        timestamp, artist = None, ""

    class lens:  # noqa: N801
        make = model = ""

    num_colors = 3
    black_level_per_channel = (10, 20, 30, 40)
    camera_white_level_per_channel = None
    white_level = 1000
    camera_whitebalance = (2.0, 1.0, 4.0, 0.0)
    rgb_xyz_matrix = np.zeros((4, 3))

    def __init__(self, samples: np.ndarray, pattern: Any = ((2, 3), (1, 0)), letters: bytes = b"RGBG") -> None:
        self.raw_image = self.raw_image_visible = samples
        self.raw_pattern = None if pattern is None else np.array(pattern)
        self.color_desc = letters


PICTURE = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint16) + 50


def test_levels_follow_the_channels_of_the_sites() -> None:
    frame = libraw._frame(FakeRaw(PICTURE), Path("x.nef"), None, [])
    assert frame.facts.cfa is not None and frame.facts.cfa.name == "BGGR"
    assert frame.facts.black == (30.0, 40.0, 20.0, 10.0)
    assert frame.facts.neutral == (0.5, 1.0, 0.25)
    assert frame.facts.orientation == 6


@pytest.mark.parametrize(("aspect", "size"), [(1.5, "rows: 64, cols: 96"), (0.5, "rows: 128, cols: 64")])
def test_pixels_that_are_not_square_are_told_with_the_size_that_fits(
    monkeypatch: pytest.MonkeyPatch, aspect: float, size: str
) -> None:
    monkeypatch.setattr(FakeRaw.sizes, "pixel_aspect", aspect)
    (warning,) = libraw._frame(FakeRaw(PICTURE), Path("x.kdc"), None, []).warnings
    assert f"resize: {{{size}}} undoes it" in warning


def test_three_planes_of_libraw_are_linear() -> None:
    frame = libraw._frame(FakeRaw(np.stack([PICTURE] * 4, axis=-1), None), Path("x.cr2"), None, [])
    assert (frame.state, frame.samples.shape, frame.facts.black) == ("linear", (64, 64, 3), (10.0, 20.0, 30.0))


@pytest.mark.parametrize(
    ("raw", "error", "text"),
    [
        (FakeRaw(PICTURE, np.zeros((6, 6), int)), UnsupportedError, "X-Trans CFA"),
        (FakeRaw(PICTURE, None), UnsupportedError, "without a colour filter array"),
        (FakeRaw(PICTURE, ((0, 1), (2, 3)), b"GMCY"), UnsupportedError, "colours GMCY"),
        (FakeRaw(np.zeros((64, 64), np.uint16)), ReadError, "100.0% of the samples are zero"),
        (FakeRaw(np.full((64, 64), 7, np.uint16)), ReadError, "opens it into nothing"),
        (FakeRaw(np.random.default_rng(0).integers(0, 999, (64, 64))), ReadError, "opens it into noise"),
    ],
)
def test_openings_that_are_no_picture(raw: FakeRaw, error: type[ReadError], text: str) -> None:
    with pytest.raises(error, match=text):
        libraw._frame(raw, Path("x.raf"), None, [])


_SCRIPT = """
import resource, sys, time
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from tenbit.pipeline.errors import TenbitError
from tenbit.pipeline.raw import read
for path in sorted(Path(sys.argv[1]).iterdir()):
    started = time.monotonic()
    try:
        read(path)
    except TenbitError as refused:
        verdict = "refused" if "\\n" not in str(refused) and str(refused) else "no single line"
    else:
        verdict = "read"
    if time.monotonic() - started > 5:
        verdict += " slowly"
    print(verdict, path.name)
"""


def test_every_malformed_file_is_refused_within_a_gibibyte_and_five_seconds(shared_data: Path) -> None:
    """In a process of its own: a decoder that brings it down must not take the tests with it."""
    done = subprocess.run([sys.executable, "-c", _SCRIPT, str(shared_data / "bad")], capture_output=True, text=True)
    verdicts = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in verdicts if not line.startswith("refused ")] == []
    assert len(verdicts) == len(list((shared_data / "bad").iterdir()))


def test_margins_that_are_black_tell_the_black_of_sites_and_rows(shared_data: Path) -> None:
    """A compact of 2001: twelve and 52 covered columns beside the picture, black 32 of 1023."""
    path = shared_data / "raw/bayer10/drewnoakes_digicam_corpus__Canon_PowerShot_S40_CRW_0101.CRW"
    facts = read(path).facts
    np.testing.assert_allclose(facts.masked_black, 32, atol=0.5)
    assert facts.masked_rows is not None
    assert facts.masked_rows.shape == (facts.rows,)
    # Sixty columns of noise below a count: what is left is drift.
    assert facts.masked_rows.std() < 0.5


@pytest.mark.parametrize(
    ("margin", "is_told"), [(16, True), (200, False)], ids=["by the black level", "with light in it"]
)
def test_a_margin_is_covered_where_it_is_black(margin: int, is_told: bool) -> None:
    raw = FakeRaw(PICTURE)
    raw.raw_image = np.pad(PICTURE, ((0, 0), (8, 0)), constant_values=margin)
    raw.sizes = type("sizes", (FakeRaw.sizes,), {"left_margin": 8})
    facts = libraw._frame(raw, Path("x.nef"), None, []).facts
    assert facts.masked_black == ((16.0,) * 4 if is_told else None)
    assert (facts.masked_rows is not None) == is_told
