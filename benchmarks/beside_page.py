"""docs/peers.md, from what `beside.py` measured: every word of it is made here, every figure comes from the JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = "docs/peers.md"
WORDS = Path(__file__).resolve().with_name("beside_notes.md")
# Sections whose times say more than rates, with their unit and how many milliseconds it has.
TIMED = {"files": ("s", 1e3), "large": ("s", 1e3), "few": ("s per frame", 1e3), "starting": ("s", 1e3)}
NONE = "–"
# A speed between this and 1 is said to be slower in its table, and counted at the top.
ALIKE = 0.95


def read(path: Path) -> dict[str, Any]:
    """What has been measured so far; nothing where there is no file."""
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def page(found: Mapping[str, Any]) -> str:
    """The page.

    Raises
    ------
    ValueError
        If nothing has been measured.
    """
    if not found.get("sections"):
        raise ValueError("nothing has been measured: run python benchmarks/beside.py")
    sections, words = found["sections"], notes()
    parts = [words["first"].format(**_where(found)), _slower(sections)]
    for name, section in sections.items():
        parts.append(f"## {section['title']}\n")
        parts += [words[name], _of_section(name, section)]
    parts += [words["last"], _versions(found)]
    return "\n".join(parts)


def notes() -> dict[str, str]:
    """What is said of each section, and first and last, by name."""
    _, *parts = re.split(r"<!-- (\w+) -->\n", WORDS.read_text("utf-8"))
    return {name: f"{text.strip()}\n" for name, text in zip(parts[::2], parts[1::2], strict=True)}


def _where(found: Mapping[str, Any]) -> dict[str, Any]:
    machine = found["machine"]
    commits = sorted({section["commit"] or "?" for section in found["sections"].values()})
    return {
        "cpu": machine["cpu"],
        "cores": machine["cores_used"],
        "memory": machine["memory_gib"],
        "commits": ", ".join(commits),
        "load": machine["load_at_the_end"][0] if machine["load_at_the_end"] else NONE,
    }


def ratio(section: Mapping[str, Any], theirs: str) -> tuple[float, float, float]:
    """tenbit's speed as a multiple of a peer's: of medians, then what the quartiles of both allow."""
    timed, mine = section["timed"], section["beside"][theirs]
    pixels = (timed[mine]["megapixels"] or 1) / (timed[theirs]["megapixels"] or 1)
    (low, high), (mine_low, mine_high) = timed[theirs]["quartiles_ms"], timed[mine]["quartiles_ms"]
    times = (timed[theirs]["median_ms"] / timed[mine]["median_ms"], low / mine_high, high / mine_low)
    return tuple(pixels * each for each in times)  # type: ignore[return-value]


def _slower(sections: Mapping[str, Any]) -> str:
    """The peers that are faster, first of all."""
    rows, alike = [], 0
    for section in sections.values():
        for theirs, mine in section.get("beside", {}).items():
            times = ratio(section, theirs)[0]
            alike += ALIKE <= times < 1
            if times < ALIKE:
                rows.append((times, theirs, mine, section["title"]))
    if not rows:
        return "## Where tenbit is slower\n\nNowhere in this run.\n"
    rows.sort()
    pairs = sum(len(section.get("beside", {})) for section in sections.values())
    head = ("peer", "tenbit's", "of", "tenbit's speed over the peer's")
    table = _table(head, ((theirs, mine, title, f"**{times:.2f}**") for times, theirs, mine, title in rows))
    said = f"{len(rows)} of {pairs} pairs" + (f"; {alike} more by less than 5 %" if alike else "")
    return f"## Where tenbit is slower\n\n{said}. What each does more or less stands with its table below.\n\n{table}"


def _of_section(name: str, section: Mapping[str, Any]) -> str:
    parts = []
    if section["timed"] and name != "limits":
        parts.append(_times(name, section))
    if section.get("table"):
        head, *rows = section["table"]
        parts.append(_table(head, rows))
    if peaks := {who: gib for who, gib in section["figures"].items() if who.startswith("peak memory, ")}:
        rows = ((who.removeprefix("peak memory, ").removesuffix(", GiB"), f"{gib:.2f}") for who, gib in peaks.items())
        parts.append(_table(("peak memory of the largest process", "GiB"), rows))
    elif name == "limits":
        parts.append(_table(("", ""), ((what, f"{value:.3g}") for what, value in section["figures"].items())))
    if section.get("left_out"):
        parts.append("\n".join(f"Not installed: {who}: `{how}`" for who, how in section["left_out"].items()) + "\n")
    return "\n".join(parts)


def _times(name: str, section: Mapping[str, Any]) -> str:
    unit, scale = TIMED.get(name, ("MP/s", 0))
    beside = section.get("beside", {})
    rows = []
    for who, one in section["timed"].items():
        if name == "monitors" and who not in beside and who not in beside.values():
            continue
        low, high = one["quartiles_ms"]
        if scale:
            figures = f"{one['median_ms'] / scale:.2f}", f"{low / scale:.2f} … {high / scale:.2f}"
        else:
            rates = (1e3 * one["megapixels"] / each for each in (one["median_ms"], high, low))
            middle, least, most = (f"{rate:.3g}" if rate < 100 else f"{rate:.0f}" for rate in rates)
            figures = middle, f"{least} … {most}"
        rows.append((who, *figures, str(len(one["rounds_ms"])), *_beside(section, who)))
    head = ("", unit, "quartiles", "rounds", "beside", "tenbit's speed over it")
    return _table(head if beside else head[:4], (row if beside else row[:4] for row in rows))


def _beside(section: Mapping[str, Any], who: str) -> tuple[str, str]:
    if who not in section.get("beside", {}):
        return "", ""
    times, least, most = ratio(section, who)
    text = f"{times:.2f}" if times < 10 else f"{times:.0f}"
    spread = f"({least:.2g} … {most:.2g})"
    return section["beside"][who], f"**{text}** {spread}" if times < 1 else f"{text} {spread}"


def _versions(found: Mapping[str, Any]) -> str:
    rows = ((name, version) for name, version in found["versions"].items() if version)
    return "## Versions\n\n" + _table(("", ""), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]]) + "\n"
