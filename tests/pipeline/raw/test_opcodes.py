"""Opcode lists built by hand, byte by byte, and the polynomials that lossy DNGs need."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.raw import read
from tenbit.pipeline.raw.opcodes import apply_map_polynomials, parse_opcodes

AREA = struct.pack(">iiiiIIII", 0, 1, 10, 20, 0, 1, 2, 2)
AREA_FIELDS = {"Top": 0, "Left": 1, "Bottom": 10, "Right": 20, "Plane": 0, "Planes": 1, "RowPitch": 2, "ColPitch": 2}


def opcode_list(*opcodes: tuple[int, bytes], flags: int = 0) -> bytes:
    bodies = [struct.pack(">IIII", code, 0x01030000, flags, len(body)) + body for code, body in opcodes]
    return struct.pack(">I", len(bodies)) + b"".join(bodies)


def doubles(*values: float) -> bytes:
    return struct.pack(f">{len(values)}d", *values)


CASES: list[tuple[int, bytes, str, dict[str, Any]]] = [
    (
        1,
        struct.pack(">I", 1) + doubles(1.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.25, 0.75),
        "WarpRectilinear",
        {"Planes": 1, "Coefficients": [[1.0, 0.1, 0.2, 0.3, 0.4, 0.5]], "CenterX": 0.25, "CenterY": 0.75},
    ),
    (
        2,
        struct.pack(">I", 2) + doubles(*range(8), 0.5, 0.5),
        "WarpFisheye",
        {"Planes": 2, "Coefficients": [[0, 1, 2, 3], [4, 5, 6, 7]], "CenterX": 0.5, "CenterY": 0.5},
    ),
    (3, doubles(1, 2, 3, 4, 5, 0.4, 0.6), "FixVignetteRadial", {"k": (1, 2, 3, 4, 5), "CenterX": 0.4, "CenterY": 0.6}),
    (4, struct.pack(">II", 9, 2), "FixBadPixelsConstant", {"Constant": 9, "BayerPhase": 2}),
    (
        5,
        struct.pack(">9I", 1, 1, 1, 3, 4, 5, 6, 7, 8),
        "FixBadPixelsList",
        {"BayerPhase": 1, "Points": [[3, 4]], "Rectangles": [[5, 6, 7, 8]]},
    ),
    (6, struct.pack(">iiii", 1, -2, 3, 4), "TrimBounds", {"Top": 1, "Left": -2, "Bottom": 3, "Right": 4}),
    (7, AREA + struct.pack(">I3H", 3, 0, 5, 65535), "MapTable", AREA_FIELDS | {"Table": [0, 5, 65535]}),
    (8, AREA + struct.pack(">I", 1) + doubles(0.5, 2), "MapPolynomial", AREA_FIELDS | {"Coefficients": (0.5, 2.0)}),
    (
        9,
        AREA + struct.pack(">II", 1, 2) + doubles(1, 0.5, 0, 0.25) + struct.pack(">I2f", 1, 1.5, 2.0),
        "GainMap",
        AREA_FIELDS
        | {"MapSpacingV": 1, "MapSpacingH": 0.5, "MapOriginV": 0, "MapOriginH": 0.25, "MapPlanes": 1}
        | {"Gains": [[[1.5], [2.0]]]},
    ),
    *[
        (code, AREA + struct.pack(">I2f", 2, 0.5, -1), name, AREA_FIELDS | {"Values": [0.5, -1]})
        for code, name in enumerate(("DeltaPerRow", "DeltaPerColumn", "ScalePerRow", "ScalePerColumn"), 10)
    ],
    (
        14,
        struct.pack(">I", 1) + doubles(*range(19), 0.5, 0.5) + struct.pack(">I", 1),
        "WarpRectilinear2",
        {"Planes": 1, "Coefficients": [list(range(19))], "CenterX": 0.5, "UseReciprocal": True},
    ),
    (99, b"abc", "Unknown99", {"Data": b"abc"}),
]


@pytest.mark.parametrize(("code", "body", "name", "expected"), CASES, ids=[case[2] for case in CASES])
def test_every_opcode_is_parsed(code: int, body: bytes, name: str, expected: dict[str, Any]) -> None:
    (opcode,) = parse_opcodes(opcode_list((code, body), flags=1), 2)
    assert (opcode.list, opcode.name, opcode.is_optional) == (2, name, True)
    for field, value in expected.items():
        np.testing.assert_array_equal(opcode.parameters[field], value)


@pytest.mark.parametrize(("code", "body", "name", "expected"), CASES[:-1], ids=[case[2] for case in CASES[:-1]])
def test_every_opcode_that_ends_early_is_refused(code: int, body: bytes, name: str, expected: dict[str, Any]) -> None:
    for size in range(len(body)):
        with pytest.raises(ReadError, match=r"ends early|opcode"):
            parse_opcodes(opcode_list((code, body[:size])), 3)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\0\0", "OpcodeList1 ends early"),
        (struct.pack(">I", 5000), "claims 5000 opcodes"),
        (struct.pack(">IIIII", 1, 9, 0, 0, 1 << 31), "OpcodeList1 ends early"),
        (opcode_list((1, struct.pack(">I", 7))), "warp of 7 planes"),
        (opcode_list((8, AREA + struct.pack(">I", 9))), "degree 9"),
        (opcode_list((7, AREA + struct.pack(">I", 0))), "MapTable of 0 entries"),
        (opcode_list((8, struct.pack(">iiiiIIII", 0, 0, 1, 1, 0, 1, 0, 1))), "pitch 0, 1"),
        (opcode_list((9, AREA + struct.pack(">II", 0, 4) + bytes(36))), "GainMap of 0 × 4 points"),
    ],
)
def test_impossible_lists_are_refused(data: bytes, text: str) -> None:
    with pytest.raises(ReadError, match=text):
        parse_opcodes(data, 1)


def polynomial(plane: int, *coefficients: float) -> tuple[int, bytes]:
    area = struct.pack(">iiiiIIII", 0, 0, 4, 6, plane, 1, 1, 1)
    return 8, area + struct.pack(">I", len(coefficients) - 1) + doubles(*coefficients)


def test_polynomials_of_a_linear_dng_are_applied_once(dng: Any) -> None:
    """Black 50 and white 250: x = (v - 50) / 200, then each plane through its polynomial; the fourth opcode stays."""
    samples = np.random.default_rng(4).integers(40, 256, (4, 6, 3)).astype(np.uint8)
    second = opcode_list(
        polynomial(0, 0.0, 0.5), polynomial(1, 0.1, 0, 0, 0.5), polynomial(2, 1.0), (10, AREA + struct.pack(">I", 0))
    )
    levels = {"t50714": ("H", [50] * 3), "t50717": ("H", [250] * 3)}
    tags = dng.linear_tags(4, 6, 8, t51009=("U", second), **levels)
    frame = read(dng.write(tags, samples.tobytes()))
    x = np.clip((samples - 50.0) / 200, -1, 1)
    expected = np.stack([x[..., 0] / 2, 0.1 + 0.5 * x[..., 1] ** 3, np.ones((4, 6))], axis=-1)
    np.testing.assert_allclose(frame.samples, expected, atol=1e-6)
    assert (frame.facts.black, frame.facts.white) == ((0.0,) * 3, (1.0,) * 3)
    assert [opcode.name for opcode in frame.facts.opcodes] == ["DeltaPerRow"]
    assert frame.warnings == (
        "opcode list 2: 3 MapPolynomial applied when reading, as lossy DNGs need",
        "opcodes in the file are not applied: 1 DeltaPerRow (list 2)",
    )


def test_opcodes_of_a_mosaic_stay_parsed_with_one_warning(dng: Any, mosaic: np.ndarray) -> None:
    maps = opcode_list(*[CASES[8][:2]] * 4)
    warp = opcode_list(CASES[0][:2])
    frame = read(dng.write(dng.cfa_tags(24, 40, t51009=("U", maps), t51022=("U", warp)), mosaic.tobytes()))
    np.testing.assert_array_equal(frame.samples, mosaic)
    assert [opcode.list for opcode in frame.facts.opcodes] == [2, 2, 2, 2, 3]
    assert frame.warnings == ("opcodes in the file are not applied: 4 GainMap (list 2), 1 WarpRectilinear (list 3)",)


def test_polynomials_keep_to_their_area() -> None:
    area = struct.pack(">iiiiIIII", 1, 0, 4, 5, 1, 2, 2, 3)
    opcodes = parse_opcodes(opcode_list((8, area + struct.pack(">I", 0) + doubles(7.0))), 2)
    samples, left = apply_map_polynomials(np.zeros((5, 6, 3), np.float32), opcodes)
    expected = np.zeros((5, 6, 3))
    for row in (1, 3):
        for col in (0, 3):
            expected[row, col, 1:] = 7
    np.testing.assert_array_equal(samples, expected)
    assert left == ()


def test_gain_maps_of_a_real_file(shared_data: Any) -> None:
    """The picture is VC-5, so only its opcode lists are read here; figures from the collection's catalogue."""
    from tenbit.pipeline.raw.tiff import Tiff

    path = shared_data / "raw" / "gpr" / "gopro_gpr__data_samples_Hero6_GOPR0024.GPR"
    with path.open("rb") as stream:
        data = next(home.raw(51009) for home in Tiff(stream).directories if 51009 in home)
    maps = parse_opcodes(data, 2)
    assert [opcode.name for opcode in maps] == ["GainMap"] * 4
    assert [(m.parameters["Top"], m.parameters["Left"]) for m in maps] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    gains = maps[0].parameters["Gains"]
    assert gains.shape == (23, 23, 1)
    assert (gains.min(), round(float(gains.max()), 3)) == (1.0, 2.076)
