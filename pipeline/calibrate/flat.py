"""What frames of even light tell of a lens on a sensor: its fall-off, and the colour shading of both together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tenbit.kernels import _laws
from tenbit.pipeline.calibrate import shading
from tenbit.pipeline.calibrate.aperture import Aperture, Shot, together
from tenbit.pipeline.calibrate.blocks import blocks_of
from tenbit.pipeline.calibrate.shots import Series, aperture_of, looked_at
from tenbit.pipeline.calibrate.suited import disagreeing, unsuited
from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.lenses.profile import FlatMap, Light, Measurement
from tenbit.pipeline.plots import Curve, Panel

if TYPE_CHECKING:
    from tenbit.pipeline.foreseen import CameraLike
    from tenbit.pipeline.frame import Frame
    from tenbit.pipeline.lenses.asked import Asked
    from tenbit.pipeline.raw.defects import DefectList

SOURCE = "tenbit calibrate flat"
COLUMNS = ("aperture", "frames", "slope of the light", "corner EV", "left EV rms", "left EV most", "R/G corners", "B/G")
POINTS = (25, 33)
"""Of a map, down and across."""
_FEW = 4
# Of colours, standard deviation: what an eye may see in an even sky is twice that.
_UNSURE_PCT = 0.25


@dataclass(frozen=True, eq=False)
class Flats:
    """What all usable frames say.

    Parameters
    ----------
    series : Series
        What they share.
    cfa : str
        Of a Bayer period, four letters.
    apertures : tuple of Aperture
        By f-number.
    illuminant : str or None
    """

    series: Series
    cfa: str
    apertures: tuple[Aperture, ...]
    illuminant: str | None = None

    def table(self) -> list[tuple[str, ...]]:
        """A row per aperture, as `COLUMNS`."""
        rows = []
        corner = np.ones(1)
        for a in self.apertures:
            slopes = [100 * shot.field.slope for shot in a.shots]
            colours = [a.corners(self.cfa.index(letter)) for letter in "RB"]
            rows.append(
                (
                    a.label,
                    str(len(a.shots)),
                    f"{min(slopes):.0f} % … {max(slopes):.0f} %" if len(a.shots) > 1 else f"{slopes[0]:.0f} %",
                    f"{a.lost_ev(corner)[0]:+.2f} ± {a.spread_ev(corner)[0]:.3f}",
                    f"{float(np.sqrt(np.mean(a.left_ev**2))):.4f}",
                    f"{float(np.abs(a.left_ev).max()):.3f}",
                    *(f"{low:+.1f} … {high:+.1f} %" for low, high in colours),
                )
            )
        return rows

    def panels(self) -> list[Panel]:
        """Fall-off over radius, blocks and fit; colours along the diagonal."""
        radius = np.linspace(0, 1, 101)
        light, colour = [], []
        for a in self.apertures:
            v, u = a.shots[0].blocks.points()
            r = np.hypot(v, u)
            found = (a.lost_ev(r) + a.left_ev).reshape(-1)
            rings = np.clip((r.reshape(-1) * 20).astype(int), 0, 19)
            at = [n for n in range(20) if (rings == n).any()]
            mean = [float(found[rings == n].mean()) for n in at]
            where = [float(r.reshape(-1)[rings == n].mean()) * self.series.half_mm for n in at]
            light.append(Curve(f"{a.label} measured", where, mean, "points"))
            light.append(Curve(f"{a.label} fit", radius * self.series.half_mm, np.log2(_laws.light(a.law, radius))))
            along = np.linspace(-1, 1, 101)
            half = np.hypot(self.series.rows, self.series.cols)
            v, u = along * self.series.rows / half, along * self.series.cols / half
            gains = a.gains(v, u)
            green = np.sqrt(np.prod([gains[site] for site in a.shots[0].blocks.greens], axis=0))
            for letter in "RB":
                share = 100 * (green / gains[self.cfa.index(letter)] - 1)
                colour.append(Curve(f"{a.label} {letter}/G", along * self.series.half_mm, share))
        diagonal = "mm from the middle, top left to bottom right"
        return [
            Panel("Fall-off", "mm from the middle", "EV", light),
            Panel("Colour shading", diagonal, "%", colour),
        ]

    def lines(self) -> list[str]:
        """What was found, for people."""
        corner, said = np.ones(1), []
        for a in self.apertures:
            notes = dict.fromkeys(note for shot in a.shots for note in shot.notes)
            said.append(
                f"{a.label}: {a.lost_ev(corner)[0]:+.3f} ± {a.spread_ev(corner)[0]:.3f} EV at the corner, "
                f"{self.series.half_mm:.2f} mm, by {a.law.model}; a slope of the light of "
                f"{max(float(np.hypot(*(shot.field.tilt - a.slope))) for shot in a.shots):.0%} at most was taken out"
            )
            unsure = a.colour_spread()
            remedy = "; more frames, or brighter ones, tell more" if unsure > _UNSURE_PCT else ""
            said.append(f"{a.label}: colours are known to ± {unsure:.2f} % where they are least{remedy}")
            if a.slope.any():
                said.append(f"{a.label}: a slope of {float(np.hypot(*a.slope)):.1%} turns with the camera, and is kept")
            said += [f"{a.label}: {note}" for note in notes]
            if a.f_number is None:
                said.append("the aperture is not known: taken for every one; --f-number tells it")
            if len(a.shots) < _FEW:
                said.append(
                    f"{a.label}: few frames; {_FEW} or more, half of them turned by 180 degrees, average out what else "
                    "the light does"
                )
        return said

    def measurement(self, *, focal_mm: float | None = None, focus_m: float | None = None) -> Measurement:
        """The same as a profile's entry, P0."""
        date = max(self.series.dates, default=None)
        lights, maps, notes = [], [], []
        height, width = self.series.rows * self.series.pixel_mm, self.series.cols * self.series.pixel_mm
        half = np.hypot(self.series.rows, self.series.cols)
        v, u = np.meshgrid(
            np.linspace(-1, 1, POINTS[0]) * self.series.rows / half,
            np.linspace(-1, 1, POINTS[1]) * self.series.cols / half,
            indexing="ij",
        )
        for a in self.apertures:
            settings = {"focal_mm": focal_mm, "f_number": a.f_number, "focus_m": focus_m}
            gains = " ".join(f"{gain:.4f}" for gain in a.gains(v, u).reshape(-1))
            maps.append(
                FlatMap.model_validate(
                    {
                        **settings,
                        "cfa": self.cfa,
                        "height_mm": round(height, 4),
                        "width_mm": round(width, 4),
                        "points": POINTS,
                        "gains": gains,
                        "illuminant": self.illuminant,
                    }
                )
            )
            terms = [round(term, 5) for term in a.law.terms]
            light = {"model": a.law.model, "unit_mm": round(self.series.half_mm, 4), "terms": terms}
            lights.append(Light.model_validate({**settings, **light}))
            corner = a.spread_ev(np.ones(1))[0]
            notes.append(
                f"{a.label}: {len(a.shots)} frame{'s' if len(a.shots) > 1 else ''}"
                f"{f' of {date}' if date else ''}, corner ± {corner:.3f} EV"
            )
        pitch = f"pixels: {1000 * self.series.pixel_mm:.4g} µm"
        return Measurement(
            provenance="P0",
            source=SOURCE,
            date=date,
            sensor=self.series.sensor or None,
            focal_mm=focal_mm,
            # A hair more than the corner, whose radius no rounding may pass.
            valid_mm=round(self.series.half_mm + 0.001, 3),
            note="; ".join([*notes, pitch]),
            vignetting=tuple(lights),
            flat=tuple(maps),
        )


def flat(
    paths: Sequence[Path],
    *,
    asked: Asked,
    camera: CameraLike = None,
    f_number: float | None = None,
    illuminant: str | None = None,
    is_turned: bool = False,
    defects: DefectList | None = None,
    said: Callable[[str], None],
) -> tuple[Flats, int]:
    """What frames of even light say; one of them is in memory at a time.

    Parameters
    ----------
    paths : sequence of Path
    asked : Asked
        The lens; size of the sensor, for files that do not say it.
    camera : str or mapping, optional
        For packed dumps, see `tenbit.pipeline.raw.read`.
    f_number : float, optional
        Of all frames, for files that do not say theirs.
    illuminant : str, optional
        What the light was, for the profile.
    is_turned : bool
        Some frames were taken with the camera turned by 180 degrees, in the same light.
    defects : DefectList, optional
        Sites that are left out.
    said : callable
        Told, a line each, why a frame is not used.

    Returns
    -------
    Flats
    int
        How many frames are not used.

    Raises
    ------
    ReadError
        If no frame is left.
    RequestError
        If the sensor's size is not known.

    Notes
    -----
    The slope of the light, of each frame its own, is taken out: what a lens and a sensor would have of it, one that is
    not centred, cannot be told from it, in green. It can where the camera was turned: its own slope turns with it.
    """
    refused: list[str] = []

    def refuse(text: str) -> None:
        refused.append(text)
        said(text)

    def look(frame: Frame) -> Shot:
        told, not_used = (f_number, "") if f_number else aperture_of(frame, asked)
        shot = _shot(frame if defects is None else defects.on(frame), told)
        return replace(shot, notes=(*shot.notes, f"not used: {not_used}")) if not_used else shot

    try:
        series, seen, _ = looked_at(paths, look, asked=asked, camera=camera, said=refuse)
    except RequestError as error:
        if len(refused) < len(paths):
            raise
        raise ReadError(str(error)) from None
    kept: dict[float | None, list[Shot]] = defaultdict(list)
    for _, shot in seen:
        kept[shot.f_number].append(shot)
    apertures = []
    for aperture in sorted(kept, key=lambda n: n or 0.0):
        shots = kept[aperture]
        for shot, reason in disagreeing([(shot, shot.field, shot.blocks) for shot in shots]):
            refuse(f"{shot.path}: {reason}")
            shots = [other for other in shots if other is not shot]
        if shots:
            apertures.append(together(aperture, shots, is_turned=is_turned))
    if not apertures:
        raise ReadError(f"none of {len(paths)} files can be used")
    cfa = apertures[0].shots[0].blocks.cfa
    return Flats(series, cfa, tuple(apertures), illuminant), len(refused)


def _shot(frame: Frame, f_number: float | None) -> Shot:
    """One frame in parts.

    Raises
    ------
    ReadError
        If it is no frame of even light.
    """
    from tenbit.pipeline.lenses import match

    identity = match.identify(frame)
    undone = match.light_withheld(frame, identity)
    if identity.is_coded_leica:
        raise ReadError(undone)
    blocks = blocks_of(frame)
    field = shading.field_of(blocks)
    if reason := unsuited(blocks, field):
        raise ReadError(reason)
    notes = [undone] if undone else []
    if any(opcode.name in ("GainMap", "FixVignetteRadial") for opcode in frame.facts.opcodes):
        notes.append("the files have a correction of their own, which comes before this one when they are developed")
    return Shot(frame.source, blocks, field, f_number, tuple(notes))
