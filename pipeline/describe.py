"""Stages, plans and frames as rows and records that can be shown."""

from __future__ import annotations

import dataclasses
import itertools
import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from tenbit.kernels import STAGES, _cpu, _cuda, stage
from tenbit.kernels._facts import Facts
from tenbit.kernels._overlay import Layer
from tenbit.kernels._pass import Packing, Pass, label
from tenbit.kernels._schedule import DEFAULT, Schedule
from tenbit.kernels._stage import Access, Stage
from tenbit.pipeline.config import Output
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Plan
from tenbit.pipeline.profile.traffic import moved
from tenbit.pipeline.schema import Option, options

OPTION_COLUMNS = ("parameter", "default", "allowed", "unit", "meaning")
_PASS_FACTS = ("pass", "steps", "access", "reads", "writes", "stored as", "size", "B/px in", "B/px out", "MB")
PASS_COLUMNS = (*_PASS_FACTS, "scratch KiB")
_WHOLE = 20  # words of so many characters are never broken in a table
_SHOWN_VALUES = 16  # arrays longer than this are told by shape and range


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, width: int | None = None) -> str:
    """Rows in columns under their names; wrapped between words to ``width`` characters when that is given."""
    cells = [columns, *rows]
    words = [[word for cell in column for word in cell.split()] for column in zip(*cells, strict=True)]
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    least = [min(_WHOLE, max(map(len, some), default=1)) for some in words]
    while width and sum(wide) + 2 * len(wide) > width and wide != least:
        # Narrower where it makes the table least longer.
        able = [[size - (n == m) for m, size in enumerate(wide)] for n in range(len(wide)) if wide[n] > least[n]]
        wide = min(able, key=lambda sizes: (sum(len(_wrapped(row, sizes)) for row in cells), max(sizes)))
    lines = [text for row in cells for text in _wrapped(row, wide)]
    head = len(_wrapped(columns, wide))
    return "\n".join([*lines[:head], " " + "─" * (sum(wide) + 2 * len(wide) - 1), *lines[head:]])


def _wrapped(row: Sequence[str], wide: Sequence[int]) -> list[str]:
    """The lines of one row of a table."""
    parts = [textwrap.wrap(cell, size, break_on_hyphens=False) for cell, size in zip(row, wide, strict=True)]
    lines = itertools.zip_longest(*parts, fillvalue="")
    return [" " + "  ".join(f"{part:{size}}" for part, size in zip(line, wide, strict=True)).rstrip() for line in lines]


def option_rows(parameters: type) -> list[tuple[str, ...]]:
    """One row per parameter, as `OPTION_COLUMNS`."""
    return [(o.name, _default(o), _allowed(o), o.unit, o.doc) for o in options(parameters)]


def _default(option: Option) -> str:
    value = option.default
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def _allowed(option: Option) -> str:
    without_unit = dataclasses.replace(option, unit="")
    return option.range if option.choices and not option.may_be_none else without_unit.allowed


def markdown() -> str:
    """The reference of all stages, as ``docs/stages.md`` holds it."""
    parts = [
        "# Stages",
        "",
        "Written by `tenbit stages --markdown`, from the stages themselves; in the order of a full chain.",
    ]
    for name in STAGES:
        known = stage(name)
        parts += ["", f"## {name}", "", prose(known), "", *_table(known.parameters)]
    parts += [
        "",
        "## output",
        "",
        "The `output:` block of a chain file. " + (Output.__doc__ or ""),
        "",
        *_table(Output),
    ]
    return "\n".join(parts) + "\n"


def prose(known: Stage) -> str:
    """What a stage does and which frames it takes."""
    doc = " ".join((known.parameters.__doc__ or "").replace("``", "`").split())
    return f"{doc} Takes a frame that is {' or '.join(known.takes)}."


def _table(parameters: type) -> list[str]:
    rows = option_rows(parameters)
    if not rows:
        return ["No parameters."]
    lines = [f"| {' | '.join(OPTION_COLUMNS)} |", "|" + "---|" * len(OPTION_COLUMNS)]
    for row in rows:
        name, default, *rest = (cell.replace("|", "\\|") for cell in row)
        lines.append(f"| {' | '.join((f'`{name}`', f'`{default}`', *rest))} |")
    return lines


def pass_rows(
    what: Plan,
    facts: Facts,
    *,
    dtype: str = "uint16",
    packing: Packing | None = None,
    target: Literal["cpu", "cuda"] = "cpu",
    schedule: Schedule = DEFAULT,
) -> list[tuple[str, ...]]:
    """One row per pass, as `PASS_COLUMNS`.

    ``MB`` is what the pass reads and writes of this frame; ``scratch KiB`` what a thread of the CPU keeps in its cache,
    or a CUDA block in shared memory.

    Parameters
    ----------
    what : Plan
    facts : Facts
        Of the frame as read.
    dtype : str
        Of its samples.
    packing : Packing, optional
        How they are packed, if they are.
    target : str
        Whose passes.
    schedule : Schedule
        Of the CPU.
    """
    rows: list[tuple[str, ...]] = []
    every = moved(what, facts, dtype=dtype, packing=packing, target=target)
    for number, (work, bytes_of) in enumerate(zip(what.passes_for(target), every, strict=True), 1):
        kinds = ", ".join(dict.fromkeys(work.dtype_of(plane) for plane in work.writes)) or "counters"
        scratch = _cuda.shared_bytes(work) if target == "cuda" else _cpu.scratch_bytes(work, work.shape[1], schedule)
        rows.append(
            (
                str(number),
                label(work),
                access_of(work),
                " ".join(work.reads),
                " ".join(work.writes) or "-",
                kinds,
                f"{work.shape[0]} x {work.shape[1]}",
                f"{bytes_of.read_each:g}",
                f"{bytes_of.written / math.prod(work.shape):.3g}",
                f"{(bytes_of.read + bytes_of.written) / 1e6:.0f}",
                f"{scratch / 1024:.0f}",
            )
        )
    return rows


class Shown(NamedTuple):
    """A table with its title."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def plan_tables(
    what: Plan,
    facts: Facts,
    *,
    dtype: str = "uint16",
    packing: Packing | None = None,
    schedule: Schedule = DEFAULT,
) -> tuple[Shown, ...]:
    """The passes of each target, in one table where they are the same, and what is done on the host afterwards.

    Parameters as of `pass_rows`.
    """
    after = (
        [Shown("then, on the host, over the finished picture", ("does", "what"), rows)]
        if (rows := _after(what))
        else []
    )
    cpu = pass_rows(what, facts, dtype=dtype, packing=packing, schedule=schedule)
    cuda = pass_rows(what, facts, dtype=dtype, packing=packing, target="cuda")
    if [work.signature for work in what.passes] == [work.signature for work in what.cuda_passes]:
        both = [(*row, other[-1]) for row, other in zip(cpu, cuda, strict=True)]
        title = "cpu and cuda do the same; scratch: what a CPU thread keeps in its cache; shared: of a CUDA block"
        return (Shown(title, (*PASS_COLUMNS, "shared KiB"), both), *after)
    return (
        Shown("cpu; scratch: what a thread keeps in its cache", PASS_COLUMNS, cpu),
        Shown("cuda; shared: the shared memory of a block", (*_PASS_FACTS, "shared KiB"), cuda),
        *after,
    )


def _after(what: Plan) -> list[tuple[str, ...]]:
    """What the monitors do once the picture is finished: (does, what)."""
    overlay = what.overlay
    rows = [("measures", ", ".join(meter.name for meter in overlay.meters))]
    rows += [("paints", label(work)) for work in what.paint_passes]
    rows += [("draws", ", ".join(_drawn(layer) for layer in overlay.layers))]
    return [row for row in rows if row[1]]


def _drawn(layer: Layer) -> str:
    """A layer and where it goes."""
    if layer.place is None:
        return layer.name
    place = layer.place
    return f"{layer.name} ({place.corner if place.to == 'picture' else place.to})"


def access_of(work: Pass) -> str:
    """What the steps of a pass look at, the simplest left out."""
    kinds = {
        f"stencil {step.radius}" if step.access is Access.STENCIL else step.access.value: None
        for step in work.steps
        if step.access is not Access.POINT
    }
    return " + ".join(kinds) or "point"


def frame_record(frame: Frame) -> dict[str, Any]:
    """Everything that a frame knows, fit for JSON; long arrays are told by shape and range."""
    samples = frame.samples
    facts = {f.name: _known(getattr(frame.facts, f.name)) for f in dataclasses.fields(frame.facts)}
    return {
        "file": None if frame.source is None else str(frame.source),
        "reader": frame.reader,
        "warnings": list(frame.warnings),
        "samples": {
            "shape": list(samples.shape),
            "dtype": str(samples.dtype),
            "least": samples.min().item(),
            "largest": samples.max().item(),
        },
        "facts": facts | {"cfa": frame.facts.cfa.name if frame.facts.cfa else None},
        "exif": _known(frame.exif),
    }


def _known(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _known(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        if value.size <= _SHOWN_VALUES:
            return value.tolist()
        return {"shape": list(value.shape), "least": value.min().item(), "largest": value.max().item()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): _known(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def lines(record: Mapping[str, Any], indent: str = "") -> Iterable[str]:
    """A record as ``name: value`` lines, indented; what is not known is left out."""
    for name, value in record.items():
        if value is None or value in ([], {}):
            continue
        if isinstance(value, Mapping):
            if inside := list(lines(value, indent + "  ")):
                yield from (f"{indent}{name}:", *inside)
        elif isinstance(value, list) and isinstance(value[0], Mapping):
            yield f"{indent}{name}:"
            for item in value:
                yield f"{indent}  -"
                yield from lines(item, indent + "    ")
        else:
            yield f"{indent}{name}: {_line(value)}"


def _line(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"[{_line(item)}]" if isinstance(item, list) else _line(item) for item in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
