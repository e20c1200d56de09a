"""``tenbit farm``: jobs of what develop would take, and the sum of their reports."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from tenbit.cli import commands
from tenbit.pipeline.config import load
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome
from tenbit.pipeline.report import Report, read


def farm(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["farm", *arguments], catch_exceptions=False)


@pytest.fixture
def shot(here: Path) -> Path:
    """Three numbered files, of which nothing is read: frames 1, 2 and 5."""
    (here / "shots").mkdir()
    for number in (1, 2, 5):
        (here / f"shots/A_{number:04d}.dng").touch()
    return here


# ---- jobs ----
def test_a_template_has_the_frames_that_are_there_and_the_options_of_develop(shot: Path) -> None:
    (shot / "cam.yaml").write_text("{rows: 48, cols: 64, cfa: RGGB, packing: u16}", "utf-8")
    arguments = ["small.yaml", "shots/A_####.dng", "--set", "tone.curve=linear", "--set", "demosaic.method=malvar"]
    done = farm("openjd", *arguments, "--camera", "cam.yaml", "--quality", "70", "--chunk", "2")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "job.yaml\n", "")
    text = (shot / "job.yaml").read_text("utf-8")
    assert 'default: "1,2,5"' in text
    for option in ("set=tone.curve=linear", "set=demosaic.method=malvar", "camera={{Param.Camera}}", "quality=70"):
        assert f'- "--{option}"\n' in text
    # Defaults are those of the tenbit that runs the task.
    assert "--format" not in text
    again = farm("openjd", *arguments, "--frames", "1-2")
    assert (again.exit_code, "job.yaml exists already; --overwrite replaces it" in again.stderr) == (2, True)
    again = farm("openjd", *arguments, "--frames", "1-2", "--overwrite")
    assert again.exit_code == 0
    assert 'default: "1,2"' in (shot / "job.yaml").read_text("utf-8")


def test_paths_outside_the_templates_folder_are_told(shot: Path) -> None:
    (shot / "jobs").mkdir()
    done = farm("openjd", "fast", "shots", "-o", "jobs/a.yaml", "--output", "jobs/out")
    assert done.exit_code == 0
    assert done.stdout == "jobs/a.yaml\njobs/a.parameters.yaml\n"
    assert done.stderr.endswith("openjd run jobs/a.yaml -p file://jobs/a.parameters.yaml\n")


def test_a_script_names_the_files_of_a_list(shot: Path) -> None:
    (shot / "list.txt").write_text("shots/A_0001.dng\nshots/A_0005.dng\n", "utf-8")
    done = farm("slurm", "standard", "@list.txt", "--tasks", "2", "--time", "10:00", "--mem", "2G", "--lens", "none")
    assert (done.exit_code, done.stdout) == (0, "job.sh\n"), done.stderr
    text = (shot / "job.sh").read_text("utf-8")
    assert f"    {shot}/shots/A_0001.dng\n    {shot}/shots/A_0005.dng\n" in text
    assert {"#SBATCH --array=0-1", "#SBATCH --time=10:00", "#SBATCH --mem=2G", "    --lens=none"} <= set(
        text.splitlines()
    )


def test_what_tasks_hold_is_measured_before_they_are(raw: Path) -> None:
    raw.rename("A_0001.dng")
    arguments = ["fast", "A_####.dng", "--exposure", "lock=1", "--held", "h.json", "--set", "exposure.ev=0"]
    done = farm("slurm", *arguments, "--quality", "80")
    assert (done.exit_code, done.stdout) == (0, "job.sh\n"), done.stderr
    assert json.loads(Path("h.json").read_text("utf-8"))["hold"]["exposure"] == "lock=1"
    before = Path("h.json").stat().st_mtime_ns
    assert farm("slurm", *arguments, "--overwrite").exit_code == 0
    assert Path("h.json").stat().st_mtime_ns == before
    other = farm("slurm", *arguments, "--exposure", "smooth=3", "--overwrite")
    assert (other.exit_code, "--held: h.json is of --exposure lock=1, not smooth=3" in other.stderr) == (2, True)


@pytest.mark.parametrize("kind", ["openjd", "slurm"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["standrad", "shots"], "'standrad': no shipped chain; did you mean 'standard'?"),
        (["fast", "shots", "--set", "tone.curve=filmik"], "tone.curve: 'filmik' is not"),
        (["fast", "nosuch_####.dng"], "nosuch_####.dng: no file of such a name"),
        (["fast", "shots", "--lens", "x"], "--lens: the chain fast has no stage that corrects a lens"),
        (["fast", "shots", "--output", "{stam}.jpg"], "no field {stam}; did you mean 'stem'?"),
        (["fast", "shots", "--output", "out/x.jpg"], "would be written to out/x.jpg, but"),
        (["fast", "shots", "--frames", "1-2"], "--frames is of a shot, one input such as 'A001_####.dng'"),
        (["fast", "shots/A_####.dng", "--frames", "2-4"], "3-4 not there"),
        (["fast", "shots", "--report", "r.jsonl"], "No such option"),
        (["fast", "shots", "gone.dng", "gone2.dng"], "gone.dng: no such file (and 1 more)"),
        (["fast", "shots/A_####.dng", "--exposure", "smoth=9"], "--exposure 'smoth=9': write each, lock=N"),
        (["fast", "shots/A_####.dng", "--balance", "lock=3"], "has no such frame; there are 1-2,5"),
        (["fast", "shots", "--held", "h.json"], "--held: h.json is of --balance and --exposure, and neither is given"),
    ],
)
def test_what_develop_would_refuse_is_refused_before_a_job_is_written(
    kind: str, arguments: list[str], said: str, shot: Path
) -> None:
    done = farm(kind, *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert sorted(path.name for path in shot.iterdir()) == ["shots", "small.yaml"]


# ---- merge ----
def outcome(number: int, status: Any = "done", **more: Any) -> Outcome:
    job = Job(Path(f"shots/A_{number:04d}.dng"), Path(f"out/A_{number:04d}.jpg"), number)
    known: dict[str, Any] = {"device": "cpu", "seconds": float(number), "phases": {"read": 0.5 * number}}
    return Outcome(job, status, **(known if status == "done" else {}) | more)


@pytest.fixture
def reports(here: Path) -> Path:
    """Of two tasks: frames 1 and 2, then 3, that failed."""
    chain = load(["black_level", {"demosaic": {"method": "bilinear"}}, "tone"])
    with Report(here / "reports/1-2.jsonl", chain) as report:
        report.add(outcome(1))
        report.add(outcome(2))
    with Report(here / "reports/3-4.jsonl", chain) as report:
        report.add(outcome(3, "failed", error="the file is empty", kind="ReadError"))
    return here / "reports"


def test_reports_are_one_and_a_failure_is_the_exit_code(reports: Path) -> None:
    done = farm("merge", "reports", "-o", "reports/merged.jsonl")
    assert done.exit_code == 1
    first, *lines = done.stdout.splitlines()
    assert first == "3 files in 2 reports: 2 done, 0 skipped, 1 failed"
    text = "\n".join(" ".join(line.split()) for line in lines)
    assert "ReadError: 1\nfile error\n" in text
    assert "shots/A_0003.dng the file is empty" in text
    assert "3.0 s of all files" in text
    assert "read 1.5" in text
    assert "cpu 2" in text
    assert len(read(reports / "merged.jsonl").files) == 3
    again = farm("merge", "reports", "-o", "reports/merged.jsonl")
    assert again.stdout == done.stdout, "the merged report is none of those that are merged"


def test_all_is_well_when_all_that_is_expected_is_there(reports: Path) -> None:
    one = "reports/1-2.jsonl"
    assert farm("merge", one).exit_code == 0
    assert farm("merge", one, "--expect", "2").exit_code == 0
    assert farm("merge", one, "--frames", "1-2").exit_code == 0
    few = farm("merge", one, "--expect", "5")
    assert (few.exit_code, "missing: 3\n" in few.stdout) == (1, True)
    gone = farm("merge", one, "--frames", "1-10x3,2")
    assert (gone.exit_code, "missing: 3, frames 4,7,10\n" in gone.stdout) == (1, True)


def test_a_report_that_was_cut_off_is_told(reports: Path) -> None:
    one = reports / "1-2.jsonl"
    one.write_text("".join(one.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    done = farm("merge", "reports/1-2.jsonl")
    assert (done.exit_code, "not finished: reports/1-2.jsonl\n" in done.stdout) == (1, True)
    assert farm("merge", "reports/1-2.jsonl", "--expect", "2").exit_code == 0, "its files are there all the same"


def test_programs_get_json(reports: Path) -> None:
    done = farm("merge", "reports", "--json", "--expect", "4")
    assert done.exit_code == 1
    total = json.loads(done.stdout)
    assert (total["done"], total["failed"], total["missing"], total["is_complete"]) == (2, 1, 1, False)
    assert total["failures"]["ReadError"]["files"][0]["input"] == "shots/A_0003.dng"


def test_what_is_no_report_is_refused(reports: Path) -> None:
    (reports / "none").mkdir()
    for arguments, said, code in (
        (["reports/none"], "reports/none: no report in this folder", 2),
        (["gone.jsonl"], "gone.jsonl: no report of such a name", 2),
        (["small.yaml"], "small.yaml: line 1 is no JSON object", 1),
        (["reports", "-o", "a.dng"], "--output a.dng: a report ends in .jsonl", 2),
        (["reports", "--frames", "x"], "frames 'x', part 1: 'x' is no frame number", 2),
    ):
        done = farm("merge", *arguments)
        assert (done.exit_code, said in done.stderr) == (code, True), done.stderr


def test_the_page_of_farms_shows_commands_as_they_are() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/farms.md").read_text("utf-8")
    lines = [
        shlex.split(line.split("||")[0], comments=True) for line in re.findall(r"^\$ tenbit (.*)$", page, re.MULTILINE)
    ]
    assert len(lines) > 6
    for words in lines:
        command: click.Command = commands
        while isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
        command.make_context("tenbit", words)
