"""A lens's fall-off from ordinary pictures: not good enough to correct by, good enough to say what a flat would find.

Surfaces have no reason to darken away from the middle of a picture: over many pictures, what neighbouring parts of
smooth surfaces differ by along the radius is symmetric about what the lens makes of it. Y. Zheng, J. Yu, S. B. Kang,
S. Lin and C. Kambhamettu, "Single-image vignetting correction using radial gradient symmetry", CVPR 2008, show it for
one picture; here the pictures together are one sample, and how far they agree is the uncertainty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._optics import Law
from tenbit.pipeline.calibrate.blocks import CLIPPED, Blocks, blocks_of
from tenbit.pipeline.calibrate.shading import law_of
from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.frame import Frame

FEWEST = 10
"""Pictures, below which they may well agree by chance."""
_TERMS = 3
_FEWEST_PAIRS = 150
_DARKEST = 0.01
# A block is smooth whose pixels spread by no more than this over those of the smoothest tenth, noise of light allowed.
_SMOOTH = 2.0
# Neighbours that usually differ by more are no smooth surface, however alike their pixels are.
_ROUGHEST = 0.1
_ROUNDS, _ROUNDS_OF_DRAW = 10, 4
_DRAWS, _MOST_PAIRS = 100, 1500
_MOST_UNSURE_EV = 0.3
# Of the logarithm at the corner: subjects stand in the middle and in the light, in every picture.
_COMMON = 0.1
# What lenses are: terms of r², r⁴, r⁶ of the logarithm, half diagonals, where the focal length says nothing.
_USUAL, _USUAL_SPREAD = (-0.4, 0.0, 0.0), (0.6, 0.5, 0.3)
_EV = 1 / np.log(2.0)


@dataclass(frozen=True, eq=False)
class FallOff:
    """What ordinary pictures say of a lens's fall-off.

    Parameters
    ----------
    terms : array
        (3,): of r², r⁴ and r⁶ of the natural logarithm of the light that is left, r in half diagonals.
    covariance : array
        (3, 3): of the terms.
    pictures : int
        That it is from.
    reach : float
        Half diagonals: beyond, there is hardly any evidence.
    """

    terms: Array
    covariance: Array
    pictures: int
    reach: float

    def ev(self, radius: Array | float) -> Array:
        """EV that are lost at radii in half diagonals, negative numbers."""
        return np.asarray(_powers(np.asarray(radius, float)) @ self.terms * _EV)

    def spread_ev(self, radius: Array | float) -> Array:
        """Standard deviation of `ev`."""
        powers = _powers(np.asarray(radius, float))
        return np.asarray(np.sqrt(np.einsum("...i,ij,...j", powers, self.covariance, powers)) * _EV)

    def law(self, half_mm: float) -> Law:
        """The same as a law of light, ``half_mm`` being half the diagonal of the picture on the sensor."""
        found = law_of(lambda radius: np.asarray(_powers(radius) @ self.terms))
        return Law(found.model, found.terms, half_mm)


def fall_off(frames: Iterable[Frame], *, focal: float | None = None, least: int = FEWEST) -> FallOff:
    """A lens's fall-off from ordinary pictures of different things.

    Parameters
    ----------
    frames : iterable of Frame
        Of one lens at one aperture, on one sensor; one at a time is in memory. Those that cannot be used are passed.
    focal : float, optional
        Focal length in half diagonals of the picture: what is natural (cos⁴) is then taken for likely.
    least : int
        Pictures that are needed.

    Returns
    -------
    FallOff

    Raises
    ------
    RequestError
        If too few pictures have enough smooth parts, or they do not agree to better than 0.3 EV.

    Notes
    -----
    Robust regression (Huber's) of logarithms' differences between neighbouring smooth blocks on those of r², r⁴ and r⁶.
    Its covariance, by bootstrap over pictures, is joined with what lenses usually are by their inverse covariances.
    What all pictures have in common, a subject in the middle and in the light, does not show: 0.15 EV in the corner are
    added for it.
    """
    pairs, passed = [], 0
    for frame in frames:
        try:
            found = _pairs(blocks_of(frame))
        except ReadError:
            found = None
        if found is None:
            passed += 1
        else:
            pairs.append(found)
    if len(pairs) < least:
        few = f"{passed} of {len(pairs) + passed} pictures have too few smooth parts; " if passed else ""
        raise RequestError(f"fall-off: {few}{len(pairs)} can be used, {least} different ones are needed")
    terms, covariance = _regressed(pairs)
    common = np.diag([_COMMON**2, 0.0, 0.0])
    terms, covariance = _joined(terms, covariance + common, *_prior(focal))
    radii = np.sort(np.concatenate([r for _, _, r in pairs]))
    result = FallOff(terms, covariance, len(pairs), float(radii[int(0.995 * (len(radii) - 1))]))
    unsure = float(result.spread_ev(1.0))
    if unsure > _MOST_UNSURE_EV:
        raise RequestError(f"fall-off: the pictures do not agree: ± {unsure:.1f} EV in the corner; more may help")
    return result


def _powers(radius: Array) -> Array:
    """r², r⁴, r⁶, a new last axis."""
    return np.stack([radius ** (2 * n) for n in range(1, _TERMS + 1)], -1)


def _pairs(blocks: Blocks) -> tuple[Array, Array, Array] | None:
    """Of neighbouring smooth blocks: what their logarithms and their powers of r differ by, and r; None if too few."""
    first, second = blocks.greens
    green = (blocks.means[first] + blocks.means[second]) / 2
    rough = np.maximum(blocks.rough[first], blocks.rough[second])
    brightest = (blocks.means + 3 * blocks.rough).max(axis=0)
    is_usable = (green > _DARKEST) & (brightest < CLIPPED)
    if not is_usable.any():
        return None
    # Of light alone, the spread grows with the root of the signal.
    unlike = rough / np.sqrt(np.maximum(green, _DARKEST))
    is_smooth = is_usable & (unlike < _SMOOTH * np.percentile(unlike[is_usable], 10))
    logs = np.log(np.maximum(green, _DARKEST / 2))
    radius = np.hypot(*blocks.points())
    powers = _powers(radius)
    differences, changes, radii = [], [], []
    for axis in (0, 1):
        near = [slice(None), slice(None)]
        far = [slice(None), slice(None)]
        near[axis], far[axis] = slice(None, -1), slice(1, None)
        here, there = tuple(near), tuple(far)
        both = is_smooth[here] & is_smooth[there]
        differences.append((logs[there] - logs[here])[both])
        changes.append((powers[there] - powers[here])[both])
        radii.append(np.maximum(radius[here], radius[there])[both])
    found = np.concatenate(differences)
    if len(found) < _FEWEST_PAIRS or _spread(found) > _ROUGHEST:
        return None
    return found, np.concatenate(changes), np.concatenate(radii)


def _regressed(pairs: Sequence[tuple[Array, Array, Array]]) -> tuple[Array, Array]:
    """Terms and their covariance; every picture counts as much as another, however many pairs it has."""
    rng = np.random.default_rng(0)
    some = []
    for found, changes, _ in pairs:
        drawn = rng.permutation(len(found))[:_MOST_PAIRS]
        some.append((found[drawn], changes[drawn]))
    terms, spread, every = np.zeros(_TERMS), 1.0, np.ones(len(some))
    for _ in range(_ROUNDS):
        # One for all: pictures that happen to be like the lens that is believed in would count for more and more.
        spread = float(np.median([_spread(found - changes @ terms) for found, changes in some]))
        terms = _step(some, terms, spread, every)
    others = []
    for _ in range(_DRAWS):
        counts = np.bincount(rng.integers(0, len(some), len(some)), minlength=len(some))
        other = terms
        for _ in range(_ROUNDS_OF_DRAW):
            other = _step(some, other, spread, counts)
        others.append(other)
    return terms, np.cov(np.stack(others).T) * len(pairs) / (len(pairs) - 1)


def _spread(left: Array) -> float:
    return max(1.4826 * float(np.median(np.abs(left))), 1e-4)


def _step(pairs: Sequence[tuple[Array, Array]], terms: Array, spread: float, counts: Array) -> Array:
    """Better terms: least squares with Huber's weights about ``terms``, a picture as often as ``counts`` says."""
    square, side = 1e-9 * np.eye(_TERMS), np.zeros(_TERMS)
    for (found, changes), count in zip(pairs, counts, strict=True):
        if count:
            weights = count / np.maximum(np.abs(found - changes @ terms), spread) / len(found)
            weighted = changes * weights[:, None]
            square, side = square + weighted.T @ changes, side + weighted.T @ found
    return np.linalg.solve(square, side)


def _prior(focal: float | None) -> tuple[Array, Array]:
    """Terms that are likely before any picture is seen, and their covariance."""
    usual = np.array(_USUAL)
    if focal is not None:
        # ln cos⁴ = -2 ln(1 + r² / f²), and lenses lose more rather than less.
        share = 1 / focal**2
        usual = np.array([-2 * share - 0.1, share**2, -2 / 3 * share**3])
    return usual, np.diag(np.square(_USUAL_SPREAD))


def _joined(terms: Array, covariance: Array, usual: Array, spread: Array) -> tuple[Array, Array]:
    """What two independent sources say together."""
    first, second = np.linalg.pinv(covariance), np.linalg.inv(spread)
    both = np.linalg.inv(first + second)
    return both @ (first @ terms + second @ usual), both
