"""A batch on a dask cluster: outcomes in order, what workers must share, and ends that leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenbit.pipeline.batch import Order
from tenbit.pipeline.config import load
from tenbit.pipeline.errors import DeviceError, RequestError
from tenbit.pipeline.farm import cluster
from tenbit.pipeline.farm.cluster import give, work
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.jobs import Job


@pytest.fixture
def scheduler(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a scheduler in this process, with one worker, a thread of it."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        dashboard_address=None,
        memory_limit=0,
        silence_logs=50,
    ) as started:
        yield started.scheduler_address


@pytest.fixture
def order(here: Path) -> Order:
    return Order(settled(load("small.yaml"), "jpeg"), device="cpu")


def jobs(*names: str) -> list[Job]:
    return [Job(Path(f"{name}.dng"), Path("out", f"{name}.jpg")) for name in names]


def test_outcomes_come_in_order_and_outputs_that_are_there_stay(raw: Path, order: Order, scheduler: str) -> None:
    work = jobs("a", "missing", "broken", "mine", "b")
    for name in "b", "mine":
        raw.with_name(f"{name}.dng").write_bytes(raw.read_bytes())
    raw.with_name("broken.dng").write_bytes(b"no raw file")
    Path("out").mkdir()
    work[3].target.write_bytes(b"mine")
    said: list[str] = []
    outcomes = list(cluster.develop(work, order, scheduler, said=said.append))
    assert [outcome.job for outcome in outcomes] == work
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "failed", "failed", "done"]
    assert outcomes[0].device.endswith(tuple("0123456789")) and " at tcp://" in outcomes[0].device
    assert "(as worker tcp://" in outcomes[1].error and outcomes[1].kind == "ReadError"
    assert outcomes[2].error == "not a DNG: no TIFF with a DNGVersion tag"
    assert outcomes[3].error.endswith("exists already; --overwrite replaces it, --skip-existing leaves it")
    assert work[3].target.read_bytes() == b"mine"
    # Neither what a worker must see nor a half file is left.
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.jpg", "b.jpg", "mine.jpg"]
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith(".")) == []


def test_jobs_are_asked_for_as_workers_are_free_and_a_failure_may_stop_the_batch(
    raw: Path, order: Order, scheduler: str
) -> None:
    import dataclasses

    asked: list[Job] = []

    def coming() -> Iterator[Job]:
        for number in range(1000):
            asked.append(Job(Path("missing.dng" if number == 5 else "a.dng"), Path("out", f"{number}.jpg")))
            yield asked[-1]

    outcomes = list(cluster.develop(coming(), dataclasses.replace(order, on_error="stop"), scheduler))
    assert [outcome.status for outcome in outcomes[:6]] == ["done"] * 5 + ["failed"]
    assert len(outcomes) <= len(asked) < 300
    told = {outcome.job.target for outcome in outcomes if outcome.status == "done"}
    assert set(Path("out").iterdir()) == told


def test_an_interrupt_gives_the_outcomes_that_are_left(raw: Path, order: Order, scheduler: str) -> None:
    steps = cluster.develop((Job(raw, Path("out", f"{n}.jpg")) for n in range(1000)), order, scheduler)
    told = [next(steps), next(steps)]
    with pytest.raises(KeyboardInterrupt):
        told.append(steps.throw(KeyboardInterrupt()))  # type: ignore[attr-defined]
        told.extend(steps)
    # Each of them once.
    assert sorted(Path("out").iterdir()) == sorted(outcome.job.target for outcome in told)


def test_what_a_worker_must_share(raw: Path, order: Order, scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    from tenbit import __version__

    def fault(**changes: Any) -> str:
        with pytest.raises((RequestError, DeviceError)) as caught:
            list(cluster.develop(jobs("a"), dataclasses.replace(order, **changes), scheduler))
        return str(caught.value)

    assert "no worker offers a GPU: start one per card" in fault(device="cuda")
    with monkeypatch.context() as patch:
        patch.setattr(give, "probe", lambda *_: Path("elsewhere", "probe"))
        assert fault().endswith(" does not see elsewhere, where outputs are to be written")
    with monkeypatch.context() as patch:
        hashes = iter(["a" * 64, "b" * 64])
        patch.setattr(work, "hash_of", lambda _: next(hashes))
        assert fault().endswith(f" reads the chain as {'b' * 12}, not as {'a' * 12}")
    with monkeypatch.context() as patch:
        patch.setattr(work, "__version__", "9.9")
        assert fault().endswith(f" has tenbit 9.9, and this batch is of {__version__}")
    assert not Path("out").exists()


def test_a_cluster_that_cannot_be_had(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    dask = pytest.importorskip("dask")

    def fault(address: str) -> str:
        with pytest.raises(RequestError) as caught, dask.config.set({"distributed.comm.timeouts.connect": "200ms"}):
            list(cluster.develop(jobs("a"), order, address))
        return str(caught.value)

    text = "local:N, with N worker processes, or tcp://host:8786 belongs here"
    assert fault("local:none") == f"cluster 'local:none': {text}"
    assert fault("local:0") == f"cluster 'local:0': {text}"
    assert fault("farm.json") == "cluster farm.json: no such scheduler file"
    assert fault("tcp://127.0.0.1:9").startswith("cluster tcp://127.0.0.1:9: no scheduler answers there: ")
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert fault("local:2") == "a cluster needs dask: pip install 'tenbit[farm]'"


ENDLESS = """
from itertools import count
from pathlib import Path
from tenbit.pipeline.batch import Order
from tenbit.pipeline.config import load
from tenbit.pipeline.farm import cluster
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.jobs import Job
if __name__ == "__main__":
    order = Order(settled(load("small.yaml"), "jpeg"), device="cpu")
    for outcome in cluster.develop((Job(Path("a.dng"), Path("out", f"{n}.jpg")) for n in count()), order, "local:1"):
        print(outcome.error or outcome.status, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_workers_end_with_the_process_that_started_them(raw: Path, name: str) -> None:
    psutil = pytest.importorskip("psutil")
    Path("endless.py").write_text(ENDLESS, "utf-8")
    with subprocess.Popen(
        [sys.executable, "endless.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == "done\n"
        workers = psutil.Process(process.pid).children(recursive=True)
        assert workers
        # Ctrl-C reaches every process of a terminal, and kill -9 this one alone.
        if name == "SIGINT":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.kill()
        _, said = process.communicate(timeout=60)
        assert not psutil.wait_procs(workers, timeout=60)[1]
    if name == "SIGINT":
        assert said.splitlines()[-1] == "KeyboardInterrupt" and "distributed" not in said.splitlines()[-2]
        assert not list(Path("out").glob(".*"))
