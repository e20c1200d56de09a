"""Files that are complete or absent."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tenbit.pipeline.errors import FullError, WriteError

# What a kernel or a file system answers that has no nameless files: NFS, CIFS, FUSE, overlayfs before 6.0.
_NO_NAMELESS = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A handle to write to; on leaving, what was written takes the name ``path`` in one step.

    The bytes go to a file without a name in the same folder, where the system has such files (Linux): a process that is
    killed leaves nothing. Only where an older file is replaced there is a moment between a hidden name and the rename,
    and what is left then goes when that file is written again. Elsewhere the bytes go to a hidden ``.part`` file: a
    rename is atomic only within a file system. Folders that are missing are made. Whatever ends the body early, an
    interrupt too, leaves nothing behind and an older file of that name as it was.

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
        For every ``OSError`` on the way: no permission, a file where a folder should be; `FullError` where there is no
        space, or a disk that is not written to at all.
    """
    # 40 characters of the name at most: a long one plus the affixes would pass the 255 bytes that file systems take.
    part = path.parent / f".{path.name[:40]}.{os.urandom(4).hex()}.part"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _nameless(path.parent)
        with part.open("x+b") if descriptor is None else _opened(descriptor, part) as handle:
            yield handle
            if descriptor is not None:
                handle.flush()
                _name(descriptor, path)
                return
        part.replace(path)
    except OSError as error:
        kind = FullError if error.errno in _FULL else WriteError
        raise kind(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            part.unlink()


def _nameless(folder: Path) -> int | None:
    """A file in a folder that has no name and is gone when it is closed; None where there is no such thing."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):  # noqa: PTH112  asked for every file
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno in _NO_NAMELESS:
            return None
        raise


def _name(descriptor: int, path: Path) -> None:
    """Give a file without a name this one; an older file of that name is replaced."""
    if _is_linked(descriptor, path):
        return
    # A link does not replace a file of that name; a rename does. The name in between is the same each time, so that
    # one which a killed process has left is taken down here.
    part = path.parent / f".{path.name[:40]}.{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}.part"
    while not _is_linked(descriptor, part):
        part.unlink(missing_ok=True)
    try:
        part.replace(path)
    except FileNotFoundError:
        # Who writes the same file at once may have renamed this one: it is as whole.
        if not os.path.lexists(path):
            raise
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _is_linked(descriptor: int, path: Path) -> bool:
    """Whether a file has got a name in one step: not where there is a file of that name."""
    # Python follows the link that stands for the descriptor when it is given a folder, which an absolute path makes no
    # use of.
    try:
        os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor)
    except FileExistsError:
        return False
    return True


def _opened(descriptor: int, path: Path) -> BinaryIO:
    """A handle that says it has a name: libraries ask for it."""
    return open(path, "w+b", opener=lambda *_: descriptor)
