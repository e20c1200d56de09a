"""Vignetting against fall-off written out in float64, law by law and source by source."""

import dataclasses
import math

import numpy as np
import pytest
from opcode_samples import area, by_the_book, gain_map

from tenbit.kernels import vignetting
from tenbit.kernels._facts import Opcode
from tenbit.kernels._optics import Correction, Falloff, Law, Optics, Origin
from tenbit.kernels.errors import StageError
from tenbit.pipeline.frame import Frame

CFAS = ("RGGB", "GRBG", "GBRG", "BGGR", "QRGGB")
K = (-0.6, 0.2, -0.05)
PIXEL_MM = 0.9


def mosaic(samples, cfa="RGGB", **facts):
    frame = Frame.from_mosaic(np.asarray(samples, np.float32), cfa=cfa)
    return dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **facts))


def grey(shape=(11, 16), value=0.25, **facts):
    return mosaic(np.full(shape, value), **facts)


def radii(rows, cols, centre=None):
    """Pixels from the axis."""
    down, right = centre or ((rows - 1) / 2, (cols - 1) / 2)
    row, col = np.indices((rows, cols))
    return np.hypot(row - down, col - right)


def known(law, *, valid_mm=float("inf"), centre_mm=(0.0, 0.0), **more):
    falloff = Falloff(law, Origin("profile made-up", "P1", valid_mm), centre_mm)
    return {"optics": Optics(lens="made-up", falloff=falloff, **more), "pixel_mm": PIXEL_MM}


def radial(k, *, number=3, centre=(0.5, 0.5)):
    return Opcode(number, "FixVignetteRadial", {"k": tuple(k), "CenterY": centre[0], "CenterX": centre[1]})


def gains(frame, develop, **options):
    """What each sample has been multiplied by."""
    out = develop(frame, ("vignetting", options))
    return out.samples / frame.samples, out.facts


@pytest.mark.parametrize("cfa", CFAS)
@pytest.mark.parametrize("shape", [(8, 12), (11, 17)])
def test_the_numbers_of_the_chain(develop, cfa, shape):
    gain, facts = gains(mosaic(np.full(shape, 0.25), cfa), develop, k=K)
    square = (radii(*shape) / (np.hypot(*shape) / 2)) ** 2
    np.testing.assert_allclose(gain, 1 / (1 + K[0] * square + K[1] * square**2 + K[2] * square**3), rtol=1e-6)
    (said,) = facts.corrections
    assert (said.defect, said.source, said.is_applied) == ("vignetting", "the chain's numbers", True)
    assert dict(said.figures)["corner_ev"] == pytest.approx(np.log2(gain[0, 0]), abs=1e-3)


def test_hand_worked_corner(develop):
    # 3 x 4 pixels are 5 across: the corner's centre lies hypot(1, 1.5) = 1.803 from the middle, of 2.5; 1 - 0.52 = 0.48
    gain, _ = gains(grey((3, 4)), develop, k=(-1.0, 0.0, 0.0))
    assert gain[0, 0] == pytest.approx(1 / 0.48, rel=1e-6)
    assert gain[1, 1] == pytest.approx(1 / (1 - 0.25 / 6.25), rel=1e-6)


def test_a_flat_becomes_flat_again(develop):
    r = radii(24, 32) / (np.hypot(24, 32) / 2)
    light = 1 + K[0] * r**2 + K[1] * r**4 + K[2] * r**6
    out = develop(mosaic(0.8 * light), ("vignetting", {"k": K}))
    np.testing.assert_allclose(out.samples, 0.8, rtol=1e-6)


# Light left at a radius in mm, and its law; 11 x 16 pixels of 0.9 mm are 8.3 mm from the middle to a corner's centre.
LAWS = {
    "pa": (Law("pa", (-0.5, 0.1), 8.0), lambda r: 1 - 0.5 * (r / 8) ** 2 + 0.1 * (r / 8) ** 4),
    "gain": (
        Law("gain", (0.5, -0.1, 0.2, 0.05, 0.02), 8.0),
        lambda r: 1 / (1 + sum(k * (r / 8) ** (2 * n) for n, k in enumerate((0.5, -0.1, 0.2, 0.05, 0.02), 1))),
    ),
    "cos4": (Law("cos4", (), 12.0), lambda r: np.cos(np.arctan(r / 12)) ** 4),
}


@pytest.mark.parametrize("model", LAWS)
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_laws_of_a_profile(develop, model, strength):
    law, light = LAWS[model]
    gain, facts = gains(grey((11, 16), **known(law)), develop, strength=strength)
    expected = light(radii(11, 16) * PIXEL_MM) ** -strength
    np.testing.assert_allclose(np.log2(gain), np.log2(expected), atol=2e-6 if strength == 1 else 2e-4)
    assert facts.corrected("vignetting").as_record() == {
        "defect": "vignetting",
        "source": "profile made-up",
        "provenance": "P1",
        "applied": True,
        "reach_mm": 8.11,
        "model": model,
        "corner_ev": pytest.approx(np.log2(expected[0, 0]), abs=1e-3),
        **({"strength": 0.5} if strength != 1 else {}),
    }


@pytest.mark.parametrize(
    "points",
    [
        (0.0, 0.0, 2.0, -0.05, 4.0, -0.4, 6.0, -1.1, 8.2, -2.6),
        (0.0, 0.0, 4.0, 0.0, 4.3, -1.0, 8.2, -1.2),
        tuple(v for r in np.linspace(0, 9, 19) for v in (r, -3 * (r / 9) ** 2.5)),
        (1.0, 0.0, 9.0, -1.5),
    ],
    ids=["sparse", "a cliff", "dense", "two"],
)
def test_a_table_is_followed(develop, points):
    from scipy.interpolate import PchipInterpolator

    gain, facts = gains(grey((21, 32), 0.02, **(known(Law("table", points, 1.0)) | {"pixel_mm": 0.45})), develop)
    at = np.clip(radii(21, 32) * 0.45, points[0], points[-2])
    if len(points) == 4:
        expected = np.interp(at, points[::2], points[1::2])
    else:
        expected = PchipInterpolator(points[::2], points[1::2])(at)
    np.testing.assert_allclose(np.log2(gain), -expected, atol=0.005)
    assert "residual_ev" not in dict(facts.corrections[0].figures)


def test_a_profile_is_held_beyond_its_radius(develop):
    law, light = LAWS["pa"]
    gain, facts = gains(grey(**known(law, valid_mm=5.0)), develop)
    np.testing.assert_allclose(gain, 1 / light(np.minimum(radii(11, 16) * PIXEL_MM, 5.0)), rtol=1e-6)
    assert facts.corrections[0].reason == "beyond 5 mm held"


def test_a_centre_off_the_middle(develop):
    law, light = LAWS["pa"]
    frame = grey(**known(law, centre_mm=(0.9, -1.8)), optical_centre=(6.0, 7.0))
    gain, _ = gains(frame, develop)
    np.testing.assert_allclose(gain, 1 / light(radii(11, 16, (7.0, 5.0)) * PIXEL_MM), rtol=1e-6)


def test_planes(develop, planes):
    samples = np.random.default_rng(1).random((11, 16, 3)) * 0.2
    out = develop(planes(samples), ("vignetting", {"k": K})).samples
    square = (radii(11, 16) / (np.hypot(11, 16) / 2)) ** 2
    light = 1 + K[0] * square + K[1] * square**2 + K[2] * square**3
    np.testing.assert_allclose(out, samples / light[..., None], rtol=2e-6)


@pytest.mark.parametrize("number", [2, 3])
def test_the_opcode_of_a_file(develop, number):
    """DNG 1.6: the radius is 1 at the corner farthest from the centre, which is in sides of the picture."""
    k, centre = (0.4, 0.1, 0.05, -0.02, 0.01), (0.45, 0.55)
    gain, facts = gains(grey(opcodes=(radial(k, number=number, centre=centre),)), develop)
    row, col = (np.indices((11, 16)) + 0.5) - np.array([0.45 * 11, 0.55 * 16])[:, None, None]
    square = (row**2 + col**2) / ((0.55 * 11) ** 2 + (0.55 * 16) ** 2)
    np.testing.assert_allclose(gain, 1 + sum(v * square**n for n, v in enumerate(k, 1)), rtol=1e-6)
    assert facts.opcodes == ()
    assert facts.corrections[0].source == "opcode FixVignetteRadial of the file"


@pytest.mark.parametrize("cfa", ["GBRG", "QRGGB"])
def test_the_gain_map_of_list_3(develop, planes, cfa):
    """A map per plane, on the planes and on the mosaic; and one before a law, in the order of the list."""
    rows, cols = 12, 16
    maps = 1 + np.random.default_rng(2).random((3, 4, 3))
    opcodes = (gain_map(3, area(0, 0, rows, cols, planes=3), maps), radial((0.3, 0, 0, 0, 0)))
    alone = [gain_map(3, area(0, 0, rows, cols), maps[..., n]) for n in range(3)]
    square = (radii(rows, cols) / (np.hypot(rows, cols) / 2)) ** 2
    expected = np.stack([by_the_book(np.full((rows, cols), 0.1), one) for one in alone], axis=-1)
    expected *= (1 + 0.3 * square)[..., None]
    out = develop(planes(np.full((rows, cols, 3), 0.1), opcodes=opcodes), ("vignetting", {}))
    np.testing.assert_allclose(out.samples, expected, rtol=1e-6)
    frame = grey((rows, cols), 0.1, cfa=cfa, opcodes=opcodes)
    colours = np.array([[frame.facts.cfa.colour(r, c) for c in range(cols)] for r in range(rows)])
    out = develop(frame, ("vignetting", {}))
    np.testing.assert_allclose(out.samples, np.take_along_axis(expected, colours[..., None], axis=2)[..., 0], rtol=1e-6)
    assert [said.defect for said in out.facts.corrections] == ["vignetting", "colour_shading"]
    assert out.warnings == ("vignetting: fall-off by opcodes GainMap and FixVignetteRadial of the file",)


def test_one_source_wins_and_the_others_are_named(develop):
    """Law 6: the chain's numbers, then the file's opcode, then the profile; each undoes it alone."""
    withheld = Correction("vignetting", "profile other", "P3", is_applied=False, reason="grade C")
    profile = known(LAWS["pa"][0], withheld=(withheld,))
    opcodes = (radial((0.4, 0, 0, 0, 0)),)
    by_numbers, facts = gains(grey(**profile, opcodes=opcodes), develop, k=K)
    np.testing.assert_array_equal(by_numbers, gains(grey(), develop, k=K)[0])
    assert [(said.source, said.is_applied, said.reason) for said in facts.corrections] == [
        ("the chain's numbers", True, ""),
        ("opcode FixVignetteRadial of the file", False, "undone by the chain's numbers"),
        ("profile made-up", False, "undone by the chain's numbers"),
        ("profile other", False, "grade C"),
    ]
    assert facts.opcodes == ()
    by_opcode, facts = gains(grey(**profile, opcodes=opcodes), develop)
    np.testing.assert_array_equal(by_opcode, gains(grey(opcodes=opcodes), develop)[0])
    assert [said.is_applied for said in facts.corrections] == [True, False, False]


def test_what_is_undone_is_not_undone_again(develop):
    done = (Correction("vignetting", "profile flat", "P0"),)
    frame = grey(**known(LAWS["pa"][0]), corrections=done)
    out = develop(frame, ("vignetting", {"k": K}))
    assert out.samples.tobytes() == frame.samples.tobytes()
    assert [said.reason for said in out.facts.corrections] == ["", *["undone already by profile flat"] * 2]
    assert out.warnings == ("vignetting: the chain's numbers, not applied: undone already by profile flat",)
    twice = develop(grey(), ("vignetting", {"k": K}), ("vignetting", {"k": K}))
    np.testing.assert_array_equal(twice.samples, develop(grey(), ("vignetting", {"k": K})).samples)


def test_gain_maps_of_list_2_count_and_more_of_the_file_follows(develop):
    maps = gain_map(2, area(0, 0, 11, 16), [[2.0, 1.5], [1.5, 1.75]])
    chain = ("file_corrections", {}), ("vignetting", {})
    out = develop(grey(value=0.1, **known(LAWS["pa"][0]), opcodes=(maps,)), *chain)
    np.testing.assert_allclose(out.samples, by_the_book(np.full((11, 16), 0.1), maps), rtol=1e-6)
    assert [(said.defect, said.is_applied, said.reason) for said in out.facts.corrections] == [
        ("vignetting", True, ""),
        ("colour_shading", True, ""),
        ("vignetting", False, "undone already by opcode GainMap of the file"),
    ]
    both = develop(grey(value=0.1, opcodes=(maps, radial((0.4, 0, 0, 0, 0)))), *chain)
    alone = gains(grey(opcodes=(radial((0.4, 0, 0, 0, 0)),)), develop)[0]
    np.testing.assert_allclose(both.samples, out.samples * alone, rtol=1e-6)
    with pytest.raises(StageError, match="file_corrections: profile made-up has undone what the GainMap of the file"):
        develop(grey(**known(LAWS["pa"][0]), opcodes=(maps,)), *chain[::-1])


def test_natural_fall_off_only_where_it_is_asked_for(develop):
    natural = Falloff(LAWS["cos4"][0], Origin("natural fall-off at 12 mm", "P4"))
    facts = {"optics": Optics(natural=natural), "pixel_mm": PIXEL_MM}
    assert (gains(grey(**facts), develop)[0] == 1).all()
    gain, after = gains(grey(**facts), develop, profile="natural")
    np.testing.assert_allclose(gain, 1 / LAWS["cos4"][1](radii(11, 16) * PIXEL_MM), rtol=1e-6)
    assert after.corrections[0].provenance == "P4"
    _, after = gains(grey(), develop, profile="natural")
    assert (after.corrections[0].is_applied, after.corrections[0].reason) == (False, "the focal length is not known")


@pytest.mark.parametrize(
    ("facts", "options", "reason"),
    [
        ({"pixel_mm": None}, {}, "the sensor's size is not known; give --sensor"),
        ({}, {"profile": "none"}, "profile: none in the chain"),
        ({"moved_by": ("orient",)}, {}, "its centre is off the middle and the picture was turned"),
        ({"moved_by": ("resize",)}, {}, "the picture was stretched; put vignetting before resize"),
    ],
)
def test_a_profile_that_cannot_be_used_changes_no_bit(develop, facts, options, reason):
    frame = grey(**(known(LAWS["pa"][0], centre_mm=(0.1, 0.0)) | facts))
    out = develop(frame, ("vignetting", options))
    assert out.samples.tobytes() == frame.samples.tobytes()
    (said,) = out.facts.corrections
    assert not said.is_applied
    assert said.reason.startswith(reason)


@pytest.mark.parametrize("options", [{}, {"k": K, "strength": 0.0}, {"profile": "none"}])
def test_nothing_to_correct_changes_no_bit(develop, options):
    frame = mosaic(np.random.default_rng(3).random((7, 9)), optics=Optics())
    out = develop(frame, ("vignetting", options))
    assert out.samples.tobytes() == frame.samples.tobytes()
    assert out.facts.corrections == ()


@pytest.mark.parametrize("strength", [1.0, 0.7])
@pytest.mark.parametrize("state", ["mosaic", "linear"])
def test_equals_plain_python(develop, plain, planes, state, strength):
    rng = np.random.default_rng(4)
    options = {"optical_centre": (5.3, 8.1), "opcodes": (radial((0.5, -0.1, 0.2, 0.05, 0.02), centre=(0.3, 0.5)),)}
    if state == "mosaic":
        frame = mosaic(rng.random((9, 18)), "GBRG", **options)
    else:
        frame = planes(rng.random((9, 18, 3)), **options)
    chain = ("vignetting", {"strength": strength})
    np.testing.assert_array_equal(develop(frame, chain).samples, plain(frame, chain).samples)


def test_samples_end_where_the_sensor_does(develop, planes):
    """A clipped one stays at white, whatever its gain; where colours have ends of their own none is cut."""
    frame = mosaic(np.tile([[0.8, 1.0], [1.02, 0.3]], (6, 8)))
    out = develop(frame, ("vignetting", {"k": (-0.9, 0.0, 0.0)})).samples
    assert out.max() == 1
    np.testing.assert_allclose(out[5, 7], 0.3 / (1 - 0.9 * 0.5 / 100), rtol=1e-6)
    darker = develop(frame, ("vignetting", {"k": (0.5, 0.0, 0.0)})).samples
    assert (darker[frame.samples >= 1] == 1).all()
    assert (darker[frame.samples < 1] < frame.samples[frame.samples < 1]).any()
    for later in ({"is_balanced": True, "gains": (2.0, 1.0, 1.5)}, {"exposure_ev": 1.0}):
        kept = develop(planes(np.full((6, 8, 3), 0.9), **later), ("vignetting", {"k": (-0.9, 0.0, 0.0)})).samples
        assert kept.max() > 2


def test_noise_follows_the_gains(develop):
    out = develop(grey(noise=((1e-3, 1e-5),)), ("vignetting", {"k": (-0.6, 0.0, 0.0)}))
    square = (radii(11, 16) / (np.hypot(11, 16) / 2)) ** 2
    mean = (1 / (1 - 0.6 * square)).mean()
    np.testing.assert_allclose(out.facts.noise, [(1e-3 * mean, 1e-5 * mean**2)] * 3, rtol=0.02)


def test_wrong_places_and_laws_are_refused(develop, planes):
    counts = Frame.from_mosaic(np.ones((6, 8), np.uint16), black=64, white=1023)
    with pytest.raises(StageError, match=r"vignetting: the samples are counts .* put black_level before it"):
        develop(counts, ("vignetting", {"k": K}))
    bent = planes(np.zeros((6, 8, 3)), corrections=(Correction("distortion", "profile made-up"),))
    with pytest.raises(StageError, match="vignetting: fall-off is of the picture before lens; put it further ahead"):
        develop(bent, ("vignetting", {"k": K}))
    dark = r"vignetting: the chain's numbers: no light is left at radius 0.81\d, inside the picture \(1 is the corner\)"
    with pytest.raises(StageError, match=dark):
        develop(grey((30, 40)), ("vignetting", {"k": (-1.5, 0.0, 0.0)}))
    cropped = grey(opcodes=(radial((0.4, 0, 0, 0, 0)),), moved_by=("crop",))
    with pytest.raises(
        StageError, match="opcode list 3 of the file is of the frame as read; put vignetting before crop"
    ):
        develop(cropped, ("vignetting", {}))


@pytest.mark.parametrize(
    ("k", "at"), [(-2.0, 0.707), (math.nan, 0.0), (math.inf, 0.0), (2000.0, 0.358), (1e300, 0.001)]
)
def test_a_law_that_leaves_no_light_gives_way_to_the_next_source(develop, k, at):
    """More than 8 stops are no fall-off, and more than float32 and the bodies can give back."""
    frame = grey((30, 40), opcodes=(radial((k, 0, 0, 0, 0)),), **known(Law("cos4", (), 60.0)))
    gain, facts = gains(frame, develop)
    np.testing.assert_allclose(gain, (1 + (radii(30, 40) * PIXEL_MM / 60) ** 2) ** 2, rtol=1e-6)
    assert [(said.is_applied, said.reason[:34]) for said in facts.corrections] == [
        (False, f"no light is left at radius {at:.3f}, "),
        (True, ""),
    ]


def test_the_files_opcodes_may_be_left_out(develop):
    frame = grey(**known(LAWS["pa"][0]), opcodes=(radial((0.4, 0, 0, 0, 0)),))
    gain, facts = gains(frame, develop, opcodes="none")
    np.testing.assert_array_equal(gain, gains(grey(**known(LAWS["pa"][0])), develop)[0])
    assert [said.reason for said in facts.corrections] == ["opcodes: none in the chain", ""]
    assert facts.opcodes == ()


def warp(kr, *, name="WarpRectilinear", kt=(0.0, 0.0), planes=1, centre=(0.5, 0.5)):
    green, colour = (*kr, *kt), (1.0, 0.3, 0.0, 0.0, 0.0, 0.0)
    coefficients = np.array([green] if planes == 1 else [colour, green, colour])
    parameters = {"Planes": planes, "Coefficients": coefficients, "CenterY": centre[0], "CenterX": centre[1]}
    return Opcode(3, name, parameters)


@pytest.mark.parametrize("planes_of", [1, 3])
def test_a_law_behind_the_files_own_warp_is_of_what_it_makes(develop, planes_of):
    """The gain of a pixel is that of the place to which the warp brings it: searched for among many."""
    kr, k = (0.98, -0.12, 0.02, 0.0), (0.6, 0.3, -0.1, 0.0, 0.0)
    gain, facts = gains(grey(value=0.1, opcodes=(warp(kr, planes=planes_of), radial(k))), develop)
    half = np.hypot(11, 16) / 2
    ideal = np.linspace(0, 1.5, 20001)
    came_from = ideal * sum(c * ideal ** (2 * n) for n, c in enumerate(kr))
    there = np.interp(radii(11, 16) / half, came_from, ideal)
    np.testing.assert_allclose(np.log2(gain), np.log2(1 + 0.6 * there**2 + 0.3 * there**4 - 0.1 * there**6), atol=1e-3)
    assert facts.corrections[0].reason == "behind WarpRectilinear in the file"
    assert [opcode.name for opcode in facts.opcodes] == ["WarpRectilinear"]


@pytest.mark.parametrize("other", [{"name": "WarpFisheye"}, {"kt": (0.01, 0.0)}, {"centre": (0.4, 0.5)}])
def test_a_law_that_cannot_be_followed_through_a_warp_is_used_as_it_is(develop, other):
    opcodes = (warp((1.0, -0.1, 0.0, 0.0), **other), radial((0.4, 0, 0, 0, 0)))
    gain, facts = gains(grey(opcodes=opcodes), develop)
    np.testing.assert_array_equal(gain, gains(grey(opcodes=opcodes[1:]), develop)[0])
    assert facts.corrections[0].reason.endswith("in the file, not followed through it")


def test_is_a_stage_of_the_mosaic_and_of_planes():
    assert vignetting.STAGE.takes == ("mosaic", "linear")
