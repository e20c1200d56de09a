"""Sharpen: takes back the blur of lens, sensor and demosaic, as far as the noise allows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tenbit.kernels._facts import Facts
from tenbit.kernels._luma import luma_of, shares
from tenbit.kernels._noise import known
from tenbit.kernels._stage import (
    PLANES,
    Access,
    Constants,
    Prepared,
    Results,
    Stage,
    Step,
    param,
    point,
    require_signal,
)
from tenbit.kernels.errors import StageError

# Noise to signal of the Wiener filter: it raises no frequency by more than (1 + 0.04) / (2 * sqrt(0.04)) = 2.6.
REGULAR = 0.04
RADIUS = 3
# Distances (rows, cols) of the filter's weights; the others follow by symmetry.
PLACES = ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2), (0, 3), (1, 3), (2, 3), (3, 3))
# What noise alone spans in 3 x 3 pixels is about three standard deviations: twice that counts as half a signal.
SPAN = 6.0
# Light that no gain is judged by, as a fraction of white, and the least and largest gain.
FLOOR, LEAST, MOST = 0.002, 0.25, 4.0


@dataclass(frozen=True)
class Parameters:
    """Undo a known blur in linear light, without halos and without raising noise."""

    amount: float = param(1.0, "0 changes nothing; 1 undoes the blur as far as the noise allows.", low=0, high=1)
    sigma_px: float = param(0.6, "Standard deviation of the blur, taken for Gaussian.", unit="px", low=0.3, high=1.5)
    overshoot: float = param(
        0.1, "How far a pixel may leave the range of its neighbours, as a share of that range.", low=0, high=1
    )


def luma(red, green, blue, k):
    """Luma of one pixel."""
    return luma_of(red, green, blue, k.red_share, k.green_share, k.blue_share)


def gain(y, k):
    """What sharpening multiplies a pixel by.

    The filter's detail counts as far as the pixels around differ by more than noise, and may take the pixel only so far
    beyond them.
    """
    here = y(0, 0)
    sides, corners = (y(0, -1) + y(0, 1)) + (y(-1, 0) + y(1, 0)), (y(-1, -1) + y(1, 1)) + (y(-1, 1) + y(1, -1))
    far = (y(0, -2) + y(0, 2)) + (y(-2, 0) + y(2, 0))
    leaps = ((y(-1, -2) + y(1, 2)) + (y(-1, 2) + y(1, -2))) + ((y(-2, -1) + y(2, 1)) + (y(-2, 1) + y(2, -1)))
    far_corners = (y(-2, -2) + y(2, 2)) + (y(-2, 2) + y(2, -2))
    ends = (y(0, -3) + y(0, 3)) + (y(-3, 0) + y(3, 0))
    by_one = ((y(-1, -3) + y(1, 3)) + (y(-1, 3) + y(1, -3))) + ((y(-3, -1) + y(3, 1)) + (y(-3, 1) + y(3, -1)))
    by_two = ((y(-2, -3) + y(2, 3)) + (y(-2, 3) + y(2, -3))) + ((y(-3, -2) + y(3, 2)) + (y(-3, 2) + y(3, -2)))
    far_ends = (y(-3, -3) + y(3, 3)) + (y(-3, 3) + y(3, -3))
    near = (k.w00 * here + k.w01 * sides) + (k.w11 * corners + k.w02 * far)
    rest = (k.w12 * leaps + k.w22 * far_corners) + (k.w03 * ends + k.w13 * by_one)
    detail = (near + rest) + (k.w23 * by_two + k.w33 * far_ends)
    most_beside, most_across = (
        most_of(y(0, -1), y(0, 1), y(-1, 0), y(1, 0)),
        most_of(y(-1, -1), y(1, 1), y(-1, 1), y(1, -1)),
    )
    least_beside = least_of(y(0, -1), y(0, 1), y(-1, 0), y(1, 0))
    least_across = least_of(y(-1, -1), y(1, 1), y(-1, 1), y(1, -1))
    most, least = max(max(most_beside, most_across), here), min(min(least_beside, least_across), here)
    span = most - least
    noise = k.noise_scale * max(here, 0.0) + k.noise_offset
    wanted = here + detail * (span * span / (span * span + noise))
    held = min(max(wanted, least - k.overshoot * span), most + k.overshoot * span)
    lit = max(here, 0.0) + FLOOR
    return min(max((held - here) / lit + 1.0, LEAST), MOST)


def most_of(a, b, c, d):
    """The largest of four."""
    return max(max(a, b), max(c, d))


def least_of(a, b, c, d):
    """The smallest of four."""
    return min(min(a, b), min(c, d))


def sharpened(red, green, blue, sharpen_gain):
    """One pixel: its three channels times one gain, so that its colour stays."""
    return red * sharpen_gain, green * sharpen_gain, blue * sharpen_gain


def weights(sigma_px: float) -> tuple[float, ...]:
    """Weights at `PLACES` of the filter that makes the detail to add; they add up to 0 over the 7 x 7 pixels.

    Notes
    -----
    A Wiener filter of a Gaussian blur ``H``, ``(1 + n) H / (H**2 + n)`` less 1 with ``n`` = `REGULAR` (N. Wiener,
    "Extrapolation, Interpolation and Smoothing of Stationary Time Series", 1949), in the least squares over all
    frequencies: one trip over the frame instead of one for each Richardson-Lucy or van Cittert step.
    """
    frequency = (np.arange(48) + 0.5) / 96
    v, u = np.meshgrid(frequency, frequency, indexing="ij")
    blur = np.exp(-2 * (math.pi * sigma_px) ** 2 * (v * v + u * u))
    wanted = (1 + REGULAR) * blur / (blur * blur + REGULAR) - 1
    # What a blur leaves of a picture is in its low frequencies: there the fit must be close.
    trust = (blur + 0.05).ravel()
    columns, counts = [], []
    for a, b in PLACES[1:]:
        places = {(i * p, j * q) for p, q in ((a, b), (b, a)) for i in (-1, 1) for j in (-1, 1)}
        # Less the constant, whose weight follows: flat stays flat.
        columns.append(np.sum([np.cos(2 * math.pi * (r * v + c * u)) - 1 for r, c in places], axis=0).ravel())
        counts.append(len(places))
    solved = np.linalg.lstsq(np.stack(columns, axis=1) * trust[:, None], wanted.ravel() * trust, rcond=None)[0]
    return (-float(solved @ counts), *solved.tolist())


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Steps that sharpen by the luma; none for an amount of 0.

    It stands in linear light, where a blur is a sum: on simulated frames of 0.65 px of blur (ISO 100, as displayed) the
    same filter gained 2.6 dB there and 1.3 dB on the encoded picture; one gain for the channels of a pixel was
    better by 0.2 … 0.4 dB than one difference; four Richardson-Lucy steps, each of two blurs, gained 2.3 dB.

    Raises
    ------
    StageError
        If the samples still hold their black level, or are no longer the camera's.
    """
    require_signal("sharpen", facts)
    if facts.space != "camera":
        raise StageError(f"sharpen: the picture is in {facts.space} already, and its noise mixed; put it before colour")
    if parameters.amount == 0:
        return Prepared(facts)
    noise = known(facts)
    facts = noise.facts
    share = shares(facts.space)
    named = zip(PLACES, weights(parameters.sigma_px), strict=True)
    filtering = {f"w{row}{col}": parameters.amount * weight for (row, col), weight in named}
    filtering["overshoot"] = parameters.overshoot

    def constants(results: Results) -> Constants:
        each = zip(share.values(), noise.profile(results), strict=True)
        scale, offset = np.sum([(part**2 * s, part**2 * o) for part, (s, o) in each], axis=0).tolist()
        return filtering | {"noise_scale": SPAN**2 * scale, "noise_offset": SPAN**2 * offset}

    is_late = facts.noise is None or facts.gains is None
    steps = (
        *noise.steps,
        Step("sharpen.luma", Access.POINT, luma, PLANES["linear"], ("sharpen_luma",), share),
        Step(
            "sharpen.gain",
            Access.STENCIL,
            gain,
            ("sharpen_luma",),
            ("sharpen_gain",),
            constants if is_late else constants({}),
            radius=RADIUS,
        ),
        point("sharpen", sharpened, facts, also_reads=("sharpen_gain",)),
    )
    return Prepared(facts, steps, notes=noise.notes)


STAGE = Stage("sharpen", Parameters, ("linear",), prepare)
