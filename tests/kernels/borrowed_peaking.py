"""How cameras find focus: three published ways, for comparison, on 8-bit pictures (rows, cols, 3)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import convolve

LUMA = np.array([0.2126, 0.7152, 0.0722])


def magic_lantern(picture: np.ndarray, share: float = 0.005) -> np.ndarray:
    """Magic Lantern: the Laplacian of luma, over a threshold of 15 … 255 that so many pixels pass."""
    cross = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])
    edges = np.abs(convolve(picture @ LUMA, cross, mode="mirror"))
    return edges > np.clip(np.quantile(edges, 1 - share), 15, 255)


def open_camera(picture: np.ndarray) -> np.ndarray:
    """Open Camera: the Laplacian of eight neighbours, longer than 256 in RGB, at three of five pixels of a cross."""
    kernel = np.full((3, 3), -1)
    kernel[1, 1] = 8
    edges = np.stack([convolve(picture[..., n].astype(int), kernel, mode="mirror") for n in range(3)])
    passed = (edges**2).sum(axis=0) > 256**2
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    return convolve(passed.astype(int), cross, mode="mirror") >= 3


def phone(picture: np.ndarray, threshold: float = 0.6) -> np.ndarray:
    """A phone's own camera: Sobel's slope of luma, 0 … 1, over 0.20, 0.60 or 1.30."""
    y = picture @ LUMA / 255
    sobel = np.outer([1, 2, 1], [-1, 0, 1])
    return np.hypot(convolve(y, sobel, mode="mirror"), convolve(y, sobel.T, mode="mirror")) > threshold


WAYS = {"Magic Lantern": magic_lantern, "Open Camera": open_camera, "phone": phone}
