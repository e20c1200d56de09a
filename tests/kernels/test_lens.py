"""Lens: distortions of a scene that is a formula, so that the truth is known at every point."""

import numpy as np
import pytest

from tenbit.kernels import lens
from tenbit.kernels._laws import turning_radius
from tenbit.kernels._optics import Lateral, Law, Origin, Warp
from tenbit.kernels.errors import StageError
from tenbit.kernels.lens.path import Path, filling_scale

BARREL, PINCUSHION, WAVE = (-0.12, 0.02, 0.0), (0.08, -0.01, 0.002), (-0.1, 0.06, 0.01)


def scene(row, col):
    """Three smooth channels at any point, 0 … 1."""
    return np.stack(
        [0.5 + 0.4 * np.sin(row / 3.7 + n) * np.cos(col / 4.3 - n) for n in range(3)],
        axis=-1,
    )


def grid(rows, cols):
    """Distances from the middle, in half diagonals, and the half diagonal in pixels."""
    half = np.hypot(rows, cols) / 2
    row, col = np.indices((rows, cols)) - np.array([(rows - 1) / 2, (cols - 1) / 2])[:, None, None]
    return row / half, col / half, half


def photographed(rows, cols, k=(0, 0, 0), channels=(1, 1, 1), apart=(0, 0, 0)):
    """The scene through a lens: each pixel shows the ideal point whose distorted radius is its own.

    A colour's radius is ``channel + apart r²`` times green's r.
    """
    row, col, half = grid(rows, cols)
    radius = np.hypot(row, col)
    ideal = np.linspace(0, 1.4, 200_001)
    distorted = ideal * (1 + k[0] * ideal**2 + k[1] * ideal**4 + k[2] * ideal**6)
    out = np.empty((rows, cols, 3))
    for n, channel in enumerate(channels):
        landed = distorted * (channel + apart[n] * distorted**2)
        ratio = np.interp(radius, landed, ideal) / np.maximum(radius, 1e-9)
        out[..., n] = scene(row * ratio * half, col * ratio * half)[..., n]
    return out


def truth(rows, cols):
    row, col, half = grid(rows, cols)
    return scene(row * half, col * half)


def psnr(a, b, border=3):
    inner = slice(border, -border)
    return -10 * np.log10(np.mean(np.square(a[inner, inner] - b[inner, inner])))


@pytest.mark.parametrize("k", [BARREL, WAVE])
def test_undoes_a_known_lens(develop, planes, k):
    rows, cols = 23, 32
    known = {"distortion": k, "red_scale": 1.01, "blue_scale": 0.992, "anti_ringing": False}
    seen = photographed(rows, cols, k, (1.01, 1, 0.992))
    out = develop(planes(seen), ("lens", known)).samples
    # barrel: nothing is looked up outside the frame; the rest is what bicubic loses on waves of 23 px
    assert psnr(seen, truth(rows, cols)) < 39
    assert psnr(out, truth(rows, cols)) > 50


def test_undoes_lateral_colour_that_grows_with_the_radius(develop, planes):
    rows, cols = 23, 32
    known = {"distortion": BARREL, "red_scale": 0.99, "red_k": 0.09, "blue_k": -0.08, "anti_ringing": False}
    seen = photographed(rows, cols, BARREL, (0.99, 1, 1), (0.09, 0, -0.08))
    assert psnr(develop(planes(seen), ("lens", known)).samples, truth(rows, cols)) > 50
    linear_only = known | {"red_k": 0.0, "blue_k": 0.0}
    assert psnr(develop(planes(seen), ("lens", linear_only)).samples, truth(rows, cols)) < 42


def test_a_measured_colour_is_undone_as_a_given_one(develop, planes, monkeypatch):
    from tenbit.kernels.lateral_colour import law

    found = {"red_scale": 1.004, "red_k": 0.002, "blue_scale": 0.997, "blue_k": -0.001}
    monkeypatch.setattr(law, "_law", lambda votes, half_px: next(laws))
    samples = np.random.default_rng(4).random((17, 22, 3))
    for options in ({}, {"distortion": BARREL, "autoscale": True}):
        laws = iter([(0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.004, 0.002, 0.0), (-0.003, -0.001, 0.0)])
        out = develop(planes(samples), ("lateral_colour", {}), ("lens", options))
        given = develop(planes(samples), ("lens", options | found))
        # the ratios were rounded on the way
        np.testing.assert_allclose(out.samples, given.samples, atol=1e-6)
        assert not out.facts.has_lateral_colour
        assert out.warnings == ("lens: lateral colour as measured from the frame",)


def test_measured_and_given_exclude_each_other(develop, planes):
    frame = planes(np.zeros((9, 16, 3)), has_lateral_colour=True)
    out = develop(frame, ("lens", {"red_scale": 1.001}))
    assert out.warnings == ("lens: lateral colour is as given, not as measured from the frame",)
    out = develop(frame, ("lens", {"lateral": "none"}))
    assert out.warnings == ("lens: lateral colour is left as it is, not as measured from the frame",)
    np.testing.assert_array_equal(out.samples, 0)
    for lateral in ("measured", "none"):
        with pytest.raises(StageError, match=f"lens: lateral: {lateral} and the numbers for red and blue exclude"):
            develop(frame, ("lens", {"lateral": lateral, "blue_k": 0.001}))
    with pytest.raises(StageError, match="lens: lateral: measured needs lateral_colour before it"):
        develop(planes(np.zeros((9, 16, 3))), ("lens", {"lateral": "measured"}))


def test_undoes_the_simulator(develop, planes):
    from tenbit.pipeline.sample.optics import LensModel

    rows, cols = 24, 30
    row, col, half = grid(rows, cols)
    model = LensModel(form="even", k=PINCUSHION)
    y, x = model.ideal(row, col)
    seen = scene(y * half, x * half)
    chain = ("lens", {"distortion": PINCUSHION, "anti_ringing": False})
    out = develop(planes(seen), chain).samples
    assert psnr(out, truth(rows, cols), border=4) > 50


def test_hand_worked_half_pixel(develop, planes):
    samples = np.zeros((7, 9, 3))
    samples[3, 4] = 1
    out = develop(planes(samples), ("lens", {"scale": 2.0, "anti_ringing": False})).samples
    # one pixel from the middle looks half a pixel from it: Catmull-Rom there is -1/16, 9/16, 9/16, -1/16
    np.testing.assert_allclose(out[3, 4:8, 0], [1, 9 / 16, 0, -1 / 16], atol=1e-7)
    np.testing.assert_allclose(out[4, 5, 0], (9 / 16) ** 2, atol=1e-7)


@pytest.mark.parametrize("shape", [(9, 14), (12, 7)])
def test_bicubic_keeps_parabolas(develop, planes, shape):
    def parabola(row, col):
        return np.stack([0.3 + 0.02 * row, 0.01 * col * col, 0.004 * row * col - 0.01 * row * row], axis=-1)

    row, col, half = grid(*shape)
    out = develop(planes(parabola(row * half, col * half)), ("lens", {"scale": 1.25, "anti_ringing": False})).samples
    np.testing.assert_allclose(out[2:-2, 2:-2], parabola(row * half / 1.25, col * half / 1.25)[2:-2, 2:-2], atol=1e-6)


def test_lateral_colour_leaves_green_alone(develop, planes):
    samples = np.random.default_rng(1).random((13, 18, 3))
    out = develop(planes(samples), ("lens", {"red_scale": 1.02})).samples
    np.testing.assert_array_equal(out[..., 1:], samples[..., 1:].astype(np.float32))
    # red was drawn 2 % too large: it is read 2 % farther out
    larger = develop(planes(samples), ("lens", {"scale": 1 / 1.02})).samples
    np.testing.assert_allclose(out[..., 0], larger[..., 0], atol=2e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (5, 3), (11, 17)])
def test_flat_stays_flat(develop, planes, shape):
    out = develop(planes(np.full((*shape, 3), 0.3)), ("lens", {"distortion": BARREL, "blue_scale": 0.99}))
    np.testing.assert_array_equal(out.samples, np.float32(0.3))


@pytest.mark.parametrize("shape", [(9, 16), (16, 11)])
def test_equals_plain_python(develop, plain, planes, shape):
    frame = planes(np.random.default_rng(2).random((*shape, 3)), optical_centre=(5.3, 6.1))
    chain = (
        "lens",
        {"distortion": WAVE, "red_scale": 1.01, "blue_scale": 0.99, "scale": 0.97},
    )
    np.testing.assert_array_equal(develop(frame, chain).samples, plain(frame, chain).samples)


@pytest.mark.parametrize("profile", ["none", "auto"])
def test_nothing_to_correct_changes_nothing(develop, planes, profile):
    frame = planes(np.random.default_rng(3).random((6, 9, 3)))
    out = develop(frame, ("lens", {"profile": profile, "autoscale": True}))
    assert out.samples.tobytes() == frame.samples.tobytes()


def path(facts, k, channels=(1.0, 1.0, 1.0)):
    """The way of light through an even lens of so many half diagonals."""
    half = np.hypot(facts.rows, facts.cols) / 2
    red, blue = (Law("poly3", (channels[n],), half) for n in (0, 2))
    warp = Warp((Law("even", k, half),), Origin("here"))
    return Path(1.0, facts.optical_centre, warp, Lateral(red, blue, Origin("here")))


@pytest.mark.parametrize("k", [BARREL, PINCUSHION, WAVE])
@pytest.mark.parametrize("centre", [(49.5, 74.5), (40.0, 80.0)])
def test_autoscale_just_fills_the_frame(planes, k, centre):
    rows, cols = 100, 150
    channels = (1.004, 1.0, 0.997)
    facts = planes(np.zeros((rows, cols, 3)), optical_centre=centre).facts
    scale = filling_scale(path(facts, k, channels), facts)
    row, col = np.indices((rows, cols))
    d_row, d_col = (row - centre[0]) / scale, (col - centre[1]) / scale
    square = (d_row**2 + d_col**2) / (np.hypot(rows, cols) / 2) ** 2
    stretch = max(channels) * (1 + k[0] * square + k[1] * square**2 + k[2] * square**3)
    at_row, at_col = centre[0] + d_row * stretch, centre[1] + d_col * stretch
    room = min(at_row.min(), at_col.min(), rows - 1 - at_row.max(), cols - 1 - at_col.max())
    assert -1e-3 < room < 0.1


def test_autoscale_stays_inside_the_fold(develop, planes):
    # Rd grows up to 1.05 only and never reaches the corner; the picture ends where it turns back
    k = (-0.3, 0.0, 0.0)
    facts = planes(np.zeros((100, 150, 3))).facts
    farthest = np.hypot(99, 149) / np.hypot(100, 150) / filling_scale(path(facts, k), facts)
    assert 0.999 < farthest / turning_radius(Law("even", k, 1.0)) < 1
    assert develop(planes(np.ones((9, 14, 3))), ("lens", {"distortion": k, "autoscale": True})).samples.min() == 1


def test_a_fold_is_refused(develop, planes):
    # Rd' = 1 - 1.2 r² is 0 at 0.913
    with pytest.raises(StageError, match=r"lens: distortion -0.4, 0, 0 turns back at radius 0.913, inside the picture"):
        develop(planes(np.zeros((9, 16, 3))), ("lens", {"distortion": (-0.4, 0.0, 0.0)}))


def test_a_fold_beyond_the_corner_is_none(planes):
    facts = planes(np.zeros((9, 16, 3))).facts
    assert lens.prepare(lens.Parameters(distortion=(-0.3, 0.0, 0.0)), facts).steps
