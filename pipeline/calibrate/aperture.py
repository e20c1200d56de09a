"""What frames of even light of one aperture say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._optics import Law
from tenbit.pipeline.calibrate import shading
from tenbit.pipeline.calibrate.blocks import Blocks
from tenbit.pipeline.calibrate.shading import Field

_EV = 1 / np.log(2.0)


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame of even light."""

    path: Path | None
    blocks: Blocks
    field: Field
    f_number: float | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Aperture:
    """What the frames of one aperture say together.

    Parameters
    ----------
    f_number : float or None
    shots : tuple of Shot
    radial, strange : array
        Terms of `shading.radial` and of `shading.strange`.
    colours, unsure : array
        (4, terms) of `shading.coloured`, a row per site; and their covariances, (4, terms, terms).
    spread : array
        (draws, RADIAL): terms as other frames would have given them.
    left_ev : array
        (down, across): what the fit leaves of the frames' mean, EV.
    law : Law
        Of the light that is left; radii in half diagonals.
    slope : array
        (down, right): what lens and sensor have of a slope, per half diagonal; 0 where all of it is taken for light.
    """

    f_number: float | None
    shots: tuple[Shot, ...]
    radial: Array
    strange: Array
    colours: Array
    unsure: Array
    spread: Array
    left_ev: Array
    law: Law
    slope: Array

    @property
    def label(self) -> str:
        return "f/?" if self.f_number is None else f"f/{self.f_number:g}"

    def gains(self, v: Array, u: Array) -> Array:
        """(4, …): what undoes fall-off and shading at points (down, right), half diagonals; 1 in the middle."""
        middle = shading.coloured(np.zeros(1), np.zeros(1))
        left = shading.radial(v, u) @ self.radial + shading.strange(v, u) @ self.strange
        left = left + np.log(shading.plane(self.slope, v, u))
        shape = shading.coloured(v, u)
        return np.stack([np.exp(middle @ terms - left - shape @ terms) for terms in self.colours])

    def lost_ev(self, radius: Array) -> Array:
        """EV that the radial fit loses at radii in half diagonals; negative numbers."""
        return np.asarray(shading.radial(radius, np.zeros_like(radius)) @ self.radial * _EV)

    def spread_ev(self, radius: Array) -> Array:
        """Standard deviation of `lost_ev`."""
        powers = shading.radial(radius, np.zeros_like(radius))
        return np.asarray((powers @ self.spread.T).std(axis=-1) * _EV)

    def colour_spread(self) -> float:
        """Standard deviation of a site's ratio to the greens where it is largest in the frame, percent."""
        shape = shading.coloured(*self.shots[0].blocks.points())
        apart = shape - shading.coloured(np.zeros(1), np.zeros(1))
        variances = np.einsum("abi,sij,abj->sab", apart, self.unsure, apart)
        return 100 * float(np.sqrt(max(variances.max(), 0.0)))

    def corners(self, site: int) -> tuple[float, float]:
        """Least and most of a site over the greens' mean in the four corners, relative to the middle, percent."""
        down, across = self.shots[0].blocks.down, self.shots[0].blocks.across
        v, u = np.meshgrid(down[[0, -1]], across[[0, -1]], indexing="ij")
        shape, middle = shading.coloured(v, u), shading.coloured(np.zeros(1), np.zeros(1))
        found = 100 * (np.exp(shape @ self.colours[site] - middle @ self.colours[site]) - 1)
        return float(found.min()), float(found.max())


def together(f_number: float | None, shots: Sequence[Shot], *, is_turned: bool = False) -> Aperture:
    """Mean of the frames of one aperture.

    Parameters
    ----------
    f_number : float or None
    shots : sequence of Shot
    is_turned : bool
        Some were taken with the camera turned by 180 degrees: the slope that both ways have is not the light's.
    """
    fields, blocks = [shot.field for shot in shots], shots[0].blocks
    terms = np.mean([f.terms for f in fields], axis=0)
    radial, strange = terms[: shading.RADIAL], terms[shading.RADIAL :]
    v, u = blocks.points()
    parts = np.concatenate([shading.radial(v, u), shading.strange(v, u)], -1)
    own, common = np.stack([f.left + parts @ f.terms for f in fields]), parts @ terms
    weights = np.stack([f.weights for f in fields])
    left = ((own - common) * weights).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-9)
    spread = shading.radial_spread(fields, blocks)
    return Aperture(
        f_number,
        tuple(shots),
        radial,
        strange,
        *shading.colour_terms(fields, blocks),
        spread,
        left * _EV,
        shading.law_of(
            lambda r: np.asarray(shading.radial(r, np.zeros_like(r)) @ radial),
            lambda r: np.asarray((shading.radial(r, np.zeros_like(r)) @ spread.T).std(axis=-1)),
        ),
        _common_slope([f.tilt for f in fields]) if is_turned else np.zeros(2),
    )


def _common_slope(tilts: Sequence[Array]) -> Array:
    """The middle between the slopes of both ways that the camera was held, however often each was.

    The ways are told apart by the direction in which the slopes differ most.
    """
    apart = np.stack(tilts) - np.mean(tilts, axis=0)
    along = apart @ np.linalg.svd(apart)[2][0]
    ways = (
        [np.mean([tilt for tilt, at in zip(tilts, along, strict=True) if (at > 0) == way], axis=0) for way in (0, 1)]
        if (along > 0).any() and (along <= 0).any()
        else [np.mean(tilts, axis=0)]
    )
    return np.asarray(np.mean(ways, axis=0))
