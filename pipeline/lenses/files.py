"""Profile files: YAML to a checked `Profile`, every fault with its place, and back."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit.pipeline.document import Way, label
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.images.atomic import replaced
from tenbit.pipeline.lenses.texts import text_of

if TYPE_CHECKING:
    from pydantic import BaseModel

    from tenbit.pipeline.lenses.profile import FlatMap, Profile

# A profile is pages of text at most: what is larger is none, or wants to fill the memory with aliases.
_LARGEST_BYTES, _MOST_VALUES, _DEEPEST = 8 << 20, 400_000, 12
_ONE_LINE_EACH = ("distortion", "lateral_colour", "vignetting", "limits")


def load_profile(path: Path) -> Profile:
    """The profile in a YAML file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Profile

    Raises
    ------
    ReadError
        If it cannot be read, or is no profile: every fault, as ``file:line:column: field: what is wrong``.
    """
    from pydantic import ValidationError

    from tenbit.pipeline.lenses.profile import Profile

    text = text_of(path, most_bytes=_LARGEST_BYTES, kind="profile")
    value = _plain(path, text)
    try:
        return Profile.model_validate(value)
    except ValidationError as error:
        places = _places(text)
        faults = {_fault(path, places, way, said, value) for way, said in _what(error, value)}
        raise ReadError("; ".join(sorted(faults, key=_line))) from None


def write_profile(path: Path, profile: Profile, comment: str = "") -> None:
    """Write a profile as YAML: an entry a line, a map's gains as a block of rows.

    Parameters
    ----------
    path : Path
        Complete or as it was; whether an older file may be replaced is the caller's question.
    profile : Profile
    comment : str
        What stands above it, a ``#`` before each line.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    with replaced(path) as handle:
        handle.write(as_yaml(profile, comment).encode())


def as_yaml(profile: Profile, comment: str = "") -> str:
    """The text of a profile file."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import LiteralScalarString

    from tenbit.pipeline.lenses.profile import as_plain

    def shaped(value: Any, *, is_flow: bool = False) -> Any:
        if isinstance(value, Mapping):
            made = CommentedMap({key: shaped(item, is_flow=is_flow) for key, item in value.items()})
            if is_flow:
                made.fa.set_flow_style()
            return made
        if isinstance(value, list | tuple):
            items = CommentedSeq([shaped(item, is_flow=is_flow) for item in value])
            if is_flow or not any(isinstance(item, Mapping) for item in value):
                items.fa.set_flow_style()
            return items
        return float(value) if isinstance(value, float) else value

    plain = as_plain(profile)
    for found, measurement in zip(plain["measurements"], profile.measurements, strict=True):
        for name in _ONE_LINE_EACH:
            if name in found:
                found[name] = CommentedSeq([shaped(entry, is_flow=True) for entry in found[name]])
        if measurement.flat:
            maps = [shaped(entry) for entry in found["flat"]]
            for entry, flat in zip(maps, measurement.flat, strict=True):
                entry["gains"] = LiteralScalarString(_rows_of(flat))
            found["flat"] = CommentedSeq(maps)
        for name, value in found.items():
            if not isinstance(value, CommentedSeq):
                found[name] = shaped(value)
    plain["measurements"] = CommentedSeq([CommentedMap(found) for found in plain["measurements"]])
    yaml = YAML()
    yaml.width = 118
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump({key: shaped(value) if key != "measurements" else value for key, value in plain.items()}, text)
    above = "".join(f"# {line}".rstrip() + "\n" for line in comment.splitlines())
    return above + "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _rows_of(flat: FlatMap) -> str:
    """A map's gains, a row of points a line, an empty line between sites."""
    down, across = flat.points
    gains = flat.gains.split()
    rows = [" ".join(gains[at : at + across]) for at in range(0, len(gains), across)]
    return "\n\n".join("\n".join(rows[at : at + down]) for at in range(0, len(rows), down)) + "\n"


def _plain(path: Path, text: str) -> Any:
    """What the YAML says, as dicts, lists, texts and numbers; days are texts."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    left = _MOST_VALUES

    def walked(value: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth > _DEEPEST:
            raise ReadError(f"{path}: too many values or too deep for a profile")
        if isinstance(value, dict):
            return {str(key): walked(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [walked(item, depth + 1) for item in value]
        return value.isoformat() if isinstance(value, date) else value

    try:
        return walked(YAML(typ="safe", pure=True).load(text), 0)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else f"{path}"
        raise ReadError(f"{place}: no YAML: {' '.join(str(error.problem or error.context).split())}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        said = "nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise ReadError(f"{path}: no YAML: {said}") from None


def _what(error: Any, value: Any) -> Iterator[tuple[Way, str]]:
    """Way and text of every fault that pydantic found."""
    errors = error.errors()
    for found in errors:
        way = tuple(found["loc"])
        at, kind = _at(value, way), found["type"]
        if kind == "too_short":
            # Entries that have faults are not counted, and those are told of.
            if any(other["loc"][: len(way)] == found["loc"] for other in errors if other is not found):
                continue
            said = f"at least {found['ctx']['min_length']} belongs there"
        elif kind in ("model_type", "tuple_type"):
            said = f"{_shown(at)}: a {'mapping' if kind == 'model_type' else 'list'} belongs there"
        elif kind == "extra_forbidden":
            names = list(_model_at(way[:-1]).model_fields)
            near = difflib.get_close_matches(str(way[-1]), names, 1)
            said = "no such field; " + (f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}")
        elif kind == "missing":
            said = "missing"
        elif kind == "value_error":
            said = str(found["ctx"]["error"])
        else:
            text = found["msg"].removeprefix("Input ")
            said = f"{_shown(at)} {text}" if text.startswith("should") else f"{_shown(at)}: {text}"
        yield way, said


def _at(value: Any, way: Way) -> Any:
    for part in way:
        try:
            value = value[part]
        except (LookupError, TypeError):
            return None
    return value


def _model_at(way: Way) -> type[BaseModel]:
    """The model of the block that a way leads to."""
    from typing import get_args

    from tenbit.pipeline.lenses.profile import Profile

    model: Any = Profile
    for part in way:
        if isinstance(part, str):
            model = get_args(model.model_fields[part].annotation)[0]
    return model  # type: ignore[no-any-return]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _places(text: str) -> Any:
    """The tree of nodes, which know their lines."""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).compose(text)


def _fault(path: Path, tree: Any, way: Way, said: str, value: Any) -> str:
    """A line that says where, what and why."""
    node, mark = tree, tree.start_mark if tree is not None else None
    for part in way:
        if isinstance(part, int) and hasattr(node, "value") and isinstance(node.value, list):
            if part >= len(node.value):
                break
            node = node.value[part]
        else:
            pairs = node.value if isinstance(node.value, list) else []
            pair = next((p for p in pairs if isinstance(p, tuple) and p[0].value == part), None)
            if pair is None:
                break
            node = pair[1]
            if said.startswith("no such field"):
                node = pair[0] if part == way[-1] else node
        mark = node.start_mark
    place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else f"{path}:1:1"
    return ": ".join(part for part in (place, label(way), said) if part)


def _line(fault: str) -> tuple[int, ...]:
    """Of a fault, to sort by."""
    return tuple(int(part) for part in fault.split(": ", 1)[0].split(":")[-2:])
