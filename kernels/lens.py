"""Lens: distortion, lateral colour and fall-off undone in one resample."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._facts import Array, Facts, Triple
from tenbit.kernels._stage import PLANES, Access, Constants, PerPlane, Prepared, Results, Stage, Step, param, point
from tenbit.kernels.errors import StageError

# Points along each border at which the zoom of `autoscale` is worked out.
_BORDER_POINTS = 129
# Halvings of the bracket when a radius is inverted: float64 has no more to give.
_HALVINGS = 60
# How far a measured ratio of radii may be from 1, when it has to be reckoned with before it is known.
_FARTHEST_APART = 0.01
# Constants of every body.
_PLACE = ("centre_row", "centre_col", "per_square", "k1", "k2", "k3")
# (scale, k) of red, green and blue: radii over those of green.
Channels = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


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
    lateral: Literal["auto", "measured", "given", "none"] = param(
        "auto",
        "Lateral colour. measured: by lateral_colour, from the frame; given: the four numbers here; "
        "auto: given where they say anything, else measured where it was; none: left as it is.",
    )
    red_scale: float = param(1.0, "Distorted radius of red over that of green, near the axis.", low=0.9, high=1.1)
    red_k: float = param(
        0.0, "What Rd² of green adds to that: red's radius is red_scale Rd + red_k Rd³.", low=-0.1, high=0.1
    )
    blue_scale: float = param(1.0, "Distorted radius of blue over that of green, near the axis.", low=0.9, high=1.1)
    blue_k: float = param(0.0, "What Rd² of green adds to that.", low=-0.1, high=0.1)
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


def displaced_apart(row, col, k):
    """As `displaced`, for a colour whose radius over that of green changes with Rd²: lensfun's "poly3" without b."""
    d_row, d_col = f32(row) - k.centre_row, f32(col) - k.centre_col
    square = (d_row * d_row + d_col * d_col) * k.per_square
    bend = square * fma(square, fma(square, k.k3, k.k2), k.k1)
    reach = bend + 1.0
    apart = square * reach * reach * k.spread
    stretch = fma(bend, k.zoom + apart, k.zoom_beyond_1 + apart)
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
    red_reach, blue_reach = fma(distorted, k.red_k, k.red_scale), fma(distorted, k.blue_k, k.blue_scale)
    return (
        red / light_at(distorted * red_reach * red_reach, k.v1, k.v2, k.v3),
        green / light_at(distorted, k.v1, k.v2, k.v3),
        blue / light_at(distorted * blue_reach * blue_reach, k.v1, k.v2, k.v3),
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


def lateral_radius(distorted: Array, channel: tuple[float, float]) -> Array:
    """Where a channel lands whose green lands at Rd, in half diagonals."""
    scale, k = channel
    return np.asarray(distorted * (scale + k * distorted * distorted))


def filling_scale(k: Triple, channels: Channels, facts: Facts) -> float:
    """The smallest zoom at which no pixel looks beyond the frame, in any channel, or beyond where Rd turns back."""
    border = _border_radii(facts)
    top = turning_radius(k) * (1 - 1e-6)
    if top == float("inf"):
        top = 1.0
        while min(lateral_radius(distorted_radius(np.array(top), k), c) for c in channels) < border.max():
            top *= 2
    scale = 0.0
    for channel in channels:
        low, high = np.zeros_like(border), np.full_like(border, top)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            is_inside = lateral_radius(distorted_radius(middle, k), channel) <= border
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
        If the distortion folds the picture, the fall-off leaves no light somewhere inside it, or ``lateral`` asks for
        what is not there or contradicts the numbers given.
    """
    p, k = parameters, parameters.distortion
    is_measured, notes = _lateral(p, facts)
    channels = ((p.red_scale, p.red_k), (1.0, 0.0), (p.blue_scale, p.blue_k))
    is_bent = any(k) or channels != ((1.0, 0.0),) * 3 or is_measured
    facts_after = dataclasses.replace(facts, has_lateral_colour=False)
    if not (is_bent or any(p.vignetting) or p.scale != 1.0):
        return Prepared(facts_after, notes=notes)
    may_be = ((1 - _FARTHEST_APART, 0.0), (1 + _FARTHEST_APART, 0.0), (1.0, 0.0)) if is_measured else channels
    _refuse_folds_and_darkness(p, may_be, _border_radii(facts).max() / _scale(p, may_be, facts))

    def known(results: Results) -> Constants:
        now = channels
        if is_measured:
            found = results["lateral_colour"]
            now = ((found["red_scale"], found["red_k"]), (1.0, 0.0), (found["blue_scale"], found["blue_k"]))
        return _constants(p, now, facts)

    def only(*names: str) -> Constants | Callable[[Results], Constants]:
        def constants(results: Results) -> Constants:
            every = known(results)
            return {name: every[name] for name in (*_PLACE, *names)}

        return constants if is_measured else constants({})

    planes = PLANES[facts.state]
    steps: list[Step] = []
    if is_measured or p.red_k or p.blue_k:
        moved = only("zoom", "zoom_beyond_1", "spread")
        steps.append(Step("lens", Access.WARP, displaced_apart, planes, planes, constants=moved))
    elif is_bent or p.scale != 1.0:
        steps.append(Step("lens", Access.WARP, displaced, planes, planes, constants=only("zoom", "zoom_beyond_1")))
    if any(p.vignetting):
        light = only("v1", "v2", "v3", "red_scale", "red_k", "blue_scale", "blue_k")
        steps.append(point("lens.light", evened, facts, constants=light))
    return Prepared(facts_after, tuple(steps), notes=notes)


def _lateral(p: Parameters, facts: Facts) -> tuple[bool, tuple[str, ...]]:
    """Whether lateral colour is undone as it was measured, and what to say about it."""
    is_given = (p.red_scale, p.red_k, p.blue_scale, p.blue_k) != (1.0, 0.0, 1.0, 0.0)
    if is_given and p.lateral in ("measured", "none"):
        raise StageError(f"lens: lateral: {p.lateral} and the numbers for red and blue exclude each other")
    if p.lateral == "measured" and not facts.has_lateral_colour:
        raise StageError("lens: lateral: measured needs lateral_colour before it")
    if not facts.has_lateral_colour:
        return False, ()
    if is_given or p.lateral in ("given", "none"):
        used = "as given" if is_given else "left as it is"
        return False, (f"lateral colour is {used}, not as measured from the frame",)
    return True, ("lateral colour as measured from the frame",)


def _scale(p: Parameters, channels: Channels, facts: Facts) -> float:
    """The zoom."""
    is_bent = any(p.distortion) or channels != ((1.0, 0.0),) * 3
    return p.scale * (filling_scale(p.distortion, channels, facts) if p.autoscale and is_bent else 1.0)


def _refuse_folds_and_darkness(p: Parameters, channels: Channels, farthest: float) -> None:
    """A `StageError` where no picture can be made as far out as a pixel looks, in half diagonals."""
    k = p.distortion
    if turning_radius(k) <= farthest:
        raise _turns_back(k, turning_radius(k))
    edge = distorted_radius(np.array(farthest), k)
    seen = np.square(np.linspace(0, max(float(lateral_radius(edge, channel)) for channel in channels), 1025))
    v1, v2, v3 = p.vignetting
    left = 1 + seen * (v1 + seen * (v2 + seen * v3))
    if left.min() <= 0:
        raise StageError(
            f"lens: vignetting {v1:g}, {v2:g}, {v3:g} leaves no light at radius {seen[left <= 0][0] ** 0.5:.3f}, "
            "inside the picture (1 is the corner)"
        )


def _constants(p: Parameters, channels: Channels, facts: Facts) -> Constants:
    """What the bodies need, of all that the parameters and the colours' radii say."""
    scale = _scale(p, channels, facts)
    zooms = [channel / scale for channel, _ in channels]
    return {
        "centre_row": facts.optical_centre[0],
        "centre_col": facts.optical_centre[1],
        "per_square": 1 / (_half_diagonal(facts) * scale) ** 2,
        **dict(zip(("k1", "k2", "k3"), p.distortion, strict=True)),
        **dict(zip(("v1", "v2", "v3"), p.vignetting, strict=True)),
        "zoom": PerPlane(zooms),
        "zoom_beyond_1": PerPlane(zoom - 1 for zoom in zooms),
        "spread": PerPlane(k / scale for _, k in channels),
        "red_scale": channels[0][0],
        "red_k": channels[0][1],
        "blue_scale": channels[2][0],
        "blue_k": channels[2][1],
    }


STAGE = Stage("lens", Parameters, ("linear",), prepare)
