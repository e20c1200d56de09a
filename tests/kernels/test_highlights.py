"""Highlights against a reference that walks to the nearest site of each colour."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels._facts import Cfa
from tenbit.kernels._source import mirror
from tenbit.kernels.errors import StageError
from tenbit.kernels.highlights._measured import COUNTERS, RIM_BINS, RIM_FINE, TOP_BINS, concluded
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.run import run

NEUTRAL = (0.5, 1.0, 0.8)
GAINS = np.array([2.0, 1.0, 1.25])
KEEP = ("white_balance", {"highlights": "keep"})
PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR", "QRGGB", "QGBRG")


def mosaic(shape=(12, 16), seed=1, high=1.6, **facts):
    """Smooth light cut off where the sensor is full."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[: shape[0], : shape[1]] / max(shape)
    light = 0.2 + high * np.exp(-8 * ((rows - 0.3) ** 2 + (cols - 0.4) ** 2)) + 0.02 * rng.random(shape)
    return Frame.from_mosaic(np.minimum(light, 1.0).astype(np.float32), **({"neutral": NEUTRAL} | facts))


def colours(frame):
    rows, cols = frame.samples.shape
    return np.array([[frame.facts.cfa.colour(r, c) for c in range(cols)] for r in range(rows)])


def between(frame, balanced, row, col, wanted, step):
    """A line between the nearest sites of a colour on either side, along ``step`` = (rows, cols)."""
    cfa, (rows, cols) = frame.facts.cfa, balanced.shape
    found = []
    for sign in (-1, 1):
        away = next(n for n in range(1, 4) if cfa.colour(row + sign * n * step[0], col + sign * n * step[1]) == wanted)
        r, c = row + sign * away * step[0], col + sign * away * step[1]
        found.append((away, balanced[mirror(r, rows, cfa.period), mirror(c, cols, cfa.period)]))
    (d0, v0), (d1, v1) = found
    return (v0 * d1 + v1 * d0) / (d0 + d1)


def others(frame, balanced, row, col):
    """Colour and mean of each of the two other colours at a site."""
    cfa, (rows, cols) = frame.facts.cfa, balanced.shape
    if cfa.colour(row, col) == 1:
        beside = next(cfa.colour(row, col + n) for n in (1, 2) if cfa.colour(row, col + n) != 1)
        return [
            (beside, between(frame, balanced, row, col, beside, (0, 1))),
            (2 - beside, between(frame, balanced, row, col, 2 - beside, (1, 0))),
        ]
    green = [between(frame, balanced, row, col, 1, step) for step in ((0, 1), (1, 0))]
    opposite, total = 2 - cfa.colour(row, col), 0.0
    below = [n for n in (-2, -1, 1, 2) if cfa.colour(row + n, col) == 1]
    low, high = max(n for n in below if n < 0), min(n for n in below if n > 0)
    for n, weight in ((low, high), (high, -low)):
        # On such a row green lies above the site, and the opposite colour beside that.
        r = row + n
        away = [next(d for d in (1, 2) if cfa.colour(r, col + sign * d) == opposite) for sign in (-1, 1)]
        there = [
            balanced[mirror(r, rows, cfa.period), mirror(col + sign * d, cols, cfa.period)]
            for sign, d in zip((-1, 1), away, strict=True)
        ]
        total += weight * (there[0] * away[1] + there[1] * away[0]) / sum(away) / (high - low)
    return [(1, np.mean(green)), (opposite, total)]


def reference(frame, method, threshold=0.97, offset=(0, 0, 0), saturation=(1, 1, 1)):
    """Light after the stage, site by site, in float64."""
    of = colours(frame)
    balanced = frame.samples.astype(float) * GAINS[of]
    full = GAINS * saturation
    out = balanced.copy()
    for row, col in np.ndindex(balanced.shape):
        here, colour = balanced[row, col], of[row, col]
        pair = others(frame, balanced, row, col)
        means = np.array([mean for _, mean in pair])
        lost = np.clip(([mean / full[c] - threshold + 0.04 for c, mean in pair]), 0, 0.04) / 0.04
        is_lost = np.clip(here / full[colour] - threshold + 0.04, 0, 0.04) / 0.04
        if method == "opposed":
            means = means * (1 - lost) + means.max() * lost
            expected = means.mean() + offset[colour] * (1 - lost.prod())
            out[row, col] += is_lost * max(expected - here, 0)
        else:
            three = np.array([here, *means])
            out[row, col] += max(is_lost, *lost) * np.clip(three.min(), 0, 1) * (three.mean() - here)
    return out


@pytest.mark.parametrize("cfa", PATTERNS)
@pytest.mark.parametrize("method", ["opposed", "blend"])
def test_equals_the_reference(develop, cfa, method):
    frame = mosaic(cfa=cfa)
    out = develop(frame, KEEP, ("highlights", {"method": method}))
    found = out.results.get("highlights", {})
    assert (out.samples > 1.3).any()
    # a few float32 operations on values below 4
    np.testing.assert_allclose(out.samples, reference(frame, method, **found), atol=5e-6)


@pytest.mark.parametrize("cfa", ["GRBG", "QRGGB"])
@pytest.mark.parametrize("method", ["opposed", "blend", "clip"])
def test_equals_plain_python(develop, plain, cfa, method):
    frame = mosaic((9, 13), cfa=cfa)
    chain = (KEEP, ("highlights", {"method": method}))
    np.testing.assert_array_equal(develop(frame, *chain).samples, plain(frame, *chain).samples)


@pytest.mark.parametrize("method", ["opposed", "blend", "clip"])
def test_planes(develop, plain, planes, method):
    frame = planes(np.random.default_rng(3).uniform(0, 1, (7, 9, 3)), neutral=NEUTRAL)
    frame.samples[2:4, 3:6] = 1.0
    chain = (KEEP, ("highlights", {"method": method}))
    out = develop(frame, *chain).samples
    np.testing.assert_array_equal(out, plain(frame, *chain).samples)
    # where all three are lost they are equal
    assert np.ptp(out[2:4, 3:6], axis=-1).max() < 1e-6


@pytest.mark.parametrize("cfa", ["BGGR", "QGRBG"])
@pytest.mark.parametrize(("method", "level"), [("opposed", 2.0), ("blend", 4.25 / 3), ("clip", 1.0)])
def test_a_full_sensor_is_white(develop, cfa, method, level):
    frame = Frame.from_mosaic(np.ones((12, 16), np.float32), cfa=cfa, neutral=NEUTRAL)
    np.testing.assert_allclose(develop(frame, KEEP, ("highlights", {"method": method})).samples, level, rtol=1e-6)


@pytest.mark.parametrize("method", ["opposed", "blend"])
def test_what_is_not_lost_stays(develop, method):
    frame = mosaic(high=0.5)
    before, after = develop(frame, KEEP), develop(frame, KEEP, ("highlights", {"method": method}))
    np.testing.assert_array_equal(before.samples, after.samples)


def test_green_that_is_lost_is_what_red_and_blue_say(develop):
    # grey light of 1.2: green is full at 1, red at 2 and blue at 1.25 are not; 1.2 / 1.25 = 0.96 is lost in part
    light = np.full((8, 8), 1.15, np.float32)
    frame = Frame.from_mosaic(light, neutral=NEUTRAL)
    frame = dataclasses.replace(frame, samples=np.minimum(light / GAINS[colours(frame)], 1).astype(np.float32))
    out = develop(frame, KEEP, ("highlights", {})).samples
    np.testing.assert_allclose(out, 1.15, rtol=1e-6)


def test_nothing_is_lowered_and_no_edge_appears(develop):
    """Along a ramp of grey light, through the clip levels of all three colours, the picture never falls or jumps."""
    light = np.broadcast_to(np.linspace(0.8, 2.4, 240, dtype=np.float32), (8, 240))
    frame = Frame.from_mosaic(light.copy(), neutral=NEUTRAL)
    frame = dataclasses.replace(frame, samples=np.minimum(light / GAINS[colours(frame)], 1).astype(np.float32))
    before, out = (develop(frame, KEEP, *more).samples for more in ((), (("highlights", {}),)))
    assert (out >= before).all()
    rise = np.diff(out[:, 2:-2].reshape(4, 2, -1, 2).mean(axis=(1, 3)), axis=1)
    # light itself rises by 0.013; where the last colour is full, all go to the level of the highest
    assert rise.min() > -1e-3
    assert rise.max() < 0.05


def test_the_offset_is_that_of_the_rim(develop):
    """Warm light: green falls short of the mean of red and blue by 0.1 everywhere, also where it is lost."""
    light = np.broadcast_to(np.linspace(0.4, 1.6, 64, dtype=np.float32), (32, 64))
    frame = Frame.from_mosaic(light.copy(), neutral=(0.3, 1.0, 0.4))
    gains = np.array([1 / 0.3, 1.0, 2.5])
    scene = light[..., None] + [0.1, 0.0, 0.1]
    true = np.take_along_axis(scene, colours(frame)[..., None], 2)[..., 0]
    frame = dataclasses.replace(frame, samples=np.minimum(true / gains[colours(frame)], 1).astype(np.float32))
    out = develop(frame, KEEP, ("highlights", {}))
    red, green, blue = out.results["highlights"]["offset"]
    # means of a quarter of the rim are off by half a bin and a site
    assert (red, blue) == (0.0, 0.0)
    assert green == pytest.approx(-0.1, abs=0.01)
    np.testing.assert_allclose(out.samples, true, atol=0.02)


def wall(at, share=0.05):
    """Counters of a frame whose colours end in a wall at ``at`` of white."""
    counters = np.zeros(COUNTERS, np.int64)
    for colour, where in enumerate(at):
        top = counters[int(TOP_BINS) * colour :][: int(TOP_BINS)]
        if where:
            last = round((where - 0.75) * 256)
            top[:last], top[last] = 20, int(share * 1e5)
        else:
            top[:30] = np.arange(30, 0, -1)
    return counters


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
        ((0.9, 0.9, 0.9), (0.8984, 0.8984, 0.8984)),
        ((None, 0.9, None), (0.8984, 0.8984, 0.8984)),  # all colours are full at one count
        ((None, None, None), (1.0, 1.0, 1.0)),
    ],
)
def test_saturation_is_where_the_histogram_ends_in_a_wall(at, expected):
    assert concluded(wall(at), samples=(10**5,) * 3)["saturation"] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("at", "expected"), [((0.86, None, 0.9), 1.0), ((0.898, 0.902, None), 0.8945)])
def test_a_wall_as_wide_as_noise_is_believed_of_two_colours(at, expected):
    """One colour's is an evenly lit thing: a pink wall is no white one."""
    counters = wall((None,) * 3)
    for colour, where in enumerate(at):
        if where:
            centre = round((where - 0.75) * 256)
            counters[int(TOP_BINS) * colour + centre + np.arange(-3, 4)] = [54, 242, 2000, 4000, 2000, 242, 54]
    found = concluded(counters, samples=(10**5,) * 3)["saturation"]
    assert min(found) == pytest.approx(expected, abs=0.004)


def test_an_evenly_lit_pink_thing_stays_pink():
    """A third of the frame, 0.9 of white in green, with the noise of light: nothing is lost."""
    rows, cols = 48, 64
    colour = np.array([[Cfa("RGGB").colour(row, col) for col in range(cols)] for row in range(rows)])
    light = np.full((rows, cols), 0.1)
    light[:, 20:44] = np.array([0.68, 0.9, 0.66])[colour[:, 20:44]]
    samples = light + 0.008 * np.sqrt(light) * np.random.default_rng(2).standard_normal(light.shape)
    frame = Frame.from_mosaic(samples.astype(np.float32), neutral=(0.5, 1.0, 0.6))
    keep = {"white_balance": {"highlights": "keep"}}
    kept, out = (run(frame, [keep, *more], device="cpu") for more in ([], ["highlights"]))
    np.testing.assert_allclose(out.samples, kept.samples, atol=0.01)


def test_offsets_that_vary_count_less():
    counters = np.zeros(COUNTERS, np.int64)
    first = 3 * int(TOP_BINS)
    counters[first + round(1.1 * RIM_FINE)] = 100  # red: 0.1 throughout
    counters[first + int(RIM_BINS) + round(1.3 * RIM_FINE)] = 50  # green: 0.3 or -0.1
    counters[first + int(RIM_BINS) + round(0.9 * RIM_FINE)] = 50
    counters[first + 2 * int(RIM_BINS) + 30] = 5  # blue: too few
    red, green, blue = concluded(counters, samples=(10**5,) * 3)["offset"]
    # a bin is 0.008 wide
    assert red == pytest.approx(0.1, abs=0.008)
    assert green == pytest.approx(0.1**3 / (0.1**2 + 0.2**2), abs=0.008)
    assert blue == 0.0


def test_a_deep_colour_does_not_tint_everything():
    counters = np.zeros(COUNTERS, np.int64)
    counters[3 * int(TOP_BINS) + round(1.6 * RIM_FINE)] = 100
    assert concluded(counters, samples=(10**5,) * 3)["offset"][0] == pytest.approx(0.12)


def test_a_sensor_that_is_full_below_white_is_found(develop):
    frame = mosaic((32, 48), high=3.0)
    frame = dataclasses.replace(frame, samples=frame.samples * np.float32(0.9))
    out = develop(frame, KEEP, ("highlights", {}))
    assert out.results["highlights"]["saturation"] == pytest.approx((0.9, 0.9, 0.9), abs=0.005)
    # in the middle of the light everything is lost, and white
    assert np.ptp(out.samples[8:11, 17:20]) < 1e-5


def test_grey_world_gains_are_known_late(develop, plain):
    frame = mosaic((10, 14))
    chain = (("white_balance", {"mode": "grey_world", "highlights": "keep"}), ("highlights", {}))
    out = develop(frame, *chain)
    np.testing.assert_array_equal(out.samples, plain(frame, *chain).samples)
    assert out.samples.max() > 1


def test_clip_after_a_clipping_white_balance_is_nothing(develop):
    frame = mosaic()
    chain = (("white_balance", {}), ("highlights", {"method": "clip"}))
    np.testing.assert_array_equal(develop(frame, *chain).samples, develop(frame, chain[0]).samples)
    out = develop(frame, KEEP, ("highlights", {"method": "clip"}))
    assert out.facts.is_clipped
    np.testing.assert_array_equal(out.samples, develop(frame, chain[0]).samples)


@pytest.mark.parametrize(
    ("balance", "facts", "message"),
    [
        ({}, {}, "white_balance has cut off what opposed needs; give it highlights: keep"),
        (None, {}, "put white_balance before it"),
        (None, {"black": (64.0,) * 4}, "put black_level before it"),
        ({"highlights": "keep"}, {"exposure_ev": 1.0}, "put it before exposure"),
        ({"highlights": "keep"}, {"space": "srgb"}, "in srgb already; put it before colour"),
    ],
)
def test_refusals(develop, balance, facts, message):
    frame = mosaic((4, 4))
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **facts))
    if facts and balance is not None:
        balanced = dataclasses.replace(frame.facts, is_balanced=True, is_clipped=False)
        frame, balance = dataclasses.replace(frame, facts=balanced), None
    chain = [] if balance is None else [("white_balance", balance)]
    with pytest.raises(StageError, match=message):
        develop(frame, *chain, ("highlights", {}))
