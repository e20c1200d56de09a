"""Real raw files beside LibRaw's rendering of them: the same white balance, linear light, sRGB."""

from pathlib import Path

import numpy as np
import pytest

from tenbit.kernels import stage
from tenbit.pipeline.device import choose
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.raw import read
from tenbit.pipeline.run import run_plan

# Files that a camera made, with a white and a matrix that LibRaw uses too; the largest mean ΔE2000 of them is 1.5.
CAMERA_FILES = (
    "bayer10/drewnoakes_digicam_corpus__Canon_PowerShot_G2_CRW_0305.CRW",
    "bayer10/drewnoakes_digicam_corpus__Canon_PowerShot_S40_CRW_0101.CRW",
    "bayer10/drewnoakes_digicam_corpus__Canon_PowerShot_S40_CRW_0117.CRW",
    "bayer10/drewnoakes_digicam_corpus__Canon_PowerShot_S40_CRW_0119.CRW",
    "dng/LineageOS_android_external_skia__resources_images_sample_1mp.dng",
    "dng/TwelveMonkeys__BMPCC_test.dng",
    "dng/syoyo_tinydng__colorchart.dng",
)
CHAIN = (
    ("black_level", {}),
    ("white_balance", {}),
    ("demosaic", {"method": "bilinear"}),
    ("colour", {"space": "srgb-linear"}),
    ("tone", {"curve": "linear"}),
)


def downscaled(picture: np.ndarray, pixels: int = 256) -> np.ndarray:
    """The mean of square blocks, so many along the longer side that it has about 256 pixels."""
    block = max(1, max(picture.shape[:2]) // pixels)
    rows, cols = (size // block for size in picture.shape[:2])
    return picture[: rows * block, : cols * block].reshape(rows, block, cols, block, 3).mean(axis=(1, 3))


def lab(srgb_linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB, relative to its own white."""
    xyz = srgb_linear @ np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
    t = xyz / [0.9505, 1.0, 1.0890]
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def delta_e_2000(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """CIEDE2000 after Sharma, Wu and Dalal, Color Research and Application 30 (2005) 21, with all k at 1."""
    (light1, a1, b1), (light2, a2, b2) = np.moveaxis(one, -1, 0), np.moveaxis(other, -1, 0)
    mean = 0.5 * (np.hypot(a1, b1) + np.hypot(a2, b2))
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    chroma1, chroma2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    hue1, hue2 = np.arctan2(b1, stretch * a1), np.arctan2(b2, stretch * a2)
    is_grey = chroma1 * chroma2 == 0
    turn = np.where(is_grey, 0.0, (hue2 - hue1 + np.pi) % (2 * np.pi) - np.pi)
    # The mean hue is half the shorter way on; of a grey and a colour, the colour's.
    hue = np.degrees(np.where(is_grey, hue1 + hue2, hue1 + 0.5 * turn)) % 360
    light, chroma = 0.5 * (light1 + light2), 0.5 * (chroma1 + chroma2)
    cosines = ((0.17, 1, -30), (-0.24, 2, 0), (-0.32, 3, 6), (0.20, 4, -63))
    t = 1 - sum(weight * np.cos(np.radians(times * hue + shift)) for weight, times, shift in cosines)
    d_light = (light2 - light1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    d_chroma = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    d_hue = 2 * np.sqrt(chroma1 * chroma2) * np.sin(0.5 * turn) / (1 + 0.015 * chroma * t)
    twist = np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    twist *= -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    return np.sqrt(d_light**2 + d_chroma**2 + d_hue**2 + twist * d_chroma * d_hue)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # eight pairs of Sharma's table 1: blue, near grey, opposite hues, far apart, close, dark
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, -0.001, 2.49), (50, 0.0009, -2.49), 4.8045),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (58, 24, 15), 19.4535),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_itself(one, other, expected):
    assert delta_e_2000(np.array([one], float), np.array([other], float))[0] == pytest.approx(expected, abs=1e-4)


def rendered_by_libraw(path: Path) -> np.ndarray:
    """(rows, cols, 3), linear sRGB of 0 … 1, by LibRaw's own levels, white balance, matrix and bilinear demosaic."""
    import rawpy

    with rawpy.imread(str(path)) as raw:
        picture = raw.postprocess(
            gamma=(1, 1),
            no_auto_bright=True,
            output_bps=16,
            use_camera_wb=True,
            output_color=rawpy.ColorSpace.sRGB,
            user_flip=0,
            demosaic_algorithm=rawpy.DemosaicAlgorithm.LINEAR,
            adjust_maximum_thr=0.0,  # else white is the brightest sample of a frame that nearly clips
        )
    return picture.astype(np.float64) / 65535


@pytest.mark.parametrize("name", CAMERA_FILES)
def test_colours_are_libraws(shared_data, name):
    path = shared_data / "raw" / name
    if not path.is_file():
        pytest.skip(f"not in the shared data: {name}")
    frame = read(path)
    chain = [Link(stage(step), stage(step).parameters(**parameters)) for step, parameters in CHAIN]
    ours = run_plan(frame, plan(chain, frame.facts), choose("cpu")[0]).samples
    theirs = rendered_by_libraw(path)
    assert ours.shape == theirs.shape
    difference = delta_e_2000(lab(downscaled(ours)), lab(downscaled(theirs)))
    assert difference.mean() < 3, f"mean ΔE2000 {difference.mean():.2f}, 95 % below {np.percentile(difference, 95):.2f}"
