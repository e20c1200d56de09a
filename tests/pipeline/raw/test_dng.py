"""The DNG reader: what its tags become, and real files against LibRaw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rawpy

from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.raw import read


def test_linearization_table_then_levels(dng: Any) -> None:
    codes = np.random.default_rng(2).integers(0, 256, (6, 8)).astype(np.uint8)
    table = (np.arange(200) ** 2 // 2 + 1).astype(int)
    tags = dng.cfa_tags(6, 8, 8, t50712=("H", table.tolist()))
    frame = read(dng.write(tags, codes.tobytes()))
    np.testing.assert_array_equal(frame.samples, table[np.minimum(codes, 199)])
    assert frame.facts.white == (float(table[-1]),) * 4


def test_the_raw_picture_in_a_subifd_behind_a_preview(dng: Any, mosaic: np.ndarray) -> None:
    raw = dng.cfa_tags(24, 40)
    preview = {254: ("I", 1), 256: ("I", 2), 257: ("I", 2), 258: ("H", [8] * 3), 262: ("H", 2), 277: ("H", 3)}
    first = {code: raw.pop(code) for code in (50706, 50708, 50721, 50778)} | {271: ("s", "Maker"), 274: ("H", 6)}
    first |= preview | {330: ("I", "sub"), 50728: ("Q", dng.rationals([0.5, 1, 0.7])), 50730: ("q", [-78, 100])}
    frame = read(dng.write_all([(first, [bytes(12)]), (raw, [mosaic.tobytes()])]))
    np.testing.assert_array_equal(frame.samples, mosaic)
    assert frame.facts.neutral == pytest.approx((0.5, 1, 0.7))
    assert frame.facts.baseline_exposure_ev == pytest.approx(-0.78)
    assert frame.facts.orientation == 6
    assert frame.facts.colour.illuminant1 == 21
    np.testing.assert_allclose(frame.facts.colour.color_matrix1, dng.matrix)
    assert (frame.exif.make, frame.exif.model) == ("Maker", "Test camera")


@pytest.mark.parametrize("active", [(0, 0, 200, 300), (2, 4, 198, 290), (1, 0, 199, 300), (5, 3, 199, 297)])
def test_active_area_keeps_the_phase_that_libraw_sees(dng: Any, active: tuple[int, int, int, int]) -> None:
    """DNG's pattern begins at the active area's corner; LibRaw moves odd corners on to even ones."""
    samples = np.random.default_rng(0).integers(1, 4000, (200, 300)).astype(np.uint16)
    tags = dng.cfa_tags(200, 300, t50829=("I", active), t50719=("Q", dng.rationals([4, 2])))
    path = dng.write(dng.changed(tags, t50720=("Q", dng.rationals([280, 190]))), samples.tobytes())
    frame = read(path)
    top, left, bottom, right = active
    np.testing.assert_array_equal(frame.samples, samples[top:bottom, left:right])
    assert frame.facts.cfa is not None
    assert frame.facts.crop == (2, 4, min(190, bottom - top - 2), min(280, right - left - 4))
    with rawpy.imread(str(path)) as raw:
        row, col = raw.sizes.top_margin - top, raw.sizes.left_margin - left
        theirs = ["RGBG"[site] for site in raw.raw_pattern.ravel()]
        ours = ["RGB"[frame.facts.cfa.colour(row + r, col + c)] for r in (0, 1) for c in (0, 1)]
        assert ours == theirs


def test_pixels_that_are_not_square_are_told_with_the_size_that_fits(dng: Any, mosaic: np.ndarray) -> None:
    tags = dng.cfa_tags(24, 40, t50718=("Q", dng.rationals([1.5, 1])))
    assert any("resize: {rows: 24, cols: 60} undoes it" in w for w in read(dng.write(tags, mosaic.tobytes())).warnings)


def test_quad_bayer_pattern(dng: Any, mosaic: np.ndarray) -> None:
    quad = [1, 1, 0, 0, 1, 1, 0, 0, 2, 2, 1, 1, 2, 2, 1, 1]
    tags = dng.cfa_tags(24, 40, t33421=("H", [4, 4]), t33422=("B", quad))
    frame = read(dng.write(tags, mosaic.tobytes()))
    assert frame.facts.cfa is not None and frame.facts.cfa.name == "QGRBG"
    assert len(frame.facts.black) == 16


def test_exif_noise_and_colour_of_two_illuminants(dng: Any, mosaic: np.ndarray) -> None:
    matrix = [np.eye(3) + 0.1 * k for k in range(6)]
    more = {f"t{code}": ("q", dng.rationals(m)) for code, m in zip((50721, 50722, 50723, 50724, 50964, 50965), matrix)}  # noqa: B905
    more |= {
        "t50778": ("H", 17),
        "t50779": ("H", 21),
        "t50727": ("Q", dng.rationals([1, 1.5, 1])),
        "t50729": ("Q", dng.rationals([0.3457, 0.3585])),
        "t51041": ("d", [1e-4, 1e-6]),
        "t33434": ("Q", [1, 250]),
        "t33437": ("Q", [28, 10]),
        "t34855": ("H", 400),
        "t37386": ("Q", [50, 1]),
        "t42036": ("s", "Summicron-M 1:2/50"),
        "t36867": ("s", "2024:01:02 03:04:05"),
    }
    frame = read(dng.write(dng.cfa_tags(24, 40, **more), mosaic.tobytes()))
    exif, colour = frame.exif, frame.facts.colour
    assert (exif.exposure_s, exif.f_number, exif.iso, exif.focal_mm) == (0.004, 2.8, 400, 50.0)
    assert (exif.lens_model, exif.taken) == ("Summicron-M 1:2/50", "2024:01:02 03:04:05")
    np.testing.assert_allclose(colour.color_matrix2, matrix[1])
    np.testing.assert_allclose(colour.camera_calibration2, matrix[3])
    np.testing.assert_allclose(colour.forward_matrix1, matrix[4])
    assert (colour.illuminant1, colour.illuminant2) == (17, 21)
    assert frame.facts.noise == ((1e-4, 1e-6),)
    # D50, by hand: mixed half-way in inverse temperature between 2856 K and 6504 K, at 5003 K.
    weight = (1 / 5003 - 1 / 6504) / (1 / 2856 - 1 / 6504)
    calibration, xyz_to_camera = (weight * matrix[k] + (1 - weight) * matrix[k + 1] for k in (2, 0))
    white = np.diag([1, 1.5, 1]) @ calibration @ xyz_to_camera @ [0.3457 / 0.3585, 1, 0.2958 / 0.3585]
    assert frame.facts.neutral == pytest.approx(tuple(white / white.max()), abs=1e-4)


@pytest.mark.parametrize(
    ("white", "matrix", "neutral"),
    [
        ((0.3127, 0.3290), np.eye(3), (0.3127 / 0.3583, 0.3290 / 0.3583, 1.0)),
        ((0.0, 0.4), np.eye(3), None),
        ((0.8, 0.4), np.eye(3), None),
        ((0.3127, 0.3290), np.diag([1, -1, 1]), None),
        ((0.3127, 0.3290), None, None),
    ],
    ids=["D65", "on the edge", "no chromaticity", "no positive colour", "no matrix"],
)
def test_the_white_of_a_chromaticity(
    dng: Any, mosaic: np.ndarray, white: tuple[float, float], matrix: np.ndarray | None, neutral: Any
) -> None:
    # The matrix may stand as the second alone.
    more = {"t50721": None, "t50729": ("Q", dng.rationals(white)), "t50779": ("H", 21)}
    more["t50722"] = None if matrix is None else ("q", dng.rationals(matrix))
    found = read(dng.write(dng.cfa_tags(24, 40, **more), mosaic.tobytes())).facts.neutral
    assert found is None if neutral is None else found == pytest.approx(neutral)


def test_a_missing_colour_matrix_is_left_for_the_colour_stage_to_say(dng: Any, mosaic: np.ndarray) -> None:
    frame = read(dng.write(dng.cfa_tags(24, 40, t50721=None), mosaic.tobytes()))
    assert (frame.facts.colour.color_matrix1, frame.warnings) == (None, ())


def test_a_dng_takes_no_camera(dng: Any, mosaic: np.ndarray) -> None:
    frame = read(dng.write(dng.cfa_tags(24, 40), mosaic.tobytes()), camera="imx296")
    assert frame.reader == "dng"
    assert frame.warnings == ("the camera is not used: a DNG says everything itself",)


def test_samples_that_are_no_numbers_become_zero_and_infinite_ones_white(dng: Any) -> None:
    samples = np.ones((4, 6), np.float32)
    samples[1, 2], samples[3, 3] = np.nan, np.inf
    frame = read(dng.write(dng.cfa_tags(4, 6, 32, t339=("H", 3)), samples.tobytes()))
    assert "2 samples are not finite: infinite ones are taken as white, others as 0" in frame.warnings
    assert (frame.samples[1, 2], frame.samples[3, 3]) == (0.0, frame.facts.white[0])


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"t33421": ("H", [6, 6]), "t33422": ("B", [1] * 36)}, UnsupportedError, "X-Trans"),
        ({"t33422": ("B", [0, 1, 2, 1])}, UnsupportedError, "neither Bayer nor quad-Bayer"),
        ({"t33422": ("B", [0, 1, 1, 3])}, UnsupportedError, "other colours than red, green and blue"),
        ({"t33422": None}, ReadError, "CFAPattern are missing"),
        ({"t50711": ("H", 2)}, UnsupportedError, "CFALayout 2"),
        ({"t262": ("H", 34892)}, UnsupportedError, "monochrome"),
        ({"t259": ("H", 9)}, UnsupportedError, "VC-5"),
        ({"t259": ("H", 52546)}, UnsupportedError, "JPEG XL"),
        ({"t258": ("H", 32)}, UnsupportedError, "32-bit unsigned samples"),
        ({"t339": ("H", 2)}, UnsupportedError, "16-bit signed samples"),
        ({"t254": ("I", 1)}, ReadError, "IFD0 of NewSubfileType 1"),
        ({"t256": ("I", 0)}, ReadError, "a picture of 0 × 24 pixels"),
        ({"t256": ("I", 4_000_000_000)}, ReadError, "more than the limit"),
        ({"t257": ("I", 48), "t278": ("I", 48)}, ReadError, "strip 0 holds 1920 bytes, its samples need 3840"),
        ({"t278": ("I", 0)}, ReadError, "tiles or strips of 40 × 0"),
        ({"t278": ("I", 12)}, ReadError, "2 strips are needed, 1 are listed"),
        ({"t50829": ("I", [0, 0, 25, 40])}, ReadError, "ActiveArea 0, 0, 25, 40 is not inside"),
        ({"t50829": ("I", [0, 0, 1, 40])}, ReadError, "40 × 1 pixels is no mosaic"),
        ({"t50714": ("H", 2000), "t50717": ("H", 1023)}, ReadError, "is not above black level"),
        ({"t259": ("H", 8)}, ReadError, "broken deflate data"),
        ({"t259": ("H", 7)}, ReadError, "no JPEG data"),
        ({"t51009": ("U", b"\0\0\0\1")}, ReadError, "OpcodeList2 ends early"),
    ],
)
def test_each_refusal_has_its_line(
    dng: Any, mosaic: np.ndarray, change: dict[str, Any], error: type[ReadError], text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        read(dng.write(dng.cfa_tags(24, 40, **change), mosaic.tobytes()))
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


def test_zeros_are_no_picture(dng: Any) -> None:
    with pytest.raises(ReadError, match="all samples are zero"):
        read(dng.write(dng.cfa_tags(24, 40), bytes(1920)))


def test_pixel_limit_is_an_option(dng: Any, mosaic: np.ndarray) -> None:
    path = dng.write(dng.cfa_tags(24, 40), mosaic.tobytes())
    with pytest.raises(ReadError, match="40 × 24 pixels are more than the limit of 959"):
        read(path, max_pixels=959)


@pytest.mark.parametrize("name", ["BMPCC", "colorchart", "emubayer"])
def test_mosaics_of_real_files_equal_libraws(shared_data: Path, name: str) -> None:
    (path,) = (shared_data / "raw" / "dng").glob(f"*{name}*")
    frame = read(path)
    with rawpy.imread(str(path)) as raw:
        np.testing.assert_array_equal(frame.samples, raw.raw_image_visible)
        assert frame.facts.black == tuple(raw.black_level_per_channel)
        assert frame.facts.white[0] == raw.white_level
        if name != "emubayer":
            balance = np.array(raw.camera_whitebalance[:3])
            ours = np.array(frame.facts.neutral)
            np.testing.assert_allclose(ours * balance, (ours * balance)[1], rtol=1e-4)


@pytest.mark.parametrize("name", ["CVE_2020_9589_original", "hello", "sample_1mp", "PGTM2_unsigned8", "_linear.dng"])
def test_three_planes_of_real_files_equal_libraws(shared_data: Path, name: str) -> None:
    """Two counts of 65535: LibRaw puts 8-bit codes through a 16-bit table of the polynomials."""
    (path,) = (shared_data / "raw" / "dng").glob(f"*{name}*")
    frame = read(path)
    scale = 65535 if frame.samples.dtype == np.float32 else 1
    with rawpy.imread(str(path)) as raw:
        difference = frame.samples * np.float64(scale) - raw.raw_image_visible[..., :3]
    assert np.abs(difference).max() <= 2


def test_vc5_of_real_files_is_refused(shared_data: Path) -> None:
    for path in sorted((shared_data / "raw" / "gpr").glob("*.GPR")):
        with pytest.raises(UnsupportedError, match="VC-5"):
            read(path)
