"""TIFF directories, read with every size checked against the file before anything is allocated."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, cast

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.errors import ReadError

# Field types of TIFF 6.0 and BigTIFF: numpy type without byte order, and how many of them make one value.
_TYPES: dict[int, tuple[str, int]] = {
    1: ("u1", 1),
    2: ("u1", 1),
    3: ("u2", 1),
    4: ("u4", 1),
    5: ("u4", 2),
    6: ("i1", 1),
    7: ("u1", 1),
    8: ("i2", 1),
    9: ("i4", 1),
    10: ("i4", 2),
    11: ("f4", 1),
    12: ("f8", 1),
    13: ("u4", 1),
    16: ("u8", 1),
    17: ("i8", 1),
    18: ("u8", 1),
}
# Magic words after the byte order mark: TIFF, BigTIFF, Panasonic RW2 and Leica RWL ("U\0"), Olympus ORF ("RO", "RS").
CLASSIC, BIG = 42, 43
_MAKERS_OWN = (0x55, 0x4F52, 0x5352)
SUB_IFDS, EXIF_IFD = 330, 34665
# Real files have fewer than 20 directories of fewer than 200 tags; a loop of offsets would never end.
MAX_DIRECTORIES, MAX_TAGS = 64, 4096


@dataclass(frozen=True)
class _Entry:
    kind: int
    count: int
    value_at: int


class Directory:
    """One image file directory: its tags, read when asked for.

    Parameters
    ----------
    tiff : Tiff
    name : str
        ``IFD0``, ``IFD0.SubIFD1`` …, for messages.
    entries : dict of int to _Entry
    """

    def __init__(self, tiff: Tiff, name: str, entries: dict[int, _Entry]) -> None:
        self.tiff = tiff
        self.name = name
        self._entries = entries

    def __contains__(self, code: int) -> bool:
        return code in self._entries

    def raw(self, code: int) -> bytes | None:
        """The tag's value as it is stored; None when the tag is absent.

        Raises
        ------
        ReadError
            If the value lies beyond the end of the file or has no known type.
        """
        entry = self._entries.get(code)
        if entry is None:
            return None
        if entry.kind not in _TYPES:
            raise ReadError(f"{self.name}: tag {code} has the unknown field type {entry.kind}")
        kind, per_value = _TYPES[entry.kind]
        size = entry.count * per_value * np.dtype(kind).itemsize
        return self.tiff.read(entry.value_at, size, f"{self.name}: tag {code}")

    def place(self, code: int) -> int:
        """Where in the file the value of a tag that is there begins."""
        return self._entries[code].value_at

    def array(self, code: int) -> Array | None:
        """The tag's numbers, (count,); rationals as float64, NaN where the denominator is 0. None when absent."""
        data = self.raw(code)
        if data is None:
            return None
        kind, per_value = _TYPES[self._entries[code].kind]
        numbers = np.frombuffer(data, np.dtype(kind).newbyteorder(self.tiff.byte_order))
        if per_value == 1:
            return numbers.astype(np.dtype(kind))
        pairs = numbers.reshape(-1, 2).astype(np.float64)
        quotients = np.full(len(pairs), np.nan)
        np.divide(pairs[:, 0], pairs[:, 1], out=quotients, where=pairs[:, 1] != 0)
        return quotients

    def numbers(self, code: int, count: int) -> tuple[float, ...] | None:
        """Exactly ``count`` finite numbers; None when the tag is absent, has another count, or holds 0/0."""
        values = self.array(code)
        if values is None or len(values) != count or not np.isfinite(values).all():
            return None
        return tuple(float(value) for value in values)

    def number(self, code: int) -> float | None:
        """The tag's first number, or None."""
        values = self.array(code)
        return None if values is None or not len(values) or not np.isfinite(values[0]) else float(values[0])

    def integer(self, code: int, default: int) -> int:
        """The tag's first number as an int, or ``default``."""
        value = self.number(code)
        return default if value is None else int(value)

    def text(self, code: int) -> str | None:
        """The tag's text without its padding; None when absent or blank."""
        data = self.raw(code)
        if data is None:
            return None
        text = data.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
        return text or None


class Tiff:
    """The directories of a TIFF file: the main chain and every SubIFD, depth first.

    Parameters
    ----------
    stream : binary file
        Open for reading, seekable; kept open by the caller for as long as the directories are used.

    Raises
    ------
    ReadError
        If it is no TIFF, or its first directory does not lie inside the file. A later one that is broken ends the walk:
        ``problem`` says how.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = stream.seek(0, 2)
        head = self.read(0, 8, "TIFF header")
        if head[:2] not in (b"II", b"MM"):
            raise ReadError("not a TIFF file: it does not begin with II or MM")
        self.byte_order: Literal["<", ">"] = "<" if head[:2] == b"II" else ">"
        magic = int(self._unpack("H", head[2:4]))
        if magic not in (CLASSIC, BIG, *_MAKERS_OWN):
            raise ReadError(f"not a TIFF file: magic number {magic}, not 42 or 43")
        self.magic = magic
        first = int(self._unpack("I", head[4:8])) if magic != BIG else self._word(8, "Q")
        self.directories: list[Directory] = []
        self._seen: set[int] = set()
        self.problem: str | None = None
        try:
            self._walk(first, "IFD", 0)
        except ReadError as fault:
            if not self.directories:
                raise
            self.problem = str(fault)
        if not self.directories:
            raise ReadError("a TIFF file without a directory")

    def read(self, start: int, count: int, what: str) -> bytes:
        """``count`` bytes from ``start``.

        Raises
        ------
        ReadError
            If they are not all inside the file.
        """
        self.check_inside(start, count, what)
        self._stream.seek(start)
        data = self._stream.read(count)
        if len(data) != count:
            raise ReadError(f"{what} needs bytes {start}..{start + count}, only {len(data)} could be read")
        return data

    def read_into(self, start: int, target: memoryview, what: str) -> None:
        """Fill ``target``, bytes, from ``start`` on.

        Raises
        ------
        ReadError
            If they are not all inside the file.
        """
        self.check_inside(start, len(target), what)
        self._stream.seek(start)
        done = 0
        while done < len(target) and (count := cast(Any, self._stream).readinto(target[done:])):
            done += count
        if done < len(target):
            raise ReadError(f"{what} needs bytes {start}..{start + len(target)}, only {done} could be read")

    def check_inside(self, start: int, count: int, what: str) -> None:
        """Raise ReadError unless bytes ``start`` … ``start + count`` are inside the file."""
        if start < 0 or count < 0 or start + count > self.size:
            raise ReadError(f"{what} needs bytes {start}..{start + count}, the file ends at {self.size}")

    def exif(self) -> Directory | None:
        """The EXIF directory of IFD0, or None when there is none inside the file."""
        start = self.directories[0].integer(EXIF_IFD, 0)
        try:
            return self._directory(start, "EXIF")[0] if start else None
        except ReadError:
            return None

    def _unpack(self, kind: str, data: bytes) -> Any:
        return struct.unpack(self.byte_order + kind, data)[0]

    def _word(self, start: int, kind: str) -> int:
        return int(self._unpack(kind, self.read(start, struct.calcsize(kind), "TIFF directory")))

    def _directory(self, start: int, name: str) -> tuple[Directory, int]:
        """The directory at ``start`` and where the next one's offset is stored."""
        count_kind, offset_kind, size = ("Q", "Q", 20) if self.magic == BIG else ("H", "I", 12)
        count = self._word(start, count_kind)
        if count > MAX_TAGS:
            raise ReadError(f"{name}: {count} tags, more than {MAX_TAGS}")
        begin = start + struct.calcsize(count_kind)
        table = self.read(begin, count * size, name)
        entries: dict[int, _Entry] = {}
        for i in range(count):
            code, kind, number = struct.unpack_from(f"{self.byte_order}HH{offset_kind}", table, i * size)
            room = struct.calcsize(offset_kind)
            dtype, per_value = _TYPES.get(kind, ("u1", 1))
            at = begin + i * size + size - room
            if number * per_value * np.dtype(dtype).itemsize > room:
                at = int(struct.unpack_from(self.byte_order + offset_kind, table, i * size + size - room)[0])
            entries.setdefault(code, _Entry(kind, number, at))
        return Directory(self, name, entries), begin + count * size

    def _walk(self, start: int, stem: str, depth: int, *, first: int = 0, follow: bool = True) -> None:
        index = first
        while start:
            if start in self._seen:
                raise ReadError(f"{stem}{index}: the chain of directories comes back to byte {start}")
            if len(self.directories) >= MAX_DIRECTORIES:
                raise ReadError(f"more than {MAX_DIRECTORIES} directories")
            self._seen.add(start)
            directory, next_at = self._directory(start, f"{stem}{index}")
            self.directories.append(directory)
            if depth < 3 and SUB_IFDS in directory:
                offsets = directory.array(SUB_IFDS)
                for number, sub in enumerate([] if offsets is None else offsets[:MAX_DIRECTORIES].tolist()):
                    self._walk(int(sub), f"{directory.name}.SubIFD", depth + 1, first=number, follow=False)
            # Makers leave rubbish after their last directory: a chain that leaves the file ends there.
            if not follow or next_at + 4 > self.size:
                return
            start = self._word(next_at, "Q" if self.magic == BIG else "I")
            if start + 2 > self.size:
                return
            index += 1
