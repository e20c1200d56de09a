"""Colour temperature against CIE's illuminants and Robertson's table, which the product does not use."""

import numpy as np
import pytest

from tenbit.kernels._temperature import temperature_and_tint, white_xy

# Mired, u, v of the black body and the slope of its isotherm: A. R. Robertson, J. Opt. Soc. Am. 58 (1968) 1528.
ROBERTSON = [
    (100, 0.19032, 0.29326, -0.47888),
    (125, 0.19462, 0.30141, -0.58204),
    (150, 0.19962, 0.30921, -0.70471),
    (200, 0.21142, 0.32312, -1.0182),
    (250, 0.22511, 0.33439, -1.4512),
    (300, 0.24010, 0.34308, -2.0637),
    (350, 0.25591, 0.34951, -2.9641),
    (400, 0.27218, 0.35407, -4.3633),
    (500, 0.30505, 0.35907, -11.324),
]


def xy_of_uv(u, v):
    return 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)


@pytest.mark.parametrize(
    ("xy", "kelvin", "duv"),
    [
        ((0.44757, 0.40745), 2856, 0.0),  # A
        ((0.34567, 0.35850), 5001, 0.0033),  # D50
        ((0.31270, 0.32900), 6504, 0.0032),  # D65
        ((0.29902, 0.31485), 7504, 0.0031),  # D75
        ((1 / 3, 1 / 3), 5455, -0.0044),  # E
    ],
)
def test_cie_illuminants(xy, kelvin, duv):
    found, tint = temperature_and_tint(xy)
    # Krystek's u is within 8e-5: 0.15 % of 7504 K
    assert found == pytest.approx(kelvin, rel=2e-3)
    assert tint / 3000 == pytest.approx(duv, abs=2e-4)


@pytest.mark.parametrize(("mired", "u", "v", "slope"), ROBERTSON)
@pytest.mark.parametrize("duv", [-0.02, 0.0, 0.02])
def test_robertsons_isotherms(mired, u, v, slope, duv):
    # An isotherm leaves the locus with this slope dv / du; towards larger v it falls in u.
    step = np.array([-1.0, -slope]) / np.hypot(1.0, slope)
    found, tint = temperature_and_tint(xy_of_uv(u + duv * step[0], v + duv * step[1]))
    # the table's slopes and Krystek's locus differ by a few tenths of a percent
    assert 1e6 / found == pytest.approx(mired, rel=5e-3)
    assert tint / 3000 == pytest.approx(duv, abs=2e-4)


@pytest.mark.parametrize("kelvin", [1500.0, 2856.0, 5500.0, 12000.0])
@pytest.mark.parametrize("tint", [-60.0, 0.0, 25.0])
def test_there_and_back(kelvin, tint):
    assert temperature_and_tint(white_xy(kelvin, tint)) == pytest.approx((kelvin, tint), rel=1e-6, abs=1e-4)


def test_positive_tint_is_a_greener_light():
    (x0, y0), (x1, y1) = white_xy(5000, 0), white_xy(5000, 50)
    assert y1 > y0
    assert (y1 - y0) > abs(x1 - x0)


def test_whites_beyond_the_locus_are_taken_as_at_its_ends():
    assert temperature_and_tint((0.24, 0.235))[0] == pytest.approx(15000, rel=1e-3)
    assert temperature_and_tint((0.67, 0.33))[0] == pytest.approx(1000, rel=1e-3)
