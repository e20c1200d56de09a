"""Camera colour against cameras simulated forwards: from a colour under a light to what the sensor reads."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels._camera import camera_to_space, daylight, gains_of, neutral_of_white, white_of_neutral
from tenbit.kernels._facts import CameraColour, as_matrix
from tenbit.kernels._temperature import white_xy
from tenbit.kernels.errors import StageError

# Numbers of the usual size, for tungsten light (code 17, A) and for daylight (21, D65).
CM_A = np.array([[1.05, -0.42, -0.03], [-0.40, 1.22, 0.20], [-0.05, 0.20, 0.62]])
CM_D65 = np.array([[0.90, -0.28, -0.11], [-0.45, 1.28, 0.19], [-0.08, 0.24, 0.58]])
FM_A = np.array([[0.70, 0.15, 0.1142], [0.30, 0.80, -0.10], [0.05, -0.20, 0.9749]])
FM_D65 = np.array([[0.65, 0.20, 0.1142], [0.25, 0.85, -0.10], [0.02, -0.12, 0.9249]])
BALANCE = (1.1, 1.0, 0.9)
CALIBRATION = np.array([[1.02, 0.01, 0.0], [0.0, 0.99, 0.01], [0.01, 0.0, 1.03]])
A_XY, D65_XY = (0.44757, 0.40745), (0.31270, 0.32900)
# sRGB's own numbers (IEC 61966-2-1, amendment 1), and its white
TO_SRGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
COLOURS = np.random.default_rng(5).uniform(0.05, 0.9, (12, 3))


def xyz(xy):
    return np.array([xy[0] / xy[1], 1.0, (1 - xy[0] - xy[1]) / xy[1]])


def bradford(colours, white, to):
    """Colours as they look under another white: cone responses scaled channel by channel."""
    cones = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    scaled = (colours @ cones.T) * ((cones @ to) / (cones @ white))
    return np.linalg.solve(cones, scaled.T).T


def colour(**matrices):
    return CameraColour(**{k: as_matrix(v) if np.ndim(v) == 2 else v for k, v in matrices.items()})


DUAL = colour(color_matrix1=CM_A, color_matrix2=CM_D65, illuminant1=17, illuminant2=21)
CALIBRATED = dataclasses.replace(
    DUAL,
    camera_calibration1=as_matrix(CALIBRATION),
    camera_calibration2=as_matrix(CALIBRATION),
    analog_balance=BALANCE,
)


@pytest.mark.parametrize(("xy", "matrix"), [(A_XY, CM_A), (D65_XY, CM_D65)])
def test_at_a_calibration_light_its_own_matrix_is_used(xy, matrix):
    expected = matrix @ xyz(xy)
    np.testing.assert_allclose(neutral_of_white(DUAL, xy), expected / expected.max(), atol=2e-3)


def test_half_way_in_mired_is_half_of_each():
    mired = 0.5 * (1e6 / 2856 + 1e6 / 6504)
    xy = white_xy(1e6 / mired)
    expected = 0.5 * (CM_A + CM_D65) @ xyz(xy)
    np.testing.assert_allclose(neutral_of_white(DUAL, xy), expected / expected.max(), rtol=1e-9)


@pytest.mark.parametrize("xy", [A_XY, (0.38, 0.37), D65_XY, (0.28, 0.29)])
@pytest.mark.parametrize("extra", [{}, {"camera_calibration1": as_matrix(CALIBRATION), "analog_balance": BALANCE}])
def test_white_of_neutral_undoes_neutral_of_white(xy, extra):
    camera = dataclasses.replace(DUAL, **extra)
    np.testing.assert_allclose(white_of_neutral(camera, neutral_of_white(camera, xy)), xy, atol=1e-7)


@pytest.mark.parametrize(("xy", "matrix"), [((0.47, 0.41), CM_A), ((0.28, 0.29), CM_D65)])
def test_simulated_colours_come_back(xy, matrix):
    # Beyond both calibration lights one matrix alone holds, whatever the weight's formula.
    seen = np.linspace(0.2, 1.0, 12)[:, None] * (COLOURS * xyz(xy))
    full = np.diag(BALANCE) @ CALIBRATION @ matrix
    sensor, white = seen @ full.T, full @ xyz(xy)
    got = (sensor / white.max()) @ camera_to_space(CALIBRATED, tuple(white), "srgb").T
    expected = bradford(seen, xyz(xy), xyz(D65_XY)) @ TO_SRGB.T
    # IEC prints four digits
    np.testing.assert_allclose(got, expected, atol=5e-4)


@pytest.mark.parametrize(("xy", "forward", "matrix"), [((0.47, 0.41), FM_A, CM_A), ((0.28, 0.29), FM_D65, CM_D65)])
def test_forward_matrix_is_preferred(xy, forward, matrix):
    d50 = np.array([0.9642, 1.0, 0.8249])
    seen = COLOURS * d50
    white = np.diag(BALANCE) @ CALIBRATION @ matrix @ xyz(xy)
    reference = np.linalg.solve(np.diag(BALANCE) @ CALIBRATION, white)
    sensor = (np.diag(BALANCE) @ CALIBRATION @ np.diag(reference) @ np.linalg.solve(forward, seen.T)).T
    camera = dataclasses.replace(CALIBRATED, forward_matrix1=as_matrix(FM_A), forward_matrix2=as_matrix(FM_D65))
    got = (sensor / white.max()) @ camera_to_space(camera, tuple(white), "srgb").T
    # The forward matrices' rows sum to D50 here; the adapted colour has no further freedom.
    expected = bradford(seen, d50, xyz(D65_XY)) @ TO_SRGB.T
    np.testing.assert_allclose(got, expected, atol=5e-4)


@pytest.mark.parametrize("neutral", [(0.2, 1.0, 0.2), (1.0, 0.2, 1.0), (0.02, 0.1, 1.0)])
def test_a_neutral_of_no_light_is_brought_to_daylights(neutral):
    camera = colour(color_matrix1=CM_D65, illuminant1=21)
    assert white_of_neutral(camera, neutral) is None
    # daylight's own matrix, after a gain per channel; IEC's four digits
    scaled = np.diag(CM_D65 @ xyz(D65_XY) / neutral)
    expected = TO_SRGB @ np.linalg.solve(CM_D65, scaled) * max(neutral)
    got = camera_to_space(camera, neutral, "srgb")
    np.testing.assert_allclose(got, expected, atol=5e-4 * np.abs(expected).max())


@pytest.mark.parametrize("neutral", [(0.2, 1.0, 0.2), (1.0, 0.2, 1.0)])
def test_a_neutral_of_no_light_with_a_forward_matrix(neutral):
    camera = colour(color_matrix1=CM_D65, forward_matrix1=FM_D65, illuminant1=21)
    white = camera_to_space(camera, neutral, "srgb") @ (np.array(neutral) / max(neutral))
    np.testing.assert_allclose(white, 1.0, atol=1e-9)


@pytest.mark.parametrize("space", ["srgb", "display-p3", "rec2020", "srgb-linear", "rec2020-linear"])
@pytest.mark.parametrize("neutral", [(0.45, 1.0, 0.62), (0.9, 1.0, 0.3), (1.0, 0.8, 0.7)])
def test_the_neutral_becomes_white(space, neutral):
    for camera in (DUAL, colour(color_matrix2=CM_D65), colour(color_matrix1=CM_A, forward_matrix1=1.01 * FM_A)):
        white = camera_to_space(camera, neutral, space) @ (np.array(neutral) / max(neutral))
        np.testing.assert_allclose(white, 1.0, atol=1e-9)


def test_one_calibration_light_or_an_unknown_one_takes_the_first_matrix():
    unknown = colour(color_matrix1=CM_A, color_matrix2=CM_D65, illuminant1=0, illuminant2=21)
    np.testing.assert_allclose(daylight(unknown), CM_A @ xyz(D65_XY) / (CM_A @ xyz(D65_XY)).max())


def test_gains_leave_the_strongest_channel():
    assert gains_of((0.5, 1.0, 0.8)) == (2.0, 1.0, 1.25)
    assert gains_of((2.0, 1.0, 4.0)) == (2.0, 4.0, 1.0)


@pytest.mark.parametrize("neutral", [(0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, float("nan"))])
def test_gains_refuse_a_dark_channel(neutral):
    with pytest.raises(StageError, match="every channel must be above 0"):
        gains_of(neutral)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.zeros((3, 3)) + 1.0, "cannot be inverted"),
        (-np.eye(3), "leaves a channel without light"),
        (np.full((3, 3), np.nan), "leaves a channel without light"),
    ],
)
def test_broken_matrices_are_refused(matrix, message):
    with pytest.raises(StageError, match=message):
        camera_to_space(colour(color_matrix1=matrix), (0.5, 1.0, 0.7), "srgb")


def test_a_white_that_the_camera_cannot_see_is_refused():
    with pytest.raises(StageError, match="leaves a channel without light"):
        daylight(colour(color_matrix1=-CM_A))
