"""Files that are complete or absent."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tenbit.pipeline.errors import WriteError

# What a kernel or a file system answers that has no nameless files: NFS, CIFS, FUSE, overlayfs before 6.0.
_NO_NAMELESS = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A handle to write to; on leaving, what was written takes the name ``path`` in one step.

    The bytes go to a file without a name in the same folder, where the system has such files (Linux): a process that is
    killed leaves nothing, but for the moment between a hidden name and the rename where an older file is replaced.
    Elsewhere they go to a hidden ``.part`` file, because a rename is atomic only within a file system. Folders that are
    missing are made. Whatever ends the body early, an interrupt too, leaves nothing behind and an older file of that
    name as it was.

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
        descriptor = _nameless(path.parent)
        with part.open("x+b") if descriptor is None else _opened(descriptor, part) as handle:
            yield handle
            if descriptor is not None:
                handle.flush()
                if _is_linked(descriptor, path):
                    return
                # A link does not replace a file of that name; a rename does.
                _is_linked(descriptor, part)
        part.replace(path)
    except OSError as error:
        raise WriteError(f"{path}: cannot be written: {error.strerror or error}") from error
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
