"""What files say of how they were taken, at a glance: the same as reading says, and nothing where that fails."""

from __future__ import annotations

import struct
from pathlib import Path

from tenbit.pipeline.frame import Exif
from tenbit.pipeline.raw.glance import glance


def test_a_glance_tells_what_reading_tells(shared_data: Path) -> None:
    from tenbit.pipeline.raw import read

    path = next((shared_data / "raw").rglob("*dng_with_preview.dng"))
    found = glance(path)
    assert found == read(path).exif
    assert (found.iso, found.taken) == (50, "2015:06:08 12:10:44")


def test_a_glance_at_what_says_nothing(tmp_path: Path, shared_data: Path) -> None:
    (tmp_path / "a.dng").touch()
    for path in (tmp_path / "a.dng", tmp_path, tmp_path / "gone.dng", *sorted((shared_data / "bad").iterdir())):
        assert isinstance(glance(path), Exif)


def tiff(*tags: tuple[int, str]) -> bytes:
    """A TIFF whose only directory has these texts of more than three letters."""
    at, table, texts = 8 + 2 + 12 * len(tags) + 4, b"", b""
    for code, text in tags:
        table += struct.pack("<HHII", code, 2, len(text) + 1, at + len(texts))
        texts += text.encode() + b"\0"
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + table + bytes(4) + texts


def test_a_glance_finds_the_exif_of_a_raf_and_of_a_cr3(tmp_path: Path) -> None:
    taken = (36867, "2024:05:06 07:08:09")
    exif = tiff(taken, (272, "X-T5"))
    jpeg = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif
    raf = b"FUJIFILMCCD-RAW ".ljust(84, b" ") + struct.pack(">II", 100, len(jpeg)) + bytes(8) + jpeg
    boxes = ((b"CMT1", tiff((271, "Canon"), (272, "Canon EOS R5"))), (b"CMT2", tiff(taken)))
    cr3 = b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + b"".join(
        struct.pack(">I", len(box) + 8) + name + box for name, box in boxes
    )
    for content, make, model in ((raf, None, "X-T5"), (cr3, "Canon", "Canon EOS R5")):
        path = tmp_path / "a"
        path.write_bytes(content)
        assert glance(path) == Exif(make=make, model=model, taken=taken[1])
        for cut in (len(content) - 60, 110, 20):
            path.write_bytes(content[:cut])
            assert glance(path).taken is None
