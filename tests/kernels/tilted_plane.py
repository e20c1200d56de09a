"""A textured plane tilted through focus, photographed by the simulated sensor and developed."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.signal import fftconvolve

import tenbit
from tenbit.kernels._facts import CameraColour, Cfa, Facts
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.sample.sensor import COLOR_MATRIX, SensorModel, neutral

ROWS, COLS = 160, 480
MIDDLE = COLS / 2
"""Column at which the plane is in focus."""
# 1 / distance of a plane changes evenly across the picture, and the disc that a lens makes of a point, in pixels, is
# that difference times its focal length squared, over the f-number and the size of a pixel.
DISC_PX = 0.14
FINE = 2
"""Points of the scene per pixel, each way."""
CHAIN = [
    "black_level", {"white_balance": {"mode": "as_shot"}}, "quad_bayer", {"demosaic": {"method": "bilinear"}},
    {"exposure": {"ev": 0.5}}, {"colour": {"space": "srgb"}}, {"tone": {"curve": "filmic"}}, "orient",
]  # fmt: skip


@cache
def texture(rows: int = ROWS, cols: int = COLS, seed: int = 1) -> np.ndarray:
    """Dead leaves: discs over discs, of sizes and tones as in photographs; linear, ``FINE`` times as large."""
    rng = np.random.default_rng(seed)
    rows, cols = FINE * rows, FINE * cols
    picture = np.full((rows, cols), 0.2)
    for _ in range(rows * cols // 100):
        radius = (1 / 60**2 + rng.random() * (1 / 2**2 - 1 / 60**2)) ** -0.5
        row, col, tone = rng.random() * rows, rng.random() * cols, np.exp(rng.uniform(np.log(0.02), np.log(0.5)))
        top, left = max(int(row - radius), 0), max(int(col - radius), 0)
        part = picture[top : int(row + radius) + 2, left : int(col + radius) + 2]
        down, right = np.ogrid[: part.shape[0], : part.shape[1]]
        part[(down + top - row) ** 2 + (right + left - col) ** 2 <= radius**2] = tone
    return picture


def pixels(picture: np.ndarray) -> np.ndarray:
    """What pixels collect of a fine picture."""
    rows, cols = (n // FINE for n in picture.shape)
    return picture.reshape(rows, FINE, cols, FINE).mean(axis=(1, 3))


def defocused(picture: np.ndarray, disc_px: float) -> np.ndarray:
    """Pixels of a fine picture whose points have become discs of a diameter."""
    if disc_px * FINE < 0.7:
        return pixels(picture)
    reach = int(np.ceil(disc_px * FINE / 2)) + 1
    parts = (np.arange(-reach * 5 - 2, reach * 5 + 3)) / 5
    inside = np.hypot(parts[:, None], parts) <= disc_px * FINE / 2
    kernel = inside.reshape(2 * reach + 1, 5, 2 * reach + 1, 5).mean(axis=(1, 3))
    around = np.pad(picture, reach, mode="reflect")
    return pixels(np.clip(fftconvolve(around, kernel / kernel.sum(), mode="valid"), 0, None))


DISCS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.5)


@cache
def stack() -> np.ndarray:
    """The texture out of focus by each of `DISCS`."""
    return np.stack([defocused(texture(), disc) for disc in DISCS])


def tilted(f_number: float) -> np.ndarray:
    """The plane in focus at the column `MIDDLE`: linear, (ROWS, COLS)."""
    discs = disc_at(np.arange(COLS), f_number)
    after = np.clip(np.searchsorted(DISCS, discs), 1, len(DISCS) - 1)
    known, cols = np.array(DISCS), np.arange(COLS)
    part = (discs - known[after - 1]) / (known[after] - known[after - 1])
    return (stack()[after - 1, :, cols] * (1 - part)[:, None] + stack()[after, :, cols] * part[:, None]).T


def disc_at(cols: np.ndarray, f_number: float) -> np.ndarray:
    """Diameter of the disc at columns of the tilted plane, px."""
    return np.abs(cols + 0.5 - MIDDLE) * DISC_PX / f_number


def shot(light: np.ndarray, iso: float, *, seed: int = 5) -> np.ndarray:
    """The 8-bit picture, (rows, cols, 3), that is developed of a grey scene, linear; or of one in camera colours."""
    white = np.array(neutral())
    rows, cols = light.shape[:2]
    sites = np.tile([[0, 1], [1, 2]], (rows // 2, cols // 2))
    signal = light * white[sites] if light.ndim == 2 else np.take_along_axis(light, sites[..., None], axis=2)[..., 0]
    sensor = SensorModel(iso=iso)
    facts = Facts(
        state="mosaic", rows=rows, cols=cols, cfa=Cfa("RGGB"), black=(64.0,) * 4, white=(float(sensor.white),) * 4,
        neutral=neutral(), colour=CameraColour(color_matrix1=COLOR_MATRIX, illuminant1=21),
        optical_centre=((rows - 1) / 2, (cols - 1) / 2),
    )  # fmt: skip
    frame = Frame(sensor.counts(signal, np.random.default_rng(seed)), facts)
    return tenbit.run(frame, CHAIN, device="cpu", bits=8).samples
