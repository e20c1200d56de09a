"""How many bytes the frames on their way may take, and how many each one will."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

from tenbit.pipeline.errors import RequestError

# Bytes of memory per byte of file until a file has been seen: of the shipped chains `quality` needs most, 45 bytes a
# pixel, of which a losslessly packed file stores 1.5.
_UNSEEN = 16.0
_LEAST_BYTES = 1 << 20


def default_bytes() -> int:
    """A quarter of the machine's memory, or of what its container may use."""
    try:
        most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        most = 4 << 30
    for place in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            most = min(most, int(Path(place).read_text("ascii")))
        except (OSError, ValueError):
            continue
    return most // 4


_UNITS = {"": 1, "b": 1, **{f"{letter}{end}": 1000**n for n, letter in enumerate("kmgt", 1) for end in ("", "b")}}
_UNITS |= {f"{letter}i{end}": 1024**n for n, letter in enumerate("kmgt", 1) for end in ("", "b")}


def bytes_from(text: str) -> int:
    """A number of bytes: ``1.5GiB``, ``800M``, ``2e9``.

    Raises
    ------
    RequestError
        Saying what is allowed.
    """
    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]{1,2})?)\s*([kmgt]?i?b?)\s*", text.lower())
    try:
        count = int(float(match[1]) * _UNITS[match[2]]) if match else 0
    except (ValueError, KeyError, OverflowError):
        count = 0
    if count < 1:
        raise RequestError(f"--memory {text!r}: a number of bytes such as 1.5GiB or 800M")
    return count


class Budget:
    """Bytes that are promised to the frames on their way, known and expected; safe in several threads.

    Parameters
    ----------
    most_bytes : int
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self._promised: dict[object, int] = {}
        self._per_byte: float | None = None
        self._lock = threading.Lock()

    def promise(self, work: object, path: Path) -> bool:
        """Promise what a file will likely take; False when there is no room. The only one on its way always has."""
        expected = self._expected(path)
        with self._lock:
            if self._promised and sum(self._promised.values()) + expected > self.most_bytes:
                return False
            self._promised[work] = expected
            return True

    def correct(self, work: object, path: Path, taken: int) -> None:
        """What a file takes, now that it is known; files to come are thought of as alike."""
        share = taken / max(_size(path), 1)
        with self._lock:
            if work in self._promised:
                self._promised[work] = taken
            # The largest counts, and is forgotten slowly: one odd file must not slow thousands down.
            before = self._per_byte
            self._per_byte = share if before is None else max(share, 0.9 * before + 0.1 * share)

    def hold(self, frame: object, taken: int) -> None:
        """What a finished frame takes that waits to be told of, whether there is room or not."""
        with self._lock:
            self._promised[frame] = taken

    def release(self, work: object) -> None:
        """A file that is no longer on its way, a frame that waits no more."""
        with self._lock:
            self._promised.pop(work, None)

    def _expected(self, path: Path) -> int:
        return max(int(_size(path) * (self._per_byte or _UNSEEN)), _LEAST_BYTES)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
