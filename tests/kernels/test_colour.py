"""Colour against matrices worked out by hand; the matrices themselves are held by test_camera.py."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels._facts import CameraColour, as_matrix
from tenbit.kernels.errors import StageError

# The camera of these tests is an sRGB camera with its own gains: XYZ to sRGB (IEC 61966-2-1), then a gain per channel.
TO_SRGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
# ITU-R BT.2020's own numbers, to XYZ
REC2020_TO_XYZ = [[0.636958, 0.144617, 0.168881], [0.262700, 0.677998, 0.059302], [0.0, 0.028073, 1.060985]]
NEUTRAL = np.array([0.5, 1.0, 0.8])
CAMERA = CameraColour(color_matrix1=as_matrix(np.diag(NEUTRAL) @ TO_SRGB), illuminant1=21)
BROKEN = CameraColour(color_matrix1=((1.0,) * 3,) * 3)
SCENE = np.random.default_rng(1).uniform(0.0, 1.0, (7, 9, 3))


def seen(planes, **facts):
    """The scene as that camera sees it."""
    return planes(SCENE * NEUTRAL, **({"colour": CAMERA, "neutral": tuple(NEUTRAL)} | facts))


def test_an_srgb_camera_gives_the_scene_back(develop, plain, planes):
    chain = (("white_balance", {"highlights": "keep"}), ("colour", {}))
    out = develop(seen(planes), *chain)
    # IEC prints four digits
    np.testing.assert_allclose(out.samples, SCENE, atol=5e-4)
    np.testing.assert_array_equal(out.samples, plain(seen(planes), *chain).samples)
    assert (out.facts.space, out.state) == ("srgb", "linear")


def test_without_white_balance_the_matrix_does_it_and_says_so(develop, planes):
    out = develop(seen(planes), ("colour", {}))
    np.testing.assert_allclose(out.samples, SCENE, atol=5e-4)
    assert out.warnings == ("colour: no white_balance before it: what clips may be tinted",)


def test_grey_world_is_undone_once_it_is_known(develop, plain, planes):
    chain = (("white_balance", {"mode": "grey_world", "highlights": "keep"}), ("colour", {}))
    out = develop(seen(planes), *chain)
    means = out.samples.mean(axis=(0, 1))
    np.testing.assert_allclose(means, means[1], rtol=1e-2)
    np.testing.assert_array_equal(out.samples, plain(seen(planes), *chain).samples)
    gains = out.results["white_balance"]["gains"]
    same = develop(
        seen(planes), ("white_balance", {"mode": "gains", "gains": gains, "highlights": "keep"}), ("colour", {})
    )
    np.testing.assert_allclose(out.samples, same.samples, atol=1e-6)


@pytest.mark.parametrize("space", ["srgb", "srgb-linear", "display-p3", "rec2020", "rec2020-linear"])
def test_balanced_white_stays_white(develop, planes, space):
    frame = planes(np.ones((2, 3, 3)), colour=CAMERA, is_balanced=True, gains=(1.9, 1.0, 1.3))
    out = develop(frame, ("colour", {"space": space}))
    np.testing.assert_allclose(out.samples, 1.0, atol=1e-6)
    assert out.facts.space == space


def test_colours_outside_the_space_pass_below_0(develop, planes):
    # BT.2020's green in sRGB (matrix of ITU-R BT.2087, second column)
    camera = CameraColour(color_matrix1=as_matrix(np.linalg.inv(REC2020_TO_XYZ)), illuminant1=21)
    frame = planes([[[0.0, 1.0, 0.0]]] * np.ones((2, 2, 1)), colour=camera, is_balanced=True)
    out = develop(frame, ("colour", {"space": "srgb"}))
    np.testing.assert_allclose(out.samples, np.broadcast_to([-0.5876, 1.1329, -0.1006], (2, 2, 3)), atol=5e-4)


def test_an_identity_changes_nothing(develop, planes):
    frame = planes(SCENE)
    for chain in ([("colour", {"space": "camera"})], [("colour", {})]):
        out = develop(frame, *chain)
        np.testing.assert_array_equal(out.samples, frame.samples)


def test_no_matrix_is_said(develop, planes):
    out = develop(planes(SCENE), ("colour", {"space": "rec2020"}))
    assert out.warnings == ("colour: no colour matrix is known: camera colours are taken for those of the space",)
    assert out.facts.space == "rec2020"


@pytest.mark.parametrize(
    ("facts", "parameters", "message"),
    [
        ({"space": "srgb"}, {"space": "rec2020"}, "in srgb already; once is allowed"),
        ({"space": "srgb"}, {"space": "camera"}, "in srgb already; once is allowed"),
        ({"black": (64.0,) * 3, "white": (1023.0,) * 3}, {}, "put black_level before it"),
        ({"colour": BROKEN}, {}, "colour: .*cannot be inverted"),
        ({"colour": BROKEN, "is_balanced": True, "gains": None}, {}, "colour: .*cannot be inverted"),
    ],
)
def test_refusals(develop, planes, facts, parameters, message):
    frame = seen(planes)
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **facts))
    with pytest.raises(StageError, match=message):
        develop(frame, ("colour", parameters))
