"""Lens: distortion, lateral colour and fall-off undone in one resample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._facts import Array, Facts, Triple
from tenbit.kernels._stage import PLANES, Access, Constants, PerPlane, Prepared, Stage, Step, param, point
from tenbit.kernels.errors import StageError

# Points along each border at which the zoom of `autoscale` is worked out.
_BORDER_POINTS = 129
# Halvings of the bracket when a radius is inverted: float64 has no more to give.
_HALVINGS = 60


@dataclass(frozen=True)
class Parameters:
    """Undo distortion, lateral colour and fall-off of the lens in one bicubic resample.

    Radii are counted from the optical axis in half diagonals of the frame: 1 at the corner. Where the correction looks
    beyond the frame it repeats the outermost pixels; ``autoscale`` zooms until it no longer does. Put ``lens`` before
    ``crop``, which changes the diagonal.
    """

    profile: Literal["none", "auto"] = param(
        "none", "none: only the numbers given here; auto: the lens's profile too, where one is known (so far none is)."
    )
    distortion: Triple = param(
        (0.0, 0.0, 0.0), "k1, k2, k3 of Rd = Ru (1 + k1 Ru² + k2 Ru⁴ + k3 Ru⁶): ideal to distorted.", low=-2, high=2
    )
    red_scale: float = param(1.0, "Distorted radius of red over that of green.", low=0.9, high=1.1)
    blue_scale: float = param(1.0, "Distorted radius of blue over that of green.", low=0.9, high=1.1)
    vignetting: Triple = param(
        (0.0, 0.0, 0.0), "k1, k2, k3 of the light left at Rd, 1 + k1 Rd² + k2 Rd⁴ + k3 Rd⁶.", low=-10, high=10
    )
    scale: float = param(1.0, "Zoom about the optical axis; above 1 shows less.", low=0.25, high=4.0)
    autoscale: bool = param(False, "Zoom further, until the frame is just filled.")


def displaced(row, col, k):
    """Where the lens put one pixel of the ideal picture, as rows and columns away from it.

    Distortion as lensfun's models define it, ideal to distorted, which is the way from this pixel to its source.
    The pixel and the way from it stay apart, so that float32 places the source to a few millionths of a pixel however
    large the frame is.
    """
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    square = (d_row * d_row + d_col * d_col) * k.per_square
    bend = square * fma(square, fma(square, k.k3, k.k2), k.k1)
    stretch = fma(bend, k.zoom, k.zoom_beyond_1)
    return d_row * stretch, d_col * stretch


def light_at(distorted, v1, v2, v3):
    """The light that the lens let through at Rd²: lensfun's "pa" model."""
    return fma(distorted, fma(distorted, fma(distorted, v3, v2), v1), 1.0)


def evened(red, green, blue, k, row, col):
    """One pixel divided by the light that the lens let through where each of its channels comes from."""
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    square = (d_row * d_row + d_col * d_col) * k.per_square
    reach = fma(square, fma(square, fma(square, k.k3, k.k2), k.k1), 1.0)
    distorted = square * reach * reach
    return (
        red / light_at(distorted * k.red_square, k.v1, k.v2, k.v3),
        green / light_at(distorted, k.v1, k.v2, k.v3),
        blue / light_at(distorted * k.blue_square, k.v1, k.v2, k.v3),
    )


def distorted_radius(radius: Array, k: Triple) -> Array:
    """Rd of each Ru, in half diagonals."""
    square = radius * radius
    return np.asarray(radius * (1 + square * (k[0] + square * (k[1] + square * k[2]))))


def turning_radius(k: Triple) -> float:
    """The ideal radius at which Rd stops growing, in half diagonals; infinite when it never does."""
    roots = np.roots([7 * k[2], 5 * k[1], 3 * k[0], 1.0])
    squares = [float(r.real) for r in np.atleast_1d(roots) if abs(r.imag) < 1e-9 * abs(r) and r.real > 0]
    return min(squares) ** 0.5 if squares else float("inf")


def filling_scale(k: Triple, channels: Triple, facts: Facts) -> float:
    """The smallest zoom at which no pixel looks beyond the frame, in any channel, or beyond where Rd turns back."""
    border = _border_radii(facts)
    top = turning_radius(k) * (1 - 1e-6)
    if top == float("inf"):
        top = 1.0
        while distorted_radius(np.array(top), k) < border.max() / min(channels):
            top *= 2
    scale = 0.0
    for channel in channels:
        low, high = np.zeros_like(border), np.full_like(border, top)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            is_inside = distorted_radius(middle, k) * channel <= border
            low, high = np.where(is_inside, middle, low), np.where(is_inside, high, middle)
        scale = max(scale, float((border / low).max()))
    return scale


def _border_radii(facts: Facts) -> Array:
    """Distances of points along the frame's four borders from the optical axis, in half diagonals."""
    rows = np.linspace(0, facts.rows - 1, _BORDER_POINTS) - facts.optical_centre[0]
    cols = np.linspace(0, facts.cols - 1, _BORDER_POINTS) - facts.optical_centre[1]
    sides = [np.hypot(rows, cols[0]), np.hypot(rows, cols[-1]), np.hypot(rows[0], cols), np.hypot(rows[-1], cols)]
    return np.maximum(np.concatenate(sides) / _half_diagonal(facts), 1e-6)


def _half_diagonal(facts: Facts) -> float:
    """Pixels from the middle of the frame to the outer corner of its last pixel."""
    return float(np.hypot(facts.rows, facts.cols) / 2)


def _turns_back(k: Triple, radius: float) -> StageError:
    return StageError(
        f"lens: distortion {', '.join(f'{v:g}' for v in k)} turns back at radius {radius:.3f}, inside the picture "
        "(1 is the corner); smaller numbers are needed"
    )


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """The one step that resamples, or none when nothing is to be corrected.

    Raises
    ------
    StageError
        If the distortion folds the picture, or the fall-off leaves no light somewhere inside it.
    """
    p, k = parameters, parameters.distortion
    channels = (p.red_scale, 1.0, p.blue_scale)
    is_bent = any(k) or channels != (1.0, 1.0, 1.0)
    if not (is_bent or any(p.vignetting) or p.scale != 1.0):
        return Prepared(facts)
    scale = p.scale * (filling_scale(k, channels, facts) if p.autoscale and is_bent else 1.0)
    farthest = float(_border_radii(facts).max()) / scale
    if turning_radius(k) <= farthest:
        raise _turns_back(k, turning_radius(k))
    seen = np.square(np.linspace(0, float(distorted_radius(np.array(farthest), k)) * max(channels), 1025))
    v1, v2, v3 = p.vignetting
    left = 1 + seen * (v1 + seen * (v2 + seen * v3))
    if left.min() <= 0:
        raise StageError(
            f"lens: vignetting {v1:g}, {v2:g}, {v3:g} leaves no light at radius {seen[left <= 0][0] ** 0.5:.3f}, "
            "inside the picture (1 is the corner)"
        )
    zooms = tuple(channel / scale for channel in channels)
    constants: Constants = {
        "centre_row": facts.optical_centre[0],
        "centre_col": facts.optical_centre[1],
        "per_square": 1 / (_half_diagonal(facts) * scale) ** 2,
        "k1": k[0],
        "k2": k[1],
        "k3": k[2],
    }
    planes = PLANES[facts.state]
    steps: list[Step] = []
    if is_bent or scale != 1.0:
        zoom = {"zoom": PerPlane(zooms), "zoom_beyond_1": PerPlane(zoom - 1 for zoom in zooms)}
        steps.append(Step("lens", Access.WARP, displaced, planes, planes, constants={**constants, **zoom}))
    if any(p.vignetting):
        light = {"v1": v1, "v2": v2, "v3": v3, "red_square": p.red_scale**2, "blue_square": p.blue_scale**2}
        steps.append(point("lens.light", evened, facts, constants={**constants, **light}))
    return Prepared(facts, tuple(steps))


STAGE = Stage("lens", Parameters, ("linear",), prepare)
