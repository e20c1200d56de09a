"""The methods of several steps against references that filter whole arrays in float64, colour by colour."""

import numpy as np
import pytest
from scipy.ndimage import correlate, correlate1d

from tenbit.pipeline.frame import Frame

PHASES = [("RGGB", (14, 16)), ("GRBG", (13, 15)), ("GBRG", (15, 12)), ("BGGR", (9, 18))]
# Of the corners of the nearest sites, then of the eight behind them.
DIAGONAL = np.zeros((7, 7))
DIAGONAL[2:5:2, 2:5:2] = 10 / 32
DIAGONAL[0, 2:5:2] = DIAGONAL[6, 2:5:2] = DIAGONAL[2:5:2, 0] = DIAGONAL[2:5:2, 6] = -1 / 32


def along(array, taps, axis):
    """Filtered along an axis, mirrored about the outermost samples."""
    return correlate1d(array, np.asarray(taps, float), axis=axis, mode="mirror")


def colours(frame):
    rows, cols = frame.samples.shape
    return np.array([[frame.facts.cfa.colour(r, c) for c in range(cols)] for r in range(rows)])


def differences(m, colour):
    """Green less the other colour, across and down."""
    sign = np.where(colour == 1, 1.0, -1.0)
    return [sign * along(m, [0.25, -0.5, 0.5, -0.5, 0.25], axis) for axis in (1, 0)]


def coloured(m, colour, difference, diagonal=DIAGONAL):
    """Red, green, blue from green less the own colour at red and blue sites."""
    green = np.where(colour == 1, m, m + difference)
    out = np.stack([m, green, m], axis=-1)
    for c in (0, 2):
        known = np.where(colour == c, difference, 0)
        known = np.where(colour == 2 - c, correlate(known, diagonal, mode="mirror"), known)
        is_row = (colour == c).any(axis=1)[:, None]
        here = np.where(colour == c, difference, 0)
        at_green = np.where(is_row, along(here, [0.5, 0, 0.5], 1), along(here, [0.5, 0, 0.5], 0))
        out[..., c] = np.where(colour == c, m, green - np.where(colour == 1, at_green, known))
    return out


def gbtf(m, colour):
    across, down = differences(m, colour)
    total = weights = 0
    for plane, axis in ((across, 1), (down, 0)):
        gradient = along(np.abs(along(plane, [-1, 0, 1], axis)), np.ones(5), 1 - axis)
        for back in (1, -1):
            weight = (along(gradient, [1, 1, 1, 1, 1, 0, 0, 0, 0][::back], axis) + 1e-4) ** -4.0
            total = total + weight * along(plane, [0.25, 0.25, 0.25, 0.25, 0, 0, 0][::back], axis)
            weights = weights + weight
    return coloured(m, colour, total / weights)


def hamilton_adams(m, colour):
    known = []
    for axis in (1, 0):
        bend = along(m, [-1, 0, 2, 0, -1], axis)
        change = np.abs(along(m, [-1, 0, 1], axis)) + np.abs(bend) + 1e-3
        known.append((along(m, [0.5, 0, 0.5], axis) + bend / 4 - m, change**-2))
    difference = sum(value * weight for value, weight in known) / sum(weight for _, weight in known)
    corners = np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]]) / 4
    return coloured(m, colour, difference, corners)


def dlmmse(m, colour):
    total = weights = 0
    for plane, axis in zip(differences(m, colour), (1, 0), strict=True):
        slow = along(plane, np.array([1, 2, 3, 4, 3, 2, 1]) / 16, axis)
        mean, window = along(slow, np.ones(7) / 7, axis), np.ones(7) / 7
        signal = along(slow**2, window, axis) - mean**2
        share = signal / (signal + along((plane - slow) ** 2, window, axis) + 1e-6)
        weight = 1 / (signal * (1 - share) + 1e-6)
        total = total + weight * (mean + share * (plane - mean))
        weights = weights + weight
    return coloured(m, colour, total / weights)


def slopes(m, guide, laplace, windows, sites):
    """The slope of each place over a guide, averaged over windows by how well it fits."""

    def total(plane):
        for axis, count in windows:
            taps = np.zeros(4 * (count // 2) + 1)
            taps[::2] = 1
            plane = along(plane, taps, axis)
        return plane

    own, other = laplace(m), laplace(guide)
    slope = total(own * other) / (total(other**2) + 1e-5)
    weight = 1 / (np.maximum(total(own**2) - slope * total(own * other), 0) / sites + 1e-4)
    return total(weight * slope) / total(weight)


def mlri(m, colour):
    sign, known = np.where(colour == 1, 1.0, -1.0), []
    for axis in (1, 0):
        mean = along(m, [0.5, 0, 0.5], axis)
        slope = slopes(m, mean, lambda x, a=axis: along(x, [-1, 0, 2, 0, -1], a), [(axis, 5), (1 - axis, 3)], 15)
        offset = m - slope * mean
        other = along(offset, [0.5, 0, 0.5], axis) + along(slope, [0.5, 0, 0.5], axis) * m
        known.append((sign * (m - other), axis))
    total = weights = 0
    for plane, axis in known:
        gradient = along(np.abs(along(plane, [-1, 0, 1], axis)), np.ones(3), 1 - axis)
        for back in (1, -1):
            weight = (along(gradient, [1, 1, 1, 0, 0][::back], axis) + 1e-4) ** -2.0
            total = total + weight * along(plane, [0.143, 0.381, 0.476, 0, 0][::back], axis)
            weights = weights + weight
    green = np.where(colour == 1, m, m + total / weights)
    slope = slopes(m, green, lambda x: sum(along(x, [-1, 0, 2, 0, -1], a) for a in (0, 1)), [(0, 5), (1, 5)], 25)
    out, tent = np.stack([m, green, m], axis=-1), np.outer([0.5, 1, 0.5], [0.5, 1, 0.5])
    for c in (0, 2):
        # at a site of the colour itself the tent leaves the sample as it is
        lines = [np.where(colour == c, plane, 0) for plane in (slope, m - slope * green)]
        out[..., c] = correlate(lines[0], tent, mode="mirror") * green + correlate(lines[1], tent, mode="mirror")
    return out


REFERENCES = {"hamilton_adams": hamilton_adams, "gbtf": gbtf, "dlmmse": dlmmse, "mlri": mlri}


def smooth(shape, seed=3):
    """Noise over soft shapes of three colours, 0 … 1."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[: shape[0], : shape[1]]
    return (0.5 + 0.3 * np.sin(row / 3 + col / 5) + 0.1 * rng.standard_normal(shape)).astype(np.float32)


@pytest.mark.parametrize("method", REFERENCES)
@pytest.mark.parametrize(("cfa", "shape"), PHASES)
def test_equals_filtered_arrays(develop, method, cfa, shape):
    frame = Frame.from_mosaic(smooth(shape), cfa=cfa)
    out = develop(frame, ("demosaic", {"method": method, "encode": "none"}))
    expected = REFERENCES[method](frame.samples.astype(float), colours(frame))
    # float32 sums of some tens of terms about 1, and quotients of them
    np.testing.assert_allclose(out.samples, expected, atol=2e-5)


@pytest.mark.parametrize("method", REFERENCES)
def test_equals_plain_python(develop, plain, method):
    frame = Frame.from_mosaic(smooth((9, 11)), cfa="GBRG")
    chain = ("demosaic", {"method": method, "encode": "none"})
    np.testing.assert_array_equal(develop(frame, chain).samples, plain(frame, chain).samples)


@pytest.mark.parametrize("method", REFERENCES)
def test_grey_stays_grey_and_black_black(develop, method):
    """Where nothing varies no direction is better, and no quotient is 0 / 0."""
    samples = np.zeros((10, 30), np.float32)
    samples[:, 15:] = 0.5
    out = develop(Frame.from_mosaic(samples, cfa="GRBG"), ("demosaic", {"method": method, "encode": "none"})).samples
    np.testing.assert_allclose(out[:, :3], 0, atol=1e-6)
    np.testing.assert_allclose(out[:, 27:], 0.5, atol=1e-6)
