"""One thing that was tried, and what came of it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Made = TypeVar("Made")


@dataclass(frozen=True)
class Check:
    """One thing that was tried.

    Parameters
    ----------
    name : str
    state : {"ok", "failed", "left out"}
    text : str
        One line.
    seconds : float
    checksum : str
        Of the picture that was made.
    """

    name: str
    state: Literal["ok", "failed", "left out"]
    text: str
    seconds: float = 0.0
    checksum: str = ""

    def as_record(self) -> dict[str, Any]:
        """The same, fit for JSON."""
        return {**dataclasses.asdict(self), "seconds": round(self.seconds, 3), "checksum": self.checksum or None}


class TrialError(Exception):
    """What was tried went wrong; the text says how."""


class UntriedError(Exception):
    """What cannot be tried here; the text says why."""


@dataclass(frozen=True)
class Said:
    """What came of a trial, beside what was made."""

    text: str
    checksum: str = ""


def tried(name: str, trial: Callable[[], tuple[Made, Said]]) -> tuple[Made | None, Check]:
    """What a trial has made, None where it failed, and the check; whatever it raises is a failure."""
    began = time.perf_counter()
    made, said = None, Said("")
    state: Literal["ok", "failed", "left out"] = "ok"
    try:
        made, said = trial()
    except UntriedError as reason:
        state, said = "left out", Said(str(reason))
    except TrialError as fault:
        state, said = "failed", Said(str(fault))
    except Exception as error:
        from tenbit.pipeline.errors import TenbitError

        text = str(error) if isinstance(error, TenbitError) else f"{type(error).__name__}: {error}"
        state, said = "failed", Said(text)
    text = " ".join(said.text.split())
    return made, Check(name, state, text, time.perf_counter() - began, said.checksum)
