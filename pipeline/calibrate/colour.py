"""Lateral colour from the edges of many frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tenbit.pipeline.calibrate.shots import Series, looked_at, once
from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.lenses.profile import Colour, Measurement
from tenbit.pipeline.plots import Curve, Panel

if TYPE_CHECKING:
    from tenbit.pipeline.foreseen import CameraLike
    from tenbit.pipeline.lenses.asked import Asked

SOURCE = "tenbit calibrate colour"
COLUMNS = ("file", "red at the corner", "blue at the corner")
CHAIN: tuple[Mapping[str, Any], ...] = ({"black_level": {}}, {"white_balance": {}}, {"lateral_colour": {}})
COLOURS = ("red", "blue")
# Standard error at the corner, pixels, above which nothing is written.
UNSURE_PX = 0.1
# Standard deviations from the others beyond which a frame pulls no harder.
OUTLIER = 2.0
_ROUNDS = 20

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shift:
    """How much larger one colour is imaged than green: ``1 + growth + bend r²``, r in half diagonals.

    Parameters
    ----------
    growth, bend : float
    error : float
        Standard error of their sum, the ratio at the corner.
    frames : int
        That it is known from.
    """

    growth: float
    bend: float
    error: float
    frames: int = 1

    @property
    def corner(self) -> float:
        return self.growth + self.bend


@dataclass(frozen=True, eq=False)
class Fringes:
    """Lateral colour of a lens, by the edges in some frames.

    Parameters
    ----------
    series : Series
    shots : sequence of (Path, shifts)
        Of each frame the colours that there were edges enough for.
    shifts : mapping
        Of all frames together, by colour.
    """

    series: Series
    shots: Sequence[tuple[Path, Mapping[str, Shift]]]
    shifts: Mapping[str, Shift]

    def table(self) -> list[tuple[str, ...]]:
        """A row per frame and one for all, as `COLUMNS`."""
        each = [(path.name, found) for path, found in self.shots]
        return [(name, *(self._text(found.get(colour)) for colour in COLOURS)) for name, found in each]

    def _text(self, shift: Shift | None) -> str:
        half = self.series.half_px
        return "-" if shift is None else f"{shift.corner * half:+.2f} ± {shift.error * half:.2f} px"

    def lines(self) -> list[str]:
        """What was found, for people."""
        said, count = [], len(self.shots)
        for colour in COLOURS:
            shift, per_ratio = self.shifts[colour], 1000 * self.series.half_mm
            said.append(
                f"{colour}: {self._text(shift)} ({shift.corner * per_ratio:+.2f} ± {shift.error * per_ratio:.2f} µm) "
                f"outward at the corner, {self.series.half_mm:.2f} mm; {shift.frames} of {count} "
                f"frame{'s' * (count != 1)}"
            )
        return said

    def panels(self) -> list[Panel]:
        """Displacement over radius."""
        radius = np.linspace(0, 1, 61)
        at = radius * self.series.half_mm
        curves = []
        for colour in COLOURS:
            shift = self.shifts[colour]
            curves.append(Curve(colour, at, 1000 * at * (shift.growth + shift.bend * radius**2)))
        return [Panel("Lateral colour against green", "mm from the middle", "µm", curves)]

    def measurement(self, *, focal_mm: float | None = None, focus_m: float | None = None) -> Measurement:
        """The same as a profile's entry, P0."""
        half = self.series.half_mm
        red, blue = (
            (round(1 + shift.growth, 7), 0.0, round(shift.bend, 7)) for shift in (self.shifts[c] for c in COLOURS)
        )
        error = 1000 * half * max(shift.error for shift in self.shifts.values())
        label = "colour" if focus_m is None else f"colour at {focus_m:g} m"
        date, count = max(self.series.dates, default=None), len(self.shots)
        return Measurement(
            provenance="P0",
            source=SOURCE,
            date=date,
            sensor=self.series.sensor or None,
            focal_mm=focal_mm,
            valid_mm=round(half + 0.001, 3),
            note=f"{label}: {count} frame{'s' * (count != 1)}{f' of {date}' if date else ''}, corner ± {error:.2f} µm",
            lateral_colour=(
                Colour(model="poly3", unit_mm=round(half, 5), red=red, blue=blue, focal_mm=focal_mm, focus_m=focus_m),
            ),
        )


def colour(
    paths: Sequence[Path],
    *,
    asked: Asked,
    camera: CameraLike = None,
    device: str | None = None,
    said: Callable[[str], None],
) -> tuple[Fringes, int]:
    """Lateral colour from the edges of frames; one frame is in memory at a time.

    Parameters
    ----------
    paths : sequence of Path
    asked : Asked
        Size of the sensor, for files that do not say it.
    camera : str or mapping, optional
        For packed dumps, see `tenbit.pipeline.raw.read`.
    device : str, optional
        That the stage `lateral_colour` runs on, see `tenbit.run`.
    said : callable
        Told, a line each, why a frame is not used.

    Returns
    -------
    Fringes
    int
        How many frames are not used.

    Raises
    ------
    RequestError
        If the sensor's size is not known, or there are too few edges.
    """
    tell = once(said)
    series, shots, refused = looked_at(
        paths, lambda frame: shifts_in(frame, device=device, said=tell), asked=asked, camera=camera, said=said
    )
    return Fringes(series, shots, together([found for _, found in shots], half_px=series.half_px)), refused


def shifts_in(
    frame: Frame, *, device: str | None = None, said: Callable[[str], None] | None = None
) -> dict[str, Shift]:
    """What one frame's edges say of each colour.

    Raises
    ------
    ReadError
        If there are not edges enough for either.
    """
    from tenbit.pipeline.run import run

    result = run(frame, CHAIN, device=device, said=said).results.get("lateral_colour")
    half = float(np.hypot(frame.facts.rows, frame.facts.cols)) / 2
    found = {}
    for name in COLOURS:
        if result is not None and result[f"{name}_is_found"]:
            growth, bend = result[f"{name}_scale"] - 1, result[f"{name}_k"]
            found[name] = Shift(float(growth), float(bend), float(result[f"{name}_error_px"]) / half)
    if not found:
        raise ReadError("too few sharp edges to measure lateral colour by")
    return found


def together(shots: Sequence[Mapping[str, Shift]], *, half_px: float) -> dict[str, Shift]:
    """What all frames say of each colour.

    Raises
    ------
    RequestError
        If there are too few edges, or frames contradict each other.
    """
    out = {}
    for name in COLOURS:
        every = [found[name] for found in shots if name in found]
        if not every:
            raise RequestError(f"too few sharp edges in {name}: photograph things with fine detail up to the corners")
        out[name] = _mean(every)
        if out[name].error * half_px > UNSURE_PX:
            raise RequestError(
                f"the edges leave {name} open by {out[name].error * half_px:.2f} px at the corner, more than "
                f"{UNSURE_PX:g}: more frames with fine detail up to the corners are needed"
            )
    return out


def _mean(every: Sequence[Shift]) -> Shift:
    """Several frames' figures by their errors and by what frames differ by beside those, outliers pulling less."""
    growth, bend, error = (np.array([getattr(shift, name) for shift in every]) for name in ("growth", "bend", "error"))
    corner = growth + bend
    scatter = 1.4826 * float(np.median(np.abs(corner - np.median(corner))))
    variance = error**2 + max(scatter**2 - float(np.median(error**2)), 0.0)
    middle = float(np.median(corner))
    for _ in range(_ROUNDS):
        away = np.abs(corner - middle) / np.sqrt(variance)
        weight = np.minimum(1.0, OUTLIER / np.maximum(away, OUTLIER)) / variance
        share = weight / weight.sum()
        middle = float(share @ corner)
    return Shift(float(share @ growth), float(share @ bend), float(np.sqrt((share**2 * variance).sum())), len(every))
