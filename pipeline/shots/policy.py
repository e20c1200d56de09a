"""How white balance or exposure goes through a shot: each, locked to a frame, or smoothed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tenbit.pipeline.errors import RequestError

_POLICY = re.compile(r"\s*(?:(each)|(lock|smooth)\s*=\s*(-?[0-9]{1,9}))\s*")
_LEAST_WINDOW, _MOST_WINDOW = 3, 9999


@dataclass(frozen=True)
class Policy:
    """How one value goes through a shot.

    Parameters
    ----------
    kind : {"each", "lock", "smooth"}
        As each frame has it; as one frame has it; or as its smooth course has it.
    number : int
        Of the frame, for lock; how many frames the course at one comes from, for smooth.
    """

    kind: Literal["each", "lock", "smooth"] = "each"
    number: int = 0

    def __str__(self) -> str:
        return self.kind if self.kind == "each" else f"{self.kind}={self.number}"


def parse(name: str, text: str) -> Policy:
    """What ``--balance`` or ``--exposure`` says: ``each``, ``lock=N`` or ``smooth=W``.

    Raises
    ------
    RequestError
        Saying what is allowed.
    """
    match = _POLICY.fullmatch(text)
    if match is None:
        raise RequestError(
            f"--{name} {text!r}: write each, lock=N (as frame N has it) or smooth=W (smoothed over W frames)"
        )
    if match[1]:
        return Policy()
    number = int(match[3])
    if match[2] == "lock":
        return Policy("lock", number)
    if not _LEAST_WINDOW <= number <= _MOST_WINDOW:
        raise RequestError(f"--{name} {text!r}: smoothed over {_LEAST_WINDOW} to {_MOST_WINDOW} frames")
    return Policy("smooth", number)
