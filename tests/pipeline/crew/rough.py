"""Engines for the processes of a crew, with files that are rough on them; imported by these processes."""

import os
import signal
import time
from pathlib import Path

from tenbit.pipeline import batch, foreseen
from tenbit.pipeline.errors import DeviceError
from tenbit.pipeline.outcome import Outcome

read_as_ever = foreseen.read


def read(path, **options):
    """A raw file; ``kills`` ends the process each time, ``once`` the first time only."""
    if path.stem == "once" and not Path("killed").exists():
        Path("killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if path.stem == "kills":
        wait_for("killed")
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.stem == "waits":
        Path("pid").write_text(str(os.getpid()))
        wait_for("go")
    return read_as_ever(path, **options)


def develop(jobs, order, *, said=None):
    """The real one, over such files."""
    foreseen.read = read
    said("as every process says")
    yield from batch.develop(jobs, order, said=said)


def greedy(jobs, order, *, said=None):
    """Looks ahead farther than anyone would think, and stops at failures."""
    kept = []
    for job in jobs:
        kept.append(Outcome(job, "failed" if "bad" in job.source.name else "done", seconds=os.getpid()))
        if len(kept) == 30:
            yield from until_failure(kept, order)
            if kept[-1].status == "failed" and order.on_error == "stop":
                return
            kept = []
    yield from until_failure(kept, order)


def until_failure(outcomes, order):
    for outcome in outcomes:
        yield outcome
        if outcome.status == "failed" and order.on_error == "stop":
            return


def refused(jobs, order, *, said=None):
    raise DeviceError("cuda:3: there are 2 CUDA devices, numbered from 0")
    yield


def buggy(jobs, order, *, said=None):
    raise ZeroDivisionError("division by zero")
    yield


def wait_for(name):
    while not Path(name).exists():
        time.sleep(0.01)
