"""Measures of files as records: an object per file, or a row under dotted columns."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tenbit.kernels import STAGES
from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.measured import Measured
from tenbit.pipeline.measures import Measures
from tenbit.pipeline.outcome import as_json

# Lists that are longer, of numbers or of records, are no columns: counts of histograms, tiles.
_MOST_NUMBERS, _MOST_RECORDS = 4, 16
HEAD = ("file", "status", "error", "kind", "seconds", "chain", "rows", "cols", "space")
"""The first columns, whatever is measured."""
_TOLD = (
    ("camera", "model"),
    ("lens", "lens_model"),
    ("taken", "taken"),
    ("iso", "iso"),
    ("exposure_s", "exposure_s"),
    ("f_number", "f_number"),
    ("focal_mm", "focal_mm"),
)


def of_frame(frame: Frame, wanted: Measures) -> dict[str, Any]:
    """What is said of a finished frame: its size, how it was taken, what was measured; fit for JSON.

    Parameters
    ----------
    frame : Frame
    wanted : Measures
        What it went through.
    """
    developed = frame.record.get("developed")
    chain_of = developed.get("chain") if isinstance(developed, Mapping) else None
    return {
        "chain": wanted.developing.name if wanted.chain or frame.reader != "picture" else None,
        "rows": frame.facts.rows,
        "cols": frame.facts.cols,
        "space": frame.facts.space,
        "exif": {name: value for name, value in told(frame.exif).items() if value is not None},
        "developed": {"source": developed.get("source"), "chain": dict(chain_of or {}).get("name")}
        if isinstance(developed, Mapping)
        else None,
        "results": {name: plain(value) for name, value in frame.results.items()},
    }


def told(exif: Exif) -> dict[str, Any]:
    """What the file says of how the picture was taken, under the names of the columns."""
    return {name: plain(getattr(exif, field)) for name, field in _TOLD}


def plain(value: Any) -> Any:
    """The same as JSON types; numbers that JSON cannot say are None."""

    def finite(found: Any) -> Any:
        if isinstance(found, dict):
            return {name: finite(each) for name, each in found.items()}
        if isinstance(found, list):
            return [finite(each) for each in found]
        return None if isinstance(found, float) and not math.isfinite(found) else found

    return finite(as_json(value))


def record(found: Measured) -> dict[str, Any]:
    """One file's object: whether it was measured, why not, and what was."""
    return {
        "file": str(found.path),
        "status": "failed" if found.error else "done",
        "error": found.error or None,
        "kind": found.kind or None,
        "seconds": round(found.seconds, 4),
        "warnings": list(found.warnings),
        **(found.made or {}),
    }


def line(found: Measured) -> str:
    """One file's object as a line of JSON, ASCII only."""
    return json.dumps(record(found), allow_nan=False)


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with dotted names: ``zebra.high``, ``histogram.clipped.red``, ``iso``.

    Short lists of numbers and lists of records get a number each (``spot.0.ev``); long ones are left out.
    """
    rest = {name: value for name, value in record.items() if name not in ("exif", "results", "warnings")}
    if "developed" in rest:
        # The same columns, whether or not tenbit wrote a picture.
        rest["developed"] = rest["developed"] or {"source": None, "chain": None}
    columns = dict(_walked("", rest))
    columns |= dict(record.get("exif") or {})
    columns |= dict(_walked("", record.get("results") or {}))
    if record.get("warnings"):
        columns["warnings"] = "; ".join(record["warnings"])
    return columns


def _walked(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walked(f"{name}.{key}" if name else str(key), item)
    elif isinstance(value, list):
        is_short = len(value) <= (_MOST_RECORDS if all(isinstance(v, Mapping) for v in value) else _MOST_NUMBERS)
        if is_short and not any(isinstance(v, list) for v in value):
            for number, item in enumerate(value):
                yield from _walked(f"{name}.{number}", item)
    else:
        yield name, value


def table(records: Iterable[Mapping[str, Any]]) -> str:
    """Records as CSV (RFC 4180, but for its line ends): a row each, columns in an order that files do not change."""
    rows = [flat(one) for one in records]
    handle = io.StringIO()
    writer = csv.DictWriter(handle, columns_of(rows), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return handle.getvalue()


def columns_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """All columns: of the file, of the exposure, of each monitor in the order of the catalogue."""
    head = (*HEAD, *(name for name, _ in _TOLD))
    groups = ("developed", *(f"{p}{n}" for n in (*STAGES, "focus") for p in ("raw_", "")), "warnings")
    seen = dict.fromkeys(name for row in rows for name in row)
    known = {group: n for n, group in enumerate(groups)}
    last = len(groups)
    # Inside a monitor in the order of its own record: sorting is stable.
    found = sorted((name for name in seen if name not in head), key=lambda name: known.get(name.split(".")[0], last))
    return [*head, *found]
