"""Distortion from frames of things with straight edges: a chart, a grid, a wall of bricks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tenbit.pipeline.calibrate.edges import Edge, Points, edges
from tenbit.pipeline.calibrate.plumb import Demands, Plumbed, plumbed
from tenbit.pipeline.calibrate.shots import Series, looked_at
from tenbit.pipeline.calibrate.straightness import Model
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.lenses.profile import Distortion, Measurement
from tenbit.pipeline.plots import Curve, Panel

if TYPE_CHECKING:
    from tenbit.pipeline.foreseen import CameraLike
    from tenbit.pipeline.lenses.asked import Asked

SOURCE = "tenbit calibrate lines"
COLUMNS = ("file", "lines", "straight", "longest", "before", "after")
# Half diagonals from end to end of the shortest line that is looked at.
SHORTEST = 0.12


@dataclass(frozen=True, eq=False)
class Straightened:
    """Distortion of a lens, by the lines in some frames.

    Parameters
    ----------
    series : Series
    shots : list of (Path, lines)
    fit : Plumbed
        Of all lines together.
    """

    series: Series
    shots: list[tuple[Path, list[Edge]]]
    fit: Plumbed

    def table(self) -> list[tuple[str, ...]]:
        """A row per frame, as `COLUMNS`; what lines are away from straight is in pixels, root mean square."""
        rows, at = [], 0
        for path, found in self.shots:
            here = slice(at, at + len(found))
            at += len(found)
            is_straight = self.fit.straight[here]
            longest = max((edge.length_px for edge in found), default=0.0)
            off = [_mean(spread[here][is_straight]) for spread in (self.fit.curves_before_px, self.fit.curves_after_px)]
            rows.append(
                (
                    path.name,
                    str(len(found)),
                    str(int(is_straight.sum())),
                    f"{longest / self.series.half_px:.0%} of half the diagonal",
                    *(f"{value:.2f} px" if np.isfinite(value) else "-" for value in off),
                )
            )
        return rows

    def lines(self) -> list[str]:
        """What was found, for people."""
        fit, half = self.fit, self.series.half_mm
        valid, corner = float(100 * fit.distortion(fit.valid)), float(100 * fit.distortion(1.0))
        errors = [float(100 * fit.error(radius)) for radius in (fit.valid, 1.0)]
        said = [
            f"{int(fit.straight.sum())} lines in {len(self.shots)} frame{'s' * (len(self.shots) != 1)}: "
            f"{fit.before_px:.2f} px from straight before, {fit.after_px:.2f} px after (root mean square)",
            f"distortion {valid:+.3f} ± {errors[0]:.3f} % at {fit.valid * half:.2f} mm, the farthest that lines reach",
            f"distortion {corner:+.3f} ± {errors[1]:.3f} % at the corner, {half:.2f} mm",
        ]
        if any(fit.centre):
            down, right = (1000 * value * half for value in fit.centre)
            said.append(f"centre {down:+.0f} µm down and {right:+.0f} µm right of the middle")
        if abs(valid) < 2 * errors[0]:
            said.append("no distortion that could be told from none")
        return said

    def panels(self) -> list[Panel]:
        """Distortion over radius, with its error, as far as lines reach."""
        fit, half = self.fit, self.series.half_mm
        radius = np.linspace(0.02, fit.valid, 60)
        found, error = 100 * fit.distortion(radius), 100 * fit.error(radius)
        at = radius * half
        curves = [
            Curve("distortion", at, found),
            Curve("", at, found - error, "dashed"),
            Curve("± standard error", at, found + error, "dashed"),
        ]
        return [Panel("Distortion", "mm from the middle", "%", curves)]

    def measurement(self, *, focal_mm: float | None = None, focus_m: float | None = None) -> Measurement:
        """The same as a profile's entry, P0."""
        fit, half = self.fit, self.series.half_mm
        frames = len(self.shots)
        entry = Distortion(
            model=fit.law.model,  # type: ignore[arg-type]  # one of two of its models
            unit_mm=round(half, 5),
            terms=tuple(float(f"{term:.6g}") for term in fit.law.terms),
            centre_mm=(round(fit.centre[0] * half, 4), round(fit.centre[1] * half, 4)),
            residual_pct=round(float(100 * fit.error(np.linspace(0.1, fit.valid, 20)).max()), 4),
            focal_mm=focal_mm,
            focus_m=focus_m,
        )
        label = "lines" if focus_m is None else f"lines at {focus_m:g} m"
        date = max(self.series.dates, default=None)
        return Measurement(
            provenance="P0",
            source=SOURCE,
            date=date,
            sensor=self.series.sensor or None,
            focal_mm=focal_mm,
            valid_mm=round(fit.valid * half, 3),
            note=f"{label}: {int(fit.straight.sum())} in {frames} frame{'s' * (frames != 1)}"
            f"{f' of {date}' if date else ''}, {fit.after_px:.2f} px from straight",
            distortion=(entry,),
        )


def lines(
    paths: Sequence[Path],
    *,
    asked: Asked,
    camera: CameraLike = None,
    model: Model = "even",
    demands: Demands | None = None,
    said: Callable[[str], None],
) -> tuple[Straightened, int]:
    """Distortion from the straight edges in frames; one frame is in memory at a time.

    Parameters
    ----------
    paths : sequence of Path
    asked : Asked
        Size of the sensor, for files that do not say it.
    camera : str or mapping, optional
        For packed dumps, see `tenbit.pipeline.raw.read`.
    model : {"even", "ptlens"}
    demands : Demands, optional
        What lines must be to be believed.
    said : callable
        Told, a line each, why a frame is not used.

    Returns
    -------
    Straightened
    int
        How many frames are not used.

    Raises
    ------
    RequestError
        If the sensor's size is not known, no frame can be used, or the lines do not tell the distortion; says why.
    """
    series, shots, refused = looked_at(
        paths, partial(found_in, shortest=SHORTEST), asked=asked, camera=camera, said=said
    )
    every = [edge for _, found in shots for edge in found]
    fit = plumbed(every, axis=series.axis, half_px=series.half_px, model=model, demands=demands)
    return Straightened(series, shots, fit), refused


def found_in(frame: Frame, *, shortest: float) -> list[Edge]:
    """The lines in a frame, from so many half diagonals in length.

    Raises
    ------
    ReadError
        If there is none.
    """
    found = edges(frame, shortest_px=shortest * float(np.hypot(frame.facts.rows, frame.facts.cols)) / 2)
    if not found:
        raise ReadError("no long smooth edge was found: dark, blurred, or nothing straight in it")
    return found


def _mean(values: Points) -> float:
    """Root mean square; NaN of nothing."""
    return float(np.sqrt(np.mean(values**2))) if len(values) else float("nan")
