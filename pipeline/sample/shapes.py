"""Coverage of simple shapes and band-limited patterns, point by point: what the scene is painted with.

Lengths are in scene units (`tenbit.pipeline.sample.scene`), ``px`` is the side of one pixel in them. Every pattern is
averaged over that side in closed form, so pictures of every size are anti-aliased without supersampling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from tenbit.kernels._facts import Array, Triple

Box = tuple[float, float, float, float]
Paint = Callable[[Array, Array, Array, float], None]
"""``paint(canvas, y, x, px)``: changes ``canvas`` (rows, cols, 3), linear sRGB, in place; ``y``, ``x`` (rows, cols)."""


@dataclass(frozen=True)
class Layer:
    """One thing in the scene: how it is painted, and the (top, left, bottom, right) outside of which it is not."""

    paint: Paint
    box: Box = (-np.inf, -np.inf, np.inf, np.inf)


@dataclass(frozen=True)
class Place:
    """Where a flat thing lies: its centre, its full height and width, and how far it is turned clockwise."""

    y: float
    x: float
    height: float
    width: float
    degrees: float = 0.0

    def local(self, y: Array, x: Array) -> tuple[Array, Array]:
        """The same points, (down, right), from the thing's own centre and along its own sides."""
        c, s = cos(radians(self.degrees)), sin(radians(self.degrees))
        dy, dx = y - self.y, x - self.x
        return c * dy - s * dx, c * dx + s * dy

    def box(self, margin: float = 0.0) -> Box:
        """The upright rectangle around it, ``margin`` wider on every side."""
        c, s = abs(cos(radians(self.degrees))), abs(sin(radians(self.degrees)))
        down = (c * self.height + s * self.width) / 2 + margin
        right = (c * self.width + s * self.height) / 2 + margin
        return self.y - down, self.x - right, self.y + down, self.x + right


def over(canvas: Array, coverage: Array, colour: Array | Triple) -> None:
    """Lay an opaque colour, (3,) or (rows, cols, 3), over the canvas where ``coverage`` is 1, mixed where less."""
    canvas += coverage[..., None].astype(np.float32) * (np.asarray(colour, np.float32) - canvas)


def shade(canvas: Array, gain: Array) -> None:
    """Multiply the light on the canvas by ``gain`` (rows, cols)."""
    canvas *= gain[..., None].astype(np.float32)


def linear(code: str) -> Triple:
    """Linear sRGB of a colour written as ``#rrggbb`` (IEC 61966-2-1)."""
    encoded = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (e / 12.92 if e <= 0.04045 else ((e + 0.055) / 1.055) ** 2.4 for e in encoded)
    return red, green, blue


def slab(t: Array, half: float | Array, px: float | Array) -> Array:
    """Coverage of ``|t| <= half``, averaged over one pixel: right for slabs thinner than a pixel too."""
    return np.asarray((np.clip(t + px / 2, -half, half) - np.clip(t - px / 2, -half, half)) / px)


def rectangle(y: Array, x: Array, size: tuple[float, float], px: float) -> Array:
    """Coverage of a rectangle of ``size`` (height, width) around the origin."""
    return slab(y, size[0] / 2, px) * slab(x, size[1] / 2, px)


def disc(distance: Array, radius: float, px: float) -> Array:
    """Coverage of a disc, ``distance`` from its centre."""
    return np.clip((radius - distance) / px + 0.5, 0.0, 1.0)


def stripes(phase: Array, width: Array | float) -> Array:
    """A square wave (1 for the first half of each whole ``phase``), averaged over ``width`` of phase around it.

    The difference of the wave's integral at both ends, so that stripes finer than a pixel fade to grey.
    """
    width = np.maximum(width, 1e-6)
    ends = [np.floor(p) / 2 + np.minimum(p - np.floor(p), 0.5) for p in (phase - width / 2, phase + width / 2)]
    return np.asarray((ends[1] - ends[0]) / width)


def noise(y: Array, x: Array, table: Array) -> Array:
    """Smooth value noise, -1 … 1: a random ``table`` of a power-of-two side, one unit between its nodes, repeated."""
    side = table.shape[0]
    row, col = np.floor(y), np.floor(x)
    v, u = y - row, x - col
    v, u = v * v * (3 - 2 * v), u * u * (3 - 2 * u)
    r0, c0 = row.astype(np.int64) & (side - 1), col.astype(np.int64) & (side - 1)
    r1, c1 = (r0 + 1) & (side - 1), (c0 + 1) & (side - 1)
    top = table[r0, c0] * (1 - u) + table[r0, c1] * u
    bottom = table[r1, c0] * (1 - u) + table[r1, c1] * u
    return np.asarray(top * (1 - v) + bottom * v)


def resolved(period: float, px: float) -> float:
    """How much of a pattern of this period is kept: 1 from 4 pixels on, 0 up to 2, where it would alias."""
    return float(np.clip(period / px / 2 - 1, 0.0, 1.0))


def soft_shadow(place: Place, blur: float, depth: float, shift: tuple[float, float]) -> Layer:
    """The shadow of a rectangle, ``shift`` (down, right) from it, ``depth`` 0 … 1 dark and ``blur`` wide at its rim."""
    cast = Place(place.y + shift[0], place.x + shift[1], place.height, place.width, place.degrees)

    def paint(canvas: Array, y: Array, x: Array, px: float) -> None:
        down, right = cast.local(y, x)
        rim = max(blur, px)
        inside = slab(down, cast.height / 2, rim) * slab(right, cast.width / 2, rim)
        shade(canvas, 1 - depth * inside * inside * (3 - 2 * inside))

    return Layer(paint, cast.box(blur))
