"""Profile files: what is known of one optical design, or of one lens of the user's, and how it is known."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Provenance = Literal["P0", "P1", "P2", "P3", "P4"]
PROVENANCES: dict[Provenance, str] = {
    "P0": "measured by you",
    "P1": "measured by others on the same optical design",
    "P2": "maker's figures (limits only)",
    "P3": "computed from the published optical design",
    "P4": "unknown",
}
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
DistortionModel = Literal[
    "even",
    "poly3",
    "poly5",
    "ptlens",
    "acm",
    "fisheye",
    "warp_rectilinear",
    "warp_rectilinear_2",
    "warp_fisheye",
]
"""See `tenbit.kernels._optics.Law` for the formulas and the order of the terms."""


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Condition(_Block):
    """At which settings something was measured; None: at any, or not told."""

    focal_mm: Positive | None = None
    f_number: Positive | None = None
    focus_m: Annotated[float, Field(gt=0)] | None = None
    """``.inf`` is infinity."""


class Distortion(Condition):
    """Ideal to distorted radius."""

    model: DistortionModel
    unit_mm: Positive
    terms: tuple[Number, ...]
    centre_mm: tuple[Number, Number] = (0.0, 0.0)
    """(down, right) of the axis from the middle of the picture."""
    residual_pct: Annotated[float, Field(ge=0)] | None = None
    """Largest misfit, percent of the radius."""


class Colour(Condition):
    """Radii of red and blue over the distorted radius of green."""

    model: Literal["poly3", "acm"]
    unit_mm: Positive
    red: tuple[Number, ...]
    blue: tuple[Number, ...]


class Light(Condition):
    """The light that is left towards the corners."""

    model: Literal["pa", "gain", "table", "cos4"]
    unit_mm: Positive = 1.0
    terms: tuple[Number, ...] = ()
    centre_mm: tuple[Number, Number] = (0.0, 0.0)


class FlatMap(Condition):
    """A map of gains per site of a Bayer period, bilinear between points that lie evenly from edge to edge."""

    cfa: Literal["RGGB", "GRBG", "GBRG", "BGGR"]
    height_mm: Positive
    width_mm: Positive
    points: tuple[int, int]
    """(down, across)."""
    gains: str
    """4 · down · across numbers separated by blanks, site after site, row after row."""
    illuminant: str | None = None
    orientation_note: str | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> FlatMap:
        down, across = self.points
        found = self.gains.split()
        if len(found) != 4 * down * across or down < 2 or across < 2:
            raise ValueError(f"gains: {4 * down * across} numbers for {down} x {across} points, not {len(found)}")
        if not all(math.isfinite(gain) and gain > 0 for gain in map(float, found)):
            raise ValueError("gains: numbers above 0")
        return self


class Limit(_Block):
    """A figure of the maker's: it bounds what may be believed, and corrects nothing."""

    quantity: Literal["distortion_max_pct", "corner_ev"]
    value: Number
    radius_mm: Positive | None = None
    f_number: Positive | None = None


class Measurement(_Block):
    """What one source says."""

    provenance: Provenance
    source: str
    licence: str | None = None
    date: str | None = None
    sensor: str | None = None
    """Camera or sensor that it was measured on."""
    focal_mm: Positive | None = None
    """The focal length as measured."""
    valid_mm: Positive
    """Radius on the sensor that it was measured to."""
    withheld: str | None = None
    """Why it is shown but never applied: ``grade C: asphere not published``."""
    note: str | None = None
    interpolation: Literal["linear", "lensfun", "lcp"] = "linear"
    """Between entries of unlike conditions."""
    distortion: tuple[Distortion, ...] = ()
    lateral_colour: tuple[Colour, ...] = ()
    vignetting: tuple[Light, ...] = ()
    flat: tuple[FlatMap, ...] = ()
    limits: tuple[Limit, ...] = ()


class Profile(_Block):
    """A profile file.

    ``name`` is for people. ``lenses`` are the slugs that it is for: a shipped design's names every lens that shares the
    design; one of the user's may name a lens of the catalogue, and then comes before what is shipped, or none.
    """

    name: str
    lenses: tuple[str, ...] = ()
    exif_names: tuple[str, ...] = ()
    """Names that files give to a lens that is in no catalogue."""
    exit_pupil_mm: Positive | None = None
    """From the exit pupil to the picture."""
    measurements: tuple[Measurement, ...] = Field(min_length=1)

    @property
    def provenance(self) -> Provenance:
        """The best that anything in it has."""
        return min(m.provenance for m in self.measurements)


def as_plain(profile: Profile) -> dict[str, Any]:
    """The same as dicts, lists and numbers for a YAML file, without what says nothing."""
    return profile.model_dump(mode="python", exclude_defaults=True)
