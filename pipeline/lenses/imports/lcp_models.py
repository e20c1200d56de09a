"""The models of one frame of an Adobe lens profile, as entries in millimetres."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.lenses.imports.xmp import text_of

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.profile import Colour, Distortion, Light

RADIAL = ("RadialDistortParam1", "RadialDistortParam2", "RadialDistortParam3")
TANGENTIAL = ("TangentialDistortParam1", "TangentialDistortParam2")
_POWERS = (2, 4, 6, 1, 1)
_SAME = 0.002


class Fields:
    """Numbers of one model, with those of the model around it where it has none."""

    def __init__(self, place: str, own: Mapping[str, Any], outer: Mapping[str, Any] | None = None) -> None:
        self.place, self.own, self._outer = place, own, outer or {}

    def number(self, name: str) -> float | None:
        return self._number(self.own, name)

    def pair(self, *names: str) -> tuple[float | None, ...]:
        """Numbers that belong together: its own, or those around it."""
        fields = self.own if self.has(names) else self._outer
        return tuple(self._number(fields, name) for name in names)

    def _number(self, fields: Mapping[str, Any], name: str) -> float | None:
        told = text_of(fields, name)
        if told is None:
            return None
        try:
            value = float(told)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ReadError(f"{self.place}: {name}: {told[:40]!r} is no number")
        return value

    def has(self, names: Sequence[str]) -> bool:
        return any(text_of(self.own, name) is not None for name in names)

    def numbers(self, names: Sequence[str]) -> list[float]:
        return [self.number(name) or 0.0 for name in names]


@dataclass(frozen=True)
class Shape:
    """What the numbers of a frame's models are parts of: its sensor, and the focal length that it tells."""

    longer_mm: float
    height_mm: float
    width_mm: float
    focal_mm: float | None
    left_out: dict[str, None]

    def unit_mm(self, fields: Fields) -> float:
        """The effective focal length; that of the lens where the file tells none."""
        across, down = fields.pair("FocalLengthX", "FocalLengthY")
        if across is None:
            if self.focal_mm is None:
                raise ReadError(f"{fields.place}: neither FocalLengthX nor FocalLength")
            return self.focal_mm
        if across <= 0 or (down is not None and down <= 0):
            raise ReadError(f"{fields.place}: FocalLengthX and FocalLengthY: {across:g}, {down} must be above 0")
        if down is not None and abs(down / across - 1) > _SAME:
            self.left_out["that focal lengths across and down are unlike; it is their mean"] = None
        return round((across + (across if down is None else down)) / 2 * self.longer_mm, 6)

    def centre_mm(self, fields: Fields) -> tuple[float, float]:
        across, down = fields.pair("ImageXCenter", "ImageYCenter")
        offsets = ((0.5 if part is None else part) - 0.5 for part in (down, across))
        return tuple(round(o * s, 6) for o, s in zip(offsets, (self.height_mm, self.width_mm), strict=True))  # type: ignore[return-value]


def distortion(fields: Fields, shape: Shape, where: Mapping[str, Any], *, is_fisheye: bool) -> Distortion:
    from tenbit.pipeline.lenses.profile import Distortion

    scale = fields.number("ScaleFactor")
    if scale is not None and abs(scale - 1) > 1e-6:
        shape.left_out["a scale of the whole picture, which straightens nothing"] = None
    place = {"unit_mm": shape.unit_mm(fields), "centre_mm": shape.centre_mm(fields), **where}
    if is_fisheye:
        return Distortion(model="fisheye", terms=tuple(fields.numbers(RADIAL[:2])), **place)
    return Distortion(model="acm", terms=tuple(fields.numbers(RADIAL + TANGENTIAL)), **place)


def colour(red: Fields, blue: Fields, shape: Shape, where: Mapping[str, Any]) -> Colour:
    from tenbit.pipeline.lenses.profile import Colour

    units = [shape.unit_mm(one) for one in (red, blue)]
    terms = []
    for one, unit in zip((red, blue), units, strict=True):
        scale = one.number("ScaleFactor")
        ratio = units[0] / unit
        k = one.numbers(RADIAL + TANGENTIAL)
        terms.append((1.0 if scale is None else scale, *(t * ratio**p for t, p in zip(k, _POWERS, strict=True))))
    return Colour(model="acm", unit_mm=units[0], red=terms[0], blue=terms[1], **where)


def light(fields: Fields, shape: Shape, where: Mapping[str, Any]) -> Light:
    from tenbit.pipeline.lenses.profile import Light

    place = {"unit_mm": shape.unit_mm(fields), "centre_mm": shape.centre_mm(fields), **where}
    points = fields.own.get("VignetteModelPiecewiseParam")
    if isinstance(points, list) and len(points) > 1:
        return Light(model="table", terms=_table(points, fields.place), **place)
    terms = fields.numbers([f"VignetteModelParam{n}" for n in (1, 2, 3)])
    return Light(model="pa", terms=tuple(terms), **place)


def _table(points: Sequence[Any], place: str) -> tuple[float, ...]:
    """(radius, EV) of points that tell radius and light: ``0.133789, 0.858700``."""
    terms: list[float] = []
    for point in points:
        try:
            radius, left = (float(part) for part in str(point).replace(",", " ").split())
            is_sound = math.isfinite(radius) and left > 0 and (not terms or radius > terms[-2])
        except ValueError:
            is_sound = False
        if not is_sound:
            said = f"{str(point)[:40]!r} is no radius beyond the last one with its light"
            raise ReadError(f"{place}: VignetteModelPiecewiseParam: {said}")
        terms += [radius, round(math.log2(left), 6)]
    return tuple(terms)
