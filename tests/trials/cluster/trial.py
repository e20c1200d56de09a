"""A batch on worker processes of this machine: what one that is killed costs, and what a second one brings.

Run it on a machine that does nothing else; the second line of a throughput is what the trial is for:

    python tests/trials/cluster/trial.py --frames 48 --rows 3072 --cols 4096 --bad ../shared/data/bad
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tenbit.pipeline.batch import Order
from tenbit.pipeline.config import load
from tenbit.pipeline.farm import cluster
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.manifest import NAME
from tenbit.pipeline.outcome import Outcome
from tenbit.pipeline.sample import make


@dataclasses.dataclass
class Told:
    """What a batch told: outcomes in the order of the jobs, and lines."""

    outcomes: list[Outcome]
    lines: list[str]

    @property
    def deaths(self) -> int:
        return sum("was killed by signal 9" in line for line in self.lines)

    def counts(self) -> dict[str, int]:
        return dict(Counter(outcome.status for outcome in self.outcomes))


def killed_midway(good: Sequence[Job], bad: Iterable[Path], order: Order, *, behind: int) -> Told:
    """Two workers; after some outcomes one of them is killed, and a frame behind the good ones kills who has it."""
    import psutil
    from poison import Poison

    target = good[0].target
    jobs = list(good)
    # Last: it kills only when the other one that is killed has been found alive.
    jobs.append(Job(good[0].source, target.with_stem("poison"), given=Poison()))
    jobs += [Job(path, target.with_name(f"bad-{number}{target.suffix}")) for number, path in enumerate(bad)]
    told = Told([], [])
    for outcome in cluster.develop(jobs, order, "local:2", said=told.lines.append):
        told.outcomes.append(outcome)
        if len(told.outcomes) == behind:
            workers = [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())]
            workers[0].kill()
    assert [outcome.job for outcome in told.outcomes] == jobs
    return told


def times_written(order: Order) -> Counter[str]:
    """How often each output was finished, as the manifest has it."""
    assert order.manifest is not None
    # The first line says what file this is.
    return Counter(json.loads(line)["output"] for line in order.manifest.read_text("utf-8").splitlines()[1:])


def rate(source: Path, folder: Path, order: Order, *, workers: int, frames: int) -> float:
    """Frames a second of so many workers, one thread each, between the first third and the end."""
    jobs = [Job(source, folder / f"{number}.jpg") for number in range(frames)]
    order = dataclasses.replace(order, existing="replace", threads=workers)
    first = frames // 3
    for number, outcome in enumerate(cluster.develop(jobs, order, f"local:{workers}"), 1):
        assert outcome.status == "done", outcome.error
        if number == first:
            began = time.perf_counter()
    return (frames - first) / (time.perf_counter() - began)


@contextmanager
def poison_at_hand() -> Iterator[None]:
    """Inside, this process and those that it starts find the poison."""
    folder, before = str(Path(__file__).parent), os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, before)))
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--rows", type=int, default=3072)
    parser.add_argument("--cols", type=int, default=4096)
    parser.add_argument("--chain", default="standard")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--bad", type=Path, help="A folder of malformed files, some of which are put among the others.")
    asked = parser.parse_args()
    order = Order(settled(load(asked.chain), "jpeg"), device="cpu")
    with tempfile.TemporaryDirectory() as text, poison_at_hand():
        folder = Path(text)
        make(folder / "a.dng", rows=asked.rows, cols=asked.cols, truth=False)
        good = [Job(folder / "a.dng", folder / "out" / f"{number}.jpg") for number in range(asked.frames)]
        bad = sorted(asked.bad.iterdir())[:12] if asked.bad else []
        noted = dataclasses.replace(order, manifest=folder / "out" / NAME)
        told = killed_midway(good, bad, noted, behind=asked.frames // 4)
        pictures = len(list((folder / "out").glob("[0-9]*.jpg")))
        written = times_written(noted)
        once = sum(number == 1 for number in written.values())
        print(f"{told.deaths} deaths; {told.counts()}", end="; ")  # noqa: T201
        print(f"{pictures} of {asked.frames} good pictures, {once} of them written once")  # noqa: T201
        for outcome in told.outcomes:
            if outcome.status == "failed":
                print(f"  {outcome.job.source.name}: {outcome.kind}: {outcome.error}")  # noqa: T201
        rates = defaultdict(list)
        # One after the other, so that what else the machine does meets both.
        for _, workers in itertools.product(range(asked.repeats), (1, 2)):
            rates[workers].append(rate(folder / "a.dng", folder / "out", order, workers=workers, frames=asked.frames))
        one, two = (statistics.median(rates[workers]) for workers in (1, 2))
        print(f"one worker: {one:.2f} frames/s, two: {two:.2f}")  # noqa: T201
        print(f"two over one: {two / one:.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
