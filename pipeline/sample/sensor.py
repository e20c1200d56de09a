"""The simulated sensor: colour filters, light to counts, noise, defects.

The camera does not exist: its colour matrix, full well and read noise are invented, within what sensors of 2020s
phones and cameras show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenbit.kernels._facts import Array, Cfa, Matrix, Triple, as_matrix

# Linear sRGB (D65) to XYZ: IEC 61966-2-1, seven digits.
_XYZ_FROM_SRGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
# Invented: how much of each sRGB light each filter passes. Rows add up to 0.55, 1 and 0.65.
_CAMERA_FROM_SRGB = np.array([[0.396, 0.132, 0.022], [0.140, 0.740, 0.120], [0.0195, 0.1235, 0.507]])
BITS = (8, 10, 12, 14, 16)


def _color_matrix() -> Matrix:
    return as_matrix(np.round(_CAMERA_FROM_SRGB @ np.linalg.inv(_XYZ_FROM_SRGB), 4))


COLOR_MATRIX: Matrix = _color_matrix()
"""XYZ to camera for D65 (ColorMatrix1), in ten-thousandths as a DNG stores it. Invented."""


@dataclass(frozen=True, kw_only=True)
class SensorModel:
    """A sensor with known faults.

    Parameters
    ----------
    cfa : str
        Bayer (``RGGB`` …) or quad-Bayer (``QRGGB`` …), see `Cfa`.
    bits : int
        8, 10, 12, 14 or 16; the white level is ``2**bits - 1``, where green sees diffuse white and everything clips.
    black : int
        Black level, counts.
    iso : float
        Sensitivity; at 100, white is a full well, at twice that half as many electrons.
    full_well_e : float
        Electrons at white at ISO 100.
    read_noise_e : float
        Standard deviation of what reading adds, electrons.
    is_noisy : bool
        Whether there is shot and read noise at all; the rounding to counts always is.
    hot_pixels, dead_pixels : int
        How many sites always read white, and how many always read 0, anywhere.

    Raises
    ------
    ValueError
        If a value is outside its range.
    """

    cfa: str = "RGGB"
    bits: int = 10
    black: int = 64
    iso: float = 100.0
    full_well_e: float = 15000.0
    read_noise_e: float = 2.5
    is_noisy: bool = True
    hot_pixels: int = 0
    dead_pixels: int = 0

    def __post_init__(self) -> None:
        Cfa(self.cfa)
        if self.bits not in BITS:
            raise ValueError(f"bits: {self.bits} is not one of {', '.join(map(str, BITS))}")
        if not 0 <= self.black < self.white:
            raise ValueError(f"black: {self.black} is outside 0..{self.white - 1} counts")
        for name in ("iso", "full_well_e"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: {getattr(self, name)} is not above 0")
        for name in ("read_noise_e", "hot_pixels", "dead_pixels"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}: {getattr(self, name)} is below 0")

    @property
    def white(self) -> int:
        """White level, counts."""
        return int(2**self.bits - 1)

    @property
    def white_e(self) -> float:
        """Electrons at white at this sensitivity."""
        return self.full_well_e * 100 / self.iso

    @property
    def noise_profile(self) -> tuple[float, float]:
        """(scale, offset) of DNG's NoiseProfile: variance = scale · signal + offset, signal and black at 0, white at 1.

        The offset holds the rounding to counts (1/12 of a count squared) as well as the read noise.
        """
        rounding = 1 / 12 / (self.white - self.black) ** 2
        if not self.is_noisy:
            return 0.0, rounding
        return 1 / self.white_e, (self.read_noise_e / self.white_e) ** 2 + rounding

    def counts(self, signal: Array, rng: np.random.Generator) -> Array:
        """What the sensor reads, uint16 counts, for light of any shape: 0 is black, 1 is white, more is clipped."""
        if self.is_noisy:
            electrons = rng.poisson(np.clip(signal, 0, None) * self.white_e)
            signal = (electrons + self.read_noise_e * rng.standard_normal(signal.shape)) / self.white_e
        counts = np.rint(self.black + signal * (self.white - self.black))
        return np.asarray(np.clip(counts, 0, self.white), np.uint16)

    def defects(self, rows: int, cols: int, seed: int) -> tuple[Array, Array]:
        """Flat indices of the hot and of the dead sites of a sensor of this size, no site twice, rising.

        Raises
        ------
        ValueError
            If there are more defects than sites.
        """
        wanted = self.hot_pixels + self.dead_pixels
        if wanted > rows * cols:
            raise ValueError(f"hot_pixels, dead_pixels: {wanted} are more than the {rows * cols} sites")
        sites = np.random.default_rng([seed, 0xDEFEC7]).choice(rows * cols, wanted, replace=False)
        return np.sort(sites[: self.hot_pixels]), np.sort(sites[self.hot_pixels :])


def camera_from_srgb() -> Array:
    """Linear sRGB to camera, (3, 3) float64, through `COLOR_MATRIX`; scaled so that green sees white as 1."""
    matrix = np.array(COLOR_MATRIX) @ _XYZ_FROM_SRGB
    return np.asarray(matrix / matrix[1].sum())


def neutral() -> Triple:
    """What the camera reads for white light (1, 1, 1): AsShotNeutral, about (0.55, 1, 0.65)."""
    red, green, blue = camera_from_srgb().sum(axis=1).tolist()
    return red, green, blue
