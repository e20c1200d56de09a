"""The points of an experiment as charts ask for them: what varied, what stood still, which of them nothing beats."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenbit.pipeline.profile.page.figures import digits
from tenbit.pipeline.profile.page.read import read

Row = dict[str, Any]
"""A row of an experiment's table, see `tenbit.pipeline.profile.experiment`; None is what is not known."""

_CONTENT = ("frame", "cfa", "bits", "packed", "iso")
"""Axes that say which picture is developed: quality is compared within one."""
_MOST_SERIES = 8


@dataclass(frozen=True)
class Quality:
    """A measure of quality that points may have; ``short`` is the head of its column."""

    column: str
    name: str
    short: str
    unit: str = ""
    is_less_better: bool = False

    @property
    def title(self) -> str:
        """With its unit."""
        return f"{self.name}, {self.unit}" if self.unit else self.name


QUALITIES = (
    Quality("psnr_srgb_db", "PSNR of sRGB values", "PSNR sRGB, dB", "dB"),
    Quality("psnr_db", "PSNR of linear light", "PSNR linear, dB", "dB"),
    Quality("ssim", "SSIM", "SSIM"),
    Quality("delta_e", "ΔE 2000, mean", "ΔE mean", is_less_better=True),
    Quality("delta_e_95", "ΔE 2000, 95th percentile", "ΔE 95 %", is_less_better=True),
)


@dataclass(frozen=True)
class Points:
    """An experiment.

    Parameters
    ----------
    name : str
    rows : sequence of Row
        All points.
    """

    name: str
    rows: Sequence[Row]

    @property
    def done(self) -> list[Row]:
        """Points with a time."""
        return [row for row in self.rows if row.get("status") == "done" and row.get("median_s")]

    @property
    def parameters(self) -> list[str]:
        """Columns that say which point a row is."""
        columns = list(self.rows[0])
        return [name for name in columns[: columns.index("status")] if name != "point"]

    @property
    def axes(self) -> list[str]:
        """Parameters that varied."""
        return [name for name in self.parameters if len(_distinct(self.rows, name)) > 1]

    @property
    def fixed(self) -> dict[str, Any]:
        """Parameters that did not vary and are known."""
        first = self.rows[0]
        return {n: first[n] for n in self.parameters if n not in self.axes and first[n] is not None}

    @property
    def qualities(self) -> list[Quality]:
        """Those that some point has."""
        return [one for one in QUALITIES if known(self.done, one)]

    @property
    def content(self) -> list[str]:
        """Axes that say which picture is developed."""
        return [name for name in self.axes if name in _CONTENT]

    @property
    def series(self) -> str | None:
        """The axis that colours tell: methods before numbers, a few values before many."""

        def rank(name: str) -> tuple[bool, bool, bool]:
            values = _distinct(self.rows, name)
            return len(values) > _MOST_SERIES, not any(isinstance(v, str) for v in values), "." not in name

        others = [name for name in self.axes if name not in _CONTENT]
        return min(others, key=rank, default=None)

    def values(self, axis: str) -> list[Any]:
        """Of an axis, as they come."""
        return _distinct(self.rows, axis)

    def number(self, row: Row) -> int:
        """Of a row's series."""
        return self.values(self.series).index(row[self.series]) if self.series else 0

    def label(self, row: Row, without: Iterable[str] = ()) -> str:
        """What tells a point from the others."""
        names = sorted(self.axes, key=lambda name: name != self.series)
        return " · ".join(told(name, row[name]) for name in names if name not in without) or str(row["chain"])


def told(axis: str, value: Any) -> str:
    """A value of an axis: words and sizes speak for themselves, numbers need the axis's name."""
    name = axis.rpartition(".")[2]
    if value is None:
        return f"{name} –"
    if isinstance(value, bool):
        return name if value else f"no {name}"
    if isinstance(value, int | float):
        return f"{name} {digits(value) if isinstance(value, float) else value}"
    return str(value)


def grouped(rows: Iterable[Row], axes: Sequence[str]) -> dict[str, list[Row]]:
    """Rows that agree on axes, by the values; in the order of the rows."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(" · ".join(told(name, row[name]) for name in axes), []).append(row)
    return found


def known(rows: Iterable[Row], quality: Quality) -> list[Row]:
    """Rows that have a measure of quality, of which a chart can show the value."""
    return [row for row in rows if row.get(quality.column) is not None and math.isfinite(row[quality.column])]


def front(rows: Iterable[Row], quality: Quality) -> list[Row]:
    """Points that no other is at once faster and better than, from the fastest on: the Pareto front."""
    sign = -1.0 if quality.is_less_better else 1.0
    kept: list[Row] = []
    for row in sorted(known(rows, quality), key=lambda row: (-row["mp_per_s"], -sign * row[quality.column])):
        if not kept or sign * row[quality.column] > sign * kept[-1][quality.column]:
            kept.append(row)
    return kept


def _distinct(rows: Sequence[Row], name: str) -> list[Any]:
    return list(dict.fromkeys(row[name] for row in rows))


def read_points(path: Path) -> Points:
    """An experiment from its table, .csv or .parquet.

    Raises
    ------
    RequestError
        If it cannot be read, or is none.
    """
    rows = read(path)
    return Points(str(rows[0].get("experiment") or path.stem), rows)
