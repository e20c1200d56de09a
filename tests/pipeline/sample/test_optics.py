"""The simulated lens: formulas by hand, the inverse against the forward formula and against scipy."""

import numpy as np
import pytest
from scipy.optimize import brentq

from tenbit.pipeline.sample.optics import LensModel

# Every form with faults of a real, strong lens.
LENSES = {
    "even-barrel": LensModel(k=(-0.12, 0.03, -0.005)),
    "even-pincushion": LensModel(k=(0.08, 0.02)),
    "poly3": LensModel(form="poly3", k=(-0.021,)),
    "poly5": LensModel(form="poly5", k=(-0.03, 0.004)),
    "ptlens": LensModel(form="ptlens", k=(0.0183736, -0.0506454, 0.0446071)),
    "acm-radial": LensModel(form="acm", k=(-0.15, 0.02)),
    "acm": LensModel(form="acm", k=(-0.15, 0.02, 0.01, 0.003, -0.002), focal=1.2),
    "fisheye": LensModel(form="fisheye", k=(0.02, -0.004), focal=1.3),
}
HALF_DIAGONAL_PX = np.hypot(6144, 8192) / 2


def _grid() -> tuple[np.ndarray, np.ndarray]:
    """Points over a 4:3 picture and its very corners, centre included, in half diagonals."""
    y, x = np.mgrid[-0.6:0.6:25j, -0.8:0.8:33j]
    return y, x


@pytest.mark.parametrize("name", LENSES)
def test_inverse_undoes_the_form_to_a_ten_thousandth_of_a_pixel(name):
    lens = LENSES[name]
    y, x = _grid()
    again = lens.distorted(*lens.ideal(y, x))
    assert np.abs(np.stack(again) - np.stack([y, x])).max() * HALF_DIAGONAL_PX < 1e-4
    ideal = lens.ideal(*lens.distorted(y * 0.8, x * 0.8))
    assert np.abs(np.stack(ideal) - np.stack([y, x]) * 0.8).max() * HALF_DIAGONAL_PX < 1e-4


@pytest.mark.parametrize(
    ("name", "formula", "unit"),
    [
        ("even-barrel", lambda r: r * (1 - 0.12 * r**2 + 0.03 * r**4 - 0.005 * r**6), 1.0),
        ("poly3", lambda r: r * (1 + 0.021 - 0.021 * r**2), 0.6),
        ("poly5", lambda r: r * (1 - 0.03 * r**2 + 0.004 * r**4), 0.6),
        (
            "ptlens",
            lambda r: r * (0.0183736 * r**3 - 0.0506454 * r**2 + 0.0446071 * r + 1 - 0.0183736 + 0.0506454 - 0.0446071),
            0.6,
        ),
        ("acm-radial", lambda r: r * (1 - 0.15 * r**2 + 0.02 * r**4), 1.618),
        ("fisheye", lambda r: np.arctan(r) * (1 + 0.02 * np.arctan(r) ** 2 - 0.004 * np.arctan(r) ** 4), 1.3),
    ],
)
def test_inverse_is_the_root_that_scipy_finds(name, formula, unit):
    for landed in (0.05, 0.4, 0.98):
        root = unit * brentq(lambda r, to=landed: formula(r) - to / unit, 0, 1.4 / unit, xtol=1e-14)
        down, right = LENSES[name].ideal(np.array([landed * 0.6]), np.array([landed * 0.8]))
        assert (down[0], right[0]) == pytest.approx((root * 0.6, root * 0.8), abs=1e-9)


def test_forms_by_hand():
    half = np.array([0.5]), np.array([0.0])
    assert LensModel(k=(-0.1,)).distorted(*half)[0] == pytest.approx(0.5 * (1 - 0.1 * 0.25))
    # At the middle of the long side's border, r = 1 in the unit of the half short side, these two hold still.
    border = np.array([0.6]), np.array([0.0])
    for form, k in (("poly3", (0.05,)), ("ptlens", (0.01, -0.03, 0.02))):
        assert LensModel(form=form, k=k).distorted(*border)[0] == pytest.approx(0.6)
    # acm at (y, x) = (1, 2) focal lengths, tangential terms only: r² = 5, 2 (k4 y + k5 x) = 0.1.
    down, right = LensModel(form="acm", k=(0, 0, 0, 0.01, 0.02), focal=1.0).distorted(np.array([1.0]), np.array([2.0]))
    assert (down[0], right[0]) == pytest.approx((1.1 + 0.05, 2.2 + 0.1))
    assert LensModel(form="fisheye", focal=0.5).distorted(*half)[0] == pytest.approx(0.5 * np.pi / 4)


def test_zeros_change_nothing_bit_for_bit():
    y, x = _grid()
    for form in ("even", "ptlens", "poly3", "poly5", "acm"):
        lens = LensModel(form=form, k=(0.0,))
        assert lens.is_straight
        assert all(np.array_equal(a, b) for a, b in zip(lens.ideal(y, x), (y, x), strict=True))
        assert all((gain == 1).all() for gain in lens.gains(y, x))


def test_lateral_colour_scales_the_distorted_radius():
    y, x = _grid()
    lens = LensModel(k=(-0.1,), red_scale=1.002)
    assert not lens.is_straight
    landed = lens.distorted(*lens.ideal(y, x, scale=1.002))
    np.testing.assert_allclose(np.stack(landed) * 1.002, np.stack([y, x]), atol=1e-11)


def test_gains_by_hand():
    lens = LensModel(vignetting=(-0.4, 0.1, -0.05), red_shading=(0.1, 0.0, -0.2), blue_shading=(0.0, 0.05, 0.0))
    red, green, blue = lens.gains(np.array([0.6]), np.array([0.8]))
    assert green[0] == pytest.approx(0.65)
    assert red[0] == pytest.approx(0.65 * (1 + 0.08 - 0.2))
    assert blue[0] == pytest.approx(0.65 * 1.03)


def test_a_lens_is_read_from_text():
    text = "ptlens k=0.01,-0.02 red_scale=1.0004 vignetting=-0.4,0.1,0"
    assert LensModel.parse(text) == LensModel(
        form="ptlens", k=(0.01, -0.02), red_scale=1.0004, vignetting=(-0.4, 0.1, 0.0)
    )
    assert LensModel.parse("") == LensModel()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("brown k=1", "lens.form: 'brown' is not one of even"),
        ("even k=1,2,3,4", "lens.k: even has 3 coefficients at most, not 4"),
        ("even K=1", "lens: 'K=1' is not one of form=…"),
        ("even k=a", "lens.k: 'a' is not a list of numbers"),
        ("even k=nan", "lens.k: (nan,) is not finite"),
        ("even focal=1,2", "lens.focal: one number, not 2"),
        ("even red_scale=0", "lens.red_scale: 0.0 is not above 0"),
        ("even vignetting=1", "lens.vignetting: 3 numbers, not 1"),
    ],
)
def test_text_that_is_no_lens_is_refused(text, message):
    with pytest.raises(ValueError) as caught:
        LensModel.parse(text)
    assert message in str(caught.value)


def test_a_form_that_turns_back_inside_the_picture_is_refused():
    y, x = _grid()
    with pytest.raises(ValueError, match=r"turns back at a distorted radius of 0\.544, inside the picture"):
        LensModel(k=(-0.5,)).ideal(y, x)
    with pytest.raises(ValueError, match=r"lens\.k: acm .* folds the picture"):
        LensModel(form="acm", k=(0, 0, 0, 0.9, 0.9)).ideal(y, x)
