"""One piece of the work of several machines: ``3/8`` is the fourth of eight."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from tenbit.pipeline.errors import RequestError

Item = TypeVar("Item")

_SHARD = re.compile(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*")


def parse(text: str) -> tuple[int, int]:
    """The number of the piece, from 0, and how many there are.

    Raises
    ------
    RequestError
        Saying what is allowed.
    """
    match = _SHARD.fullmatch(text)
    if match is None:
        raise RequestError(f"shard {text!r}: not i/n, such as 0/8 … 7/8")
    number, count = int(match[1]), int(match[2])
    if count == 0:
        raise RequestError(f"shard {text!r}: in 0 pieces there is nothing")
    if number >= count:
        raise RequestError(f"shard {text!r}: pieces are counted from 0: 0/{count} … {count - 1}/{count}")
    return number, count


def part(items: Sequence[Item], shard: str) -> list[Item]:
    """The items of one piece; every item is in one piece and no other.

    Item k is in piece k modulo n: pieces differ by one item at most, what gets dearer along a shot is spread over all
    of them, and files that are added at the end leave the others in the piece they were in.

    Parameters
    ----------
    items : sequence
        In the same order on every machine.
    shard : str
        ``i/n``, i from 0, as Slurm's ``$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT`` gives it for ``--array=0-7``.

    Raises
    ------
    RequestError
        See `parse`.
    """
    number, count = parse(shard)
    return list(items[number::count])
