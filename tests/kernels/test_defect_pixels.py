"""Defect pixels: what is found, against sorted neighbourhoods in NumPy, and stars that have to stay."""

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.special import erf

from tenbit.kernels._facts import Cfa, Opcode
from tenbit.kernels.errors import StageError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.run import run

BAYER = ("RGGB", "GRBG", "GBRG", "BGGR")
NEUTRAL = (0.55, 1.0, 0.65)
PROFILE = (2e-4, 4e-6)
FIND = ("defect_pixels", {"detect": True})


def frame_of(signal, cfa="RGGB", **facts):
    """A frame of counts, black 64 and white 1023, whose noise the file tells."""
    counts = np.clip(np.rint(np.asarray(signal) * 959 + 64), 0, 1023).astype(np.uint16)
    frame = Frame.from_mosaic(counts, cfa=cfa, black=64, white=1023, neutral=NEUTRAL)
    known = {"noise": (PROFILE,)} | facts
    return dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **known))


def noisy(mean, rng):
    return mean + np.sqrt(PROFILE[0] * mean + PROFILE[1]) * rng.standard_normal(np.shape(mean))


def colours(shape, cfa):
    pattern = Cfa(cfa)
    return np.array([[pattern.colour(row, col) for col in range(shape[1])] for row in range(shape[0])])


def alone(frame, k_sigma=5.0):
    """Where samples stand alone in a Bayer mosaic, from sorted neighbourhoods of each site."""
    x = frame.samples.astype(float)
    rows, cols = x.shape
    colour = colours(x.shape, frame.facts.cfa.name)
    p = np.pad(x, 2, mode="reflect")
    found = np.zeros(x.shape, bool)
    for row in range(rows):
        for col in range(cols):
            window = p[row : row + 5, col : col + 5]
            own = [window[r, c] for r in (0, 2, 4) for c in (0, 2, 4) if (r, c) != (2, 2)]
            if colour[row, col] == 1:
                own += [window[r, c] for r in (1, 3) for c in (1, 3)]
            white = NEUTRAL[colour[row, col]]
            sides, spans = [], []
            for others, turned in ((colour[row, col - 1], window), (colour[row - 1, col], window.T)):
                scale = white / NEUTRAL[others]
                beside, around = turned[2, [1, 3]], turned[np.ix_([0, 4], [1, 3])]
                sides += list(scale * (beside - around.mean()))
                spans.append(scale * np.ptp([*beside, *around.ravel()]))
            for sign, over_own, over_others in ((1, 1.0, 1.0), (-1, 0.5, 0.5)):
                edge = max(own) if sign > 0 else min(own)
                by = sign * (x[row, col] - edge)
                noise = 959 * np.sqrt(PROFILE[0] * max(edge - 64, 0) / 959 + PROFILE[1])
                second = sorted(sign * side for side in sides)[-2]
                is_clear = by > k_sigma * noise + over_own * np.ptp(own) and by > over_others * max(spans)
                found[row, col] |= is_clear and second < 0.1 * by
    return found


def changed(out, frame):
    return out.samples != frame.samples


@pytest.mark.parametrize("cfa", BAYER)
def test_finds_what_sorted_neighbourhoods_find(develop, cfa):
    rng = np.random.default_rng(3)
    signal = noisy(np.full((13, 20), 0.2), rng)
    signal.ravel()[rng.choice(signal.size, 9, replace=False)] += rng.choice([-0.2, -0.1, 0.1, 0.2, 0.5], 9)
    frame = frame_of(signal, cfa)
    found = changed(develop(frame, FIND), frame)
    np.testing.assert_array_equal(found, alone(frame))
    assert 3 <= found.sum() <= 9


@pytest.mark.parametrize("cfa", ["RGGB", "BGGR", "QRGGB", "QGBRG"])
def test_one_hot_and_one_dead_site(develop, plain, cfa):
    """Signal of 0.25, one site at 1 and one at 0: counts 304, filled from their colour exactly."""
    signal = np.full((14, 18), 0.25)
    signal[6, 7], signal[9, 12] = 1.0, 0.0
    frame = frame_of(signal, cfa)
    out = develop(frame, FIND)
    np.testing.assert_allclose(out.samples, 304, rtol=1e-6)
    np.testing.assert_array_equal(out.samples, plain(frame, FIND).samples)
    for kind, site in (("hot", (6, 7)), ("dead", (9, 12))):
        found = changed(develop(frame, ("defect_pixels", {"detect": True, "kind": kind})), frame)
        assert np.argwhere(found).tolist() == [list(site)]


def test_the_threshold_follows_the_noise(develop):
    """Noise at 0.25: sqrt(2e-4 · 0.25 + 4e-6) = 0.00735 of white, 7.05 counts; 304 + 60 stands out by 8.5 of it."""
    signal = np.full((12, 12), 240 / 959)
    signal[6, 6] += 60 / 959
    frame = frame_of(signal)
    for k_sigma, is_found in ((8.0, True), (9.0, False)):
        found = changed(develop(frame, ("defect_pixels", {"detect": True, "k_sigma": k_sigma})), frame)
        assert found[6, 6] == is_found


def test_behind_black_level_and_white_balance_it_finds_the_same(develop):
    signal = noisy(np.full((12, 16), 0.2), np.random.default_rng(5))
    signal[5, 6], signal[8, 3] = 0.6, 0.0
    frame = frame_of(signal)
    first = develop(frame, FIND, ("black_level", {}), ("white_balance", {}))
    second = develop(frame, ("black_level", {}), FIND, ("white_balance", {}))
    third = develop(frame, ("black_level", {}), ("white_balance", {}), FIND)
    np.testing.assert_allclose(second.samples, first.samples, atol=1e-6)
    # What counts as equal among neighbours is of white: balanced samples are nearer to it.
    np.testing.assert_allclose(third.samples, first.samples, atol=1e-3)


@pytest.mark.parametrize("parameters", [{}, {"listed": False}, {"k_sigma": 3.0}])
def test_without_defects_no_bit_changes(develop, parameters):
    frame = frame_of(noisy(np.full((9, 11), 0.3), np.random.default_rng(1)))
    np.testing.assert_array_equal(develop(frame, ("defect_pixels", parameters)).samples, frame.samples)


def test_edges_lines_and_noise_are_no_defects():
    """A bright edge and a line of one pixel, slanted, through a lens of half a pixel's blur: nothing stands alone."""
    row, col = np.mgrid[:500, :600]
    picture = np.where(col + 0.31 * row < 380, 0.05, 0.6)
    picture += 0.35 * (np.abs(col - 0.4 * row - 20) < 0.6)
    frame = frame_of(noisy(gaussian_filter(picture, 0.5), np.random.default_rng(2)))
    assert changed(run(frame, [dict([FIND])], device="cpu"), frame).sum() <= 3


def night(shape, cfa, rng, *, width_px, count=300):
    """A sky of coloured stars at any place between pixels, seen through a lens of Gaussian blur; its stars."""
    rows, cols = shape
    sky = np.full((rows, cols, 3), 0.004)
    stars = []
    for _ in range(count):
        row, col = rng.uniform(8, rows - 8), rng.uniform(8, cols - 8)
        height, tint = np.exp(rng.uniform(np.log(0.04), np.log(2))), np.exp(rng.normal(0, 0.35, 3))
        at_row, at_col = int(row) + np.arange(-6, 7), int(col) + np.arange(-6, 7)
        spread = [
            np.diff(erf((np.append(at, at[-1] + 1) - 0.5 - x) / width_px / 2**0.5))
            for at, x in ((at_row, row), (at_col, col))
        ]
        light = np.outer(*spread)
        sky[np.ix_(at_row, at_col)] += height * (light / light.max())[..., None] * tint
        stars.append((round(row), round(col)))
    seen = np.take_along_axis(sky * NEUTRAL, colours(shape, cfa)[..., None], 2)[..., 0]
    return np.clip(noisy(seen, rng), 0, 1), stars


@pytest.mark.parametrize(("cfa", "width_px"), [("RGGB", 0.6), ("RGGB", 0.8), ("QRGGB", 1.0)])
def test_stars_stay_and_hot_pixels_go(cfa, width_px):
    """300 stars of 1.4 to 2.4 pixels' width at half height, and 300 hot pixels, 12 sigma and more, among them."""
    rng = np.random.default_rng(7)
    signal, stars = night((400, 600), cfa, rng, width_px=width_px)
    clean = frame_of(signal, cfa)
    taken = changed(run(clean, [dict([FIND])], device="cpu"), clean)
    is_star = np.zeros(taken.shape, bool)
    for row, col in stars:
        is_star[row - 3 : row + 4, col - 3 : col + 4] = True
    assert taken[is_star].sum() <= 1
    assert taken[~is_star].sum() <= 1
    sites = rng.choice(np.flatnonzero(~is_star), 300, replace=False)
    hot = signal.copy()
    hot.ravel()[sites] = np.minimum(hot.ravel()[sites] + np.exp(rng.uniform(np.log(0.05), 0, 300)), 1)
    broken = frame_of(hot, cfa)
    out = run(broken, [dict([FIND])], device="cpu")
    found = changed(out, broken)
    # Where two lie beside each other, or beside a star, one may hide the other.
    assert found.ravel()[sites].mean() > 0.95
    off = np.abs(out.samples.astype(float) - clean.samples).ravel()[sites]
    assert np.median(off) < 4
    peaks = [[x.samples[r - 1 : r + 2, c - 1 : c + 2].max() for x in (out, clean)] for r, c in stars]
    assert np.mean([after == before for after, before in peaks]) > 0.99


def test_noise_that_the_file_does_not_tell_is_measured():
    rng = np.random.default_rng(4)
    signal = noisy(np.tile(np.linspace(0.02, 0.7, 300), (200, 1)), rng)
    signal[50, 60], signal[100, 201] = 1.0, 0.0
    frame = frame_of(signal, noise=None)
    out = run(frame, [dict([FIND])], device="cpu")
    found = changed(out, frame)
    assert found[50, 60] and found[100, 201]
    assert found.sum() <= 4
    assert any("noise" in line and line.startswith("defect_pixels: ") for line in out.warnings)


def test_listed_sites(develop, plain):
    """Sites of the file's opcodes and of a list; the two that are marked are filled, nothing else is."""
    signal = np.full((11, 14), 0.25)
    signal[3, 4], signal[7, 9] = 0.3, 0.2
    points = {"BayerPhase": 0, "Points": np.array([[3, 4]]), "Rectangles": np.zeros((0, 4), int)}
    row = Opcode(1, "DeltaPerRow", {})
    facts = {"opcodes": (Opcode(1, "FixBadPixelsList", points), row), "defects": np.array([[7, 9], [50, 1]])}
    frame = frame_of(signal, **facts)
    out = develop(frame, ("defect_pixels", {}))
    np.testing.assert_allclose(out.samples, 304, rtol=1e-6)
    np.testing.assert_array_equal(out.samples, plain(frame, ("defect_pixels", {})).samples)
    assert (out.facts.opcodes, out.facts.defects) == ((row,), None)
    assert "defect_pixels: 2 listed sites are filled" in out.warnings
    assert "defect_pixels: sites of the file's own list are filled (FixBadPixelsList)" in out.warnings


def test_a_constant_is_of_counts(develop):
    opcode = Opcode(1, "FixBadPixelsConstant", {"Constant": 64, "BayerPhase": 0})
    signal = np.full((8, 10), 0.25)
    signal[4, 4] = 0.0
    frame = frame_of(signal, opcodes=(opcode,))
    np.testing.assert_allclose(develop(frame, ("defect_pixels", {})).samples, 304, rtol=1e-6)
    late = develop(frame, ("black_level", {}), ("defect_pixels", {}))
    assert late.samples[4, 4] == 0
    assert late.facts.opcodes == (opcode,)


def test_sites_of_another_frame_are_refused(develop):
    """Behind quad_bayer, or before what trims the frame."""
    points = {
        "BayerPhase": 0,
        "Points": np.array([[3, 4]]),
        "Rectangles": np.zeros((0, 4), int),
        "OfFrame": (8, 8, True),
    }
    frame = frame_of(np.full((16, 16), 0.25), "QRGGB", opcodes=(Opcode(1, "FixBadPixelsList", points),))
    with pytest.raises(StageError, match="of another frame than this: put linearise before it, and quad_bayer behind"):
        develop(frame, ("defect_pixels", {}))


def test_blocks_with_a_listed_site_are_filled_behind_quad_bayer(develop):
    signal = np.full((16, 20), 0.25)
    signal[9, 11] = 0.9
    frame = frame_of(signal, "QGRBG", defects=np.array([[9, 11], [8, 10]]))
    out = develop(frame, ("quad_bayer", {"method": "bin"}), ("defect_pixels", {}))
    np.testing.assert_allclose(out.samples, 304, rtol=1e-6)
    assert "defect_pixels: 1 listed sites are filled" in out.warnings
