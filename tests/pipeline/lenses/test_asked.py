"""What the user says of a lens: options, chain, sidecars, a folder's tenbit.yaml."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace

import pytest

from tenbit.pipeline.errors import ChainError, ReadError, RequestError
from tenbit.pipeline.lenses.asked import Asked, asked_for, of_chain, of_options, sensor_of
from tenbit.pipeline.lenses.beside import folder_file, remember

FLE = "summilux-m-35-1.4-asph-fle"


@pytest.fixture
def shoot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "pictures" / "day1"
    folder.mkdir(parents=True)
    return folder


def said(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def chain_of(profile: str, source: Path | None = None) -> SimpleNamespace:
    from tenbit.pipeline.document import Document

    link = SimpleNamespace(parameters=SimpleNamespace(profile=profile), stage=SimpleNamespace(name="lens"))
    way = ("chain", 0, "lens", "profile")
    document = Document(None, values={way: "job.yaml:4:20"}) if source else Document(None)
    return SimpleNamespace(links=[link], source=source, document=document)


def test_a_folder_says_lens_aperture_distance_and_sensor(shoot: Path) -> None:
    said(shoot / "tenbit.yaml", f"lens:\n  profile: {FLE}\n  f_number: 2.8\n  focus_m: .inf\n  sensor_mm: [24, 36]\n")
    asked = asked_for(shoot / "a.dng")
    assert asked == Asked(FLE, 2.8, math.inf, (24.0, 36.0))
    assert asked.places == {
        "lens": "tenbit.yaml:2:12",
        "f_number": "tenbit.yaml:3:13",
        "focus_m": "tenbit.yaml:4:12",
        "sensor_mm": "tenbit.yaml:5:14",
    }


def test_options_come_before_the_chain_before_the_sidecar_before_the_folder(shoot: Path) -> None:
    raw = shoot / "a.dng"
    said(shoot / "tenbit.yaml", "lens: {profile: of folder, f_number: 8, focus_m: 3, sensor_mm: 1-inch}")
    assert asked_for(raw) == Asked("of folder", 8.0, 3.0, (9.83, 13.11))
    said(shoot / "a.dng.tenbit.yaml", "lens: {profile: of sidecar, f_number: 4}")
    assert asked_for(raw) == Asked("of sidecar", 4.0, 3.0, (9.83, 13.11))
    assert asked_for(shoot / "b.dng").lens == "of folder"
    chain = chain_of("of chain", shoot / "job.yaml")
    assert asked_for(raw, Asked(), chain) == Asked("of chain", 4.0, 3.0, (9.83, 13.11))
    options = of_options("of option", focus="0.7m")
    assert asked_for(raw, options, chain) == Asked("of option", 4.0, 0.7, (9.83, 13.11))
    assert asked_for(raw, options, chain).places["lens"] == "--lens"
    assert asked_for(None, options) == Asked("of option", None, 0.7)


def test_the_sidecar_of_a_dump_may_hold_a_lens_and_the_camera_does_not_mind(shoot: Path) -> None:
    from tenbit.pipeline.raw.camera import load_camera

    fields = {"rows": 4, "cols": 4, "packing": "raw10", "cfa": "RGGB", "pixel_um": 1.6}
    said(shoot / "x.raw.json", json.dumps({**fields, "lens": {"profile": FLE, "f_number": 2}}, indent=1))
    assert asked_for(shoot / "x.raw") == Asked(FLE, 2.0)
    assert load_camera(None, shoot / "x.raw").pixel_um == 1.6
    assert asked_for(shoot / "x.dng") == Asked()


def test_json_that_is_no_yaml_is_a_sidecar_all_the_same(shoot: Path) -> None:
    defects = [[n, n] for n in range(30_000)]
    said(shoot / "x.raw.json", json.dumps({"lens": FLE, "defects": defects}, indent="\t"))
    assert asked_for(shoot / "x.raw").lens == FLE
    said(shoot / "x.raw.json", json.dumps({"lens": {"f_number": 0}}, indent="\t"))
    with pytest.raises(ReadError, match=r"x.raw.json(:\d+:\d+)?: lens.f_number: 0 is outside"):
        asked_for(shoot / "x.raw")
    said(shoot / "x.raw.json", "{broken")
    assert asked_for(shoot / "x.raw") == Asked()


def test_the_pitch_of_a_camera_file_reaches_the_frame(shoot: Path) -> None:
    from tenbit.pipeline.raw import read

    (shoot / "x.raw10").write_bytes(bytes(range(1, 21)))
    fields = {"rows": 4, "cols": 4, "cfa": "RGGB", "white": 1023}
    assert read(shoot / "x.raw10", camera=fields | {"pixel_um": 3.45}).facts.pixel_mm == pytest.approx(0.00345)
    assert read(shoot / "x.raw10", camera=fields).facts.pixel_mm is None


def test_the_nearest_folder_counts_alone(shoot: Path) -> None:
    said(shoot.parent / "tenbit.yaml", "lens: {profile: above, f_number: 2}")
    assert asked_for(shoot / "a.dng") == Asked("above", 2.0)
    said(shoot / "tenbit.yaml", "lens: near\n")
    assert asked_for(shoot / "a.dng") == Asked("near")


def test_the_search_ends_at_a_repository_and_at_home(shoot: Path) -> None:
    above = said(shoot.parents[1] / "tenbit.yaml", "lens: home")
    assert folder_file(shoot / "a.dng") == above
    (shoot / ".git").mkdir()
    assert folder_file(shoot / "a.dng") is None
    above.rename(shoot.parents[2] / "tenbit.yaml")
    assert folder_file(shoot.parent / "a.dng") is None
    (shoot.parents[2] / "tenbit.yaml").unlink()


def test_a_changed_file_is_read_again(shoot: Path) -> None:
    said(shoot / "tenbit.yaml", "lens: one")
    assert asked_for(shoot / "a.dng").lens == "one"
    said(shoot / "tenbit.yaml", "lens: another")
    assert asked_for(shoot / "a.dng").lens == "another"


def test_a_profile_is_found_from_where_it_was_said(shoot: Path) -> None:
    mine = said(shoot.parent / "mine.lcp", "<x/>")
    said(shoot / "tenbit.yaml", "lens: {profile: ../mine.lcp}")
    assert asked_for(shoot / "a.dng").lens.resolve() == mine
    assert of_chain(chain_of("mine.lcp", shoot.parent / "job.yaml")).lens == mine


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "lens:\n", "lens: {}\n", "lens: {profile: auto}\n"])
def test_a_file_may_say_nothing(shoot: Path, text: str) -> None:
    said(shoot / "tenbit.yaml", text)
    assert asked_for(shoot / "a.dng") == Asked()


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("lens: {f_number: 0.1}", ["tenbit.yaml:1:18: lens.f_number: 0.1 is outside 0.5..128"]),
        ("lens:\n  focus: 3\n", ["tenbit.yaml:2:3: lens.focus: no such field; there are profile, f_number, focus_m"]),
        ("lens: [a]", ["tenbit.yaml:1:7: lens: a name, or a mapping of profile, f_number, focus_m, sensor_mm belongs"]),
        ("- lens", ["tenbit.yaml:1:1: a mapping with 'lens' belongs here"]),
        ("lense: x", ["tenbit.yaml:1:1: lense: no such field; there is 'lens'"]),
        (
            "lens: {sensor_mm: 24}",
            ["tenbit.yaml:1:19: lens.sensor_mm: 24 is no sensor: [height, width] in millimetres"],
        ),
        ("lens: {sensor_mm: [0, 36]}", ["lens.sensor_mm: 0 is outside 0.5..300 (mm)"]),
        ("lens: {focus_m: far}", ["lens.focus_m: 'far' is no distance: metres or inf belong here"]),
        ("lens: {focus_m: -1}", ["lens.focus_m: -1 is outside 0.01..inf (m)"]),
        ("lens: {f_number: yes}", ["lens.f_number: 'yes' is no number"]),
        ("lens: {f_number: true}", ["lens.f_number: True is no number"]),
        ("lens: {profile: 35}", ["lens.profile: 35 is no lens: a slug, a name, or a profile's path belongs here"]),
        ("lens: {profile: gone.lcp}", ["tenbit.yaml:1:17: lens.profile: 'gone.lcp': no such profile in "]),
        ("lens: gone.lcp", ["tenbit.yaml:1:7: lens.profile: 'gone.lcp': no such profile"]),
        ("lens: {a: 1,", ["tenbit.yaml:1:13: no YAML: "]),
        ("lens: {f_number: 0}\nmore: 1\n", ["tenbit.yaml:2:1: more: no such field", "lens.f_number: 0 is outside"]),
    ],
)
def test_every_fault_is_told_with_its_place(shoot: Path, text: str, faults: list[str]) -> None:
    said(shoot / "tenbit.yaml", text)
    with pytest.raises(ReadError) as error:
        asked_for(shoot / "a.dng")
    assert all(fault in str(error.value) for fault in faults), str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"focus": "near"}, "--focus: 'near' is no distance: metres or inf belong here"),
        ({"f_number": 0.2}, "--f-number: 0.2 is outside 0.5..128"),
        (
            {"sensor": "big"},
            "--sensor: 'big': 36x24, aps-c, 1-inch, or width x height in mm, such as 23.6x15.7",
        ),
        ({"lens": "gone.json"}, "--lens: 'gone.json': no such profile"),
        ({"lens": " "}, "--lens: ' ' is no lens: a slug, a name, or a profile's path belongs here"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(options: dict[str, object], fault: str) -> None:
    with pytest.raises(RequestError) as error:
        of_options(**options)
    assert str(error.value) == fault


def test_a_profile_that_the_chain_names_has_to_be_there(shoot: Path) -> None:
    with pytest.raises(ChainError, match=r"job.yaml:4:20: chain\[0\] lens.profile: 'gone.yaml': no such profile in "):
        of_chain(chain_of("gone.yaml", shoot / "job.yaml"))


@pytest.mark.parametrize("flag", ["auto", "none", "always"])
def test_a_chains_flag_names_no_lens(flag: str) -> None:
    assert of_chain(chain_of(flag)) == Asked()


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("36x24", (24, 36)),
        ("24 x 36 mm", (24, 36)),
        ("13.1×9.8", (9.8, 13.1)),
        ("APS-C", (15.7, 23.6)),
        ("full-frame", (24, 36)),
    ],
)
def test_sensors_by_name_and_by_their_sides(text: str, sides: tuple[float, float]) -> None:
    assert sensor_of(text) == sides


def test_options_say_none_and_infinity() -> None:
    assert of_options("None", focus="∞") == Asked("none", None, math.inf)
    assert of_options("auto") == Asked()


def test_a_lens_is_remembered_and_all_else_in_the_file_stays(shoot: Path) -> None:
    path = said(shoot / "tenbit.yaml", "# my phone\nlens:\n  profile: old  # the first\n  f_number: 2  # taped\n")
    assert remember(shoot, Asked(FLE, sensor_mm=(9.8, 13.1))) == path
    assert path.read_text("utf-8") == (
        f"# my phone\nlens:\n  profile: {FLE} # the first\n  f_number: 2  # taped\n  sensor_mm: [9.8, 13.1]\n"
    )
    assert asked_for(shoot / "a.dng") == Asked(FLE, 2.0, None, (9.8, 13.1))
    assert [found.name for found in shoot.iterdir()] == ["tenbit.yaml"]


@pytest.mark.parametrize("text", [None, "", "# empty\n", "lens: old\n"])
def test_a_lens_is_remembered_where_none_was(shoot: Path, text: str | None) -> None:
    if text is not None:
        said(shoot / "tenbit.yaml", text)
    remember(shoot, Asked(FLE, focus_m=math.inf))
    assert asked_for(shoot / "a.dng") == Asked(FLE, None, math.inf)


def test_a_broken_file_is_not_remembered_over(shoot: Path) -> None:
    path = said(shoot / "tenbit.yaml", "lens: [")
    with pytest.raises(ReadError, match="no YAML"):
        remember(shoot, Asked(FLE))
    assert path.read_text("utf-8") == "lens: ["


def test_the_example_of_the_page_is_read_as_it_stands(shoot: Path) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "matching.md").read_text("utf-8")
    said(shoot / "tenbit.yaml", page.split("```yaml\n")[1].split("```")[0])
    assert asked_for(shoot / "a.dng") == Asked(FLE, 2.8, 3.0, (9.83, 13.11))
