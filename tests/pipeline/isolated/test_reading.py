"""Files that are read in processes of their own: the same frames, and what a file does to its process stays there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import is_gone, waited_for

from tenbit.kernels._stage import Told
from tenbit.pipeline import foreseen, isolated, raw
from tenbit.pipeline.batch.order import Limits
from tenbit.pipeline.child import Child
from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.sample import make

HERE = Path(__file__).parent
LIMITS = Limits(seconds=60.0, memory_bytes=2**30)
DNG_PARTS = ("samples", "exif", "source", "reader", "warnings", "packing")


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(HERE)
    with isolated.reading("always", LIMITS, read="hostile:read") as read:
        yield read


def test_what_a_file_does_to_its_process_costs_that_file_alone(hostile: Any, tmp_path: Path) -> None:
    first = hostile("pid.x")
    said = {}
    for name in ("segfault", "exit", "broken", "foreign", "memory", "code", "huge", "objects"):
        with pytest.raises(ReadError) as caught:
            hostile(tmp_path / f"{name}.x")
        assert caught.value.path == tmp_path / f"{name}.x"
        said[name] = (type(caught.value), caught.value.reason)
    assert said == {
        "segfault": (ReadError, "the process that read it was killed by SIGSEGV"),
        "exit": (ReadError, "the process that read it ended with status 3"),
        "broken": (ReadError, "cut off"),
        "foreign": (UnsupportedError, "an X-Trans CFA"),
        "memory": (ReadError, "reading it takes more than 1 GiB of memory"),
        "code": (
            ReadError,
            "the process that read it answered nonsense (no message: posix.system is not admitted)",
        ),
        "huge": (ReadError, "the process that read it answered nonsense (a shape of (1099511627776, 2))"),
        "objects": (ReadError, "the process that read it answered nonsense (samples of object)"),
    }
    with pytest.raises(RuntimeError, match="ZeroDivisionError: division by zero") as bug:
        hostile("bug.x")
    assert "in _bug" in bug.value.__notes__[0]
    again = hostile("module.x")
    assert first.samples[0, 0] != again.samples[0, 0] == hostile("chatter.x").samples[0, 0]
    assert again.source == Path("module.x")
    assert again.warnings == ("a warning", "a note") and type(again.warnings[1]) is Told
    assert not list(tmp_path.iterdir())


def test_two_calls_at_once_are_read_at_once(hostile: Any, tmp_path: Path) -> None:
    frames: list[Any] = []
    lanes = [threading.Thread(target=lambda: frames.append(hostile(tmp_path / "slow.x"))) for _ in range(2)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    assert len({frame.samples[0, 0] for frame in frames}) == 2


def test_a_file_that_takes_too_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(HERE)
    with (
        isolated.reading("always", Limits(seconds=1.5), read="hostile:read") as read,
        pytest.raises(ReadError, match=r"hang\.x: reading it takes longer than 1\.5 s"),
    ):
        read(tmp_path / "hang.x")


def test_at_the_end_nobody_waits_for_a_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(HERE)
    errors: list[ReadError] = []

    def lane() -> None:
        try:
            read(tmp_path / "hang.x")
        except ReadError as error:
            errors.append(error)

    with isolated.reading("always", LIMITS, read="hostile:read") as read:
        waiting = threading.Thread(target=lane)
        waiting.start()
        assert waited_for((tmp_path / "hang.pid").exists)
        read.close()
        waiting.join()
    assert "was killed by SIGKILL" in str(errors[0])
    with pytest.raises(ReadError, match="the batch has ended"):
        read("pid.x")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_it_ends_with_its_parent_and_not_at_its_signals(tmp_path: Path) -> None:
    """The parent hangs on a file, is told to end as a terminal and a farm tell the whole group, and is killed."""
    code = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
from tenbit.pipeline import isolated
from tenbit.pipeline.batch.order import Limits
with isolated.reading("always", Limits(), read="hostile:read") as read:
    read({str(tmp_path / "hang.x")!r})
"""
    parent = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    written = tmp_path / "hang.pid"
    assert waited_for(lambda: written.exists() and bool(written.read_text()))
    worker = int(written.read_text())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(worker, number)
    assert "S" in Path(f"/proc/{worker}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    parent.kill()
    parent.wait()
    assert waited_for(lambda: is_gone(worker))


def test_frames_are_those_of_this_process(shared_data: Path, tmp_path: Path) -> None:
    make(tmp_path / "a.dng", rows=64, cols=64, truth=False)
    make(tmp_path / "b.raw10", rows=66, cols=70, truth=False)
    camera = shared_data / "raw/bayer10/drewnoakes_digicam_corpus__Canon_PowerShot_S40_CRW_0119.CRW"
    with isolated.reading("always", Limits()) as read:
        for path in (tmp_path / "a.dng", tmp_path / "b.raw10", camera):
            here, there = raw.read(path, keep_packed=True), read(path, keep_packed=True)
            assert here.samples.dtype == there.samples.dtype
            np.testing.assert_array_equal(here.samples, there.samples)
            assert repr(here.facts) == repr(there.facts) and here.facts == there.facts
            for part in DNG_PARTS[1:]:
                assert getattr(here, part) == getattr(there, part)


def test_auto_starts_no_process_for_what_this_one_reads(
    monkeypatch: pytest.MonkeyPatch, here: Path, raw: Path, tmp_path: Path
) -> None:
    started: list[str] = []
    init = Child.__init__
    monkeypatch.setattr(Child, "__init__", lambda self, target, **more: (started.append(target), init(self, target))[1])
    (tmp_path / "a.nef").write_bytes(b"no such format, and long enough to look at")
    with isolated.reading("auto", Limits()) as read:
        assert read(raw).reader == "dng"
        with pytest.raises(ReadError, match=r"absent\.nef: no such file"):
            read("absent.nef")
        assert not started
        with pytest.raises(ReadError, match=r"^a\.nef: not a raw file that LibRaw can read"):
            read("a.nef")
        assert len(started) == 1
    with isolated.reading("never", Limits()) as read:
        # What a caller puts in the place of reading is what reads.
        monkeypatch.setattr(foreseen, "read", lambda path, **_: path)
        assert read("a.nef") == "a.nef"
    assert len(started) == 1
