"""The manifest of a batch: asked before a file is developed, told after its output has its name."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.images import read_record
from tenbit.pipeline.jobs import Job, output_folder
from tenbit.pipeline.manifest.lines import Lines
from tenbit.pipeline.manifest.made_of import Entry, Hashes, from_folder, hash_of, is_settled, made_of, stat_of

if TYPE_CHECKING:
    from tenbit.pipeline.batch.order import Order

NAME = ".tenbit-manifest.jsonl"


def default_path(jobs: Sequence[Job], template: str | None = None) -> Path:
    """Where the manifest of a batch is when nobody says: in the folder that all its outputs are inside.

    Parameters
    ----------
    jobs : sequence of Job
    template : str, optional
        The outputs' name: its constant part is then that folder, whichever files are asked for this time.
    """
    if template is not None:
        return output_folder(template) / NAME
    folders = {job.target.absolute().parent for job in jobs}
    return Path(os.path.commonpath(folders) if folders else ".", NAME)


_OPENING = threading.Lock()
_OPENED: dict[tuple[Path, str], Manifest] = {}
_MOST_OPENED = 8  # a farm's worker sees one batch after another


def opened(order: Order) -> Manifest | None:
    """The manifest that an order names, the same for all its files in this process; None where it names none.

    Raises
    ------
    RequestError
        See `Manifest`.
    """
    if order.manifest is None:
        return None
    hashes = Hashes(order)
    key = order.manifest.absolute(), hashes.key
    with _OPENING:
        if key not in _OPENED:
            if len(_OPENED) >= _MOST_OPENED:
                _OPENED.clear()
            _OPENED[key] = Manifest(order.manifest, order, hashes=hashes)
        return _OPENED[key]


class Manifest:
    """Which outputs are finished, and what they were made of; for many threads, processes and hosts at once.

    Parameters
    ----------
    path : Path
        JSON lines, one per output that was finished; the last of an output counts. Read anew as far as others add.
    order : Order

    Raises
    ------
    RequestError
        If there is another file of that name, or it cannot be read.
    """

    def __init__(self, path: Path, order: Order, *, hashes: Hashes | None = None) -> None:
        self.path = path
        self._folder = path.absolute().parent
        self._lines = Lines(path)
        self._hashes = hashes or Hashes(order)
        # As text: 10 000 records take 7 MB, as dicts 19 MB.
        self._noted: dict[str, str] = {}
        self._files: set[str] = set()
        self._reading = threading.Lock()
        self._read_on()

    def entry(self, job: Job) -> Entry:
        """What an output would be made of now; the input is hashed (12.5 MP in 25 MB: 15 ms).

        An input whose size, times and inode are as the manifest has noted them is not hashed again: who changes bytes
        and sets all of these back does it on purpose. An input that was young when it was noted is hashed.

        Raises
        ------
        ReadError
            If the input cannot be read.
        """
        stat = stat_of(job.source)
        settled = is_settled(stat)  # before the bytes are read
        noted = self._record(output := from_folder(job.target, self._folder)) or {}
        is_known = noted.get("stat") == list(stat) and noted.get("input") == str(job.source.absolute())
        sha256 = str(noted["sha256"]) if is_known else hash_of(job.source)
        return Entry(job.source, job.target, output, stat, settled, made_of(job, self._hashes, sha256))

    def is_done(self, entry: Entry) -> bool:
        """Whether the output is there, as large as it was, with all its drawings, and made of the same."""
        self._read_on()
        noted = self._record(entry.output)
        if noted is None or any(noted.get(name) != value for name, value in entry.made_of.items()):
            return False
        return all(_size(self._folder / name) == size for name, size in noted["files"].items())

    def may_replace(self, entry: Entry) -> bool:
        """Whether an output that is there, and is not what is wanted, is tenbit's own: noted, or made of that input."""
        self._read_on()
        if entry.output in self._files or not os.path.lexists(entry.target):
            return True
        try:
            return read_record(entry.target).get("source") == entry.source.name
        except (ReadError, OSError):
            return False

    def is_noted(self, path: Path) -> bool:
        """Whether a picture or a drawing of that name was made by a batch of this manifest."""
        self._read_on()
        return from_folder(path, self._folder) in self._files

    def add(self, entry: Entry, drawings: Iterable[Path] = ()) -> bool:
        """Note an output that has its name; False, and nothing, if the input has changed meanwhile.

        Raises
        ------
        WriteError
            If the manifest cannot be written.
        """
        try:
            if stat_of(entry.source) != entry.stat:
                return False
        except ReadError:
            return False
        files = {from_folder(path, self._folder): _size(path) for path in (entry.target, *drawings)}
        self._lines.append(
            {
                "output": entry.output,
                "input": str(entry.source.absolute()),
                "stat": entry.stat if entry.is_settled else None,
                **entry.made_of,
                "files": files,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )
        return True

    def _record(self, output: str) -> dict[str, Any] | None:
        text = self._noted.get(output)
        return None if text is None else dict(json.loads(text))

    def _read_on(self) -> None:
        with self._reading:
            is_anew, records = self._lines.fresh()
            if is_anew:
                self._noted.clear()
                self._files.clear()
            for record in records:
                if isinstance(output := record.get("output"), str) and isinstance(record.get("files"), dict):
                    self._noted[output] = json.dumps(record)
                    self._files.update((output, *record["files"]))


def _size(path: Path) -> int | None:
    """Bytes of a file; None when it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return None
