"""What happens to many files, told as it happens, to people or to machines; and the signals that end it early.

======== ==============================================================
streams  lines that go out whole, or nowhere; text on one line
signals  SIGTERM and SIGHUP as Ctrl-C, and none in the middle of a line
tally    how many are done, how fast, how long it will take
reporter plain lines: the list of results, warnings, failures
bar      the same above a bar, on a terminal
machines the same for programs: JSON lines, Open Job Description
======== ==============================================================
"""

from __future__ import annotations

import sys
from typing import Literal, get_args

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.progress.reporter import Log, Reporter
from tenbit.pipeline.progress.signals import Stopped, stoppable
from tenbit.pipeline.progress.streams import let_go, shown
from tenbit.pipeline.schema import hint

__all__ = ["KINDS", "LOGS", "Kind", "Log", "Reporter", "Stopped", "let_go", "reporter", "shown", "stoppable"]

Kind = Literal["auto", "json", "openjd", "none"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LOGS: tuple[Log, ...] = get_args(Log)


def reporter(kind: Kind, total: int | None, *, doing: str = "developing", log: Log | None = None) -> Reporter:
    """Who tells of a batch; a context manager to show every outcome to.

    Parameters
    ----------
    kind : {"auto", "json", "openjd", "none"}
        ``auto`` draws a bar where stderr is a terminal, and counts the files at the end. ``json`` writes an object per
        line to stderr, ``openjd`` a render farm's messages to stdout; ``none`` tells no progress. The list of results
        goes to stdout, warnings and failures to stderr, with all of them.
    total : int or None
        Files to come, None where nobody knows.
    doing : str
        What is being done to them.
    log : {"text", "json"}, optional
        How warnings and failures are written; by default as JSON where the progress is.

    Raises
    ------
    RequestError
        If there is no such kind of progress or of log.
    """
    for name, value, allowed in (("--progress", kind, KINDS), ("--log", log or "text", LOGS)):
        if value not in allowed:
            raise RequestError(f"{name}: {value!r}; {hint(value, allowed)}")
    log = log or ("json" if kind == "json" else "text")
    # JSON's last object counts already.
    is_counting = kind in ("auto", "openjd") and total != 1
    if kind in ("json", "openjd"):
        from tenbit.pipeline.progress.machines import JsonLines, OpenJobDescription

        machine = JsonLines if kind == "json" else OpenJobDescription
        return machine(total, doing, log=log, is_counting=is_counting)
    if kind == "auto" and total != 1 and sys.stderr is not None and sys.stderr.isatty():
        from tenbit.pipeline.progress.bar import Bar

        return Bar(total, doing, log=log)
    return Reporter(total, doing, log=log, is_counting=is_counting)
