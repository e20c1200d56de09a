"""One output per input; what would be lost or land elsewhere is refused before anything is read."""

from __future__ import annotations

import os
import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenbit.pipeline.errors import RequestError, WriteError
from tenbit.pipeline.images import FORMATS, format_of
from tenbit.pipeline.jobs.fields import FIELDS, Filling, lens_namer
from tenbit.pipeline.jobs.found import kind_of
from tenbit.pipeline.jobs.job import Input, Job
from tenbit.pipeline.jobs.places import Places, folded
from tenbit.pipeline.raw import number_of
from tenbit.pipeline.schema import hint

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked

_MOST_TOLD = 3


@dataclass(frozen=True)
class Template:
    """A path with fields, checked.

    Parameters
    ----------
    text : str
    parts : tuple
        Literal text, and the field behind it with its format; no field at the end.
    folder : Path
        The part before the first field: nothing is written outside.
    """

    text: str
    parts: tuple[tuple[str, str | None, str], ...]
    folder: Path

    def filled(self, filling: Filling) -> Path:
        """The path for one input.

        Raises
        ------
        LookupError, ValueError
            See `Filling.value`.
        """
        made = []
        for literal, field, spec in self.parts:
            made.append(literal)
            if field is not None:
                made.append(filling.value(field, spec))
        return Path("".join(made))


def name_outputs(
    inputs: Sequence[Input],
    template: str,
    *,
    format: str,  # noqa: A002
    chain: str,
    asked: Asked | None = None,
) -> list[Job]:
    """One output per input.

    Parameters
    ----------
    inputs : sequence of Input
    template : str
        A path with fields, of `FIELDS`; ``{{`` is a brace. ``{stem}`` and ``{name}`` of the input, ``{ext}`` of the
        format, ``{parent}``, the name of the input's folder, ``{below}``, its folder inside the folder that was named,
        ``{relative}``, that folder and the stem, ``{index}`` from 1 (``{index:04d}``), ``{frame:04d}``, the number at
        the end of the name or in the numbered shot, ``{chain}``; and what the file says of itself: ``{lens}``,
        ``{iso}``, ``{date}`` (``{date:%Y/%m/%d}``), each ``unknown`` where it says nothing. A folder that is there, a
        path that ends in ``/``, and one with neither a suffix nor a field, is a folder for ``{stem}.{ext}``.
    format : str
        A key of `FORMATS`.
    chain : str
        The chain's name.
    asked : Asked, optional
        What the user says: a lens that is named is the file's ``{lens}``.

    Raises
    ------
    RequestError
        For an empty template or ``-``, for an unknown field, for an input without a number where the template has
        ``{frame}``, for two inputs with the same output on any file system, for an output that is one of the inputs,
        for one whose suffix is of another format, and for one outside the template's folder, be it behind a link. The
        first few on one line, with the count.
    """
    checked = _checked(template)
    places, jobs, faults, is_hint_due = Places(), list[Job](), list[str](), False
    root = places.folder(checked.folder)
    taken: dict[str, tuple[Path, str]] = {}
    for one in inputs:
        taken[folded(places.file(one.path))] = taken[folded(places.name(one.path))] = one.path, "is an input"
    ext, lens_of = FORMATS[format].suffixes[0][1:], lens_namer(asked)
    for index, one in enumerate(inputs, 1):
        try:
            target = checked.filled(Filling(one, index, ext, chain, lens_of))
        except LookupError as error:
            faults.append(f"{one.path} {error.args[0]}")
            continue
        except ValueError as error:
            raise RequestError(f"output {template!r}: {error}") from None
        place = places.name(target)
        if not place.is_relative_to(root):
            faults.append(f"{one.path} would be written to {target}, outside {checked.folder}: to {place}")
            continue
        key = folded(place)
        if key in taken:
            faults.append(f"{one.path} would be written to {target}, but {taken[key][0]} {taken[key][1]}")
            is_hint_due = True
            continue
        taken[key] = one.path, "is written there"
        jobs.append(Job(one.path, target, number_of(one.path) if one.number is None else one.number))
        try:
            format_of(target, format)
        except WriteError as error:
            # Each file would fail by it, when it is developed already.
            faults.append(f"{one.path}: {error}; -o may end with .{{ext}}")
    if faults:
        more = f"; and {len(faults) - _MOST_TOLD} more" if len(faults) > _MOST_TOLD else ""
        tail = f"; -o may tell them apart by {', '.join(f'{{{name}}}' for name in FIELDS)}" if is_hint_due else ""
        raise RequestError("; ".join(faults[:_MOST_TOLD]) + more + tail)
    return jobs


def output_folder(template: str) -> Path:
    """The folder that all outputs of a template are inside: what it says before its first field.

    Raises
    ------
    RequestError
        If the template is none; see `name_outputs`.
    """
    return _checked(template).folder


def _checked(template: str) -> Template:
    if template in ("", "-"):
        what = "names no file" if not template else "is no file; pictures are not written to the standard output"
        raise RequestError(f"output {template!r} {what}: give a folder, or a name such as '{{stem}}.{{ext}}'")
    is_bare = not Path(template).suffix and "{" not in template and "}" not in template and kind_of(template) != "file"
    if template.endswith("/") or is_bare or kind_of(template) == "folder":
        # Braces in the name of a folder that is there are no fields.
        is_there = kind_of(template) == "folder"
        template = str(Path(template.replace("{", "{{").replace("}", "}}") if is_there else template, "{stem}.{ext}"))
    try:
        found = list(string.Formatter().parse(template))
    except ValueError as error:
        raise RequestError(f"output {template!r}: {error}") from None
    for _, name, spec, conversion in found:
        if name is None:
            continue
        for wrong in (name,) if name not in FIELDS else ("{",) if spec and "{" in spec else ():
            raise RequestError(f"output {template!r}: no field {{{wrong}}}; {hint(wrong, FIELDS)}")
        if conversion:
            raise RequestError(f"output {template!r}: {{{name}!{conversion}}} has a conversion; write {{{name}}}")
    first = next((n for n, (_, name, _, _) in enumerate(found) if name is not None), len(found))
    constant = "".join(literal for literal, _, _, _ in found[: first + 1])
    folder = Path(os.path.dirname(constant))  # noqa: PTH120  pathlib drops the dot of "out/.{stem}"
    parts = tuple((literal, name, spec or "") for literal, name, spec, _ in found)
    return Template(template, parts, folder)
