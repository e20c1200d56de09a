"""Which lens a frame was taken with, at which settings, on which sensor."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.lenses import catalogue, match
from tenbit.pipeline.lenses.asked import Asked

LEICA = "Leica Camera AG"
FLE = "summilux-m-35-1.4-asph-fle"
M8, M9, M10 = (Exif(make=LEICA, model=model) for model in ("M8 Digital Camera", "M9 Digital Camera", "LEICA M10"))
PHONE = Exif(make="Xiaomi", model="2203121C", focal_mm=8.72, focal_35mm=23, f_number=1.9, focus_m=0.4)


@pytest.fixture(autouse=True)
def no_own_profiles(tmp_path, monkeypatch):
    monkeypatch.setenv("TENBIT_LENSES", str(tmp_path / "own"))


def frame(exif: Exif, rows: int = 8, cols: int = 12) -> Frame:
    return dataclasses.replace(Frame.from_mosaic(np.ones((rows, cols), np.uint16)), exif=exif)


def lens_of(exif: Exif, **more) -> match.Identity:
    return match.identify(frame(dataclasses.replace(exif, **more)))


@pytest.mark.parametrize(
    ("exif", "more", "slug", "how"),
    [
        (M10, {"lens_model": "Summilux-M 1:1.5/90 ASPH."}, "summilux-m-90-1.5-asph", "EXIF LensModel 'Summilux-M 1"),
        (M10, {"lens_model": "Summaron-M 1:5.6/28"}, "summaron-m-28-5.6", "EXIF LensModel"),
        (M10, {"lens_profile": "Summicron-M 1:2/35"}, "summicron-m-35-2-IV", "maker note lens 'Summicron-M 1:2/35'"),
        (
            M10,
            {"lens_model": "Summicron-M 1:2/35", "lens_profile": "Thambar-M 1:2.2/90"},
            "summicron-m-35-2-IV",
            "EXIF",
        ),
        (M9, {"lens_code": 47, "frame_selector": 1}, "summilux-m-21-1.4-asph", "6-bit code 47, frame selector 1"),
        (M9, {"lens_code": 6, "frame_selector": 0}, "summilux-m-35-1.4-II", "frame selector 0, chosen in the menu"),
        (M8, {"lens_code": 11}, "summaron-m-28-5.6", "6-bit code 11"),
        (M10, {"lens_model": "----", "lens_code": 49, "frame_selector": 3}, "noctilux-m-50-0.95-asph", "6-bit code 49"),
        (PHONE, {"lens_model": "Leica Summicron-M 50mm f/2 ASPH APO"}, "apo-summicron-m-50-2-asph", "EXIF LensModel"),
    ],
)
def test_a_file_names_its_lens(exif, more, slug, how) -> None:
    found = lens_of(exif, **more)
    assert found.slug == slug
    assert how in found.how
    assert found.name == catalogue.lens(slug).name
    assert found.candidates == ()


def test_one_name_for_lenses_of_several_designs_gives_candidates_and_corrects_nothing() -> None:
    found = lens_of(M10, lens_model="Summilux-M 1:1.4/35 ASPH.")
    assert found.slug is None
    assert found.candidates == ("summilux-m-35-1.4-asph", FLE, "summilux-m-35-1.4-asph-2022")
    assert "summilux-m-35-1.4-asph-fle (2010-2022, order number 11663, 11675)" in found.notes[0]
    assert found.notes[0].endswith("name one by --lens or in tenbit.yaml, until then nothing is corrected")
    assert match.profiles_of(frame(M10), found) == ((), ())


@pytest.mark.parametrize("more", [{"lens_code": 5, "frame_selector": 3}, {"lens_model": "Summilux-M 1:1.4/50"}])
def test_lenses_of_one_design_are_as_good_as_one(more) -> None:
    found = lens_of(M9, **more)
    assert (found.slug, found.candidates) == ("summilux-m-50-1.4-II", ("summilux-m-50-1.4-III",))
    assert found.how.endswith(", or summilux-m-50-1.4-III of the same optical design")
    assert found.notes == ()
    assert [name for name, _ in match.profiles_of(frame(M9), found)[0]] == ["summilux-m-50-1.4-II_III"]


def test_candidates_with_the_very_same_profiles_are_as_good_as_one(tmp_path) -> None:
    (tmp_path / "own").mkdir()
    slugs = ("elmarit-m-28-2.8-III", "elmarit-m-28-2.8-IV")
    text = "measurements: [{provenance: P0, source: me, valid_mm: 20}]\n"
    (tmp_path / "own/mine.yaml").write_text(f"name: both\nlenses: [{', '.join(slugs)}]\n{text}", "utf-8")
    found = lens_of(M10, lens_model="Elmarit-M 1:2.8/28")
    assert {found.slug, *found.candidates} == set(slugs)
    assert found.how.endswith("of which the same profiles are known")


def test_the_code_narrows_a_name_that_several_have() -> None:
    assert lens_of(M9, lens_model="Elmarit-M 1:2.8/28", lens_code=27, frame_selector=1).slug == "elmarit-m-28-2.8-IV"


@pytest.mark.parametrize(("code", "selector", "slug"), [(51, 2, "super-elmar-m-21-3.4-asph"), (29, 1, FLE)])
def test_a_frame_selector_elsewhere_speaks_against_the_code(code, selector, slug) -> None:
    found = lens_of(M9, lens_code=code, frame_selector=selector)
    assert found.slug is None
    assert slug in found.candidates
    assert found.notes == (
        f"the frame selector does not fit the 6-bit code {code}: name the lens by --lens or in tenbit.yaml",
    )


def test_every_code_of_the_catalogue_leads_to_its_lens_or_to_candidates() -> None:
    for entry in catalogue.entries():
        for code in entry.codes:
            found = lens_of(M9, lens_code=code.code, frame_selector=code.frame_selector)
            assert entry.slug in (found.slug, *found.candidates)
            if code.focal_mm:
                assert (found.slug, found.focal_mm) == (entry.slug, code.focal_mm)
            assert found.is_coded_leica


def test_every_exif_name_of_the_catalogue_leads_to_its_lens_or_to_candidates() -> None:
    for entry in catalogue.entries():
        for name in entry.exif_names:
            found = lens_of(M10, lens_model=name)
            assert entry.slug in (found.slug, *found.candidates)


def test_a_lens_that_is_in_no_catalogue_keeps_its_name() -> None:
    found = lens_of(Exif(make="SONY", model="ILCE-7M3"), lens_model="FE 35mm F1.8", focal_mm=35.0)
    assert (found.slug, found.name, found.named, found.focal_mm) == (None, "FE 35mm F1.8", "FE 35mm F1.8", 35.0)
    assert found.how == "EXIF LensModel 'FE 35mm F1.8', a lens that is not in the catalogue"


@pytest.mark.parametrize("name", [None, "", "----", "Unknown", "N/A"])
def test_a_file_may_name_no_lens(name) -> None:
    assert lens_of(Exif(make="SONY"), lens_model=name) == match.Identity()


def test_an_uncoded_lens_is_asked_for() -> None:
    found = lens_of(M9, lens_code=0, frame_selector=2)
    assert (found.how, found.notes) == (
        "an uncoded lens",
        ("the lens has no code: name it by --lens or in tenbit.yaml",),
    )


def test_what_the_user_says_comes_before_what_the_file_says(tmp_path) -> None:
    exif = dataclasses.replace(M10, lens_model="Summaron-M 1:5.6/28")
    asked = Asked("summilux 35 fle", places={"lens": "tenbit.yaml:2:12"})
    found = match.identify(frame(exif), None, asked)
    assert (found.slug, found.how) == (FLE, "tenbit.yaml:2:12: 'summilux 35 fle'")
    assert match.identify(frame(exif), None, Asked(FLE, places={"lens": "--lens"})).how == "--lens"
    none = match.identify(frame(exif), None, Asked("none", places={"lens": "--lens"}))
    assert (none.slug, none.is_none, none.how) == (None, True, "--lens: none")
    assert match.profiles_of(frame(exif), none) == ((), ())
    with pytest.raises(RequestError, match=r"--lens: 'lux 35 asph' could be summilux-m-35-1.4-asph"):
        match.identify(frame(exif), None, Asked("lux 35 asph", places={"lens": "--lens"}))


def test_the_user_may_name_a_profile_instead(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nmeasurements: [{provenance: P0, source: me, valid_mm: 20}]\n", "utf-8")
    found = match.identify(frame(M10), None, Asked(path))
    assert (found.slug, found.profile, found.name) == (None, path, "mine")
    ((name, profile),), notes = match.profiles_of(frame(M10), found)
    assert (name, profile.name, notes) == ("mine", "mine", ())
    path.write_text("name: mine\n", "utf-8")
    with pytest.raises(ReadError, match=r"mine.yaml:1:1: measurements: missing"):
        match.profiles_of(frame(M10), found)


def test_a_named_profile_may_be_of_another_program(tmp_path) -> None:
    path = tmp_path / "mine.lcp"
    path.write_text("no profile", "utf-8")
    found = match.identify(frame(M10), None, Asked(path))
    with pytest.raises(ReadError, match=r"mine.lcp"):
        match.profiles_of(frame(M10), found)
    path.unlink()
    with pytest.raises(ReadError, match=r"mine.lcp"):
        match.profiles_of(frame(M10), found)


@pytest.mark.parametrize(
    ("lengths", "focal", "note"),
    [((40,), 40.0, ()), ((28, 75), None, ("mine: which of 28 to 75 mm was set is not known",))],
)
def test_a_phones_own_lens_is_not_that_of_a_profile_in_no_catalogue(
    tmp_path, monkeypatch, lengths, focal, note
) -> None:
    monkeypatch.setenv("TENBIT_LENSES", str(tmp_path))
    path = tmp_path / "mine.yaml"
    entries = ", ".join(f"{{focal_mm: {f}, model: even, unit_mm: 20, terms: [-0.01]}}" for f in lengths)
    path.write_text(
        f"name: mine\nmeasurements: [{{provenance: P0, source: me, valid_mm: 20, distortion: [{entries}]}}]\n", "utf-8"
    )
    for asked in (Asked(path), Asked("mine")):
        found = match.identify(frame(PHONE), None, asked)
        assert (found.focal_mm, found.f_number, found.focus_m) == (focal, None, None)
        assert found.sources["not_used"] == "EXIF's aperture and distance, of a lens of 8.72 mm"
        assert found.notes == note
        own = match.identify(frame(Exif(focal_mm=max(lengths), f_number=4.0, focus_m=2.0)), None, asked)
        assert (own.focal_mm, own.f_number, own.focus_m) == (max(lengths), 4.0, 2.0)


def test_a_map_of_cornerfix_is_of_the_sensor_that_it_is_used_on(tmp_path) -> None:
    path = tmp_path / "mine.cpf"
    path.write_text("profile_version 1\n" + "".join(f"color {n} equation 2 1 -0.1 0\n" for n in range(4)), "utf-8")
    found = match.identify(frame(M10), None, Asked(path))
    ((_, profile),), notes = match.profiles_of(frame(M10, 400, 600), found, 0.06)
    (flat,) = profile.measurements[0].flat
    assert (flat.height_mm, flat.width_mm) == pytest.approx((24, 36))
    assert "taken as the corner, 21.63 mm" in notes[0]


def test_a_profile_that_needs_more_than_it_says_has_to_be_imported(tmp_path) -> None:
    path = tmp_path / "mine.json"
    camera = {"camera_matrix": [[3700, 0, 1920], [0, 3700, 1080], [0, 0, 1]], "distortion_coeffs": [0.3, 0, 0, 0]}
    size = {"w": 3840, "h": 2160}
    path.write_text(json.dumps({"calib_dimension": size, "orig_dimension": size, "fisheye_params": camera}), "utf-8")
    with pytest.raises(RequestError, match=r"mine.json: the sensor's width .* --sensor.*, to tenbit lenses import"):
        match.profiles_of(frame(M10), match.identify(frame(M10), None, Asked(path)))


def test_a_lens_of_another_maker_is_looked_up_in_lensfuns_database() -> None:
    pytest.importorskip("lensfunpy", reason="the extra 'lens' is not installed")
    shot = frame(Exif(make="SONY", model="ILCE-7M3", lens_model="FE 35mm F1.8", focal_mm=35.0, f_number=4.0))
    ((name, profile),), _ = match.profiles_of(shot, match.identify(shot))
    assert (name, profile.provenance, profile.measurements[0].interpolation) == ("lensfun", "P1", "lensfun")


def test_a_tri_elmar_is_set_as_the_frame_selector_or_exif_says() -> None:
    assert lens_of(M9, lens_code=16, frame_selector=2).focal_mm == 18
    assert lens_of(M10, lens_model="Tri-Elmar-M 1:4/28-35-50 ASPH.", focal_mm=50.0).focal_mm == 50
    found = lens_of(M10, lens_model="Tri-Elmar-M 1:4/28-35-50 ASPH.")
    assert found.focal_mm is None
    assert found.notes == ("tri-elmar-m-28-35-50-asph: which of 28, 35, 50 mm was set is not known",)


def test_the_aperture_of_a_rangefinder_is_a_guess_unless_the_user_says_it() -> None:
    coded = {"lens_code": 47, "frame_selector": 1}
    found = lens_of(M9, **coded, f_number_estimate=5.6)
    assert (found.f_number, found.is_f_number_estimated, found.sources["f_number"]) == (5.6, True, "the camera's guess")
    assert lens_of(M9, **coded, f_number=4.0).is_f_number_estimated
    exif = dataclasses.replace(M9, **coded, f_number_estimate=5.6)
    told = match.identify(frame(exif), None, Asked(f_number=2.0, focus_m=math.inf, places={"f_number": "--f-number"}))
    assert (told.f_number, told.is_f_number_estimated, told.focus_m) == (2.0, False, math.inf)
    assert told.sources["f_number"] == "--f-number"
    assert told.as_record()["focus_m"] == "infinity"


def test_a_phone_knows_nothing_of_the_lens_before_it() -> None:
    found = match.identify(frame(PHONE), None, Asked(FLE))
    assert (found.focal_mm, found.f_number, found.focus_m) == (35, None, None)
    assert found.sources["not_used"] == "EXIF's aperture and distance, of a lens of 8.72 mm"
    assert found.notes == ()
    told = match.identify(frame(PHONE), None, Asked(FLE, 2.8, 3.0))
    assert (told.f_number, told.focus_m) == (2.8, 3.0)


def test_an_aperture_that_the_lens_has_not_is_not_used() -> None:
    found = match.identify(frame(Exif(f_number=1.2, focus_m=2.0)), None, Asked(FLE))
    assert (found.f_number, found.focus_m) == (None, 2.0)
    assert found.notes == (f"the file says f/1.2, which {FLE} cannot be opened to: not used",)


def test_the_record_is_json_and_leaves_out_what_says_nothing() -> None:
    assert match.Identity().as_record() == {"slug": None, "how": "nothing names a lens"}
    found = lens_of(M9, lens_code=5, frame_selector=3, f_number_estimate=2.0)
    record = json.loads(json.dumps(found.as_record()))
    assert record["candidates"] == ["summilux-m-50-1.4-III"]
    assert record["f_number_is_estimated"] is True
    assert record["fall_off_is_undone"] is True
