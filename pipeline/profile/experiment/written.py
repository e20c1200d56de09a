"""Tables as files: CSV, or Parquet, with its record in the metadata."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.images.atomic import replaced

SUFFIXES = (".parquet", ".csv")


def check(path: Path) -> None:
    """Tell before hours of timing that a table cannot be written.

    Raises
    ------
    RequestError
        If its suffix is no table's, or what writes Parquet is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise RequestError(f"{path}: a table ends in {' or '.join(SUFFIXES)}")
    if suffix == ".parquet" and find_spec("pyarrow") is None:
        raise RequestError(f"{path}: Parquet needs pyarrow: pip install 'tenbit[profile]', or write a .csv")


def write(
    path: Path, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, type], record: Mapping[str, Any]
) -> None:
    """Write a table, complete or not at all; an older file is replaced.

    Parameters
    ----------
    path : Path
        Its suffix says the format.
    rows : sequence of mapping
        Values by column; None is an empty cell.
    columns : mapping
        Names, in order, with what they hold: str, bool, int or float.
    record : mapping
        Fit for JSON; Parquet has it as ``tenbit`` in its metadata, CSV leaves it out.

    Raises
    ------
    WriteError
        If it cannot be written.
    RequestError
        See `check`.
    """
    check(path)
    content = _csv(rows, columns) if path.suffix.lower() == ".csv" else _parquet(rows, columns, record)
    with replaced(path) as handle:
        handle.write(content)


def _csv(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, type]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def _parquet(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, type], record: Mapping[str, Any]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema(
        [(name, kinds[kind]) for name, kind in columns.items()], {"tenbit": json.dumps(record, ensure_ascii=False)}
    )
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], schema), sink, compression="zstd")
    return sink.getvalue()
