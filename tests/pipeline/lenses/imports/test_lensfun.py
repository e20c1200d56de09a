"""Profiles from lensfun's database against lensfun's own modifier, through our formulas in millimetres."""

import math
import sys
from itertools import pairwise

import numpy as np
import pytest

from tenbit.kernels import _laws
from tenbit.kernels._optics import Law
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses.blend import APERTURE_UNKNOWN, FOCAL_UNKNOWN
from tenbit.pipeline.lenses.imports import lensfun

lensfunpy = pytest.importorskip("lensfunpy")
CANON = {"camera_make": "Canon", "camera_model": "Canon EOS 5D Mark III"}


def law(entry, terms="terms"):
    return Law(entry.model, getattr(entry, terms), entry.unit_mm)


def calibrated():
    """Every Leica entry with a calibration, every 55th of the others, and all of the rare models."""
    lenses = [lens for lens in lensfunpy.Database(load_common=False).lenses if lens.calib_distortion or lens.calib_tca]
    lenses.sort(key=lambda lens: (lens.maker, lens.model, lens.crop_factor))
    rare = ("POLY5", "LINEAR")
    return [
        lens
        for n, lens in enumerate(lenses)
        if "Leica" in lens.maker
        or n % 55 == 0
        or any(c.model.name in rare for c in (*lens.calib_distortion, *lens.calib_tca))
    ]


def name(lens):
    return f"{lens.model} x{lens.crop_factor:.2f}"


@pytest.mark.parametrize(("rows", "cols"), [(3072, 4096), (2731, 4096), (4096, 3072)])
@pytest.mark.parametrize("lens", calibrated(), ids=name)
def test_coordinates_and_gains_are_lensfuns(lens, rows, cols):
    rng = np.random.default_rng(len(lens.model) + rows)
    for smaller, f_number, focus_m in ((1.0, 2.8, 1000.0), (1.5, 8.0, 2.0), (2.73, 11.0, 0.6)):
        crop, focal_mm = lens.crop_factor * smaller, float(rng.uniform(lens.min_focal, lens.max_focal))
        profile = lensfun.profile_of(lens, focal_mm, f_number, focus_m)
        assert profile is not None
        (measured,) = profile.measurements
        # lensfun counts from the middle of the first pixel to that of the last.
        pixel_mm = math.hypot(36, 24) / crop / math.hypot(rows - 1, cols - 1)
        flags = lensfunpy.ModifyFlags
        oracle = lensfunpy.Modifier(lens, crop, cols, rows)
        oracle.initialize(focal_mm, f_number, focus_m, 1.0, flags=flags.DISTORTION | flags.TCA | flags.VIGNETTING)
        for row, col in [(0, 0), (0, cols - 1), (rows // 3, cols // 4), (rows // 2, cols - 1), (rows - 1, cols // 5)]:
            down, right = (row - (rows - 1) / 2) * pixel_mm, (col - (cols - 1) / 2) * pixel_mm
            ideal = math.hypot(down, right)
            stretch = _laws.ratio(law(measured.distortion[0]), ideal) if measured.distortion else 1.0
            found = oracle.apply_subpixel_geometry_distortion(float(col), float(row), 1, 1)[0, 0]
            for n, colour in enumerate(("red", "green", "blue")):
                own = 1.0
                if colour != "green" and measured.lateral_colour:
                    own = _laws.colour_ratio(law(measured.lateral_colour[0], colour), ideal * stretch)
                at = np.array([right, down]) * stretch * own / pixel_mm + [(cols - 1) / 2, (rows - 1) / 2]
                assert found[n] == pytest.approx(at, abs=0.02)
    if measured.vignetting:
        picture = np.ones((21, 31, 3), np.float32)
        oracle = lensfunpy.Modifier(lens, crop, 31, 21)
        oracle.initialize(focal_mm, f_number, focus_m, 1.0, flags=flags.VIGNETTING, pixel_format=np.float32)
        oracle.apply_color_modification(picture)
        pixel_mm = math.hypot(36, 24) / crop / math.hypot(20, 30)
        radius = np.hypot(*(np.mgrid[:21, :31] - np.array([10, 15]).reshape(2, 1, 1))) * pixel_mm
        assert picture[..., 1] == pytest.approx(1 / _laws.light(law(measured.vignetting[0]), radius), rel=0.002)


def test_the_cases_are_many():
    lenses = calibrated()
    assert sum("Leica" in lens.maker for lens in lenses) >= 15
    assert sum("Leica" not in lens.maker for lens in lenses) >= 20
    models = {c.model.name for lens in lenses for c in (*lens.calib_distortion, *lens.calib_tca)}
    assert models == {"POLY3", "POLY5", "PTLENS", "LINEAR"}
    assert {lens.type.name for lens in lenses} > {"RECTILINEAR"}
    assert any(lens.calib_vignetting for lens in lenses)


def test_a_leica_lens_by_hand():
    found = lensfun.of_frame("Summicron-M 1:2/28 ASPH.", camera_make="Leica Camera AG", camera_model="LEICA M10")
    (measured,) = found.profile.measurements
    (distortion,) = measured.distortion
    # 12 mm out, where the terms add up to nothing: a + b + c + 1 - a - b - c.
    assert _laws.ratio(law(distortion), 12) == pytest.approx(1, abs=1e-9)
    assert distortion.terms == pytest.approx((0.0135748, -0.0502846, 0.0486119), abs=1e-7)
    assert measured.lateral_colour[0].red == pytest.approx((1.0001441, 0, 0), abs=1e-7)
    assert measured.valid_mm == pytest.approx(21.633, abs=1e-3)
    assert (measured.provenance, measured.licence) == ("P1", "CC-BY-SA-3.0")
    assert "lensfun 0.3" in measured.source
    assert "lensfunpy 1." in measured.source
    assert found.notes == ()


def test_a_lens_on_a_camera_that_lensfun_does_not_know():
    found = lensfun.of_frame("Summicron-M 1:2/50", camera_make="Xiaomi", camera_model="X", sensor_mm=(8.8, 13.2))
    assert found.profile.measurements[0].distortion[0].terms == pytest.approx((-0.00072,))


def test_the_entry_of_the_smallest_sensor_that_is_not_smaller():
    entries = [lens for lens in lensfunpy.Database(load_common=False).lenses if lens.model == "Canon EF 50mm f/1.8"]
    assert len({round(lens.crop_factor, 1) for lens in entries}) > 1
    for camera, sensor in (("Canon EOS 550D", "crop factor 1.6"), ("Canon EOS 5D Mark III", "crop factor 1")):
        found = lensfun.of_frame("EF50mm f/1.8", camera_make="Canon", camera_model=camera)
        assert found.profile.measurements[0].sensor.startswith(sensor)


def test_settings_that_are_not_known():
    zoom = "EF24-105mm f/4L IS USM"
    assert lensfun.of_frame(zoom, **CANON).notes == (FOCAL_UNKNOWN,)
    found = lensfun.of_frame(zoom, focal_mm=35, **CANON)
    assert found.notes == (APERTURE_UNKNOWN,)
    assert found.profile.measurements[0].vignetting == ()
    assert found.profile.measurements[0].distortion
    found = lensfun.of_frame(zoom, focal_mm=35, f_number=4, **CANON)
    assert found.notes == ()
    assert found.profile.measurements[0].vignetting
    found = lensfun.of_frame(zoom, focal_mm=200, f_number=4, **CANON)
    assert (found.profile, found.notes) == (None, ("200 mm is no focal length of Canon EF 24-105mm f/4L IS USM",))


def test_the_terms_follow_the_focal_length():
    terms = [
        lensfun.of_frame("EF24-105mm f/4L IS USM", focal_mm=focal, f_number=4, **CANON).profile.measurements[0]
        for focal in (24, 35, 50)
    ]
    assert all(one.distortion[0].terms != two.distortion[0].terms for one, two in pairwise(terms))


def test_a_camera_whose_lens_is_fixed():
    found = lensfun.of_frame(None, camera_make="Canon", camera_model="Canon PowerShot S95", focal_mm=6)
    assert "S95" in found.profile.name
    assert lensfun.of_frame(None, focal_mm=50, **CANON) == lensfun.Found(None)


@pytest.mark.parametrize("lens", ["50mm", "EF50mm f/1.8 III", "EF 24-105mm f/4L IS II"])
def test_a_name_that_is_alike_is_a_candidate_and_no_more(lens):
    found = lensfun.of_frame(lens, focal_mm=50, f_number=4, **CANON)
    assert found.profile is None
    assert found.candidates


def test_a_name_that_is_not_there():
    assert lensfun.of_frame("Noctilux-M 1:0.95/50 ASPH.", focal_mm=50) == lensfun.Found(None)


def test_without_lensfunpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "lensfunpy", None)
    lensfun._database.cache_clear()
    with pytest.raises(RequestError, match=r'pip install "tenbit\[lens\]"'):
        lensfun.of_frame("Some lens 1:2/51", focal_mm=51)
