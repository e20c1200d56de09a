"""What files of lenses hold, as bytes or text; the user gives them, so they may be anything."""

from __future__ import annotations

from pathlib import Path

from tenbit.pipeline.errors import ReadError


def bytes_of(path: Path, *, most_bytes: int, kind: str) -> bytes:
    """All of a file.

    Parameters
    ----------
    path : Path
    most_bytes : int
        A larger file is not read.
    kind : str
        What it should be, for the fault.

    Raises
    ------
    ReadError
        If it cannot be read or is too large.
    """
    try:
        if path.stat().st_size > most_bytes:
            raise ReadError(f"{path}: more than {most_bytes >> 20} MiB, so no {kind}")
        return path.read_bytes()
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error.strerror or error}") from None


def text_of(path: Path, *, most_bytes: int, kind: str) -> str:
    r"""The same as text, lines ended by ``\n``; a `ReadError` also if it is no UTF-8."""
    try:
        text = bytes_of(path, most_bytes=most_bytes, kind=kind).decode("utf-8")
    except UnicodeDecodeError:
        raise ReadError(f"{path}: not UTF-8 text, so no {kind}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
