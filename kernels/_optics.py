"""What is known of the lens of a frame, as numbers on its sensor, and what was done with it.

The pipeline makes these from profiles, stages read them from the facts. Texts decide nothing: they go into the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Defect = Literal["distortion", "lateral_colour", "vignetting", "colour_shading"]
"""What a correction undoes. None is undone twice (law 6)."""
UNKNOWN_SIZE = "the sensor's size is not known; give --sensor"
"""Why nothing that is told in millimetres can be used."""


@dataclass(frozen=True)
class Origin:
    """How a law is known.

    Parameters
    ----------
    source : str
        For people: ``profile summilux-m-35-1.4-asph-fle: gyroflow/lens_profiles``.
    provenance : str
        ``P0`` … ``P4``; empty for what the file or the chain says itself.
    valid_mm : float
        Radius on the sensor that it was measured to. Farther out the correction stays what it is there.
    """

    source: str
    provenance: str = ""
    valid_mm: float = float("inf")


@dataclass(frozen=True)
class Law:
    """A formula of radius with its numbers.

    Parameters
    ----------
    model : str
        Of distortion (ideal to distorted), r = radius / unit: ``even`` 1 + k1 r² + k2 r⁴ + k3 r⁶; ``poly3``, ``poly5``,
        ``ptlens``, ``acm`` (k1 … k3, tangential k4, k5: Brown and Conrady's; OpenCV's p1 and p2) as lensfun 0.3 has
        them; ``fisheye`` (OpenCV's: r' = θ (1 + k1 θ² …), θ = atan r); ``warp_rectilinear`` (kr0 … kr3, kt0, kt1),
        ``warp_rectilinear_2`` (kr0 … kr14, kt0, kt1, minimum, maximum, reciprocal) and ``warp_fisheye`` (kr0 … kr3) as
        DNG 1.6 has them.
        Of a colour beside green: ``poly3`` (v, c, b): r' = r (v + c r + b r²); ``acm`` (scale, k1 … k5).
        Of light: ``pa`` 1 + k1 r² + k2 r⁴ + k3 r⁶ is left; ``gain`` (k0 … k4) of FixVignetteRadial is needed;
        ``table`` (radius, EV, radius, EV …) EV are lost, negative numbers, radii in the unit; ``cos4``: natural
        fall-off, 1 / (1 + r²)² is left.
    terms : tuple of float
        Missing ones at the end are 0.
    unit_mm : float
        The radius on the sensor that counts as 1.
    """

    model: str
    terms: tuple[float, ...]
    unit_mm: float


@dataclass(frozen=True)
class Warp:
    """Distortion: a law for all colours, or one each for red, green and blue (which holds their lateral colour too)."""

    laws: tuple[Law, ...]
    origin: Origin
    centre_mm: tuple[float, float] = (0.0, 0.0)
    """(down, right) of the optical axis from the middle of the picture."""


@dataclass(frozen=True)
class Lateral:
    """Lateral colour: where red and blue land whose green lands at the distorted radius."""

    red: Law
    blue: Law
    origin: Origin


@dataclass(frozen=True)
class Falloff:
    """The light that is left towards the corners."""

    law: Law
    origin: Origin
    centre_mm: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Flat:
    """A map of gains for every site of a CFA period, from evenly lit frames: fall-off and colour shading together.

    Parameters
    ----------
    gains : array
        (sites, points down, points across) float32, sites of one Bayer period row by row: 4, of a quad-Bayer sensor too
        (its blocks). Points lie evenly from edge to edge of ``height_mm`` × ``width_mm``; between them bilinear.
    cfa : str
        Colours of the sites, ``RGGB`` …
    height_mm, width_mm : float
        Of the sensor's picture that the map covers, centred on this frame's.
    origin : Origin
    """

    gains: npt.NDArray[np.float32]
    cfa: str
    height_mm: float
    width_mm: float
    origin: Origin


@dataclass(frozen=True, eq=False)
class Optics:
    """The best that is known of a lens, for one frame: focal length, aperture and distance are decided.

    ``None`` where nothing is known that may be applied; ``withheld`` says why, by defect. ``natural`` is the fall-off
    of a thin lens of its focal length (``cos4``), which is used only where it is asked for, and not where
    ``light_undone`` says that the camera has undone fall-off.
    """

    lens: str = ""
    warp: Warp | None = None
    lateral: Lateral | None = None
    falloff: Falloff | None = None
    natural: Falloff | None = None
    flat: Flat | None = None
    withheld: tuple[Correction, ...] = ()
    light_undone: str = ""


@dataclass(frozen=True)
class Correction:
    """One entry of the record: a defect that was undone, or a source that was not used and why.

    Parameters
    ----------
    defect : Defect
    source : str
        As `Origin.source`; ``opcode WarpRectilinear of the file``, ``the chain's numbers``, ``the frame itself``.
    provenance : str
    is_applied : bool
    reason : str
        Why it was not, one clause; or a remark on how it was (``beyond 18.9 mm held``).
    valid_mm, reach_mm : float or None
        The radius that it is known to, and that of the frame's corner.
    figures : tuple of (name, value)
        What may be worth knowing: ``scale``, ``corner_pct``, ``corner_ev`` …; numbers or texts.
    """

    defect: Defect
    source: str
    provenance: str = ""
    is_applied: bool = True
    reason: str = ""
    valid_mm: float | None = None
    reach_mm: float | None = None
    figures: tuple[tuple[str, float | str], ...] = ()

    def as_record(self) -> dict[str, Any]:
        """The same, fit for JSON; what says nothing is left out."""
        known = {
            "defect": self.defect,
            "source": self.source,
            "provenance": self.provenance or None,
            "applied": self.is_applied,
            "reason": self.reason or None,
            "valid_mm": self.valid_mm if self.valid_mm is not None and np.isfinite(self.valid_mm) else None,
            "reach_mm": self.reach_mm,
            **dict(self.figures),
        }
        return {name: value for name, value in known.items() if value is not None}

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Correction:
        """What `as_record` has written; names that are not known become figures."""
        own = {"defect", "source", "provenance", "applied", "reason", "valid_mm", "reach_mm"}
        return cls(
            record["defect"],
            record["source"],
            record.get("provenance", ""),
            is_applied=record.get("applied", True),
            reason=record.get("reason", ""),
            valid_mm=record.get("valid_mm"),
            reach_mm=record.get("reach_mm"),
            figures=tuple((name, value) for name, value in record.items() if name not in own),
        )
