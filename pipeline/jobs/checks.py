"""A report may take the place of an earlier report, and of no other file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.jobs.job import Job
from tenbit.pipeline.jobs.places import Places, folded

REPORT_SUFFIXES = (".json", ".jsonl")
MANIFEST = b'{"tenbit_manifest":'
"""How a manifest begins, see `tenbit.pipeline.manifest`."""


def check_report(
    report: Path | None,
    jobs: Sequence[Job],
    *,
    option: str = "--report",
    suffixes: Sequence[str] = REPORT_SUFFIXES,
) -> None:
    """Refuse a report that would be written over a raw file, a picture, or any file that is no earlier report.

    Parameters
    ----------
    report : Path or None
    jobs : sequence of Job
    option : str
        What asks for it.
    suffixes : sequence of str
        Of earlier ones, which may be replaced.

    Raises
    ------
    RequestError
        Naming the file.
    """
    if report is None:
        return
    # Of a name that is too long, too, this says whether it is there; Path.is_file does not.
    is_file = os.path.isfile(report)  # noqa: PTH113
    what = option.removeprefix("--")
    # Pipes and devices are written to, not replaced.
    if report.suffix.lower() not in suffixes and (is_file or os.path.isdir(report)):  # noqa: PTH112
        raise RequestError(
            f"{option}: {report} exists and is no {' or '.join(suffixes)}; give the {what} a name of its own"
        )
    if is_file and _begins(report).startswith(MANIFEST):
        raise RequestError(f"{option}: {report} is a manifest; give the {what} a name of its own")
    places = Places()
    here = folded(places.file(report))
    for job in jobs:
        beside = {job.source.with_name(f"{name}.json") for name in (job.source.name, job.source.stem)}
        for path, whose in (
            (job.source, "an input"),
            (job.target, "an output"),
            *((path, "the sidecar of an input") for path in beside if report.name == path.name and report.exists()),
        ):
            if folded(places.file(path)) == here:
                raise RequestError(f"{option}: {report} is {whose}; give the {what} a name of its own")


def _begins(path: Path) -> bytes:
    with suppress(OSError), path.open("rb") as handle:
        return handle.read(len(MANIFEST))
    return b""
