"""Every exception that tenbit raises on purpose.

::

    TenbitError               the root: one line of text, fit to be shown as it is
    ├── StageError            a stage cannot work on this frame, or in this place of the chain
    ├── ChainError            a chain file is wrong; holds every fault, each with file:line:column
    ├── ReadError             a file cannot be developed: not there, broken, or not a raw file
    │   └── UnsupportedError  a sound file of a kind that tenbit does not develop (X-Trans, VC-5 …)
    ├── WriteError            an output cannot be written
    │   ├── ExistsError       it is there already, and may not be replaced
    │   └── FullError         there is no room, nor will there be for others
    ├── RequestError          what is asked for cannot be meant: no input, two inputs for one output
    └── DeviceError           the device asked for cannot be used
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tenbit.kernels.errors import StageError, TenbitError

__all__ = [
    "ChainError",
    "DeviceError",
    "ExistsError",
    "FullError",
    "ReadError",
    "RequestError",
    "StageError",
    "TenbitError",
    "UnsupportedError",
    "WriteError",
]


class ChainError(TenbitError):
    """A chain that cannot run.

    Parameters
    ----------
    faults : sequence of str
        One line per fault, each as ``place: found, allowed, hint``. The exception's text is all of them, a line each.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class ReadError(TenbitError):
    """A file that cannot be developed.

    Attributes
    ----------
    path : Path or None
        The file; set by `tenbit.read`. The exception's text then begins with it.
    reason : str
        The text without the path, for a caller that has said it.
    """

    path: Path | None = None

    @property
    def reason(self) -> str:
        return super().__str__()

    def __str__(self) -> str:
        return self.reason if self.path is None else f"{self.path}: {self.reason}"


class UnsupportedError(ReadError):
    """A sound file of a kind that tenbit does not develop; the text says which kind."""


class WriteError(TenbitError):
    """An output that cannot be written."""


class ExistsError(WriteError):
    """An output that is there already and may not be replaced."""


class FullError(WriteError):
    """A disk that is full, used up by its user, or read-only: the next output fares no better."""


class RequestError(TenbitError):
    """Inputs or outputs that cannot be meant; raised before any file is touched."""


class DeviceError(TenbitError):
    """The device that was asked for cannot be used; the text says why and what would help."""
