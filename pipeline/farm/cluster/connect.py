"""A dask cluster to give frames to: one of this machine's own, or one that runs somewhere."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tenbit import __version__
from tenbit.pipeline.batch import Order
from tenbit.pipeline.batch.budget import default_bytes
from tenbit.pipeline.device import is_simulated, unusable, usable_cores
from tenbit.pipeline.errors import DeviceError, RequestError
from tenbit.pipeline.farm.cluster import work
from tenbit.pipeline.run import Said

# What a card has at once: two frames on it, one that is read, one that is written.
_FRAMES_ON_CARD = 4
# Ours would be told twice, and dask's own lines are for those who ask for them (DASK_LOGGING__DISTRIBUTED=info).
_QUIET = logging.CRITICAL
_LOCAL_CONFIG = {
    # Readers of files that are not trusted are processes of their own.
    "distributed.worker.daemon": False,
    # 10 ms apart, a stack of every thread.
    "distributed.worker.profile.enabled": False,
    # With these, 11 % of a core are spent by two workers and this process that have nothing to do; with ours, 2 %.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    # Would be put into this process's own environment: one thread for OpenMP, memory given back at once.
    "distributed.nanny.pre-spawn-environ": {},
}


@dataclass(frozen=True)
class Cluster:
    """A cluster that was reached.

    Parameters
    ----------
    client : distributed.Client
    address : str
        As it was asked for.
    order : Order
        For one of its workers.
    is_local : bool
        Whether its workers are processes of this machine, started for this batch alone.
    """

    client: Any
    address: str
    order: Order
    is_local: bool

    @property
    def resources(self) -> Mapping[str, float]:
        """What a frame takes of a worker's resources."""
        return {"GPU": 1 / _FRAMES_ON_CARD} if (self.order.device or "").lower().startswith("cuda") else {}


@contextmanager
def connected(address: str, order: Order, *, said: Said) -> Iterator[Cluster]:
    """A cluster; one of this machine's own ends with the body.

    Parameters
    ----------
    address : str
        ``local:N`` (N worker processes here; ``local``: one per card, else per core), a scheduler's address
        (``tcp://host:8786``), or its scheduler file (``….json``).
    order : Order
        Of the whole batch.
    said : callable
        Told of worker processes of this machine that died.

    Raises
    ------
    RequestError
        If dask is not installed, the address cannot be meant or reached, or its workers have another tenbit, or no
        card where one is asked for.
    """
    try:
        import distributed
    except ImportError:
        raise RequestError("a cluster needs dask: pip install 'tenbit[farm]'") from None
    with ExitStack() as stack:
        if address.partition(":")[0] == "local":
            order, where = _started(address, order, stack, said)
        else:
            where = None
        place: dict[str, Any] = {"scheduler_file": address} if address.endswith(".json") else {"address": address}
        try:
            if place.get("scheduler_file") and not os.path.exists(address):  # noqa: PTH110
                raise RequestError(f"cluster {address}: no such scheduler file")
            client = distributed.Client(  # type: ignore[no-untyped-call]
                **({"address": where} if where else place), set_as_default=False
            )
        except (OSError, ValueError) as error:
            text = " ".join(str(error).split())
            raise RequestError(f"cluster {address}: no scheduler answers there: {text}") from None
        stack.callback(_closed, client)
        cluster = Cluster(client, address, order, where is not None)
        _check_workers(cluster)
        yield cluster


def _closed(client: Any) -> None:
    # A scheduler that is gone answers no farewell.
    with contextlib.suppress(OSError, TimeoutError, RuntimeError):
        client.close(timeout=5)


def _check_workers(cluster: Cluster) -> None:
    found = cluster.client.run(work.examined, on_error="return")
    for worker, answer in found.items():
        if isinstance(answer, ImportError | AttributeError):
            raise RequestError(f"worker {worker} has no tenbit {__version__}, which this batch is of: {answer}")
        if isinstance(answer, Exception):
            raise RequestError(f"worker {worker} cannot be used: {type(answer).__name__}: {answer}")
        if answer[0] != __version__:
            raise RequestError(f"worker {worker} has tenbit {answer[0]}, and this batch is of {__version__}")
    if cluster.resources and found and not any(resources.get("GPU") for _, resources in found.values()):
        raise DeviceError(
            f"cluster {cluster.address}: no worker offers a GPU: start one per card with "
            "CUDA_VISIBLE_DEVICES=N dask worker --nthreads 4 --resources GPU=1 …"
        )


def _started(address: str, order: Order, stack: ExitStack, said: Said) -> tuple[Order, Any]:
    """What each of this machine's own workers is told, and their cluster."""
    import dask
    from distributed import Nanny, Scheduler, SpecCluster

    cards = _cards(order.device)
    number = address.partition(":")[2] or str(len(cards) or usable_cores())
    if not number.isdecimal() or not int(number):
        raise RequestError(f"cluster {address!r}: local:N, with N worker processes, or tcp://host:8786 belongs here")
    count = int(number)
    threads = max(1, (order.threads or usable_cores()) // count)
    memory_bytes = (order.memory_bytes or default_bytes()) // count
    # Each worker sees its card alone, as cuda:0.
    device = "cuda" if cards else order.device
    order = dataclasses.replace(order, threads=threads, memory_bytes=memory_bytes, device=device)
    quiet = False if dask.config.get("logging", None) else _QUIET
    # Without a dashboard dask still serves its figures, on port 8787 of every network, unless it is told another place.
    shared: dict[str, Any] = {"host": "127.0.0.1", "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    options = {
        **shared,
        "silence_logs": quiet,
        "nthreads": _FRAMES_ON_CARD if cards else threads,
        # The order says what frames may take; dask would stop a worker whose buffers are full of them.
        "memory_limit": 0,
        "preload": ["tenbit.pipeline.farm.cluster.preload"],
        "resources": {"GPU": 1} if cards else {},
    }
    envs = [{"CUDA_VISIBLE_DEVICES": cards[i % len(cards)]} if cards else {} for i in range(count)]
    stack.enter_context(dask.config.set(_LOCAL_CONFIG))
    try:
        cluster = SpecCluster(  # type: ignore[no-untyped-call]
            workers={i: {"cls": Nanny, "options": {**options, "env": env}} for i, env in enumerate(envs)},
            # A frame whose worker died is not given to the next one: it is tried in a process of its own.
            scheduler={"cls": Scheduler, "options": {**shared, "port": 0, "allowed_failures": 0}},
            silence_logs=quiet,
        )
    except (OSError, RuntimeError, TimeoutError) as error:
        raise RequestError(f"cluster {address}: workers cannot be started: {error}") from None
    stack.callback(cluster.close)
    # Behind the cluster: that its workers end at its end is nothing to tell.
    stack.enter_context(_deaths_told(said))
    return order, cluster


def _cards(device: str | None) -> list[str]:
    """The cards that workers share out, as CUDA_VISIBLE_DEVICES names them; none on the CPU."""
    name = (device or os.environ.get("TENBIT_DEVICE") or "auto").lower()
    if name == "cpu" or is_simulated() or unusable(0):
        return []
    numbers = itertools.takewhile(lambda number: unusable(number) is None, itertools.count())
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    cards = [text.strip() for text in visible.split(",")] if visible else [str(number) for number in numbers]
    only = name.partition(":")[2]
    return [cards[int(only)]] if only.isdecimal() and int(only) < len(cards) else cards


@contextmanager
def _deaths_told(said: Said) -> Iterator[None]:
    """Inside, it is said when a worker process of this machine's own ends."""

    class Telling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if (text := record.getMessage()).startswith("Worker process "):
                said(f"{text[0].lower()}{text[1:]}; another one takes its place")

    handler = Telling(logging.INFO)
    logger = logging.getLogger("distributed.nanny")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
