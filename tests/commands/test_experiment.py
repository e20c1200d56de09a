"""``tenbit profile experiment``: a table from a YAML, Ctrl-C and going on, wrong use."""

from __future__ import annotations

import csv
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Plan
from tenbit.pipeline.profile import checked
from tenbit.pipeline.profile.experiment import quality
from tenbit.pipeline.profile.experiment.reading import shipped_experiments
from tenbit.pipeline.profile.experiment.workbench import Workbench

TEXT = """\
chain: small.yaml
axes:
  threads: [1, 2]
  sample: [64x64, 72x96]
  cfa: [RGGB]
baseline: {threads: 1}
repeats: 3
"""


@pytest.fixture
def run(here: Path) -> Any:
    (here / "e.yaml").write_text(TEXT, "utf-8")

    def call(*arguments: str, code: int = 0) -> Any:
        result = CliRunner().invoke(commands, ["profile", "experiment", "e.yaml", *arguments])
        assert result.exit_code == code, result.output
        return result

    return call


def by_definition(frame: Frame, what: Plan, *_: object, **__: object) -> Frame:
    return Frame(checked._by_definition(frame, what), what.facts)


def rows(name: str) -> list[dict[str, str]]:
    with Path(name).open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_a_grid_becomes_a_table(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With quality; then a stop in the middle, and the rest."""
    pytest.importorskip("skimage")
    # By plain Python, without a loop that no other test needs.
    monkeypatch.setattr(quality, "SIZE", "64x96")
    monkeypatch.setattr(quality, "run_plan", by_definition)
    result = run("-o", "t.csv", "--quality")
    assert result.stdout.startswith("t.csv: 4 points, 3 rounds")
    found = rows("t.csv")
    assert [(row["threads"], row["frame"], row["status"], row["rounds"]) for row in found] == [
        (threads, frame, "done", "3") for threads in "12" for frame in ("64x64", "72x96")
    ]
    assert all(float(row["median_s"]) > 0 and float(row["cpu_s"]) > 0 and float(row["ratio"]) > 0 for row in found)
    assert len({row["psnr_db"] for row in found}) == 1
    assert 15 < float(found[0]["psnr_db"]) < 40 and 0.5 < float(found[0]["ssim"]) < 1
    assert 0 < float(found[0]["delta_e"]) < float(found[0]["delta_e_95"])

    timed, calls = Workbench.timed, []

    def stopped(bench: Workbench, point: Any) -> Any:
        calls.append(point.key)
        if len(calls) == 6:
            os.kill(os.getpid(), signal.SIGINT)
        return timed(bench, point)

    monkeypatch.setattr(Workbench, "timed", stopped)
    result = run("-o", "u.csv", code=130)
    assert result.stderr.splitlines()[-2:] == [
        "5 of 12 observations kept in u.csv.jsonl; --resume goes on",
        "interrupted",
    ]
    assert not Path("u.csv").exists()
    result = run("-o", "u.csv", "--resume", "--observations", "o.csv")
    assert "5 observations there already" in result.stderr
    seen = Counter((row["point"], row["round"]) for row in rows("o.csv"))
    assert len(seen) == 12 and set(seen.values()) == {1} and len(calls) == 6 + 7
    assert [row["rounds"] for row in rows("u.csv")] == ["3"] * 4


def test_the_help_names_the_shipped_experiments() -> None:
    text = CliRunner().invoke(commands, ["profile", "experiment", "--help"]).stdout
    assert f"a shipped one's name: {', '.join(shipped_experiments())}." in " ".join(text.split())


def test_points_are_listed_and_wrong_use_is_told(run: Any, here: Path) -> None:
    lines = run("--dry-run", "--sample-points", "3", "--repeats", "2").stdout.splitlines()
    assert lines[-1] == "e: 3 points, 2 rounds, 6 observations" and lines[0].split() == ["point", "threads", "sample"]
    assert "-o says where the table goes" in run(code=2).stderr
    assert run("-o", "t.txt", code=2).stderr == "t.txt: a table ends in .parquet or .csv\n"
    (here / "t.csv").touch()
    assert (
        "t.csv exists already; --resume goes on with it, --overwrite replaces it" in run("-o", "t.csv", code=2).stderr
    )
    for options, said in (
        (("--resume", "--overwrite"), "--resume and --overwrite exclude each other"),
        (("--mix",), "--mix is of --resume"),
        (("--observations", "./new.csv"), "-o and --observations need a file each"),
    ):
        assert said in run("-o", "new.csv", *options, code=2).stderr
    assert "local:N" in run("-o", "new.csv", "--cluster", "local:0", code=2).stderr
    assert not (here / "new.csv.jsonl").exists()
    (here / "v.csv.jsonl").touch()
    assert "v.csv.jsonl exists already; --resume goes on" in run("-o", "v.csv", code=2).stderr
    (here / "e.yaml").write_text("chain: small.yaml\naxes: {files: [a.dng, b.dng]}")
    assert run("-o", "w.csv", "--quality", code=2).stderr == "--quality: files have no truth to be held against\n"
    result = run("-o", "w.csv", "--repeats", "1", code=1)
    assert result.stdout == "w.csv: 2 points, 1 round; 2 failed\n"
    assert [row["error"] for row in rows("w.csv")] == ["a.dng: no such file", "b.dng: no such file"]
