"""What is known of a frame's lens becomes numbers: which source decides, what is withheld, and what the record says."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import tenbit
from tenbit.cli import commands
from tenbit.kernels._facts import Opcode
from tenbit.kernels._optics import Law, Optics, Origin, Warp
from tenbit.pipeline import config
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.images import write
from tenbit.pipeline.images.xmp import read_record
from tenbit.pipeline.lenses.asked import Asked
from tenbit.pipeline.lenses.best import Settings, optics_of
from tenbit.pipeline.lenses.files import write_profile
from tenbit.pipeline.lenses.profile import Profile
from tenbit.pipeline.lenses.resolve import check_lens, with_optics
from tenbit.pipeline.report import read as read_report
from tenbit.pipeline.sample import make

FLE = "summilux-m-35-1.4-asph-fle"
EVEN: dict[str, Any] = {"model": "even", "unit_mm": 21.633, "terms": (-0.01,)}
PA: dict[str, Any] = {"model": "pa", "unit_mm": 21.633, "terms": (-0.4, 0.1, 0.0)}
FLAT: dict[str, Any] = {"cfa": "RGGB", "height_mm": 24, "width_mm": 36, "points": (2, 2), "gains": "1 " * 16}


def profile(provenance: str = "P1", **block: Any) -> Profile:
    measurement = {"provenance": provenance, "source": f"a source of {provenance}", "valid_mm": 20.0, **block}
    return Profile.model_validate({"name": "made up", "measurements": [measurement]})


@pytest.fixture(autouse=True)
def own_lenses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the user's profiles that is his alone."""
    monkeypatch.setenv("TENBIT_LENSES", str(tmp_path / "lenses"))
    (tmp_path / "lenses").mkdir()
    return tmp_path / "lenses"


def test_the_better_provenance_decides_and_the_other_is_told() -> None:
    known = [("shipped", profile("P3", distortion=[EVEN])), ("own", profile("P0", distortion=[EVEN]))]
    optics, notes = optics_of("x", known, Settings())
    assert optics.warp is not None
    assert optics.warp.origin.provenance == "P0"
    assert optics.warp.origin.valid_mm == 20
    (skipped,) = optics.withheld
    assert (skipped.provenance, skipped.is_applied, skipped.reason) == ("P3", False, "a better source is known")
    assert notes == ()


def test_of_equals_the_first_decides_which_is_the_users() -> None:
    other = {**EVEN, "terms": (0.5,)}
    optics, _ = optics_of("x", [("a", profile(distortion=[EVEN])), ("b", profile(distortion=[other]))], Settings())
    assert optics.warp is not None
    assert optics.warp.laws[0].terms == (-0.01,)


@pytest.mark.parametrize("provenance", ["P2", "P4"])
def test_makers_figures_and_the_unknown_correct_nothing(provenance: str) -> None:
    optics, _ = optics_of("x", [("a", profile(provenance, distortion=[EVEN], vignetting=[PA]))], Settings())
    assert optics.warp is None
    assert optics.falloff is None
    assert {c.reason for c in optics.withheld} == {f"{provenance} corrects nothing"}


def test_each_defect_is_decided_alone() -> None:
    lateral = {"model": "poly3", "unit_mm": 35, "red": (1.0001,), "blue": (0.9999,)}
    known = [("a", profile("P1", distortion=[EVEN])), ("b", profile("P3", lateral_colour=[lateral], vignetting=[PA]))]
    optics, _ = optics_of("x", known, Settings(35, 2.0))
    assert optics.warp is not None
    assert optics.lateral is not None
    assert optics.falloff is not None
    assert (optics.warp.origin.provenance, optics.lateral.origin.provenance) == ("P1", "P3")
    assert optics.flat is None


def test_what_is_withheld_says_why_and_a_draft_is_used_where_it_is_named() -> None:
    draft = profile("P0", withheld="draft: estimated from 12 pictures", distortion=[EVEN])
    graded = profile("P3", withheld="grade C: glass substituted", distortion=[EVEN])
    optics, _ = optics_of("x", [("d", draft), ("g", graded)], Settings())
    assert optics.warp is None
    assert [c.reason for c in optics.withheld] == ["draft: estimated from 12 pictures", "grade C: glass substituted"]
    used = optics_of("x", [("d", draft)], Settings(), is_named=True)[0].warp
    assert used is not None
    assert used.origin.source == "draft of a profile d: a source of P0"
    assert optics_of("x", [("g", graded)], Settings(), is_named=True)[0].warp is None


def test_fall_off_of_an_unknown_aperture_is_left_with_the_remedy() -> None:
    entries = [{**PA, "f_number": 1.4}, {**PA, "f_number": 5.6, "terms": (-0.1, 0, 0)}]
    known = [("a", profile(vignetting=entries))]
    optics, notes = optics_of("x", known, Settings(35))
    assert optics.falloff is None
    assert optics.withheld[0].reason == "the aperture is not known; give --f-number"
    assert notes == ("x: vignetting: the aperture is not known; give --f-number",)
    assert optics_of("x", known, Settings(35, 5.6))[0].falloff is not None


def test_light_that_the_camera_has_evened_is_left_and_geometry_is_not() -> None:
    known = [("a", profile("P0", distortion=[EVEN], vignetting=[PA], flat=[FLAT]))]
    optics, _ = optics_of("x", known, Settings(35, 2), light_withheld="done by the camera")
    assert optics.warp is not None
    assert optics.falloff is None
    assert optics.flat is None
    assert {(c.defect, c.reason) for c in optics.withheld} == {
        ("vignetting", "done by the camera"),
        ("colour_shading", "done by the camera"),
    }


def test_a_flat_is_of_the_camera_that_it_was_taken_with() -> None:
    known = [("a", profile("P0", sensor="Sony IMX989", flat=[FLAT]))]
    same, other = (optics_of("x", known, Settings(), sensor=name)[0] for name in ("Sony IMX989", "LEICA M9"))
    assert same.flat is not None
    assert same.flat.gains.shape == (4, 2, 2)
    assert other.flat is None
    assert "measured on Sony IMX989" in other.withheld[0].reason


CHAIN = [{"black_level": {}}, {"demosaic": {"method": "malvar"}}, {"lens": {"profile": "auto"}}]


def frame_of(exif: Exif) -> Frame:
    frame = Frame.from_mosaic(np.full((48, 72), 500, np.uint16), cfa="RGGB", black=64, white=1023)
    return dataclasses.replace(frame, exif=exif)


def test_a_chain_that_asks_for_no_lens_costs_no_look_up() -> None:
    frame = frame_of(Exif(lens_model="Summilux-M 1:1.4/35 ASPH."))
    for chain in ([{"black_level": {}}], [{"lens": {"profile": "none"}}]):
        assert with_optics(frame, config.load(chain, is_order_checked=False)) is frame


def test_the_named_lens_is_in_the_facts_with_the_pitch_of_the_sensor() -> None:
    chain = config.load(CHAIN, is_order_checked=False)
    facts = with_optics(frame_of(Exif()), chain, Asked(lens=FLE, sensor_mm=(24.0, 36.0))).facts
    assert facts.pixel_mm == pytest.approx(0.5)
    assert facts.optics is not None
    assert facts.optics.warp is not None
    assert facts.optics.warp.origin.provenance == "P1"


def test_nothing_known_changes_nothing() -> None:
    frame = frame_of(Exif())
    out = tenbit.run(frame, CHAIN, device="cpu")
    plain = tenbit.run(frame, CHAIN[:2], device="cpu")
    assert np.array_equal(out.samples, plain.samples)
    assert "corrections" not in out.record


def test_a_lens_without_a_stage_or_a_name_that_is_none_is_refused_before_any_file(tmp_path: Path) -> None:
    fast = config.load("fast")
    with pytest.raises(RequestError, match="the chain fast has no stage that corrects a lens"):
        check_lens(fast, Asked(lens=FLE))
    check_lens(fast, Asked(lens="none"))
    with pytest.raises(RequestError, match="sumilux"):
        check_lens(config.load("standard"), Asked(lens="sumilux 36 xyz", places={"lens": "--lens"}))
    (tmp_path / "mine.yaml").write_text("name: mine\n", "utf-8")
    with pytest.raises(RequestError, match=r"--lens: .*mine.yaml:1:1: measurements: missing"):
        check_lens(config.load("standard"), Asked(lens=tmp_path / "mine.yaml", places={"lens": "--lens"}))


def test_the_users_own_profile_wins_and_the_picture_and_the_report_tell(own_lenses: Path, here: Path) -> None:
    write_profile(
        own_lenses / f"{FLE}.yaml", profile("P0", distortion=[EVEN], vignetting=[PA], sensor="tenbit simulator")
    )
    make(here / "a.dng", rows=64, cols=96, truth=False)
    arguments = [
        "develop",
        "a.dng",
        "-c",
        "chain.yaml",
        "--lens",
        "35 lux fle",
        "--sensor",
        "36x24",
        "--report",
        "r.json",
    ]
    (here / "chain.yaml").write_text(
        "chain: [black_level, vignetting, demosaic: {method: malvar}, lens: {profile: auto}, colour, tone]\n", "utf-8"
    )
    result = CliRunner().invoke(commands, [*arguments, "-o", "a.jpg", "--device", "cpu"])
    assert result.exit_code == 0, result.output
    picture = read_record(here / "a.jpg")
    (file,) = read_report(here / "r.json").files
    for record in (picture, file):
        assert record["lens"]["slug"] == FLE
        assert record["lens"]["how"].startswith("--lens")
        done = {c["defect"]: c for c in record["corrections"] if c["applied"]}
        assert set(done) == {"distortion", "vignetting"}
        assert all(c["provenance"] == "P0" for c in done.values())
        assert done["distortion"]["valid_mm"] == 20
        assert done["distortion"]["reach_mm"] == pytest.approx(np.hypot(24, 36) / 2, rel=0.02)
        assert "scale" in done["distortion"]
        skipped = [c for c in record["corrections"] if not c["applied"] and c["provenance"] == "P1"]
        assert skipped
        assert all(c["reason"] for c in skipped)


@pytest.mark.parametrize(("asked", "is_undone"), [("auto", False), ("always", True)])
def test_what_the_camera_has_evened_is_evened_again_only_when_asked(
    own_lenses: Path, asked: str, is_undone: bool
) -> None:
    write_profile(own_lenses / f"{FLE}.yaml", profile("P0", vignetting=[PA]))
    coded = Exif(make="Leica Camera AG", model="M9 Digital Camera", lens_code=29, frame_selector=2)
    chain = [{"black_level": {}}, {"vignetting": {"profile": asked}}]
    done = tenbit.run(frame_of(coded), chain, device="cpu", lens=FLE)
    (said,) = done.record["corrections"]
    assert said["applied"] is is_undone
    assert is_undone or "undoes the fall-off of lenses that it knows" in said["reason"]


def test_a_flat_of_ones_own_from_a_camera_that_may_even_light_is_of_what_that_camera_leaves() -> None:
    known = [("a", profile("P0", sensor="LEICA M10", flat=[FLAT])), ("b", profile("P1", vignetting=[PA]))]
    may = {"light_withheld": "may have been done", "is_light_undone": False}
    optics, _ = optics_of("x", known, Settings(35, 2), sensor="LEICA M10", **may)
    assert optics.flat is not None
    assert optics.falloff is None
    assert optics_of("x", known, Settings(35, 2), sensor="LEICA M11", **may)[0].flat is None
    assert optics_of("x", known, Settings(35, 2), sensor="LEICA M10", light_withheld="done")[0].flat is None


@pytest.mark.parametrize(("code", "is_undone"), [(29, False), (0, True)])
def test_natural_fall_off_is_asked_for_by_name_and_not_given_twice(code: int, is_undone: bool) -> None:
    exif = Exif(make="Leica Camera AG", model="M9 Digital Camera", focal_mm=35, lens_code=code, frame_selector=0)
    chain = [{"black_level": {}}, {"vignetting": {"profile": "natural"}}]
    (said,) = tenbit.run(frame_of(exif), chain, device="cpu").record["corrections"]
    assert said["source"] == "natural fall-off of a thin lens of 35 mm"
    assert said["applied"] is is_undone
    assert is_undone or "undoes the fall-off of lenses that it knows" in said["reason"]


def test_a_dng_of_ones_own_is_not_corrected_again(
    own_lenses: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "a.dng", rows=64, cols=96, truth=False)
    write_profile(own_lenses / "mine.yaml", profile("P0", vignetting=[PA]))
    (tmp_path / "c.yaml").write_text("chain: [black_level, vignetting]\noutput: {format: dng}\n", "utf-8")
    for given, made in (("a", "b"), ("b", "c")):
        line = f"develop {given}.dng -c c.yaml --lens mine --sensor 36x24 --device cpu -o {made}.dng"
        result = CliRunner().invoke(commands, line.split())
        assert result.exit_code == 0, result.output
    once, twice = (tenbit.read(tmp_path / name).samples for name in ("b.dng", "c.dng"))
    np.testing.assert_array_equal(once, twice)
    before, skipped = read_record(tmp_path / "c.dng")["corrections"]
    assert (before["applied"], before["reason"]) == (True, "before this file was written")
    assert (skipped["applied"], skipped["reason"]) == (False, "undone already by profile mine: a source of P0")


def test_the_record_of_another_picture_in_a_raw_file_says_nothing_of_its_samples(tmp_path: Path) -> None:
    make(tmp_path / "a.dng", rows=64, cols=96, truth=False)
    frame = tenbit.read(tmp_path / "a.dng")
    said = {"defect": "vignetting", "source": "a profile", "applied": True}
    for format_, count in (("dng", 1), ("jpeg", 0)):
        record = {"chain": {"output": {"format": format_}}, "corrections": [said]}
        write(
            tmp_path / f"{format_}.dng", frame.samples, space="camera", state="mosaic", facts=frame.facts, record=record
        )
        assert len(tenbit.read(tmp_path / f"{format_}.dng").facts.corrections) == count


def test_optics_that_a_caller_gives_are_kept_unless_a_lens_is_named() -> None:
    given = Optics(warp=Warp((Law("even", (-0.02,), 20.0),), Origin("my own"), (0.0, 0.0)))
    frame = frame_of(Exif())
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, optics=given, pixel_mm=0.5))
    (said,) = tenbit.run(frame, CHAIN, device="cpu").record["corrections"]
    assert said["source"] == "my own"
    named = tenbit.run(frame, CHAIN, device="cpu", lens=FLE).record["corrections"]
    assert all("my own" not in c["source"] for c in named)


@pytest.mark.parametrize(("focal_mm", "is_told"), [(8.72, True), (35.0, False)])
def test_corrections_in_the_file_of_a_phones_own_lens_are_told_of(focal_mm: float, is_told: bool) -> None:
    frame = frame_of(Exif(make="Xiaomi", model="2203121C", focal_mm=focal_mm))
    law = Opcode(3, "FixVignetteRadial", {"k": (0.1, 0, 0, 0, 0), "CenterY": 0.5, "CenterX": 0.5})
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, opcodes=(law,)))
    chain = config.load(CHAIN, is_order_checked=False)
    said = with_optics(frame, chain, Asked(lens=FLE, sensor_mm=(9.8, 13.1))).warnings
    assert any("FixVignetteRadial may be of the camera's own lens" in text for text in said) is is_told


def test_framelines_ask_for_the_focal_length_alone() -> None:
    chain = config.load(["black_level", "demosaic", "tone", "framelines"])
    check_lens(chain, Asked(lens=FLE))
    phone = frame_of(Exif(focal_mm=8.7))
    phone = dataclasses.replace(phone, facts=dataclasses.replace(phone.facts, focal_mm=8.7))
    assert with_optics(phone, chain).facts.focal_mm == 8.7
    named = with_optics(phone, chain, Asked(lens=FLE))
    assert (named.facts.focal_mm, named.facts.optics, named.record["lens"]["slug"]) == (35.0, None, FLE)
    corrected = config.load(["black_level", "demosaic", "lens", "tone"])
    assert with_optics(phone, corrected, Asked(lens=FLE)).facts.focal_mm == 35.0


def test_a_file_s_own_focal_length_is_known_of_its_frame(here: Path) -> None:
    make(here / "a.dng", rows=64, cols=96, truth=False)
    frame = tenbit.read(here / "a.dng")
    assert frame.facts.focal_mm == frame.exif.focal_mm == 35.0
