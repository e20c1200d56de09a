"""What curves are away from straight under a law of distortion, and the law's terms that make it least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tenbit.kernels._laws import inverse, ratio, turning_radius
from tenbit.kernels._optics import Law
from tenbit.pipeline.calibrate.edges import Edge, Points

Model = Literal["even", "ptlens"]
Mask = npt.NDArray[np.bool_]
MIDDLE: Points = np.zeros(2)

# Standard deviations of a point beyond which it pulls no harder.
OUTLIER = 3.0
ROUNDS, DRAWS = 12, 400
# Of a step of the fit; the most that a term moves by in one.
NUDGE, LEAP = 1e-5, 0.05
# Of a centre from the middle, half diagonals.
FARTHEST_CENTRE = 0.2


class Lines:
    """All curves as arrays, and what they are away from straight under a law."""

    def __init__(self, edges: Sequence[Edge], axis: tuple[float, float], half_px: float) -> None:
        self.half_px = half_px
        counts = np.array([len(edge.points) for edge in edges])
        self.first = np.concatenate([[0], np.cumsum(counts)[:-1]])
        self.curve = np.repeat(np.arange(len(edges)), counts)
        self.counts = counts
        self.points = (np.concatenate([edge.points for edge in edges]) - np.array(axis)) / half_px
        self.sigma = np.concatenate([edge.sigma_px for edge in edges])
        self.length = np.array([edge.length_px for edge in edges]) / half_px

    def taken(self, keep: Mask) -> Lines:
        """The curves of a mask."""
        out = object.__new__(Lines)
        here = keep[self.curve]
        out.half_px, out.length, out.counts = self.half_px, self.length[keep], self.counts[keep]
        out.points, out.sigma = self.points[here], self.sigma[here]
        out.first = np.concatenate([[0], np.cumsum(out.counts)[:-1]])
        out.curve = np.repeat(np.arange(len(out.counts)), out.counts)
        return out

    def sums(self, values: Points) -> Points:
        """Per curve."""
        return np.asarray(np.add.reduceat(values, self.first, axis=0))

    def away(self, law: Law, centre: Points, trust: Points) -> tuple[Points, Points]:
        """What each point is away from its curve's straight line, pixels of the picture; the lines, (rho, down, right).

        Distances in the ideal picture count as what they are in the distorted one (to first order, Sampson's).
        """
        off = self.points - centre
        distorted = np.maximum(np.hypot(*off.T), 1e-9)
        ideal = inverse(law, distorted)
        stretch = ideal / distorted
        step = 1e-4 * np.maximum(ideal, 1e-6)
        rise = ((ideal + step) * ratio(law, ideal + step) - (ideal - step) * ratio(law, ideal - step)) / (2 * step)
        flat = off * stretch[:, None]
        weight = trust / self.sigma**2
        total = self.sums(weight)
        middle = self.sums(flat * weight[:, None]) / total[:, None]
        d = flat - middle[self.curve]
        vv, vu, uu = self.sums(np.stack([d[:, 0] ** 2, d[:, 0] * d[:, 1], d[:, 1] ** 2], axis=-1) * weight[:, None]).T
        turn = 0.5 * np.arctan2(2 * vu, vv - uu) + np.pi / 2
        normal = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        n = normal[self.curve]
        outward = (n * off).sum(axis=1) / distorted
        scale = np.sqrt(stretch**2 * (1 - outward**2).clip(0) + (outward / rise) ** 2)
        rho = (middle * normal).sum(axis=1)
        lines = np.column_stack([np.abs(rho), normal * np.where(rho < 0, -1, 1)[:, None]])
        return (d * n).sum(axis=1) / scale * self.half_px, lines

    def spread(self, away: Points) -> Points:
        """Per curve, root mean square, pixels."""
        return np.asarray(np.sqrt(self.sums(away**2) / self.counts))


@dataclass(frozen=True, eq=False)
class Fit:
    terms: tuple[float, ...]
    centre: Points
    normal: Points
    """(curves, unknowns, unknowns), each curve's part of the normal equations."""
    pull: Points
    """(curves, unknowns)"""
    lines: Points
    """(curves, 3) distance from the centre, and the unit vector (down, right) to the nearest point."""
    usual: tuple[float, ...] = ()

    def draws(self, rng: np.random.Generator) -> Points:
        """Terms from curves drawn with replacement, each draw as many as there are; (draws, terms)."""
        count = len(self.normal)
        often = rng.multinomial(count, np.full(count, 1 / count), DRAWS).astype(float)
        precision = _precision(self.usual, self.normal.shape[1])
        # What is usual is drawn too, so that terms which curves say nothing of are as uncertain as they are usually.
        drawn = rng.standard_normal((DRAWS, len(precision))) * np.sqrt(precision)
        at = np.array([*self.terms, *self.centre])[: len(precision)]
        normal = np.einsum("dc,cij->dij", often, self.normal) + np.diag(precision)
        pull = np.einsum("dc,ci->di", often, self.pull) + precision * at + drawn
        ridge = 1e-9 * np.trace(self.normal.sum(axis=0)) * np.eye(len(precision))
        solved = np.linalg.solve(normal + ridge, pull[..., None])
        return np.asarray(np.array(self.terms) - solved[:, : len(self.terms), 0])

    def sigma(self) -> Points:
        """Standard error of every unknown, terms first, over curves."""
        whole = self.normal.sum(axis=0)
        inside = np.linalg.pinv(whole)
        return np.asarray(np.sqrt(np.diag(inside @ np.einsum("ci,cj->ij", self.pull, self.pull) @ inside).clip(1e-24)))


def holds(law: Law, lines: Lines, centre: Points = MIDDLE) -> bool:
    """Whether the law does not turn back inside the picture, and its centre is near the middle."""
    turn = turning_radius(law)
    farthest = 1.05 * max(1.0, float(np.hypot(*(lines.points - centre).T).max()))
    if np.hypot(*centre) > FARTHEST_CENTRE:
        return False
    return turn == float("inf") or float(turn * ratio(law, turn)) > farthest


def _precision(usual: tuple[float, ...], unknowns: int) -> Points:
    """One over the variance of every unknown by what is usual; 0 where that says nothing."""
    out = np.zeros(unknowns)
    out[: len(usual)] = 1 / np.square(usual)
    return out


def solved(
    lines: Lines, model: Model, start: tuple[float, ...], *, is_centred: bool, usual: tuple[float, ...] = ()
) -> Fit:
    """Gauss and Newton with weights that fall for outliers; lines are fitted anew at every step.

    Parameters
    ----------
    lines : Lines
    model : Model
    start : tuple of float
        Terms to begin with; as many are found.
    is_centred : bool
        Whether the centre stays in the middle.
    usual : tuple of float
        Standard deviation of each term among lenses; a curve then says no more than two independent points would.
    """
    count = len(start)
    unknown = np.array([*start, *(() if is_centred else (0.0, 0.0))])
    trust = np.ones(len(lines.points))
    precision = _precision(usual, unknown.size)
    share = np.minimum(1.0, 2.0 / lines.counts)[lines.curve] if usual else 1.0

    def can(at: Points) -> bool:
        return holds(Law(model, tuple(at[:count].tolist()), 1.0), lines, at[count:] if at.size > count else MIDDLE)

    def looked(at: Points) -> tuple[Points, Points]:
        return lines.away(Law(model, tuple(at[:count].tolist()), 1.0), at[count:] if at.size > count else MIDDLE, trust)

    cost = np.inf
    for turn in range(ROUNDS):
        away, found = looked(unknown)
        # Points of a curve that is off as a whole weigh less: paper is not flat, a lens not what its law says.
        noise = np.hypot(lines.sigma, np.sqrt(np.median(lines.spread(away) ** 2)))
        trust = 1 / np.sqrt(1 + (away / noise / OUTLIER) ** 2)
        weight = share * trust / noise**2
        slopes = np.empty((len(away), unknown.size))
        for n in range(unknown.size):
            step = np.zeros(unknown.size)
            step[n] = NUDGE
            slopes[:, n] = (looked(unknown + step)[0] - looked(unknown - step)[0]) / (2 * NUDGE)
        normal = lines.sums(slopes[:, :, None] * slopes[:, None, :] * weight[:, None, None])
        pull = lines.sums(slopes * (away * weight)[:, None])
        whole = normal.sum(axis=0) + np.diag(precision)
        ridge = 1e-9 * np.trace(whole) * np.eye(unknown.size)
        move = -np.linalg.solve(whole + ridge, pull.sum(axis=0) + precision * unknown)
        # What the steps of a real fit move a corner by is far less; a wild one comes from lines that say little.
        move *= min(1.0, LEAP / max(float(np.abs(move).max()), 1e-12))
        while not can(unknown + move):
            move = move / 2
        now = float((away**2 * weight).sum() + (precision * unknown**2).sum())
        if turn == ROUNDS - 1 or np.abs(move).max() < 1e-8 or abs(cost - now) < 1e-9 * now:
            break
        cost, unknown = now, unknown + move
    centre = unknown[count:] if unknown.size > count else MIDDLE
    return Fit(tuple(unknown[:count].tolist()), centre, normal, pull, found, usual)
