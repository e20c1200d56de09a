"""What a camera has done to its samples, and how large they are on its sensor."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.lenses import match
from tenbit.pipeline.lenses.asked import Asked

LEICA = "Leica Camera AG"
M8, M9, M10 = (Exif(make=LEICA, model=model) for model in ("M8 Digital Camera", "M9 Digital Camera", "LEICA M10"))
PHONE = Exif(make="Xiaomi", model="2203121C", focal_mm=8.72, focal_35mm=23, f_number=1.9, focus_m=0.4)


@pytest.fixture(autouse=True)
def no_own_profiles(tmp_path, monkeypatch):
    monkeypatch.setenv("TENBIT_LENSES", str(tmp_path / "own"))


def frame(exif: Exif, rows: int = 8, cols: int = 12) -> Frame:
    return dataclasses.replace(Frame.from_mosaic(np.ones((rows, cols), np.uint16)), exif=exif)


@pytest.mark.parametrize(
    ("exif", "more", "is_coded", "withheld"),
    [
        (M8, {"lens_code": 29, "frame_selector": 2}, True, "the M8 Digital Camera undoes the fall-off"),
        (M9, {"lens_code": 0, "frame_selector": 2}, False, ""),
        (M9, {}, False, "the M9 Digital Camera may have undone"),
        (Exif(make=LEICA, model="M-E (Typ 220)"), {"lens_code": 29}, True, "undoes"),
        (Exif(make=LEICA, model="M Monochrom"), {"lens_code": 29}, True, "undoes"),
        (M10, {"lens_model": "Summaron-M 1:5.6/28"}, False, "the LEICA M10 may have undone fall-off already"),
        (M10, {}, False, ""),
        (Exif(make=LEICA, model="LEICA Q2"), {"lens_model": "SUMMILUX 1:1.7/28 ASPH."}, False, ""),
        (PHONE, {}, False, ""),
    ],
)
def test_fall_off_that_the_camera_has_undone_is_left(exif, more, is_coded, withheld) -> None:
    exif = dataclasses.replace(exif, **more)
    found = match.identify(frame(exif))
    assert found.is_coded_leica is is_coded
    said = match.light_withheld(frame(exif), found)
    assert withheld in said
    assert bool(said) is bool(withheld)


@pytest.mark.parametrize(
    ("exif", "cols", "mm", "how"),
    [
        (M8, 3936, 0.0068, "the sensor of the M8 Digital Camera"),
        (M9, 5216, 0.0068, "the sensor of the M9 Digital Camera"),
        (M10, 5976, 0.006, "the sensor of the LEICA M10"),
        (Exif(make=LEICA, model="LEICA M (Typ 240)"), 5976, 0.006, "Typ 240"),
        (Exif(make=LEICA, model="LEICA M MONOCHROM (Typ 246)"), 5976, 0.006, "Typ 246"),
        (Exif(make=LEICA, model="LEICA M10-R"), 7840, 36 / 7840, "M10-R"),
        (Exif(make=LEICA, model="LEICA M11"), 9520, 35.8 / 9520, "M11"),
        (Exif(make=LEICA, model="LEICA M11"), 5272, 35.8 / 5272, "M11"),
        (Exif(make="Canon", sample_mm=0.0072), 5616, 0.0072, "EXIF FocalPlaneXResolution"),
        (Exif(make="Canon", sample_mm=0.0072, focal_mm=50.0, focal_35mm=50.0), 5000, 0.0072, "FocalPlaneXResolution"),
        (Exif(sample_mm=0.02, focal_mm=50.0, focal_35mm=75.0), 6000, 0.004, "50 mm are 75 mm on 35 mm film"),
        (PHONE, 4096, 0.0032, "8.72 mm are 23 mm on 35 mm film"),
        (Exif(make=LEICA, model="LEICA Q2"), 8000, 36 / 8000, "lensfun: LEICA Q2 has a crop factor of 1"),
        (Exif(make="Nobody", model="Nothing 1"), 8000, None, "not known: give --sensor, or sensor_mm in tenbit.yaml"),
    ],
)
def test_pitch_by_what_the_file_says(exif, cols, mm, how) -> None:
    facts = dataclasses.replace(frame(exif).facts, crop=(0, 0, round(cols * (3 / 4 if exif is PHONE else 2 / 3)), cols))
    shot = dataclasses.replace(frame(exif), facts=facts)
    found = match.pitch(shot)
    assert how in found.how
    assert found.mm == (mm if mm is None else pytest.approx(mm, rel=0.02))
    assert match.pixel_mm(shot, Asked(sensor_mm=(9.6, cols / 100))) == pytest.approx(min(0.01, 9.6 / facts.crop[2]))


def test_the_camera_file_comes_before_exif() -> None:
    shot = frame(PHONE)
    shot = dataclasses.replace(shot, facts=dataclasses.replace(shot.facts, pixel_mm=0.0016))
    assert match.pitch(shot) == (0.0016, "the camera file")


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        (LEICA, "LEICA M10", "LEICA M10"),
        (LEICA, "M9 Digital Camera", "Leica Camera AG M9 Digital Camera"),
        ("Sony", "IMX989", "Sony IMX989"),
        (None, "X", "X"),
        ("Sony", None, "Sony"),
        (None, None, ""),
    ],
)
def test_cameras_have_one_name(make, model, name) -> None:
    assert match.sensor_name(frame(Exif(make=make, model=model))) == name


def test_shipped_cameras_say_their_pitch() -> None:
    from tenbit.pipeline.raw.camera import camera_file, shipped_cameras

    pitches = {name: camera_file(name)[1]["pixel_um"] for name in shipped_cameras()}
    assert pitches == {"imx296": 3.45, "imx989-binned": 3.2, "imx989-full": 1.6}
