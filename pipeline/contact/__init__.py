"""A contact sheet: one page of HTML that holds everything, made as frames come."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO

from tenbit.kernels._overlay import Meter, Overlay, Seen
from tenbit.pipeline import scopes
from tenbit.pipeline.contact.tile import Watched, small_pictures
from tenbit.pipeline.draft import Link
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.images import replaced
from tenbit.pipeline.measured import Measured
from tenbit.pipeline.measures import Measures
from tenbit.pipeline.plan import Plan

SORTS = (
    ("", "as given"),
    ("name", "name"),
    ("taken", "time"),
    ("focus", "focus score"),
    ("clipped", "clipped"),
    ("ettr", "ETTR headroom"),
    ("lens", "lens"),
    ("iso", "ISO"),
)
# Where a frame's measures are found among its columns: under the first of these names that is there, the largest.
_FOCUS = ("focus.score",)
_CLIPPED = ("exposure_advice.clipped", "histogram.clipped")
_ETTR = ("exposure_advice.suggested_ev",)
_SEEN = "contact"
# In the order in which they run.
_SCRIPTS = ("frames", "tiles", "views", "copy", "events")
_SEPARATORS = (",", ":")


def watch(what: Plan, links: tuple[Link, ...]) -> Overlay:
    """Instead of a plan's overlay: its meters, and one that keeps what small pictures are drawn of."""
    if what.facts.state != "display":
        raise RequestError(f"the chain ends in a {what.facts.state} frame; a contact sheet shows pictures: add tone")
    keep = Meter(_SEEN, partial(_watched, overlay=what.overlay, links=links))
    return Overlay((*what.overlay.meters, keep))


def _watched(seen: Seen, *, overlay: Overlay, links: tuple[Link, ...]) -> Watched:
    return Watched(seen, overlay, links)


def made(frame: Frame, *, wanted: Measures, long_edge: int) -> dict[str, Any]:
    """A frame's record, and its small pictures as ``pictures``."""
    results = dict(frame.results)
    watched = results.pop(_SEEN)
    # `Seen.results` is the same mapping: nothing below looks for what was taken out.
    record = scopes.of_frame(dataclasses.replace(frame, results=results), wanted)
    return {"record": record, "pictures": small_pictures(watched, long_edge)}


@dataclass(frozen=True)
class Sheet:
    """What stands over a sheet.

    Parameters
    ----------
    title : str
    thumb : int
        Longer side of a thumbnail, px.
    """

    title: str
    thumb: int


def write_sheet(path: Path, sheet: Sheet, found: Iterable[Measured]) -> int:
    """Write the page while frames come; it is complete or absent.

    Parameters
    ----------
    path : Path
    sheet : Sheet
    found : iterable of Measured
        What `made` has made of each frame; one that failed becomes a tile with the reason.

    Returns
    -------
    int
        How many frames are on it.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    style, script = _asset("sheet.css"), _script()
    page = _asset("sheet.html")
    values = {
        "title": html.escape(sheet.title),
        "thumb": str(sheet.thumb),
        "style": style,
        "script": script,
        "style_hash": _hash(style),
        "script_hash": _hash(script),
    }
    # In one go: what is put in is not looked at again.
    before, after = (
        re.sub(r"\{(title|thumb|style|script|style_hash|script_hash)\}", lambda field: values[field[1]], part)
        for part in page.split("{data}\n")
    )
    frames: list[dict[str, Any]] = []
    with replaced(path) as handle:
        handle.write(before.encode())
        for number, one in enumerate(found):
            frames.append(_summary(one))
            _block(handle, f"p{number}", _details(one))
        identity = hashlib.sha256("\n".join(f["path"] for f in frames).encode("utf-8", "replace")).hexdigest()[:16]
        _block(handle, "frames", {"id": identity, "sorts": SORTS, "frames": frames})
        handle.write(after.encode())
    return len(frames)


def _summary(found: Measured) -> dict[str, Any]:
    """What frames are sorted and found by."""
    record = (found.made or {}).get("record", {})
    columns = scopes.flat(record)
    exif = record.get("exif", {})
    return {
        "name": found.path.name,
        "path": str(found.path.absolute()),
        "error": found.error or None,
        "lens": exif.get("lens"),
        "camera": exif.get("camera"),
        "taken": exif.get("taken"),
        "iso": exif.get("iso"),
        "focus": _largest(columns, _FOCUS),
        "clipped": _largest(columns, _CLIPPED),
        "ettr": _largest(columns, _ETTR),
    }


def _largest(columns: Mapping[str, Any], names: Iterable[str]) -> float | None:
    for name in names:
        found = [v for column, v in columns.items() if column == name or column.startswith(f"{name}.")]
        if numbers := [float(v) for v in found if isinstance(v, int | float)]:
            return max(numbers)
    return None


def _details(found: Measured) -> dict[str, Any]:
    """What is looked at of one frame only: pictures and all numbers."""
    if not found.made:
        return {}
    columns = scopes.flat({**found.made["record"], "warnings": list(found.warnings)})
    return {**found.made["pictures"], "numbers": {n: _short(v) for n, v in columns.items() if v not in (None, "")}}


def _short(value: Any) -> Any:
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _block(handle: BinaryIO, name: str, value: Any) -> None:
    """Data that the browser keeps as text until it is asked for; nothing in it can end the element."""
    text = json.dumps(value, separators=_SEPARATORS, allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    handle.write(f'<script type="application/json" id="{name}">{text}</script>\n'.encode("ascii"))


def _script() -> str:
    """The scripts one behind the other, in a function of their own: nothing of them is seen from outside."""
    parts = "\n".join(_asset(f"script/{name}.js") for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    """What the page's policy knows its own style and script by: it runs no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
