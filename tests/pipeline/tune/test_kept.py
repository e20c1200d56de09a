"""What a machine's tuning is kept as, and what becomes of a file that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenbit.kernels._schedule import RANGES, Schedule
from tenbit.pipeline import doctor
from tenbit.pipeline.device import CpuDevice, CudaDevice, usable_cores
from tenbit.pipeline.device.cuda import LANES
from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.run import run
from tenbit.pipeline.tune import kept
from tenbit.pipeline.tune.setting import Setting

TUNED = Setting(Schedule(scratch_bytes=1 << 20, bands=2), threads=1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where tunings are kept: an empty place, and they are wanted."""
    monkeypatch.delenv("TENBIT_TUNING")
    monkeypatch.setattr(kept, "folder", lambda: tmp_path / "cache" / "tuning")
    return tmp_path / "cache" / "tuning"


@pytest.fixture
def damaged(folder: Path) -> Callable[[Any], str]:
    """``damaged(record)``: what is said of a file with that in it, the defaults being used."""

    def said_of(record: Any) -> str:
        path = kept.keep(kept.this_cpu(), TUNED, {})
        path.write_text(record if isinstance(record, str) else json.dumps(json.loads(path.read_text("utf-8")) | record))
        kept.forget(kept.Machine("nobody's"))  # forgets what this process has read
        found = kept.kept_for_cpu()
        assert found.setting == Setting() and not found.record
        after = "; the default sizes are used until tenbit tune finds others"
        assert found.note.startswith(f"{path}: ") and found.note.endswith(after)
        return found.note.removeprefix(f"{path}: ").removesuffix(after)

    return said_of


def test_devices_go_by_what_is_kept(folder: Path) -> None:
    assert (CpuDevice().schedule, CpuDevice().threads) == (Schedule(), usable_cores())
    path = kept.keep(kept.this_cpu(), TUNED, {"gained": []})
    assert path.parent == folder and path.name.endswith(f"-{usable_cores()}-cores.json")
    device = CpuDevice()
    assert (device.schedule, device.threads) == (TUNED.schedule, 1)
    # A number of threads that is asked for is kept, and a frame of a batch gets no more than one alone.
    assert (CpuDevice(3).schedule, CpuDevice(3).threads) == (TUNED.schedule, 3)
    assert device.shared(4).threads == 1 and CpuDevice(3).shared(2).schedule == TUNED.schedule
    assert CpuDevice(2, Schedule(bands=9)).schedule.bands == 9
    assert kept.forget(kept.this_cpu()) == path and kept.forget(kept.this_cpu()) is None
    assert CpuDevice().schedule == Schedule()


def test_it_is_left_out_where_nobody_wants_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.keep(kept.this_cpu(), TUNED, {})
    monkeypatch.setenv("TENBIT_TUNING", "off")
    assert CpuDevice().schedule == Schedule() and kept.read(kept.this_cpu()).setting == TUNED


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("{", "not JSON"),
        ("[]", "no tuning"),
        ({"kind": "tenbit profile"}, "no tuning"),
        ({"version": 99}, "made for version 99 of the schedules, which are version 1"),
        ({"machine": "Z80"}, "made on another machine (Z80)"),
        ({"cores": 4096}, f"made on another machine ({kept.this_cpu().name})"),
        ({"setting": []}, "it has no setting"),
        ({"setting": {"bands": 0}}, "schedule: bands: 0 is outside 1..256"),
        ({"setting": {"bands": 2.5}}, "schedule: bands: 2.5 is no whole number"),
        ({"setting": {"threads": "all"}}, "threads: 'all' is no whole number from 1 to 4096"),
        ({"setting": {"tiles": 3}}, f"schedule: tiles: no such size; allowed: {', '.join(RANGES)}"),
    ],
)
def test_a_file_that_cannot_be_used_costs_a_word(record: Any, said: str, damaged: Callable[[Any], str]) -> None:
    assert damaged(record) == said


def test_the_word_is_said_once_and_by_the_doctor(
    damaged: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    damaged("{")
    (finding,) = [finding for finding in doctor.examine() if finding.topic == "tuning"]
    assert "not JSON" in finding.found and finding.remedy == "tenbit tune"
    from tenbit.pipeline import run as running

    device, said = CpuDevice(1), []
    monkeypatch.setattr(running, "choose", lambda name: (device, None))
    frame = Frame.from_mosaic(np.zeros((8, 8), np.uint16), black=0, white=1023)
    for _ in range(2):
        run(frame, "small.yaml", bits=8, said=said.append)
    assert [line for line in said if not line.startswith("compiling")] == [finding.found]


def test_a_place_that_takes_no_file_is_named(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_bytes(b"")
    assert kept.kept_for_cpu() == kept.Kept()
    for wanted in (lambda: kept.keep(kept.this_cpu(), TUNED, {}), lambda: kept.check_writable(kept.this_cpu())):
        with pytest.raises(WriteError, match=f"^{folder}.*: (File exists|Not a directory)"):
            wanted()


def test_cards_have_files_of_their_own(folder: Path, strict: Callable[[], None]) -> None:
    strict()
    assert CudaDevice().lanes == LANES
    kept.keep(kept.Machine("Strict"), Setting(lanes=3), {})
    assert [path.name for path in folder.iterdir()] == ["strict.json"]
    assert (CudaDevice().lanes, CudaDevice(0, 1).lanes) == (3, 1) and CpuDevice().schedule == Schedule()
