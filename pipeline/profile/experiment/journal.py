"""Observations as they are made, a JSON line each in a file beside the table: what was timed is not timed again.

====== ==================================================================
kind   what the line says
====== ==================================================================
begin  a process begins: which experiment, on which machine and code
worker the same of a worker of a cluster
first  a point's facts and its first frame, which compiles; not counted
timed  one observation
failed a point that cannot work, with the reason
====== ==================================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from tenbit.pipeline.errors import RequestError, WriteError

Line = dict[str, Any]
_SAME = ("commit", "cpu")


@dataclass
class Known:
    """What lines say, the last word of each.

    Parameters
    ----------
    begins : list
        One line per process that gave the points.
    places : dict
        What is known of processes that timed, by their ``run``.
    firsts, failures : dict
        By point.
    rounds : dict
        Observations by point and round.
    """

    begins: list[Line] = field(default_factory=list)
    places: dict[str, Line] = field(default_factory=dict)
    firsts: dict[str, Line] = field(default_factory=dict)
    failures: dict[str, Line] = field(default_factory=dict)
    rounds: dict[str, dict[int, Line]] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        kind, point = line["kind"], line.get("point", "")
        if kind in ("begin", "worker"):
            self.places[line["run"]] = line
        if kind == "begin":
            self.begins.append(line)
        elif kind == "failed":
            self.failures[point] = line
        elif kind == "first":
            self.firsts[point] = line
            self.failures.pop(point, None)
        elif kind == "timed":
            self.rounds.setdefault(point, {})[line["round"]] = line
            self.failures.pop(point, None)

    @property
    def count(self) -> int:
        """Observations."""
        return sum(map(len, self.rounds.values()))


class Journal:
    """The file; a context manager.

    Parameters
    ----------
    path : Path
    begin : mapping
        What is known of this process: ``experiment``, ``run``, ``commit``, ``cpu`` …
    may_go_on : bool
        Whether a journal that is there is gone on with; without one it begins.
    may_mix : bool
        Whether that may be of another commit or processor.

    Raises
    ------
    RequestError
        If it is of another experiment, of another commit or processor, or broken.
    WriteError
        If it cannot be written.
    """

    def __init__(self, path: Path, begin: Mapping[str, Any], *, may_go_on: bool = False, may_mix: bool = False) -> None:
        self.path, self.known = path, Known()
        size = self._read(begin, may_mix=may_mix) if may_go_on and path.exists() else 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle: BinaryIO = path.open("r+b" if size else "wb")
            self._handle.truncate(size)
            self._handle.seek(size)
        except OSError as error:
            raise WriteError(f"{path}: cannot be written: {error.strerror or error}") from None
        self.add([{"kind": "begin", **begin}])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.close()
        known = self.known
        # A run that failed before anything was timed leaves nothing that could be gone on with.
        if kind is not None and len(known.begins) == 1 and not (known.firsts or known.failures or known.rounds):
            self.path.unlink(missing_ok=True)

    def has_first(self, point: str, *, quality: bool) -> bool:
        """Whether a point's facts are known, and its quality where that is wanted."""
        first = self.known.firsts.get(point)
        return first is not None and (not quality or "quality" in first)

    def add(self, lines: Iterable[Line]) -> None:
        """Note what was found; with the system before this returns.

        Raises
        ------
        WriteError
            If it cannot be written.
        """
        every = list(lines)
        text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in every)
        try:
            self._handle.write(text.encode("utf-8", "backslashreplace"))
            self._handle.flush()
        except OSError as error:
            raise WriteError(f"{self.path}: cannot be written: {error.strerror or error}") from None
        for line in every:
            self.known.add(line)

    def _read(self, begin: Mapping[str, Any], *, may_mix: bool) -> int:
        """Bytes of whole lines: of a process that was killed the last one may be torn."""
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise RequestError(f"{self.path}: cannot be read: {error.strerror or error}") from None
        size = content.rfind(b"\n") + 1
        for number, text in enumerate(content[:size].splitlines(), 1):
            try:
                self.known.add(json.loads(text))
            except (ValueError, KeyError, TypeError, AttributeError):
                raise RequestError(f"{self.path}:{number}: no observation; --overwrite begins anew") from None
        for old in self.known.begins:
            if old.get("experiment") != begin["experiment"]:
                raise RequestError(f"{self.path}: of another experiment: its axes, chains or seed were others")
            for name in () if may_mix else _SAME:
                if old.get(name) != begin.get(name):
                    said = f"{name} {old.get(name)}, not {begin.get(name)}"
                    raise RequestError(f"{self.path}: measured with {said}; --mix goes on, --overwrite begins anew")
        return size
