"""Camera colour: whites, gains and matrices out of what a DNG says about its sensor.

The model is that of the DNG specification 1.6, chapter 6, "Mapping Camera Color Space to CIE XYZ Space": matrices for
two illuminants, mixed by inverse colour temperature; the colour temperature of a white is found by iteration, because
the matrices that give it depend on it.
"""

from __future__ import annotations

import math

import numpy as np

from tenbit.kernels._facts import Array, CameraColour, Facts, Matrix, Triple
from tenbit.kernels._spaces import D50_XYZ, D65_XY, adaptation, rgb_to_xyz, xy_of, xyz_of
from tenbit.kernels._temperature import LIGHT_SOURCES, temperature_and_tint, white_xy
from tenbit.kernels.errors import StageError

LARGEST_TINT = 150.0
"""A white further from the black-body locus than this is no light (Duv 0.05; a green fluorescent tube has 0.02)."""
LARGEST_BEYOND = 0.05
"""Distance in (x, y) from the hottest or the coldest black body of `_temperature`; an infinitely hot one has 0.04."""


def has_matrix(colour: CameraColour) -> bool:
    """Whether anything ties the camera's colours to CIE's."""
    return has_color_matrix(colour) or colour.forward_matrix1 is not None or colour.forward_matrix2 is not None


def has_color_matrix(colour: CameraColour) -> bool:
    """Whether a white can be turned into what the camera reads of it."""
    return colour.color_matrix1 is not None or colour.color_matrix2 is not None


def _mixed(first: Matrix | None, second: Matrix | None, weight: float) -> Array | None:
    """``weight`` of the first and the rest of the second; the one there is, or None."""
    if first is None or second is None:
        only = first if second is None else second
        return None if only is None else np.array(only)
    return weight * np.array(first) + (1.0 - weight) * np.array(second)


def _weight(colour: CameraColour, kelvin: float) -> float:
    """Share of the first calibration at a colour temperature: linear in 1 / kelvin, 0 … 1."""
    first, second = (LIGHT_SOURCES.get(code) for code in (colour.illuminant1, colour.illuminant2))
    if first is None or second is None or first == second:
        return 1.0
    share = (1.0 / kelvin - 1.0 / second) / (1.0 / first - 1.0 / second)
    return min(max(share, 0.0), 1.0)


def _calibration(colour: CameraColour, weight: float) -> Array:
    """AnalogBalance · CameraCalibration: the model's reference camera to this one, (3, 3)."""
    mixed = _mixed(colour.camera_calibration1, colour.camera_calibration2, weight)
    return np.diag(colour.analog_balance) @ (np.eye(3) if mixed is None else mixed)


def _xyz_to_camera(colour: CameraColour, xy: tuple[float, float]) -> Array:
    """AnalogBalance · CameraCalibration · ColorMatrix for a white, (3, 3)."""
    weight = _weight(colour, temperature_and_tint(xy)[0])
    mixed = _mixed(colour.color_matrix1, colour.color_matrix2, weight)
    assert mixed is not None
    return _calibration(colour, weight) @ mixed


def neutral_of_white(colour: CameraColour, xy: tuple[float, float]) -> Triple:
    """What the camera reads of a white surface under a light, the largest channel at 1.

    Raises
    ------
    StageError
        If a channel is not positive: the white is too far out, or the file's matrix is broken.
    """
    camera = _xyz_to_camera(colour, xy) @ xyz_of(xy)
    if not (np.isfinite(camera).all() and (camera > 0).all()):
        raise StageError(
            f"the file's colour matrix leaves a channel without light at the white {xy[0]:.3f}, {xy[1]:.3f}"
        )
    red, green, blue = (float(value) for value in camera / camera.max())
    return red, green, blue


def daylight(colour: CameraColour) -> Triple:
    """What the camera reads of a white surface under D65."""
    return neutral_of_white(colour, D65_XY)


def white_of_neutral(colour: CameraColour, neutral: Triple) -> tuple[float, float] | None:
    """Chromaticity of the light under which the camera reads ``neutral`` of a white surface.

    None when there is no such light: a neutral of the user's own making, or the mean of a picture all in one colour.

    Raises
    ------
    StageError
        If the file's colour matrix cannot be inverted.
    """
    xy = xy_of(D50_XYZ)
    for turn in range(30):
        xyz = _inverse(_xyz_to_camera(colour, xy)) @ np.array(neutral)
        if not (np.isfinite(xyz).all() and xyz.min() > 0):
            return None
        before, xy = xy, xy_of(xyz)
        if max(abs(xy[0] - before[0]), abs(xy[1] - before[1])) < 1e-9:
            break
        if turn > 15:  # A pair of matrices that swings between two whites settles half-way.
            xy = 0.5 * (xy[0] + before[0]), 0.5 * (xy[1] + before[1])
    kelvin, tint = temperature_and_tint(xy)
    beyond = math.dist(xy, white_xy(kelvin, tint))
    return xy if abs(tint) <= LARGEST_TINT and beyond <= LARGEST_BEYOND else None


def camera_to_space(colour: CameraColour, neutral: Triple, space: str) -> Array:
    """Camera to linear light of a space, (3, 3), under the light that makes ``neutral`` white.

    Parameters
    ----------
    colour : CameraColour
    neutral : Triple
        Positive. Scaled to a largest channel of 1 it becomes (1, 1, 1), so that what clips in the sensor is white.
    space : str
        One of ``SPACES`` but ``camera``.

    Raises
    ------
    StageError
        If the file's matrices cannot be inverted.

    Notes
    -----
    With a ForwardMatrix: FM · diag(1 / reference neutral) · inverse(AB · CC), to XYZ under D50. Without one:
    inverse(AB · CC · CM), from the light's own white. Then Bradford's adaptation to D65. The white is met exactly,
    however the file's matrices are rounded. A neutral that belongs to no light (`white_of_neutral`) is first brought to
    daylight's, channel by channel: an adaptation from a white that nobody saw would tear colours apart.
    """
    white = np.array(neutral) / max(neutral)
    xy, to_daylight = D65_XY, np.eye(3)
    if has_color_matrix(colour):
        found = white_of_neutral(colour, neutral)
        if found is None:
            to_daylight = np.diag(np.array(daylight(colour)) / white)
        else:
            xy = found
    weight = _weight(colour, temperature_and_tint(xy)[0])
    forward = _mixed(colour.forward_matrix1, colour.forward_matrix2, weight)
    if forward is not None:
        to_reference = _inverse(_calibration(colour, weight))
        to_xyz = forward @ np.diag(1.0 / (to_reference @ white)) @ to_reference
    else:
        to_xyz = _inverse(_xyz_to_camera(colour, xy)) @ to_daylight
    met = to_xyz @ white
    if not (np.isfinite(met).all() and met.min() > 0):
        raise StageError("the file's colour matrices make no real colour of its white")
    matrix: Array = _inverse(rgb_to_xyz(space)) @ adaptation(met, xyz_of(D65_XY)) @ to_xyz
    return matrix


def gains_of(neutral: Triple) -> Triple:
    """What each channel is multiplied by to make ``neutral`` grey; the smallest is 1, so that nothing clipped comes
    below white.

    Raises
    ------
    StageError
        If a channel of the neutral is not positive.
    """
    if not all(np.isfinite(value) and value > 0 for value in neutral):
        raise StageError(f"a neutral of {', '.join(f'{value:g}' for value in neutral)}: every channel must be above 0")
    largest = max(neutral)
    return largest / neutral[0], largest / neutral[1], largest / neutral[2]


def scene_neutral(facts: Facts) -> Triple:
    """White in samples that no stage has balanced: what the file says, else daylight, else (1, 1, 1)."""
    if facts.neutral is not None:
        gains_of(facts.neutral)
        return facts.neutral
    return daylight(facts.colour) if has_color_matrix(facts.colour) else (1.0, 1.0, 1.0)


def _inverse(matrix: Array) -> Array:
    try:
        return np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        raise StageError("the file's colour matrix cannot be inverted") from None
