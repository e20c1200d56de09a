"""A job as a farm runs it: cancelled, with a broken frame, and to its end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from tenbit.cli import commands

pytest.importorskip("openjd.cli", reason="pip install 'tenbit[farm]'")
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="needs POSIX signals, and scripts that run by their name"
)
TENBIT = """#!{python}
import tenbit.cli
tenbit.cli.main()
"""
# Each picture is half written until somebody says go.
SLOW = """#!{python}
import pathlib, time, tenbit.cli
import tenbit.pipeline.images as images
whole = images.write_jpeg
def slow(handle, *given, **named):
    handle.write(b"half")
    pathlib.Path("{here}/begun").touch()
    while not pathlib.Path("{here}/go").exists():
        time.sleep(0.02)
    handle.seek(0)
    handle.truncate()
    whole(handle, *given, **named)
images.write_jpeg = slow
tenbit.cli.main()
"""


def start(here: Path, step: str, program: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "openjd", "run", "job.yaml", "--step", step, "--run-dependencies"]
    command += ["-p", f"TenbitCommand={here / program}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def statuses(path: Path) -> dict[str, str]:
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()[1:-1]]
    return {Path(record["input"]).name: record["status"] for record in records}


def test_a_job_is_cancelled_then_fails_for_a_frame_then_is_done(raw: Path) -> None:
    here = raw.parent
    (here / "shots").mkdir()
    for number in (1, 2, 3):
        (here / f"shots/A_{number:04d}.dng").write_bytes(raw.read_bytes()[: 500 if number == 3 else None])
    for name, text in (("tenbit", TENBIT), ("slow", SLOW)):
        (here / name).write_text(text.format(python=sys.executable, here=here), "utf-8")
        (here / name).chmod(0o755)
    arguments = ["farm", "openjd", "small.yaml", "shots/A_####.dng", "--device", "cpu", "--chunk", "3"]
    assert CliRunner().invoke(commands, arguments, catch_exceptions=False).exit_code == 0

    # Cancelled while pictures are half written: they are finished or dropped, and the task has failed.
    with start(here, "Develop", "slow") as job:
        assert job.stdout
        deadline = time.monotonic() + 120
        while not (here / "begun").exists() and job.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        job.send_signal(signal.SIGTERM)
        said = []
        for line in job.stdout:
            said.append(line)
            if "terminated by user" in line:
                (here / "go").touch()
    assert job.returncode == 1
    text = "".join(said)
    assert "exited with code: 143" in text, text
    assert "openjd_fail: interrupted" in text, text
    pictures = sorted(path for path in (here / "out").iterdir() if path.name != ".tenbit-manifest.jsonl")
    assert {path.name for path in pictures} <= {"A_0001.jpg", "A_0002.jpg"}, "a half file is there"
    assert all(path.read_bytes().endswith(b"\xff\xd9") for path in pictures)
    assert json.loads((here / "reports/1-3.jsonl").read_text("utf-8").splitlines()[-1])["end"]["interrupted"]

    # The broken frame fails its task and costs no other frame; what depends on it is not begun.
    with start(here, "Merge", "tenbit") as job:
        text = job.communicate(timeout=120)[0]
    assert job.returncode == 1
    assert "openjd_fail: 1 of 3 failed; the first: " in text, text
    assert "exited with code: 1 " in text, text
    assert "Running step 'Merge'" not in text
    told = statuses(here / "reports/1-3.jsonl")
    assert [name for name in sorted(told) if told[name] == "failed"] == ["A_0003.dng"]
    times = {path: path.stat().st_mtime_ns for path in (here / "out").glob("*.jpg")}
    assert len(times) == 2

    # Once more, when the file is there whole: what is done is not done again.
    (here / "shots/A_0003.dng").write_bytes(raw.read_bytes())
    with start(here, "Merge", "tenbit") as job:
        text = job.communicate(timeout=120)[0]
    assert job.returncode == 0, text
    assert "3 files in 1 report: 1 done, 2 skipped, 0 failed" in text, text
    assert len(list((here / "out").glob("*.jpg"))) == 3
    assert all(path.stat().st_mtime_ns == before for path, before in times.items())
