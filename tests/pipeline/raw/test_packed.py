"""Packed sensor dumps: bytes packed here by hand, and real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tenbit
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.raw import read
from tenbit.pipeline.raw.camera import check_camera, load_camera, shipped_cameras
from tenbit.pipeline.raw.packed import unpack_raw10, unpack_raw12, unpack_u16


def pack(samples: np.ndarray, packing: str) -> np.ndarray:
    """Rows of bytes, pixel by pixel in plain Python integers."""
    rows = []
    for row in samples.tolist():
        if packing == "u16":
            rows.append([byte for value in row for byte in (value & 255, value >> 8)])
            continue
        group, bits = (4, 2) if packing == "raw10" else (2, 4)
        row = row + [0] * (-len(row) % group)
        packed = []
        for start in range(0, len(row), group):
            pixels = row[start : start + group]
            packed += [value >> bits for value in pixels]
            packed.append(sum((value % (1 << bits)) << (bits * i) for i, value in enumerate(pixels)))
        rows.append(packed)
    return np.array(rows, np.uint8)


SMOOTH = (400 + 200 * np.sin(np.arange(24)[:, None] / 5) + 150 * np.cos(np.arange(36)[None] / 7)).astype(np.uint16)
FIELDS = {"rows": 24, "cols": 36, "packing": "raw10", "cfa": "GBRG", "black": 64, "white": 1023}


def test_hand_worked_groups() -> None:
    raw10 = np.array([[0xFF, 0x00, 0x80, 0x01, 0b11_10_01_00]], np.uint8)
    np.testing.assert_array_equal(unpack_raw10(raw10), [[1020, 1, 514, 7]])
    raw12 = np.array([[0xAB, 0x01, 0xC5]], np.uint8)
    np.testing.assert_array_equal(unpack_raw12(raw12), [[0xAB5, 0x01C]])
    np.testing.assert_array_equal(unpack_u16(np.array([[0x34, 0x12]], np.uint8)), [[0x1234]])


@pytest.mark.parametrize(("packing", "highest"), [("raw10", 1023), ("raw12", 4095), ("u16", 65535)])
@pytest.mark.parametrize("cols", [36, 38, 35])
@pytest.mark.parametrize("padding", [0, 12])
def test_samples_come_back_bit_for_bit(tmp_path: Path, packing: str, highest: int, cols: int, padding: int) -> None:
    samples = np.random.default_rng(1).integers(0, highest + 1, (6, cols)).astype(np.uint16)
    rows = np.pad(pack(samples, packing), ((0, 0), (0, padding)))
    path = tmp_path / "dump.raw"
    path.write_bytes(rows.tobytes())
    fields = {"rows": 6, "cols": cols, "packing": packing, "cfa": "RGGB", "white": highest, "stride": rows.shape[1]}
    frame = read(path, camera=fields)
    np.testing.assert_array_equal(frame.samples, samples)
    assert (frame.reader, frame.samples.dtype) == ("packed", np.uint16)


def test_last_rows_padding_may_be_missing_and_rows_may_be_added(tmp_path: Path) -> None:
    rows = np.pad(pack(SMOOTH, "raw10"), ((0, 2), (0, 19)))
    path = tmp_path / "dump.raw10"
    path.write_bytes(b"head" + rows.tobytes()[:-19])
    fields = {name: value for name, value in FIELDS.items() if name != "packing"}
    frame = read(path, camera=fields | {"stride": 64, "stored_rows": 26, "offset": 4})
    np.testing.assert_array_equal(frame.samples, SMOOTH)
    assert frame.facts.cfa is not None and frame.facts.cfa.name == "GBRG"
    assert (frame.facts.black, frame.facts.white) == ((64.0,) * 4, (1023.0,) * 4)
    assert frame.warnings == ()


@pytest.mark.parametrize(("packing", "highest"), [("raw10", 1023), ("raw12", 4095)])
@pytest.mark.parametrize(("rows", "cols"), [(24, 36), (23, 37), (25, 38), (9, 35)])
def test_a_dump_that_stays_packed_develops_to_the_same_bits(
    tmp_path: Path, packing: str, highest: int, rows: int, cols: int
) -> None:
    samples = np.random.default_rng(rows).integers(0, highest + 1, (rows, cols)).astype(np.uint16)
    stored = np.pad(pack(samples, packing), ((0, 2), (0, 7)), constant_values=255)
    path = tmp_path / "dump.raw"
    path.write_bytes(b"head" + stored.tobytes()[:-7])
    fields = {"rows": rows, "cols": cols, "packing": packing, "cfa": "GRBG", "black": 64}
    fields |= {"stride": stored.shape[1], "stored_rows": rows + 2, "offset": 4}
    plain, kept = read(path, camera=fields), read(path, camera=fields, keep_packed=True)
    assert (plain.packing, kept.packing) == (None, packing)
    assert (kept.samples.shape, kept.samples.dtype) == ((rows, stored.shape[1]), np.uint8)
    assert (kept.warnings, vars(kept.facts)) == (plain.warnings, vars(plain.facts))
    chain = ["black_level", {"demosaic": {"method": "malvar"}}]
    pictures = [tenbit.run(frame, chain, device="cpu").samples for frame in (plain, kept)]
    assert pictures[0].shape == (rows, cols, 3)
    np.testing.assert_array_equal(pictures[0], pictures[1])


def test_a_missing_padding_of_the_last_row_is_zeros(tmp_path: Path) -> None:
    path = tmp_path / "dump.raw10"
    stored = np.pad(pack(SMOOTH, "raw10"), ((0, 0), (0, 19)), constant_values=9)
    path.write_bytes(stored.tobytes()[:-19])
    kept = read(path, camera=FIELDS | {"stride": 64}, keep_packed=True)
    stored[-1, 45:] = 0
    np.testing.assert_array_equal(kept.samples, stored)


def test_sixteen_bit_samples_are_not_packed(tmp_path: Path) -> None:
    path = tmp_path / "dump.raw"
    path.write_bytes(pack(SMOOTH, "u16").tobytes())
    frame = read(path, camera=FIELDS | {"packing": "u16"}, keep_packed=True)
    assert (frame.packing, frame.samples.dtype) == (None, np.uint16)
    np.testing.assert_array_equal(frame.samples, SMOOTH)


def test_packed_samples_are_doubted_as_others_are(tmp_path: Path) -> None:
    """A frame of more than a window, with a wrong layout and a wrong white level; and a dark one."""
    path = tmp_path / "dump.raw"
    fields = {"rows": 1030, "cols": 1042, "packing": "raw10", "cfa": "RGGB", "black": 0, "white": 100}
    noise = np.random.default_rng(3).integers(0, 1024, (1030, 1042)).astype(np.uint16)
    # The largest is in every row, so that it is met in few of them.
    noise[:, 500] = 1023
    groups = np.pad(noise, ((0, 0), (0, 2))).reshape(1030, -1, 4)
    low = (groups & 3) @ np.array([1, 4, 16, 64])
    path.write_bytes(np.dstack([groups >> 2, low]).astype(np.uint8).tobytes())
    plain, kept = read(path, camera=fields), read(path, camera=fields, keep_packed=True)
    np.testing.assert_array_equal(plain.samples, noise)
    assert kept.warnings == plain.warnings
    assert "neighbouring samples differ like noise" in kept.warnings[0]
    assert kept.warnings[1] == "the largest sample is 1023, far above the white level 100"
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(ReadError, match="all samples are zero"):
        read(path, camera=fields, keep_packed=True)
    # What lies beyond the picture is no light: the two that fill up the last group.
    path.write_bytes(np.tile(np.array([0] * 1302 + [255, 255, 0xF0], np.uint8), (1030, 1)).tobytes())
    with pytest.raises(ReadError, match="all samples are zero"):
        read(path, camera=fields, keep_packed=True)


def test_sidecar_overrides_the_camera_file_and_fields_override_both(tmp_path: Path) -> None:
    path = tmp_path / "dump.raw"
    path.write_bytes(pack(SMOOTH, "raw10").tobytes())
    file = tmp_path / "mine.yaml"
    file.write_text("rows: 24\ncols: 36\npacking: raw10\ncfa: RGGB\nblack: 10\nwhite: 900\nneutral: [0.5, 1, 0.7]\n")
    assert read(path, camera=file).facts.black == (10.0,) * 4
    (tmp_path / "dump.json").write_text(json.dumps({"black": 20, "cfa": "BGGR"}))
    frame = read(path, camera=str(file))
    assert (frame.facts.black[0], frame.facts.white[0], frame.facts.neutral) == (20.0, 900.0, (0.5, 1.0, 0.7))
    (tmp_path / "dump.raw.json").write_text(json.dumps({"black": 30, "camera": str(file)}))
    assert read(path).facts.black == (30.0,) * 4
    assert read(path, camera={"black": 40}).facts.black == (40.0,) * 4


@pytest.mark.parametrize("pairs", [[[1e-3, 1e-5]], [[1e-3, 1e-5], [2e-3, 0], [3e-3, 1e-6]]])
def test_the_noise_profile_is_handed_on(tmp_path: Path, pairs: list[list[float]]) -> None:
    path = tmp_path / "dump.raw"
    path.write_bytes(pack(SMOOTH, "raw10").tobytes())
    assert read(path, camera=FIELDS | {"noise": pairs}).facts.noise == tuple(map(tuple, pairs))
    assert read(path, camera=FIELDS).facts.noise is None


@pytest.mark.parametrize("name", shipped_cameras())
def test_shipped_cameras_are_valid_and_name_their_source(name: str, tmp_path: Path) -> None:
    camera = load_camera(name, tmp_path / "x.raw")
    assert camera is not None
    assert camera.name == name
    assert camera.source
    assert camera.white == 1023


def test_shipped_cameras_are_these() -> None:
    assert shipped_cameras() == ("imx296", "imx989-binned", "imx989-full")


def test_the_colour_matrix_of_imx296_maps_d65_to_its_neutral(tmp_path: Path) -> None:
    camera = load_camera("imx296", tmp_path / "x.raw")
    assert camera is not None
    np.testing.assert_allclose(np.array(camera.color_matrix) @ [0.95047, 1, 1.08883], camera.neutral, atol=2e-4)


def test_a_shipped_camera_reads_its_dump(tmp_path: Path) -> None:
    path = tmp_path / "gs.raw"
    row = np.pad(pack(np.full((1, 1456), 500), "raw10"), ((0, 0), (0, 4)))
    path.write_bytes(np.tile(row, (1088, 1)).tobytes())
    frame = read(path, camera="imx296")
    assert frame.samples.shape == (1088, 1456)
    assert (frame.exif.model, frame.warnings) == ("IMX296", ())
    assert frame.facts.colour.illuminant1 == 21


def test_a_size_that_does_not_fit_names_those_that_do(tmp_path: Path) -> None:
    path = tmp_path / "dump.raw"
    path.write_bytes(bytes(1920 * 1080 * 2))
    with pytest.raises(
        ReadError, match=r"2304 × 1296 raw10 with rows of 2880 bytes are 3732480 bytes; that fits 2304 × 1440"
    ):
        read(path, camera={"rows": 1296, "cols": 2304, "packing": "raw10", "cfa": "RGGB"})
    with pytest.raises(ReadError, match=r"says nothing of itself.*that fits 1920 × 1080 u16 stride 3840"):
        read(path)


def test_zeros_and_pixel_limit(tmp_path: Path) -> None:
    path = tmp_path / "dump.raw"
    path.write_bytes(bytes(24 * 45))
    with pytest.raises(ReadError, match="all samples are zero"):
        read(path, camera=FIELDS)
    with pytest.raises(ReadError, match="36 × 24 pixels are more than the limit of 100"):
        read(path, camera=FIELDS, max_pixels=100)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"width": 36}, r"camera width: no such field; did you mean 'cols'\?"),
        ({"blck": 3}, r"did you mean 'black'\?"),
        ({"cfa": "RGBG"}, "camera cfa: 'RGBG': input should be 'RGGB'"),
        ({"rows": 0}, "camera rows: 0: input should be greater than 0"),
        ({"stride": 44}, "camera stride: 44 bytes, but 36 columns take 45"),
        ({"stored_rows": 23}, "camera stored_rows: 23 are fewer than the 24 rows"),
        ({"black": [1, 2, 3, 4], "cfa": "QRGGB"}, "4 numbers, 1 or 16"),
        ({"white": 64}, "camera white: 64 is not above black 64"),
        ({"noise": [[1e-3, 1e-5]] * 2}, "camera noise: 2 pairs of scale and offset, 1 or 3 belong there"),
        ({"noise": [[1e-3, -1e-5]]}, "camera noise: .*input should be greater than or equal to 0"),
        ({"packing": "u16", "white": None}, "camera white: missing"),
        ({"camera": "imx989-bined"}, r"did you mean 'imx989-binned'\?"),
        ({"camera": "nothing/like.yaml"}, "shipped are imx296, imx989-binned, imx989-full"),
    ],
)
def test_faults_in_fields(tmp_path: Path, fields: dict[str, Any], text: str) -> None:
    path = tmp_path / "dump.raw"
    path.write_bytes(bytes(24 * 45))
    with pytest.raises(ReadError, match=text) as caught:
        read(path, camera=FIELDS | fields)
    assert "\n" not in str(caught.value)


def test_missing_fields_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "dump.raw"
    path.write_bytes(b"x" * 10)
    with pytest.raises(ReadError, match=r"rows: missing; .*cols: missing; .*packing: missing; .*cfa: missing"):
        read(path, camera={})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rows: 24\nrows: 25\n", "mine.yaml:.*duplicate key"),
        (
            "rows: 24\ncols: many\npacking: raw10\ncfa: RGGB\n",
            "mine.yaml:2: cols: 'many': input should be a valid integer",
        ),
        ("- 1\n", "a mapping of camera fields belongs here"),
        ("rows: [1\n", "mine.yaml: "),
    ],
)
def test_faults_in_a_camera_file_say_where(tmp_path: Path, text: str, found: str) -> None:
    path, file = tmp_path / "dump.raw", tmp_path / "mine.yaml"
    path.write_bytes(b"x" * 10)
    file.write_text(text)
    with pytest.raises(ReadError, match=found):
        read(path, camera=file)


def test_a_broken_sidecar_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dump.raw"
    path.write_bytes(b"x" * 10)
    (tmp_path / "dump.raw.json").write_text("{")
    with pytest.raises(ReadError, match=r"dump.raw.json: no JSON"):
        read(path)
    (tmp_path / "dump.raw.json").write_text("[1]")
    with pytest.raises(ReadError, match="an object of camera fields"):
        read(path)


INFINITE = ("10x-Engineers_Infinite-ISP__in_frames_normal_ColorCheckerRAW_1920x1080_12bit_BGGR-a705531d.raw",)
REAL = [
    (INFINITE[0], {"rows": 1080, "cols": 1920, "packing": "u16", "cfa": "BGGR", "white": 4095}),
    ("cruxopen_openISP__raw_test.RAW", {"rows": 1080, "cols": 1920, "packing": "u16", "cfa": "RGGB", "white": 1023}),
    (
        "mushfiqulalam_isp__images_DSC_1339_768x512_rggb.raw",
        {"rows": 512, "cols": 768, "packing": "u16", "cfa": "RGGB", "white": 16383},
    ),
]


@pytest.mark.parametrize(("name", "fields"), REAL, ids=[name[:12] for name, _ in REAL])
def test_real_dumps_read_without_doubts(shared_data: Path, name: str, fields: dict[str, Any]) -> None:
    path = shared_data / "raw" / "rawdump" / name
    frame = read(path, camera=fields)
    np.testing.assert_array_equal(frame.samples, np.fromfile(path, "<u2").reshape(fields["rows"], fields["cols"]))
    assert frame.warnings == ()


@pytest.mark.parametrize(("name", "fields"), REAL, ids=[name[:12] for name, _ in REAL])
def test_a_wrong_width_and_a_wrong_packing_are_doubted(shared_data: Path, name: str, fields: dict[str, Any]) -> None:
    path = shared_data / "raw" / "rawdump" / name
    turned = fields | {"rows": fields["cols"], "cols": fields["rows"]}
    assert "the width or stride may be wrong" in read(path, camera=turned).warnings[0]
    squeezed = {"packing": "raw12", "stride": fields["cols"] * 2, "white": 4095}
    assert "the packing may be wrong" in read(path, camera=fields | squeezed).warnings[0]


def test_a_camera_is_checked_before_there_is_a_dump(tmp_path: Path) -> None:
    for name in shipped_cameras():
        check_camera(name)
    check_camera({"camera": "imx296", "black": 61})
    check_camera({"rows": 480})
    (tmp_path / "mine.yaml").write_text("rows: 48\nwidth: 64\n", "utf-8")
    for camera, found in (
        (tmp_path / "mine.yaml", r"mine.yaml:2: width: no such field; did you mean 'cols'\?"),
        ({"camera": "imx296", "cfa": "RGBW"}, "camera cfa: 'RGBW': input should be 'RGGB'"),
        ({"camera": "imx269"}, "did you mean 'imx296'"),
    ):
        with pytest.raises(ReadError, match=found):
            check_camera(camera)
