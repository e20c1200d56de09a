"""A shot by one name: ``A001_####.dng`` is every numbered file of that name."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.shots import ranges

# Nuke's and Houdini's `####`, others' `@@@@`, and the printf form of ffmpeg.
_MARK = re.compile(r"#+|@+|%0?[0-9]*d")


def is_pattern(text: str) -> bool:
    """Whether the text names a shot: its last part holds ``####``, ``@@@@`` or ``%04d``, and no file is called so.

    ``@selects.txt`` is a list of names.
    """
    try:
        return not text.startswith("@") and _mark(text) is not None and not Path(text).exists()
    except (OSError, ValueError):
        return False


def expanded(text: str) -> list[tuple[int, Path]]:
    """Numbers and files of a shot that are there, in order of number.

    Parameters
    ----------
    text : str
        A path whose last part holds one of these in place of the number: ``####`` or ``@@@@``, as many marks as
        digits, or ``%04d``; of several the last counts. Numbers are written as printf would: with zeros in front up to
        that many digits, and with more digits when they need more, so that 9999 is followed by 10000. ``%d`` has no
        zeros in front.

    Raises
    ------
    RequestError
        If there is no such file, or its folder cannot be read.
    """
    path = Path(text)
    mark = _mark(text)
    if mark is None:
        raise RequestError(f"{text}: no pattern; a shot is named like A001_####.dng or A001_%04d.dng")
    before, after = path.name[: mark.start()], path.name[mark.end() :]
    digits = int(mark[0][1:-1] or 1) if mark[0][0] == "%" else len(mark[0])
    found = []
    try:
        with os.scandir(path.parent) as entries:
            for entry in entries:
                name = entry.name
                if not (name.startswith(before) and name.endswith(after)):
                    continue
                number = _number(name[len(before) : len(name) - len(after)], digits)
                if number is not None and entry.is_file():
                    found.append((number, path.parent / name))
    except OSError as error:
        raise RequestError(f"{text}: {path.parent} cannot be read: {error.strerror or error}") from None
    if not found:
        raise RequestError(f"{text}: no file of such a name, with {digits} digits or more for the number")
    return sorted(found)


def gaps(numbers: Sequence[int]) -> list[int]:
    """Numbers that are missing between the first and the last; a shot of every tenth frame lacks none.

    Parameters
    ----------
    numbers : sequence of int
        In any order.
    """
    there = sorted(set(numbers))
    step = math.gcd(*(later - earlier for earlier, later in pairwise(there)))
    return sorted(set(range(there[0], there[-1], step)) - set(there)) if step else []


def gap_note(text: str, numbers: Sequence[int]) -> str:
    """A line about the frames that a shot lacks; empty when it is whole."""
    missing = gaps(numbers)
    return (
        f"{text}: {len(missing)} missing of {min(numbers)}-{max(numbers)}: {ranges.shown(missing)}" if missing else ""
    )


def gap_notes(texts: Iterable[str]) -> list[str]:
    """A line for each text that names a shot which lacks frames."""
    notes = (gap_note(text, [number for number, _ in expanded(text)]) for text in texts if is_pattern(text))
    return [note for note in notes if note]


def _mark(text: str) -> re.Match[str] | None:
    marks = list(_MARK.finditer(Path(text).name))
    return marks[-1] if marks else None


def _number(digits: str, least: int) -> int | None:
    """The number if printf would have written it so, else None."""
    if not (digits.isascii() and digits.isdigit()) or len(digits) < least or len(digits) > 18:
        return None
    return None if len(digits) > least and digits[0] == "0" else int(digits)
