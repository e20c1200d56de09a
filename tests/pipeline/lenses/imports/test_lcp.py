"""Adobe's lens profiles, hand-written in every spelling, against its camera model worked out here."""

import math

import numpy as np
import pytest

from tenbit.kernels import _laws
from tenbit.kernels._optics import Law
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.lenses.blend import APERTURE_UNKNOWN, at
from tenbit.pipeline.lenses.files import load_profile, write_profile
from tenbit.pipeline.lenses.imports.imported import Wishes
from tenbit.pipeline.lenses.imports.lcp import read_lcp

HEAD = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    ' xmlns:stCamera="http://ns.adobe.com/photoshop/1.0/camera-profile"><photoshop:CameraProfiles><rdf:Seq>'
)
TAIL = "</rdf:Seq></photoshop:CameraProfiles></rdf:Description></rdf:RDF></x:xmpmeta>"
FRAME = {
    "Author": "a test",
    "Make": "Some",
    "Model": "Camera One",
    "CameraRawProfile": "True",
    "Lens": "Lens 1:2/35",
    "LensPrettyName": "Some Lens 35 mm",
    "SensorFormatFactor": "1",
    "ImageWidth": "6000",
    "ImageLength": "4000",
    "FocalLength": "35",
    "FocusDistance": "2",
    "ApertureValue": "4",
}
PERSPECTIVE = {
    "Version": "2",
    "FocalLengthX": "0.97",
    "FocalLengthY": "0.97",
    "ImageXCenter": "0.51",
    "ImageYCenter": "0.48",
    "RadialDistortParam1": "-0.11",
    "RadialDistortParam2": "0.13",
    "RadialDistortParam3": "-0.02",
    "TangentialDistortParam1": "0.001",
    "TangentialDistortParam2": "-0.002",
}
RED = {"ScaleFactor": "1.0004", "RadialDistortParam1": "0.001", "RadialDistortParam2": "-0.002", "FocalLengthX": "0.97"}
BLUE = {"ScaleFactor": "0.9997", "RadialDistortParam1": "-0.0007", "FocalLengthX": "1.1"}
VIGNETTE = {
    "FocalLengthX": "0.97",
    "VignetteModelParam1": "-1.2",
    "VignetteModelParam2": "0.9",
    "VignetteModelParam3": "-0.3",
}
POINTS = [("0.000000", "1.000000"), ("0.133789", "0.858700"), ("0.273387", "0.678600"), ("0.570885", "0.257700")]
LONGER_MM = 36.0
NONE = Wishes()


def attributes(name, fields):
    """``<model><Description a="…" …>…``: what Adobe's newer files look like."""
    if isinstance(fields, list):
        items = "".join(f"<rdf:li>{a}, {b}</rdf:li>" for a, b in fields)
        return f"<stCamera:{name}><rdf:Seq>{items}</rdf:Seq></stCamera:{name}>"
    plain = " ".join(f'stCamera:{key}="{value}"' for key, value in fields.items() if isinstance(value, str))
    nested = "".join(attributes(key, value) for key, value in fields.items() if not isinstance(value, str))
    return f"<{tag(name)}><rdf:Description {plain}>{nested}</rdf:Description></{tag(name)}>"


def resources(name, fields):
    """``parseType="Resource"`` and an element for every value: older files."""
    if isinstance(fields, str):
        return f"<stCamera:{name}>{fields}</stCamera:{name}>"
    if isinstance(fields, list):
        return attributes(name, fields)
    return f'<{tag(name)} rdf:parseType="Resource">\n{"".join(resources(*f) for f in fields.items())}\n</{tag(name)}>'


def short(name, fields):
    """Attributes on the property itself."""
    if isinstance(fields, list):
        return attributes(name, fields)
    plain = " ".join(f'stCamera:{key}="{value}"' for key, value in fields.items() if isinstance(value, str))
    nested = "".join(short(key, value) for key, value in fields.items() if not isinstance(value, str))
    return f"<{tag(name)} {plain}>{nested}</{tag(name)}>"


def tag(name):
    return "rdf:li" if name == "li" else f"stCamera:{name}"


@pytest.fixture
def lcp(tmp_path):
    def made(*frames, spelt=attributes, wishes=NONE):
        path = tmp_path / "lens.lcp"
        path.write_text(HEAD + "\n".join(spelt("li", frame) for frame in frames) + TAIL)
        return read_lcp(path, wishes)

    return made


def frame(model="PerspectiveModel", nested=None, **more):
    fields = {**FRAME, **{key: value for key, value in more.items() if key[0].isupper()}}
    inner = {**PERSPECTIVE, **{key[3:]: value for key, value in more.items() if key.startswith("of_")}}
    return {**fields, model: {**{k: v for k, v in inner.items() if v is not None}, **(nested or {})}}


def law(entry, terms="terms"):
    return Law(entry.model, getattr(entry, terms), entry.unit_mm)


FULL = frame(nested={"ChromaticRedGreenModel": RED, "ChromaticBlueGreenModel": BLUE, "VignetteModel": VIGNETTE})


@pytest.mark.parametrize("spelt", [attributes, resources, short])
def test_every_spelling_says_the_same(lcp, spelt):
    found = lcp(FULL, spelt=spelt)
    profile = found.profile
    assert profile == lcp(FULL).profile
    assert (profile.name, profile.exif_names) == ("Some Lens 35 mm", ("Lens 1:2/35",))
    (measured,) = profile.measurements
    assert (measured.provenance, measured.interpolation) == ("P1", "lcp")
    assert measured.valid_mm == pytest.approx(math.hypot(36, 24) / 2, abs=1e-3)
    assert (measured.distortion[0].focal_mm, measured.distortion[0].f_number, measured.distortion[0].focus_m) == (
        35,
        4,
        2,
    )
    assert found.found == (
        "Camera One, 24 x 36 mm: distortion of 1 frame, lateral colour of 1 frame, vignetting of 1 frame",
    )
    assert found.left_out == ()


def test_other_prefixes(lcp, tmp_path):
    wanted = lcp(FULL).profile
    text = (tmp_path / "lens.lcp").read_text()
    (tmp_path / "lens.lcp").write_text(
        text.replace("stCamera:", "q:").replace(":stCamera=", ":q=").replace("rdf:", "r:").replace(":rdf=", ":r=")
    )
    assert read_lcp(tmp_path / "lens.lcp", Wishes()).profile == wanted


def test_perspective_model_by_hand(lcp):
    (entry,) = lcp(FULL).profile.measurements[0].distortion
    assert entry.centre_mm == pytest.approx((-0.02 * 24, 0.01 * 36), abs=1e-3)
    k1, k2, k3, k4, k5 = (float(PERSPECTIVE[key]) for key in list(PERSPECTIVE)[5:])
    unit = 0.97 * LONGER_MM
    for down_mm, right_mm in ((3.0, -7.0), (-10.0, 15.0)):
        x, y = right_mm / unit, down_mm / unit
        r2 = x * x + y * y
        radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
        along = radial + 2 * (k4 * y + k5 * x)
        wanted = (y * along + k4 * r2) * unit, (x * along + k5 * r2) * unit
        radius = math.hypot(down_mm, right_mm)
        stretch = _laws.ratio(law(entry), radius)
        down, right = _laws.tangential(law(entry))
        found = (
            down_mm * stretch + down * (radius**2 + 2 * down_mm**2) + 2 * right * down_mm * right_mm,
            right_mm * stretch + right * (radius**2 + 2 * right_mm**2) + 2 * down * down_mm * right_mm,
        )
        assert found == pytest.approx(wanted, abs=1e-5)


def test_colour_models_by_hand(lcp):
    (entry,) = lcp(FULL).profile.measurements[0].lateral_colour
    for name, fields in (("red", RED), ("blue", BLUE)):
        r = 12.0 / (float(fields["FocalLengthX"]) * LONGER_MM)
        wanted = float(fields["ScaleFactor"]) * (
            1 + float(fields["RadialDistortParam1"]) * r**2 + float(fields.get("RadialDistortParam2", 0)) * r**4
        )
        assert _laws.colour_ratio(law(entry, name), 12.0) == pytest.approx(wanted, abs=1e-9)


def test_fall_off_by_hand(lcp):
    (entry,) = lcp(FULL).profile.measurements[0].vignetting
    r = 15.0 / (0.97 * LONGER_MM)
    assert _laws.light(law(entry), 15.0) == pytest.approx(1 - 1.2 * r**2 + 0.9 * r**4 - 0.3 * r**6, abs=1e-6)


def test_fall_off_by_points(lcp):
    nested = {"VignetteModel": {**VIGNETTE, "VignetteModelPiecewiseParam": POINTS}}
    for spelt in (attributes, resources, short):
        (entry,) = lcp(frame(nested=nested), spelt=spelt).profile.measurements[0].vignetting
        assert entry.model == "table"
        radii = [float(r) * 0.97 * LONGER_MM for r, _ in POINTS]
        assert _laws.light(law(entry), radii) == pytest.approx([float(v) for _, v in POINTS], abs=1e-4)


def test_fisheye_model_by_hand(lcp):
    (entry,) = lcp(frame("FisheyeModel", of_RadialDistortParam3=None)).profile.measurements[0].distortion
    assert entry.model == "fisheye"
    unit = 0.97 * LONGER_MM
    theta = math.atan(20 / unit)
    assert 20 * _laws.ratio(law(entry), 20) == pytest.approx(unit * theta * (1 - 0.11 * theta**2 + 0.13 * theta**4))


def test_the_model_of_green_takes_the_place_of_that_of_all(lcp):
    found = lcp(frame(nested={"ChromaticGreenModel": {"RadialDistortParam1": "0.5"}}))
    (entry,) = found.profile.measurements[0].distortion
    assert entry.terms == (0.5, 0, 0, 0, 0)
    assert entry.unit_mm == pytest.approx(0.97 * 36, abs=1e-3)
    assert found.left_out == ("left out: distortion of all colours together, where there is that of green",)


@pytest.mark.parametrize(("told", "f_number"), [("6.918863", 11.0), ("0.970854", 1.4), ("0", 1.0)])
def test_apertures_are_apex(lcp, told, f_number):
    entry = lcp(frame(ApertureValue=told)).profile.measurements[0].distortion[0]
    assert entry.f_number == pytest.approx(f_number, abs=1e-3)


def test_apertures_may_be_f_numbers(lcp):
    found = lcp(frame(ApertureValue="11"), wishes=Wishes(aperture_is="f-number", lens="some-lens"))
    assert found.profile.measurements[0].distortion[0].f_number == 11
    assert found.profile.lenses == ("some-lens",)


def test_far_is_infinity(lcp):
    for told in ("999999995904.000000", "10000"):
        assert lcp(frame(FocusDistance=told)).profile.measurements[0].distortion[0].focus_m == math.inf


def test_without_a_focal_length_in_the_model_it_is_that_of_the_lens(lcp):
    entry = lcp(frame(of_FocalLengthX=None, of_FocalLengthY=None)).profile.measurements[0].distortion[0]
    assert entry.unit_mm == 35


@pytest.mark.parametrize(
    ("fields", "wishes", "longer_mm", "valid_mm"),
    [
        ({"SensorFormatFactor": "1.5"}, {}, 24.0, 14.422),
        ({"SensorFormatFactor": "0.973055"}, {}, 36.0, 21.633),
        ({"SensorFormatFactor": "2", "ImageWidth": "4000", "ImageLength": "3000"}, {}, 17.307, 10.817),
        ({"ImageWidth": "4000", "ImageLength": "6000"}, {}, 36.0, 21.633),
        ({}, {"sensor_mm": (23.9, 35.8)}, 35.8, 21.522),
    ],
)
def test_size_of_the_sensor(lcp, fields, wishes, longer_mm, valid_mm):
    (measured,) = lcp(frame(**fields), wishes=Wishes(**wishes)).profile.measurements
    assert measured.distortion[0].unit_mm == pytest.approx(0.97 * longer_mm, rel=2e-4)
    assert measured.valid_mm == pytest.approx(valid_mm, abs=2e-3)


def test_frames_are_blended(lcp):
    frames = [
        frame(
            FocalLength=str(focal),
            ApertureValue=str(aperture),
            FocusDistance=distance,
            of_RadialDistortParam1=str(-0.1 * focal / 35),
            nested={"VignetteModel": {**VIGNETTE, "VignetteModelParam1": str(-1.0 + 0.1 * aperture)}},
        )
        for focal in (28, 50)
        for aperture in (2, 4)
        for distance in ("1", "4", "10000")
    ]
    (measured,) = lcp(*frames).profile.measurements
    assert len(measured.distortion) == 12
    light, notes = at(measured.vignetting, 28, 2**1.5, 4, "lcp")
    assert light.terms[0] == pytest.approx(-1.0 + 0.1 * 3)
    assert notes == ()
    entry, _ = at(measured.distortion, (28 * 50) ** 0.5, 2.8, 2, "lcp")
    assert entry.terms[0] == pytest.approx(-0.1 * (28 + 50) / 2 / 35)
    assert at(measured.vignetting, 28, None, 4, "lcp") == (None, (APERTURE_UNKNOWN,))
    for one in (28, 50):
        exact, notes = at(measured.distortion, one, 4, math.inf, "lcp")
        assert exact in measured.distortion
        assert notes == ()


def test_frames_that_fit_much_worse_are_left_out(lcp):
    frames = [frame(FocusDistance=str(n + 1), of_ResidualMeanError="0.001") for n in range(4)]
    found = lcp(*frames, frame(FocusDistance="9", of_ResidualMeanError="0.02"))
    assert [entry.focus_m for entry in found.profile.measurements[0].distortion] == [1, 2, 3, 4]
    assert found.left_out == ("left out: distortion of 1 frame that fitted much worse than the others",)


def test_cameras_are_kept_apart(lcp):
    found = lcp(FULL, {**FULL, "Model": "Camera Two", "SensorFormatFactor": "1.5"})
    assert [m.sensor for m in found.profile.measurements] == ["Camera One, 24 x 36 mm", "Camera Two, 16 x 24 mm"]


def test_what_cannot_be_represented_is_said(lcp):
    found = lcp(
        frame(
            of_ScaleFactor="0.98", of_FocalLengthY="1.0", CameraRawProfile="False", nested={"VignetteModel": VIGNETTE}
        )
    )
    assert found.profile.measurements[0].vignetting == ()
    assert set(found.left_out) == {
        "left out: a scale of the whole picture, which straightens nothing",
        "left out: that focal lengths across and down are unlike; it is their mean",
        "left out: fall-off: the profile was made of developed pictures, not of raw files",
    }


def test_fall_off_alone(lcp):
    """A frame as tools write that measure nothing else."""
    found = lcp({**FRAME, "PerspectiveModel": {"VignetteModel": {"VignetteModelParam1": "-1"}}})
    (measured,) = found.profile.measurements
    assert (measured.distortion, measured.vignetting[0].terms, measured.vignetting[0].unit_mm) == ((), (-1, 0, 0), 35)
    assert lcp({**FRAME, "VignetteModel": {"VignetteModelParam1": "-1"}}).profile == found.profile


def test_a_profile_file_of_it(lcp, tmp_path):
    profile = lcp(FULL, frame(FocusDistance="10000")).profile
    write_profile(tmp_path / "p.yaml", profile)
    assert load_profile(tmp_path / "p.yaml") == profile


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"of_RadialDistortParam1": "0,5"}, "frame 2: PerspectiveModel: RadialDistortParam1: '0,5' is no number"),
        ({"of_RadialDistortParam1": "nan"}, "frame 2: PerspectiveModel: RadialDistortParam1: 'nan' is no number"),
        ({"of_FocalLengthX": "0"}, "FocalLengthX and FocalLengthY: 0, 0.97 must be above 0"),
        ({"SensorFormatFactor": "-1"}, "frame 2: SensorFormatFactor: -1 is not above 0"),
        ({"ImageWidth": "-5"}, "frame 2: ImageWidth and ImageLength: -5 x 4000 is no size"),
        ({"SensorFormatFactor": "1e-320"}, "frame 2: numbers that no lens has"),
        ({"ApertureValue": "99999"}, "frame 2: numbers that no lens has"),
        ({"ApertureValue": "60"}, "frame 2: ApertureValue: 60 is no aperture"),
        (
            {"of_FocalLengthX": None, "of_FocalLengthY": None, "FocalLength": "0"},
            "PerspectiveModel: neither FocalLengthX nor FocalLength",
        ),
        (
            {"nested": {"VignetteModel": {"VignetteModelPiecewiseParam": [("0", "1"), ("0.5", "-1")]}}},
            "VignetteModelPiecewiseParam: '0.5, -1' is no radius beyond the last one with its light",
        ),
    ],
)
def test_numbers_that_are_none(lcp, fields, said):
    with pytest.raises(ReadError) as caught:
        lcp(FULL, frame(**fields))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def laughs():
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><x>&l9;</x>'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no XML: no element found"),
        ("not XML", "no XML: syntax error"),
        (HEAD, "no XML: no element found"),
        (HEAD + attributes("li", FULL)[:300], "no XML: "),
        ("<a/>", "no lens profile: no CameraProfiles in it"),
        (HEAD + TAIL, "no lens profile: no CameraProfiles in it"),
        (HEAD + attributes("li", FRAME) + TAIL, "no model in its 1 frame that can be used"),
        (laughs(), "a document type or an entity, which no lens profile has"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "a document type or an entity"),
        ("<a>" * 100 + "</a>" * 100, "nested too deep or too large"),
        ("<?xml version='1.0' encoding='no-such'?><a/>", "no XML: "),
    ],
)
def test_what_is_no_lens_profile(tmp_path, text, said):
    path = tmp_path / "lens.lcp"
    path.write_text(text)
    with pytest.raises(ReadError) as caught:
        read_lcp(path, Wishes())
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ReadError, match="cannot be read: No such file"):
        read_lcp(tmp_path / "none.lcp", Wishes())
    (tmp_path / "binary.lcp").write_bytes(bytes(np.random.default_rng(1).integers(0, 256, 5000, np.uint8)))
    with pytest.raises(ReadError, match="no XML"):
        read_lcp(tmp_path / "binary.lcp", Wishes())
    with (tmp_path / "huge.lcp").open("wb") as handle:
        handle.truncate((32 << 20) + 1)
    with pytest.raises(ReadError, match="more than 32 MiB"):
        read_lcp(tmp_path / "huge.lcp", Wishes())


def test_cut_off_or_scrambled_anywhere_it_ends_in_one_line(lcp, tmp_path):
    lcp(FULL)
    path = tmp_path / "lens.lcp"
    text, rng = path.read_bytes(), np.random.default_rng(2)
    for n in range(60):
        broken = bytearray(text)
        if n % 2:
            del broken[rng.integers(len(broken)) :]
        for at_byte in rng.integers(0, max(len(broken), 1), 3 * (n % 4)):
            if broken:
                broken[at_byte % len(broken)] = rng.integers(256)
        path.write_bytes(bytes(broken))
        try:
            read_lcp(path, Wishes())
        except ReadError as error:
            assert "\n" not in str(error)
