"""An experiment's table from its file."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tenbit.pipeline.errors import RequestError

_WANTED = ("point", "status", "median_s", "mp_per_s", "megapixels")


def read(path: Path) -> list[dict[str, Any]]:
    """Rows of a table, .csv or .parquet, in order; None is what is not known.

    Raises
    ------
    RequestError
        If it cannot be read, is no table of an experiment, or what reads Parquet is not installed.
    """
    try:
        rows = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    except OSError as error:
        raise RequestError(f"{path}: {error.strerror or error}") from None
    except ValueError:
        raise RequestError(f"{path}: not a table; tenbit profile experiment writes one") from None
    if not rows or not set(_WANTED) <= set(rows[0]):
        raise RequestError(f"{path}: not a table of an experiment; tenbit profile experiment writes one")
    return rows


def _csv(path: Path) -> list[dict[str, Any]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: _value(text) for name, text in row.items()} for row in csv.DictReader(file)]


def _value(text: str | None) -> str | float | bool | None:
    """What a cell holds: a number where it is one."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text or "")
        except ValueError:
            continue
    return text or None


def _parquet(path: Path) -> list[dict[str, Any]]:
    if find_spec("pyarrow") is None:
        raise RequestError(f"{path}: Parquet needs pyarrow: pip install 'tenbit[profile]'")
    import pyarrow.parquet as pq

    # ArrowInvalid is a ValueError.
    return list(pq.read_table(path).to_pylist())
