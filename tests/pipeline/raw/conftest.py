"""Synthetic DNGs for the readers' tests: a minimal TIFF writer that can also write what tifffile will not."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

_CODES = {"B": 1, "s": 2, "H": 3, "I": 4, "Q": 5, "b": 6, "U": 7, "i": 9, "q": 10, "f": 11, "d": 12}
_FORMATS = {kind: kind for kind in _CODES} | {"s": "B", "U": "B", "Q": "I", "q": "i"}

Tags = dict[int, tuple[str, Any]]


def rationals(values: Any, denominator: int = 10000) -> list[int]:
    """Numerators and denominators, one after the other."""
    return [number for value in np.ravel(values) for number in (round(value * denominator), denominator)]


def build_tiff(directories: list[tuple[Tags, list[bytes]]], order: str = "<") -> bytes:
    """A TIFF file of a chain of directories.

    Parameters
    ----------
    directories : list of (tags, segments)
        Tags by code as (kind, values). A directory's segments go into StripOffsets, or TileOffsets where the tags have
        a tile width. The value ``("I", "sub")`` of tag 330 becomes the offset of the next directory, which then is no
        part of the chain.
    order : {"<", ">"}
    """
    out = bytearray(b"II*\0" if order == "<" else b"MM\0*") + bytes(4)
    patch, sub_patch = 4, None
    for tags, segments in directories:
        tags = dict(tags)
        if segments:
            offsets = []
            for segment in segments:
                out += bytes(len(out) % 2)
                offsets.append(len(out))
                out += segment
            tags[324 if 322 in tags else 273] = ("I", offsets)
            tags[325 if 322 in tags else 279] = ("I", [len(segment) for segment in segments])
        out += bytes(len(out) % 2)
        start, table = len(out), bytearray(struct.pack(order + "H", len(tags)))
        extra = bytearray()
        begin = start + 2 + 12 * len(tags) + 4
        next_sub = None
        for code, (kind, values) in sorted(tags.items()):
            if values == "sub":
                next_sub, values = start + len(table) + 8, [0]
            numbers = list(values) if isinstance(values, list | tuple | bytes | np.ndarray) else [values]
            if isinstance(values, str):
                numbers = list(values.encode() + b"\0")
            packed = b"".join(struct.pack(f"{order}{_FORMATS[kind]}", number) for number in numbers)
            count = len(numbers) // (2 if kind in "Qq" else 1)
            if len(packed) > 4:
                place = struct.pack(order + "I", begin + len(extra))
                extra += packed + bytes(len(packed) % 2)
            else:
                place = packed.ljust(4, b"\0")
            table += struct.pack(order + "HHI", code, _CODES[kind], count) + place
        out += table + bytes(4) + extra
        out[(sub_patch or patch) : (sub_patch or patch) + 4] = struct.pack(order + "I", start)
        if sub_patch is None:
            patch = start + len(table)
        sub_patch = next_sub
    return bytes(out)


MATRIX = [[0.9, -0.2, -0.1], [-0.4, 1.2, 0.2], [-0.1, 0.2, 0.7]]


def cfa_tags(rows: int, cols: int, bits: int = 16, **more: Any) -> Tags:
    """Tags of a DNG of one uncompressed RGGB strip; ``more`` as ``t<code>=(kind, values)``, None to leave one out."""
    tags: Tags = {
        254: ("I", 0),
        256: ("I", cols),
        257: ("I", rows),
        258: ("H", bits),
        259: ("H", 1),
        262: ("H", 32803),
        277: ("H", 1),
        278: ("I", rows),
        33421: ("H", [2, 2]),
        33422: ("B", [0, 1, 1, 2]),
        50706: ("B", [1, 4, 0, 0]),
        50708: ("s", "Test camera"),
        50721: ("q", rationals(MATRIX)),
        50778: ("H", 21),
    }
    return changed(tags, **more)


def linear_tags(rows: int, cols: int, bits: int = 16, **more: Any) -> Tags:
    """Tags of a DNG of one uncompressed strip of three planes."""
    tags = cfa_tags(rows, cols) | {258: ("H", [bits] * 3), 262: ("H", 34892), 277: ("H", 3)}
    del tags[33421], tags[33422]
    return changed(tags, **more)


def changed(tags: Tags, **more: Any) -> Tags:
    """A copy of ``tags`` with some set or, where None, left out."""
    tags = tags | {int(name[1:]): value for name, value in more.items()}
    return {code: value for code, value in tags.items() if value is not None}


def lossless(samples: np.ndarray, bits: int, predictor: int = 1) -> bytes:
    """A lossless JPEG of (rows, cols) or (rows, cols, components) samples."""
    return imagecodecs.jpeg8_encode(
        np.ascontiguousarray(samples),
        lossless=True,
        predictor=predictor,
        bitspersample=bits,
        colorspace="unknown",
        outcolorspace="unknown",
    )


def tiles_of(samples: np.ndarray, high: int, wide: int) -> list[np.ndarray]:
    """Tiles row by row, those at the edges filled up."""
    rows, cols = samples.shape[:2]
    fill = [(0, -rows % high), (0, -cols % wide)] + [(0, 0)] * (samples.ndim - 2)
    padded = np.pad(samples, fill, mode="edge")
    return [
        np.ascontiguousarray(padded[row : row + high, col : col + wide])
        for row in range(0, rows, high)
        for col in range(0, cols, wide)
    ]


class DngMaker:
    """The builders of this file, for tests, and `write`."""

    build_tiff = staticmethod(build_tiff)
    lossless = staticmethod(lossless)
    tiles_of = staticmethod(tiles_of)
    cfa_tags = staticmethod(cfa_tags)
    linear_tags = staticmethod(linear_tags)
    changed = staticmethod(changed)
    rationals = staticmethod(rationals)
    matrix = MATRIX

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, tags: Tags, *segments: bytes, order: str = "<", name: str = "synthetic.dng") -> Path:
        """One directory with its segments, in a file."""
        return self.write_all([(tags, list(segments))], order=order, name=name)

    def write_all(self, directories: Any, *, order: str = "<", name: str = "synthetic.dng") -> Path:
        path = self.folder / name
        path.write_bytes(build_tiff(directories, order))
        return path


@pytest.fixture(scope="session")
def builders() -> DngMaker:
    """The builders without a folder."""
    return DngMaker(Path())


@pytest.fixture
def dng(tmp_path: Path) -> DngMaker:
    """Writes synthetic DNGs into the test's folder."""
    return DngMaker(tmp_path)


@pytest.fixture
def mosaic() -> np.ndarray:
    """(24, 40) uint16 with every sample different from its neighbours, all below 1024."""
    return np.random.default_rng(7).integers(1, 1024, (24, 40)).astype(np.uint16)
