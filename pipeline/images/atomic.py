"""Files that are complete or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tenbit.pipeline.errors import WriteError


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A handle to write to; on leaving, what was written takes the name ``path`` in one step.

    The bytes go to a hidden ``.part`` file in the same folder, because a rename is atomic only within a file system.
    Folders that are missing are made. Whatever ends the body early, an interrupt too, removes the ``.part`` file and
    leaves an older file of that name as it was.

    Parameters
    ----------
    path : Path
        Replaced when it is there: whether it may be is the caller's question.

    Yields
    ------
    BinaryIO
        Open for reading and writing, at 0.

    Raises
    ------
    WriteError
        For every ``OSError`` on the way: no permission, no space, a file where a folder should be.
    """
    # 40 characters of the name at most: a long one plus the affixes would pass the 255 bytes that file systems take.
    part = path.parent / f".{path.name[:40]}.{os.urandom(4).hex()}.part"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("x+b") as handle:
            yield handle
        part.replace(path)
    except OSError as error:
        raise WriteError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            part.unlink()
