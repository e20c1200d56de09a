"""A folder that is watched: which files have arrived whole, and what becomes of them.

It is looked at again and again: shares (NFS, SMB) tell nobody of what other machines write to them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenbit.pipeline.batch import Order, develop
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.jobs import RAW_SUFFIXES, Input, Job, name_outputs
from tenbit.pipeline.lenses.beside import SIDECAR_SUFFIX
from tenbit.pipeline.outcome import Outcome, failed
from tenbit.pipeline.run import Said

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked

# A full disk or a share that is away is no fault of the file: it is tried again after so long.
_AGAIN_S = 60.0
_NOT_ITS_FAULT = frozenset({"FullError", "WriteError", "OSError", "MemoryError", "DeviceError"})
_SUFFIXES = RAW_SUFFIXES | {".json", ".yaml"}
_LEAST_NAMES = 1000  # outputs whose inputs may be gone, before they are forgotten

Stamp = tuple[tuple[int, int] | None, ...]
"""Size and time of change of a file and of what may lie beside it; None for what is not there."""


@dataclass
class _File:
    """A file that is there."""

    stamp: Stamp
    since: float
    is_taken: bool = False
    again: float | None = None
    told: str = ""


class Watcher:
    """What has arrived in a folder; only what is there is remembered.

    Parameters
    ----------
    folder : Path
    recursive : bool
        Look into folders below too, new ones as well.
    settle_s : float
        A file has arrived when nothing of it, and of its sidecars, has changed for so long.
    is_ours : callable, optional
        Whether a file is an output: those are left alone.
    said : callable, optional
        Told, a line each, that the folder is gone or that a file cannot be opened.
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        recursive: bool = False,
        settle_s: float = 2.0,
        is_ours: Callable[[Path], bool] | None = None,
        said: Said | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self.settle_s, self.clock = folder, settle_s, clock
        self._recursive, self._is_ours, self._said = recursive, is_ours, said
        self._files: dict[Path, _File] = {}

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, path: Path) -> bool:
        return path in self._files

    @property
    def unsettled(self) -> list[Path]:
        """Files that are there and were not ready yet."""
        return [path for path, file in self._files.items() if not file.is_taken]

    def ready(self) -> list[Input]:
        """Files that have arrived since the last look, in order of name; each is given once until it changes."""
        now = self.clock()
        try:
            there = dict(self._scan())
        except OSError as error:
            self._say(f"{self.folder}: {error.strerror or error}; waiting until it is there again")
            return []
        self._files = {path: self._kept(path, stamp, now) for path, stamp in there.items()}
        return [
            Input(path, path.parent.relative_to(self.folder))
            for path, file in sorted(self._files.items())
            if self._is_due(file, now) and self._is_taken(path, file)
        ]

    def is_news(self, outcome: Outcome) -> bool:
        """Whether anyone should be told; a file that failed for no fault of its own is tried again later."""
        if outcome.status != "failed":
            return outcome.status == "done"
        file = self._files.get(outcome.job.source)
        if file is None or not outcome.job.source.exists():
            # Deleted or renamed meanwhile, which is nobody's failure.
            return False
        if outcome.kind in _NOT_ITS_FAULT:
            file.again = self.clock() + _AGAIN_S
        is_new, file.told = file.told != outcome.error, outcome.error
        return is_new

    def put_off(self, paths: Iterable[Path]) -> None:
        """Files that were taken and not developed: they are ready again later."""
        for path in paths:
            if (file := self._files.get(path)) is not None:
                file.again = self.clock() + _AGAIN_S

    def _kept(self, path: Path, stamp: Stamp, now: float) -> _File:
        known = self._files.get(path)
        return known if known is not None and known.stamp == stamp else _File(stamp, now)

    def _is_due(self, file: _File, now: float) -> bool:
        if file.is_taken:
            return file.again is not None and now >= file.again
        # A file without a byte is a place that is kept for one.
        return now - file.since >= self.settle_s and file.stamp[0] is not None and file.stamp[0][0] > 0

    def _is_taken(self, path: Path, file: _File) -> bool:
        """Take a file that is due; False when it is an output, or cannot be opened."""
        if self._is_ours is not None and self._is_ours(path):
            file.is_taken = True
            return False
        try:
            # Windows lets nobody open what is still being copied.
            path.open("rb").close()
        except FileNotFoundError:
            return False
        except OSError as error:
            self._say(f"{path}: {error.strerror or error}; waiting until it can be opened")
            return False
        file.is_taken, file.again = True, None
        return True

    def _scan(self) -> Iterator[tuple[Path, Stamp]]:
        """Raw files that are there, and their stamps; nothing hidden, and no folders behind links.

        Raises
        ------
        OSError
            If the folder itself cannot be read.
        """
        pending = [self.folder]
        while pending:
            folder = pending.pop()
            found: dict[str, tuple[int, int]] = {}
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.name.startswith("."):
                            continue
                        if self._recursive and entry.is_dir(follow_symlinks=False):
                            pending.append(folder / entry.name)
                        elif Path(entry.name).suffix.lower() in _SUFFIXES:
                            # Gone between the two calls.
                            with suppress(OSError):
                                if entry.is_file():
                                    status = entry.stat()
                                    found[entry.name] = status.st_size, status.st_mtime_ns
            except OSError:
                if folder == self.folder:
                    raise
            for name in found:
                path = folder / name
                if path.suffix.lower() in RAW_SUFFIXES:
                    beside = (f"{name}.json", f"{path.stem}.json", f"{name}{SIDECAR_SUFFIX}")
                    yield path, (found[name], *(found.get(other) for other in beside))

    def _say(self, text: str) -> None:
        if self._said:
            self._said(text)


class Naming:
    """Names of outputs, one by one.

    Parameters
    ----------
    watcher : Watcher
    template, format, chain, asked
        See `tenbit.pipeline.jobs.name_outputs`.
    """

    def __init__(
        self,
        watcher: Watcher,
        template: str,
        *,
        format: str,  # noqa: A002  the chain file's word
        chain: str,
        asked: Asked | None = None,
    ) -> None:
        self._watcher, self._template, self._format, self._chain = watcher, template, format, chain
        self._asked = asked
        self._taken: dict[str, Path] = {}

    def job(self, one: Input) -> Job:
        """What a file becomes.

        Raises
        ------
        RequestError
            If it cannot be meant, or another file that is there is written to that name.
        """
        (job,) = name_outputs([one], self._template, format=self._format, chain=self._chain, asked=self._asked)
        key = str(job.target).casefold()
        other = self._taken.get(key)
        if other not in (None, one.path) and other in self._watcher:
            raise RequestError(f"{one.path} would be written to {job.target}, but {other} is written there")
        if len(self._taken) > 2 * len(self._watcher) + _LEAST_NAMES:
            self._taken = {target: path for target, path in self._taken.items() if path in self._watcher}
        self._taken[key] = one.path
        return job


def developed(
    watcher: Watcher,
    order: Order,
    naming: Naming,
    *,
    interval_s: float = 1.0,
    is_once: bool = False,
    said: Said | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Outcome]:
    """Outcomes of files as they arrive, without end; what is worth telling of, and no file twice.

    Parameters
    ----------
    watcher : Watcher
    order : Order
        Its manifest tells what was done by an earlier run.
    naming : Naming
    interval_s : float
        Between two looks at the folder.
    is_once : bool
        End when what is there was done; files that are still being written are left.
    said : callable, optional
        Told, a line each, what a user wants to know.
    sleep : callable

    Raises
    ------
    DeviceError
        If the device asked for cannot be used.
    KeyboardInterrupt
        As `tenbit.pipeline.batch.develop` does.
    """
    refused: list[Outcome] = []
    untold = set[Path]()

    def jobs(ready: list[Input]) -> Iterator[Job]:
        # Asked for more as lanes become free: what arrives meanwhile joins.
        while ready:
            untold.update(one.path for one in ready)
            for one in ready:
                try:
                    yield naming.job(one)
                except RequestError as error:
                    refused.append(failed(Job(one.path, Path()), error))
                    untold.discard(one.path)
            ready = watcher.ready()

    is_second = watcher.settle_s == 0
    while True:
        if ready := watcher.ready():
            for outcome in develop(jobs(ready), order, said=said):
                untold.discard(outcome.job.source)
                if watcher.is_news(outcome):
                    yield outcome
            yield from refused
            refused.clear()
            # A full disk has ended the batch before them.
            watcher.put_off(untold)
            untold.clear()
        if is_once and is_second:
            break
        is_second = True
        sleep(watcher.settle_s if is_once else interval_s)
    if said and (left := watcher.unsettled):
        said(f"{len(left)} {'file is' if len(left) == 1 else 'files are'} not whole yet: {left[0]}")
