"""Law 6: of each defect one source, the record says which and why not the others; and pictures by all three bodies."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels import lens, stage
from tenbit.kernels._facts import Cfa, Facts, Opcode
from tenbit.kernels._optics import Correction, Lateral, Law, Optics, Origin, Warp
from tenbit.kernels.errors import StageError
from tenbit.pipeline.raw.opcodes import parse_opcodes
from tenbit.pipeline.raw.tiff import Tiff

ROWS, COLS = 15, 22
SHARP = ("lens", {"anti_ringing": False})
PROFILE = Origin("profile made-up: a chart", "P1", 15.0)
EVEN = Warp((Law("even", (-0.1, 0.02), 20.0),), PROFILE)
PTLENS = Warp((Law("ptlens", (0.02, -0.05, 0.04), 12.0),), PROFILE)
ACM = Warp((Law("acm", (-0.1, 0.05, 0.0, 0.004, -0.006), 20.0),), PROFILE, (0.6, -0.9))
COLOURS = Lateral(Law("poly3", (1.004, 0.0, 0.001), 12.0), Law("acm", (0.997, -0.001), 20.0), PROFILE)
NUMBERS = {"distortion": (-0.05, 0.0, 0.0)}


def facts(**known):
    """A frame whose corner is 18 mm from the axis."""
    given = {"rows": ROWS, "cols": COLS, "optical_centre": ((ROWS - 1) / 2, (COLS - 1) / 2)}
    return Facts(state="linear", **given | {"optics": Optics(warp=EVEN, lateral=COLOURS), "pixel_mm": 1.4} | known)


def warp(*rows, name="WarpRectilinear", **more):
    table = np.array(rows)
    q = {"Planes": len(table), "Names": (), "Coefficients": table, "CenterX": 0.5, "CenterY": 0.5}
    return Opcode(3, name, q | more)


ONE, THREE = (
    warp((1.0, -0.05, 0, 0, 0, 0)),
    warp((1.001, -0.05, 0, 0, 0, 0), (1.0, -0.05, 0, 0, 0, 0), (0.999, -0.05, 0, 0, 0, 0)),
)
VIGNETTE = Opcode(3, "FixVignetteRadial", {"k": (0.1,) * 5, "CenterX": 0.5, "CenterY": 0.5})


def done(given, **parameters):
    """Of each defect the source that undid it, the reasons why others did not, and the facts afterwards."""
    prepared = lens.prepare(lens.Parameters(**parameters), given)
    applied = {c.defect: c.source for c in prepared.facts.corrections if c.is_applied}
    reasons = {(c.defect, c.source): c.reason for c in prepared.facts.corrections if not c.is_applied}
    return applied, reasons, prepared


def test_nothing_known_does_nothing():
    applied, reasons, prepared = done(facts(optics=None))
    assert (applied, reasons, prepared.steps, prepared.notes) == ({}, {}, (), ())
    assert prepared.facts == facts(optics=None)


def test_numbers_then_opcode_then_profile():
    applied, reasons, prepared = done(facts(opcodes=(THREE, VIGNETTE)), red_scale=1.002, **NUMBERS)
    assert applied == dict.fromkeys(("distortion", "lateral_colour"), "the chain's numbers")
    assert set(reasons.values()) == {"undone by the chain's numbers"}
    assert len(reasons) == 4
    # left out on purpose: nobody has to be warned of it
    assert prepared.facts.opcodes == (VIGNETTE,)

    applied, reasons, prepared = done(facts(opcodes=(THREE, VIGNETTE)))
    opcode = "opcode WarpRectilinear of the file"
    assert applied == dict.fromkeys(("distortion", "lateral_colour"), opcode)
    assert set(reasons) == {(defect, PROFILE.source) for defect in ("distortion", "lateral_colour")}
    assert set(reasons.values()) == {f"undone by {opcode}"}
    assert prepared.notes == (f"distortion and lateral colour by {opcode}",)
    assert prepared.facts.opcodes == (VIGNETTE,)

    applied, _, prepared = done(facts(opcodes=(ONE,)))
    assert applied == {"distortion": opcode, "lateral_colour": PROFILE.source}
    assert prepared.notes == (f"distortion by {opcode}", f"lateral colour by {PROFILE.source} (P1)")

    applied, reasons, _ = done(facts())
    assert applied == dict.fromkeys(("distortion", "lateral_colour"), PROFILE.source)
    assert reasons == {}


def test_the_frames_own_colour_comes_last():
    applied, _, prepared = done(facts(has_lateral_colour=True))
    assert applied["lateral_colour"] == PROFILE.source
    assert f"lateral colour is by {PROFILE.source}, not as measured from the frame" in prepared.notes
    applied, reasons, _ = done(facts(has_lateral_colour=True), lateral="measured")
    assert applied["lateral_colour"] == "the frame itself"
    assert reasons == {("lateral_colour", PROFILE.source): "lateral: measured in the chain"}
    applied, _, prepared = done(facts(has_lateral_colour=True, optics=None))
    assert applied == {"lateral_colour": "the frame itself"}
    assert prepared.notes == ("lateral colour as measured from the frame",)
    assert not prepared.facts.has_lateral_colour


def test_what_the_chain_leaves_out():
    applied, reasons, prepared = done(facts(opcodes=(THREE,)), opcodes="none", profile="none", lateral="none")
    assert (applied, prepared.steps, prepared.facts.opcodes) == ({}, (), ())
    assert reasons == {
        ("distortion", "opcode WarpRectilinear of the file"): "opcodes: none in the chain",
        ("distortion", PROFILE.source): "profile: none in the chain",
        ("lateral_colour", PROFILE.source): "profile: none in the chain",
    }
    applied, reasons, _ = done(facts(opcodes=(THREE,)), lateral="none")
    assert applied == {"distortion": "opcode WarpRectilinear of the file"}
    assert reasons["lateral_colour", "opcode WarpRectilinear of the file"] == "lateral: none in the chain"


def test_a_profile_needs_the_sensors_size():
    applied, reasons, prepared = done(facts(pixel_mm=None))
    assert (applied, prepared.steps) == ({}, ())
    assert set(reasons.values()) == {"the sensor's size is not known; give --sensor"}
    assert prepared.notes == (f"{PROFILE.source} is not applied: the sensor's size is not known; give --sensor",)


def test_what_was_withheld_is_in_the_record():
    withheld = (
        Correction("distortion", "profile b", "P3", is_applied=False, reason="grade C"),
        Correction("vignetting", "profile b", "P3", is_applied=False, reason="grade C"),
    )
    _, reasons, _ = done(facts(optics=Optics(withheld=withheld)))
    assert reasons == {("distortion", "profile b"): "grade C"}
    _, reasons, _ = done(facts(optics=Optics(withheld=withheld), corrections=withheld[:1]))
    assert reasons == {("distortion", "profile b"): "grade C"}
    assert done(facts(optics=Optics(withheld=withheld)), profile="none")[1] == {}


def test_once_is_enough():
    _, _, first = done(facts(opcodes=(ONE,)))
    again = dataclasses.replace(first.facts, opcodes=(THREE,))
    prepared = lens.prepare(lens.Parameters(), again)
    assert prepared.steps == ()
    more = prepared.facts.corrections[len(again.corrections) :]
    assert {c.reason for c in more} == {
        "undone already by opcode WarpRectilinear of the file",
        f"undone already by {PROFILE.source}",
    }
    with pytest.raises(
        StageError, match="lens: distortion was undone already by opcode WarpRectilinear of the file; once"
    ):
        done(first.facts, **NUMBERS)
    with pytest.raises(StageError, match="lens: lateral colour was undone already by profile made-up: a chart; once"):
        done(first.facts, red_scale=1.001)


def test_the_record_has_figures():
    _, _, prepared = done(facts(), autoscale=True)
    distortion, colour = (c.as_record() for c in prepared.facts.corrections)
    assert distortion["reason"] == "beyond 15 mm held" and distortion["valid_mm"] == 15
    assert distortion["reach_mm"] == pytest.approx(1.4 * np.hypot(7, 10.5), abs=1e-3)
    # what 15 mm are moved by, over the corner's radius
    moved = 15 * (-0.1 * 0.75**2 + 0.02 * 0.75**4)
    assert distortion["corner_pct"] == pytest.approx(100 * moved / distortion["reach_mm"], abs=1e-3)
    assert distortion["corner_px"] == pytest.approx(moved / 1.4, abs=0.01)
    assert distortion["model"] == "even" and 0.9 < distortion["scale"] < 1
    # green's 15 mm land here
    landed = 15 + moved
    red = landed * (0.004 + 0.001 * (landed / 12) ** 2)
    assert colour["red_corner_px"] == pytest.approx(red / 1.4, abs=1e-3)


@pytest.mark.parametrize(
    ("opcodes", "reason"),
    [
        ((ONE, THREE), "the file has 2 warps; one is understood"),
        ((warp(*[(1.0, -0.1, 0, 0, 0, 0)] * 2),), "it is of 2 planes, not of 1 or 3"),
        ((warp((np.nan, 0, 0, 0, 0, 0)),), "its coefficients are no numbers"),
        ((warp((1.0, -0.5, 0, 0, 0, 0)),), r"it turns back at radius 0.816, inside the picture (1 is the corner)"),
    ],
)
def test_warps_that_are_not_understood_are_left_to_the_plan(opcodes, reason):
    applied, reasons, prepared = done(facts(opcodes=opcodes))
    assert reasons["distortion", "opcode WarpRectilinear of the file"] == reason
    assert applied["distortion"] == PROFILE.source
    assert prepared.facts.opcodes == opcodes


def test_profiles_that_cannot_be_are_skipped():
    fold = Optics(warp=Warp((Law("even", (-0.9,), 20.0),), Origin("fold", "P1")))
    for autoscale in (False, True):
        reasons = done(facts(optics=fold), autoscale=autoscale)[1]
        assert reasons["distortion", "fold"].startswith("it turns back at radius 0.6")
    odd = Optics(warp=Warp((Law("cubic", (-0.9,), 20.0),), Origin("odd", "P1")))
    assert done(facts(optics=odd))[1]["distortion", "odd"].startswith("'cubic' is no model of distortion")
    far = Optics(warp=dataclasses.replace(EVEN, centre_mm=(0.0, 50.0)))
    assert done(facts(optics=far))[1]["distortion", PROFILE.source] == "its centre is not inside the picture"
    # held before it turns
    held = Optics(warp=Warp((Law("even", (-0.9,), 20.0),), Origin("fold", "P1", 10.0)))
    assert done(facts(optics=held))[0] == {"distortion": "fold"}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((1.0, 1e30, 0, 0, 0, 0), "it looks more than 1000 times as far out as the picture reaches"),
        ((1.0, 1e300, 0, 0, 0, 0), "it looks more than 1000 times"),
        ((1.0, 0, 0, 0, 1e38, 0), "it turns back at radius 0.00"),
        ((1.0, 0, 0, 0, 3.0, 4.0), "it turns back at radius 0.0"),
        ((0.0,) * 19, "it looks more than 1000 times"),
    ],
)
def test_numbers_of_a_broken_file_are_skipped(rows, reason):
    name, more = ("WarpRectilinear2", {"UseReciprocal": True}) if len(rows) == 19 else ("WarpRectilinear", {})
    applied, reasons, prepared = done(facts(optics=None, opcodes=(warp(rows, name=name, **more),)))
    assert (applied, prepared.steps) == ({}, ())
    assert reasons["distortion", f"opcode {name} of the file"].startswith(reason)


def test_a_colour_that_folds_is_refused():
    with pytest.raises(StageError, match=r"lens: distortion and lateral colour turn back at radius 0.\d+, inside"):
        done(facts(optics=None), red_scale=0.9, red_k=-0.1, distortion=(1.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("chain", "given", "said"),
    [
        ([("crop", {"rows": 10, "cols": 12})], {"opcodes": (ONE,)}, "is of the frame as read; put lens before crop"),
        ([("orient", {"degrees": 90})], {"optics": Optics(warp=ACM)}, "not the same all round; put lens before orient"),
        ([("resize", {"rows": 10, "cols": 22})], {}, "the picture was stretched; put lens before resize"),
    ],
)
def test_stages_that_move_what_a_source_is_about(chain, given, said):
    here = facts(**given)
    for name, parameters in chain:
        here = stage(name).prepare(stage(name).parameters(**parameters), here).facts
    with pytest.raises(StageError, match=said):
        done(here)
    # numbers are of the frame that the stage meets
    assert done(here, profile="none", **NUMBERS)[0]["distortion"] == "the chain's numbers"


def test_what_is_the_same_all_round_may_be_turned():
    here = stage("orient").prepare(stage("orient").parameters(degrees=90), facts()).facts
    assert done(here)[0]["distortion"] == PROFILE.source


def test_stages_hand_on_the_distance_between_samples():
    def after(name, given, **parameters):
        return stage(name).prepare(stage(name).parameters(**parameters), given).facts

    assert after("resize", facts(), scale=0.5).pixel_mm == pytest.approx(2.8, rel=0.1)
    assert after("resize", facts(), rows=30, cols=44).pixel_mm == pytest.approx(0.7)
    stretched = after("resize", facts(), rows=30, cols=22)
    assert (stretched.pixel_mm, stretched.moved_by) == (None, ("resize",))
    cropped = after("crop", facts(), rows=10, cols=12)
    assert (cropped.pixel_mm, cropped.moved_by) == (1.4, ("crop",))
    assert after("orient", facts(), degrees=90).moved_by == ("orient",)
    assert after("orient", facts()).moved_by == ()
    levels = {"black": (0.0,) * 16, "white": (1.0,) * 16}
    quad = Facts(state="mosaic", rows=16, cols=24, cfa=Cfa("QRGGB"), pixel_mm=0.0016, **levels)
    assert after("quad_bayer", quad).pixel_mm == 0.0032
    assert after("quad_bayer", quad, method="direct").pixel_mm == 0.0016


def test_centre_belongs_to_numbers():
    with pytest.raises(StageError, match="lens: centre belongs to the numbers of distortion; here are none"):
        done(facts(), centre=(0.1, 0.0))
    (step,) = done(facts(optics=None), centre=(0.1, -0.2), **NUMBERS)[2].steps
    half = np.hypot(ROWS, COLS) / 2
    assert step.resolved({})["centre_row"] == pytest.approx((ROWS - 1) / 2 + 0.1 * half)
    assert step.resolved({})["centre_col"] == pytest.approx((COLS - 1) / 2 - 0.2 * half)


BODIES = {
    "displaced": Optics(warp=dataclasses.replace(EVEN, origin=Origin("known everywhere", "P0"))),
    "displaced_evenly": Optics(warp=EVEN, lateral=COLOURS),
    "displaced_freely": Optics(warp=ACM, lateral=COLOURS),
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("resample", ["bicubic", "lanczos3"])
def test_each_body_equals_plain_python(develop, plain, planes, body, resample):
    samples = np.random.default_rng(2).random((ROWS, COLS, 3))
    frame = planes(samples, optics=BODIES[body], pixel_mm=1.4)
    (step,) = lens.prepare(lens.Parameters(), frame.facts).steps
    assert step.body.__name__ == body
    chain = ("lens", {"resample": resample})
    np.testing.assert_array_equal(develop(frame, chain).samples, plain(frame, chain).samples)


@pytest.mark.parametrize("warp", [EVEN, PTLENS, ACM], ids=lambda warp: warp.laws[0].model)
def test_a_picture_through_a_profile(develop, planes, warp):
    """Where a pixel's source lies by the formulas, point by point; parabolas are what the interpolation keeps."""

    def parabola(row, col):
        return 0.4 + 0.01 * row - 0.02 * col + 0.001 * (row * row - row * col)

    row, col = np.indices((ROWS, COLS)).astype(float)
    frame = planes(np.repeat(parabola(row, col)[..., None], 3, axis=2), optics=Optics(warp=warp), pixel_mm=1.4)
    out = develop(frame, SHARP).samples[..., 1]
    law = warp.laws[0]
    middle = (ROWS - 1) / 2 + warp.centre_mm[0] / 1.4, (COLS - 1) / 2 + warp.centre_mm[1] / 1.4
    # even powers come within 0.002 px of ptlens here, at 0.03 a pixel
    for place in ((7, 11), (3, 4), (12, 18), (2, 11), (7, 3)):
        v, h = (place[0] - middle[0]) * 1.4, (place[1] - middle[1]) * 1.4
        radius = np.hypot(v, h)
        held = min(1.0, 15.0 / max(radius, 1e-9))
        r, k = radius * held / law.unit_mm, (*law.terms, *(0.0,) * 3)
        if law.model == "ptlens":
            bend = k[0] * r**3 + k[1] * r**2 + k[2] * r - k[0] - k[1] - k[2]
        else:
            bend = k[0] * r**2 + k[1] * r**4
        down, right = v * bend * held, h * bend * held
        if law.model == "acm":
            y, x = v * held / law.unit_mm, h * held / law.unit_mm
            down += law.unit_mm * (k[3] * (r * r + 2 * y * y) + 2 * k[4] * x * y)
            right += law.unit_mm * (k[4] * (r * r + 2 * x * x) + 2 * k[3] * x * y)
        assert out[place] == pytest.approx(parabola(place[0] + down / 1.4, place[1] + right / 1.4), abs=6e-5)


def test_autoscale_fills_the_frame_for_laws_off_the_axis(planes):
    rows, cols = 100, 150
    frame = planes(np.zeros((rows, cols, 3)), optics=Optics(warp=ACM, lateral=COLOURS), pixel_mm=0.24)
    prepared = lens.prepare(lens.Parameters(autoscale=True), frame.facts)
    (step,) = prepared.steps
    room = []
    for colour in range(3):
        k = type(
            "K", (), {n: np.float32(v[colour] if isinstance(v, tuple) else v) for n, v in step.resolved({}).items()}
        )
        edge = [(r, c) for r in (0, rows - 1) for c in range(cols)] + [
            (r, c) for r in range(rows) for c in (0, cols - 1)
        ]
        at = np.array([np.add(place, step.body(*place, k)) for place in edge])
        room.append(min(at.min(), rows - 1 - at[:, 0].max(), cols - 1 - at[:, 1].max()))
    assert -2e-3 < min(room) < 0.05


def test_zeros_change_nothing(develop, planes):
    frame = planes(
        np.random.default_rng(3).random((6, 9, 3)),
        pixel_mm=1.4,
        optics=Optics(warp=Warp((Law("ptlens", (0.0, 0.0, 0.0), 12.0),), PROFILE)),
        opcodes=(warp((1.0, 0, 0, 0, 0, 0)),),
    )
    out = develop(frame, ("lens", {"autoscale": True}))
    assert out.samples.tobytes() == frame.samples.tobytes()
    # a warp that moves nothing undoes nothing
    assert out.warnings == (f"lens: distortion by {PROFILE.source} (P1)",)


def test_a_warp_of_red_and_blue_alone(shared_data):
    """As a GoPro Fusion writes it: 1.0004, 1 and 1.0002; its samples are of a packing that we do not read."""
    path = shared_data / "raw" / "gpr" / "gopro_gpr__data_samples_Fusion_GPBK7066.GPR"
    with path.open("rb") as stream:
        data = next(home.raw(51022) for home in Tiff(stream).directories if 51022 in home)
    (opcode,) = parse_opcodes(data, 3)
    coefficients = opcode.parameters["Coefficients"]
    np.testing.assert_allclose(coefficients[:, 0], [1.0004, 1, 1.0002], atol=5e-5)
    middle = (1499.5, 1551.5)
    given = facts(rows=3000, cols=3104, optical_centre=middle, opcodes=(opcode,), pixel_mm=0.00155)
    applied, _, prepared = done(given)
    assert applied == {"distortion": PROFILE.source, "lateral_colour": "opcode WarpRectilinear of the file"}
    colour = next(c for c in prepared.facts.corrections if c.defect == "lateral_colour")
    green = 1 + prepared.facts.corrections[0].as_record()["corner_pct"] / 100
    corner = np.hypot(*middle) * green
    assert dict(colour.figures)["red_corner_px"] == pytest.approx(coefficients[0, 0] * corner - corner, abs=1e-3)
    assert dict(colour.figures)["blue_corner_px"] == pytest.approx(coefficients[2, 0] * corner - corner, abs=1e-3)
