"""CIFF heaps built by hand, and broken ones."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from tenbit.pipeline.frame import Exif
from tenbit.pipeline.raw.ciff import read_ciff_exif


def heap(order: str, *records: tuple[int, bytes]) -> bytes:
    data, table = b"", struct.pack(order + "H", len(records))
    for tag, value in records:
        table += struct.pack(order + "HII", tag, len(value), len(data))
        data += value
    return data + table + struct.pack(order + "I", len(data))


def crw(order: str) -> bytes:
    camera = heap(order, (0x5800, b"inline12"), (0x080A, b"Canon\0PowerShot\0\0\0"), (0x0810, b"Someone\0"))
    whole = heap(order, (0x2005, b"pixels"), (0x300A, heap(order, (0x2807, camera))))
    return (b"II" if order == "<" else b"MM") + struct.pack(order + "I", 26) + b"HEAPCCDR" + bytes(12) + whole


@pytest.mark.parametrize("order", ["<", ">"])
def test_names_are_found_in_nested_heaps(order: str) -> None:
    assert read_ciff_exif(crw(order)) == Exif(make="Canon", model="PowerShot", artist="Someone")


def test_broken_heaps_say_nothing() -> None:
    assert read_ciff_exif(b"II*\0" + bytes(40)) == Exif()
    for size in range(14, len(crw("<"))):
        read_ciff_exif(crw("<")[:size])
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(crw("<"))
        for place in rng.integers(14, len(damaged), 4):
            damaged[place] = rng.integers(0, 256)
        read_ciff_exif(bytes(damaged))
