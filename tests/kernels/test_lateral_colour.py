"""Lateral colour: photographs by lenses whose fault is known, and windows against an independent least squares."""

import numpy as np
import pytest

from tenbit.kernels import lateral_colour
from tenbit.kernels._facts import Cfa, Facts
from tenbit.kernels.errors import StageError
from tenbit.kernels.lateral_colour import lattice, law, windows
from tenbit.pipeline.frame import Frame

BAYER = ("RGGB", "GRBG", "GBRG", "BGGR")
STAGE = ("lateral_colour", {})


def blobs(rows, cols, scales, cfa, seed=1, bends=(0.0, 0.0, 0.0)):
    """A mosaic of round spots of many greys, whose red and blue are imaged larger or smaller."""
    rng = np.random.default_rng(seed)
    half = np.hypot(rows, cols) / 2
    row, col = np.indices((rows, cols)) - np.array([(rows - 1) / 2, (cols - 1) / 2])[:, None, None]
    pattern = Cfa(cfa)
    colour = np.array([[pattern.colour(r, c) for c in range(pattern.period)] for r in range(pattern.period)])
    colour = np.tile(colour, (-(-rows // pattern.period), -(-cols // pattern.period)))[:rows, :cols]
    # What lands at radius r is what green would show at so much of it.
    square = (row**2 + col**2) / half**2
    shrunk = 1 / (np.array(scales)[colour] + np.array(bends)[colour] * square)
    v, u = row * shrunk, col * shrunk
    light = np.full((rows, cols), 0.3)
    for at_v, at_u, size, height in zip(
        rng.uniform(-rows / 2, rows / 2, rows * cols // 160),
        rng.uniform(-cols / 2, cols / 2, rows * cols // 160),
        rng.uniform(1.5, 4, rows * cols // 160),
        rng.uniform(-0.25, 0.4, rows * cols // 160),
        strict=True,
    ):
        top, left = int(at_v + rows / 2) - 14, int(at_u + cols / 2) - 14
        here = np.s_[max(top, 0) : top + 29, max(left, 0) : left + 29]
        light[here] += height * np.exp(-((v[here] - at_v) ** 2 + (u[here] - at_u) ** 2) / (2 * size**2))
    light = np.clip(light, 0.01, 0.9) + 0.002 * rng.standard_normal(light.shape)
    return Frame.from_mosaic(light.astype(np.float32), cfa=cfa)


def worst_px(frame, scales, bends=(0.0, 0.0, 0.0)):
    """Largest error of the radii of red and blue, anywhere in the frame."""
    from tenbit.pipeline.run import run

    found = run(frame, [{"lateral_colour": {}}], device="cpu").results["lateral_colour"]
    radius = np.linspace(0, 1, 21)
    errors = [
        (found[f"{name}_scale"] - scales[n] + (found[f"{name}_k"] - bends[n]) * radius**2) * radius
        for n, name in ((0, "red"), (2, "blue"))
    ]
    assert found["red_is_found"] and found["blue_is_found"]
    return np.abs(errors).max() * np.hypot(*frame.samples.shape[:2]) / 2


@pytest.mark.parametrize("cfa", [*BAYER, "QRGGB"])
def test_finds_known_scales(cfa):
    scales = (1.003, 1.0, 0.998)
    size = (480, 640) if cfa in BAYER else (800, 1000)
    # 1.2 px of red at the corner
    assert worst_px(blobs(*size, scales, cfa), scales) < 0.15


def test_finds_what_grows_with_the_radius():
    scales, bends = (1.001, 1.0, 0.999), (-0.003, 0.0, 0.002)
    assert worst_px(blobs(480, 640, scales, "RGGB", bends=bends), scales, bends) < 0.15


def test_a_neutral_lens_stays_neutral():
    assert worst_px(blobs(480, 640, (1.0, 1.0, 1.0), "GRBG", seed=2), (1.0, 1.0, 1.0)) < 0.1


def test_measures_demosaiced_frames(planes):
    rows, cols = 480, 640
    scales = (0.998, 1.0, 1.002)
    picture = [blobs(rows, cols, (s,) * 3, "RGGB", seed=3).samples for s in scales]
    assert worst_px(planes(np.stack(picture, axis=-1)), scales) < 0.15


def test_finds_the_lens_of_the_simulator():
    from tenbit.pipeline.sample import camera
    from tenbit.pipeline.sample.optics import LensModel
    from tenbit.pipeline.sample.scene import StillLife
    from tenbit.pipeline.sample.sensor import SensorModel, neutral

    lens = LensModel.parse("even k=-0.06,0.01,0 red_scale=1.002 blue_scale=0.9985")
    mosaic, _ = camera.expose(StillLife(576, 768, 1), lens, SensorModel(iso=400), seed=1)
    light = (mosaic.astype(np.float32) - 64) / (1023 - 64)
    gains = np.tile(1 / np.array(neutral())[[[0, 1], [1, 2]]], (288, 384))
    frame = Frame.from_mosaic(np.minimum(light * gains, 1).astype(np.float32))
    assert worst_px(frame, (lens.red_scale, 1.0, lens.blue_scale)) < 0.15


@pytest.mark.parametrize(("cfa", "shape"), [*((cfa, (16, 19)) for cfa in BAYER), ("QGBRG", (16, 22)), (None, (17, 16))])
def test_equals_plain_python(develop, plain, planes, monkeypatch, cfa, shape):
    votes = []
    monkeypatch.setattr(law, "_law", lambda cells, half_px: (votes.append(cells.copy()), (0.001, -0.002, 0.0))[1])
    row, col = np.indices(shape)
    light = (0.5 + 0.3 * np.sin(row / 1.9 + col / 2.7) * np.cos(col / 2.3 - row / 4.1)).astype(np.float32)
    light[0, 0] = 1.2
    frame = planes(np.stack([light, light * 0.9, light], axis=-1)) if cfa is None else Frame.from_mosaic(light, cfa=cfa)
    out = develop(frame, STAGE)
    seen, votes[:] = list(votes), []
    np.testing.assert_array_equal(out.samples, plain(frame, STAGE).samples)
    np.testing.assert_array_equal(np.stack(seen), np.stack(votes))
    assert np.stack(seen).sum() > (0 if cfa != "QGBRG" else -1)
    np.testing.assert_array_equal(out.samples, frame.samples)
    assert out.facts.has_lateral_colour


def test_windows_are_least_squares():
    """One vote against numpy's ``lstsq`` on the 25 samples."""
    rng = np.random.default_rng(6)
    green, slope = rng.standard_normal(25), rng.standard_normal(25)
    colour = 0.8 * (green + 0.4 * slope) + 0.02 * rng.standard_normal(25)
    (gain, along), *_ = np.linalg.lstsq(np.stack([green, slope], axis=1), colour, rcond=None)
    sums = [a @ b for a, b in ((green, green), (green, slope), (slope, slope), (colour, green), (colour, slope))]
    vote = windows.vote(*(np.float32(s) for s in (*sums, colour @ colour)), np.float32(0.001), np.float32(1 / 200))
    expected = 0.001 - along / gain / 200
    assert vote == int((expected + law.REACH) * law.BINS / (2 * law.REACH))
    noise = rng.standard_normal(25)
    sums = [a @ b for a, b in ((green, green), (green, slope), (slope, slope), (noise, green), (noise, slope))]
    assert windows.vote(*(np.float32(s) for s in (*sums, noise @ noise)), np.float32(0), np.float32(1 / 200)) == -1


def test_hand_worked_lattice():
    from types import SimpleNamespace

    plane = np.array([[0.1, 0.2], [0.4, 0.8]], np.float32)
    green = SimpleNamespace(s00=0.0, s01=0.5, s10=0.5, s11=0.0, clip=0.475)
    # the mean of 0.2 and 0.4, and the floor of 0.01 under the root
    assert lattice.near(plane, 0, 0, green) == pytest.approx(0.31**0.5, rel=1e-6)
    assert lattice.near(3 * plane, 0, 0, green) == lattice.MARK


def test_law_fits_votes_and_shrugs_at_outliers():
    ring = (np.arange(law.RINGS) + 0.5) / law.RINGS
    ratio = 0.0012 - 0.0008 * ring**2
    cells = np.zeros((2, law.RINGS, law.QUADRANTS, law.BINS))
    edges = np.linspace(-law.REACH, law.REACH, law.BINS + 1)
    rng = np.random.default_rng(7)
    for n in range(law.RINGS):
        for quadrant in range(law.QUADRANTS):
            away = 0.002 if (n, quadrant) == (5, 2) else 0.0
            cells[0, n, quadrant] = np.histogram(rng.normal(ratio[n] + away, 2e-4, 4000), edges)[0]
    found = law.fitted(cells.reshape(-1), half_px=1000.0)
    assert found["red_corner_px"] == pytest.approx(0.4, abs=0.05)
    assert found["red_scale"] == pytest.approx(1.0012, abs=5e-5)
    assert (found["blue_is_found"], found["blue_scale"], found["blue_error_px"]) == (False, 1.0, -1.0)


def test_without_edges_nothing_is_claimed(develop):
    noise = np.random.default_rng(8).normal(0, 0.01, (16, 17))
    out = develop(Frame.from_mosaic((0.3 + noise).astype(np.float32)), STAGE).results["lateral_colour"]
    for name in ("red", "blue"):
        assert not out[f"{name}_is_found"]
        assert [out[f"{name}_{what}"] for what in ("scale", "k", "corner_px")] == [1.0, 0.0, 0.0]


def test_neither_is_noise_nor_a_full_sensor_claimed():
    from tenbit.pipeline.run import run

    noise = np.random.default_rng(8).normal(0, 0.01, (600, 800))
    for light in (0.3, 1.0):
        frame = Frame.from_mosaic((light + noise).astype(np.float32))
        found = run(frame, [{"lateral_colour": {}}], device="cpu").results["lateral_colour"]
        assert not found["red_is_found"] and not found["blue_is_found"]


def test_the_chain_goes_on_with_the_picture(develop, plain):
    frame = Frame.from_mosaic(np.random.default_rng(9).random((16, 17), dtype=np.float32))
    chain = (STAGE, ("demosaic", {"method": "bilinear"}), ("lens", {}))
    out = develop(frame, *chain)
    np.testing.assert_array_equal(out.samples, plain(frame, *chain).samples)
    # nothing found: bit for bit what it was
    np.testing.assert_array_equal(out.samples, develop(frame, *chain[1:]).samples)


def test_a_frame_that_is_thin_and_long_has_points_on_every_lattice():
    facts = Facts(state="mosaic", rows=16, cols=60000, cfa=Cfa("RGGB"), black=(0.0,) * 4, white=(1.0,) * 4)
    steps = lateral_colour.STAGE.prepare(lateral_colour.Parameters(), facts).steps
    assert min(min(step.shape) for step in steps) >= 2


def test_what_it_refuses(develop):
    frame = Frame.from_mosaic(np.zeros((16, 16), np.uint16), black=64, white=1023)
    with pytest.raises(StageError, match="lateral_colour: the samples are counts above a black level"):
        develop(frame, STAGE)
    with pytest.raises(StageError, match="lateral_colour: it was measured already"):
        develop(Frame.from_mosaic(np.zeros((16, 16), np.float32)), STAGE, STAGE)
    out = develop(Frame.from_mosaic(np.zeros((15, 16), np.float32)), STAGE)
    assert out.warnings == ("lateral_colour: a frame below 16 pixels is too small to measure lateral colour in",)
    assert not out.facts.has_lateral_colour
    assert lateral_colour.SMALLEST_PX == 16
