"""Which raw files are meant: names, folders, globs, numbered shots, and lists of names."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.jobs.job import RAW_SUFFIXES, Input
from tenbit.pipeline.jobs.places import Places

STDIN = "-"


def find_inputs(
    wanted: Iterable[str], *, recursive: bool = False, suffixes: frozenset[str] = RAW_SUFFIXES
) -> list[Input]:
    """Files and the raw files of folders, each once, in the order given.

    Parameters
    ----------
    wanted : iterable of str
        Names of files, of folders, whose files with one of ``suffixes`` are taken, and globs (``*``, ``?``, ``[…]``,
        ``**``), which are expanded as a shell does. Numbered shots, ``A001_####.dng`` and ``A001_%04d.dng``, are all
        frames that are there, in the order of their numbers. ``@list.txt`` is a file with a name on each line, or with
        NUL between names, and ``-`` the same from the standard input; names in a list are taken as they stand and
        count from the current folder. A file of any such name that is there is that file. A file that is not there
        stays in the list: it fails when it is read, and others do not.
    recursive : bool
        Look into folders below a folder too.
    suffixes : frozenset of str
        Of the files that are taken from folders.

    Raises
    ------
    RequestError
        If a folder holds no raw file, a glob, a shot or a list meets nothing, or a list cannot be read; every such
        one, on one line.
    """
    found: dict[Path, Input] = {}
    places, faults = Places(), []
    for text in wanted:
        try:
            here = list(_found(text, recursive, suffixes))
        except OSError as error:
            faults.append(f"{text}: cannot be read: {error.strerror or error}")
            continue
        if not here:
            faults.append(_nothing(text, recursive, "raw file" if suffixes == RAW_SUFFIXES else "raw file or picture"))
        for one in here:
            found.setdefault(places.file(one.path), one)
    if faults:
        raise RequestError("; ".join(faults))
    return list(found.values())


def kind_of(text: str) -> str:
    """``folder`` or ``file``; empty for a name that is not there, or that the system refuses (too long)."""
    try:
        path = Path(text)
        return "folder" if path.is_dir() else "file" if path.exists() else ""
    except OSError:
        return ""


def _found(text: str, recursive: bool, suffixes: frozenset[str]) -> Iterator[Input]:
    if kind_of(text) or text == STDIN or text.startswith("@"):
        yield from _named(text, recursive, suffixes)
        return
    from tenbit.pipeline.shots import pattern

    if pattern.is_pattern(text):
        yield from (Input(path, number=number) for number, path in pattern.expanded(text))
    elif not glob.has_magic(text):
        yield Input(Path(text))
    else:
        # As a shell would expand it. pathlib's own glob takes no absolute patterns.
        for name in sorted(glob.glob(text, recursive=True)):  # noqa: PTH207
            yield from _named(name, recursive, suffixes)


def _named(text: str, recursive: bool, suffixes: frozenset[str]) -> Iterator[Input]:
    """What a name means that is no pattern: a file, a folder's files, a list's."""
    kind = kind_of(text)
    if kind == "folder":
        for parts in sorted(_scanned(text, recursive, suffixes)):
            yield Input(Path(text, *parts), Path(*parts[:-1]))
    elif kind == "file":
        yield Input(Path(text))
    elif text == STDIN or text.startswith("@"):
        for name in _listed(sys.stdin.buffer.read() if text == STDIN else Path(text[1:]).read_bytes()):
            yield from _named(name, recursive, suffixes) if kind_of(name) else [Input(Path(name))]
    else:
        yield Input(Path(text))


def _listed(content: bytes) -> list[str]:
    """Names with NUL between them, as ``find -print0`` writes, or a line each."""
    names = content.split(b"\0") if b"\0" in content else [line.rstrip(b"\r") for line in content.split(b"\n")]
    return [os.fsdecode(name) for name in names if name]


def _scanned(folder: str, recursive: bool, suffixes: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """Raw files of a folder as parts of their paths below it; nothing hidden, and no folders behind links."""
    pending: list[tuple[str, ...]] = [()]
    while pending:
        below = pending.pop()
        # A folder below that may not be read is left out (a card's lost+found); the one that was named is told of.
        with suppress(*(PermissionError,) if below else ()), os.scandir(Path(folder, *below)) as entries:
            for entry in entries:
                stem, _, suffix = entry.name.rpartition(".")
                if entry.name.startswith("."):
                    continue
                if recursive and entry.is_dir(follow_symlinks=False):
                    pending.append((*below, entry.name))
                elif stem and f".{suffix.lower()}" in suffixes and entry.is_file():
                    yield *below, entry.name


def _nothing(text: str, recursive: bool, kind: str) -> str:
    if text == STDIN:
        return "-: no name on the standard input"
    if kind_of(text) == "folder":
        return f"{text}: no {kind} in this folder" + ("" if recursive else "; -r looks into the folders below too")
    return f"{text}: no name in this list" if text.startswith("@") else f"{text}: no {kind} of such a name"
