"""Checked options: pydantic models, made from the dataclasses in which stages and the output say theirs."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from pydantic import BaseModel

Fault = tuple[tuple[str | int, ...], str, bool]
"""Way to the option, what is wrong, and whether it is wrong with the option's name."""


@dataclass(frozen=True)
class Option:
    """One option: a stage's parameter, or a field of the output block. Its fields are those of `param`."""

    name: str
    type: Any
    default: Any
    doc: str
    unit: str
    low: float | None
    high: float | None

    @property
    def kinds(self) -> tuple[Any, ...]:
        """The types of its value, without None."""
        is_union = get_origin(self.type) in (Union, UnionType)
        return tuple(kind for kind in (get_args(self.type) if is_union else (self.type,)) if kind is not NoneType)

    @property
    def may_be_none(self) -> bool:
        return NoneType in get_args(self.type)

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values of its Literals; empty when it has none."""
        return tuple(v for kind in self.kinds if get_origin(kind) is Literal for v in get_args(kind))

    @property
    def range(self) -> str:
        """``0.0..1.0``, ``0 or more``, ``red, green, blue``; empty where all values of the type are allowed."""
        if self.choices:
            return ", ".join(map(str, self.choices))
        is_whole = self.kinds == (int,)
        low, high = (None if v is None else int(v) if is_whole else float(v) for v in (self.low, self.high))
        if low is None and high is None:
            return ""
        return f"{low}..{high}" if None not in (low, high) else f"{low} or more" if high is None else f"{high} or less"

    @property
    def allowed(self) -> str:
        """What the value has to be, in words."""
        words = " or ".join(_words(kind) for kind in self.kinds) + (" or null" if self.may_be_none else "")
        bounds = f", {self.range}" if self.range and not self.choices else ""
        return words + bounds + (f" ({self.unit})" if self.unit else "")


def options(parameters: type) -> tuple[Option, ...]:
    """The options of a dataclass whose fields are made by `param`."""
    hints = get_type_hints(parameters)
    return tuple(
        Option(field.name, hints[field.name], field.default, **field.metadata)
        for field in dataclasses.fields(parameters)
    )


def _words(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    if get_origin(kind) is tuple:
        items = get_args(kind)
        plural = _plural(_words(items[0]))
        return f"a list of {plural}" if items[-1] is Ellipsis else f"a list of {len(items)} {plural}"
    return {float: "a number", int: "a whole number", bool: "true or false", str: "a text"}[kind]


def _plural(words: str) -> str:
    known = {"a number": "numbers", "a whole number": "whole numbers", "a text": "texts"}
    return f"lists{words.removeprefix('a list')}" if words.startswith("a list") else known.get(words, "values")


@cache
def model_of(parameters: type) -> type[BaseModel]:
    """The pydantic model of a dataclass whose fields are made by `param`: strict, and nothing else allowed."""
    from pydantic import ConfigDict, Field, create_model

    fields: dict[str, Any] = {
        o.name: (_strict(o.type, o), Field(default=o.default, description=f"{o.doc} [{o.unit}]" if o.unit else o.doc))
        for o in options(parameters)
    }
    return create_model(
        parameters.__qualname__,
        __config__=ConfigDict(extra="forbid", protected_namespaces=()),
        __doc__=(parameters.__doc__ or "").strip().splitlines()[0],
        **fields,
    )


def _strict(kind: Any, option: Option) -> Any:
    """A type whose numbers are numbers (no "1.0", no true) and inside the option's range. Lists pass for tuples."""
    from pydantic import Field, Strict

    if get_origin(kind) in (Union, UnionType):
        union: Any = Union[tuple(_strict(k, option) for k in get_args(kind))]  # noqa: UP007  made from a list
        return union
    if get_origin(kind) is tuple:
        return tuple[tuple(k if k is Ellipsis else _strict(k, option) for k in get_args(kind))]  # type: ignore[misc]
    if kind is float:
        return Annotated[float, Strict(), Field(ge=option.low, le=option.high, allow_inf_nan=False)]
    if kind is int:
        return Annotated[int, Strict(), Field(ge=option.low, le=option.high)]
    return Annotated[kind, Strict()] if kind in (bool, str) else kind


def checked(parameters: type, found: Mapping[str, Any]) -> tuple[Any, list[Fault]]:
    """An instance of the dataclass from plain values, and every fault; the instance is None when there is one.

    Most files have no fault and plain values: those need no pydantic, which takes 0.07 s to load and to build models.
    """
    with suppress(_DoubtError):
        known = {option.name: option for option in options(parameters)}
        return parameters(**{name: _plainly(known.get(name), value) for name, value in found.items()}), []
    from pydantic import ValidationError

    try:
        model = model_of(parameters).model_validate(dict(found))
    except ValidationError as error:
        known = {option.name: option for option in options(parameters)}
        return None, _faults(error.errors(), known, found)
    return parameters(**{name: getattr(model, name) for name in type(model).model_fields}), []


class _DoubtError(Exception):
    """A value that pydantic has to judge."""


def _plainly(option: Option | None, value: Any) -> Any:
    """A value that is allowed without any doubt, as pydantic would hand it over.

    Raises
    ------
    _DoubtError
        For every other one.
    """
    if option is None:
        raise _DoubtError
    if value is None and option.may_be_none:
        return None
    found = []
    for kind in option.kinds:
        with suppress(_DoubtError):
            found.append(_item(kind, option, value))
    if len(found) != 1:
        raise _DoubtError
    return found[0]


def _item(kind: Any, option: Option, value: Any) -> Any:
    """The same for one number, text or choice, or a list of them."""
    if get_origin(kind) is tuple:
        items = get_args(kind)
        if type(value) not in (list, tuple) or (items[-1] is not Ellipsis and len(value) != len(items)):
            raise _DoubtError
        kinds = items[:1] * len(value) if items[-1] is Ellipsis else items
        return tuple(_item(k, option, v) for k, v in zip(kinds, value, strict=True))
    if get_origin(kind) is Literal:
        if any(value == choice and type(value) is type(choice) for choice in get_args(kind)):
            return value
    elif kind in (bool, str) and type(value) is kind:
        return value
    elif kind in (int, float) and type(value) in (int, kind) and abs(value) <= 1e15:
        low, high = option.low, option.high
        if (low is None or value >= low) and (high is None or value <= high):
            return kind(value)
    raise _DoubtError


def _faults(errors: Iterable[Any], known: Mapping[str, Option], found: Mapping[str, Any]) -> list[Fault]:
    """One fault per option, in our words."""
    faults: dict[str, Fault] = {}
    for error in errors:
        name = str(error["loc"][0])
        if name not in known:
            faults.setdefault(name, ((name,), f"no such parameter; {hint(name, known)}", True))
            continue
        option, value = known[name], found[name]
        way: tuple[str | int, ...] = (name,)
        kind = next((kind for kind in option.kinds if get_origin(kind) is tuple), None)
        # What is wrong inside a list is named itself; a list of the wrong length is named whole.
        for part in (part for part in error["loc"][1:] if isinstance(part, int)):
            if not isinstance(value, list | tuple) or part >= len(value) or get_origin(kind) is not tuple:
                break
            items = get_args(kind)
            kind, value, way = items[0 if items[-1] is Ellipsis else part], value[part], (*way, part)
        wrong = _wrong(option, value, kind if len(way) > 1 else None)
        faults.setdefault(name, (way, f"{_shown(value)} is {wrong}", False))
    return list(faults.values())


def _wrong(option: Option, value: Any, inside: Any) -> str:
    """What is wrong with a value, of a list with one that should be of the type ``inside``."""
    unit = f" ({option.unit})" if option.unit else ""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and math.isfinite(value) and option.range and not option.choices:
        low, high = option.low, option.high
        if (low is not None and value < low) or (high is not None and value > high):
            return f"outside {option.range}{unit}" if None not in (low, high) else f"not {option.range}{unit}"
    if option.choices:
        near = difflib.get_close_matches(str(value).lower(), [c for c in option.choices if isinstance(c, str)], 1)
        return f"not {option.allowed}" + (f"; did you mean {near[0]!r}?" if near else "")
    if inside is not None:
        return "not a finite number" if inside is float and isinstance(value, float) else f"not {_words(inside)}"
    return f"not {option.allowed}"


def _shown(value: Any) -> str:
    text = (
        {True: "true", False: "false"}[value] if isinstance(value, bool) else "null" if value is None else repr(value)
    )
    return text if len(text) <= 60 else f"{text[:57]}..."


def hint(name: str, known: Iterable[str]) -> str:
    """What a misspelt name may have meant, or what there is."""
    names = list(known)
    near = difflib.get_close_matches(name.lower(), names, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}" if names else "there are none"


def json_schema(stages: Mapping[str, type], output: type) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a chain file, for editors.

    Parameters
    ----------
    stages : mapping
        Parameters of each stage by its name.
    output : type
        The dataclass of the output block.
    """
    entries: list[dict[str, Any]] = [{"enum": list(stages), "description": "A stage with its default values."}]
    for name, parameters in stages.items():
        body = model_of(parameters).model_json_schema()
        about = body.pop("description", "")
        entries.append(
            {
                "type": "object",
                "title": name,
                "description": about,
                "properties": {name: {"anyOf": [body, {"type": "null"}], "description": about}},
                "required": [name],
                "additionalProperties": False,
            }
        )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tenbit chain",
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Shown in reports; by default the file's name."},
            "chain": {"type": "array", "minItems": 1, "items": {"anyOf": entries}},
            "output": {"anyOf": [model_of(output).model_json_schema(), {"type": "null"}]},
        },
        "required": ["chain"],
        "additionalProperties": False,
    }
