"""Colour: the camera's red, green and blue become those of a colour space, in linear light."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tenbit.kernels._arithmetic import fma
from tenbit.kernels._camera import camera_to_space, has_matrix, scene_neutral
from tenbit.kernels._facts import Array, Facts, Triple
from tenbit.kernels._stage import Constants, Prepared, Results, Stage, param, point, require_signal
from tenbit.kernels.errors import StageError


@dataclass(frozen=True)
class Parameters:
    """Turn camera colours into those of an output space, still linear."""

    space: Literal["srgb", "srgb-linear", "display-p3", "rec2020", "rec2020-linear", "camera"] = param(
        "srgb", "The output space; the -linear ones get no curve from tone; camera leaves colours as they are."
    )


def mixed(red, green, blue, k):
    """One pixel through a 3 × 3 matrix; what lies outside the space has values below 0."""
    return (
        fma(k.red_red, red, fma(k.red_green, green, k.red_blue * blue)),
        fma(k.green_red, red, fma(k.green_green, green, k.green_blue * blue)),
        fma(k.blue_red, red, fma(k.blue_green, green, k.blue_blue * blue)),
    )


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """One matrix, from the file's matrices and the white that the frame was balanced to.

    Raises
    ------
    StageError
        If the samples still hold their black level, if colour has been already, or if the file's matrices are broken.
    """
    space = parameters.space
    if space == "camera" and facts.space == "camera":
        return Prepared(facts)
    if facts.space != "camera":
        raise StageError(f"colour: the picture is in {facts.space} already; once is allowed")
    require_signal("colour", facts)
    after = dataclasses.replace(facts, space=space)
    if not has_matrix(facts.colour):
        return Prepared(after, notes=("no colour matrix is known: camera colours are taken for those of the space",))
    if facts.gains is None:
        _matrix(facts, (1.0, 1.0, 1.0), space)  # A file with broken matrices is refused before anything runs.

        def late(results: Results) -> Constants:
            return _constants(_matrix(facts, results["white_balance"]["gains"], space))

        return Prepared(after, (point("colour", mixed, facts, constants=late),))
    matrix = _matrix(facts, facts.gains, space)
    if np.array_equal(matrix, np.eye(3)):
        return Prepared(after)
    notes = () if facts.is_balanced else ("no white_balance before it: what clips may be tinted",)
    return Prepared(after, (point("colour", mixed, facts, constants=_constants(matrix)),), notes=notes)


def _matrix(facts: Facts, gains: Triple, space: str) -> Array:
    """Samples of the frame to linear light of a space, (3, 3): gains undone, then from the sensor's own colours."""
    try:
        red, green, blue = gains
        neutral = (1.0 / red, 1.0 / green, 1.0 / blue) if facts.is_balanced else scene_neutral(facts)
        return camera_to_space(facts.colour, neutral, space) @ np.diag(1.0 / np.array(gains))
    except StageError as error:
        raise StageError(f"colour: {error}") from None


def _constants(matrix: Array) -> Constants:
    names = ("red", "green", "blue")
    return {f"{to}_{of}": float(matrix[i, j]) for i, to in enumerate(names) for j, of in enumerate(names)}


STAGE = Stage("colour", Parameters, ("linear",), prepare)
