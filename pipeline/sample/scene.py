"""The procedural scene: a still life with test charts, linear sRGB, at any size and at any point between pixels.

A scene is a function of place, not a picture: the simulated lens asks it for the light at the exact points that its
pixels see, so that nothing is resampled. White paper is about 0.85, diffuse white is 1, the bulbs and the highlights
of the balls are above it.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from tenbit.kernels._facts import Array
from tenbit.pipeline.sample.charts import grey_card, patch_chart, star_card, text_card
from tenbit.pipeline.sample.shapes import Layer, Place, linear
from tenbit.pipeline.sample.still_life import ball, coaster, lights, napkin, pencil, room

UNITS = (1080.0, 1440.0)
"""Height and width of the scene's design, in units; it is fitted into the picture and its room goes on around it."""
PATCH_CHART = Place(330, 1184, 312, 456, 2.0)
SMALLEST = 64


class Scene(Protocol):
    """Light at any point of a picture."""

    rows: int
    cols: int

    def at(self, row: Array, col: Array) -> Array:
        """Linear sRGB, float32, shape of ``row`` and ``col`` plus (3,), at points given in pixels.

        (0, 0) is the centre of the first pixel; points outside the picture have light too.
        """


class StillLife:
    """The scene of the simulator.

    Parameters
    ----------
    rows, cols : int
        Size of the picture in pixels, 64 by 64 at least, any aspect ratio.
    seed : int
        Of the textures (plaster, wood, cloth, stone). The layout is always the same.

    Raises
    ------
    ValueError
        If the picture is smaller than 64 by 64.
    """

    def __init__(self, rows: int, cols: int, seed: int = 1) -> None:
        if min(rows, cols) < SMALLEST:
            raise ValueError(f"a scene has {SMALLEST} by {SMALLEST} pixels at least, not {rows} by {cols}")
        self.rows, self.cols = rows, cols
        self._px = max(UNITS[0] / rows, UNITS[1] / cols)
        table = np.random.default_rng([seed, 0x5CE7E]).uniform(-1, 1, (256, 256)).astype(np.float32)
        self._layers = _layout(table, 1 / self._px)

    def point(self, y: float, x: float) -> tuple[float, float]:
        """(row, col) of a place given in scene units."""
        return (
            (y - UNITS[0] / 2) / self._px + (self.rows - 1) / 2,
            (x - UNITS[1] / 2) / self._px + (self.cols - 1) / 2,
        )

    def at(self, row: Array, col: Array) -> Array:
        px = self._px
        y = (row - (self.rows - 1) / 2) * px + UNITS[0] / 2
        x = (col - (self.cols - 1) / 2) * px + UNITS[1] / 2
        canvas = np.zeros((*y.shape, 3), np.float32)
        top, bottom, left, right = y.min() - px, y.max() + px, x.min() - px, x.max() + px
        for layer in self._layers:
            if layer.box[0] <= bottom and top <= layer.box[2] and layer.box[1] <= right and left <= layer.box[3]:
                layer.paint(canvas, y, x, px)
        return canvas


class Picture:
    """A scene made of a picture in memory: exact at its pixels, Keys' bicubic between them, its border goes on.

    Parameters
    ----------
    samples : array_like
        (rows, cols, 3), linear sRGB, 1 is diffuse white.

    Raises
    ------
    ValueError
        If the shape is another.

    Notes
    -----
    R. G. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 29 (1981), a = -1/2.
    """

    def __init__(self, samples: npt.ArrayLike) -> None:
        self._samples = np.asarray(samples, np.float32)
        if self._samples.ndim != 3 or self._samples.shape[2] != 3:
            raise ValueError(f"a scene has shape (rows, cols, 3), not {self._samples.shape}")
        self.rows, self.cols = self._samples.shape[:2]

    def at(self, row: Array, col: Array) -> Array:
        r0, c0 = np.floor(row), np.floor(col)
        total = np.zeros((*row.shape, 3), np.float32)
        down, right = _keys(row - r0), _keys(col - c0)
        for i, v in enumerate(down):
            r = np.clip(r0 + (i - 1), 0, self.rows - 1).astype(np.intp)
            for j, u in enumerate(right):
                c = np.clip(c0 + (j - 1), 0, self.cols - 1).astype(np.intp)
                total += (v * u)[..., None] * self._samples[r, c]
        return total


def _keys(t: Array) -> tuple[Array, ...]:
    """Weights of the four pixels around a point ``t`` (0 … 1) after the second, float32."""
    weights = (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )
    return tuple(w.astype(np.float32) for w in weights)


def _layout(table: Array, unit_px: float) -> list[Layer]:
    """Everything in the scene, back to front."""
    layers = [room(table)]
    layers += star_card(Place(372, 240, 440, 360, -2.5))
    layers += text_card(Place(378, 690, 520, 440, 1.2), unit_px)
    layers += patch_chart(PATCH_CHART)
    layers += lights()
    layers += napkin(Place(946, 236, 210, 380, -6), table)
    for at, radius, code in (
        ((716, 1010), 62.0, "#f2c230"),
        ((700, 1150), 84.0, "#c8352c"),
        ((730, 1300), 56.0, "#2f9e57"),
        ((748, 96), 54.0, "#2f62c0"),
    ):
        layers += ball(at, radius, linear(code))
    layers += ball((762, 1226), 44, linear("#dedbd2"), table)
    layers += coaster((836, 556), 84)
    for i, code in enumerate(("#d23f31", "#ee8a23", "#f4c92b", "#4f9d45", "#2f7dc1", "#6a4a9c")):
        angle = -45 + 9 * i
        tip = np.sin(np.radians(angle)), np.cos(np.radians(angle))
        layers += pencil(Place(1012 + 7 * i + 145 * tip[0], 1044 + 145 * tip[1], 17, 290, angle), linear(code))
    layers += grey_card(Place(1000, 720, 100, 520, 0.6))
    return layers
