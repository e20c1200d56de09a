"""The command line: arguments, text, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tenbit.cli import commands
from tenbit.kernels import STAGES
from tenbit.pipeline.report import read as read_report

Told = Callable[[str], list[str]]


def tenbit(*arguments: str) -> Result:
    """One command; an exception that is no exit fails the test."""
    result = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


def develop(*arguments: str) -> Result:
    return tenbit("develop", *arguments, "-c", "small.yaml")


# ---- develop ----
def test_a_file_becomes_a_picture(raw: Path) -> None:
    result = develop("a.dng", "-o", "out/{stem}-{chain}.{ext}")
    assert result.exit_code == 0
    assert result.stdout.startswith("out/a-small.jpg  ")
    assert (raw.parent / "out/a-small.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_a_name_writes_no_line_of_its_own(here: Path) -> None:
    result = develop("a\n9 done.dng", "b\nall done.dng", "-o", "{frame}.{ext}")
    assert (result.exit_code, result.stderr) == (2, "b\\nall done.dng has no number for {frame}\n")


def test_the_current_folder_and_the_chains_format_are_the_defaults(raw: Path) -> None:
    assert develop("a.dng").exit_code == 0
    assert sorted(path.name for path in raw.parent.iterdir()) == ["a.dng", "a.jpg", "small.yaml"]


def test_a_failing_file_is_one_line_and_the_others_are_developed(raw: Path, told: Told) -> None:
    (raw.parent / "cut.dng").write_bytes(raw.read_bytes()[:1000])
    result = develop("cut.dng", "gone.dng", "a.dng")
    assert result.exit_code == 1
    cut, gone, count = told(result.stderr)
    assert cut.startswith("cut.dng: ")
    assert gone == "gone.dng: no such file"
    assert count == "1 done, 2 failed"
    assert not list(raw.parent.glob("cut.j*"))
    assert (raw.parent / "a.jpg").is_file()


def test_a_folder_of_frames_keeps_its_shape(raw: Path) -> None:
    (raw.parent / "shoot/day2").mkdir(parents=True)
    (raw.parent / "shoot/b.dng").write_bytes(raw.read_bytes())
    (raw.parent / "shoot/day2/c.dng").write_bytes(raw.read_bytes())
    assert develop("shoot", "-r", "-o", "out/{below}/{stem}.png").exit_code == 0
    assert sorted(str(p.relative_to(raw.parent)) for p in (raw.parent / "out").rglob("*.*")) == [
        "out/b.png",
        "out/day2/c.png",
    ]


def test_existing_outputs_are_kept_skipped_or_replaced(raw: Path) -> None:
    (raw.parent / "a.jpg").write_bytes(b"mine")
    kept = develop("a.dng")
    assert kept.exit_code == 1
    assert kept.stderr == "a.dng: a.jpg exists already; --overwrite replaces it, --skip-existing leaves it\n"
    skipped = develop("a.dng", "--skip-existing")
    assert (skipped.exit_code, skipped.stdout) == (0, "a.jpg  exists, skipped\n")
    assert (raw.parent / "a.jpg").read_bytes() == b"mine"
    assert develop("a.dng", "--overwrite").exit_code == 0
    assert (raw.parent / "a.jpg").read_bytes() != b"mine"
    both = develop("a.dng", "--overwrite", "--skip-existing")
    assert both.exit_code == 2


def test_a_dry_run_reads_and_writes_nothing(here: Path) -> None:
    (here / "b.jpg").touch()
    result = develop("a.dng", "b.dng", "--dry-run")
    assert (result.exit_code, result.stdout) == (0, "a.dng -> a.jpg\nb.dng -> b.jpg  (exists: would fail)\n")
    assert sorted(path.name for path in here.iterdir()) == ["b.jpg", "small.yaml"]


def test_the_shorthands_change_the_chain(raw: Path, told: Told) -> None:
    result = develop("a.dng", "--format", "TIF", "--set", "tone.curve=linear", "--quality", "70", "--report", "r.json")
    assert result.exit_code == 0
    assert told(result.stderr) == ["--quality is of a jpeg only; the output is tiff, which has none"]
    report = read_report(raw.parent / "r.json")
    assert report.batch["chain"]["chain"][4]["tone"]["curve"] == "linear"
    assert report.batch["chain"]["output"]["quality"] == 70
    (file,) = report.files
    assert (file["output"], file["status"]) == ("a.tif", "done")
    assert file["device"].startswith("cpu")


@pytest.mark.parametrize(
    ("name", "bits", "dtype"), [("x.png", 16, "uint16"), ("x.tif", 32, "float32"), ("x.jpg", 8, "uint8")]
)
def test_the_options_of_the_output_are_those_of_its_suffix(name: str, bits: int, dtype: str, raw: Path) -> None:
    import imagecodecs

    chain = raw.parent / "small.yaml"
    chain.write_text(chain.read_text("utf-8").replace("{quality: 90}", "{format: jpeg}"), "utf-8")
    assert develop("a.dng", "-o", name, "--set", f"output.bits={bits}").exit_code == 0
    assert imagecodecs.imread(raw.parent / name).dtype == dtype


@pytest.mark.parametrize("name", ["PNG", "JPEG", "Jpg"])
def test_a_format_is_known_in_capitals(name: str, here: Path) -> None:
    result = develop("a.dng", "--format", name, "--dry-run")
    assert (result.exit_code, result.stdout) == (0, f"a.dng -> a.{'png' if name == 'PNG' else 'jpg'}\n")


def test_counts_are_kept_as_floats_alone(raw: Path) -> None:
    (raw.parent / "counts.yaml").write_text("chain: [{demosaic: {method: malvar}}]\n", "utf-8")
    assert tenbit("develop", "a.dng", "-c", "counts.yaml", "-o", "a.tif").exit_code == 2
    assert tenbit("develop", "a.dng", "-c", "counts.yaml", "-o", "a.tif", "--set", "output.bits=32").exit_code == 0


def test_a_long_edge_makes_the_picture_small(raw: Path) -> None:
    import imagecodecs

    assert develop("a.dng", "--long-edge", "32").exit_code == 0
    assert imagecodecs.imread(raw.parent / "a.jpg").shape == (32, 32, 3)
    assert develop("a.dng", "--long-edge", "0").exit_code == 2


@pytest.mark.parametrize("report", ["a.dng", "a.jpg", "./a.jpg", "small.yaml", "other.dng"])
def test_a_report_never_takes_the_place_of_a_file(report: str, raw: Path) -> None:
    before = raw.read_bytes()
    (raw.parent / "other.dng").write_bytes(before)
    result = tenbit("develop", "a.dng", "-c", "small.yaml", "-o", "a.jpg", "--report", report, "--overwrite")
    assert result.exit_code == 2
    assert "give the report a name of its own" in result.stderr
    assert raw.read_bytes() == (raw.parent / "other.dng").read_bytes() == before
    assert not (raw.parent / "a.jpg").exists()


def test_a_dump_is_told_its_geometry_on_the_command_line(here: Path) -> None:
    np.full((48, 64), 512, "<u2").tofile("dump.raw")
    fields = "{rows: 48, cols: 64, packing: u16, cfa: GBRG, black: 64, white: 1023, neutral: [0.5, 1, 0.6]}"
    result = tenbit("develop", "dump.raw", "-c", "small.yaml", "-o", "dump.png", "--camera", fields)
    assert result.exit_code == 0, result.stderr
    assert tenbit("info", "dump.raw", "--camera", fields).stdout.count("GBRG") == 1
    assert tenbit("info", "dump.raw", "--camera", "{camera: nosuch}").exit_code == 2
    assert tenbit("info", "dump.raw", "--camera", "{rows: [}").exit_code == 2


def test_the_report_is_written_when_files_fail(here: Path) -> None:
    assert develop("gone.dng", "--report", "r.json").exit_code == 1
    (file,) = read_report(here / "r.json").files
    assert (file["status"], file["error"]) == ("failed", "no such file")


def test_an_internal_error_is_one_line_and_its_traceback_is_for_debug(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tenbit.pipeline.batch import one

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(one, "begin", broken)
    result = develop("a.dng")
    assert (result.exit_code, result.stderr) == (1, "a.dng: internal error: ZeroDivisionError: oh\n")
    result = CliRunner().invoke(commands, ["develop", "a.dng", "-c", "small.yaml", "--debug"])
    assert result.exit_code == 1
    assert "Traceback (most recent call last)" in result.stderr


def test_a_warning_is_said_for_its_first_file(raw: Path, monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    import dataclasses

    from tenbit.pipeline import foreseen

    read = foreseen.read
    monkeypatch.setattr(
        foreseen, "read", lambda path, **options: dataclasses.replace(read(path, **options), warnings=("no matrix",))
    )
    (raw.parent / "b.dng").write_bytes(raw.read_bytes())
    result = develop("a.dng", "b.dng", "--report", "r.json")
    assert told(result.stderr) == ["a.dng: warning: no matrix", "1 more file: warning: no matrix", "2 done"]
    assert [file["warnings"] for file in read_report(raw.parent / "r.json").files] == [["no matrix"]] * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.dng", "-c", "standrad"], "'standrad': no shipped chain; did you mean 'standard'?"),
        (["a.dng", "-c", "fast", "--lens", "x"], "--lens: the chain fast has no stage that corrects a lens"),
        (["a.dng", "--set", "tone.curve=filmik"], "--set tone.curve=filmik: chain[13] tone.curve: 'filmik' is not"),
        (["a.dng", "-o", "{stam}.jpg"], "output '{stam}.jpg': no field {stam}; did you mean 'stem'?"),
        (["a.dng", "b.dng", "-o", "x.jpg"], "b.dng would be written to x.jpg, but a.dng is written there"),
        (["a.dng", "-o", "x.bmp"], "x.bmp: suffix '.bmp' is not known"),
        (["a.dng", "--camera", "nosuch"], "--camera: camera 'nosuch': no camera file of that name or path"),
        (["a.raw", "--camera", "{row: 48, cfa: RGGB}"], "--camera: camera row: no such field; did you mean 'rows'?"),
        (["a.raw", "--camera", "{rows: -1, cols: 64}"], "--camera: camera rows: -1: input should be greater than 0"),
        (["*.nef"], "*.nef: no raw file of such a name"),
        (["a.dng", "-c", "counts.yaml"], "counts.yaml:1:1: output.bits: whole numbers are made of samples between"),
        (["a.dng", "--device", "gpu"], "device: 'gpu' is not one of auto, cpu, cuda, cuda:N"),
        (["a.dng", "--set", "colour.space=srgb", "--set", "output.bits=32"], "output.bits: 32 is not possible in jpeg"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_ends_before_any_file_is_touched(arguments: list[str], said: str, here: Path) -> None:
    (here / "counts.yaml").write_text("chain: [{demosaic: {method: malvar}}]\n", "utf-8")
    result = tenbit("develop", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert sorted(path.name for path in here.iterdir()) == ["counts.yaml", "small.yaml"]


# ---- check, stages, schema ----
def test_check_names_every_fault(here: Path) -> None:
    (here / "job.yaml").write_text("chain:\n  - demosaik\n  - zebra: {high: 1.5}\n", "utf-8")
    result = tenbit("check", "job.yaml")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "job.yaml:2:5: chain[0] demosaik: no such stage; did you mean 'demosaic'?",
        "job.yaml:3:19: chain[1] zebra.high: 1.5 is outside 0.0..1.1 (fraction of white)",
    ]


def test_check_shows_the_passes() -> None:
    result = tenbit("check", "monitor", "--plan")
    assert result.exit_code == 0
    text = result.stdout
    assert text.startswith("monitor: 15 stages, ")
    assert "for a mosaic of 3072 x 4096 in uint16, to jpeg" in text
    first = next(line for line in text.splitlines() if line.startswith(" 1 "))
    assert "raw_noise" in first
    assert "gather" in first
    # whole words, though wrapped
    assert {"white_balance", "histogram", "quantise", "measures", "paints", "draws", "zebra.paint"} <= set(text.split())
    assert max(map(len, text.splitlines())) <= 120


def test_check_shows_a_table_per_target_where_their_passes_differ() -> None:
    text = tenbit("check", "standard", "--plan").stdout
    assert text.startswith("standard: 16 stages, ")
    assert "note: demosaic: the file says nothing of its noise: it is estimated from the picture\n" in text
    titles = [line.split(";")[0] for line in text.splitlines() if line.startswith(("cpu", "cuda"))]
    assert titles == ["cpu", "cuda"]
    assert {"scratch", "shared"} <= set(text.split())
    assert max(map(len, text.splitlines())) <= 120


def test_check_shows_passes_that_both_targets_do_once_with_both_scratches() -> None:
    text = tenbit("check", "fast", "--plan").stdout
    assert text.startswith("fast: 8 stages, 1 pass, no fault\n")
    assert text.count("black_level") == 1
    assert "cpu and cuda do the same" in text
    assert {"scratch", "shared"} <= set(text.split())
    assert max(map(len, text.splitlines())) <= 120


def test_check_counts_in_english_and_waits_for_the_suffix(here: Path) -> None:
    (here / "job.yaml").write_text("chain: [black_level, demosaic: {method: malvar}]\noutput: {bits: 16}\n", "utf-8")
    result = tenbit("check", "job.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "job: 2 stages, 1 pass, no fault\n"
    (here / "job.yaml").write_text("chain:\n  - black_level\noutput: {format: jpeg}\n", "utf-8")
    assert tenbit("check", "job.yaml").stderr.startswith("job.yaml:3:18: output.format: a mosaic has one plane")


def test_check_plans_for_a_real_frame(raw: Path) -> None:
    result = tenbit("check", "small.yaml", "--plan", "--frame", "a.dng")
    assert result.exit_code == 0
    assert "for a mosaic of 64 x 64 in uint16" in result.stdout
    assert tenbit("sample", "b.raw10", "--rows", "64", "--cols", "64", "--no-truth").exit_code == 0
    result = tenbit("check", "small.yaml", "--plan", "--frame", "b.raw10")
    assert "for a mosaic of 64 x 64 in raw10" in result.stdout
    assert " 1.25 " in result.stdout
    result = tenbit("check", "small.yaml", "--frame", "gone.dng")
    assert (result.exit_code, result.stderr) == (1, "gone.dng: no such file\n")


def test_stages_lists_all_or_one() -> None:
    result = tenbit("stages")
    assert [line.split()[0] for line in result.stdout.splitlines()[2:]] == list(STAGES)
    one = tenbit("stages", "zebra").stdout
    assert "high" in one
    assert "fraction of white" in one
    wrong = tenbit("stages", "zebar")
    assert wrong.exit_code == 2
    assert "zebar: no such stage; did you mean 'zebra'?" in wrong.stderr
    assert tenbit("stages", "--markdown").stdout.startswith("# Stages\n")


def test_schema_is_json() -> None:
    assert json.loads(tenbit("schema").stdout)["title"] == "tenbit chain"


# ---- info, sample, doctor ----
def test_info_tells_what_the_frame_knows(raw: Path) -> None:
    record = json.loads(tenbit("info", "a.dng", "--json").stdout)
    assert record["facts"]["cfa"] == "RGGB"
    assert record["samples"]["shape"] == [64, 64]
    assert "  cfa: RGGB\n" in tenbit("info", "a.dng").stdout
    missing = tenbit("info", "gone.dng")
    assert (missing.exit_code, missing.stderr) == (1, "gone.dng: no such file\n")


def test_sample_writes_raw_sidecar_and_truth(here: Path) -> None:
    lens = "even k=-0.05,0.01 vignetting=-0.4,0,0"
    result = tenbit("sample", "b.raw10", "--rows", "64", "--cols", "64", "--lens", lens)
    assert result.stdout.splitlines() == ["b.raw10", "b.raw10.json", "b-truth.tif"]
    assert all((here / name).is_file() for name in result.stdout.splitlines())
    again = tenbit("sample", "b.raw10")
    assert again.exit_code == 2
    assert "b.raw10, b.raw10.json, b-truth.tif exist already; --overwrite replaces" in again.stderr
    assert develop("b.raw10", "-o", "b.jpg").exit_code == 0


@pytest.mark.parametrize("name", ["b-truth.tif", "b.raw10.json"])
def test_sample_replaces_no_file_unasked(name: str, here: Path) -> None:
    (here / name).write_text("mine", "utf-8")
    result = tenbit("sample", "b.raw10", "--rows", "64", "--cols", "64")
    assert result.exit_code == 2
    assert f"{name} exists already; --overwrite replaces" in result.stderr
    assert (here / name).read_text("utf-8") == "mine"
    assert not (here / "b.raw10").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["c.jpg"], "format: '.jpg' is not one of dng, raw10"),
        (["c.dng", "--lens", "twisted=1"], "lens: 'twisted=1' is not one of"),
        (["c.dng", "--cfa", "XYZ"], "cfa: 'XYZ' is not one of RGGB"),
        (["c.dng", "--rows", "4"], "Invalid value for '--rows'"),
    ],
)
def test_sample_says_what_is_allowed(arguments: list[str], said: str, here: Path) -> None:
    result = tenbit("sample", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert [path.name for path in here.iterdir()] == ["small.yaml"]


def test_doctor_answers() -> None:
    result = tenbit("doctor")
    assert result.exit_code == 0
    topics = [line.split()[0] for line in result.stdout.splitlines()]
    assert {"tenbit", "python", "numpy", "cpu", "gpu", "cache"} <= set(topics)


def test_a_name_never_makes_two_lines(raw: Path) -> None:
    raw.rename(raw.parent / "a\nb.dng")
    assert develop("a\nb.dng", "--dry-run").stdout == "a\\nb.dng -> a\\nb.jpg\n"
    assert len(develop("a\nb.dng").stdout.splitlines()) == 1


def test_a_folder_may_have_a_dot_in_its_name(raw: Path) -> None:
    assert develop("a.dng", "-o", "2026.07/").exit_code == 0
    assert (raw.parent / "2026.07" / "a.jpg").is_file()


def test_a_chain_that_only_the_plan_refuses_is_a_wrong_chain(here: Path) -> None:
    (here / "counts.yaml").write_text("chain: [{demosaic: {method: malvar}}]\n", "utf-8")
    result = tenbit("check", "counts.yaml")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.stderr
