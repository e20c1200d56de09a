"""A YAML text as plain values, and where in the file each of them stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenbit.pipeline.errors import ChainError

Way = tuple[str | int, ...]
# A chain is a page of text: what is larger or deeper is no chain, or one that wants to fill the memory with aliases.
_LARGEST_BYTES, _MOST_VALUES, _DEEPEST = 1 << 20, 20_000, 16


@dataclass
class Document:
    """Plain values (dict, list, str, numbers, None) and their places.

    Parameters
    ----------
    value : object
        The whole.
    keys, values : dict
        Place of a key and of its value, as ``job.yaml:7:12``, by the way to it: ``("chain", 1, "zebra", "high")``.
    """

    value: Any
    keys: dict[Way, str] = field(default_factory=dict)
    values: dict[Way, str] = field(default_factory=dict)

    def fault(self, way: Way, text: str, *, is_key: bool = False) -> str:
        """A line that says where, what and why: ``job.yaml:7:12: chain[1] zebra.high: 1.5 is outside …``."""
        near = way
        while near and near not in self.values:
            near = near[:-1]
        place = (self.keys.get(way) if is_key else None) or self.values.get(near, "")
        return ": ".join(part for part in (place, label(way), text) if part)


def label(way: Way) -> str:
    """How a way is written: ``chain[1] zebra.high``, ``output.quality``."""
    text = ""
    for n, part in enumerate(way):
        if isinstance(part, int):
            text += f"[{part}]"
        elif n == 2 and way[0] == "chain":
            text += f" {part}"
        else:
            text += f".{part}" if text else part
    return text


def parse(path: Path, name: str) -> Document:
    """A YAML 1.2 file; duplicate keys are faults.

    Parameters
    ----------
    path : Path
    name : str
        The file's name in places.

    Raises
    ------
    ChainError
        If it cannot be read, or is no YAML.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ChainError([f"{name}: more than {_LARGEST_BYTES >> 20} MiB, so no chain file"])
        text = path.read_text("utf-8")
    except OSError as error:
        raise ChainError([f"{name}: cannot be read: {error.strerror or error}"]) from None
    except UnicodeDecodeError:
        raise ChainError([f"{name}: not UTF-8 text"]) from None
    return _document(text, name)


def parse_value(text: str) -> Any:
    """The plain value of a piece of YAML, as ``--set`` takes it.

    Raises
    ------
    ChainError
        If it is no YAML.
    """
    return _document(text, "value").value


def _document(text: str, name: str) -> Document:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        said = " ".join(str(error.problem or error.context).split())
        raise ChainError([f"{place}: no YAML: {said}"]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        said = "nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise ChainError([f"{name}: no YAML: {said}"]) from None
    document = Document(None)
    document.value = _Reader(name, document).plain(tree, (), f"{name}:1:1")
    return document


class _Reader:
    """Round-trip values, which know their lines, to plain ones, which anyone can check."""

    def __init__(self, name: str, document: Document) -> None:
        self._name = name
        self._document = document
        self._left = _MOST_VALUES

    def plain(self, value: Any, way: Way, place: str) -> Any:
        from ruamel.yaml.comments import CommentedMap, CommentedSeq
        from ruamel.yaml.scalarbool import ScalarBoolean

        self._left -= 1
        if self._left < 0 or len(way) > _DEEPEST:
            raise ChainError([f"{place}: too many values or too deep for a chain"])
        self._document.values[way] = place
        if isinstance(value, CommentedMap):
            found = {}
            for key in value:
                name = str(key)
                lines = value.lc.data or {}
                here = (*way, name)
                self._document.keys[here] = self._place(*lines[key][:2]) if key in lines else place
                found[name] = self.plain(value[key], here, self._place(*lines[key][2:]) if key in lines else place)
            return found
        if isinstance(value, CommentedSeq):
            return [self.plain(item, (*way, n), self._place(*value.lc.item(n))) for n, item in enumerate(value)]
        if isinstance(value, ScalarBoolean):
            return bool(value)
        for kind in (int, float, str):
            if isinstance(value, kind) and not isinstance(value, bool):
                return kind(value)
        return value

    def _place(self, line: int, col: int) -> str:
        return f"{self._name}:{line + 1}:{col + 1}"
