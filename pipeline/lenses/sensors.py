"""Sensors behind the mount: how far their corners are from the axis, and how large their pixels are."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from tenbit.pipeline.errors import RequestError


@dataclass(frozen=True)
class Sensor:
    """Whose corner curves are drawn to, and whose pixels shifts are told in."""

    height_mm: float
    width_mm: float
    pixel_um: float
    name: str = ""

    @property
    def corner_mm(self) -> float:
        return math.hypot(self.height_mm, self.width_mm) / 2


SENSORS = {
    "36x24": Sensor(24.0, 36.0, 6.0, "36x24"),
    "aps-c": Sensor(15.7, 23.6, 3.9, "aps-c"),
    "1-inch": Sensor(9.83, 13.11, 1.6, "1-inch"),
}


def sensor_of(text: str, pixel_um: float | None = None) -> Sensor:
    """A sensor by its name, or by ``WIDTHxHEIGHT`` in millimetres.

    Parameters
    ----------
    text : str
    pixel_um : float, optional
        Pixel pitch; by default that of a usual camera with such a sensor.

    Raises
    ------
    RequestError
        If it is neither.
    """
    found = SENSORS.get(text.lower())
    if found is None:
        sizes = re.fullmatch(r"(\d+(?:\.\d+)?)\s*[x×]\s*(\d+(?:\.\d+)?)(?:\s*mm)?", text.lower())
        if sizes is None or not all(1 <= float(size) <= 100 for size in sizes.groups()):
            raise RequestError(f"sensor {text!r}: {', '.join(SENSORS)}, or width x height in mm, such as 23.6x15.7")
        width, height = map(float, sizes.groups())
        found = Sensor(height, width, round(width / 6, 1), f"{width:g}x{height:g}")
    return found if pixel_um is None else Sensor(found.height_mm, found.width_mm, pixel_um, found.name)
