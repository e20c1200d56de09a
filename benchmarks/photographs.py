"""What a demosaic gives back of photographs: PSNR and SSIM of mosaics made of pictures whose colours are all known.

The conventions of the literature: sRGB code values taken as they are, RGGB, CPSNR (over the three colours together), a
border of 10 pixels left out, the mean over a set's pictures. Two settings nearer to a camera follow: linear light
through a blur of 0.9 px, and linear light at ISO 1600, both seen by a sensor with noise and 10 bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scored
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from tenbit.kernels._facts import Cfa
from tenbit.kernels.demosaic import LINEAR, METHODS

Picture = NDArray[np.float64]

BORDER = 10
SETS = {"K": "kodim*.png", "M": "mcm*.png"}
"""Kodak and McMaster, by the names that the pictures go by; how many there are in the folder is written down."""
# White balance of a sensor whose red and blue filters pass less light than its green ones.
GAINS = (2.0, 1.0, 1.6)
BLACK, WHITE = 64, 1023
# Variance of light x, 0 … 1, is scale · x + offset: a pixel of 1.6 µm, full well 10 000 electrons, read noise 3
# electrons at ISO 100 and 1.5 at ISO 1600.
NOISE = {100: (1e-4, (3.0 / 10000) ** 2), 1600: (16e-4, (1.5 / 625) ** 2)}


@dataclass(frozen=True)
class Setting:
    """How a picture becomes a mosaic.

    Parameters
    ----------
    name : str
    iso : int
        Of `NOISE`; 0: code values as they are.
    blur_px : float
        Standard deviation of a Gaussian blur of the light, before it is sampled; the truth is blurred too.
    """

    name: str
    iso: int = 0
    blur_px: float = 0.0


SETTINGS = (Setting("sRGB"), Setting("soft", 100, 0.9), Setting("ISO 1600", 1600))
BAYER = (*METHODS, "adaptive")
QUAD = ("quad_bin", "quad_direct", "quad_auto")


def decoded(code: Picture) -> Picture:
    """Linear light of sRGB code values, 0 … 1 (IEC 61966-2-1)."""
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def encoded(light: Picture) -> Picture:
    """sRGB code values of linear light, 0 … 1, what lies outside cut off."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def colours(shape: tuple[int, int], cfa: str) -> NDArray[np.intp]:
    """(rows, cols): which colour each site sees, 0 red, 1 green, 2 blue."""
    pattern = Cfa(cfa)
    sites = np.array(pattern.sites).reshape(pattern.period, -1)
    return np.tile(sites, (-(-shape[0] // len(sites)), -(-shape[1] // len(sites))))[: shape[0], : shape[1]]


def sampled(code: Picture, cfa: str, setting: Setting, *, seed: int) -> tuple[NDArray[np.float32], Picture]:
    """The mosaic of a picture, white balanced, and the sRGB code values that it should give back."""
    site = colours(code.shape[:2], cfa)
    if not setting.iso:
        return np.take_along_axis(code, site[..., None], 2)[..., 0].astype(np.float32), code
    light = decoded(code)
    if setting.blur_px:
        light = gaussian_filter(light, (setting.blur_px, setting.blur_px, 0))
    gains = np.array(GAINS)[site]
    seen = np.take_along_axis(light, site[..., None], 2)[..., 0] / gains
    scale, offset = NOISE[setting.iso]
    rng = np.random.default_rng(seed)
    seen = rng.poisson(seen / scale) * scale + rng.normal(0, np.sqrt(offset), seen.shape)
    counts = np.clip(np.round(seen * (WHITE - BLACK) + BLACK), 0, WHITE)
    return ((counts - BLACK) / (WHITE - BLACK) * gains).astype(np.float32), encoded(light)


def cpsnr(truth: Picture, out: Picture) -> float:
    """PSNR in dB over all three colours, away from the border."""
    inside = np.s_[BORDER:-BORDER, BORDER:-BORDER]
    return float(-10 * np.log10(np.mean((truth[inside] - np.clip(out[inside], 0, 1)) ** 2)))


def ssim(truth: Picture, out: Picture) -> float | None:
    """Mean SSIM of the three colours (Wang and others 2004), away from the border; None without scikit-image."""
    try:
        from skimage.metrics import structural_similarity
    except ImportError:
        return None
    inside = np.s_[BORDER:-BORDER, BORDER:-BORDER]
    given = {"data_range": 1.0, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    out = np.clip(out, 0, 1)
    return float(
        np.mean([structural_similarity(truth[inside][..., c], out[inside][..., c], **given) for c in range(3)])
    )


def pictures(folder: Path, pattern: str) -> list[Picture]:
    """The pictures of a set in order of their names, cut to multiples of four pixels, code values 0 … 1."""
    found = []
    for path in sorted(folder.glob(pattern)):
        with Image.open(path) as image:
            code = np.asarray(image.convert("RGB"), np.float64) / 255
        found.append(code[: code.shape[0] // 4 * 4, : code.shape[1] // 4 * 4])
    return found


def scored_name(method: str, *, is_code: bool) -> str:
    """The name in `scored` of what the stage does by itself: roots of linear light, but not for linear filters."""
    return method if is_code or method in LINEAR else f"{method}_sqrt"


def scores(method: str, setting: Setting, sets: Mapping[str, list[Picture]]) -> dict[str, float]:
    """Figures of one method by set: ``K``, ``M`` in dB, for code values also ``K SSIM``, ``M SSIM``."""
    is_code = not setting.iso
    run = getattr(scored, scored_name(method, is_code=is_code))
    cfa = "QRGGB" if method in QUAD else "RGGB"
    found = {}
    for name, codes in sets.items():
        each, alike = [], []
        for number, code in enumerate(codes):
            mosaic, truth = sampled(code, cfa, setting, seed=1000 + number)
            out = np.asarray(run(mosaic, cfa), np.float64)
            out = out if is_code else encoded(out)
            each.append(cpsnr(truth, out))
            if is_code:
                alike.append(ssim(truth, out))
        found[name] = round(float(np.mean(each)), 2)
        if known := [level for level in alike if level is not None]:
            found[f"{name} SSIM"] = round(float(np.mean(known)), 4)
    return found
