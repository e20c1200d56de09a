"""The simulator's truth: what a chain that inverts the camera gives back."""

import numpy as np
import pytest
import tifffile

from tenbit.kernels import stage
from tenbit.pipeline.device import choose
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.raw import read
from tenbit.pipeline.run import run_plan
from tenbit.pipeline.sample import LensModel, make

LENS = LensModel.parse("even k=-0.08,0.01,0 red_scale=1.0015 blue_scale=0.9985 vignetting=-0.3,0,0")
CORRECTION = [
    ("vignetting", {"k": (-0.3, 0.0, 0.0)}),
    ("lens", {"distortion": (-0.08, 0.01, 0.0), "red_scale": 1.0015, "blue_scale": 0.9985}),
]


def psnr(path, *extra):
    """PSNR in dB of linear sRGB against the truth, away from the border that the lens moves out of the frame."""
    frame = read(path)
    light = [("black_level", {}), ("white_balance", {}), ("quad_bayer", {}), ("demosaic", {"method": "malvar"})]
    steps = [*light, *extra, ("colour", {})]
    links = [Link(stage(name), stage(name).parameters(**given)) for name, given in steps]
    out = run_plan(frame, plan(links, frame.facts), choose("cpu")[0]).samples
    truth = tifffile.imread(path.with_name(f"{path.stem}-truth.tif")) / 65535
    if truth.shape != out.shape:
        # the truth of a binned frame is the mean of each block
        truth = truth.reshape(out.shape[0], 2, out.shape[1], 2, 3).mean(axis=(1, 3))
    inside = np.s_[16:-16, 16:-16]
    # the truth stops at 1; a light brighter than that is white in both
    error = np.clip(out, 0, 1)[inside] - truth[inside]
    return 10 * np.log10(1 / np.mean(error**2))


@pytest.mark.parametrize("suffix", ["dng", "raw10"])
@pytest.mark.parametrize("cfa", ["RGGB", "GBRG"])
def test_without_a_lens_only_the_demosaic_and_the_noise_are_lost(tmp_path, suffix, cfa):
    path = tmp_path / f"straight.{suffix}"
    make(path, rows=480, cols=640, cfa=cfa)
    # 25.4 dB: at this size most of the scene is as fine as the pixels
    assert psnr(path) > 25


def test_the_lens_stage_undoes_distortion(tmp_path):
    curved, straight = tmp_path / "curved.dng", tmp_path / "straight.dng"
    make(curved, rows=480, cols=640, lens=LensModel.parse("even k=-0.08,0.01,0"))
    make(straight, rows=480, cols=640)
    assert psnr(curved) < 16
    # one bicubic resample costs little beside the demosaic
    assert psnr(curved, ("lens", {"distortion": (-0.08, 0.01, 0.0)})) > psnr(straight) - 1.5


def test_two_stages_undo_every_fault_of_a_lens(tmp_path):
    path = tmp_path / "curved.dng"
    make(path, rows=480, cols=640, lens=LENS)
    # 23.1 dB against 14.1; the demosaic has already mixed channels that lie a pixel apart in the corners
    assert psnr(path, *CORRECTION) > psnr(path) + 8


def test_binned_quad_bayer_keeps_the_colours(tmp_path):
    path = tmp_path / "quad.dng"
    make(path, rows=640, cols=960, cfa="QRGGB")
    assert psnr(path) > 25


def test_less_noise_is_nearer_to_the_truth(tmp_path):
    levels = []
    for iso in (100, 3200):
        path = tmp_path / f"iso{iso}.dng"
        make(path, rows=480, cols=640, iso=iso)
        levels.append(psnr(path))
    assert levels[0] > levels[1] + 1.5
