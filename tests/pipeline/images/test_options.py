"""Options are checked before anything is written; all faults at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tenbit.pipeline.images import FORMATS, check_options, default_bits, format_of


def test_usual_bits():
    assert {name: default_bits(name) for name in FORMATS} == {"jpeg": 8, "png": 8, "tiff": 16, "dng": 16}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.jpg", "jpeg"), ("a.JPEG", "jpeg"), ("b.c.png", "png"), ("a.TIF", "tiff"), ("a.tiff", "tiff")],
)
def test_suffix_names_the_format(name, expected):
    assert format_of(Path(name)) == expected
    assert format_of(Path(name), expected) == expected


def test_defaults_fit_every_format():
    for name in FORMATS:
        assert check_options(format=name, space="srgb", state="mosaic" if name == "dng" else "display") == []
    assert check_options() == []


def test_every_fault_is_told_with_its_option():
    faults = check_options(format="gif", bits=9, quality=101, subsampling="411", compression="lzw", space="xyz")
    assert [option for option, _ in faults] == ["subsampling", "compression", "space", "quality", "format"]
    assert dict(faults)["format"] == "'gif' is not one of jpeg, png, tiff, dng"
    assert dict(faults)["quality"] == "101 is outside 1..100"


@pytest.mark.parametrize("space", ["srgb", "display-p3", "rec2020"])
def test_eight_bits_of_a_linear_picture_are_refused_where_a_curve_is_missing(space):
    (fault,) = check_options(format="jpeg", space=space, state="linear")
    assert fault == (
        "bits",
        f"8 bits of linear {space} would band: add the tone stage, or write png or tiff with bits: 16",
    )
    assert check_options(format="png", bits=16, space=space, state="linear") == []
    assert check_options(format="tiff", space=space, state="linear") == []


@pytest.mark.parametrize("space", ["srgb-linear", "rec2020-linear"])
def test_eight_bits_are_allowed_where_linear_was_asked_for_by_name(space):
    assert check_options(format="jpeg", space=space, state="linear") == []


def test_importing_the_writers_loads_no_codec():
    code = (
        "import sys, tenbit.pipeline.images; print(*{'imagecodecs', 'tifffile', 'PIL', 'imageio'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""
