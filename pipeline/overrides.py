"""Values given beside a chain file: ``--set stage.parameter=value``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tenbit.kernels import STAGES
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


def set_long_edge(document: Document, px: int) -> None:
    """Make the picture's longer side ``px`` long, with ``--long-edge`` as its place.

    The last ``resize`` of the chain is told, its filter kept. Where there is none, one is put behind all that come
    before ``resize`` in a full chain: before ``orient`` and the monitors, whose text then keeps its size.

    Parameters
    ----------
    document : Document
        Changed.
    px : int
    """
    entries = _entries(document.value) if isinstance(document.value, dict) else []
    place = f"--long-edge {px}"
    numbers = [n for n, entry in enumerate(entries) if _name(entry) == "resize"]
    if numbers:
        n = numbers[-1]
        old = entries[n].get("resize") if isinstance(entries[n], Mapping) else None
        if old is not None and not isinstance(old, Mapping):
            return
        kept = {name: value for name, value in (old or {}).items() if name not in ("rows", "cols", "scale")}
        entries[n] = {"resize": {**kept, "long_edge_px": px}}
    else:
        before = STAGES[: STAGES.index("resize")]
        n = 1 + max((n for n, entry in enumerate(entries) if _name(entry) in before), default=-1)
        entries.insert(n, {"resize": {"long_edge_px": px}})
        for places in (document.keys, document.values):
            moved = {way: places.pop(way) for way in list(places) if _is_behind(way, n)}
            places |= {("chain", int(way[1]) + 1, *way[2:]): where for way, where in moved.items()}
    for way in (("chain", n), ("chain", n, "resize"), ("chain", n, "resize", "long_edge_px")):
        if not numbers or len(way) == 4:
            document.keys[way] = document.values[way] = place


def _is_behind(way: Way, number: int) -> bool:
    return len(way) > 1 and way[0] == "chain" and isinstance(way[1], int) and way[1] >= number


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
        old = top.get("output")
        if old is None or isinstance(old, Mapping):
            top["output"] = {**(old or {}), name: value}
        return
    entry = top["chain"][way[1]]
    old = entry[way[2]] if isinstance(entry, Mapping) else None
    if old is None or isinstance(old, Mapping):
        top["chain"][way[1]] = {way[2]: {**(old or {}), name: value}}
