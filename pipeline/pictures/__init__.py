"""Readers: a developed picture (JPEG, PNG, TIFF) to a display `Frame`."""

from __future__ import annotations

import dataclasses
import io
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._spaces import encode
from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.images.xmp import read_record
from tenbit.pipeline.pictures import containers
from tenbit.pipeline.pictures.containers import Container
from tenbit.pipeline.pictures.profiles import Meant, meant_by
from tenbit.pipeline.raw import dng, tiff
from tenbit.pipeline.raw.dng_tags import read_exif

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff"})
"""Of the pictures that are taken from a folder."""

_JPEG, _PNG, _TIFF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION, _ICC = 274, 34675
_PLANES_MAX = 4  # of a TIFF: more would take memory before they are refused
# Monitors that paint; what a picture is measured for must not be another's paint.
_PAINTERS = (
    "false_colour",
    "zebra",
    "peaking",
    "histogram",
    "waveform",
    "parade",
    "vectorscope",
    "framelines",
    "loupe",
    "spot",
    "exposure_advice",
)


def is_picture(path: Path) -> bool:
    """Whether a file is a developed picture, by its first bytes; a TIFF too that is no DNG and has a picture's suffix.

    A file that cannot be read is none: the reader of raw files says why.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
            if head.startswith((_JPEG, _PNG)):
                return True
            is_named = path.suffix.lower() in (".tif", ".tiff")
            return is_named and head.startswith(_TIFF) and not dng.is_dng(tiff.Tiff(stream))
    except (OSError, ReadError):
        return False


def read_picture(path: str | Path, *, max_pixels: int = 400_000_000) -> Frame:
    """A display frame from a JPEG, a PNG, or a TIFF of 8, 16 or 32 bits.

    Parameters
    ----------
    path : str or Path
    max_pixels : int
        Larger pictures are refused before anything is allocated.

    Returns
    -------
    Frame
        Samples as stored, uint8 or uint16; float32 where the file holds floats, or light without a curve, which gets
        the curve of its space. Grey has three equal planes, transparency is left out. ``record`` has what tenbit
        wrote into the picture of how it was made, as ``developed``.

    Raises
    ------
    ReadError
        If the file is not there, broken or cut off; its text begins with the path.
    UnsupportedError
        If it is sound but of a kind that is not read: inks, 12 bits, too large.
    """
    path = Path(path)
    try:
        return _read(path, max_pixels)
    except ReadError as error:
        error.path = path
        raise
    except OSError as fault:
        failed = ReadError(f"cannot be read: {fault.strerror or fault}")
    except MemoryError:
        failed = ReadError("too little memory for this picture")
    failed.path = path
    raise failed


def _read(path: Path, max_pixels: int) -> Frame:
    if not path.is_file():
        raise ReadError("no such file" if not path.exists() else "a folder, not a file")
    with path.open("rb") as stream:
        head = stream.read(8)
        if head.startswith(_TIFF):
            found, samples, exif, orientation = _tiff(stream, max_pixels)
        elif head.startswith((_JPEG, _PNG)):
            stream.seek(0)
            content = stream.read()
            found = containers.jpeg(content) if head.startswith(_JPEG) else containers.png(io.BytesIO(content))
            _check_size(found.rows, found.cols, max_pixels)
            samples = _decoded(content, "jpeg" if head.startswith(_JPEG) else "png")
            exif, orientation = _exif(found.exif)
        else:
            raise ReadError("neither a JPEG nor a PNG nor a TIFF")
    meant = meant_by(found.icc, found.cicp)
    samples, notes = _three(samples, meant)
    record: dict[str, Any] = {}
    with suppress(ReadError):
        record = {"developed": read_record(path)}
        notes += _painted(record["developed"])
    rows, cols, _ = samples.shape
    facts = Facts(
        state="display",
        rows=rows,
        cols=cols,
        space=meant.space,
        orientation=orientation,
        optical_centre=((rows - 1) / 2, (cols - 1) / 2),
        is_balanced=True,
        focal_mm=exif.focal_mm,
    )
    return Frame(samples, facts, exif, path, "picture", (*meant.notes, *notes), record=record)


def upright(frame: Frame) -> Frame:
    """A picture turned as its EXIF says, here and not by `orient`: the loops behind are then those of any picture."""
    turned = frame.samples
    if frame.facts.orientation > 4:
        turned = turned.swapaxes(0, 1)
    down, across = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}.get(
        frame.facts.orientation, (1, 1)
    )
    samples = np.ascontiguousarray(turned[::down, ::across])
    rows, cols, _ = samples.shape
    facts = dataclasses.replace(
        frame.facts, rows=rows, cols=cols, orientation=1, optical_centre=((rows - 1) / 2, (cols - 1) / 2)
    )
    return dataclasses.replace(frame, samples=samples, facts=facts)


def _check_size(rows: int, cols: int, max_pixels: int) -> None:
    if not 0 < rows * cols <= max_pixels:
        raise UnsupportedError(f"a picture of {rows} x {cols}; 1 to {max_pixels / 1e6:.0f} megapixels are read")


def _decoded(content: bytes, format: str) -> Array:  # noqa: A002
    """Samples of a JPEG or PNG as stored: (rows, cols) or (rows, cols, planes), uint8 or uint16."""
    import imagecodecs

    try:
        decode = imagecodecs.jpeg8_decode if format == "jpeg" else imagecodecs.png_decode
        return np.asarray(decode(content))
    except (RuntimeError, ValueError) as fault:
        raise ReadError(f"a broken {format.upper()} ({_line(fault)})") from None


def _tiff(stream: BinaryIO, max_pixels: int) -> tuple[Container, Array, Exif, int]:
    """The first picture of a TIFF."""
    import logging

    import tifffile

    # What it says of broken tags is for developers: the line of a file that fails is said once, here.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    known = tiff.Tiff(stream)
    first = known.directories[0]
    size = first.integer(257, 0), first.integer(256, 0)
    _check_size(*size, max_pixels)
    if first.integer(277, 1) > _PLANES_MAX:
        raise UnsupportedError(f"a TIFF of {first.integer(277, 1)} planes: grey and RGB are read")
    if first.integer(262, 2) not in (0, 1, 2, 3, 6):
        raise UnsupportedError("a TIFF of inks or measured colours: only grey and RGB are read")
    stream.seek(0)
    try:
        with tifffile.TiffFile(stream) as file:
            page: Any = file.pages[0]
            # A picture's planes may be a file's several pages: here the first page counts.
            samples = np.asarray(page.asarray())
            if page.planarconfig == 2 and samples.ndim == 3:
                samples = np.moveaxis(samples, 0, -1)
            if page.photometric == 0 and samples.dtype.kind == "u":
                samples = np.iinfo(samples.dtype).max - samples
            if page.photometric == 3:
                samples = np.moveaxis(np.asarray(page.colormap), 0, -1)[samples]
    except (tifffile.TiffFileError, RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError) as fault:
        raise ReadError(f"a broken TIFF ({_line(fault)})") from None
    if samples.dtype == np.bool_:
        samples = samples.astype(np.uint8) * np.uint8(255)
    if samples.dtype.kind == "f":
        samples = np.nan_to_num(samples.astype(np.float32), posinf=1.0, neginf=0.0)
    elif samples.dtype not in (np.uint8, np.uint16):
        raise UnsupportedError(f"a TIFF of {samples.dtype} samples: 8 and 16 bits and floats are read")
    icc = None
    with suppress(ReadError):
        icc = first.raw(_ICC)
    exif, orientation = read_exif(known), _orientation(first)
    return Container(*size, icc=icc), samples, exif, orientation


def _exif(block: bytes | None) -> tuple[Exif, int]:
    """EXIF and orientation of the small TIFF that a JPEG or PNG carries; nothing where it is broken."""
    with suppress(ReadError):
        if block:
            known = tiff.Tiff(io.BytesIO(block))
            return read_exif(known), _orientation(known.directories[0])
    return Exif(), 1


def _orientation(first: tiff.Directory) -> int:
    with suppress(ReadError):
        found = first.integer(_ORIENTATION, 1)
        return found if 1 <= found <= 8 else 1
    return 1


def _three(samples: Array, meant: Meant) -> tuple[Array, tuple[str, ...]]:
    """Samples as (rows, cols, 3), with a curve, and what the user should be told of it."""
    notes: tuple[str, ...] = ()
    if samples.ndim == 2:
        samples = samples[..., None]
    if samples.ndim != 3 or not samples.size:
        raise UnsupportedError(f"a picture of shape {samples.shape}: rows, columns and colours are read")
    planes = samples.shape[2]
    if planes in (2, 4):
        notes = ("transparency is left out",)
    elif planes not in (1, 3):
        raise UnsupportedError(f"a picture of {planes} planes: grey and RGB are read")
    samples = np.ascontiguousarray(np.repeat(samples[..., :1], 3, axis=2) if planes < 3 else samples[..., :3])
    if meant.is_linear:
        whole = np.float32(np.iinfo(samples.dtype).max) if samples.dtype.kind == "u" else np.float32(1)
        samples = encode(meant.space, np.clip(samples / whole, 0, 1)).astype(np.float32)
        notes = (*notes, f"light without a curve: measured with the curve of {meant.space}")
    return samples.astype(samples.dtype.newbyteorder("="), copy=False), notes


def _painted(record: dict[str, Any]) -> tuple[str, ...]:
    """A note where monitors are drawn into the picture already."""
    chain = record.get("chain")
    entries = chain.get("chain") if isinstance(chain, dict) else None
    stages = {name: found for entry in entries or () if isinstance(entry, dict) for name, found in entry.items()}
    drawn = [name for name in _PAINTERS if name in stages and _is_drawn(stages[name])]
    return (f"{' and '.join(drawn)} drawn into the picture: the numbers count that too",) if drawn else ()


def _is_drawn(parameters: Any) -> bool:
    known = parameters if isinstance(parameters, dict) else {}
    return known.get("to", "picture") in ("picture", "beside") and known.get("opacity", 1) != 0


def _line(fault: BaseException) -> str:
    """What a library says, on one line."""
    return " ".join(str(fault).split())[:200] or type(fault).__name__
