"""How near pictures are to the truth of the simulated scene: PSNR, SSIM and colour differences.

A chain is cut off behind ``colour`` and leaves ``exposure`` out: the truth is linear sRGB that has been through neither
exposure nor tone curve. A border is left out, where demosaic methods differ in what they make up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tenbit.kernels._spaces import encode
from tenbit.pipeline.config import Chain
from tenbit.pipeline.device import Said, choose
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.profile.frames import Sample, sample
from tenbit.pipeline.run import run_plan

Light = npt.NDArray[np.float32]

SIZE = "1080x1440"
"""Of the frame that quality is measured on, whatever the size of those that are timed."""
BORDER = 16
LEFT_OUT = ("exposure",)
_EXTRA = "quality needs scikit-image: pip install 'tenbit[profile]'"


class Quality(NamedTuple):
    """How near a picture is to its truth, both cut off at 0 and 1.

    Parameters
    ----------
    psnr_db, psnr_srgb_db : float
        Of linear light, of its sRGB code values.
    ssim : float
        Structural similarity of the code values (Wang and others, 2004: Gaussian windows of 1.5 pixels), 1 for the same
        picture.
    delta_e, delta_e_95 : float
        CIEDE2000: the mean, and what 95 % of the pixels do not pass.
    """

    psnr_db: float
    psnr_srgb_db: float
    ssim: float
    delta_e: float
    delta_e_95: float


def check_extra() -> None:
    """Tell before hours of timing that what measures quality is not there.

    Raises
    ------
    RequestError
        With what to install.
    """
    if find_spec("skimage") is None:
        raise RequestError(_EXTRA)


def cut(chain: Chain) -> tuple[Link, ...]:
    """The stages of a chain down to linear sRGB.

    Raises
    ------
    RequestError
        If it has no ``colour``.
    """
    found: list[Link] = []
    for link in chain.links:
        if link.stage.name in LEFT_OUT:
            continue
        if link.stage.name == "colour":
            return (*found, dataclasses.replace(link, parameters=dataclasses.replace(link.parameters, space="srgb")))
        found.append(link)
    raise RequestError(f"the chain {chain.name} has no colour, which makes the linear sRGB of the truth")


def of_links(
    links: Sequence[Link], *, cfa: str, bits: int, is_packed: bool, iso: float, said: Said | None = None
) -> Quality:
    """The quality of what stages make of the simulated scene, 1080 x 1440; done on the CPU.

    Raises
    ------
    RequestError
        If scikit-image is missing, or the picture has not the truth's size.
    StageError
        If they cannot work on it.
    """
    seen = _exposure(cfa, bits, is_packed, iso)
    assert seen.truth is not None
    frame = seen.frame
    out = run_plan(frame, plan(links, frame.facts, packing=frame.packing), choose("cpu")[0], said=said).samples
    return measured(out, seen.truth)


@lru_cache(maxsize=4)
def _exposure(cfa: str, bits: int, is_packed: bool, iso: float) -> Sample:
    return sample(SIZE, cfa=cfa, bits=bits, is_packed=is_packed, iso=iso, has_truth=True)


def measured(out: Light, truth: Light) -> Quality:
    """How near a picture is to its truth; see `inside` for both.

    Raises
    ------
    RequestError
        If scikit-image is missing, or the sizes differ.
    """
    check_extra()
    from skimage.color import deltaE_ciede2000, rgb2lab
    from skimage.metrics import structural_similarity

    linear, code = psnr(out, truth)
    ours, theirs = (encode("srgb", light) for light in inside(out, truth))
    similar = structural_similarity(  # type: ignore[no-untyped-call]
        theirs,
        ours,
        data_range=1.0,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    far = deltaE_ciede2000(rgb2lab(theirs), rgb2lab(ours))  # type: ignore[no-untyped-call]
    return Quality(linear, code, float(similar), float(far.mean()), float(np.percentile(far, 95)))


def psnr(out: Light, truth: Light) -> tuple[float, float]:
    """PSNR in dB of linear light and of its sRGB code values; see `inside` for what is compared."""
    pictures = inside(out, truth)
    errors = (np.subtract(*pictures), np.subtract(*(encode("srgb", light) for light in pictures)))
    with np.errstate(divide="ignore"):  # The same picture: infinite.
        linear, code = (float(-10 * np.log10(np.mean(error.astype(np.float64) ** 2))) for error in errors)
    return linear, code


def inside(out: Light, truth: Light) -> tuple[Light, Light]:
    """A picture, cut off at 0 and 1, and its truth, both without the border.

    Parameters
    ----------
    out, truth : array
        (rows, cols, 3) float32, linear sRGB. The truth may be twice as large: that of a binned frame is the mean of
        each block.

    Raises
    ------
    RequestError
        If the sizes are others.
    """
    rows, cols, _ = out.shape
    if truth.shape[:2] == (2 * rows, 2 * cols):
        truth = truth.reshape(rows, 2, cols, 2, 3).mean(axis=(1, 3), dtype=np.float32)
    if truth.shape != out.shape:
        raise RequestError(f"a picture of {rows} x {cols} cannot be held against a truth of {truth.shape[:2]}")
    within = np.s_[BORDER:-BORDER, BORDER:-BORDER]
    return np.clip(out, 0, 1)[within], truth[within]
