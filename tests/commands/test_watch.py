"""``tenbit watch``: a process that develops what arrives, and ends as it is told."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tenbit.cli import commands

FAST = ("--settle", "0.1", "--interval", "0.05")


def watch(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["watch", *arguments, "-c", "small.yaml"], catch_exceptions=False)


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that must come, however slow the machine is."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM")
def test_what_arrives_is_developed_until_the_process_is_ended(raw: Path, here: Path) -> None:
    (here / "in").mkdir()
    command = [sys.executable, "-m", "tenbit.cli", "watch", "in", "-c", "small.yaml", "-o", "out/", "-r", *FAST]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        content = raw.read_bytes()
        with (here / "in" / "slow.dng").open("wb", buffering=0) as handle:
            handle.write(content[:3000])
            shutil.copy(raw, here / "in" / "whole.dng")
            until((here / "out" / "whole.jpg").exists)
            handle.write(content[3000:])
        (here / "in" / "below").mkdir()
        shutil.copy(raw, here / "in" / "below" / "deep.dng")
        until((here / "out" / "deep.jpg").exists)
        until((here / "out" / "slow.jpg").exists)
        until(lambda: len((here / "out" / ".tenbit-manifest.jsonl").read_text("utf-8").splitlines()) == 4)
    finally:
        process.send_signal(signal.SIGTERM)
        listed, said = process.communicate(timeout=60)
    assert process.returncode == 143
    assert {line.split()[0] for line in listed.splitlines()} == {f"out/{n}.jpg" for n in ("whole", "deep", "slow")}
    assert said.splitlines()[-1].startswith("interrupted after ")
    names = sorted(path.name for path in (here / "out").iterdir())
    assert names == [".tenbit-manifest.jsonl", "deep.jpg", "slow.jpg", "whole.jpg"]
    # Begun again: there is nothing to do.
    again = watch("in", "-o", "out/", "-r", "--once", "--settle", "0", "--report", "r.jsonl")
    assert (again.exit_code, again.stdout) == (0, "")
    end = json.loads((here / "r.jsonl").read_text("utf-8").splitlines()[-1])
    assert end["end"]["files"] == 0


def test_requests_that_cannot_be_meant(here: Path) -> None:
    (here / "in").mkdir()
    for arguments, text in (
        (["away"], "away: no such folder"),
        (["small.yaml"], "small.yaml: not a folder"),
        (["in", "-o", "{index}.jpg"], "{index} counts the files of one batch"),
        (["in", "-o", "out/{stme}.jpg"], "no field {stme}"),
        (["in", "--report", "small.yaml"], "small.yaml exists and is no .json"),
    ):
        result = watch(*arguments)
        assert result.exit_code == 2
        assert text in result.stderr


def test_a_failure_is_an_exit_code_and_pictures_of_others_stay(raw: Path, here: Path) -> None:
    (here / "in").mkdir()
    (here / "out").mkdir()
    shutil.copy(raw, here / "in" / "a.dng")
    shutil.copy(raw, here / "in" / "mine.dng")
    (here / "out" / "mine.jpg").write_bytes(b"mine")
    result = watch("in", "-o", "out/{stem}.{ext}", "--once", "--settle", "0")
    assert result.exit_code == 1
    assert "out/mine.jpg exists already" in result.stderr
    assert (here / "out" / "mine.jpg").read_bytes() == b"mine"
    assert (here / "out" / "a.jpg").exists()
