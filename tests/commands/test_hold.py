"""``tenbit hold``: what every frame of a shot is given."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tenbit.cli import commands
from tenbit.pipeline.sample import make

SCENE = np.linspace(0.1, 0.8, 64 * 96 * 3).reshape(64, 96, 3)
STOPS = (-1.0, -0.7, -1.2, -0.9, -1.0)


@pytest.fixture
def shot(here: Path) -> str:
    """Five frames of unlike brightness; the third is no raw file."""
    for number, ev in enumerate(STOPS, 1):
        make(here / f"A_{number:02d}.dng", scene=SCENE, exposure_ev=ev, truth=False)
    (here / "A_03.dng").write_bytes(b"none")
    return "A_##.dng"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["hold", *arguments, "-c", "small.yaml"], catch_exceptions=False)


def test_the_values_are_told_and_kept(shot: str, here: Path) -> None:
    (here / "A_04.dng").unlink()
    done = run(shot, "--exposure", "lock=1", "--balance", "lock=1", "-o", "A.json")
    assert done.exit_code == 1
    assert "A_##.dng: 1 missing of 1-5: 4\n" in done.stderr
    assert "measuring 4 frames for --balance lock=1, --exposure lock=1\n" in done.stderr
    assert "A_03.dng: " in done.stderr
    assert "A_….dng: cannot be read, and are not held: 3\n" in done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[2:]]
    assert [(row[0], row[1]) for row in rows] == [(f"A_{n:02d}.dng", str(n)) for n in (1, 2, 3, 5)]
    assert len({tuple(row[2:5]) for row in rows}) == 1
    assert [float(row[-1]) for row in rows] == pytest.approx([0.0, -0.3, 0.0, 0.0], abs=0.02)
    kept = json.loads((here / "A.json").read_text())
    assert kept["hold"]["exposure"] == "lock=1"
    assert list(kept["frames"]) == [f"{here.name}/A_{n:02d}.dng" for n in (1, 2, 3, 5)]


def test_values_that_are_there_stay_unless_they_may_go(shot: str, here: Path) -> None:
    record = here / "A.json"
    record.write_text("{}")
    refused = run(shot, "--exposure", "lock=1", "-o", "A.json")
    assert (refused.exit_code, record.read_text()) == (2, "{}")
    assert "A.json exists already; --overwrite replaces it" in refused.stderr
    assert run(shot, "--exposure", "smooth=3", "-o", "A.json", "--overwrite").exit_code == 1
    assert json.loads(record.read_text())["hold"]["exposure"] == "smooth=3"


def test_what_cannot_be_meant_is_refused(shot: str) -> None:
    nothing = run(shot)
    assert (nothing.exit_code, "nothing is held: give --balance" in nothing.stderr) == (2, True)
    wrong = run(shot, "--exposure", "lock=9")
    assert (wrong.exit_code, wrong.stderr) == (2, "--exposure lock=9: A_….dng has no such frame; there are 1-5\n")


def test_a_piece_that_reads_them_makes_the_pictures_of_the_whole_shot(shot: str, here: Path) -> None:
    make(here / "A_03.dng", scene=SCENE, exposure_ev=STOPS[2], truth=False)
    (here / "points.yaml").write_text(
        "chain: [black_level, white_balance]\noutput: {format: tiff, bits: 32, compression: none}\n"
    )
    how = [shot, "-c", "points.yaml", "--exposure", "smooth=3"]

    def develop(*more: str) -> None:
        done = CliRunner().invoke(commands, ["develop", *how, "--isolate", "never", *more], catch_exceptions=False)
        assert done.exit_code == 0, done.output

    develop("-o", "whole/{stem}.{ext}", "--held", "A.json")
    # The rest of the shot is no longer to be read.
    for number in (1, 3, 5):
        (here / f"A_{number:02d}.dng").write_bytes(b"none")
    develop("-o", "part/{stem}.{ext}", "--held", "A.json", "--frames", "1-4", "--shard", "1/2")
    assert sorted(path.name for path in (here / "part").iterdir()) == ["A_02.tif", "A_04.tif"]
    for name in ("A_02.tif", "A_04.tif"):
        assert (here / "part" / name).read_bytes() == (here / "whole" / name).read_bytes()
