"""One worker killed midway and one poisoned file: every good frame is written once, the poison is told."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from tenbit.pipeline.batch import Order
from tenbit.pipeline.config import load
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.manifest import NAME


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("distributed")
    monkeypatch.syspath_prepend(Path(__file__).parent)
    # What a worker starts has no path but this.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return importlib.import_module("trial")


def test_every_good_frame_is_written_once(raw: Path, trial: ModuleType) -> None:
    order = Order(settled(load("small.yaml"), "jpeg"), device="cpu", manifest=Path("out", NAME))
    good = [Job(raw, Path("out", f"{number}.jpg")) for number in range(60)]
    Path("broken.dng").write_bytes(b"no raw file")
    told = trial.killed_midway(good, [Path("broken.dng")], order, behind=1)
    failed = {outcome.job.target.stem: outcome for outcome in told.outcomes if outcome.status == "failed"}
    assert set(failed) == {"poison", "bad-0"}
    assert failed["poison"].kind == "WorkerDied" and failed["poison"].attempts >= 3
    assert "killed by" in failed["poison"].error
    assert failed["bad-0"].error == "not a DNG: no TIFF with a DNGVersion tag"
    assert trial.times_written(order) == {f"{number}.jpg": 1 for number in range(60)}
    assert {path.name for path in Path("out").iterdir()} == {NAME, *(f"{number}.jpg" for number in range(60))}
    # The one that is killed here, and the one that the poison killed before it was known.
    assert told.deaths >= 2
    assert any("frames were given out again, because their worker died" in line for line in told.lines)
