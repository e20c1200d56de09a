"""Points timed by the workers of a dask cluster: one at a time on each, all rounds of a point on the same one.

Rounds of different points are not in turns then: which worker had a point, and when, stands beside its observations.
"""

from __future__ import annotations

import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tenbit.pipeline.batch import Order
from tenbit.pipeline.errors import TenbitError
from tenbit.pipeline.farm.cluster.connect import Cluster, connected
from tenbit.pipeline.farm.cluster.work import keep_freed_memory
from tenbit.pipeline.profile.experiment.axes import one_line
from tenbit.pipeline.profile.experiment.declared import Experiment
from tenbit.pipeline.profile.experiment.journal import Journal, Line
from tenbit.pipeline.profile.experiment.place import here, place
from tenbit.pipeline.profile.experiment.points import Point, label, order
from tenbit.pipeline.profile.experiment.running import Progress
from tenbit.pipeline.profile.experiment.workbench import Workbench
from tenbit.pipeline.profile.measure import uncollected

_LOOK_S, _NAP_S = 1.0, 0.02
_MOST_DEATHS = 2


def run_on(
    experiment: Experiment,
    points: Sequence[Point],
    journal: Journal,
    address: str,
    *,
    said: Callable[[str], None],
) -> None:
    """Make every observation that the journal has not got, on the workers of a cluster.

    Parameters
    ----------
    experiment : Experiment
    points : sequence of Point
    journal : Journal
    address : str
        ``local:N``, a scheduler's address, or its scheduler file.
    said : callable
        Told, a line each, of points that fail, and how far it is.

    Raises
    ------
    RequestError
        If the cluster cannot be used.
    DeviceError
        If its workers have no card where all points want one.
    WriteError
        If the journal cannot be written.
    TenbitError
        If the cluster goes away.
    """
    devices = set(experiment.axes.get("device", ("auto",)))
    chain = next(iter(experiment.chains.values()))
    one = devices.pop() if len(devices) == 1 else "auto"
    with connected(address, Order(chain, device=None if one == "auto" else one), said=said) as cluster:
        _Giving(cluster, experiment, journal, said).run(points)


@dataclass(frozen=True)
class Errand:
    """What a worker is given.

    Parameters
    ----------
    experiment : Experiment
    point : Point
    turns : tuple of int
        Rounds that are wanted.
    is_new : bool
        Whether its facts are wanted too.
    threads : int or None
        Of the CPU where the point does not say it; by default all of the worker's.
    """

    experiment: Experiment
    point: Point
    turns: tuple[int, ...]
    is_new: bool
    threads: int | None


_BENCHES: dict[tuple[object, ...], Workbench] = {}


def timed(packed: bytes) -> list[Line]:
    """What a worker found at one point, a line each; frames and plans are kept for the next one."""
    from distributed import get_worker

    from tenbit.kernels import _native

    _native.prepare()
    keep_freed_memory()
    errand: Errand = pickle.loads(packed)
    worker: Any = get_worker()
    about = here(worker.address)
    lines: list[Line] = [{"kind": "worker", **place(), **about}]
    point, threads = errand.point, errand.threads or worker.state.nthreads
    key = errand.experiment.key, errand.experiment.quality, threads
    if key not in _BENCHES:
        _BENCHES.clear()
        _BENCHES[key] = Workbench(errand.experiment, threads=threads)
    bench = _BENCHES[key]
    try:
        with uncollected():
            if errand.is_new:
                lines.append(bench.first(point) | about)
            lines.extend(bench.timed(point) | {"round": turn} | about for turn in errand.turns)
    except Exception as error:
        lines.append({"kind": "failed", "point": point.key, "error": one_line(error)} | about)
    bench.end_round()
    return lines


class _Giving:
    """One experiment on a cluster."""

    def __init__(self, cluster: Cluster, experiment: Experiment, journal: Journal, said: Callable[[str], None]) -> None:
        self._cluster, self._experiment, self._journal, self._said = cluster, experiment, journal, said
        # A thread waits for dask's answers that no signal stops, which would break dask's own.
        self._caller = ThreadPoolExecutor(1, thread_name_prefix="tenbit-dask")
        self._out: dict[str, tuple[Any, Point]] = {}
        self._waiting = deque[Point]()
        self._workers = set[str]()
        self._deaths = Counter[str]()

    def run(self, points: Sequence[Point]) -> None:
        known, repeats = self._journal.known, self._experiment.repeats
        turns = range(1, repeats + 1)
        mixed = order(points, self._experiment.seed, 1)
        self._waiting.extend(p for p in mixed if not all(turn in known.rounds.get(p.key, {}) for turn in turns))
        progress = Progress(len(points), len(points) * repeats, known.count, self._said)
        looked = -_LOOK_S
        try:
            while self._waiting or self._out:
                if time.monotonic() - looked > _LOOK_S:
                    looked = time.monotonic()
                    self._look()
                for worker in self._workers - self._out.keys():
                    if self._waiting:
                        self._give(self._waiting.popleft(), worker)
                for worker, (future, point) in list(self._out.items()):
                    if future.done():
                        self._take(worker, future, point, progress)
                    elif worker not in self._workers:
                        self._asked(self._cluster.client.cancel, [future], force=True)
                        self._lost(worker, point)
                time.sleep(_NAP_S)
        finally:
            self._caller.shutdown(wait=False, cancel_futures=True)

    def _look(self) -> None:
        had_any = bool(self._workers)
        self._workers = set(self._asked(self._cluster.client.nthreads))
        if had_any and not self._workers:
            self._said(f"cluster {self._cluster.address}: waiting for workers")

    def _give(self, point: Point, worker: str) -> None:
        known = self._journal.known
        done = known.rounds.get(point.key, {})
        turns = tuple(turn for turn in range(1, self._experiment.repeats + 1) if turn not in done)
        is_new = not self._journal.has_first(point.key, quality=self._experiment.quality)
        local = self._cluster.order.threads if self._cluster.is_local else None
        errand = Errand(self._experiment, point, turns, is_new, local)
        future = self._asked(
            self._cluster.client.submit,
            timed,
            pickle.dumps(errand),
            workers=[worker],
            resources=dict(self._cluster.resources) or None,
            pure=False,
            key=f"tenbit-{point.key}-{time.monotonic_ns()}",
        )
        self._out[worker] = future, point

    def _take(self, worker: str, future: Any, point: Point, progress: Progress) -> None:
        if future.status in ("cancelled", "lost"):
            raise self._gone()
        error = self._asked(future.exception)
        if error is not None and type(error).__name__ == "KilledWorker":
            self._lost(worker, point)
            return
        if error is not None:
            del self._out[worker]
            self._failed(worker, point, one_line(error))
            return
        lines: list[Line] = self._asked(future.result)
        del self._out[worker]
        number = self._journal.known.count
        for line in lines:
            if line["kind"] == "timed":
                line["number"] = number
                number += 1
            elif line["kind"] == "failed":
                self._said(f"{label(self._experiment, point)}: {line['error']}")
        self._journal.add(lines)
        progress.add(sum(line["kind"] == "timed" for line in lines))

    def _lost(self, worker: str, point: Point) -> None:
        """A point whose worker is gone, maybe over it: another one may try."""
        del self._out[worker]
        self._workers.discard(worker)
        self._deaths[point.key] += 1
        if self._deaths[point.key] < _MOST_DEATHS:
            self._waiting.append(point)
        else:
            self._failed(worker, point, f"its worker died, {_MOST_DEATHS} times")

    def _failed(self, worker: str, point: Point, error: str) -> None:
        """The others go on."""
        self._said(f"{label(self._experiment, point)}: {error}")
        self._journal.add([{"kind": "failed", "point": point.key, "error": error} | here(worker)])

    def _asked(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            return self._caller.submit(call, *arguments, **options).result()
        except (OSError, TimeoutError):
            raise self._gone() from None

    def _gone(self) -> TenbitError:
        return TenbitError(f"cluster {self._cluster.address}: the scheduler is gone; --resume goes on")
