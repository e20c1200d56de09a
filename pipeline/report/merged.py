"""Reports read again, and several as one: shards of a farm, or a batch that was taken up again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.images import replaced
from tenbit.pipeline.report.written import STATUSES, line, now

_MOST_SLOWEST = 10


@dataclass(frozen=True)
class Told:
    """What a report says.

    Parameters
    ----------
    path : Path
    batch : dict
        Versions, chain, start; of a merged report also ``reports``, how many it was made of.
    files : list of dict
        `Outcome.as_record` of each file.
    end : dict or None
        Counts, ``interrupted`` and seconds; None when the report was cut off.
    """

    path: Path
    batch: dict[str, Any] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    end: dict[str, Any] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether its batch has come to its end."""
        return self.end is not None and not self.end.get("interrupted")


def read(path: Path) -> Told:
    """A report; a last line that was cut off is left out.

    Raises
    ------
    ReadError
        If it cannot be read or is no report; its text begins with the path.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise _fault(path, f"cannot be read: {error.strerror or error}") from None
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    batch, files, end = None, list[dict[str, Any]](), None
    for number, text in enumerate(lines, 1):
        try:
            record = json.loads(text)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise _fault(path, f"line {number} is no JSON object: this is no report of tenbit")
        if isinstance(record.get("batch"), dict):
            batch = record["batch"]
        elif isinstance(record.get("end"), dict):
            end = record["end"]
        elif isinstance(record.get("input"), str) and record.get("status") in STATUSES:
            files.append(record)
        else:
            raise _fault(path, f"line {number} is of no file: this is no report of tenbit")
    if batch is None and lines:
        raise _fault(path, "has no line of a batch: this is no report of tenbit")
    return Told(path, batch or {}, files, end)


def merged(paths: Sequence[Path], to: Path | None = None) -> dict[str, Any]:
    """What several reports amount to, as one.

    Reports count in the order in which their batches began, whatever the order of ``paths``. Of a file (the same input
    and output) that several speak of, the last outcome counts; but a file that was skipped because it was done stays
    done.

    Parameters
    ----------
    paths : sequence of Path
    to : Path, optional
        Where the merged report is written, a report like the others: complete or absent.

    Returns
    -------
    dict
        Fit for JSON: ``files``, ``done``, ``skipped``, ``failed``; ``attempts``, tries of all files in all reports;
        ``repeated``, files that more than one report or line speaks of; ``failures``, by error class, each with
        ``count`` and ``files`` (``input``, ``error``, ``attempts``); ``phases``, seconds by phase, and ``seconds``,
        their sum over all files; ``devices``, files by device; ``slowest``, up to ten; ``warnings``, files by text;
        ``reports``, and ``unfinished``, those that were cut off or interrupted; ``chains``, how many different ones
        there were, and ``interrupted``.

    Raises
    ------
    ReadError
        If one cannot be read or is no report.
    WriteError
        If ``to`` cannot be written.
    """
    told = sorted((read(path) for path in paths), key=lambda one: str(one.batch.get("started", "")))
    last: dict[tuple[str, Any], dict[str, Any]] = {}
    attempts: Counter[tuple[str, Any]] = Counter()
    spoken: Counter[tuple[str, Any]] = Counter()
    for record in (record for one in told for record in one.files):
        key = record["input"], record.get("output")
        attempts[key] += 0 if record["status"] == "skipped" else int(record.get("attempts") or 1)
        spoken[key] += 1
        if not (record["status"] == "skipped" and last.get(key, {}).get("status") == "done"):
            last[key] = record
    files = [{**record, "attempts": attempts[key]} for key, record in last.items()]
    counts = Counter(record["status"] for record in files)
    unfinished = [str(one.path) for one in told if not one.is_whole]
    summary = {
        "files": len(files),
        **{status: counts[status] for status in STATUSES},
        "attempts": attempts.total(),
        "repeated": sum(count > 1 for count in spoken.values()),
        "failures": _failures(files),
        "phases": _phases(files),
        "seconds": round(sum(float(record.get("seconds") or 0) for record in files), 3),
        "devices": dict(Counter(record["device"] for record in files if record.get("device")).most_common()),
        "slowest": [
            {name: record.get(name) for name in ("input", "seconds", "device")}
            for record in sorted(files, key=lambda record: -float(record.get("seconds") or 0))[:_MOST_SLOWEST]
        ],
        "warnings": dict(Counter(text for record in files for text in record.get("warnings") or ()).most_common()),
        "reports": len(told),
        "unfinished": unfinished,
        "chains": len({json.dumps(one.batch.get("chain"), sort_keys=True) for one in told if one.batch}),
        "interrupted": bool(unfinished),
    }
    if to is not None:
        first = told[0].batch if told else {}
        ended = {name: summary[name] for name in ("files", *STATUSES, "interrupted", "seconds")}
        with replaced(to) as handle:
            handle.write(line({"batch": {"started": now(), **first, "reports": len(told)}}))
            for record in files:
                handle.write(line(record))
            handle.write(line({"end": ended}))
    return summary


def _failures(files: Iterable[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in files:
        if record["status"] == "failed":
            of_class = found.setdefault(str(record.get("error_class") or "unknown"), [])
            of_class.append({name: record.get(name) for name in ("input", "error", "attempts")})
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return {name: {"count": len(each), "files": each} for name, each in ordered}


def _phases(files: Iterable[dict[str, Any]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for record in files:
        for phase, seconds in (record.get("phases") or {}).items():
            total[phase] = total.get(phase, 0.0) + float(seconds)
    return {phase: round(seconds, 3) for phase, seconds in total.items()}


def _fault(path: Path, text: str) -> ReadError:
    error = ReadError(text)
    error.path = path
    return error
