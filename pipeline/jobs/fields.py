"""What a template may say of an input; whatever files hold, a value is a name inside its folder."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.frame import Exif
from tenbit.pipeline.jobs.job import Input

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked

UNKNOWN = "unknown"
_MOST_BYTES = 80  # of what a file or a chain says of itself; file systems take 255 for a whole name
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SEPARATORS = re.compile(r"[/\\]" if os.name == "nt" else "/")
_NOT_EVERYWHERE = re.compile(r'[/\\:*?"<>|]')
# Windows opens devices by these, whatever suffix follows.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}


@dataclass(frozen=True)
class Filling:
    """One input, and what a template may say of it.

    Parameters
    ----------
    one : Input
    index : int
        Of the input among all, from 1.
    ext, chain : str
    lens_of : callable
        The slug of the lens that the user names for a file, None where none is named.
    """

    one: Input
    index: int
    ext: str
    chain: str
    lens_of: Callable[[Path], str | None]

    def value(self, field: str, spec: str) -> str:
        """A field as part of a path.

        Raises
        ------
        LookupError
            If the input has no such value: its text says what is missing.
        ValueError
            If the value cannot be shown so.
        """
        return FIELDS[field](self, spec)

    @cached_property
    def exif(self) -> Exif:
        from tenbit.pipeline.raw.glance import glance

        return glance(self.one.path)

    @property
    def frame(self) -> int:
        from tenbit.pipeline.raw import number_of

        if self.one.number is not None:
            return self.one.number
        if not re.search("[0-9]", self.one.path.stem):
            raise LookupError("has no number for {frame}")
        return number_of(self.one.path)

    @property
    def lens(self) -> str:
        said = self.lens_of(self.one.path)
        return said or slug(self.exif.lens_model or self.exif.lens_profile or "")

    def date(self, spec: str) -> str:
        numbers = [int(digits) for digits in re.findall(r"[0-9]+", self.exif.taken or "")[:6]]
        try:
            taken = datetime(*numbers)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return UNKNOWN
        # Separators are the template's own: {date:%Y/%m/%d} makes folders.
        return _CONTROL.sub("_", taken.strftime(spec or "%Y-%m-%d"))


def safe_name(text: str) -> str:
    """A file's or folder's own name, as it is but for what would lead elsewhere."""
    text = _SEPARATORS.sub("_", text)
    return "_" if text in ("", ".", "..") else text


def tamed(text: str) -> str:
    """A text from inside a file as a name on every system; ``unknown`` when nothing is left of it."""
    text = _CONTROL.sub("_", _NOT_EVERYWHERE.sub("_", unicodedata.normalize("NFC", text))).strip(". ")
    text = text.encode("utf-8", "replace")[:_MOST_BYTES].decode("utf-8", "ignore").rstrip(". ")
    return f"_{text}" if text.split(".")[0].lower() in _DEVICES else text or UNKNOWN


def slug(text: str) -> str:
    """``Summilux-M 1:1.4/35 ASPH.`` as ``summilux-m-1-1.4-35-asph``."""
    return tamed(re.sub(r"[^\w.]+", "-", unicodedata.normalize("NFKC", text).lower()).strip("-._"))


def lens_namer(asked: Asked | None) -> Callable[[Path], str | None]:
    """What names the lens of a file that the user speaks of: by options and chain, beside the file, for its folder."""
    slugs: dict[str, str] = {}

    def named(path: Path) -> str | None:
        from tenbit.pipeline.lenses.asked import NO_LENS, Asked, asked_for

        try:
            lens = asked_for(path, asked or Asked()).lens
        except ReadError:
            # What is broken beside a file is told when the file is read.
            lens = None if asked is None else asked.lens
        if lens is None:
            return None
        if isinstance(lens, Path):
            return slug(lens.stem)
        if lens not in slugs:
            slugs[lens] = NO_LENS if lens == NO_LENS else _catalogued(lens)
        return slugs[lens]

    return named


def _catalogued(lens: str) -> str:
    from tenbit.pipeline.lenses import names

    try:
        return tamed(names.resolved(lens)[0])
    except RequestError:
        return slug(lens)


def _path(text: str, spec: str) -> str:
    """Folders below one another, each a name of its own."""
    return "/".join("." if part == "." else safe_name(part) for part in Path(format(text, spec)).parts) or "."


def _number(value: int | None, spec: str) -> str:
    return UNKNOWN if value is None else safe_name(format(value, spec))


FIELDS: Mapping[str, Callable[[Any, str], str]] = {
    "stem": lambda of, spec: safe_name(format(of.one.path.stem, spec)),
    "name": lambda of, spec: safe_name(format(of.one.path.name, spec)),
    "ext": lambda of, spec: safe_name(format(of.ext, spec)),
    "parent": lambda of, spec: safe_name(format(of.one.path.absolute().parent.name, spec)),
    "below": lambda of, spec: _path(str(of.one.below), spec),
    "relative": lambda of, spec: _path(str(of.one.below / safe_name(of.one.path.stem)), spec),
    "index": lambda of, spec: _number(of.index, spec),
    "frame": lambda of, spec: _number(of.frame, spec),
    "lens": lambda of, spec: safe_name(format(of.lens, spec)),
    "iso": lambda of, spec: _number(of.exif.iso, spec),
    "date": lambda of, spec: of.date(spec),
    "chain": lambda of, spec: safe_name(format(tamed(of.chain), spec)),
}
"""By field: an input's filling and the format of the template, to a part of a path."""
