"""An input that was found, and the job that it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenbit.pipeline.raw import DUMPS

if TYPE_CHECKING:
    from tenbit.pipeline.shots.given import Given

# What is taken from a folder. A file that is named, or met by a glob, is taken whatever its suffix.
RAW_SUFFIXES = frozenset(DUMPS) | {
    *(".3fr", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".dc2", ".dcr", ".dng", ".eip", ".erf", ".fff", ".gpr"),
    *(".iiq", ".k25", ".kc2", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2"),
    *(".rwl", ".sr2", ".srf", ".srw", ".x3f"),
}


@dataclass(frozen=True)
class Input:
    """One raw file.

    Parameters
    ----------
    path : Path
    below : Path
        Its folder inside the folder that was named, ``.`` for every other input.
    number : int, optional
        The frame's number in the numbered shot that was named; None for every other input.
    """

    path: Path
    below: Path = Path()
    number: int | None = None


@dataclass(frozen=True)
class Job:
    """One raw file and the picture that it becomes.

    Parameters
    ----------
    source, target : Path
    number : int
        The frame's number in its shot; 0 where it has none.
    given : Given, optional
        White balance and exposure that are not left to the frame itself.
    """

    source: Path
    target: Path
    number: int = 0
    given: Given | None = None
