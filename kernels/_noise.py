"""The noise of a frame: what the file says of it, or a profile measured from the frame itself.

A profile is a (scale, offset) for red, green and blue: variance = scale · signal + offset, in units of the samples as
they are now, 0 at black (shot noise is Poisson, reading adds a constant: Foi and others, IEEE TIP 17(10), 2008).

Measuring: the spread of the samples of one colour about a plane fitted to 5 × 5 of them follows noise where the picture
is flat, and more elsewhere. For each brightness the left flank of its histogram is noise alone: the spread is taken
where the flank is as steep as the chi-squared distribution of noise, whatever part of the picture is flat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._facts import Array, Facts, Triple
from tenbit.kernels._stage import PLANES, Access, Body, PerSite, Results, Step

Profile = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

# Of the histogram of one colour: brightness by its square root, spread (a variance) by its eighth root, which takes
# no logarithm: a bin is 10 % of a standard deviation of 0.01 of white, 18 % of one of 0.001.
MEANS, SPREADS = 16, 64
SPREAD_LOW, SPREAD_STEP = 0.06, 0.009
# Samples nearer to the clipping level than this, as a share of it, say nothing.
HIGHEST = 0.95
# A variance that is never undercut: half a step of 16 bits, so that nothing is divided by zero.
LEAST_OFFSET = (0.5 / 65535) ** 2
# Windows of a brightness that count: fewer are left out of the fit.
FEWEST = 60
# How sure it must be that the flank is as flat as noise, in standard deviations of a count: chance is early, else.
SURE = 0.7
# Shares of a chi-squared distribution of so many degrees of freedom that lie below 0.55 and 0.85 of its mean.
FLANK = (0.55, 0.85)
FLANK_SHARES = {22: (0.0447, 0.3362), 9: (0.1614, 0.4302)}
# Part of the variance that is left where planes have been interpolated (median of 21 photographs at ISO 1600, behind
# gbtf and behind malvar).
INTERPOLATED = 0.53
# Sites of a quad-Bayer period at which its blocks begin.
BLOCKS = (0, 2, 8, 10)


@dataclass(frozen=True)
class Measured:
    """How a stage gets to know the noise.

    Parameters
    ----------
    facts : Facts
        Of the frame behind ``steps``.
    steps : tuple of Step
        To stand before the stage's own; empty where the noise is known already.
    notes : tuple of str
        For the stage to hand on.
    """

    facts: Facts
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()

    def profile(self, results: Results) -> Profile:
        """(scale, offset) of red, green and blue at ``facts``, once ``steps`` have been done."""
        return profile_of(self.facts, results)


def known(facts: Facts) -> Measured:
    """What it takes to know the noise of a frame: nothing where the file says it or it was measured before."""
    if facts.noise is not None or facts.measured_noise is not None:
        return Measured(facts)
    note = "the file says nothing of its noise: it is estimated from the picture"
    return Measured(replace(facts, measured_noise=(1.0, 1.0, 1.0)), _steps(facts), (note,))


def profile_of(facts: Facts, results: Results) -> Profile:
    """(scale, offset) of red, green and blue of a frame whose noise is `known`, in units of its samples.

    Parameters
    ----------
    facts : Facts
    results : mapping
        Of the frame so far; needed where the noise, or white balance, has been measured.

    Raises
    ------
    ValueError
        If the noise is not known.
    """
    if facts.noise is not None:
        pairs = facts.noise if len(facts.noise) == 3 else (facts.noise[0],) * 3
        gains = (1.0, 1.0, 1.0) if facts.gains is not None else results["white_balance"]["gains"]
    elif facts.measured_noise is not None:
        pairs, gains = results["noise"], facts.measured_noise
    else:
        raise ValueError("the noise of this frame is not known: ask known() for the steps that measure it")
    red, green, blue = ((max(s, 0.0) * g, max(o * g * g, LEAST_OFFSET)) for (s, o), g in zip(pairs, gains, strict=True))
    return red, green, blue


def multiplied(facts: Facts, gains: Triple | None) -> Facts:
    """Facts whose noise is that of samples multiplied by a gain per colour; None for gains measured meanwhile.

    A profile that is in the facts then stays as it was before the gains, see `profile_of`; one that was measured is
    given up, and measured again where it is needed.
    """
    if gains is None:
        return replace(facts, measured_noise=None)
    if set(gains) == {1.0}:
        return facts
    if facts.noise is not None:
        pairs = facts.noise if len(facts.noise) == 3 else (facts.noise[0],) * 3
        return replace(facts, noise=tuple((s * g, o * g * g) for (s, o), g in zip(pairs, gains, strict=True)))
    if facts.measured_noise is not None:
        red, green, blue = (before * g for before, g in zip(facts.measured_noise, gains, strict=True))
        return replace(facts, measured_noise=(red, green, blue))
    return facts


def spread_bin(m, k):
    """The counter of 5 × 5 samples of one colour, every second row and column of the frame; -1 where one is clipped."""
    v = m(0, 0)
    top = row_sums(m(-4, -4) - v, m(-4, -2) - v, m(-4, 0) - v, m(-4, 2) - v, m(-4, 4) - v)
    upper = row_sums(m(-2, -4) - v, m(-2, -2) - v, m(-2, 0) - v, m(-2, 2) - v, m(-2, 4) - v)
    middle = row_sums(m(0, -4) - v, m(0, -2) - v, 0.0, m(0, 2) - v, m(0, 4) - v)
    lower = row_sums(m(2, -4) - v, m(2, -2) - v, m(2, 0) - v, m(2, 2) - v, m(2, 4) - v)
    bottom = row_sums(m(4, -4) - v, m(4, -2) - v, m(4, 0) - v, m(4, 2) - v, m(4, 4) - v)
    total = (top[0] + bottom[0]) + (upper[0] + lower[0]) + middle[0]
    across = (top[1] + bottom[1]) + (upper[1] + lower[1]) + middle[1]
    down = 2.0 * (bottom[0] - top[0]) + (lower[0] - upper[0])
    squares = (top[2] + bottom[2]) + (upper[2] + lower[2]) + middle[2]
    most = max(max(max(top[3], bottom[3]), max(upper[3], lower[3])), middle[3])
    # What a plane leaves over: squares of the position add up to 50 along each side.
    left = squares - (total * total * 0.04 + (across * across + down * down) * 0.02)
    mean = (v + total * 0.04 - k.black) * k.scale
    return counter(mean, left * (k.scale * k.scale / 22.0), (v + most - k.black) * k.scale, k.high, k.first)


def row_sums(a, b, c, d, e):
    """Of five samples: their sum, their first moment, the sum of their squares, the largest."""
    squares = (a * a + e * e) + (b * b + d * d) + c * c
    return a + b + c + d + e, 2.0 * (e - a) + (d - b), squares, max(max(max(a, b), max(d, e)), c)


def counter(mean, spread, most, high, first):
    """The counter of a window with this mean, variance and largest sample, those of its colour beginning at first.

    Equal samples count nowhere: they are black that was cut off, or noise lost in the rounding to counts.
    """
    bright = int(within(f32(math.sqrt(max(mean, 0.0) / high)) * f32(MEANS), f32(MEANS - 1)))
    eighth = f32(math.sqrt(f32(math.sqrt(f32(math.sqrt(max(spread, 0.0)))))))
    wide = int(within((eighth - SPREAD_LOW) * (1.0 / SPREAD_STEP), f32(SPREADS - 1)))
    index = first + f32(SPREADS * bright + wide)
    return index if most < high * HIGHEST and spread > 0.0 else -1.0


def within(value, high):
    """A value held between 0 and another."""
    return min(max(value, 0.0), high)


def spread_bin_of_blocks(m, k):
    """`spread_bin` of a quad-Bayer mosaic, at the first pixel of a block: what 3 × 3 blocks of a colour differ by.

    Inside a block, one diagonal less the other is free of brightness and of slopes.
    """
    a, b, c = crossed(m(-4, -4), m(-4, -3), m(-3, -4), m(-3, -3)), crossed(m(-4, 0), m(-4, 1), m(-3, 0), m(-3, 1)), 0.0
    a += crossed(m(-4, 4), m(-4, 5), m(-3, 4), m(-3, 5))
    b += crossed(m(0, -4), m(0, -3), m(1, -4), m(1, -3)) + crossed(m(0, 4), m(0, 5), m(1, 4), m(1, 5))
    c += crossed(m(4, -4), m(4, -3), m(5, -4), m(5, -3)) + crossed(m(4, 4), m(4, 5), m(5, 4), m(5, 5))
    b += crossed(m(4, 0), m(4, 1), m(5, 0), m(5, 1)) + crossed(m(0, 0), m(0, 1), m(1, 0), m(1, 1))
    near = max(max(m(0, 0), m(1, 1)), max(m(0, 1), m(1, 0)))
    beside = max(max(m(-4, 0), m(5, 0)), max(m(0, -4), m(0, 5)))
    corner = max(max(m(-4, -4), m(-4, 5)), max(m(5, -4), m(5, 5)))
    mean = (0.25 * (m(0, 0) + m(0, 1) + m(1, 0) + m(1, 1)) - k.black) * k.scale
    spread = (a + b + c) * (k.scale * k.scale / 36.0)
    return counter(mean, spread, (max(max(near, beside), corner) - k.black) * k.scale, k.high, k.first)


def no_bin(m):
    """At the other pixels of a block nothing is counted."""
    return -1.0


def crossed(a, b, c, d):
    """The square of what a block's diagonals differ by: four variances."""
    left = (a + d) - (b + c)
    return left * left


def counted(noise_bin):
    """The counter of one window."""
    return int(noise_bin)


def counted_planes(noise_red, noise_green, noise_blue):
    """The counters of the windows of three planes."""
    return int(noise_red), int(noise_green), int(noise_blue)


def _steps(facts: Facts) -> tuple[Step, ...]:
    """A window's counter at every pixel, and the counting."""
    per_colour = float(MEANS * SPREADS)
    clips = _clips(facts)
    scales = tuple(1.0 / (high - low) for low, high in zip(facts.black, facts.white, strict=True))
    if facts.cfa is None:
        windows = ("noise_red", "noise_green", "noise_blue")
        measure = (
            Step(
                f"noise.{plane}",
                Access.STENCIL,
                spread_bin,
                (plane,),
                (windows[n],),
                {"black": facts.black[n], "scale": scales[n], "high": clips[n], "first": n * per_colour},
                radius=4,
            )
            for n, plane in enumerate(PLANES[facts.state])
        )
        return (*measure, _counting(counted_planes, windows, facts, 22))
    constants = {
        "black": PerSite(facts.black),
        "scale": PerSite(scales),
        "high": PerSite(clips[colour] for colour in facts.cfa.sites),
        "first": PerSite(colour * per_colour for colour in facts.cfa.sites),
    }
    planes, window = PLANES[facts.state], ("noise_bin",)
    if not facts.cfa.is_quad:
        step = Step("noise", Access.STENCIL, spread_bin, planes, window, constants, radius=4)
        return step, _counting(counted, window, facts, 22)
    bodies = tuple(spread_bin_of_blocks if n in BLOCKS else no_bin for n in range(16))
    step = Step("noise", Access.STENCIL, bodies, planes, window, constants, radius=5)
    return step, _counting(counted, window, facts, 9)


def _counting(body: Body, windows: tuple[str, ...], facts: Facts, degrees: int) -> Step:
    """Windows counted, and the profile that follows."""
    clips, gains = _clips(facts), facts.gains
    summary = partial(profile_from, clips=clips, gains=gains, degrees=degrees, is_interpolated=facts.cfa is None)
    counters = 3 * MEANS * SPREADS
    return Step("noise.count", Access.REDUCE, body, windows, ("noise",), counters=counters, summary=summary)


def _clips(facts: Facts) -> Triple:
    """The signal at which each colour clips, as far as it is known before the frame is measured."""
    gains = (1.0, 1.0, 1.0) if facts.is_clipped or facts.gains is None else facts.gains
    red, green, blue = (gain * 2.0**facts.exposure_ev for gain in gains)
    return red, green, blue


def profile_from(
    counters: Array, *, clips: Triple, gains: Triple | None, degrees: int, is_interpolated: bool = False
) -> Profile:
    """The profile that the histograms of three colours show.

    Parameters
    ----------
    counters : array
        (3 · MEANS · SPREADS,)
    clips : Triple
        Signal at the end of the brightness axis.
    gains : Triple or None
        What each colour has been multiplied by: before that its sites were as noisy as those of the others, and one
        line holds for all; None when it is not known, and each colour gets its own.
    degrees : int
        Of freedom of a window's variance.
    is_interpolated : bool
        Whether windows were of planes behind a demosaic; the profile is that of the mosaic all the same.
    """
    histograms = counters.reshape(3, MEANS, SPREADS)
    points = [_points(histogram, clip, degrees) for histogram, clip in zip(histograms, clips, strict=True)]
    if is_interpolated:
        points = [(signals, variances / INTERPOLATED, weights) for signals, variances, weights in points]
    if gains is None:
        red, green, blue = (_line(*point) for point in points)
        return red, green, blue
    scale, offset = _line(
        np.concatenate([signals / gain for (signals, _, _), gain in zip(points, gains, strict=True)]),
        np.concatenate([variances / gain**2 for (_, variances, _), gain in zip(points, gains, strict=True)]),
        np.concatenate([weights for _, _, weights in points]),
    )
    red, green, blue = ((scale * gain, offset * gain * gain) for gain in gains)
    return red, green, blue


def _points(histogram: Array, clip: float, degrees: int) -> tuple[Array, Array, Array]:
    """Signal, variance and weight of every brightness that enough windows have."""
    edges = (SPREAD_LOW + SPREAD_STEP * np.arange(SPREADS + 1)) ** 8
    fine = np.geomspace(edges[1], edges[-1], 400)
    steep = FLANK_SHARES[degrees][0] / FLANK_SHARES[degrees][1]
    signals, variances, weights = [], [], []
    for n, counts in enumerate(histogram):
        below = np.concatenate([[0.0], np.cumsum(counts)])
        low, high = (np.interp((share * fine) ** 0.125, edges**0.125, below) for share in FLANK)
        expected = steep * high
        reached = np.flatnonzero((high >= FEWEST) & (low >= expected + SURE * np.sqrt(expected)))
        if reached.size:
            signals.append(clip * ((n + 0.5) / MEANS) ** 2)
            variances.append(fine[reached[0]])
            weights.append(min(float(high[reached[0]]), 1e4))
    return np.array(signals), np.array(variances), np.array(weights)


def _line(signals: Array, variances: Array, weights: Array) -> tuple[float, float]:
    """(scale, offset), neither below 0, of the line that lies under most of the points, texture being above."""
    if not signals.size:
        return 0.0, LEAST_OFFSET
    scale, offset = 0.0, float(variances.min())
    fitted = np.median(variances / (signals + 0.02)) * (signals + 0.02)
    for _ in range(30):
        # Errors are a share of the variance; what lies off the line counts less, sooner above it than below.
        over = variances / np.maximum(fitted, LEAST_OFFSET) - 1
        far = np.maximum(1.0, np.maximum(over / 0.1, over / -0.25))
        w = np.sqrt(weights) / np.maximum(fitted, LEAST_OFFSET) ** 2 / far**2
        mean = (w * signals).sum() / w.sum()
        level = (w * variances).sum() / w.sum()
        away = signals - mean
        slope = (w * away * (variances - level)).sum() / max((w * away * away).sum(), 1e-30)
        scale = max(float(slope), 0.0)
        offset = float(level - scale * mean)
        if offset < 0:
            offset = 0.0
            scale = float((w * signals * variances).sum() / (w * signals * signals).sum())
        fitted = scale * signals + offset
    return scale, max(offset, LEAST_OFFSET)
