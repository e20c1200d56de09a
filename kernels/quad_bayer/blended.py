"""Detail at full resolution where it stands out of the noise, means of blocks where it does not.

What a pixel differs by from the mean about the size of a block is kept as far as its energy nearby is more than that of
noise: J.-S. Lee, "Digital image enhancement and noise filtering by use of local statistics", IEEE PAMI 2(2), 1980, on
luma, for three colours alike.
"""

from __future__ import annotations

from tenbit.kernels._encode import Encoding
from tenbit.kernels._noise import Measured
from tenbit.kernels._stage import PLANES, Access, Constants, Results, Step

# Shares of red, green and blue in the luma that detail is judged by.
RED_SHARE, GREEN_SHARE, BLUE_SHARE = 0.25, 0.5, 0.25
# Energy of what noise leaves in the detail of luma, over the variance of luma's samples.
NOISE_SHARE = 1.2


def smooth_rows(r, g, b):
    """Three colours over five pixels of a row, 1 2 2 2 1: a mean of blocks, wherever they begin."""
    red = 0.25 * ((r(0, -1) + r(0, 1)) + r(0, 0)) + 0.125 * (r(0, -2) + r(0, 2))
    green = 0.25 * ((g(0, -1) + g(0, 1)) + g(0, 0)) + 0.125 * (g(0, -2) + g(0, 2))
    blue = 0.25 * ((b(0, -1) + b(0, 1)) + b(0, 0)) + 0.125 * (b(0, -2) + b(0, 2))
    return red, green, blue


def smooth_cols(r, g, b):
    """The same along columns."""
    red = 0.25 * ((r(-1, 0) + r(1, 0)) + r(0, 0)) + 0.125 * (r(-2, 0) + r(2, 0))
    green = 0.25 * ((g(-1, 0) + g(1, 0)) + g(0, 0)) + 0.125 * (g(-2, 0) + g(2, 0))
    blue = 0.25 * ((b(-1, 0) + b(1, 0)) + b(0, 0)) + 0.125 * (b(-2, 0) + b(2, 0))
    return red, green, blue


def luma(red, green, blue):
    """What detail is judged by."""
    return RED_SHARE * red + BLUE_SHARE * blue + GREEN_SHARE * green


def energies(red, green, blue, red_mean, green_mean, blue_mean, k):
    """Energy of the detail of luma, and what it is expected to be of noise, in samples of light."""
    mean = luma(red_mean, green_mean, blue_mean)
    detail = luma(red, green, blue) - mean
    return detail * detail, k.scale * max(mean, 0.0) + k.offset


def encoded_energies(red, green, blue, red_mean, green_mean, blue_mean, k):
    """The same in square roots of light: noise is divided by the slope of the root, squared."""
    mean = luma(red_mean, green_mean, blue_mean)
    detail = luma(red, green, blue) - mean
    square = max(mean * mean, 0.25 * k.shift)
    return detail * detail, (k.scale * max(square - k.shift, 0.0) + k.offset) / (4.0 * square)


def energy_rows(e):
    """Energy over five pixels of a row."""
    return 0.2 * (((e(0, -2) + e(0, 2)) + (e(0, -1) + e(0, 1))) + e(0, 0))


def blended(e, noise, red, green, blue, red_mean, green_mean, blue_mean):
    """Three colours, their detail as strong as it is more than noise."""
    energy = 0.2 * (((e(-2, 0) + e(2, 0)) + (e(-1, 0) + e(1, 0))) + e(0, 0))
    kept = max(energy - noise(0, 0), 0.0) / max(energy, 1e-12)
    r, g, b = red_mean(0, 0), green_mean(0, 0), blue_mean(0, 0)
    return r + kept * (red(0, 0) - r), g + kept * (green(0, 0) - g), b + kept * (blue(0, 0) - b)


def steps(coded: Encoding, measured: Measured) -> tuple[Step, ...]:
    """Steps on red, green and blue, encoded or not.

    Parameters
    ----------
    coded : Encoding
        How they are encoded.
    measured : Measured
        The noise of the mosaic before it was encoded.
    """

    def late(results: Results) -> Constants:
        (red, red_offset), (green, green_offset), (blue, blue_offset) = measured.profile(results)
        shift = coded.after[0].resolved(results) if coded.after else {}
        return {
            "scale": NOISE_SHARE * (RED_SHARE * red + GREEN_SHARE * green + BLUE_SHARE * blue),
            "offset": NOISE_SHARE * (RED_SHARE * red_offset + GREEN_SHARE * green_offset + BLUE_SHARE * blue_offset),
            **shift,
        }

    rgb, means = PLANES["linear"], ("quad_red_block", "quad_green_block", "quad_blue_block")
    rows, energy = (
        ("quad_red_block_rows", "quad_green_block_rows", "quad_blue_block_rows"),
        ("quad_energy", "quad_noise"),
    )
    body = encoded_energies if coded.after else energies
    return (
        Step("quad_bayer.smooth_rows", Access.STENCIL, smooth_rows, rgb, rows, radius=2),
        Step("quad_bayer.smooth_cols", Access.STENCIL, smooth_cols, rows, means, radius=2),
        Step("quad_bayer.energy", Access.POINT, body, (*rgb, *means), energy, late),
        Step("quad_bayer.energy_rows", Access.STENCIL, energy_rows, energy[:1], ("quad_energy_rows",), radius=2),
        Step(
            "quad_bayer.blended",
            Access.STENCIL,
            blended,
            ("quad_energy_rows", "quad_noise", *rgb, *means),
            rgb,
            radius=2,
        ),
    )
