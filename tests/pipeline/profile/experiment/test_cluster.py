"""Points on the workers of a cluster: each once, all rounds on one worker; a worker that ends costs its point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_bench import PLACE, FakeBench

from tenbit.pipeline.profile.experiment import cluster, table
from tenbit.pipeline.profile.experiment.declared import Experiment
from tenbit.pipeline.profile.experiment.journal import Journal
from tenbit.pipeline.profile.experiment.points import points

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
