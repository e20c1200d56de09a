"""Several processes that develop the files of one batch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from waiting import is_gone, waited_for

from tenbit.pipeline import crew
from tenbit.pipeline.batch import Order, develop
from tenbit.pipeline.config import Chain, load
from tenbit.pipeline.crew import hands, shares
from tenbit.pipeline.errors import DeviceError, TenbitError
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.jobs import Job

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engines of `rough`, for the processes that are started."""
    monkeypatch.syspath_prepend(HERE)


@pytest.fixture
def chain(here: Path) -> Chain:
    return settled(load("small.yaml"), "jpeg")


def jobs(*names: str) -> list[Job]:
    return [Job(Path(f"{name}.dng"), Path(f"out/{name}.jpg")) for name in names]


def made(raw: Path, *names: str) -> list[Job]:
    """Jobs whose files are there."""
    for name in names:
        if name not in ("a", "absent"):
            shutil.copyfile(raw, f"{name}.dng")
    return jobs(*names)


def test_files_that_kill_their_process_cost_no_other_file(raw: Path, chain: Chain) -> None:
    work = made(raw, "a", "once", "b", "kills", "c", "absent", "d", "e")
    said: list[str] = []
    steps = crew.develop(iter(work), Order(chain, device="cpu"), 2, said=said.append, engine="rough:develop")
    outcomes = list(steps)
    assert [outcome.job for outcome in outcomes] == work
    failures = {o.job.source.stem: (o.kind, o.error, o.attempts) for o in outcomes if o.status != "done"}
    assert failures == {
        "kills": (
            "WorkerDied",
            "the process that developed it was killed by SIGSEGV, with no other file beside it",
            2,
        ),
        "absent": ("ReadError", "no such file", 1),
    }
    (here,) = develop([Job(raw, Path("here.jpg"))], Order(chain, device="cpu"))
    pictures = {path.name for path in Path("out").iterdir() if not path.name.startswith(".")}
    assert pictures == {f"{name}.jpg" for name in ("a", "b", "c", "once", "d", "e")}
    assert Path("out/a.jpg").read_bytes() == here.job.target.read_bytes()
    assert [line for line in said if not line.startswith("compiling ")] == ["as every process says"]


def test_an_interrupt_tells_of_what_is_finished_and_leaves_nobody_behind(raw: Path, chain: Chain) -> None:
    work = made(raw, "a", "waits", "b", "c")
    steps = crew.develop(work, Order(chain, device="cpu", threads=1), 1, engine="rough:develop")
    assert next(steps).job == work[0]
    assert waited_for(lambda: Path("pid").exists() and Path("out/c.jpg").exists())
    threading.Timer(0.3, Path("go").touch).start()
    told = [steps.throw(KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        while True:
            told.append(next(steps))
    # The one that was being read is dropped.
    assert [outcome.job for outcome in told] == work[2:]
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.jpg", "b.jpg", "c.jpg"]
    assert is_gone(int(Path("pid").read_text()))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_it_ends_with_its_parent(raw: Path, chain: Chain) -> None:
    made(raw, "waits")
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(HERE)!r})
from tenbit.pipeline import crew
from tenbit.pipeline.batch import Order
from tenbit.pipeline.config import load
from tenbit.pipeline.jobs import Job
job = Job(Path("waits.dng"), Path("waits.jpg"))
list(crew.develop([job], Order(load("small.yaml"), "cpu"), 1, engine="rough:develop"))
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    assert waited_for(lambda: Path("pid").exists() and bool(Path("pid").read_text()))
    parent.kill()
    parent.wait()
    Path("go").touch()
    assert waited_for(lambda: is_gone(int(Path("pid").read_text())))
    assert not list(Path().glob("*.jpg")) and not list(Path().glob(".*.part"))


def test_an_engine_may_look_ahead_as_far_as_it_likes(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "_UNTOLD", 3)
    work = jobs(*(f"{number}" for number in range(100)))
    asked: list[int] = []
    coming = (asked.append(number) or job for number, job in enumerate(work))
    steps = crew.develop(coming, Order(chain, device="cpu", threads=2), 2, engine="rough:greedy")
    first = next(steps)
    assert len(asked) < 100
    outcomes = [first, *steps]
    assert [outcome.job for outcome in outcomes] == work
    assert len({outcome.seconds for outcome in outcomes}) == 2


def test_a_failure_stops_the_batch_where_that_is_asked_for(chain: Chain) -> None:
    work = jobs(*(f"{number}{'bad' * (number == 5)}" for number in range(40)))
    steps = crew.develop(work, Order(chain, device="cpu", on_error="stop"), 2, engine="rough:greedy")
    outcomes = list(steps)
    told = [outcome.job for outcome in outcomes]
    assert told == sorted(told, key=work.index) and len(told) < 40
    assert [outcome.job for outcome in outcomes if outcome.status == "failed"] == [work[5]]


@pytest.mark.parametrize(
    ("engine", "kind", "text"),
    [
        ("refused", DeviceError, "cuda:3: there are 2 CUDA devices, numbered from 0"),
        ("buggy", RuntimeError, "ZeroDivisionError: division by zero"),
        ("absent", TenbitError, "3 processes that were to develop files ended with status 1 before their first one"),
    ],
)
def test_what_is_wrong_with_all_files_is_raised_here(chain: Chain, engine: str, kind: Any, text: str) -> None:
    with pytest.raises(kind) as caught:
        list(crew.develop(jobs("a", "b"), Order(chain, device="cpu"), 1, engine=f"rough:{engine}"))
    assert str(caught.value) == text


def test_cores_memory_and_cards_are_shared(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "device_count", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    parts = shares.shares(Order(chain, device="cuda", threads=5, memory_bytes=300), 3)
    assert [part.order.threads for part in parts] == [2, 2, 1]
    assert [part.order.memory_bytes for part in parts] == [100, 100, 100]
    assert [part.order.device for part in parts] == ["cuda:0", "cuda:1", "cuda:0"]
    named = shares.shares(Order(chain, device="cuda:1", threads=1), 2)
    assert [(part.order.device, part.order.threads, part.env) for part in named] == [("cuda:1", 1, {})] * 2
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b")
    auto = shares.shares(Order(chain, device="auto"), 2)
    assert [(part.order.device, part.env) for part in auto] == [
        ("auto", {"CUDA_VISIBLE_DEVICES": "GPU-a"}),
        ("auto", {"CUDA_VISIBLE_DEVICES": "GPU-b"}),
    ]
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-a,GPU-b"
