"""A trace file, complete or absent."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tenbit.kernels._spans import Recorder, recording
from tenbit.pipeline.trace.calls import cprofiling
from tenbit.pipeline.trace.events import HEAD
from tenbit.pipeline.trace.kept import kept
from tenbit.pipeline.trace.ranges import Ranges
from tenbit.pipeline.trace.recorder import MOST_BANDS, Trace
from tenbit.pipeline.trace.together import Together

Said = Callable[[str], None]


def is_trace(path: Path) -> bool:
    """Whether a file begins as traces do that were written here; so does none."""
    if not os.path.isfile(path):  # noqa: PTH113  it says so of a name that is too long, too
        return True
    with path.open("rb") as handle:
        return handle.read(len(HEAD)) == HEAD


@contextmanager
def recording_to(
    path: Path, *others: Recorder, said: Said | None = None, most_bands: int = MOST_BANDS
) -> Iterator[Trace]:
    """Inside, all spans of this process go to a trace file; it is there when this is left, however it is left.

    Parameters
    ----------
    path : Path
        Replaced when it is there: whether it may be is the caller's question.
    *others : Recorder
        Who listens too.
    said : callable, optional
        Told of what the file leaves out.
    most_bands : int
        Further bands are left out.

    Raises
    ------
    RequestError
        At once, if the file cannot be written.
    WriteError
        In the end, if it could not be; then there is none.
    RuntimeError
        If spans are recorded already.
    """
    trace = Trace(most_bands=most_bands)
    with kept(path, "trace", lambda _: trace.finish()) as handle:
        trace.begin(handle)
        with recording(Together(trace, *others) if others else trace):
            yield trace
    if said and trace.bands_left_out:
        said(f"{path}: {trace.bands_left_out} bands after the first {most_bands} are left out")


@contextmanager
def recorded(
    *, trace: Path | None = None, nvtx: bool = False, cprofile: Path | None = None, said: Said | None = None
) -> Iterator[None]:
    """Inside, what a command was asked for is recorded: a trace, NVTX ranges, Python's calls; any of them, or none.

    Raises
    ------
    RequestError
        If a file cannot be written, or nvtx is not installed.
    WriteError
        As `recording_to` does.
    """
    with ExitStack() as stack:
        if cprofile is not None:
            stack.enter_context(cprofiling(cprofile))
        ranges = [Ranges()] if nvtx else []
        if trace is not None:
            stack.enter_context(recording_to(trace, *ranges, said=said))
        elif ranges:
            stack.enter_context(recording(ranges[0]))
        yield
