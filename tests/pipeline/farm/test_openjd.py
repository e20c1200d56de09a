"""Templates for Open Job Description, checked and run by its own tools."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.farm import openjd
from tenbit.pipeline.farm.openjd import Schedule
from tenbit.pipeline.farm.wanted import Wanted, split_output

pytest.importorskip("openjd.cli", reason="pip install 'tenbit[farm]'")
yaml = pytest.importorskip("yaml")
# What it is called with, a line each, and the list of files that it is given.
TELL = """#!/bin/sh
for argument; do
    printf 'is %s\\n' "$argument"
    case "$argument" in @*) cat "${argument#@}";; esac
done >> "$(dirname "$0")/told"
"""
HOSTILE = ("a b.dng", 'it\'s "q" {{x}}.dng', "{a}}.dng", "yes", "end ", " begin.dng", "#x.dng", "-d.dng", "é漢.dng")


def shot(*frames: int, **more: Any) -> Wanted:
    return Wanted("standard", ("shots/A_####.dng",), (), "out/{stem}.{ext}", frames=frames, **more)


def files(*names: str, **more: Any) -> Wanted:
    return Wanted("small.yaml", names, tuple(map(Path, names)), "out/", **more)


def written(wanted: Wanted, **schedule: Any) -> dict[str, Any]:
    """The template of a file that was written, read by the loader that openjd uses."""
    assert openjd.write(Path("job.yaml"), wanted, Schedule(**schedule))[1], "openjd's model has not checked it"
    return dict(yaml.safe_load(Path("job.yaml").read_text("utf-8")))


def defaults(tree: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one.get("default") for one in tree["parameterDefinitions"]}


def call(tree: dict[str, Any], step: int) -> list[str]:
    return list(tree["steps"][step]["script"]["actions"]["onRun"]["args"])


def space(tree: dict[str, Any]) -> dict[str, Any]:
    return dict(tree["steps"][0]["parameterSpace"]["taskParameterDefinitions"][0])


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "openjd", *arguments], capture_output=True, text=True)


def test_a_shot_is_ranges_of_frames(here: Path) -> None:
    tree = written(shot(*range(1, 101), *range(200, 203)), per_task=20)
    assert tree["specificationVersion"] == "jobtemplate-2023-09"
    assert tree["extensions"] == ["TASK_CHUNKING"]
    assert space(tree) == {
        "name": "Frame",
        "type": "CHUNK[INT]",
        "range": "{{Param.Frames}}",
        "chunks": {"defaultTaskCount": "{{Param.FramesPerTask}}", "rangeConstraint": "CONTIGUOUS"},
    }
    given = defaults(tree)
    assert (given["Frames"], given["FramesPerTask"]) == ("1-100,200-202", 20)
    assert (given["InputFolder"], given["Shot"], given["OutputFolder"]) == ("shots", "A_####.dng", "out")
    assert {"--frames={{Task.Param.Frame}}", "--resume", "--progress=openjd"} <= set(call(tree, 0))
    assert "--report={{Param.ReportFolder}}/{{Task.Param.Frame}}.jsonl" in call(tree, 0)
    assert "--frames={{Param.Frames}}" in call(tree, 1)
    assert tree["steps"][1]["dependencies"] == [{"dependsOn": "Develop"}]


def test_without_chunking_a_task_is_a_frame(here: Path) -> None:
    tree = written(shot(1, 2, 3), is_chunked=False)
    assert "extensions" not in tree
    assert space(tree) == {"name": "Frame", "type": "INT", "range": "{{Param.Frames}}"}
    assert "FramesPerTask" not in defaults(tree)


def test_every_second_frame_is_lists_short_enough_for_a_file_name(here: Path) -> None:
    tree = written(shot(*range(1000, 3000, 2)), per_task=500)
    assert space(tree)["chunks"]["rangeConstraint"] == "NONCONTIGUOUS"
    (per_task,) = (one for one in tree["parameterDefinitions"] if one["name"] == "FramesPerTask")
    assert per_task["default"] == per_task["maxValue"] == 40
    assert len(",".join(["1000"] * 40) + ".jsonl") < 255


def test_a_card_is_asked_for_and_a_task_has_time_to_end(here: Path) -> None:
    tree = written(shot(1, device="cuda"), cpus=4, timeout_s=600)
    assert tree["steps"][0]["hostRequirements"]["amounts"] == [
        {"name": "amount.worker.gpu", "min": 1},
        {"name": "amount.worker.vcpu", "min": 4},
    ]
    assert "hostRequirements" not in tree["steps"][1]
    action = tree["steps"][0]["script"]["actions"]["onRun"]
    assert (action["command"], action["timeout"]) == ("{{Param.TenbitCommand}}", 600)
    assert action["cancelation"] == {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 30}
    assert "hostRequirements" not in written(shot(1))["steps"][0]


def test_a_folder_is_dealt_out_in_pieces(here: Path) -> None:
    (here / "shoot").mkdir()
    wanted = Wanted("fast", ("shoot",), tuple(map(Path, "abcdefghi")), "out/{below}/{stem}.png", is_recursive=True)
    tree = written(wanted, per_task=4)
    assert space(tree) == {"name": "Shard", "type": "INT", "range": "0-2"}
    assert {"{{Param.InputFolder}}", "--recursive", "--shard={{Task.Param.Shard}}/3"} <= set(call(tree, 0))
    assert call(tree, 1)[-1] == "--expect={{Param.Files}}"
    given = defaults(tree)
    assert (given["Files"], given["OutputFolder"], given["OutputName"]) == (9, "out", "{below}/{stem}.png")


def test_paths_elsewhere_are_values_and_options_files_are_parameters(here: Path) -> None:
    (here / "job").mkdir()
    (here / "job/cam.yaml").touch()
    options = (("--camera", here / "job/cam.yaml"), ("--lens", "a {{b}} 'c'"), ("--lens", here / "l.yaml"), ("-x", ""))
    openjd.write(here / "job/job.yaml", shot(1, options=options), Schedule())
    tree = yaml.safe_load((here / "job/job.yaml").read_text("utf-8"))
    assert defaults(tree)["Camera"] == "cam.yaml"
    assert {one["name"] for one in tree["parameterDefinitions"] if "default" not in one} == {
        *("InputFolder", "OutputFolder", "ReportFolder", "Lens"),
    }
    brace = "{{Param.LeftBrace}}{{Param.LeftBrace}}b{{Param.RightBrace}}{{Param.RightBrace}}"
    assert call(tree, 0)[-4:] == ["--camera={{Param.Camera}}", f"--lens=a {brace} 'c'", "--lens={{Param.Lens}}", "-x"]
    assert yaml.safe_load((here / "job/job.parameters.yaml").read_text("utf-8")) == {
        "InputFolder": str(here / "shots"),
        "OutputFolder": str(here / "out"),
        "ReportFolder": str(here / "reports"),
        "Lens": str(here / "l.yaml"),
    }
    done = run("summary", "job/job.yaml", "-p", "file://job/job.parameters.yaml")
    assert (done.returncode, "Total tasks: 2" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="runs a shell script")
def test_hostile_names_reach_the_program_as_they_are(here: Path) -> None:
    written(files(*HOSTILE), per_task=5)
    assert run("check", "job.yaml").returncode == 0
    (here / "tell").write_text(TELL, "utf-8")
    (here / "tell").chmod(0o755)
    done = run("run", "job.yaml", "--step", "Merge", "--run-dependencies", "-p", f"TenbitCommand={here / 'tell'}")
    assert done.returncode == 0, done.stdout + done.stderr
    told = (here / "told").read_text("utf-8").splitlines()
    assert [line for line in told if not line.startswith("is ")] == [f"{here}/{name}" for name in HOSTILE] * 2
    assert [line for line in told if line.startswith("is --shard")] == ["is --shard=0/2", "is --shard=1/2"]
    assert f"is --output={here}/out/{{stem}}.{{ext}}" in told
    assert f"is --chain={here}/small.yaml" in told
    assert told[-5:] == [
        *("is farm", "is merge", f"is {here}/reports", f"is --output={here}/reports/merged.jsonl", "is --expect=9"),
    ]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (files("a\nb.dng"), "a\\nb.dng: no job file can carry such a name"),
        (files("a.dng", "\udcff.dng", "\u2028"), "\\udcff.dng (and 1 more): no job file can carry such a name"),
        (Wanted("fast", ("a.dng",), (Path("a.dng"),), "o}t/{stem}.png"), "output 'o}t/{stem}.png': a farm gives"),
        (shot(*(n * n for n in range(400))), "Frames: 2"),
        (shot(1, options=(("--lens", "a\tb"),)), "a\\tb: no job file can carry"),
    ],
)  # fmt: skip
def test_what_no_template_can_carry_is_refused(wanted: Wanted, said: str, here: Path) -> None:
    with pytest.raises(RequestError) as error:
        openjd.write(here / "job.yaml", wanted, Schedule())
    assert said in str(error.value)
    assert not (here / "job.yaml").exists()


def test_a_name_full_of_braces_makes_no_name_of_a_job_too_long(here: Path) -> None:
    assert written(files("{{" * 30 + ".dng"))["name"].startswith("tenbit small: ((((")


def test_what_the_model_says_against_a_template_is_one_line() -> None:
    with pytest.raises(RequestError, match=r"^the template would be refused: .*steps") as error:
        openjd.check({"specificationVersion": "jobtemplate-2023-09", "name": "x"})
    assert "\n" not in str(error.value)


def test_without_openjd_a_template_is_written_unchecked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openjd.model", None)
    assert openjd.write(here / "job.yaml", shot(1), Schedule()) == ([here / "job.yaml"], False)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([7], "7"),
        ([1, 2], "1,2"),
        ([3, 1, 2, 2], "1-3"),
        ([1, 3, 5, 6, 7, 10], "1-5:2,6,7,10"),
        ([-3, -2, -1], "-3--1"),
        ([1, 2, 4, 6, 8], "1,2-8:2"),
    ],
)
def test_numbers_are_ranges(numbers: list[int], text: str) -> None:
    from tenbit.pipeline.shots.ranges import parse

    assert openjd.ranges(numbers) == text
    assert parse(text) == sorted(set(numbers))


@pytest.mark.parametrize(
    ("template", "folder", "name"),
    [
        ("{stem}.{ext}", ".", "{stem}.{ext}"),
        ("out/{below}/{stem}.png", "out", "{below}/{stem}.png"),
        ("/a b/x-{stem}.png", "/a b", "x-{stem}.png"),
        ("out", "out", "{stem}.{ext}"),
        ("out.d/", "out.d", "{stem}.{ext}"),
        ("a/b.png", "a", "b.png"),
        ("{{x}}/{stem}.png", ".", "{{x}}/{stem}.png"),
    ],
)
def test_an_outputs_folder_is_what_stands_before_its_fields(template: str, folder: str, name: str) -> None:
    assert split_output(template) == (Path(folder), name)
