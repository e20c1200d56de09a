"""What a lens and a sensor make of even light, told apart from the slope of the light itself.

Of the logarithm of what a site sees, the lens makes what is even and radial, lens and sensor together make slow changes
of the colours' ratio, and the light makes a plane that all sites share. Changes of another kind are neither's, and in a
frame that is any good they are small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._optics import Law
from tenbit.pipeline.calibrate.blocks import Blocks

RADIAL = 4
"""Even powers of the radius: r² … r⁸."""
_STRANGE = ((2, 2), (3, 1), (3, 3), (4, 2), (4, 4))
_COLOUR_DEGREE = 4
_ROUNDS = 8
_TUKEY = 4.685
_LEAST_SPREAD = 5e-4
_BLACK = 1e-5
# Further from the fit than this, a polynomial of three terms is left for a table, EV.
_PA_MISFIT_EV = 0.015
_TABLE_POINTS = 25


@dataclass(frozen=True, eq=False)
class Field:
    """One frame's light, natural logarithms.

    Parameters
    ----------
    tilt : array
        (down, right): what the light gains per half diagonal, of its middle's.
    terms : array
        Of `radial`, then of `strange`.
    left : array
        (down, across): what of the greens' logarithm nothing of it explains.
    weights : array
        (down, across), 0 … 1: 0 where a block is none of the field's.
    colours : array
        (4, down, across): logarithm of each site over the greens' mean, at the block's centre.
    """

    tilt: Array
    terms: Array
    left: Array
    weights: Array
    colours: Array

    @property
    def slope(self) -> float:
        """How much the light gains from the middle to a distance of half a diagonal, at most, of its middle's."""
        return float(np.hypot(*self.tilt))


def radial(v: Array, u: Array) -> Array:
    """r², r⁴ … at points (down, right) in half diagonals, a new last axis."""
    square = v * v + u * u
    return np.stack([square**n for n in range(1, RADIAL + 1)], -1)


def strange(v: Array, u: Array) -> Array:
    """Slow changes that neither a centred lens nor a plane of light makes, orthogonal on a disc, a new last axis."""
    z = u + 1j * v
    parts = [np.abs(z) ** (power - turns) * z**turns for power, turns in _STRANGE]
    return np.stack([part for p in parts for part in (p.real, p.imag)], -1)


def coloured(v: Array, u: Array) -> Array:
    """All powers up to the fourth, and r⁶: slow changes of the colours' ratio, the first one constant."""
    powers = [(n - m, m) for n in range(_COLOUR_DEGREE + 1) for m in range(n + 1)]
    return np.stack([*(v**a * u**b for a, b in powers), (v * v + u * u) ** 3], -1)


def field_of(blocks: Blocks) -> Field:
    """The light of one frame, by its greens, in parts.

    Notes
    -----
    Robust least squares with Tukey's weights; the plane of light is one of light, not of its logarithm, so its two
    numbers are found by Gauss and Newton in the same rounds.
    """
    v, u = blocks.points()
    # A part of a frame may be black: it has no logarithm, and no weight.
    is_known = (blocks.means > _BLACK).all(axis=0)
    logs = np.log(np.maximum(blocks.means, _BLACK))
    first, second = blocks.greens
    green = (logs[first] + logs[second]) / 2
    fixed = np.concatenate([np.ones((*v.shape, 1)), radial(v, u), strange(v, u)], -1)
    target, weights, tilt = green, is_known.astype(float), np.zeros(2)
    for _ in range(_ROUNDS):
        light = np.maximum(1 + tilt[0] * v + tilt[1] * u, 0.05)
        along = np.stack([v / light, u / light], -1)
        design = np.concatenate([along, fixed], -1)
        wanted = target - np.log(light) + along @ tilt
        found = solved(design, wanted, weights)
        left = wanted - design @ found
        tilt = np.clip(found[:2], -2.0, 2.0)
        weights = is_known * tukey(left, left[is_known])
    explained = np.concatenate([radial(v, u), strange(v, u)], -1) @ found[3:]
    slope = _slope(v, u, found[3:], tilt)
    shifts = blocks.offset[:, 0, None, None] * slope[0] + blocks.offset[:, 1, None, None] * slope[1]
    light = np.maximum(1 + tilt[0] * v + tilt[1] * u, 0.05)
    left = np.where(is_known, green - found[2] - explained - np.log(light), 0.0)
    colours = np.where(is_known, logs - green - shifts, 0.0)
    return Field(tilt, found[3:], left, weights, colours)


def _slope(v: Array, u: Array, terms: Array, tilt: Array) -> tuple[Array, Array]:
    """Of the field's logarithm, per half diagonal down and right; by differences that its powers do not notice."""
    step = 1e-3

    def height(down: Array, right: Array) -> Array:
        light = np.maximum(1 + tilt[0] * down + tilt[1] * right, 0.05)
        return np.asarray(np.concatenate([radial(down, right), strange(down, right)], -1) @ terms + np.log(light))

    return (
        (height(v + step, u) - height(v - step, u)) / (2 * step),
        (height(v, u + step) - height(v, u - step)) / (2 * step),
    )


def colour_terms(fields: Sequence[Field], blocks: Blocks) -> Array:
    """(4, terms) of `coloured`: what all frames say of each site's ratio to the greens, levels of the frames aside."""
    design = coloured(*blocks.points())
    rows = []
    for site in range(4):
        total = np.mean([f.colours[site] - np.median(f.colours[site]) for f in fields], axis=0)
        known = np.min([f.weights for f in fields], axis=0)
        weights = known
        for _ in range(_ROUNDS):
            found = solved(design, total, weights)
            left = total - design @ found
            weights = known * tukey(left, left[known > 0])
        rows.append(found)
    return np.stack(rows)


def solved(design: Array, wanted: Array, weights: Array) -> Array:
    """Weighted least squares over blocks, by orthogonal columns: powers of one radius are nearly parallel."""
    root = np.sqrt(weights).reshape(-1, 1)
    matrix = design.reshape(-1, design.shape[-1]) * root
    return np.asarray(np.linalg.lstsq(matrix, wanted.reshape(-1) * root[:, 0], rcond=1e-9)[0])


def tukey(left: Array, of: Array) -> Array:
    """Tukey's weights, 0 … 1, by the median deviation of ``of``."""
    spread = max(1.4826 * float(np.median(np.abs(of - np.median(of)))) if of.size else 0.0, _LEAST_SPREAD)
    far = left / (_TUKEY * spread)
    return np.where(np.abs(far) < 1, (1 - far * far) ** 2, 0.0)


def radial_spread(fields: Sequence[Field], blocks: Blocks, *, tiles: int = 8, draws: int = 200) -> Array:
    """(draws, RADIAL) terms of `radial` as other frames and other parts of them would have given them.

    Notes
    -----
    Bootstrap: frames are drawn with replacement, and in each draw tiles of blocks, since what is left is alike in
    neighbours. The plane's numbers are linearised about those found.
    """
    rng = np.random.default_rng(0)
    v, u = blocks.points()
    tile = (np.arange(v.shape[0]) * tiles // v.shape[0])[:, None] * tiles + np.arange(v.shape[1]) * tiles // v.shape[1]
    number = tiles * tiles
    sums = []
    for f in fields:
        light = np.maximum(1 + f.tilt[0] * v + f.tilt[1] * u, 0.05)
        design = np.concatenate(
            [np.stack([np.ones_like(v), v / light, u / light], -1), radial(v, u), strange(v, u)], -1
        )
        rows = design.reshape(-1, design.shape[-1])
        weighted = rows * f.weights.reshape(-1, 1)
        at = tile.reshape(-1)
        squares = np.zeros((number, rows.shape[1], rows.shape[1]))
        sides = np.zeros((number, rows.shape[1]))
        for n in range(number):
            here = at == n
            squares[n] = weighted[here].T @ rows[here]
            sides[n] = weighted[here].T @ f.left.reshape(-1)[here]
        sums.append((squares, sides))
    out = np.empty((draws, RADIAL))
    for draw in range(draws):
        drawn = rng.integers(0, len(fields), len(fields))
        found = []
        for n in drawn:
            count = np.bincount(rng.integers(0, number, number), minlength=number)
            square, side = np.tensordot(count, sums[n][0], 1), count @ sums[n][1]
            step = np.linalg.lstsq(square, side, rcond=1e-12)[0]
            found.append(fields[n].terms[:RADIAL] + step[3 : 3 + RADIAL])
        out[draw] = np.mean(found, axis=0)
    return out


def law_of(terms: Array) -> Law:
    """A law of light, in half diagonals, for terms of `radial`: ``pa`` where that follows, else a table."""
    radius = np.linspace(0, 1, 201)
    powers = radial(radius, np.zeros_like(radius))
    light = np.exp(powers @ terms)
    three = np.linalg.lstsq(powers[:, :3], light - 1, rcond=None)[0]
    fitted = 1 + powers[:, :3] @ three
    if fitted.min() > 0 and np.abs(np.log2(fitted / light)).max() < _PA_MISFIT_EV:
        return Law("pa", tuple(three.tolist()), 1.0)
    points = np.linspace(0, 1, _TABLE_POINTS)
    lost = radial(points, np.zeros_like(points)) @ terms / np.log(2.0)
    return Law("table", tuple(np.stack([points, lost], -1).reshape(-1).tolist()), 1.0)
