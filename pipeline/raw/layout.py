"""How a raw picture lies in its file: declared by its directory, checked before anything is allocated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.raw.tiff import Directory

NONE, JPEG, DEFLATE, VC5, OLD_DEFLATE, LOSSY_JPEG, JPEG_XL = 1, 7, 8, 9, 32946, 34892, 52546
_NAMES = {VC5: "VC-5 (GoPro GPR)", JPEG_XL: "JPEG XL", 5: "LZW", 32773: "PackBits", 6: "old-style JPEG"}


@dataclass(frozen=True)
class Layout:
    """How the samples of one picture lie in its file.

    Parameters
    ----------
    rows, cols, planes : int
        Size of the whole stored picture, masked pixels included.
    bits : int
        Per sample.
    is_float : bool
    compression, predictor : int
        TIFF's codes.
    segment_rows, segment_cols : int
        Size of a tile, or of a strip (whose last one may be lower).
    is_tiled, is_planar : bool
    offsets, counts : tuple of int
        Where each segment is, in bytes.
    """

    rows: int
    cols: int
    planes: int
    bits: int
    is_float: bool
    compression: int
    predictor: int
    segment_rows: int
    segment_cols: int
    is_tiled: bool
    is_planar: bool
    offsets: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def segment_planes(self) -> int:
        return 1 if self.is_planar else self.planes

    @property
    def row_bytes(self) -> int:
        """Bytes that one row of a segment takes uncompressed."""
        return -(-self.segment_cols * self.segment_planes * self.bits // 8)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of the decoded samples: uint8, uint16 or float32."""
        return np.dtype(np.float32 if self.is_float else np.uint8 if self.bits == 8 else np.uint16)

    def segments(self) -> Iterator[tuple[int, int, int, int]]:
        """(index, plane, first row, first column) of every segment, in the file's order."""
        index = 0
        for plane in range(self.planes if self.is_planar else 1):
            for row in range(0, self.rows, self.segment_rows):
                for col in range(0, self.cols, self.segment_cols):
                    yield index, plane, row, col
                    index += 1


def read_layout(directory: Directory, max_pixels: int) -> Layout:
    """The layout that a directory declares, checked against itself, the file and a pixel limit.

    Raises
    ------
    ReadError
        If sizes are missing, zero, over the limit, or a segment does not lie inside the file.
    UnsupportedError
        For sample formats and compressions that are not decoded.
    """
    rows, cols = directory.integer(257, 0), directory.integer(256, 0)
    if rows <= 0 or cols <= 0:
        raise ReadError(f"{directory.name}: a picture of {cols} × {rows} pixels")
    if rows * cols > max_pixels:
        raise ReadError(f"{directory.name}: {cols} × {rows} pixels are more than the limit of {max_pixels}")
    planes = directory.integer(277, 1)
    if planes not in (1, 3):
        raise UnsupportedError(f"{directory.name}: {planes} samples per pixel, not 1 or 3")
    bits, is_float = _sample_format(directory, planes)
    compression = directory.integer(259, NONE)
    if compression not in (NONE, JPEG, DEFLATE, OLD_DEFLATE, LOSSY_JPEG):
        named = _NAMES.get(compression, "unknown")
        raise UnsupportedError(f"{directory.name}: compression {compression} ({named}) is not decoded")
    is_tiled = 322 in directory
    high = directory.integer(323 if is_tiled else 278, 0 if is_tiled else rows)
    wide = directory.integer(322, 0) if is_tiled else cols
    if high <= 0 or wide <= 0 or (is_tiled and high * wide > max(max_pixels, 1 << 16)):
        raise ReadError(f"{directory.name}: tiles or strips of {wide} × {high} pixels")
    layout = Layout(
        rows=rows,
        cols=cols,
        planes=planes,
        bits=bits,
        is_float=is_float,
        compression=compression,
        predictor=directory.integer(317, 1),
        segment_rows=high if is_tiled else min(high, rows),
        segment_cols=wide,
        is_tiled=is_tiled,
        is_planar=planes > 1 and directory.integer(284, 1) == 2,
        offsets=_places(directory, 324 if is_tiled else 273),
        counts=_places(directory, 325 if is_tiled else 279),
    )
    return _checked(layout, directory)


def _sample_format(directory: Directory, planes: int) -> tuple[int, bool]:
    bits = directory.array(258)
    formats = directory.array(339)
    all_bits = {1} if bits is None else set(bits.tolist())
    all_formats = {1} if formats is None else set(formats.tolist())
    if len(all_bits) != 1 or len(all_formats) != 1:
        raise UnsupportedError(f"{directory.name}: planes of different sample formats")
    (depth,), (kind,) = all_bits, all_formats
    if not (kind == 1 and 8 <= depth <= 16) and not (kind == 3 and depth in (16, 24, 32)):
        what = {1: "unsigned", 2: "signed", 3: "floating-point"}.get(kind, "unknown")
        raise UnsupportedError(
            f"{directory.name}: {depth}-bit {what} samples, not 8..16-bit unsigned or 16/24/32 float"
        )
    return int(depth), kind == 3


def _places(directory: Directory, code: int) -> tuple[int, ...]:
    values = directory.array(code)
    return () if values is None else tuple(int(value) for value in values)


def _checked(layout: Layout, directory: Directory) -> Layout:
    """The layout with byte counts completed, after each segment was found inside the file."""
    across = -(-layout.cols // layout.segment_cols) * -(-layout.rows // layout.segment_rows)
    expected = across * (layout.planes if layout.is_planar else 1)
    kind = "tile" if layout.is_tiled else "strip"
    if len(layout.offsets) < expected:
        raise ReadError(f"{directory.name}: {expected} {kind}s are needed, {len(layout.offsets)} are listed")
    counts = list(layout.counts)
    if layout.compression == NONE:
        counts += [0] * (expected - len(counts))
        for index, _, row, _ in layout.segments():
            high = layout.segment_rows if layout.is_tiled else min(layout.segment_rows, layout.rows - row)
            needed = high * layout.row_bytes
            if index < len(layout.counts) and counts[index] < needed:
                raise ReadError(f"{kind} {index} holds {counts[index]} bytes, its samples need {needed}")
            counts[index] = needed
    if len(counts) < expected:
        raise ReadError(f"{directory.name}: {expected} {kind} sizes are needed, {len(counts)} are listed")
    for index in range(expected):
        directory.tiff.check_inside(layout.offsets[index], counts[index], f"{kind} {index}")
    # The densest each coding can be (see `jpeg`; deflate: 258 bytes in two bits): a few bytes claim no gigabytes.
    densest = 1032 if layout.compression in (DEFLATE, OLD_DEFLATE) else 8 if layout.planes == 1 else 1024
    if layout.rows * layout.cols > densest * sum(counts[:expected]):
        raise ReadError(
            f"{directory.name}: {sum(counts[:expected])} bytes cannot hold {layout.cols} × {layout.rows} pixels"
        )
    return replace(layout, counts=tuple(counts))
