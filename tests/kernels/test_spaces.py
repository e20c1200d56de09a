"""Spaces against published numbers."""

import numpy as np
import pytest

from tenbit.kernels._spaces import D50_XYZ, D65_XY, SPACES, adaptation, decode, encode, rgb_to_xyz, xyz_of

ENCODED = ("srgb", "display-p3", "rec2020")


def test_srgb_matrix_is_the_one_of_iec_61966():
    published = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    np.testing.assert_allclose(rgb_to_xyz("srgb"), published, atol=6e-5)


def test_rec2020_luminance_is_the_one_of_bt2020():
    np.testing.assert_allclose(rgb_to_xyz("rec2020-linear")[1], [0.2627, 0.6780, 0.0593], atol=6e-5)


@pytest.mark.parametrize("space", ENCODED)
def test_white_is_d65(space):
    np.testing.assert_allclose(rgb_to_xyz(space).sum(axis=1), xyz_of(D65_XY), rtol=1e-12)


def test_adaptation_is_the_one_of_the_srgb_profile():
    # The chad tag of the ICC's own sRGB profile, D65 to D50.
    published = [[1.04791, 0.02293, -0.05019], [0.02960, 0.99046, -0.01707], [-0.00925, 0.01506, 0.75179]]
    np.testing.assert_allclose(adaptation(xyz_of(D65_XY), D50_XYZ), published, atol=2e-4)


@pytest.mark.parametrize(
    ("space", "light", "code"),
    [
        ("srgb", 0.18, 0.46136),
        ("srgb", 0.002, 0.02584),
        ("display-p3", 0.5, 0.73536),
        ("rec2020", 0.18, 0.40884),
        ("rec2020", 0.01, 0.045),
        ("srgb-linear", 0.18, 0.18),
        ("camera", 0.7, 0.7),
    ],
)
def test_encode_hand_worked(space, light, code):
    assert encode(space, light) == pytest.approx(code, abs=1e-5)


@pytest.mark.parametrize("space", SPACES)
def test_decode_undoes_encode(space):
    light = np.linspace(0.0, 1.0, 4097)
    np.testing.assert_allclose(decode(space, encode(space, light)), light, atol=3e-8)
    assert encode(space, 1.0) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("space", "knee", "jump"), [("srgb", 0.0031308, 1e-7), ("rec2020", 0.018053968510807, 1e-12)])
def test_curve_meets_its_line(space, knee, jump):
    # IEC 61966-2-1 rounds its knee, BT.2020's is exact
    below, above = encode(space, [knee - 1e-13, knee + 1e-13])
    assert abs(above - below) < jump
