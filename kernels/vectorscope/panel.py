"""The panel of a vectorscope: circle, boxes of colour bars, skin line, trace."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from tenbit.kernels import _trace
from tenbit.kernels._facts import Array, Triple
from tenbit.kernels._overlay import GRID, INK, Canvas
from tenbit.kernels.vectorscope.result import NEUTRAL, SKIN_DEGREES, Vectors, chroma_of, rgb_of

# What is seen in each direction, of -0.5 ... 0.5.
_VIEW = 0.54
_BOX, _BOX_OF_100 = 0.021, 0.012
_SKIN_INK: Triple = (0.95, 0.72, 0.55)
BARS = {"R": (1, 0, 0), "Mg": (1, 0, 1), "B": (0, 0, 1), "Cy": (0, 1, 1), "G": (0, 1, 0), "Yl": (1, 1, 0)}
# Where a bar's name stands, of the way to its 100 % box: between that and the 75 % box.
_NAME = 0.885


def draw_vectors(
    canvas: Canvas,
    vectors: Vectors,
    *,
    gain: int,
    has_skin_line: bool,
    intensity: float,
    colour: _trace.TraceColour,
) -> None:
    """The panel: ground, graticule, trace."""
    _trace.ground(canvas)
    scope = Scope(canvas, 0.5 * min(canvas.rows, canvas.cols) / _VIEW * gain)
    scope.graticule(vectors.matrix, has_skin_line=has_skin_line, gain=gain)
    scope.trace(vectors, intensity, colour)


@dataclass(frozen=True)
class Scope:
    """A vectorscope on a canvas, with neutral in its middle, and how many pixels a difference of 1 takes."""

    canvas: Canvas
    scale: float

    def at(self, cb: Any, cr: Any) -> Array:
        """Places, (n, 2) or (2,), of colour differences."""
        row, col = self.canvas.rows / 2, self.canvas.cols / 2
        return np.stack([row - np.asarray(cr) * self.scale, col + np.asarray(cb) * self.scale], axis=-1)

    def spoke(self, degrees: float, start: float, end: float) -> Array:
        """A line from one distance from neutral to another."""
        turn, along = math.radians(degrees), np.array([start, end])
        return self.at(math.cos(turn) * along, math.sin(turn) * along)

    @property
    def half(self) -> float:
        """The difference at the panel's edge."""
        return 0.5 * min(self.canvas.rows, self.canvas.cols) / self.scale

    def graticule(self, matrix: str, *, has_skin_line: bool, gain: int) -> None:
        """Circle, axes, boxes with their labels, the skin line."""
        canvas = self.canvas
        around = np.linspace(0, 2 * np.pi, 121)
        reach = 0.5 / gain
        canvas.polyline(self.at(reach * np.cos(around), reach * np.sin(around)), GRID, 1.0, 0.6)
        for degrees in range(0, 360, 10):
            canvas.polyline(self.spoke(degrees, reach * (0.95 if degrees % 30 else 0.92), reach), GRID, 1.0, 0.45)
        canvas.polyline(self.spoke(0, -reach, reach), GRID, 1.0, 0.4)
        canvas.polyline(self.spoke(90, -reach, reach), GRID, 1.0, 0.4)
        if has_skin_line:
            canvas.polyline(self.spoke(SKIN_DEGREES, 0, reach), _SKIN_INK, 1.0, 0.7)
        has_labels = canvas.rows > 9.0 * _trace.LABEL * canvas.unit
        for name, bar in BARS.items():
            cb, cr = chroma_of(bar, matrix)
            self.box(0.75 * cb, 0.75 * cr, _BOX, 0.9)
            self.box(cb, cr, _BOX_OF_100, 0.5)
            row, col = self.at(_NAME * cb, _NAME * cr)
            if has_labels and max(abs(_NAME * cb), abs(_NAME * cr)) < self.half:
                canvas.text(row, col, name, INK, _trace.LABEL, 0.9, "centre")
        if has_labels and gain > 1:
            high = _trace.LABEL * canvas.unit
            canvas.text(high, 0.6 * high, f"{gain}x", INK, _trace.LABEL, 0.9)

    def box(self, cb: float, cr: float, half: float, alpha: float) -> None:
        """A square around a bar's place, if it is in view."""
        if max(abs(cb), abs(cr)) + half < self.half:
            rows, cols = half * np.array([-1, -1, 1, 1, -1]), half * np.array([-1, 1, 1, -1, -1])
            self.canvas.polyline(self.at(cb + cols, cr + rows), GRID, 1.0, alpha)

    def trace(self, vectors: Vectors, intensity: float, colour: _trace.TraceColour) -> None:
        """The counts, those in view."""
        reach = min(int(self.half * vectors.codes), NEUTRAL - 1)
        inside = slice(NEUTRAL - reach, NEUTRAL + reach + 1)
        counts = vectors.counts[inside, inside][::-1]
        edge = (reach + 0.5) / vectors.codes
        (top, left), wide = self.at(-edge, edge), 2 * edge * self.scale
        shown = _trace.fitted(counts, (wide, wide))
        # As dense as if all were spread over a fiftieth of the scope: pictures have little colour.
        even = max(vectors.pixels, 1) * 50.0 / shown.size
        bright = _trace.brightness(shown, even, intensity)
        box, is_smooth = _trace.Box(top, left, wide, wide), wide > len(shown)
        if colour != "own":
            light = bright[..., None] * np.array(_trace.PHOSPHOR[colour], np.float32)
        else:
            light = bright[..., None] * hues(len(shown), edge, vectors.matrix)
        _trace.draw_light(self.canvas, box, light, is_smooth=is_smooth)


@lru_cache(maxsize=8)
def hues(side: int, edge: float, matrix: str) -> Array:
    """Colour of a trace at each place as far as ``edge`` from neutral: (side, side, 3), the brightest channel 1."""
    along = ((np.arange(side) + 0.5) / side * 2 - 1) * edge
    rgb = np.clip(rgb_of(along, -along[:, None], matrix) + 0.55, 0.05, None)
    return np.asarray(rgb / rgb.max(axis=-1, keepdims=True), np.float32)
