"""Many files at once: lanes that each read, run and write, as many as memory allows; outcomes in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tenbit.pipeline.batch.one import Work, came_in, finished, put_down, set_off
from tenbit.pipeline.batch.order import Order
from tenbit.pipeline.device import choose
from tenbit.pipeline.drawings import check_drawings
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome
from tenbit.pipeline.run import Said


def develop(jobs: Sequence[Job], order: Order, *, said: Said | None = None) -> Iterator[Outcome]:
    """Outcomes of the jobs, one by one and in their order.

    Raises
    ------
    DeviceError
        If the device asked for cannot be used.
    RequestError
        If what monitors draw beside a picture would be written over another file of these jobs.
    """
    check_drawings(order.chain, jobs)
    where, note = choose(order.device)
    if note and said:
        said(note)
    for job in jobs:
        work = Work(job, order)
        came = came_in(work)
        begun = came if isinstance(came, Outcome) else set_off(work, came, where, said=said)
        yield begun if isinstance(begun, Outcome) else put_down(work, begun)


def frames(jobs: Sequence[Job], order: Order, *, said: Said | None = None) -> Iterator[tuple[Outcome, Frame | None]]:
    """Finished frames in the order of their jobs, nothing written; None where a file failed.

    Raises
    ------
    DeviceError
        If the device asked for cannot be used.
    """
    where, note = choose(order.device)
    if note and said:
        said(note)
    for job in jobs:
        work = Work(job, order)
        came = came_in(work)
        begun = came if isinstance(came, Outcome) else set_off(work, came, where, said=said)
        if isinstance(begun, Outcome):
            yield begun, None
        else:
            done = begun if isinstance(begun, Frame) else begun.finish()
            yield work.told(finished(job, done)), done
