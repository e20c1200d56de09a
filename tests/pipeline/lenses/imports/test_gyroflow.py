"""Lens profiles of gyroflow, hand-written, against OpenCV's models in pixels."""

import json

import numpy as np
import pytest

from tenbit.kernels import _laws
from tenbit.kernels._optics import Law
from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.lenses.imports import Wishes, import_file

K = [0.12, -0.05, 0.3, -0.2]
TOLD = {
    "name": "Leitz M0.8 35mm",
    "calibrated_by": "a test",
    "camera_brand": "Sony",
    "camera_model": "FX6",
    "lens_model": "Leitz M0.8 35mm",
    "calib_dimension": {"w": 3840, "h": 2160},
    "fisheye_params": {
        "RMS_error": 0.6,
        "camera_matrix": [[3800.0, 0.0, 1925.5], [0.0, 3790.0, 1075.5], [0.0, 0.0, 1.0]],
        "distortion_coeffs": K,
    },
}


@pytest.fixture
def gyroflow(tmp_path):
    def made(wishes=None, text=None, params=None, **more):
        told = {**TOLD, **more, "fisheye_params": {**TOLD["fisheye_params"], **(params or {})}}
        (tmp_path / "lens.json").write_text(json.dumps(told) if text is None else text)
        return import_file(tmp_path / "lens.json", wishes)

    return made


def law(entry):
    return Law(entry.model, entry.terms, entry.unit_mm)


def test_the_fisheye_model_is_opencvs(gyroflow):
    cv2 = pytest.importorskip("cv2")
    found = gyroflow()
    (measured,) = found.profile.measurements
    (entry,) = measured.distortion
    assert (measured.provenance, measured.licence, entry.model) == ("P1", "CC0-1.0", "fisheye")
    assert measured.source == "gyroflow lens profile lens.json by a test"
    pixel_mm = 35.6 / 3840
    assert entry.unit_mm == pytest.approx(3795 * pixel_mm, abs=1e-6)
    assert entry.centre_mm == pytest.approx(((1075.5 - 1079.5) * pixel_mm, (1925.5 - 1919.5) * pixel_mm), abs=1e-6)
    assert measured.valid_mm == pytest.approx(np.hypot(3840, 2160) / 2 * pixel_mm, abs=1e-3)
    matrix = np.array([[3795.0, 0, 0], [0, 3795.0, 0], [0, 0, 1]])
    for radius_mm in (3.0, 12.0, 20.0):
        ideal = np.array([[[radius_mm / entry.unit_mm, 0.0]]])
        distorted = cv2.fisheye.distortPoints(ideal, matrix, np.array(K))[0, 0, 0] * pixel_mm
        assert radius_mm * _laws.ratio(law(entry), radius_mm) == pytest.approx(distorted, abs=1e-6)
    assert found.left_out == ()


def test_the_standard_model_is_opencvs(gyroflow):
    cv2 = pytest.importorskip("cv2")
    k = [-0.1, 0.05, 0.001, -0.002, 0.01]
    (entry,) = (
        gyroflow(distortion_model="opencv_standard", params={"distortion_coeffs": k}).profile.measurements[0].distortion
    )
    assert entry.model == "acm"
    down_mm, right_mm = 5.0, -9.0
    point = np.array([[right_mm / entry.unit_mm, down_mm / entry.unit_mm, 1.0]])
    wanted = cv2.projectPoints(point, np.zeros(3), np.zeros(3), np.eye(3), np.array(k))[0][0, 0, ::-1] * entry.unit_mm
    radius = np.hypot(down_mm, right_mm)
    stretch, (down, right) = _laws.ratio(law(entry), radius), _laws.tangential(law(entry))
    found = (
        down_mm * stretch + down * (radius**2 + 2 * down_mm**2) + 2 * right * down_mm * right_mm,
        right_mm * stretch + right * (radius**2 + 2 * right_mm**2) + 2 * down * down_mm * right_mm,
    )
    assert found == pytest.approx(tuple(wanted), abs=1e-6)


def test_the_width_that_is_told(gyroflow):
    (entry,) = (
        gyroflow(Wishes(sensor_mm=(20.0, 38.4), lens="x"), camera_model="Unknown 9").profile.measurements[0].distortion
    )
    assert entry.unit_mm == pytest.approx(37.95, abs=1e-6)
    with pytest.raises(RequestError, match="the sensor's width of Sony Unknown 9 is not known; give --sensor"):
        gyroflow(camera_model="Unknown 9")


def test_what_is_odd_is_said(gyroflow):
    matrix = [[3000.0, 0.0, 1919.5], [0.0, 2900.0, 1079.5], [0, 0, 1]]
    found = gyroflow(params={"camera_matrix": matrix})
    assert found.left_out == (
        "unlike focal lengths across and down (3000.0 and 2900.0 pixels): their mean",
        "the numbers are of 27.3 mm, the name says 35 mm: the sensor's width may be wrong",
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"text": "{"}, "no JSON: "),
        ({"text": "[1]"}, "no fisheye_params in it"),
        ({"text": '{"a": 1}'}, "no fisheye_params in it"),
        ({"text": "[" * 100_000}, "no JSON: "),
        ({"distortion_model": "insta360"}, "distortion_model 'insta360'; opencv_fisheye and opencv_standard are read"),
        ({"params": {"distortion_coeffs": [1, 2, 3]}}, "4 numbers belong there, not 3"),
        ({"params": {"distortion_coeffs": "x"}}, "distortion_coeffs: a list of numbers belongs there"),
        ({"params": {"distortion_coeffs": [1, 2, "x", 4]}}, "distortion_coeffs: 'x' is no number"),
        ({"params": {"distortion_coeffs": [1, 2, 1e300, 4]}}, "distortion_coeffs: '1e+300' is no number"),
        (
            {"distortion_model": "opencv_standard", "params": {"distortion_coeffs": [0, 0, 0, 0, 0, 0.1, 0, 0]}},
            "k1, k2, p1, p2, k3 are read, no more",
        ),
        ({"params": {"camera_matrix": [[1, 2], [3, 4]]}}, "camera_matrix: 3 rows of 3 numbers belong there"),
        ({"params": {"camera_matrix": [[0, 0, 1], [0, 5, 1], [0, 0, 1]]}}, "focal lengths and sizes above 0"),
        ({"calib_dimension": {"w": 100}}, "calib_dimension: h: missing"),
        ({"calib_dimension": None}, "calib_dimension: w: missing"),
        ({"input_horizontal_stretch": 1.33}, "no anamorphic stretch"),
    ],
)
def test_what_is_not_read(gyroflow, more, said):
    with pytest.raises(ReadError) as caught:
        gyroflow(**more)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
