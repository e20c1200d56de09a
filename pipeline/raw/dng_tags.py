"""What a DNG's tags say about colour, noise and how the picture was taken."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from tenbit.kernels._facts import CameraColour, Matrix, Triple, as_matrix
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.frame import Exif
from tenbit.pipeline.raw.tiff import Directory, Tiff

# Correlated colour temperatures, in kelvin, of the EXIF LightSource codes that DNG calibrates for (DNG 1.6, table 6.1).
_KELVIN = {1: 5500, 2: 4200, 3: 2850, 4: 5500, 9: 5500, 10: 6500, 11: 7500, 12: 6400, 13: 5000, 14: 4200, 15: 3450}
_KELVIN |= {17: 2856, 18: 4874, 19: 6774, 20: 5503, 21: 6504, 22: 7504, 23: 5003, 24: 3200}


class Tags:
    """One lookup over the main picture's directory and then IFD0: writers put camera tags into either."""

    def __init__(self, picture: Directory, first: Directory) -> None:
        self._homes = (picture, first)

    def numbers(self, code: int, count: int) -> tuple[float, ...] | None:
        for home in self._homes:
            values = home.numbers(code, count)
            if values is not None:
                return values
        return None

    def number(self, code: int) -> float | None:
        values = [home.number(code) for home in self._homes]
        return next((value for value in values if value is not None), None)

    def raw(self, code: int) -> bytes | None:
        values = [home.raw(code) for home in self._homes]
        return next((value for value in values if value is not None), None)

    def matrix(self, code: int) -> Matrix | None:
        values = self.numbers(code, 9)
        return None if values is None or not any(values) else as_matrix(values)


def read_colour(tags: Tags) -> CameraColour:
    """Matrices and illuminants; None for what the file lacks. A matrix that is all zeros counts as lacking."""
    balance = tags.numbers(50727, 3)
    return CameraColour(
        color_matrix1=tags.matrix(50721),
        color_matrix2=tags.matrix(50722),
        camera_calibration1=tags.matrix(50723),
        camera_calibration2=tags.matrix(50724),
        forward_matrix1=tags.matrix(50964),
        forward_matrix2=tags.matrix(50965),
        analog_balance=(balance[0], balance[1], balance[2]) if balance and min(balance) > 0 else (1.0, 1.0, 1.0),
        illuminant1=int(tags.number(50778) or 0),
        illuminant2=int(tags.number(50779) or 0),
    )


def read_neutral(tags: Tags, colour: CameraColour) -> Triple | None:
    """As-shot white in camera space: AsShotNeutral, or AsShotWhiteXY taken through the colour matrix; at most 1."""
    neutral = tags.numbers(50728, 3)
    if neutral is not None and min(neutral) > 0:
        # Magic Lantern writes green above 1: only the ratios mean something.
        largest = max(1.0, *neutral)
        return (neutral[0] / largest, neutral[1] / largest, neutral[2] / largest)
    white = tags.numbers(50729, 2)
    if white is None or white[1] <= 0 or colour.color_matrix1 is None:
        return None
    camera = _xyz_to_camera(colour, white[0], white[1]) @ _xyz(white[0], white[1])
    if not (camera > 0).all():
        return None
    red, green, blue = (float(value) for value in camera / camera.max())
    return (red, green, blue)


def _xyz(x: float, y: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _xyz_to_camera(colour: CameraColour, x: float, y: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """AnalogBalance · CameraCalibration · ColorMatrix at the white (x, y); DNG 1.6, chapter 6.

    The two calibrations are mixed by inverse colour temperature, which McCamy's cubic gives (Color Res. Appl. 17, 1992;
    within 2 K of the exact one from 2856 to 6500 K).
    """
    balance = np.diag(colour.analog_balance)
    eye = as_matrix(np.eye(3))
    first = balance @ np.array(colour.camera_calibration1 or eye) @ np.array(colour.color_matrix1 or eye)
    kelvin1, kelvin2 = _KELVIN.get(colour.illuminant1), _KELVIN.get(colour.illuminant2)
    if colour.color_matrix2 is None or kelvin1 is None or kelvin2 is None or kelvin1 == kelvin2:
        return np.asarray(first)
    second = balance @ np.array(colour.camera_calibration2 or eye) @ np.array(colour.color_matrix2)
    n = (x - 0.3320) / (0.1858 - y) if y != 0.1858 else 0.0
    kelvin = ((449.0 * n + 3525.0) * n + 6823.3) * n + 5520.33
    weight = (1 / max(kelvin, 1.0) - 1 / kelvin2) / (1 / kelvin1 - 1 / kelvin2)
    weight = min(max(weight, 0.0), 1.0)
    return np.asarray(weight * first + (1 - weight) * second)


def read_noise(tags: Tags) -> tuple[tuple[float, float], ...] | None:
    """NoiseProfile as one (scale, offset) for all planes or one per plane; None without a usable one."""
    for count in (2, 6):
        values = tags.numbers(51041, count)
        if values is not None:
            return tuple((values[i], values[i + 1]) for i in range(0, count, 2))
    return None


def read_exif(tiff: Tiff) -> Exif:
    """How the picture was taken, from IFD0, its EXIF directory and DNG's own tags; what is broken counts as lacking."""
    first, sub = tiff.directories[0], tiff.exif()
    homes = [home for home in (sub, first) if home is not None]

    def text(*codes: int) -> str | None:
        for code in codes:
            for home in homes:
                with suppress(ReadError):
                    if found := home.text(code):
                        return found
        return None

    def number(*codes: int) -> float | None:
        for code in codes:
            for home in homes:
                with suppress(ReadError):
                    if (found := home.number(code)) is not None and found > 0:
                        return found
        return None

    iso = number(34855, 34867, 34866)
    return Exif(
        make=text(271),
        model=text(272, 50708),
        lens_make=text(42035),
        lens_model=text(42036),
        serial=text(42033, 50735),
        taken=text(36867, 306),
        exposure_s=number(33434),
        f_number=number(33437),
        iso=None if iso is None else round(iso),
        focal_mm=number(37386),
        focal_35mm=number(41989),
        artist=text(315),
        copyright=text(33432),
    )
