"""Inputs and outputs: which files are found, what they are named, what is refused before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.jobs import Input, find_inputs, name_outputs, output_format


@pytest.fixture
def shoot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with raw files, what lies beside them, a hidden one, and a folder below it; it is the current one."""
    for name in ("b.DNG", "a.dng", "a-truth.tif", "a.json", ".hidden.dng", "c [1].raw10", "day2/d.CR2", ".trash/e.dng"):
        (tmp_path / "shoot" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shoot" / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shoot"


def found(*wanted: str, recursive: bool = False) -> list[str]:
    return [str(one.path) for one in find_inputs(wanted, recursive=recursive)]


def test_a_folder_gives_its_raw_files_in_order(shoot: Path) -> None:
    assert found("shoot") == ["shoot/a.dng", "shoot/b.DNG", "shoot/c [1].raw10"]


def test_a_folder_searched_through_keeps_where_a_file_was(shoot: Path) -> None:
    inputs = find_inputs(["shoot"], recursive=True)
    assert [str(one.path) for one in inputs] == ["shoot/a.dng", "shoot/b.DNG", "shoot/c [1].raw10", "shoot/day2/d.CR2"]
    assert [str(one.below) for one in inputs] == [".", ".", ".", "day2"]


def test_globs_meet_files_and_folders(shoot: Path) -> None:
    assert found("shoot/*") == [
        "shoot/a-truth.tif",
        "shoot/a.dng",
        "shoot/a.json",
        "shoot/b.DNG",
        "shoot/c [1].raw10",
        "shoot/day2/d.CR2",
    ]
    assert found("shoot/**/*.CR2") == ["shoot/day2/d.CR2"]
    assert found(f"{shoot}/*.dng") == [f"{shoot}/a.dng"]


def test_a_name_that_looks_like_a_glob_is_a_file_when_it_is_there(shoot: Path) -> None:
    assert found("shoot/c [1].raw10") == ["shoot/c [1].raw10"]


def test_a_file_is_taken_once_and_a_missing_one_stays(shoot: Path) -> None:
    assert found("shoot/b.DNG", "shoot", str(shoot / "a.dng"), "gone.dng") == [
        "shoot/b.DNG",
        "shoot/a.dng",
        "shoot/c [1].raw10",
        "gone.dng",
    ]


def test_names_that_no_system_takes_fail_when_they_are_read(shoot: Path) -> None:
    assert found("x" * 5000) == ["x" * 5000]


def test_every_empty_input_is_named_at_once(shoot: Path) -> None:
    (shoot / "empty").mkdir()
    with pytest.raises(RequestError) as caught:
        find_inputs(["shoot/*.nef", "shoot/empty", "shoot"])
    assert str(caught.value) == (
        "shoot/*.nef: no raw file of such a name; "
        "shoot/empty: no raw file in this folder; -r looks into the folders below too"
    )


def test_every_field_of_a_template() -> None:
    inputs = [Input(Path("shoot/day2/a.b.dng"), Path("day2")), Input(Path("c.dng"))]
    template = "out/{below}/{parent}-{name}-{stem}-{index:03d}-{chain}.{ext}"
    first, second = name_outputs(inputs, template, format="tiff", chain="fast")
    assert first.source == Path("shoot/day2/a.b.dng")
    assert first.target == Path("out/day2/day2-a.b.dng-a.b-001-fast.tif")
    assert second.target == Path(f"out/{Path.cwd().name}-c.dng-c-002-fast.tif")


def test_a_folder_as_output_gets_the_stem(tmp_path: Path) -> None:
    for template in (f"{tmp_path}", f"{tmp_path}/new/", f"{tmp_path}/bare"):
        (job,) = name_outputs([Input(Path("a.dng"))], template, format="jpeg", chain="fast")
        assert job.target == Path(template) / "a.jpg"


def test_a_folder_gives_the_raw_files_of_rare_cameras_too(shoot: Path) -> None:
    for suffix in (".GPR", ".bay", ".cap", ".eip", ".k25", ".kc2", ".dc2"):
        (shoot / f"rare{suffix}").touch()
    assert sum("rare" in name for name in found("shoot")) == 7


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("", "output '' names no file: give a folder"),
        ("-", "output '-' is no file; pictures are not written to the standard output: give a folder"),
        ("{stam}.{ext}", "output '{stam}.{ext}': no field {stam}; did you mean 'stem'?"),
        ("{stem.__class__}", "output '{stem.__class__}': no field {stem.__class__}; there are stem, name,"),
        ("{}", "output '{}': no field {}; there are stem,"),
        ("{stem", "output '{stem': expected '}' before end of string"),
        ("{stem:{index}}", "output '{stem:{index}}': no field {{}; there are"),
        ("{stem:d}", "output '{stem:d}': Unknown format code 'd'"),
        (
            "same.jpg",
            "b.dng would be written to same.jpg, but a.dng is written there; -o may tell them apart by",
        ),
        ("x/../{name}", "a.dng would be written to x/../a.dng, but a.dng is an input; b.dng would be written"),
    ],
)
def test_templates_that_cannot_be_meant(
    template: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RequestError) as caught:
        name_outputs([Input(Path("a.dng")), Input(Path("b.dng"))], template, format="jpeg", chain="fast")
    assert str(caught.value).startswith(reason)


def test_the_format_comes_from_the_suffix_then_from_the_chain() -> None:
    assert output_format("{stem}.{ext}", None) == "jpeg"
    assert output_format("{stem}.{ext}", "png") == "png"
    assert output_format("{stem}.tif", "jpeg") == "tiff"
    assert output_format("out/{stem}", "tiff") == "tiff"
    with pytest.raises(RequestError, match=r"the suffix says tiff, the format jpeg"):
        output_format("{stem}.tif", "jpeg", is_asked=True)
    with pytest.raises(RequestError, match=r"suffix '\.bmp' is not known"):
        output_format("{stem}.bmp", None)
