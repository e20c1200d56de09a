"""`make`: which files there are, that the same arguments give the same bytes, and what is refused."""

import json
import subprocess
import sys

import numpy as np
import pytest
import rawpy
import tifffile

import tenbit
from tenbit.pipeline.sample import LensModel, make
from tenbit.pipeline.sample.charts import PATCH_PITCH, PATCHES
from tenbit.pipeline.sample.scene import PATCH_CHART, StillLife
from tenbit.pipeline.sample.shapes import linear

SMALL = {"rows": 80, "cols": 100}


def test_same_arguments_same_bytes(tmp_path):
    lens = LensModel(k=(-0.05,), red_scale=1.001)
    files = [
        make(tmp_path / f"{i}.dng", **SMALL, seed=seed, lens=lens, hot_pixels=3) for i, seed in enumerate((5, 5, 6))
    ]
    contents = [[path.read_bytes() for path in made] for made in files]
    assert contents[0] == contents[1]
    assert contents[0][0] != contents[2][0]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(p.name for made in files for p in made)


def test_dng_and_raw10_hold_the_same_exposure(tmp_path):
    dng, truth = make(tmp_path / "a.dng", **SMALL)
    raw, sidecar, _ = make(str(tmp_path / "b.raw10"), **SMALL, row_padding=3)
    assert (truth.name, sidecar.name) == ("a-truth.tif", "b.raw10.json")
    facts = json.loads(sidecar.read_text())
    assert facts["stride"] == 128
    packed = np.frombuffer(raw.read_bytes(), np.uint8).reshape(80, 128)[:, :125].reshape(80, 25, 5).astype(np.uint16)
    low = packed[..., 4:] >> np.array([0, 2, 4, 6], np.uint16) & 3
    assert np.array_equal((packed[..., :4] * 4 + low).reshape(80, 100), tifffile.imread(dng))


def test_truth_is_16_bit_linear_srgb_with_its_record(tmp_path):
    scene = np.random.default_rng(1).uniform(0, 1.2, (8, 10, 3))
    _, truth = make(tmp_path / "a.dng", scene=scene, lens=LensModel(k=(0.1,)), hot_pixels=2, dead_pixels=1, seed=9)
    with tifffile.TiffFile(truth) as tiff:
        samples, record = tiff.asarray(), json.loads(tiff.pages[0].description)
    assert samples.dtype == np.uint16
    assert np.abs(samples / 65535 - scene.clip(0, 1)).max() < 1e-5
    assert (record["space"], record["seed"], record["lens"]["k"], record["sensor"]["black"]) == (
        "srgb-linear",
        9,
        [0.1],
        64,
    )
    mosaic = tifffile.imread(tmp_path / "a.dng")
    assert [mosaic[row, col] for row, col in record["hot"]] == [1023, 1023]
    assert [mosaic[row, col] for row, col in record["dead"]] == [0]


def test_libraw_renders_the_patches_in_their_published_colours(tmp_path):
    """Levels, neutral, colour matrix and pattern of the DNG at once, through a developer that is not ours."""
    dng, _ = make(tmp_path / "a.dng", rows=540, cols=720)
    with rawpy.imread(str(dng)) as raw:
        light = raw.postprocess(gamma=(1, 1), no_auto_bright=True, use_camera_wb=True, output_bps=16) / 65535
    scene, turn = StillLife(540, 720), np.radians(PATCH_CHART.degrees)
    for i, code in enumerate(PATCHES):
        down, right = (i // 6 - 1.5) * PATCH_PITCH, (i % 6 - 2.5) * PATCH_PITCH
        y = PATCH_CHART.y + down * np.cos(turn) + right * np.sin(turn)
        x = PATCH_CHART.x + right * np.cos(turn) - down * np.sin(turn)
        row, col = (round(v) for v in scene.point(y, x))
        patch = light[row - 8 : row + 9, col - 8 : col + 9].mean(axis=(0, 1))
        # A channel of 72 sites or more, each with noise of at most 0.009 of white, times 1.8 for white balance and
        # 1.6 for the matrix: 0.003.
        np.testing.assert_allclose(patch, linear(code), atol=0.006)


def test_both_formats_are_read_as_the_same_frame(tmp_path):
    frame = {"rows": 240, "cols": 320, "cfa": "QGRBG", "black": 60, "truth": False}
    dng = tenbit.read(make(tmp_path / "a.dng", **frame)[0])
    raw = tenbit.read(make(tmp_path / "b.raw10", **frame, row_padding=5)[0])
    assert np.array_equal(dng.samples, raw.samples)
    for name in ("cfa", "black", "white", "neutral"):
        assert getattr(dng.facts, name) == getattr(raw.facts, name)
    assert dng.facts.colour.color_matrix1 == raw.facts.colour.color_matrix1
    assert dng.warnings == raw.warnings == ()


def test_truth_can_be_left_out_and_the_format_said(tmp_path):
    assert [path.name for path in make(tmp_path / "a.bin", **SMALL, format="dng", truth=False)] == ["a.bin"]
    assert tifffile.imread(tmp_path / "a.bin").shape == (80, 100)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("a.tif", {}, "format: '.tif' is not one of dng, raw10"),
        ("a.dng", {"format": "cr2"}, "format: 'cr2' is not one of dng, raw10"),
        ("a.raw10", {"bits": 12}, "bits: a raw10 file has 10, not 12"),
        ("a.dng", {"seed": -1}, "seed: -1 is below 0"),
        ("a.dng", {"row_padding": -2}, "row_padding: -2 is below 0"),
        ("a.dng", {"rows": 10}, "64 by 64 pixels at least, not 10 by"),
    ],
)
def test_wrong_arguments_leave_no_file(tmp_path, name, arguments, message):
    with pytest.raises(ValueError) as caught:
        make(tmp_path / name, **arguments)
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_import_does_nothing():
    code = "import sys, tenbit.pipeline.sample; print({'tifffile', 'PIL', 'imagecodecs', 'numba'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
