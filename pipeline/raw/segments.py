"""Strips and tiles of a raw picture, decoded into one array of stored samples."""

from __future__ import annotations

import sys
import zlib
from typing import Literal

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.device.buffers import reused
from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.raw import jpeg
from tenbit.pipeline.raw.layout import JPEG, LOSSY_JPEG, NONE, Layout
from tenbit.pipeline.raw.predictors import undo_float, undo_integer
from tenbit.pipeline.raw.tiff import Directory

# Distance in samples to the predicting one, by Predictor: horizontal and floating point, and DNG 1.4's X2 and X4.
_INTEGER_PREDICTORS = {2: 1, 34892: 2, 34893: 4}
_FLOAT_PREDICTORS = {3: 1, 34894: 2, 34895: 4}


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
    shape = layout.rows, layout.cols, layout.planes
    # 25 MB of memory that was used before are read into in 5 ms, fresh memory in 16.
    samples = reused().empty(shape, layout.dtype)
    if layout.compression == NONE and layout.bits in (8, 16) and not (layout.is_float or layout.is_tiled):
        _fill(samples, directory, layout)
        return samples[..., 0] if layout.planes == 1 else samples
    for index, plane, row, col in layout.segments():
        data = directory.tiff.read(layout.offsets[index], layout.counts[index], f"{kind} {index}")
        high = layout.segment_rows if layout.is_tiled else min(layout.segment_rows, layout.rows - row)
        block = _decode(data, layout, high, directory.tiff.byte_order, f"{kind} {index}")
        if block.shape == shape and block.dtype == layout.dtype and block.flags.writeable:
            # One strip is the picture: a copy of 12.5 MP would take 11 ms.
            samples = block
            continue
        inside = samples[row : row + high, col : col + layout.segment_cols]
        target = inside[..., plane : plane + 1] if layout.is_planar else inside
        if block.shape[0] < target.shape[0] or block.shape[1] < target.shape[1]:
            raise ReadError(f"{kind} {index} holds {block.shape[1]} × {block.shape[0]} pixels, too few")
        target[...] = block[: target.shape[0], : target.shape[1]]
    return samples[..., 0] if layout.planes == 1 else samples


def _fill(samples: Array, directory: Directory, layout: Layout) -> None:
    """Whole numbers of whole bytes in strips: what is stored is what is in memory, but for the order of bytes."""
    for index, plane, row, _ in layout.segments():
        target = samples[row : row + layout.segment_rows, :, plane : plane + 1] if layout.is_planar else None
        rows = np.empty(target.shape, layout.dtype) if target is not None else samples[row : row + layout.segment_rows]
        directory.tiff.read_into(layout.offsets[index], rows.reshape(-1).view(np.uint8).data, f"strip {index}")
        if target is not None:
            target[...] = rows
    if layout.bits == 16 and (directory.tiff.byte_order == ">") == (sys.byteorder == "little"):
        samples.byteswap(inplace=True)


def _decode(data: bytes, layout: Layout, high: int, byte_order: Literal["<", ">"], what: str) -> Array:
    """One segment, (rows, cols, planes)."""
    if layout.compression in (JPEG, LOSSY_JPEG):
        return _decode_jpeg(data, layout, high, what)
    needed = high * layout.row_bytes
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
    is_folded = header.process == jpeg.LOSSLESS and header.samples == high * wide * planes
    shape = (header.rows, header.cols * header.components // planes, planes)
    # Encoders fill up to whole blocks of 8 or 16; smaller ones leave a tile's part outside the picture away.
    if not is_folded and (shape[0] > high + 15 or shape[1] > wide + 15 or np.prod(shape) != header.samples):
        raise ReadError(f"{what}: a JPEG of {header.samples} samples where {high * wide * planes} belong")
    if header.process == jpeg.LOSSLESS and not layout.is_float:
        if layout.bits == 8 and header.precision > 8:
            raise ReadError(f"{what}: a JPEG of {header.precision} bits where the tags say 8")
        return jpeg.decode_lossless(data, header, what).reshape((high, wide, planes) if is_folded else shape)
    if header.process not in (0, 1, 2):
        raise UnsupportedError(f"{what}: JPEG process {header.process} is not decoded")
    if layout.planes == 1:
        raise UnsupportedError(f"{what}: a mosaic in lossy JPEG (DCT, {header.precision} bits) is not decoded")
    if header.precision != 8 or layout.bits != 8 or header.components != planes:
        raise UnsupportedError(f"{what}: a lossy JPEG of {header.components} × {header.precision} bits is not decoded")
    return jpeg.decode_lossy(data, header, what)
