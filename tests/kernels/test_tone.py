"""Tone against a float64 reference that solves for its own curve and sorts the channels."""

import numpy as np
import pytest
from scipy.optimize import fsolve

from tenbit.kernels._spaces import encode
from tenbit.kernels.errors import StageError
from tenbit.kernels.tone import film_constants

DEFAULTS = {"contrast": 1.45, "white_ev": 3.2}
SHAPES = [
    DEFAULTS,
    {"contrast": 1.0, "white_ev": 2.5},
    {"contrast": 1.0, "white_ev": 8.0},
    {"contrast": 2.4, "white_ev": 2.5},
    {"contrast": 2.4, "white_ev": 8.0},
    {"contrast": 1.8, "white_ev": 6.0},
]
QUARTER_CODE = 0.25 / 65535


def filmic_curve(light, *, contrast, white_ev):
    """top u / (u + half) with u = r (r + toe)²: three unknowns, three promises, by a solver of systems."""

    def curve(x, light):
        toe, half, top = np.exp(x[0]), np.exp(x[1]), x[2]
        u = light / 0.18 * (light / 0.18 + toe) ** 2
        return top * u / (u + half)

    def amiss(x):
        toe, half = np.exp(x[:2])
        slope = (1 + 2 / (1 + toe)) * half / ((1 + toe) ** 2 + half)
        return curve(x, 0.18) / 0.18 - 1, curve(x, 0.18 * 2.0**white_ev) - 1, slope - contrast

    known = film_constants(contrast=contrast, white_ev=white_ev)
    start = np.log(known["toe"]) + 0.05, np.log(known["half"]) - 0.05, known["top"] + 0.01
    x, _, found, message = fsolve(amiss, start, xtol=1e-12, full_output=True)
    assert found == 1, message
    return curve(x, light)


def scene(shape=(9, 13), seed=1):
    """Colours of every kind: inside the space and outside, dark, and brighter than white."""
    rng = np.random.default_rng(seed)
    return (rng.uniform(-0.1, 1.0, (*shape, 3)) * 2.0 ** rng.uniform(-8, 3, (*shape, 1))).astype(np.float32)


def reference(light, space="srgb", **shape):
    """The picture of a scene, sorted channel by channel instead of formed in one expression."""
    shape = DEFAULTS | shape
    white = 0.18 * 2.0 ** shape["white_ev"]
    ordered = np.sort(light.astype(float), axis=-1)
    ends = filmic_curve(np.clip(ordered[..., [0, 2]], 0, white), **shape)
    spread = ordered[..., 2] - ordered[..., 0]
    place = (light - ordered[..., :1]) / np.where(spread > 0, spread, 1)[..., None]
    paler = 1 / (1 + np.maximum(ordered[..., 2] / white - 1, 0) ** 2)
    low = ends[..., 1] - (ends[..., 1] - ends[..., 0]) * paler
    return encode(space, np.clip(low[..., None] + place * (ends[..., 1] - low)[..., None], 0, 1))


@pytest.mark.parametrize("shape", SHAPES)
def test_curve_only_rises(shape):
    light = np.linspace(0.0, 1.0, 20001) ** 3 * 0.18 * 2.0 ** shape["white_ev"]
    display = filmic_curve(light, **shape)
    assert (np.diff(display) > 0).all()
    assert (display[0], display[-1]) == pytest.approx((0.0, 1.0), abs=1e-9)


@pytest.mark.parametrize("contrast", [1.0, 1.2, 1.6, 2.0, 2.4])
@pytest.mark.parametrize("white_ev", [2.5, 3.2, 5.0, 8.0])
def test_every_contrast_is_met(contrast, white_ev):
    known = film_constants(contrast=contrast, white_ev=white_ev)
    r = np.exp2([-1e-4, 0.0, 1e-4, white_ev])
    u = r * (r + known["toe"]) ** 2
    dark, grey, bright, white = known["top"] * u / (u + known["half"])
    assert np.log2(bright / dark) / 2e-4 == pytest.approx(contrast, rel=1e-4)
    assert (grey, white) == pytest.approx((0.18, 1.0), rel=1e-9)


@pytest.mark.parametrize("space", ["srgb", "display-p3", "rec2020", "srgb-linear", "rec2020-linear"])
@pytest.mark.parametrize("shape", [(9, 13), (4, 33)])
def test_equals_the_formula(develop, planes, space, shape):
    light = scene(shape)
    out = develop(planes(light, space=space), ("tone", {}))
    # half a code value at 16 bits: colours are differences of float32 numbers
    np.testing.assert_allclose(out.samples, reference(light, space), atol=2 * QUARTER_CODE)
    assert (out.state, out.facts.space) == ("display", space)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("space", ["srgb", "rec2020", "srgb-linear"])
def test_greys_are_within_a_quarter_of_a_code_value(target, develop, planes, shape, space):
    count = 30000 if target == "cpu" else 300
    light = (np.linspace(0, 1, count) ** 2 * 0.18 * 2.0 ** shape["white_ev"]).astype(np.float32).reshape(-1, 30, 1)
    out = develop(planes(light * np.ones(3), space=space), ("tone", shape))
    np.testing.assert_allclose(out.samples, reference(light * np.ones(3), space, **shape), atol=QUARTER_CODE)


@pytest.mark.parametrize("parameters", [{}, {"curve": "linear"}, {"exposure_ev": 0.7, "contrast": 1.2}])
def test_equals_plain_python(develop, plain, planes, parameters):
    frame = planes(scene(), space="srgb")
    np.testing.assert_array_equal(
        develop(frame, ("tone", parameters)).samples, plain(frame, ("tone", parameters)).samples
    )


def test_middle_grey_stays(develop, planes):
    out = develop(planes(np.full((3, 4, 3), 0.18), space="srgb-linear"), ("tone", {})).samples
    np.testing.assert_allclose(out, 0.18, atol=1e-6)
    out = develop(planes(np.full((3, 4, 3), 0.18), space="srgb"), ("tone", {}), bits=8).samples
    np.testing.assert_array_equal(out, 118)


def test_hue_never_shifts(develop, planes):
    light = scene((12, 20), seed=2)
    light = light[(np.ptp(light, axis=-1) > 0.05) & (light.max(axis=-1) > 0.02)][None]
    out = develop(planes(light, space="srgb-linear"), ("tone", {})).samples

    def place_between(x):
        """Where the middle channel stands between the smallest and the largest: HSV's hue within its sextant."""
        low, middle, high = np.moveaxis(np.sort(x.astype(float), axis=-1), -1, 0)
        return (middle - low) / (high - low)

    seen = np.ptp(out, axis=-1) > 0.02
    assert seen.mean() > 0.5
    np.testing.assert_array_equal(np.argsort(light, axis=-1)[seen], np.argsort(out, axis=-1)[seen])
    np.testing.assert_allclose(place_between(out[seen]), place_between(light[seen]), atol=1e-4)


def test_more_light_never_darkens_a_channel(develop, planes):
    colours = np.random.default_rng(3).uniform(0, 1, (8, 1, 3))
    light = colours * np.exp2(np.linspace(-8, 8, 40))[:, None]
    out = develop(planes(light, space="srgb"), ("tone", {})).samples
    assert np.diff(out, axis=1).min() > -1e-6


def test_very_bright_colours_become_white(develop, planes):
    out = develop(planes(np.array([[[60.0, 3.0, 0.0], [40.0, 60.0, 1.0]]]), space="srgb-linear"), ("tone", {})).samples
    assert out.min() > 0.99


def test_colours_outside_the_space_come_in(develop, planes):
    light = np.array([[[0.4, -0.1, 0.15], [-0.2, -0.1, -0.3], [0.0, 0.0, 0.0]]])
    out = develop(planes(light, space="srgb-linear"), ("tone", {})).samples
    assert out[0, 0, 1] == pytest.approx(0.0, abs=1e-7)
    # half-way between its neighbours before and after
    assert out[0, 0, 2] == pytest.approx(0.5 * out[0, 0, 0], abs=1e-6)
    np.testing.assert_array_equal(out[0, 1:], 0.0)


def test_exposure_ev_is_light(develop, planes):
    light = scene((5, 7), seed=4)
    brighter = develop(planes(light, space="srgb"), ("tone", {"exposure_ev": 1.0})).samples
    np.testing.assert_array_equal(brighter, develop(planes(2 * light, space="srgb"), ("tone", {})).samples)


@pytest.mark.parametrize("space", ["srgb", "rec2020", "srgb-linear"])
def test_linear_only_clips_and_encodes(develop, planes, space):
    light = scene((7, 9))
    out = develop(planes(light, space=space), ("tone", {"curve": "linear"}))
    np.testing.assert_allclose(out.samples, encode(space, np.clip(light, 0, 1)), atol=QUARTER_CODE)


def test_linear_changes_no_bit_of_a_linear_space(develop, planes):
    light = np.random.default_rng(5).random((5, 6, 3), dtype=np.float32)
    out = develop(planes(light, space="srgb-linear"), ("tone", {"curve": "linear"}))
    np.testing.assert_array_equal(out.samples, light)


def test_a_sample_that_is_no_number_harms_nothing_else(develop, planes):
    light = np.full((3, 4, 3), 0.18, np.float32)
    light[1, 2] = np.nan
    out = develop(planes(light, space="srgb"), ("tone", {})).samples
    assert np.isfinite(out).all()
    np.testing.assert_array_equal(out[0], out[2])


def test_camera_colours_are_shown_and_it_is_said(develop, planes):
    out = develop(planes(np.full((2, 3, 3), 0.5)), ("tone", {"curve": "linear"}))
    np.testing.assert_array_equal(out.samples, 0.5)
    assert out.warnings == ("tone: no colour before it: camera colours are shown as they are",)


def test_counts_are_refused(develop, planes):
    frame = planes(np.zeros((2, 3, 3)), black=(64.0,) * 3, white=(1023.0,) * 3)
    with pytest.raises(StageError, match=r"tone: .*put black_level before it"):
        develop(frame, ("tone", {}))


def test_twice_is_refused(develop, planes):
    with pytest.raises(StageError, match="tone takes a linear frame; here it is display"):
        develop(planes(np.zeros((2, 3, 3)), space="srgb"), ("tone", {}), ("tone", {}))
