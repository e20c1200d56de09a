"""Inputs and outputs: which files are found, what they are named, what is refused before anything is read."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.frame import Exif
from tenbit.pipeline.jobs import (
    FIELDS,
    Input,
    Job,
    check_report,
    find_inputs,
    name_outputs,
    output_folder,
    output_format,
)
from tenbit.pipeline.jobs.checks import MANIFEST
from tenbit.pipeline.lenses.asked import Asked
from tenbit.pipeline.raw import glance


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


def test_a_numbered_shot_is_all_its_frames(shoot: Path) -> None:
    for number in (9, 10, 11):
        (shoot / f"A001_{number:04d}.dng").touch()
    for pattern in ("shoot/A001_####.dng", "shoot/A001_%04d.dng"):
        inputs = find_inputs([pattern, "shoot/A001_0009.dng"])
        assert [(one.path.name, one.number) for one in inputs] == [
            ("A001_0009.dng", 9),
            ("A001_0010.dng", 10),
            ("A001_0011.dng", 11),
        ]
    with pytest.raises(RequestError, match=r"shoot/B_####\.dng: no "):
        find_inputs(["shoot/B_####.dng"])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\0"])
def test_names_come_from_a_list(end: str, shoot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["shoot/b.DNG", "shoot/c [1].raw10", "gone*.dng", "shoot/day2"]
    content = end.join([*names, ""]).encode()
    (shoot / "list.txt").write_bytes(content)
    expected = ["shoot/b.DNG", "shoot/c [1].raw10", "gone*.dng", "shoot/day2/d.CR2"]
    assert found("@shoot/list.txt") == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert found("-") == expected
    Path("@b.dng").touch()
    assert found("@b.dng") == ["@b.dng"]


def test_lists_that_say_nothing(shoot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("empty.txt").touch()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(RequestError) as caught:
        find_inputs(["@gone.txt", "@empty.txt", "-"])
    assert str(caught.value) == (
        "@gone.txt: cannot be read: No such file or directory; @empty.txt: no name in this list; "
        "-: no name on the standard input"
    )


def test_a_link_and_what_it_leads_to_are_one_file(shoot: Path) -> None:
    (shoot / "link.dng").symlink_to("a.dng")
    assert found("shoot/a.dng", "shoot/link.dng", "shoot/day2/../a.dng") == ["shoot/a.dng"]


def test_every_field_of_a_template() -> None:
    inputs = [Input(Path("shoot/day2/a.b.dng"), Path("day2")), Input(Path("c.dng"))]
    template = "out/{below}/{parent}-{name}-{stem}-{index:03d}-{chain}.{ext}"
    first, second = name_outputs(inputs, template, format="tiff", chain="fast")
    assert first.source == Path("shoot/day2/a.b.dng")
    assert first.target == Path("out/day2/day2-a.b.dng-a.b-001-fast.tif")
    assert second.target == Path(f"out/{Path.cwd().name}-c.dng-c-002-fast.tif")


@pytest.fixture
def exif(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``exif(a=Exif(…))``: what files say of themselves, by their stems; the others say nothing."""

    def say(**said: Exif) -> None:
        monkeypatch.setattr(glance, "glance", lambda path: said.get(path.stem, Exif()))

    return say


def names(template: str, *inputs: str | Input, **options: Any) -> list[str]:
    given = [one if isinstance(one, Input) else Input(Path(one)) for one in inputs]
    jobs = name_outputs(given, template, **{"format": "jpeg", "chain": "fast", **options})
    return [str(job.target) for job in jobs]


def test_frames_are_numbered_by_their_names_or_their_shot() -> None:
    shot = Input(Path("A001_0007.dng"), number=1007)
    assert names("{frame:05d}.{ext}", "IMG_0042.dng", "b2_103.dng", shot) == ["00042.jpg", "00103.jpg", "01007.jpg"]
    jobs = name_outputs([shot, Input(Path("IMG_0042.dng"))], "{stem}.{ext}", format="jpeg", chain="fast")
    assert [job.number for job in jobs] == [1007, 42]
    with pytest.raises(RequestError, match=r"^x\.dng has no number for \{frame\}; y\.dng has no number for \{frame\}$"):
        names("{frame}.{ext}", "x.dng", "1.dng", "y.dng")


def test_relative_is_the_path_inside_the_folder_that_was_named() -> None:
    below = Input(Path("shoot/day2/d.CR2"), Path("day2"))
    assert names("out/{relative}.{ext}", below, "a.dng") == ["out/day2/d.jpg", "out/a.jpg"]


def test_what_files_say_of_themselves(exif: Any) -> None:
    leica = Exif(lens_model="Summilux-M 1:1.4/35 ASPH.", iso=200, taken="2024:05:06 07:08:09")
    exif(a=leica, b=Exif(lens_profile="ÉLMAR ƒ 2.8", iso=6400, taken="0000:00:00 00:00:00"))
    assert names("{lens}/{iso:05d}/{date}-{stem}", "a.dng", "b.dng", "c.dng") == [
        "summilux-m-1-1.4-35-asph/00200/2024-05-06-a",
        "élmar-ƒ-2.8/06400/unknown-b",
        "unknown/unknown/unknown-c",
    ]
    assert names("out/{date:%Y/%m/%d}/{stem}-{date:%H%M%S}.{ext}", "a.dng", "c.dng") == [
        "out/2024/05/06/a-070809.jpg",
        "out/unknown/c-unknown.jpg",
    ]


def test_the_lens_is_the_one_that_the_user_names(exif: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exif(a=Exif(lens_model="other"))
    for lens, shown in (
        ("summilux 35 fle", "summilux-m-35-1.4-asph-fle"),
        (Path("mine/Old Lens.yaml"), "old-lens"),
        ("none", "none"),
        ("no such lens", "no-such-lens"),
    ):
        assert names("{lens}-{stem}.{ext}", "a.dng", asked=Asked(lens=lens)) == [f"{shown}-a.jpg"]
    Path("a.dng.tenbit.yaml").write_text("lens: elmar 50\n", "utf-8")
    assert names("{lens}.{ext}", "a.dng") == ["elmar-50.jpg"]
    Path("a.dng.tenbit.yaml").write_text("lens: {", "utf-8")
    assert names("{lens}.{ext}", "a.dng") == ["other.jpg"]


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("..", "unknown"),
        ("/", "unknown"),
        ("\0\n\x1b[2J", "2j"),
        (".hidden", "hidden"),
        ("C:\\x", "c-x"),
        ("NUL", "_nul"),
        ("com1.5", "_com1.5"),
        ("é" * 300, "é" * 40),
        ("\ud800", "unknown"),
    ],
)
def test_no_value_leads_out_of_its_folder(hostile: str, shown: str, exif: Any) -> None:
    exif(a=Exif(lens_model=hostile))
    assert names("out/{lens}/a", "a.dng") == [f"out/{shown}/a"]
    (made,) = names("out/{chain}/a", "a.dng", chain=hostile)
    assert Path(made).parts[0] == "out" and len(Path(made).parts) == 3 and made.isprintable()
    assert ".." not in Path(made).parts


def test_odd_names_of_files_stay_inside_too() -> None:
    assert names("out/{stem}/{name}.{ext}", "...dng", "a\n.dng") == ["out/_/...dng.jpg", "out/a\n/a\n.dng.jpg"]
    assert names("out/{stem:/>3}.{ext}", "a.dng") == ["out/__a.jpg"]
    with pytest.raises(RequestError, match=r"^a\.dng would be written to out/\.\./a\.jpg, outside out: to "):
        names("out/.{below}/{stem}.{ext}", "a.dng")


def test_a_link_inside_the_folder_may_not_lead_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("out", "far", "out/in"):
        Path(folder).mkdir()
    Path("out/day2").symlink_to(tmp_path / "far")
    Path("out/day3").symlink_to("in")
    Path("whole").symlink_to("far")
    day2, day3 = (Input(Path(f"shoot/{day}/d.dng"), Path(day)) for day in ("day2", "day3"))
    with pytest.raises(RequestError) as caught:
        names("out/{below}/{stem}.{ext}", day2, day3)
    assert str(caught.value) == (
        f"shoot/day2/d.dng would be written to out/day2/d.jpg, outside out: to {tmp_path / 'far' / 'd.jpg'}"
    )
    assert names("out/{below}/{stem}.{ext}", day3) == ["out/day3/d.jpg"]
    assert names("whole/{stem}.{ext}", day2) == ["whole/d.jpg"]
    with pytest.raises(RequestError, match=r"written to out/in/d\.jpg, but shoot/day3/d\.dng is written there"):
        names("out/{below}/{stem}.{ext}", day3, Input(Path("x/d.dng"), Path("in")))


@pytest.mark.parametrize(("first", "second"), [("a.dng", "A.DNG"), ("\u00e1.dng", "a\u0301.dng")])
def test_names_that_are_one_on_some_file_system(first: str, second: str) -> None:
    with pytest.raises(RequestError, match=rf"^{second} would be written to .*, but {first} is written there; -o may"):
        names("{stem}.{ext}", first, second)
    with pytest.raises(RequestError, match=rf"^b/x\.cr2 would be written to {second}, but {first} is an input; "):
        names(second, "b/x.cr2", first)


def test_the_first_few_of_many_faults_are_told() -> None:
    with pytest.raises(RequestError) as caught:
        names("x.jpg", *(f"{n}.dng" for n in range(7)))
    assert str(caught.value).startswith(
        "1.dng would be written to x.jpg, but 0.dng is written there; "
        "2.dng would be written to x.jpg, but 0.dng is written there; "
        "3.dng would be written to x.jpg, but 0.dng is written there; and 3 more; -o may tell them apart by {stem}, "
    )


def test_the_folder_of_all_outputs() -> None:
    assert output_folder("out/{below}/{stem}.{ext}") == Path("out")
    assert output_folder("out/a{stem}/x.jpg") == Path("out")
    assert output_folder("{stem}.jpg") == Path()
    assert output_folder("/x/{{a}}/b.jpg") == Path("/x/{a}")
    assert output_folder("out/") == output_folder("out") == Path("out")


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
        ("{stem!r}", "output '{stem!r}': {stem!r} has a conversion; write {stem}"),
        (
            "same.jpg",
            "b.dng would be written to same.jpg, but a.dng is written there; -o may tell them apart by",
        ),
        ("x/{name}", "a.dng: x/a.dng: the suffix says dng, the format jpeg; -o may end with .{ext}; b.dng: x/b.dng: "),
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


def test_the_page_of_batches_names_every_field() -> None:
    page = (Path(__file__).parents[2] / "docs" / "batches.md").read_text("utf-8")
    assert re.findall(r"^\| `\{(\w+)\}` \|", page, re.MULTILINE) == list(FIELDS)


def test_a_report_takes_the_place_of_a_report_alone(shoot: Path) -> None:
    jobs = [Job(Path("shoot/a.dng"), Path("out/a.jpg"))]
    for name in ("new.txt", "r.jsonl", "/dev/null"):
        check_report(Path(name), jobs)
    Path("m.jsonl").write_bytes(MANIFEST + b'1,"id":"0"}\n')
    for name, what in (
        ("m.jsonl", "is a manifest"),
        ("shoot/a-truth.tif", "exists and is no .json or .jsonl"),
        ("shoot", "exists and is no .json or .jsonl"),
        ("shoot/a.json", "is the sidecar of an input"),
        ("shoot/day2/../A.dng", "is an input"),
        ("out/A.JPG", "is an output"),
    ):
        with pytest.raises(RequestError) as caught:
            check_report(Path(name), jobs)
        assert str(caught.value) == f"--report: {name} {what}; give the report a name of its own"
