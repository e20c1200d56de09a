"""Strips and tiles of a raw picture, decoded into one array of stored samples."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.raw import jpeg
from tenbit.pipeline.raw.predictors import undo_float, undo_integer
from tenbit.pipeline.raw.tiff import Directory

NONE, JPEG, DEFLATE, VC5, OLD_DEFLATE, LOSSY_JPEG, JPEG_XL = 1, 7, 8, 9, 32946, 34892, 52546
_NAMES = {VC5: "VC-5 (GoPro GPR)", JPEG_XL: "JPEG XL", 5: "LZW", 32773: "PackBits", 6: "old-style JPEG"}
# Distance in samples to the predicting one, by Predictor: horizontal and floating point, and DNG 1.4's X2 and X4.
_INTEGER_PREDICTORS = {2: 1, 34892: 2, 34893: 4}
_FLOAT_PREDICTORS = {3: 1, 34894: 2, 34895: 4}


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
            needed = high * _row_bytes(layout)
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


def _row_bytes(layout: Layout) -> int:
    return -(-layout.segment_cols * layout.segment_planes * layout.bits // 8)


def read_samples(directory: Directory, layout: Layout) -> Array:
    """All samples as they are stored, before any table or level.

    Returns
    -------
    array
        (rows, cols) or (rows, cols, 3); uint8, uint16 or float32.

    Raises
    ------
    ReadError
        If a segment is broken.
    UnsupportedError
        If a segment holds a kind of JPEG that is not decoded.
    """
    kind = "tile" if layout.is_tiled else "strip"
    samples = np.empty((layout.rows, layout.cols, layout.planes), layout.dtype)
    for index, plane, row, col in layout.segments():
        data = directory.tiff.read(layout.offsets[index], layout.counts[index], f"{kind} {index}")
        high = layout.segment_rows if layout.is_tiled else min(layout.segment_rows, layout.rows - row)
        block = _decode(data, layout, high, directory.tiff.byte_order, f"{kind} {index}")
        inside = samples[row : row + high, col : col + layout.segment_cols]
        target = inside[..., plane : plane + 1] if layout.is_planar else inside
        if block.shape[0] < target.shape[0] or block.shape[1] < target.shape[1]:
            raise ReadError(f"{kind} {index} holds {block.shape[1]} × {block.shape[0]} pixels, too few")
        target[...] = block[: target.shape[0], : target.shape[1]]
    return samples[..., 0] if layout.planes == 1 else samples


def _decode(data: bytes, layout: Layout, high: int, byte_order: Literal["<", ">"], what: str) -> Array:
    """One segment, (rows, cols, planes)."""
    if layout.compression in (JPEG, LOSSY_JPEG):
        return _decode_jpeg(data, layout, high, what)
    needed = high * _row_bytes(layout)
    if layout.compression != NONE:
        try:
            data = zlib.decompressobj().decompress(data, needed)
        except zlib.error as fault:
            raise ReadError(f"{what}: broken deflate data ({fault})") from None
    if len(data) < needed:
        raise ReadError(f"{what}: {len(data)} bytes where its samples need {needed}")
    shape = (high, layout.segment_cols, layout.segment_planes)
    step = 0
    if layout.compression != NONE and layout.predictor != 1:
        step = (_FLOAT_PREDICTORS if layout.is_float else _INTEGER_PREDICTORS).get(layout.predictor, 0)
        if not step or (not layout.is_float and layout.bits not in (8, 16)):
            numbers = "floats" if layout.is_float else "integers"
            raise UnsupportedError(f"{what}: predictor {layout.predictor} on {layout.bits}-bit {numbers}")
    if step and layout.is_float:
        data, byte_order = undo_float(data, high, layout.bits // 8, step * layout.segment_planes), ">"
    block = unpack(data, shape, layout.bits, layout.is_float, byte_order)
    return undo_integer(block, step) if step and not layout.is_float else block


def unpack(data: bytes, shape: tuple[int, int, int], bits: int, is_float: bool, byte_order: Literal["<", ">"]) -> Array:
    """Samples from plain bytes, rows beginning at whole bytes.

    Parameters
    ----------
    data : bytes
    shape : tuple of int
        (rows, cols, planes).
    bits : int
        8 … 16 unsigned, or 16, 24, 32 of a float. Depths other than 8, 16, 24 and 32 are one stream of bits, highest
        first, whatever the file's byte order (DNG 1.6, "BitsPerSample").
    is_float : bool
    byte_order : {"<", ">"}

    Returns
    -------
    array
        ``shape``; uint8, uint16 or float32.
    """
    import imagecodecs

    if is_float and bits == 24:
        return np.asarray(imagecodecs.float24_decode(data, byteorder=byte_order), np.float32).reshape(shape)
    if is_float:
        return np.frombuffer(data, f"{byte_order}f{bits // 8}").astype(np.float32).reshape(shape)
    if bits in (8, 16):
        return np.frombuffer(data, f"{byte_order}u{bits // 8}").astype(f"u{bits // 8}").reshape(shape)
    flat = imagecodecs.packints_decode(data, np.uint16, bits, runlen=shape[1] * shape[2])
    return np.asarray(flat, np.uint16).reshape(shape)


def _decode_jpeg(data: bytes, layout: Layout, high: int, what: str) -> Array:
    header = jpeg.read_header(data, what)
    wide, planes = layout.segment_cols, layout.segment_planes
    if header.process == jpeg.LOSSLESS and not layout.is_float:
        if layout.bits == 8 and header.precision > 8:
            raise ReadError(f"{what}: a JPEG of {header.precision} bits where the tags say 8")
        if header.samples > 2 * max(high * wide * planes, 1 << 16):
            raise ReadError(f"{what}: a JPEG of {header.samples} samples where {high * wide * planes} belong")
        flat = jpeg.decode_lossless(data, header, what)
        if len(flat) == high * wide * planes:
            return flat.reshape(high, wide, planes)
        if header.cols * header.components % planes == 0:
            return flat.reshape(header.rows, -1, planes)
        raise ReadError(f"{what}: a JPEG of {header.samples} samples where {high * wide * planes} belong")
    if header.process not in (0, 1, 2):
        raise UnsupportedError(f"{what}: JPEG process {header.process} is not decoded")
    if layout.planes == 1:
        raise UnsupportedError(f"{what}: a mosaic in lossy JPEG (DCT, {header.precision} bits) is not decoded")
    if header.precision != 8 or layout.bits != 8 or header.components != planes:
        raise UnsupportedError(f"{what}: a lossy JPEG of {header.components} × {header.precision} bits is not decoded")
    if header.samples > 2 * max(high * wide * planes, 1 << 16):
        raise ReadError(f"{what}: a JPEG of {header.samples} samples where {high * wide * planes} belong")
    return jpeg.decode_lossy(data, header, what)
