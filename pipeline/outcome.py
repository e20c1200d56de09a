"""What became of a file."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tenbit.pipeline.errors import ReadError, TenbitError
from tenbit.pipeline.jobs import Job


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Parameters
    ----------
    job : Job
    status : {"done", "skipped", "failed"}
    seconds : float
        Wall time of reading, developing and writing.
    error : str
        Why it failed, one line.
    kind : str
        The error's class: ``ReadError``, ``WriteError`` …; ``internal`` for one that tenbit did not expect.
    trace : str
        The traceback of an error that tenbit did not expect.
    warnings : tuple of str
    results : mapping
        Of measuring stages, fit for JSON.
    device : str
        Where it was developed.
    lens : mapping
        Which lens it was and how that is known.
    corrections : sequence
        What was done about the lens, and what was not and why; as the picture's own record has it.
    drawings : tuple of Path
        Files that monitors drew beside the picture.
    phases : mapping
        Seconds of each part, as far as it came: ``read``, ``develop``, ``write``.
    attempts : int
        How often it was tried.
    pixels : int
        Of the raw frame; 0 where it was not read.
    """

    job: Job
    status: Literal["done", "skipped", "failed"]
    seconds: float = 0.0
    error: str = ""
    kind: str = ""
    trace: str = ""
    warnings: tuple[str, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    device: str = ""
    lens: Mapping[str, Any] = field(default_factory=dict)
    corrections: Sequence[Mapping[str, Any]] = ()
    drawings: tuple[Path, ...] = ()
    phases: Mapping[str, float] = field(default_factory=dict)
    attempts: int = 1
    pixels: int = 0

    def as_record(self) -> dict[str, Any]:
        """The same, fit for JSON."""
        return {
            "input": str(self.job.source),
            "output": str(self.job.target),
            "drawings": [str(path) for path in self.drawings],
            "frame": self.job.number,
            "status": self.status,
            "seconds": round(self.seconds, 4),
            "device": self.device,
            "error": self.error or None,
            "error_class": self.kind or None,
            "attempts": self.attempts,
            "phases": {name: round(seconds, 4) for name, seconds in self.phases.items()},
            "warnings": list(self.warnings),
            "lens": as_json(self.lens) or None,
            "corrections": as_json(self.corrections),
            "results": dict(self.results),
        }


def failed(job: Job, error: Exception) -> Outcome:
    """The outcome of a file over which something was raised: one line, whatever it was."""
    if isinstance(error, TenbitError):
        text = error.reason if isinstance(error, ReadError) else str(error)
        return Outcome(job, "failed", error=" ".join(text.split()), kind=type(error).__name__)
    if isinstance(error, MemoryError):
        text = "too little memory for this picture"
    elif isinstance(error, OSError):
        text = f"{job.target}: {error.strerror or error}"
    else:
        # A fault of tenbit's own must not end a batch of a thousand files.
        text = " ".join(f"internal error: {type(error).__name__}: {error}".split())
    kind = type(error).__name__ if isinstance(error, MemoryError | OSError) else "internal"
    trace = "".join(traceback.format_exception(error)).rstrip()
    return Outcome(job, "failed", error=text, kind=kind, trace=trace)


def as_json(value: Any) -> Any:
    """A result of a stage as numbers, texts, lists and dicts."""
    if hasattr(value, "as_record"):
        return as_json(value.as_record())
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
