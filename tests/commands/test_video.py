"""``tenbit video``: arguments, text, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tenbit.cli import commands
from tenbit.pipeline.sample import make
from tenbit.pipeline.video import codec

av = pytest.importorskip("av")


def video(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["video", *arguments, "-c", "small.yaml"], catch_exceptions=False)


def greens(path: str) -> list[float]:
    """Mean luma, or green of RGB, of each frame."""
    with av.open(path) as container:
        return [float(frame.to_ndarray(format="gray16le").mean()) for frame in container.decode(video=0)]


@pytest.fixture
def shot(here: Path) -> Path:
    for number in range(1, 6):
        make(here / f"A_{number:04}.dng", rows=64, cols=64, truth=False, is_noisy=False, exposure_ev=-number / 2)
    return here


def test_a_shot_becomes_a_video(shot: Path) -> None:
    result = video("A_####.dng", "-o", "a.mov", "--fps", "25", "--report", "r.jsonl")
    assert (result.exit_code, result.stdout.split(" ")[:4]) == (0, ["a.mov", "", "5", "frames,"])
    assert result.stderr.splitlines()[-1] == "5 done"
    seen = greens("a.mov")
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    lines = [json.loads(line) for line in (shot / "r.jsonl").read_text("utf-8").splitlines()]
    assert [line.get("status") for line in lines] == [None, *["done"] * 5, None]
    assert video(".", "-o", "b.mov", "--frames", "5-1x-2").exit_code == 0
    assert [round(value) for value in greens("b.mov")] == [round(seen[n]) for n in (4, 2, 0)]


def test_frames_that_are_not_there(shot: Path) -> None:
    (shot / "A_0003.dng").unlink()
    stopped = video("A_####.dng", "-o", "a.mkv", "--exposure", "lock=1")
    assert (stopped.exit_code, "a.mkv: frames 3 are not there" in stopped.stderr) == (2, True)
    assert "measuring" not in stopped.stderr
    filled = video("A_####.dng", "-o", "a.mkv", "--on-error", "hold")
    assert (filled.exit_code, filled.stdout.startswith("a.mkv  5 frames, ")) == (0, True)
    assert "a.mkv: frames 3 are not there: the frame before them is repeated" in filled.stderr
    assert len(greens("a.mkv")) == 5
    # The frames of a folder are those that the photographer left in it.
    assert video(".", "-o", "b.mkv").exit_code == 0
    assert len(greens("b.mkv")) == 4
    (shot / "A_0004.dng").write_bytes(b"no raw file")
    held = video(".", "-o", "c.mkv", "--on-error", "hold")
    assert (held.exit_code, len(greens("c.mkv"))) == (1, 4)
    failed = video(".", "-o", "d.mkv")
    assert (failed.exit_code, (shot / "d.mkv").exists()) == (1, False)
    assert "d.mkv: not written, for A_0004.dng failed" in failed.stderr


def test_requests_that_cannot_be_meant(raw: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "there.mov").write_bytes(b"")
    for arguments, text in (
        (["-o", "there.mov"], "there.mov exists already; --overwrite replaces it"),
        (["-o", "a.mov", "--crf", "20"], "--crf is of hevc only, and a.mov is prores"),
        (["-o", "a.avi"], "suffix '.avi' is of no video known here"),
        (["-o", "a.mov", "--codec", "ffv1"], ".mov holds no ffv1; it goes into .mkv"),
        (["-o", "a.mov", "--fps", "fast"], "fps 'fast': a number is expected"),
        (["-o", "a.mov", "--timecode", "01:00:00;00"], "drop frame (;) is of 29.97"),
        (["-o", "a.mov", "--frames", "7"], "frames '7': 7 not there"),
        (["-o", "a.mov", "--set", "colour.space=srgb-linear"], "a video is of srgb, display-p3, rec2020"),
    ):
        result = video("a.dng", *arguments)
        assert result.exit_code == 2
        assert text in result.stderr

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(codec, "import_module", missing)
    result = video("a.dng", "-o", "a.mov")
    assert (result.exit_code, result.stderr) == (2, "videos need PyAV: pip install 'tenbit[video]'\n")
    assert sorted(path.name for path in here.iterdir()) == ["a.dng", "small.yaml", "there.mov"]
