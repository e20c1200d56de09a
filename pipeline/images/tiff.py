"""TIFF: written by tifffile, then its directory is written anew with the metadata in it."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from tenbit.kernels._facts import Array
from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.images.exif import EXIF_DIRECTORY, ExifTags, Tag, long, pack_directory, raw

_XMP, _ICC = 700, 34675
BYTES_MAX = 2**32 - 2**26  # offsets have 32 bits; the rest is room for what compression may add to noise

# TIFF's number and imagecodecs' level. Level 6 of deflate takes 1.5 times as long and saves 3 % of a noisy photograph.
_COMPRESSIONS: dict[str, dict[str, Any]] = {
    "deflate": {"compression": 8, "compressionargs": {"level": 1}, "predictor": True},
    "zstd": {"compression": 50000, "compressionargs": {"level": 1}, "predictor": True},
    "none": {},
}


def write_tiff(
    handle: BinaryIO, samples: Array, *, tags: ExifTags, icc: bytes | None, xmp: bytes | None, compression: str
) -> None:
    """Write a classic little-endian TIFF in strips, with basic tags, an EXIF directory, XMP and ICC.

    Parameters
    ----------
    handle : BinaryIO
        Open for reading and writing.
    samples : array
        (rows, cols) or (rows, cols, 3); uint8, uint16 or float32, stored as they are.
    compression : str
        ``deflate`` or ``zstd``, each with the predictor that suits the dtype, or ``none``.

    Raises
    ------
    WriteError
        If the samples do not fit the 4 GiB of a classic TIFF.
    """
    import tifffile

    if samples.nbytes > BYTES_MAX:
        raise WriteError(f"tiff holds 4 GiB at most, and this picture has {samples.nbytes / 2**30:.1f} GiB of samples")
    with _told_by_the_system(handle):
        tifffile.imwrite(
            handle,
            samples,
            bigtiff=False,
            byteorder="<",
            photometric="rgb" if samples.ndim == 3 else "minisblack",
            rowsperstrip=32,
            maxworkers=min(4, os.cpu_count() or 1),
            metadata=None,
            software=False,
            **_COMPRESSIONS[compression],
        )
    # tifffile cannot write an EXIF directory, and the main one has no room left for its pointer: both go to the end.
    extra = list(tags.main)
    extra += [raw(_ICC, icc)] if icc is not None else []
    extra += [raw(_XMP, xmp, type=1)] if xmp is not None else []
    exif_at = handle.seek(0, os.SEEK_END)
    exif_at += handle.write(bytes(exif_at % 2))
    main_at = exif_at + handle.write(pack_directory(tags.exif, exif_at))
    main = (*_first_directory(handle), *extra, long(EXIF_DIRECTORY, exif_at))
    handle.seek(main_at)
    handle.write(pack_directory(main, main_at))
    handle.seek(4)
    handle.write(struct.pack("<I", main_at))


@contextmanager
def _told_by_the_system(handle: BinaryIO) -> Iterator[None]:
    """Inside, what cannot be written is told in the system's words.

    Samples that are not compressed are written by NumPy, which counts the bytes and forgets why there are fewer.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            # Asked once more, it says so once more.
            handle.seek(0, os.SEEK_END)
            handle.write(bytes(2**16))
            handle.flush()
        raise


def _first_directory(handle: BinaryIO) -> list[Tag]:
    """The entries as they stand in the file: a payload is the value, or where its values are, four bytes either way."""
    handle.seek(4)
    handle.seek(struct.unpack("<I", handle.read(4))[0])
    count = struct.unpack("<H", handle.read(2))[0]
    return [Tag(*struct.unpack("<HHI4s", handle.read(12))) for _ in range(count)]
