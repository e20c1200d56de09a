"""Lenses in the maker notes of Leica Ms, and EXIF about lens and sensor."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest

from tenbit.pipeline.frame import Exif
from tenbit.pipeline.raw import read

M8, M9, M240, M10 = b"LEICA\0\0\0", b"LEICA0\x03\0", b"LEICA\0\x02\xff", b"LEICA\0\x02\0"
LONG, RATIONAL, ASCII, UNDEFINED = 4, 5, 2, 7
SIZES = {LONG: 4, RATIONAL: 8, ASCII: 1, UNDEFINED: 1}


def directory(entries: list[tuple[int, int, bytes]], at: int, order: str = "<", base: int = 0) -> bytes:
    """A directory that stands ``at`` bytes into its note, its values behind it; offsets count from ``base``."""
    table, behind = struct.pack(order + "H", len(entries)), b""
    end = at + 2 + 12 * len(entries) + 4
    for tag, kind, value in entries:
        table += struct.pack(order + "HHI", tag, kind, len(value) // SIZES[kind])
        if len(value) > 4:
            table += struct.pack(order + "I", end + len(behind) - base)
            behind += value
        else:
            table += value.ljust(4, b"\0")
    return table + bytes(4) + behind


def m8(lens: int, *, order: str = "<", base: int = 0, f_number: tuple[int, int] = (28, 10)) -> bytes:
    entries = [
        (0x0300, LONG, struct.pack(order + "I", 1)),
        (0x0310, LONG, struct.pack(order + "I", lens)),
        (0x0313, RATIONAL, struct.pack(order + "II", *f_number)),
        (0x0325, LONG, struct.pack(order + "I", 1)),
    ]
    return M8 + directory(entries, 8, order, base)


def m9(lens: int, order: str = "<") -> bytes:
    inner = [(0x3405, LONG, struct.pack(order + "I", lens)), (0x3406, RATIONAL, struct.pack(order + "II", 56, 10))]
    above = 8 + 2 + 12 * 2 + 4
    outer = [(0x3000, UNDEFINED, bytes(8)), (0x3400, UNDEFINED, directory(inner, above + 8, order))]
    return M9 + directory(outer, 8, order)


@pytest.fixture
def taken(dng, mosaic):
    """``taken(note, make=…, t…=…)``: EXIF of a DNG with a maker note and other EXIF tags."""

    def make(note: bytes = b"", *, make: str = "Leica Camera AG", order: str = "<", first: Any = None, **more: Any):
        exif = {36864: ("U", b"0230"), **{int(name[1:]): value for name, value in more.items()}}
        if note:
            exif[37500] = ("U", note)
        tags = dng.cfa_tags(*mosaic.shape, t271=("s", make), t272=("s", "M9 Digital Camera"), t34665=("I", "sub"))
        stored = mosaic.astype(order + "u2").tobytes()
        path = dng.write_all([({**tags, **(first or {})}, [stored]), (exif, [])], order=order)
        return read(path).exif

    return make


def lens_of(exif: Exif) -> tuple[int | None, int | None, float | None]:
    return exif.lens_code, exif.frame_selector, exif.f_number_estimate


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("base", [0, 8], ids=["dng", "jpeg"])
def test_an_m8_names_code_selector_aperture_and_filter_wherever_its_offsets_count_from(taken, order, base) -> None:
    exif = taken(m8(29 << 2 | 2, order=order, base=base), order=order)
    assert lens_of(exif) == (29, 2, 2.8)
    assert exif.is_uv_ir_corrected is True
    assert exif.f_number is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_m9_keeps_its_lens_in_a_directory_of_its_own(taken, order) -> None:
    assert lens_of(taken(m9(6 << 2, order), order=order)) == (6, 0, 5.6)


def test_a_note_may_have_another_byte_order_than_its_file(taken) -> None:
    assert lens_of(taken(m8(47 << 2 | 1, order=">"))) == (47, 1, 2.8)


@pytest.mark.parametrize(("head", "tag"), [(M240, 0x0303), (M10, 0x0370)], ids=["M (Typ 240)", "M10"])
@pytest.mark.parametrize("is_from_file", [True, False])
def test_later_cameras_name_the_lens_in_words(taken, dng, head, tag, is_from_file) -> None:
    name = b"Summilux-M 1:1.4/35 ASPH.\0"
    taken(head + directory([(tag, ASCII, name)], 8))
    origin = (dng.folder / "synthetic.dng").read_bytes().index(head)
    exif = taken(head + directory([(tag, ASCII, name)], 8, base=-origin if is_from_file else 0))
    assert exif.lens_profile == "Summilux-M 1:1.4/35 ASPH."
    assert exif.lens_code is None


def test_adobes_converter_keeps_the_note_in_its_private_data(taken) -> None:
    block = b"II" + struct.pack(">I", 4321) + m8(35 << 2 | 3)
    private = b"Adobe\0" + struct.pack(">4sI", b"Pano", 3) + b"odd\0" + struct.pack(">4sI", b"MakN", len(block)) + block
    assert lens_of(taken(first={50740: ("B", private)})) == (35, 3, 2.8)


@pytest.mark.parametrize("f_number", [(0, 10), (1, 0), (1, 100), (10000, 1)])
def test_an_aperture_that_no_lens_has_is_none(taken, f_number) -> None:
    assert lens_of(taken(m8(29 << 2 | 2, f_number=f_number))) == (29, 2, None)


def test_a_code_of_more_than_six_bits_is_none(taken) -> None:
    assert lens_of(taken(m8(64 << 2))) == (None, None, 2.8)


def test_other_makers_notes_are_left_alone(taken) -> None:
    assert lens_of(taken(m8(29 << 2 | 2), make="Panasonic")) == (None, None, None)


def test_garbage_says_nothing_and_never_fails(taken, dng) -> None:
    rng = np.random.default_rng(5)
    whole = [m8(29 << 2 | 2), m9(29 << 2 | 2), M10 + directory([(0x0370, ASCII, b"Summilux\0")], 8)]
    for n in range(150):
        note = bytearray(whole[n % 3])
        for place in rng.integers(8, len(note), 1 + n % 6):
            note[place] = rng.integers(256)
        exif = taken(bytes(note[: rng.integers(1, len(note) + 1)] if n % 2 else note))
        assert exif.lens_code is None or 0 <= exif.lens_code < 64
        assert exif.f_number_estimate is None or 0.7 <= exif.f_number_estimate <= 64


def test_a_directory_that_points_at_itself_ends(taken) -> None:
    entries = [(0x3400, LONG, struct.pack("<I", 8)), (0x3405, LONG, struct.pack("<I", 30 << 2 | 2))]
    assert lens_of(taken(M9 + directory(entries, 8)))[:2] == (30, 2)


def test_exif_tells_lens_distance_and_sensor(taken) -> None:
    exif = taken(
        t42034=("Q", [35, 1, 35, 1, 14, 10, 0, 0]),
        t37382=("Q", [15, 10]),
        t41486=("Q", [6000, 24]),
        t41488=("H", 4),
        t37378=("Q", [3, 1]),
    )
    assert exif.lens_spec == (35, 35, 1.4, None)
    assert exif.focus_m == 1.5
    assert exif.sample_mm == pytest.approx(0.004)
    assert exif.f_number == pytest.approx(2.828, abs=1e-3)


@pytest.mark.parametrize(("stored", "metres"), [((0xFFFFFFFF, 1), math.inf), ((0, 1), None), ((5, 0), None)])
def test_infinity_and_unknown_distances(taken, stored, metres) -> None:
    assert taken(t37382=("Q", stored)).focus_m == metres


@pytest.mark.parametrize(("per_unit", "unit"), [((0, 1), 2), ((1, 1), 2), ((1000, 1), 5), ((72, 1), 2)])
def test_a_resolution_that_no_sensor_has_is_none(taken, per_unit, unit) -> None:
    assert taken(t41486=("Q", per_unit), t41488=("H", unit)).sample_mm is None


@pytest.mark.parametrize(
    "packet",
    [
        b'<rdf:Description aux:Lens="Nokton 35mm f/1.4 &amp; hood"/>',
        b"<aux:Lens>Nokton 35mm f/1.4 &amp; hood</aux:Lens>",
    ],
)
def test_the_lens_of_the_xmp_packet_counts_where_exif_names_none(taken, packet) -> None:
    assert taken(first={700: ("B", packet)}).lens_model == "Nokton 35mm f/1.4 & hood"
    assert taken(first={700: ("B", packet)}, t42036=("s", "Other")).lens_model == "Other"
