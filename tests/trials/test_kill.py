"""Batches that are killed, interrupted and taken up again; names that would lose a picture."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.pipeline.manifest import NAME
from tenbit.pipeline.report import read as read_report
from tenbit.pipeline.sample import make

HERE = Path(__file__).parent
FRAMES = 40
BATCH = ["develop", "in", "-c", "small.yaml", "-o", "out/{stem}.{ext}", "--resume", "--report", "r.jsonl"]
DUMP = {"rows": 64, "cols": 64, "packing": "u16", "cfa": "RGGB", "black": 64, "white": 1023, "neutral": [0.5, 1, 0.6]}


@pytest.fixture
def shoot(here: Path) -> Path:
    """Forty frames in ``in``, one of them a dump with its sidecar."""
    (here / "in").mkdir()
    for seed in range(3):
        make(here / f"{seed}.dng", rows=64, cols=64, seed=seed, truth=False)
    for number in range(FRAMES - 1):
        shutil.copyfile(here / f"{number % 3}.dng", here / "in" / f"{number:02d}.dng")
    np.random.default_rng(1).integers(64, 1024, (64, 64)).astype("<u2").tofile(here / "in" / "dump.raw")
    (here / "in" / "dump.raw.json").write_text(json.dumps(DUMP), "utf-8")
    return here


class Zygote:
    """One process, whose forks are runs of `tenbit`: an import costs more than a batch."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, str(HERE / "zygote.py")], stdin=pipe, stdout=pipe, text=True)

    def run(self, *arguments: str, **when: Any) -> int:
        """The exit status of a run, -9 of one that was killed; what it printed is in ``log``."""
        assert self.process.stdin and self.process.stdout
        text = json.dumps({"arguments": arguments, "log": "log", **when})
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture
def zygote(here: Path) -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.process.communicate()


def pictures(folder: Path) -> dict[str, bytes]:
    """All files of a folder but its manifest."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != NAME}


def noted(folder: Path) -> dict[str, int]:
    """Size by name, of the manifest's whole lines."""
    path, found = folder / NAME, dict[str, int]()
    for line in path.read_bytes().split(b"\n") if path.exists() else ():
        try:
            found |= json.loads(line).get("files", {})
        except ValueError:
            continue
    return found


def times(folder: Path, names: Any) -> dict[str, int]:
    return {name: (folder / name).stat().st_mtime_ns for name in names}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_batch_that_is_killed_again_and_again_is_completed_and_nothing_is_half(shoot: Path, zygote: Zygote) -> None:
    out = shoot / "out"
    assert zygote.run(*BATCH) == 0, (shoot / "log").read_text()
    whole = pictures(out)
    assert len(whole) == FRAMES
    shutil.rmtree(out)
    chance = random.Random(7)
    kills: list[dict[str, Any]] = [
        {"moment": moment, "nth": chance.randint(1, 3)}
        for moment in ("half a picture", "read", "without a name", "half a line", "not noted", "noted")
    ]
    kills += [{"moment": "endless", "delay_s": chance.uniform(0, 0.4)} for _ in range(2)]
    before: dict[str, int] = {}
    for kill in kills:
        code = zygote.run(*BATCH, **kill)
        assert code == -signal.SIGKILL, (kill, (shoot / "log").read_text())
        # A picture that is made again, and has been renamed at this very moment, is there twice until the next run.
        there = {name: content for name, content in pictures(out).items() if not name.endswith(".part")}
        assert there == {name: whole[name] for name in there}, kill
        done = noted(out)
        assert done == {name: len(whole[name]) for name in done} and done.keys() <= there.keys(), kill
        assert times(out, before) == before, kill
        before = times(out, done)
    assert 0 < len(before) < FRAMES, "the trial shows nothing where all or none is done"
    assert zygote.run(*BATCH) == 0, (shoot / "log").read_text()
    assert pictures(out) == whole, "and no other file"
    assert times(out, before) == before
    assert noted(out) == {name: len(content) for name, content in whole.items()}
    end = read_report(shoot / "r.jsonl").end or {}
    assert (end["done"], end["skipped"]) == (FRAMES - len(before), len(before))

    # What has changed is done again, and nothing else.
    before, lines = times(out, whole), (out / NAME).read_bytes()
    assert zygote.run(*BATCH) == 0
    assert (times(out, whole), (out / NAME).read_bytes()) == (before, lines)
    shutil.copyfile(shoot / "0.dng", shoot / "in" / "01.dng")
    (shoot / "in" / "dump.raw.json").write_text(json.dumps(DUMP | {"black": 32}), "utf-8")
    assert zygote.run(*BATCH) == 0
    after = times(out, whole)
    assert {name for name in whole if after[name] != before[name]} == {"01.jpg", "dump.jpg"}
    changed = pictures(out)
    assert {name for name in whole if changed[name] != whole[name]} == {"01.jpg", "dump.jpg"}
    assert zygote.run(*BATCH, "--quality", "50", moment="half a picture", nth=3) == -signal.SIGKILL
    assert zygote.run(*BATCH, "--quality", "50") == 0
    again = pictures(out)
    assert all(len(again[name]) < len(changed[name]) for name in whole) and again.keys() == whole.keys()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize(("name", "jobs", "code"), [("SIGINT", 1, 130), ("SIGTERM", 2, 143)])
def test_a_signal_ends_a_batch_with_all_that_is_finished_told(name: str, jobs: int, code: int, raw: Path) -> None:
    here = raw.parent
    (here / "in").mkdir()
    for number in range(2000):
        os.link(raw, here / "in" / f"{number:04d}.dng")
    command = [sys.executable, "-m", "tenbit.cli", *BATCH, f"--jobs={jobs}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        report, deadline = here / "r.jsonl", time.monotonic() + 120
        while not (report.exists() and report.read_bytes().count(b"\n") > 5):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.01)
        process.send_signal(getattr(signal, name))
        assert process.stderr
        said = process.stderr.read()
    assert process.returncode == code, said
    told = read_report(report)
    assert (told.end or {})["interrupted"] is True
    assert said.splitlines()[-1].startswith(f"interrupted after {len(told.files)} of 2000, ")
    done = {Path(record["output"]).name for record in told.files}
    assert {record["status"] for record in told.files} == {"done"}
    # What was being written was finished and told, all else was dropped.
    assert pictures(here / "out").keys() == done == noted(here / "out").keys()
    assert all(content.endswith(b"\xff\xd9") for content in pictures(here / "out").values())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["b.dng", "sub/a.dng", "-o", "out/{stem}.{ext}"], "would be written to out/a.jpg, but a.dng is written there"),
        (["A.dng", "-o", "out/{stem}.{ext}"], "but a.dng is written there"),
        (["b.dng", "-o", "out/{stem}/../../../{stem}.{ext}"], "would be written to"),
        (["b.dng", "-c", "raw.yaml", "-o", "{stem}.dng"], "but a.dng is an input"),
        (["b.dng", "-o", "one.jpg"], "would be written to one.jpg, but a.dng is written there"),
    ],
    ids=["twice", "capitals", "outside", "input", "no field"],
)
@pytest.mark.parametrize("more", [[], ["--overwrite"], ["--resume", "--jobs=2"]], ids=["", "overwrite", "resume"])
def test_names_that_would_lose_a_picture_end_before_anything_is_read(
    options: list[str], said: str, more: list[str], here: Path
) -> None:
    (here / "raw.yaml").write_text("chain: [black_level]\noutput: {format: dng}\n", "utf-8")
    (here / "sub").mkdir()
    for name in ("a.dng", "b.dng", "A.dng", "sub/a.dng"):
        # Who reads them fails.
        (here / name).symlink_to("nowhere") if name == "b.dng" else (here / name).write_bytes(b"")
    before = sorted(here.rglob("*"))
    result = CliRunner().invoke(
        commands, ["develop", "a.dng", *options, "--report=r.json", *more], catch_exceptions=False
    )
    assert result.exit_code == 2, result.output
    assert said in result.stderr and len(result.stderr.splitlines()) <= 3
    assert sorted(here.rglob("*")) == before
