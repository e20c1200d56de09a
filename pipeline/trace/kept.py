"""A file of what was recorded: there when its run ends, however that ends."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from tenbit.pipeline.errors import RequestError, WriteError
from tenbit.pipeline.images.atomic import replaced


@contextmanager
def kept(path: Path, what: str, finish: Callable[[BinaryIO], None]) -> Iterator[BinaryIO]:
    """A file that takes its name on leaving, complete, even where an exception leaves.

    A run that was interrupted or has failed is one that somebody wants to look at.

    Parameters
    ----------
    path : Path
        Replaced when it is there: whether it may be is the caller's question.
    what : str
        What asks for it, for messages.
    finish : callable
        Writes what is left, when the body has ended.

    Raises
    ------
    RequestError
        At once, if the file cannot be written.
    WriteError
        In the end, if it could not be; then there is none.
    """
    _check(path, what)
    ended: BaseException | None = None
    with ExitStack() as stack:
        try:
            handle = stack.enter_context(replaced(path))
        except WriteError as error:
            raise RequestError(f"{what}: {error}") from None
        try:
            yield handle
        except BaseException as error:
            ended = error
        finish(handle)
    if ended is not None:
        raise ended


def _check(path: Path, what: str) -> None:
    """Refuse a name that no file can get in the end: a pipe's, a device's, one that is too long."""
    try:
        is_ordinary = stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise RequestError(f"{what}: {path}: cannot be written: {error.strerror}") from None
    if not is_ordinary:
        raise RequestError(f"{what}: {path} is no ordinary file")
