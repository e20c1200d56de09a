"""The distortion that makes curves straight: the plumb-line method.

D. C. Brown, "Close-range camera calibration", Photogrammetric Engineering 37 (1971); F. Devernay, O. Faugeras,
"Straight lines have to be straight", Machine Vision and Applications 13 (2001). What is straight in space is straight
in the picture of a lens without distortion, at whatever angle it is seen; which size that picture has, lines do not
say: distortion is counted from none at the centre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenbit.kernels._laws import inverse, ratio
from tenbit.kernels._optics import Law
from tenbit.pipeline.calibrate.edges import Edge, Points
from tenbit.pipeline.calibrate.straightness import MIDDLE, NUDGE, Fit, Lines, Mask, Model, holds, solved
from tenbit.pipeline.errors import RequestError

# Distortions at the corner that are tried first, for terms of the lowest power.
TRIED = np.linspace(-0.12, 0.12, 49)
# What a curve may be away from straight and still count at first, pixels; later, times the median of those that count.
ASTRAY_PX, TIMES = 1.0, 3.0
# And, since paper is not flat, no less than this: in pixels, and in half diagonals.
FLAT_PX, FLAT_PART = 0.25, 1e-4
# A further term, or a centre beside the middle, is taken when it is so many standard deviations from nothing; a third
# one, which few lenses need and which runs away beyond the lines, when it is more …
SURE, SURE_THIRD = 3.0, 5.0
# … and the centre is so far away, half diagonals.
LEAST_CENTRE = 0.004


@dataclass(frozen=True)
class Demands:
    """What curves must be for their fit to be believed.

    Parameters
    ----------
    fewest : int
        Curves that are straight in the end.
    straight_part : float
        Of all curves, by length, that must be straight in the end.
    reach : float
        Half diagonals from the middle that three of them must reach.
    error : float
        Standard error of the distortion at that radius, as a share of the radius.
    """

    fewest: int = 8
    straight_part: float = 0.6
    reach: float = 0.5
    error: float = 0.002


@dataclass(frozen=True, eq=False)
class Plumbed:
    """A law of distortion, and how good it is. Lengths are half diagonals, from the middle of the picture.

    Parameters
    ----------
    law : Law
        Ideal to distorted; its unit is the half diagonal.
    centre : tuple of float
        (down, right).
    draws : array
        (draws, terms) the terms from other choices of the same curves.
    valid : float
        Radius that three curves reach.
    before_px, after_px : float
        Root mean square of what straight curves are away from straight, without and with the law.
    straight : array of bool
        Which curves count.
    curves_before_px, curves_after_px : array
        The same of every curve.
    """

    law: Law
    centre: tuple[float, float]
    draws: Points
    valid: float
    before_px: float
    after_px: float
    straight: Mask
    curves_before_px: Points
    curves_after_px: Points

    def distortion(self, radius: float | Points) -> Points:
        """Share of the ideal radius that light of a distorted radius lands too far out."""
        return distortion(self.law, radius)

    def error(self, radius: float | Points) -> Points:
        """Standard error of `distortion`: half of what the middle two thirds of the draws span, to first order."""
        radius = np.asarray(radius, float)
        slopes = []
        for n in range(len(self.law.terms)):
            terms = np.array(self.law.terms)
            step = NUDGE * np.eye(len(terms))[n]
            above, below = (Law(self.law.model, tuple((terms + side).tolist()), 1.0) for side in (step, -step))
            slopes.append((distortion(above, radius) - distortion(below, radius)) / (2 * NUDGE))
        away = np.tensordot(self.draws - np.array(self.law.terms), np.stack(slopes), axes=1)
        low, high = np.quantile(away, (0.1587, 0.8413), axis=0)
        return np.asarray((high - low) / 2)


def distortion(law: Law, radius: float | Points) -> Points:
    """Rd / Ru − 1 at distorted radii, against the centre."""
    middle = ratio(law, 0.0)
    # Beyond the farthest point that anything lands on there is nothing to tell.
    ideal = inverse(law, radius)
    return np.asarray(ratio(law, ideal) / middle - 1)


def plumbed(
    edges: Sequence[Edge],
    *,
    axis: tuple[float, float],
    half_px: float,
    model: Model = "even",
    demands: Demands | None = None,
    usual: tuple[float, ...] = (),
    seed: int = 1,
) -> Plumbed:
    """The law under which most of some curves are straight.

    Parameters
    ----------
    edges : sequence of Edge
        Of frames of one size by one lens.
    axis : tuple of float
        (row, col) of the middle.
    half_px : float
        Half of the frame's diagonal.
    model : {"even", "ptlens"}
    demands : Demands, optional
    usual : tuple of float
        Standard deviation of each term among lenses, for curves that may tell little: terms are held to it, and the
        centre to the middle. By default the simplest law that does, and a centre that the curves may move.
    seed : int
        Of the draws for the error.

    Raises
    ------
    RequestError
        If the curves do not say what the distortion is; the text says why.
    """
    demands = demands or Demands()
    if len(edges) < demands.fewest:
        raise RequestError(
            f"{len(edges) or 'no'} line{'s' * (len(edges) != 1)} long enough found, {demands.fewest} are needed: "
            "photograph a chart, a grid or a wall of bricks that fills the frame"
        )
    lines = Lines(edges, axis, half_px)
    keep, start = _guessed(lines, model)
    _check_straight(lines, keep, demands)
    fit = None
    for _ in range(3):
        fit = _fitted(lines.taken(keep), model, start, usual)
        away, _ = lines.away(Law(model, fit.terms, 1.0), fit.centre, np.ones(len(lines.points)))
        spread = lines.spread(away)
        limit = max(FLAT_PX, FLAT_PART * half_px, TIMES * float(np.median(spread[keep])))
        changed = spread <= min(limit, 2 * ASTRAY_PX)
        _check_straight(lines, changed, demands)
        if (changed == keep).all():
            break
        keep = changed
    used = lines.taken(keep)
    fit = _fitted(used, model, start, usual)
    valid = _reach(used)
    _check_places(fit, used, valid, demands)
    draws = fit.draws(np.random.default_rng(seed))
    plain = np.ones(len(lines.points))
    before = lines.away(Law(model, (), 1.0), MIDDLE, plain)[0]
    after = lines.away(Law(model, fit.terms, 1.0), fit.centre, plain)[0]
    is_used = keep[lines.curve]
    out = Plumbed(
        Law(model, fit.terms, 1.0),
        (float(fit.centre[0]), float(fit.centre[1])),
        draws,
        valid,
        float(np.sqrt(np.mean(before[is_used] ** 2))),
        float(np.sqrt(np.mean(after[is_used] ** 2))),
        keep,
        lines.spread(before),
        lines.spread(after),
    )
    error = float(out.error(valid))
    if not error <= demands.error:
        raise RequestError(
            f"the lines leave the distortion open by {100 * error:.2f} % at {valid:.0%} of the half diagonal, more "
            f"than {100 * demands.error:g} %: more and longer lines near the edges of the frame are needed"
        )
    return out


def _guessed(lines: Lines, model: Model) -> tuple[Mask, tuple[float, ...]]:
    """The curves that are straight under the one-term law under which most are, and its terms."""
    trust = np.ones(len(lines.points))
    best = None
    for tried in TRIED:
        terms = (float(tried),) if model == "even" else (0.0, float(tried), 0.0)
        law = Law(model, terms, 1.0)
        if not holds(law, lines):
            continue
        spread = lines.spread(lines.away(law, MIDDLE, trust)[0])
        cost = float((lines.length**2 * np.minimum(spread / ASTRAY_PX, 1) ** 2).sum())
        if best is None or cost < best[0]:
            best = cost, spread <= ASTRAY_PX, terms
    assert best is not None
    return np.asarray(best[1]), best[2]


def _fitted(lines: Lines, model: Model, start: tuple[float, ...], usual: tuple[float, ...]) -> Fit:
    """The simplest law that does: few terms first, the centre in the middle."""
    if usual:
        start = (*start, *(0.0,) * (len(usual) - len(start)))
        return solved(lines, model, start, is_centred=True, usual=usual)
    if model == "ptlens":
        fit = solved(lines, model, start, is_centred=True)
    else:
        fit = solved(lines, model, start[:1], is_centred=True)
        for count in (2, 3):
            more = solved(lines, model, (*fit.terms, *(0.0,) * (count - len(fit.terms))), is_centred=True)
            if abs(more.terms[-1]) < (SURE if count == 2 else SURE_THIRD) * more.sigma()[count - 1]:
                break
            fit = more
    free = solved(lines, model, fit.terms, is_centred=False)
    sigma = free.sigma()[-2:]
    if np.hypot(*free.centre) > LEAST_CENTRE and (np.abs(free.centre) > SURE * sigma).any():
        return free
    return fit


def _reach(lines: Lines) -> float:
    """The radius that three curves reach."""
    farthest = np.maximum.reduceat(np.hypot(*lines.points.T), lines.first)
    return float(np.sort(farthest)[-3])


def _check_straight(lines: Lines, keep: Mask, demands: Demands) -> None:
    part = float(lines.length[keep].sum() / lines.length.sum())
    if keep.sum() < demands.fewest or part < demands.straight_part:
        raise RequestError(
            f"no distortion makes them straight: of {len(keep)} curves {int(keep.sum())} are, {part:.0%} of their "
            f"length; {demands.fewest} and {demands.straight_part:.0%} are needed"
        )


def _check_places(fit: Fit, lines: Lines, valid: float, demands: Demands) -> None:
    """Refuse lines that lie where distortion cannot be seen."""
    if valid < demands.reach:
        raise RequestError(
            f"the lines reach {valid:.0%} of the half diagonal from the middle, {demands.reach:.0%} are needed: "
            "fill the frame with them"
        )
    rho, normal = fit.lines[:, 0], fit.lines[:, 1:]
    if float(np.quantile(rho, 0.8)) < 0.15:
        raise RequestError("the lines pass through the middle of the frame, where distortion does not bend them")
    weight = lines.length * rho**2
    if np.hypot(*(normal * weight[:, None]).sum(axis=0)) > 0.8 * weight.sum():
        raise RequestError("the lines lie on one side of the frame: cover the other side too")
