"""DNG files that the benchmark reads: of 16 bits, packed 10 bits, lossless JPEG, and larger than the simulator's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frames
import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from tenbit.pipeline.sample import make

TILE = 512


def plain(path: Path, *, times: int = 1, bits: int = 16) -> Path:
    """An uncompressed DNG of the benchmark's size, ``times`` beside and below itself; below 16 bits packed."""
    make(path, rows=frames.ROWS, cols=frames.COLS, bits=bits, black=2 ** (bits - 4), truth=False)
    if times > 1:
        with tifffile.TiffFile(path) as file:
            page = file.pages.first
            mosaic, tags = np.tile(page.asarray(), (times, times)), _tags(page)
        tifffile.imwrite(path, mosaic, rowsperstrip=len(mosaic), bitspersample=bits, extratags=tags, **_HOW)
    return path


def lossless_jpeg(source: Path, path: Path) -> Path:
    """The same samples in tiles of lossless JPEG, as cameras and converters write them."""
    with tifffile.TiffFile(source) as file:
        page = file.pages.first
        mosaic, tags, bits = page.asarray(), _tags(page), page.bitspersample
    rows, cols = (-(-side // TILE) * TILE for side in mosaic.shape)
    padded = np.pad(mosaic, ((0, rows - mosaic.shape[0]), (0, cols - mosaic.shape[1])), mode="edge")
    how: dict[str, Any] = _HOW | {"compression": 7, "tile": (TILE, TILE)}
    tifffile.imwrite(
        path, _tiles(padded, bits), shape=mosaic.shape, dtype=np.uint16, bitspersample=16, extratags=tags, **how
    )
    return path


def _tiles(mosaic: NDArray[np.uint16], bits: int) -> Iterator[bytes]:
    for row in range(0, mosaic.shape[0], TILE):
        for col in range(0, mosaic.shape[1], TILE):
            tile = np.ascontiguousarray(mosaic[row : row + TILE, col : col + TILE])
            yield imagecodecs.ljpeg_encode(tile, bitspersample=bits)


# Active area, crop: the whole frame without them.
_AREAS = (50719, 50720, 50829)
_HOW: dict[str, Any] = {"byteorder": "<", "photometric": 32803, "subfiletype": 0, "metadata": None, "software": False}


def _tags(page: Any) -> list[tuple[int, int, int, Any, bool]]:
    """What a DNG says of itself: its maker's names, and all that TIFF itself does not know."""
    return [
        (tag.code, tag.dtype, tag.count, tag.value, True)
        for tag in page.tags
        if tag.code in (271, 272, 274) or (tag.code >= 33421 and tag.code not in (34665, *_AREAS))
    ]
