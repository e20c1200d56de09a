"""The fast chain in plain NumPy: float32, whole frames, Malvar's demosaic by shifted slices; one thread."""

from __future__ import annotations

import numpy as np
from frames import Numbers
from numpy.typing import NDArray

_SITES = ((0, 0), (0, 1), (1, 0), (1, 1))


class FastChain:
    """RGGB uint16 to RGB8: levels and balance, Malvar, matrix, sRGB curve; as most people first write it.

    Parameters
    ----------
    numbers : Numbers
    """

    def __init__(self, numbers: Numbers) -> None:
        self._black, self._scale = np.float32(numbers.black), np.float32(1 / (numbers.white - numbers.black))
        self._gains = [np.float32(gain) for gain in numbers.gains]
        self._matrix = numbers.matrix.astype(np.float32)

    def __call__(self, mosaic: NDArray[np.uint16]) -> NDArray[np.uint8]:
        """RGB8, (rows, cols, 3)."""
        light = (mosaic.astype(np.float32) - self._black) * self._scale
        for row, col in _SITES:
            light[row::2, col::2] *= self._gains[row + col]
        rgb = _malvar(np.minimum(light, 1)) @ self._matrix.T
        rgb = np.clip(rgb, 0, 1)
        code = np.where(rgb <= 0.0031308, rgb * 12.92, 1.055 * rgb ** np.float32(1 / 2.4) - 0.055)
        return (code * 255 + np.float32(0.5)).astype(np.uint8)


def _malvar(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Malvar, He and Cutler 2004, figure 2."""
    rows, cols = light.shape
    seen = np.pad(light, 2, mode="reflect")

    def m(row: int, col: int) -> NDArray[np.float32]:
        return seen[2 + row : 2 + row + rows, 2 + col : 2 + col + cols]

    above, beside = m(-2, 0) + m(2, 0), m(0, -2) + m(0, 2)
    left_right, up_down = m(0, -1) + m(0, 1), m(-1, 0) + m(1, 0)
    corners = m(-1, -1) + m(1, 1) + m(-1, 1) + m(1, -1)
    eighth, half, both = np.float32(0.125), np.float32(0.5), np.float32(1.5)
    green = (4 * light + 2 * (left_right + up_down) - (beside + above)) * eighth
    opposite = (6 * light + 2 * corners - both * (beside + above)) * eighth
    along_row = (5 * light + 4 * left_right - beside - corners + half * above) * eighth
    along_col = (5 * light + 4 * up_down - above - corners + half * beside) * eighth
    rgb = np.empty((rows, cols, 3), np.float32)
    for (row, col), planes in zip(
        _SITES,
        (
            (light, green, opposite),
            (along_row, light, along_col),
            (along_col, light, along_row),
            (opposite, green, light),
        ),
        strict=True,
    ):
        for channel, plane in enumerate(planes):
            rgb[row::2, col::2, channel] = plane[row::2, col::2]
    return rgb
