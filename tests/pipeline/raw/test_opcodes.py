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
    assert frame.warnings == ("opcode list 2: 3 MapPolynomial applied when reading, as lossy DNGs need",)


def test_opcodes_of_a_mosaic_stay_parsed(dng: Any, mosaic: np.ndarray) -> None:
    maps = opcode_list(*[CASES[8][:2]] * 4)
    warp = opcode_list(CASES[0][:2])
    frame = read(dng.write(dng.cfa_tags(24, 40, t51009=("U", maps), t51022=("U", warp)), mosaic.tobytes()))
    np.testing.assert_array_equal(frame.samples, mosaic)
    assert [opcode.list for opcode in frame.facts.opcodes] == [2, 2, 2, 2, 3]
    assert frame.warnings == ()


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


COVERED = (2, 4, 22, 36)


def test_list_1_counts_from_the_whole_picture(dng: Any, mosaic: np.ndarray) -> None:
    """Two covered rows above and four covered columns at the left: the frame's first pixel is (2, 4) of the picture."""
    area = struct.pack(">iiiiIIII", 2, 4, 24, 40, 0, 1, 1, 1)
    defects = struct.pack(">9I", 1, 1, 1, 3, 4, 5, 6, 7, 8)
    gains = struct.pack(">II", 2, 2) + doubles(0.5, 0.25, 0.25, 0.5) + struct.pack(">I4f", 1, 1, 2, 3, 4)
    trim = struct.pack(">iiii", 4, 0, 22, 40)
    data = opcode_list((10, area + struct.pack(">I", 0)), (5, defects), (9, area + gains), (6, trim), (5, defects))
    tags = dng.cfa_tags(24, 40, t50829=("I", COVERED), t51008=("U", data), t51009=("U", opcode_list(CASES[8][:2])))
    rows, bad, gain, trimmed, later, other = read(dng.write(tags, mosaic.tobytes())).facts.opcodes
    assert [rows.parameters[key] for key in ("Top", "Left", "Bottom", "Right")] == [0, 0, 22, 36]
    assert bad.parameters["Points"].tolist() == [[1, 0]]
    assert bad.parameters["Rectangles"].tolist() == [[3, 2, 5, 4]]
    # Picture row 10, at (10.5 / 24 - 0.25) / 0.5 of the map, is row 8 of the frame of 20 rows.
    at = (8.5 / 20 - gain.parameters["MapOriginV"]) / gain.parameters["MapSpacingV"]
    assert at == pytest.approx((10.5 / 24 - 0.25) / 0.5)
    at = (8.5 / 32 - gain.parameters["MapOriginH"]) / gain.parameters["MapSpacingH"]
    assert at == pytest.approx((12.5 / 40 - 0.5) / 0.25)
    assert [trimmed.parameters[key] for key in ("Top", "Left", "Bottom", "Right")] == [2, -4, 20, 36]
    # From here the picture begins at its row 4, which is the frame's first.
    assert later.parameters["Points"].tolist() == [[3, 0]]
    assert (other.list, other.parameters["Left"]) == (2, 1)
    frames = [opcode.parameters["OfFrame"] for opcode in (rows, trimmed, later, other)]
    assert frames == [(20, 32, True), (20, 32, True), (18, 32, True), (18, 32, True)]


def test_a_linearization_table_waits_for_opcodes_of_stored_codes(dng: Any, mosaic: np.ndarray) -> None:
    from tenbit.pipeline.run import run

    table = np.minimum(np.arange(2048) * 2, 3000)
    area = struct.pack(">iiiiIIII", 0, 0, 24, 40, 0, 1, 1, 1)
    rows = (12, area + struct.pack(">I24f", 24, *[2.0] * 24))
    tags = dng.cfa_tags(24, 40, t50712=("H", table.tolist()), t51008=("U", opcode_list(rows)))
    frame = read(dng.write(tags, mosaic.tobytes()))
    np.testing.assert_array_equal(frame.samples, mosaic)
    assert frame.facts.white == (3000.0,) * 4
    out = run(frame, ["linearise"], device="cpu")
    np.testing.assert_array_equal(out.samples, table[np.minimum(2 * mosaic.astype(int), 2047)])
    defects = (5, struct.pack(">5I", 0, 1, 0, 3, 4))
    frame = read(dng.write(dng.changed(tags, t51008=("U", opcode_list(defects))), mosaic.tobytes()))
    np.testing.assert_array_equal(frame.samples, table[mosaic])


def test_stored_floats_are_told_to_list_1_and_their_deltas_are_their_own(dng: Any) -> None:
    area = struct.pack(">iiiiIIII", 0, 0, 4, 6, 0, 1, 1, 1)
    rows = opcode_list((10, area + struct.pack(">I4f", 4, 0.5, 0.5, 0.5, 0.5)))
    tags = dng.cfa_tags(4, 6, 32, t339=("H", 3), t51008=("U", rows), t51009=("U", rows))
    first, second = read(dng.write(tags, np.ones((4, 6), np.float32).tobytes())).facts.opcodes
    assert first.parameters["IsOfFloats"]
    assert second.parameters["Values"].tolist() == [32767.5] * 4


@pytest.mark.parametrize(
    ("opcode", "text"),
    [
        ((8, AREA + struct.pack(">I", 0) + doubles(np.nan)), "coefficients that are no numbers"),
        ((10, AREA + struct.pack(">If", 1, np.inf)), "values that are no numbers"),
        ((9, AREA + struct.pack(">II", 1, 2) + doubles(1, -0.5, 0, 0)), "points 1.0 × -0.5 apart"),
    ],
)
def test_numbers_that_are_none(opcode: tuple[int, bytes], text: str) -> None:
    code, body = opcode
    if code == 9:
        body += struct.pack(">I2f", 1, 1.5, 2.0)
    with pytest.raises(ReadError, match=text):
        parse_opcodes(opcode_list((code, body)), 1)


def test_fall_off_of_a_file_reaches_its_picture(dng: Any) -> None:
    """FixVignetteRadial of list 3, on the mosaic, within 0.001 EV of the specification's formula; no other is there."""
    from tenbit.pipeline.run import run

    k, centre = (0.5, 0.2, 0.0, 0.1, -0.05), (0.55, 0.45)
    listed = opcode_list((3, doubles(*k, centre[1], centre[0])))
    light = np.full((24, 40), 200, np.uint16)
    frame = read(dng.write(dng.cfa_tags(24, 40, t51022=("U", listed)), light.tobytes()))
    before, after = (run(frame, ["black_level", *more], device="cpu") for more in ([], ["vignetting"]))
    (said,) = before.warnings
    assert said.startswith("opcode list 3 of the file is not applied: 1 FixVignetteRadial")
    row, col = np.indices((24, 40)) + 0.5 - np.array([0.55 * 24, 0.45 * 40])[:, None, None]
    square = (row**2 + col**2) / ((0.55 * 24) ** 2 + (0.55 * 40) ** 2)
    gain = 1 + sum(term * square**n for n, term in enumerate(k, 1))
    np.testing.assert_allclose(np.log2(after.samples / before.samples), np.log2(gain), atol=1e-3)
    assert after.facts.opcodes == ()


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
