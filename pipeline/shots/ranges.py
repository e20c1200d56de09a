"""Frame numbers as people and farms write them: ``1-100,200-300x2``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from tenbit.pipeline.errors import RequestError

Item = TypeVar("Item")

_ITEM = re.compile(r"\s*(-?[0-9]+)\s*(?:-\s*(-?[0-9]+)\s*(?:[x:]\s*(-?[0-9]+)\s*)?)?")
_FORMS = "write 7, 1-100, 1-100x2 (every second) or 100-1x-1 (backwards), with commas between"
# Ten days of film: who asks for more has mistyped a number, and a list of them would fill the memory.
_MOST = 20_000_000
_SHOWN = 8


def parse(text: str) -> list[int]:
    """Frame numbers, in the order written, each once.

    Parameters
    ----------
    text : str
        Numbers and ranges with commas between: ``7``, ``1-100`` (both ends count), ``1-100x2`` or, as Open Job
        Description has it, ``1-100:2`` (every second), ``10-1x-1`` (backwards). Numbers may be below 0: ``-5--1``.

    Raises
    ------
    RequestError
        Saying which part is wrong, counted from 1, and what may be written.
    """
    found: dict[int, None] = {}
    for place, part in enumerate(text.split(","), 1):
        numbers = _part(part, f"frames {text!r}, part {place}")
        if len(found) + len(numbers) > _MOST:
            raise RequestError(f"frames {text!r}: more than {_MOST} frames")
        found.update(dict.fromkeys(numbers))
    return list(found)


def _part(part: str, where: str) -> range:
    match = _ITEM.fullmatch(part)
    if match is None:
        raise RequestError(f"{where}: {part.strip()!r} is no frame number and no range; {_FORMS}")
    # Longer numbers than any camera counts; Python refuses to read them from 4300 digits on.
    if any(len(number or "") > 18 for number in match.groups()):
        raise RequestError(f"{where}: {part.strip()!r} is too large")
    first = int(match[1])
    last = first if match[2] is None else int(match[2])
    step = 1 if match[3] is None else int(match[3])
    if step == 0:
        raise RequestError(f"{where}: {part.strip()!r} has a step of 0")
    if (last - first) * step < 0:
        raise RequestError(
            f"{where}: {part.strip()!r} never arrives; backwards is {max(first, last)}-{min(first, last)}x-{abs(step)}"
        )
    numbers = range(first, last + (1 if step > 0 else -1), step)
    if not -_MOST <= (last - first) // step <= _MOST:
        raise RequestError(f"{where}: {part.strip()!r} is more than {_MOST} frames")
    return numbers


def compact(numbers: Iterable[int]) -> str:
    """The same numbers in order of number, as `parse` reads them: ``3-5,9``."""
    return ",".join(_runs(numbers))


def shown(numbers: Iterable[int]) -> str:
    """`compact` for a line of text: cut off after eight ranges, with the count of all."""
    numbers = sorted(set(numbers))
    runs = _runs(numbers)
    more = f", … ({len(numbers)} in all)" if len(runs) > _SHOWN else ""
    return ",".join(runs[:_SHOWN]) + more


def _runs(numbers: Iterable[int]) -> list[str]:
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return [f"{first}" if first == last else f"{first}-{last}" for first, last in runs]


def select(items: Sequence[Item], numbers: Sequence[int], frames: str) -> list[Item]:
    """The items whose numbers are asked for, in the order of the ranges.

    Parameters
    ----------
    items : sequence
    numbers : sequence of int
        The frame's number of each item. Items that share one are taken together, in their order.
    frames : str
        See `parse`.

    Raises
    ------
    RequestError
        If ``frames`` is wrong, or some of it is not there; then it names the numbers that are missing.
    """
    wanted = parse(frames)
    there: dict[int, list[Item]] = {}
    for item, number in zip(items, numbers, strict=True):
        there.setdefault(number, []).append(item)
    if missing := [number for number in wanted if number not in there]:
        have = f"there {'is' if len(there) == 1 else 'are'} {shown(there)}" if there else "there are none at all"
        raise RequestError(f"frames {frames!r}: {shown(missing)} not there; {have}")
    return [item for number in wanted for item in there[number]]
