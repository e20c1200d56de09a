"""Values given beside a chain file: ``--set stage.parameter=value``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tenbit.pipeline.document import Document, Way, parse_value
from tenbit.pipeline.errors import ChainError
from tenbit.pipeline.schema import hint

_OVERRIDE = re.compile(r"(?P<stage>\w+)(\[(?P<number>\d+)\])?\.(?P<name>\w+)=(?P<value>.*)", re.DOTALL)


def override(document: Document, overrides: Sequence[str]) -> list[str]:
    """Put overrides into a chain's document, with themselves as their place.

    Parameters
    ----------
    document : Document
        Changed.
    overrides : sequence of str
        ``stage.parameter=value``, ``stage[1].parameter=value``, ``output.quality=80``; values as in YAML.

    Returns
    -------
    list of str
        A line for each that cannot be put in. Whether the values are allowed is checked with the rest of the chain.
    """
    faults = []
    for text in overrides:
        place = f"--set {text}"
        match = _OVERRIDE.fullmatch(text)
        if match is None:
            faults.append(f"{place}: not stage.parameter=value")
            continue
        try:
            value = parse_value(match["value"])
        except ChainError as error:
            faults.append(f"{place}: {error}")
            continue
        top = document.value if isinstance(document.value, dict) else {}
        ways = _targets(top, match["stage"], match["number"])
        if not ways:
            names = [_name(entry) for entry in _entries(top)]
            which = match["stage"] + (f"[{match['number']}]" if match["number"] else "")
            faults.append(
                f"{place}: the chain has no {which}; {hint(match['stage'], [*dict.fromkeys(names), 'output'])}"
            )
        for way in ways:
            _put(top, way, match["name"], value)
            document.keys[(*way, match["name"])] = document.values[(*way, match["name"])] = place
    return faults


def _entries(top: dict[str, Any]) -> list[Any]:
    entries = top.get("chain")
    return entries if isinstance(entries, list) else []


def _name(entry: Any) -> str:
    return str(next(iter(entry), "") if isinstance(entry, Mapping) else entry)


def _targets(top: dict[str, Any], name: str, number: str | None) -> list[Way]:
    """Ways to the blocks of options that an override means."""
    if name == "output":
        return [("output",)] if number is None else []
    ways: list[Way] = [("chain", n, name) for n, e in enumerate(_entries(top)) if _name(e) == name]
    return ways if number is None else ways[int(number) : int(number) + 1]


def _put(top: dict[str, Any], way: Way, name: str, value: Any) -> None:
    if way == ("output",):
        top["output"] = {**(top.get("output") or {}), name: value}
        return
    entry = top["chain"][way[1]]
    old = entry[way[2]] if isinstance(entry, Mapping) else None
    if old is None or isinstance(old, Mapping):
        top["chain"][way[1]] = {way[2]: {**(old or {}), name: value}}
