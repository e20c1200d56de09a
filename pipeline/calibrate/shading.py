"""What a lens and a sensor make of even light, told apart from the slope of the light itself.

Of the logarithm of what a site sees, the lens makes what is even and radial, lens and sensor together make slow changes
of the colours' ratio, and the light makes a plane that all sites share. Changes of another kind are neither's, and in a
frame that is any good they are small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._optics import Law
from tenbit.pipeline.calibrate.blocks import Blocks

# Radii, half diagonals, between which the light over r² is one cubic; closer where a lens's barrel cuts light off.
_KNOTS = (0.35, 0.5, 0.62, 0.72, 0.8, 0.87, 0.94)
_REACH = 1.001
RADIAL = len(_KNOTS) + 3
"""Terms of the radius."""
_STRANGE = ((2, 2), (3, 1), (3, 3), (4, 2), (4, 4))
_COLOUR_DEGREE = 4
_ROUNDS = 8
_TUKEY = 4.685
# Of logarithms: with less, blocks in the very corners of a strong fall-off, which few others speak for, are taken for
# outliers in frames of little noise (0.07 EV at the corner of 3 MP where 0.2 of the light is left, 0.005 with this).
_LEAST_SPREAD = 2e-3
_BLACK = 1e-5
# A third difference of 0.05 between terms of the radius is as likely as noise of 0.5 % in one block: it decides only
# where hardly a block speaks, in the very corners.
_STIFF = 0.1
# Further from the fit than this and what the fit is unsure of, a polynomial of three terms is left for a table, EV.
_PA_MISFIT_EV = 0.015
TABLE_POINTS = 25
"""Of a law that is a table, from the middle to the corner."""


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
    """Cubic B-splines of r², 0 in the middle, at points (down, right) in half diagonals; a new last axis.

    Powers of the radius would not follow a lens whose barrel cuts off light from some radius on.

    Notes
    -----
    C. de Boor, "A Practical Guide to Splines" (1978), chapter 10: the recursion.
    """
    square = np.minimum(np.asarray(v * v + u * u, np.float64), _REACH**2 * (1 - 1e-9))
    knots = np.square([0.0, 0.0, 0.0, 0.0, *_KNOTS, *(_REACH,) * 4])
    splines = [(square >= low) & (square < high) for low, high in pairwise(knots.tolist())]
    values = [np.where(inside, 1.0, 0.0) for inside in splines]
    for degree in (1, 2, 3):
        for n in range(len(values) - 1):
            first, second = knots[n + degree] - knots[n], knots[n + degree + 1] - knots[n + 1]
            rising = (square - knots[n]) / first * values[n] if first else 0.0
            falling = (knots[n + degree + 1] - square) / second * values[n + 1] if second else 0.0
            values[n] = np.asarray(rising + falling)
        values.pop()
    return np.stack(values[1:], -1)  # the first one is what there is in the middle


def plane(tilt: Array, v: Array, u: Array) -> Array:
    """Light that slopes by ``tilt``, 1 in the middle; never nothing."""
    return np.asarray(np.maximum(1 + tilt[0] * v + tilt[1] * u, 0.05))


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
        light = plane(tilt, v, u)
        along = np.stack([v / light, u / light], -1)
        design = np.concatenate([along, fixed], -1)
        wanted = target - np.log(light) + along @ tilt
        found = solved(design, wanted, weights, stiff=_stiff(design.shape[-1], 3))
        left = wanted - design @ found
        tilt = np.clip(found[:2], -2.0, 2.0)
        weights = is_known * tukey(left, left[is_known])
    explained = np.concatenate([radial(v, u), strange(v, u)], -1) @ found[3:]
    slope = _slope(v, u, found[3:], tilt)
    shifts = blocks.offset[:, 0, None, None] * slope[0] + blocks.offset[:, 1, None, None] * slope[1]
    light = plane(tilt, v, u)
    left = np.where(is_known, green - found[2] - explained - np.log(light), 0.0)
    colours = np.where(is_known, logs - green - shifts, 0.0)
    return Field(tilt, found[3:], left, weights, colours)


def _slope(v: Array, u: Array, terms: Array, tilt: Array) -> tuple[Array, Array]:
    """Of the field's logarithm, per half diagonal down and right; by differences that its powers do not notice."""
    step = 1e-3

    def height(down: Array, right: Array) -> Array:
        light = plane(tilt, down, right)
        return np.asarray(np.concatenate([radial(down, right), strange(down, right)], -1) @ terms + np.log(light))

    return (
        (height(v + step, u) - height(v - step, u)) / (2 * step),
        (height(v, u + step) - height(v, u - step)) / (2 * step),
    )


def colour_terms(fields: Sequence[Field], blocks: Blocks) -> tuple[Array, Array]:
    """(4, terms) of `coloured`: what all frames say of each site's ratio to the greens, levels of the frames aside.

    And their covariances, (4, terms, terms), by what the fit leaves in the blocks.
    """
    design = coloured(*blocks.points())
    rows, covariances = [], []
    for site in range(4):
        total = np.mean([f.colours[site] - np.median(f.colours[site]) for f in fields], axis=0)
        known = np.min([f.weights for f in fields], axis=0)
        weights = known
        for _ in range(_ROUNDS):
            found = solved(design, total, weights)
            left = total - design @ found
            weights = known * tukey(left, left[known > 0])
        rows.append(found)
        weighted = design * weights[..., None]
        normal = np.einsum("abi,abj->ij", weighted, design)
        variance = float((weights * left**2).sum() / max(weights.sum() - design.shape[-1], 1.0))
        covariances.append(variance * np.linalg.pinv(normal))
    return np.stack(rows), np.stack(covariances)


def _stiff(columns: int, first: int) -> Array:
    """Rows that ask terms of `radial`, which begin at column ``first``, for third differences of 0.

    P. H. C. Eilers, B. D. Marx, "Flexible smoothing with B-splines and penalties", Statistical Science 11 (1996).
    """
    rows = np.zeros((RADIAL - 3, columns))
    for n in range(RADIAL - 3):
        rows[n, first + n : first + n + 4] = (-_STIFF, 3 * _STIFF, -3 * _STIFF, _STIFF)
    return rows


def solved(design: Array, wanted: Array, weights: Array, *, stiff: Array | None = None) -> Array:
    """Weighted least squares over blocks, by orthogonal columns: powers of one radius are nearly parallel.

    Rows of ``stiff`` are further equations, whose right sides are 0.
    """
    root = np.sqrt(weights).reshape(-1, 1)
    matrix, sides = design.reshape(-1, design.shape[-1]) * root, wanted.reshape(-1) * root[:, 0]
    if stiff is not None:
        matrix, sides = np.concatenate([matrix, stiff]), np.concatenate([sides, np.zeros(len(stiff))])
    return np.asarray(np.linalg.lstsq(matrix, sides, rcond=1e-9)[0])


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
        light = plane(f.tilt, v, u)
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
    stiff = _stiff(sums[0][0].shape[-1], 3)
    for draw in range(draws):
        drawn = rng.integers(0, len(fields), len(fields))
        found = []
        for n in drawn:
            count = np.bincount(rng.integers(0, number, number), minlength=number)
            square, side = np.tensordot(count, sums[n][0], 1), count @ sums[n][1]
            terms = fields[n].terms[:RADIAL]
            step = np.linalg.lstsq(
                square + stiff.T @ stiff, side - stiff.T @ (stiff[:, 3 : 3 + RADIAL] @ terms), rcond=1e-12
            )[0]
            found.append(terms + step[3 : 3 + RADIAL])
        out[draw] = np.mean(found, axis=0)
    return out


def law_of(lost: Callable[[Array], Array], spread: Callable[[Array], Array] = np.zeros_like) -> Law:
    """A law of light, in half diagonals: ``pa`` where that follows, else a table.

    Parameters
    ----------
    lost : callable
        Natural logarithm of the light that is left at radii in half diagonals.
    spread : callable
        Its standard deviation.
    """
    radius = np.linspace(0, 1, 201)
    light = np.exp(lost(radius))
    even = np.stack([radius**2, radius**4, radius**6], -1)
    unsure = np.hypot(_PA_MISFIT_EV * np.log(2.0) / 2, spread(radius))
    weights = 1 / (light * unsure)
    three = np.linalg.lstsq(even * weights[:, None], (light - 1) * weights, rcond=None)[0]
    fitted = 1 + even @ three
    if fitted.min() > 0 and (np.abs(np.log(fitted / light)) < 2 * unsure).all():
        return Law("pa", tuple(three.tolist()), 1.0)
    points = np.linspace(0, 1, TABLE_POINTS)
    return Law("table", tuple(np.stack([points, lost(points) / np.log(2.0)], -1).reshape(-1).tolist()), 1.0)
