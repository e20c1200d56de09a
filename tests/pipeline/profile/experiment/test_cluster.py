"""Points on the workers of a cluster: each once, all rounds on one worker; a worker that ends costs its point."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_bench import PLACE, FakeBench

from tenbit.pipeline.batch import Order
from tenbit.pipeline.farm.cluster.connect import Cluster
from tenbit.pipeline.profile.experiment import cluster, table
from tenbit.pipeline.profile.experiment.declared import Experiment
from tenbit.pipeline.profile.experiment.journal import Journal
from tenbit.pipeline.profile.experiment.place import run_id
from tenbit.pipeline.profile.experiment.points import order, points

TEXT = "chain: small.yaml\naxes: {threads: [1, 2], sample: [64x64, 128x128], device: cpu}\nrepeats: 3"


@pytest.fixture
def scheduler() -> Iterator[str]:
    """The address of a scheduler in this process, with two workers."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=3,
        processes=False,
        protocol="tcp",
        dashboard_address=None,
        memory_limit=0,
        silence_logs=50,
    ) as started:
        yield started.scheduler_address


def test_points_are_timed_once_each_on_one_worker(
    made: Callable[[str], Experiment], scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "Workbench", FakeBench)
    asked, said = made(TEXT), list[str]()
    with Journal(Path("t.csv.jsonl"), {"experiment": asked.key, "run": "driver", **PLACE}) as kept:
        cluster.run_on(asked, points(asked), kept, scheduler, said=said.append)
    rows = table.rows(asked, points(asked), kept.known)
    assert [row["status"] for row in rows] == ["done", "failed", "done", "failed"]
    assert len(said) == 2 and all(line.endswith(": too large") for line in said)
    assert all(row["worker"].startswith("tcp://") and ", " not in row["worker"] and row["host"] for row in rows)
    # The worker's own machine, not that of whoever gave the points.
    assert all(row["machine"] != "one" and row["tenbit"] for row in rows)
    assert [row["number"] for row in table.observations(kept.known)] == list(range(6))
    with Journal(Path("t.csv.jsonl"), {"experiment": asked.key, "run": "next", **PLACE}, may_go_on=True) as again:
        cluster.run_on(asked, points(asked), again, scheduler, said=said.append)
        assert again.known.count == 6


class Answer:
    """What is known of a task: none of a worker that is gone ends."""

    status = "finished"

    def __init__(self, lines: list[dict[str, Any]] | None) -> None:
        self._lines = lines

    def done(self) -> bool:
        return self._lines is not None

    def exception(self) -> None:
        return None

    def result(self) -> list[dict[str, Any]] | None:
        return self._lines


class Losing:
    """A client whose worker ``a`` ends over its first task; ``bad`` points end every worker."""

    def __init__(self, bad: str) -> None:
        self.bad, self.given, self.workers = bad, list[tuple[str, str]](), 1

    def nthreads(self) -> dict[str, int]:
        return {f"worker {self.workers}": 1}

    def submit(self, _: object, packed: bytes, workers: list[str], **__: object) -> Answer:
        errand = pickle.loads(packed)
        self.given.append((errand.point.key, workers[0]))
        if errand.point.key == self.bad or len(self.given) == 1:
            self.workers += 1
            return Answer(None)
        bench = FakeBench()
        lines = [{"kind": "worker", **PLACE}, bench.first(errand.point)]
        lines += [bench.timed(errand.point) | {"round": turn} for turn in errand.turns]
        return Answer([line | {"run": "r", "host": "node", "worker": workers[0]} for line in lines])

    def cancel(self, *_: object, **__: object) -> None:
        pass


def test_a_point_whose_worker_ends_is_given_to_one_more(
    made: Callable[[str], Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_LOOK_S", 0.0)
    asked, said = made(TEXT.replace("64x64, 128x128", "64x64, 72x96")), list[str]()
    found = points(asked)
    bad = order(found, 0, 1)[2]
    client = Losing(bad.key)
    of_batch = Order(asked.chains["small.yaml"])
    with Journal(Path("t.csv.jsonl"), {"experiment": asked.key, "run": run_id(), **PLACE}) as kept:
        cluster._Giving(Cluster(client, "tcp://x", of_batch, False), asked, kept, said.append).run(found)
    assert [key for key, _ in client.given].count(bad.key) == 2 and len(client.given) == 4 + 2
    rows = {row["point"]: row for row in table.rows(asked, found, kept.known)}
    assert rows.pop(bad.key)["error"] == "its worker died, 2 times"
    assert all((row["status"], row["rounds"]) == ("done", 3) for row in rows.values())
    assert len(said) == 1 and said[0].endswith(": its worker died, 2 times")
