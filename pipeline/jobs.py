"""Which files become which: inputs are found, outputs are named, before anything is read."""

from __future__ import annotations

import glob
import os
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tenbit.pipeline.config import Format
from tenbit.pipeline.errors import RequestError, WriteError
from tenbit.pipeline.images import FORMATS, format_of
from tenbit.pipeline.raw import DUMPS
from tenbit.pipeline.schema import hint

if TYPE_CHECKING:
    from tenbit.pipeline.shots.given import Given

# What is taken from a folder. A file that is named, or met by a glob, is taken whatever its suffix.
RAW_SUFFIXES = frozenset(DUMPS) | {
    *(".3fr", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".dc2", ".dcr", ".dng", ".eip", ".erf", ".fff", ".gpr"),
    *(".iiq", ".k25", ".kc2", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2"),
    *(".rwl", ".sr2", ".srf", ".srw", ".x3f"),
}
FIELDS = ("stem", "name", "ext", "parent", "below", "index", "chain")


@dataclass(frozen=True)
class Input:
    """One raw file; ``below`` is its folder inside the folder that was named, ``.`` for every other input."""

    path: Path
    below: Path = Path()


@dataclass(frozen=True)
class Job:
    """One raw file and the picture that it becomes.

    Parameters
    ----------
    source, target : Path
    number : int
        The frame's number in its shot.
    given : Given, optional
        White balance and exposure that are not left to the frame itself.
    """

    source: Path
    target: Path
    number: int = 0
    given: Given | None = None


def find_inputs(
    wanted: Iterable[str], *, recursive: bool = False, suffixes: frozenset[str] = RAW_SUFFIXES
) -> list[Input]:
    """Files and the raw files of folders, each once, in the order given.

    Parameters
    ----------
    wanted : iterable of str
        Names of files, of folders, whose files with one of ``suffixes`` are taken, and globs (``*``, ``?``, ``[…]``,
        ``**``), which are expanded as a shell does. A file that is not there stays in the list: it fails when it is
        read, and others do not.
    recursive : bool
        Look into folders below a folder too.
    suffixes : frozenset of str
        Of the files that are taken from folders.

    Raises
    ------
    RequestError
        If a folder holds no raw file or a glob meets nothing; every such one, on one line.
    """
    found: dict[Path, Input] = {}
    empty = []
    for text in wanted:
        here = list(_found(text, recursive, suffixes))
        if not here:
            empty.append(_nothing(text, recursive, "raw file" if suffixes == RAW_SUFFIXES else "raw file or picture"))
        for one in here:
            found.setdefault(one.path.resolve(), one)
    if empty:
        raise RequestError("; ".join(empty))
    return list(found.values())


def _kind(text: str) -> str:
    """``folder`` or ``file``; empty for a name that is not there, or that the system refuses (too long)."""
    try:
        path = Path(text)
        return "folder" if path.is_dir() else "file" if path.exists() else ""
    except OSError:
        return ""


def _found(text: str, recursive: bool, suffixes: frozenset[str]) -> Iterator[Input]:
    path = Path(text)
    if _kind(text) == "folder":
        for file in sorted(path.rglob("*") if recursive else path.glob("*")):
            parts = file.relative_to(path).parts
            if file.suffix.lower() in suffixes and file.is_file() and not any(p.startswith(".") for p in parts):
                yield Input(file, file.parent.relative_to(path))
    elif _kind(text) == "file" or not glob.has_magic(text):
        yield Input(path)
    else:
        # As a shell would expand it. pathlib's own glob takes no absolute patterns.
        for name in sorted(glob.glob(text, recursive=True)):  # noqa: PTH207
            yield from _found(name, recursive, suffixes)


def _nothing(text: str, recursive: bool, kind: str) -> str:
    if _kind(text) == "folder":
        return f"{text}: no {kind} in this folder" + ("" if recursive else "; -r looks into the folders below too")
    return f"{text}: no {kind} of such a name"


def output_format(template: str, format: Format | None, *, is_asked: bool = False) -> Format:  # noqa: A002
    """The format of all outputs: what the template's suffix says, else the chain's, else jpeg.

    Parameters
    ----------
    template : str
        See `name_outputs`.
    format : Format or None
        The chain's.
    is_asked : bool
        Whether it was asked for beside the chain file: then the suffix may not say otherwise.

    Raises
    ------
    RequestError
        If the suffix is not known or contradicts the format asked for.
    """
    if _says_nothing(template):
        return format or "jpeg"
    try:
        return cast(Format, format_of(Path(template), format if is_asked else None))
    except WriteError as error:
        raise RequestError(str(error)) from None


def suffix_format(template: str) -> Format | None:
    """The format that a template's suffix says, None where it says nothing; see `output_format` for the errors."""
    return None if _says_nothing(template) else output_format(template, None)


def _says_nothing(template: str) -> bool:
    suffix = Path(template).suffix
    is_folder = template.endswith("/") or _kind(template) == "folder"
    return not suffix or "{" in suffix or "}" in suffix or is_folder


def check_report(report: Path | None, jobs: Sequence[Job]) -> None:
    """Refuse a report that would be written over a raw file, a picture, or any file that is no earlier report.

    Raises
    ------
    RequestError
        Naming the file.
    """
    if report is None:
        return
    if report.suffix.lower() != ".json" and report.exists() and not report.samefile(os.devnull):
        raise RequestError(f"--report: {report} exists and is no .json; give the report a name of its own")
    sidecars = {
        job.source.with_name(f"{name}.json").resolve() for job in jobs for name in (job.source.name, job.source.stem)
    }
    if report.exists() and report.resolve() in sidecars:
        raise RequestError(f"--report: {report} is the sidecar of an input; give the report a name of its own")
    for job in jobs:
        for path, what in ((job.source, "an input"), (job.target, "an output")):
            if report.resolve() == path.resolve():
                raise RequestError(f"--report: {report} is {what}; give the report a name of its own")


def name_outputs(inputs: Sequence[Input], template: str, *, format: str, chain: str) -> list[Job]:  # noqa: A002
    """One output per input.

    Parameters
    ----------
    inputs : sequence of Input
    template : str
        A path with fields: ``{stem}`` and ``{name}`` of the input, ``{ext}`` of the format, ``{parent}``, the name of
        the input's folder, ``{below}``, its folder inside the folder that was named, ``{index}`` from 1
        (``{index:04d}``), ``{chain}``. A folder that is there, a path that ends in ``/``, and one with neither a suffix
        nor a field, is a folder for ``{stem}.{ext}``.
    format : str
        A key of `FORMATS`.
    chain : str
        The chain's name.

    Raises
    ------
    RequestError
        For an empty template or ``-``, for an unknown field, for two inputs with the same output, and for an output
        that is one of the inputs.
    """
    if template in ("", "-"):
        what = "names no file" if not template else "is no file; pictures are not written to the standard output"
        raise RequestError(f"output {template!r} {what}: give a folder, or a name such as '{{stem}}.{{ext}}'")
    is_bare = not Path(template).suffix and "{" not in template and "}" not in template and _kind(template) != "file"
    if template.endswith("/") or is_bare or _kind(template) == "folder":
        template = str(Path(template, "{stem}.{ext}"))
    _check_fields(template)
    jobs = []
    taken = {one.path.resolve(): f"{one.path} is an input" for one in inputs}
    for index, one in enumerate(inputs, 1):
        values = {
            "stem": one.path.stem,
            "name": one.path.name,
            "ext": FORMATS[format].suffixes[0][1:],
            "parent": one.path.absolute().parent.name,
            "below": str(one.below),
            "index": index,
            "chain": chain,
        }
        try:
            target = Path(template.format(**values))
        except (ValueError, IndexError) as error:
            raise RequestError(f"output {template!r}: {error}") from None
        key = target.resolve()
        if key in taken:
            text = f"-o may tell them apart by {', '.join(f'{{{name}}}' for name in FIELDS)}"
            raise RequestError(f"{one.path} would be written to {target}, but {taken[key]}; {text}")
        taken[key] = f"{one.path} is written there"
        jobs.append(Job(one.path, target))
    return jobs


def _check_fields(template: str) -> None:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        names += [n for _, _, spec, _ in string.Formatter().parse(template) for n in ("{",) if spec and "{" in spec]
    except ValueError as error:
        raise RequestError(f"output {template!r}: {error}") from None
    for name in names:
        if name not in FIELDS:
            raise RequestError(f"output {template!r}: no field {{{name}}}; {hint(name, FIELDS)}")
