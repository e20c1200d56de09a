"""Readers: any raw file to a `Frame`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.frame import Frame

__all__ = ["DUMPS", "MOST_PIXELS", "read", "reader_of"]

DUMPS = (".raw10", ".raw12", ".raw", ".bin")
"""Suffixes of packed sensor dumps, which say nothing of themselves."""

MOST_PIXELS = 400_000_000
"""Larger pictures are refused before anything is allocated."""

Reader = Literal["dng", "packed", "libraw"]

# What a dump without a header does not begin with: TIFF and its makers' own variants, Fuji, X3F, CIFF, MRW.
_KNOWN_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FUJI", b"FOVb", b"\0MRM")


CameraLike = str | Path | Mapping[str, Any] | None


def read(
    path: str | Path, *, camera: CameraLike = None, max_pixels: int = MOST_PIXELS, keep_packed: bool = False
) -> Frame:
    """A frame from a raw file: DNG straight, packed dumps by their camera file, everything else through LibRaw.

    Parameters
    ----------
    path : str or Path
    camera : str, Path or mapping, optional
        For a packed sensor dump: name of a shipped camera file (``imx989-binned``), path of a YAML camera file, or its
        fields. A JSON sidecar beside the dump (``x.raw.json`` or ``x.json``) overrides a camera file; fields given here
        override both.
    max_pixels : int
        Larger pictures are refused before anything is allocated.
    keep_packed : bool
        A dump in RAW10 or RAW12 stays packed, (rows, bytes) uint8, and the frame's ``packing`` says how: `run` unpacks
        it as it goes, which costs less than a trip over the frame. By default samples are (rows, cols) numbers.

    Returns
    -------
    Frame

    Raises
    ------
    ReadError
        If the file is not there, broken, cut off, or no raw file; its text begins with the path.
    UnsupportedError
        If it is sound but of a kind that is not developed.
    """
    path = Path(path)
    try:
        return _opened(path, camera, max_pixels, keep_packed)
    except ReadError as error:
        error.path = path
        raise


def reader_of(path: str | Path, *, camera: CameraLike = None) -> Reader:
    """Which reader a file gets, by its name and its first bytes; nothing is decoded.

    Raises
    ------
    ReadError
        If the file is not there, empty, or called a DNG and none; its text begins with the path.
    """
    path = Path(path)
    try:
        return _reader(path, _head(path), camera)
    except OSError as fault:
        error = ReadError(f"cannot be read: {fault.strerror or fault}")
    except ReadError as fault:
        error = fault
    error.path = path
    raise error


def number_of(path: Path) -> int:
    """The frame's number in its sequence: the last digits of the file's name, 0 where it has none."""
    digits = re.findall(r"[0-9]+", path.stem)
    # Longer than any camera counts: a moment in time, of which the end tells frames apart.
    return int(digits[-1][-9:]) if digits else 0


def _opened(path: Path, camera: CameraLike, max_pixels: int, keep_packed: bool) -> Frame:
    try:
        frame = _read(path, _reader(path, _head(path), camera), camera, max_pixels, keep_packed)
        return replace(frame, facts=replace(frame.facts, number=number_of(path), focal_mm=frame.exif.focal_mm))
    except OSError as fault:
        raise ReadError(f"cannot be read: {fault.strerror or fault}") from None
    except MemoryError:
        raise ReadError("too little memory for this picture") from None


def _head(path: Path) -> bytes:
    if not path.is_file():
        raise ReadError("no such file" if not path.exists() else "a folder, not a file")
    with path.open("rb") as stream:
        head = stream.read(16)
    if not head:
        raise ReadError("the file is empty")
    return head


def _reader(path: Path, head: bytes, camera: CameraLike) -> Reader:
    is_known = head.startswith(_KNOWN_HEADS) or head[6:14] == b"HEAPCCDR"
    is_named_dng = path.suffix.lower() == ".dng"
    if (camera is not None and not is_named_dng) or (path.suffix.lower() in DUMPS and not is_known):
        return "packed"
    if head.startswith(_KNOWN_HEADS[:4]):
        from tenbit.pipeline.raw import dng, tiff

        with path.open("rb") as stream:
            if dng.is_dng(tiff.Tiff(stream)):
                return "dng"
    if is_named_dng:
        raise ReadError("not a DNG: no TIFF with a DNGVersion tag")
    return "libraw"


def _read(path: Path, reader: Reader, camera: CameraLike, max_pixels: int, keep_packed: bool) -> Frame:
    if reader == "packed":
        from tenbit.pipeline.raw import packed

        return packed.read_packed(path, camera=camera, max_pixels=max_pixels, keep_packed=keep_packed)
    if reader == "dng":
        from tenbit.pipeline.raw import dng

        frame = dng.read_dng(path, max_pixels=max_pixels)
        unused = () if camera is None else ("the camera is not used: a DNG says everything itself",)
        return replace(frame, warnings=frame.warnings + unused)
    from tenbit.pipeline.raw.libraw import read_libraw

    return read_libraw(path, max_pixels=max_pixels)
