"""What frames of even light tell of a lens on a sensor: its fall-off, and the colour shading of both together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tenbit.kernels import _laws
from tenbit.kernels._facts import Array
from tenbit.kernels._optics import Law
from tenbit.pipeline.calibrate import shading
from tenbit.pipeline.calibrate.blocks import Blocks, blocks_of
from tenbit.pipeline.calibrate.shading import Field
from tenbit.pipeline.calibrate.suited import disagreeing, unsuited
from tenbit.pipeline.errors import ReadError, RequestError, TenbitError
from tenbit.pipeline.lenses.profile import FlatMap, Light, Measurement
from tenbit.pipeline.plots import Curve, Panel

if TYPE_CHECKING:
    from tenbit.pipeline.batch import CameraLike
    from tenbit.pipeline.frame import Frame
    from tenbit.pipeline.lenses.asked import Asked
    from tenbit.pipeline.raw.defects import DefectList

SOURCE = "tenbit calibrate flat"
COLUMNS = ("aperture", "frames", "slope of the light", "corner EV", "left EV rms", "left EV most", "R/G corners", "B/G")
POINTS = (25, 33)
"""Of a map, down and across."""
# Further from the fit than this, a polynomial of three terms is left for a table, EV.
_PA_MISFIT_EV = 0.015
_TABLE_POINTS = 25
_EV = 1 / np.log(2.0)


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame of even light."""

    path: Path
    blocks: Blocks
    field: Field
    f_number: float | None
    taken: str | None
    """``YYYY-MM-DD``."""


@dataclass(frozen=True, eq=False)
class Aperture:
    """What the frames of one aperture say together.

    Parameters
    ----------
    f_number : float or None
    shots : tuple of Shot
    radial, strange : array
        Terms of `shading.radial` and of `shading.strange`.
    colours : array
        (4, terms) of `shading.coloured`, a row per site.
    spread : array
        (draws, RADIAL): terms as other frames would have given them.
    left_ev : array
        (down, across): what the fit leaves of the frames' mean, EV.
    law : Law
        Of the light that is left; radii in half diagonals.
    """

    f_number: float | None
    shots: tuple[Shot, ...]
    radial: Array
    strange: Array
    colours: Array
    spread: Array
    left_ev: Array
    law: Law

    @property
    def label(self) -> str:
        return "f/?" if self.f_number is None else f"f/{self.f_number:g}"

    def gains(self, v: Array, u: Array) -> Array:
        """(4, …): what undoes fall-off and shading at points (down, right), half diagonals; 1 in the middle."""
        out = []
        for terms in self.colours:
            lost = [
                shading.radial(down, right) @ self.radial
                + shading.strange(down, right) @ self.strange
                + shading.coloured(down, right) @ terms
                for down, right in ((v, u), (np.zeros(1), np.zeros(1)))
            ]
            out.append(np.exp(lost[1] - lost[0]))
        return np.stack(out)

    def lost_ev(self, radius: Array) -> Array:
        """EV that the radial fit loses at radii in half diagonals; negative numbers."""
        return np.asarray(shading.radial(radius, np.zeros_like(radius)) @ self.radial * _EV)

    def spread_ev(self, radius: Array) -> Array:
        """Standard deviation of `lost_ev`."""
        powers = shading.radial(radius, np.zeros_like(radius))
        return np.asarray((powers @ self.spread.T).std(axis=-1) * _EV)

    def corners(self, site: int) -> tuple[float, float]:
        """Least and most of a site over the greens' mean in the four corners, relative to the middle, percent."""
        down, across = self.shots[0].blocks.down, self.shots[0].blocks.across
        v, u = np.meshgrid(down[[0, -1]], across[[0, -1]], indexing="ij")
        shape, middle = shading.coloured(v, u), shading.coloured(np.zeros(1), np.zeros(1))
        found = 100 * (np.exp(shape @ self.colours[site] - middle @ self.colours[site]) - 1)
        return float(found.min()), float(found.max())


@dataclass(frozen=True, eq=False)
class Flats:
    """What all usable frames say.

    Parameters
    ----------
    rows, cols : int
    pixel_mm : float
    sensor : str
        Camera, as profiles name it.
    cfa : str
        Of a Bayer period, four letters.
    apertures : tuple of Aperture
        By f-number.
    date : str or None
        Of the latest frame.
    notes : tuple of str
    """

    rows: int
    cols: int
    pixel_mm: float
    sensor: str
    cfa: str
    apertures: tuple[Aperture, ...]
    date: str | None
    notes: tuple[str, ...] = ()

    @property
    def corner_mm(self) -> float:
        return float(np.hypot(self.rows, self.cols) / 2 * self.pixel_mm)

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
            where = [float(r.reshape(-1)[rings == n].mean()) * self.corner_mm for n in at]
            light.append(Curve(f"{a.label} measured", where, mean, "points"))
            light.append(Curve(f"{a.label} fit", radius * self.corner_mm, np.log2(_laws.light(a.law, radius))))
            along = np.linspace(-1, 1, 101)
            half = np.hypot(self.rows, self.cols)
            v, u = along * self.rows / half, along * self.cols / half
            gains = a.gains(v, u)
            green = np.sqrt(np.prod([gains[site] for site in a.shots[0].blocks.greens], axis=0))
            for letter in "RB":
                share = 100 * (green / gains[self.cfa.index(letter)] - 1)
                colour.append(Curve(f"{a.label} {letter}/G", along * self.corner_mm, share))
        diagonal = "mm from the middle, top left to bottom right"
        return [
            Panel("Fall-off", "mm from the middle", "EV", light),
            Panel("Colour shading", diagonal, "%", colour),
        ]

    def measurement(
        self, *, focal_mm: float | None = None, focus_m: float | None = None, illuminant: str | None = None
    ) -> Measurement:
        """The same as a profile's entry, P0."""
        lights, maps, notes = [], [], []
        height, width = self.rows * self.pixel_mm, self.cols * self.pixel_mm
        half = np.hypot(self.rows, self.cols)
        v, u = np.meshgrid(
            np.linspace(-1, 1, POINTS[0]) * self.rows / half,
            np.linspace(-1, 1, POINTS[1]) * self.cols / half,
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
                        "illuminant": illuminant,
                    }
                )
            )
            terms = [round(term, 5) for term in a.law.terms]
            light = {"model": a.law.model, "unit_mm": round(self.corner_mm, 4), "terms": terms}
            lights.append(Light.model_validate({**settings, **light}))
            corner = a.spread_ev(np.ones(1))[0]
            notes.append(
                f"{a.label}: {len(a.shots)} frame{'s' if len(a.shots) > 1 else ''}"
                f"{f' of {self.date}' if self.date else ''}, corner ± {corner:.3f} EV"
            )
        pitch = f"pixels: {1000 * self.pixel_mm:.4g} µm"
        return Measurement(
            provenance="P0",
            source=SOURCE,
            date=self.date,
            sensor=self.sensor or None,
            focal_mm=focal_mm,
            # A hair more than the corner, whose radius no rounding may pass.
            valid_mm=round(self.corner_mm + 0.001, 3),
            note="; ".join([*notes, pitch]),
            vignetting=tuple(lights),
            flat=tuple(maps),
        )


def flat(
    paths: Sequence[Path],
    *,
    asked: Asked,
    camera: CameraLike = None,
    defects: DefectList | None = None,
    said: Callable[[str], None],
) -> tuple[Flats | None, int]:
    """What frames of even light say; the first and one other of them are in memory at a time.

    Parameters
    ----------
    paths : sequence of Path
    asked : Asked
        Aperture and size of the sensor, for files that say neither.
    camera : str or mapping, optional
        For packed dumps, see `tenbit.pipeline.raw.read`.
    defects : DefectList, optional
        Sites that are left out.
    said : callable
        Told, a line each, why a frame is not used.

    Returns
    -------
    Flats or None
        None if no frame is left.
    int
        How many frames are not used.

    Raises
    ------
    RequestError
        If the sensor's size is not known.

    Notes
    -----
    The slope of the light, of each frame its own, is taken out: what a lens and a sensor would have of it cannot be
    told apart, in green. Frames turned by 180 degrees to each other average out what else is odd of the light.
    """
    from tenbit.pipeline.lenses import match
    from tenbit.pipeline.raw import read

    first: Frame | None = None
    kept: dict[float | None, list[Shot]] = defaultdict(list)
    refused = 0
    for path in paths:
        try:
            frame = read(path, camera=camera)
            if first is not None and _kind(frame) != _kind(first):
                raise ReadError(f"a frame of {_kind(frame)}; the first was of {_kind(first)}")
            shot = _shot(path, frame if defects is None else defects.on(frame), asked.f_number)
            kept[shot.f_number].append(shot)
            first = first or frame
        except TenbitError as error:
            said(f"{path}: {error.reason if isinstance(error, ReadError) else error}")
            refused += 1
    if first is None:
        return None, refused
    pixel_mm = match.pixel_mm(first, asked)
    if pixel_mm is None:
        raise RequestError("the size of the sensor is not known; give --sensor, 24x36 or the like, in mm")
    apertures = []
    for f_number in sorted(kept, key=lambda n: n or 0.0):
        shots = kept[f_number]
        for shot, reason in disagreeing([(shot, shot.field, shot.blocks) for shot in shots]):
            said(f"{shot.path}: {reason}")
            shots = [other for other in shots if other is not shot]
            refused += 1
        if shots:
            apertures.append(_together(f_number, shots))
    if not apertures:
        return None, refused
    assert first.facts.cfa is not None
    dates = [shot.taken for a in apertures for shot in a.shots if shot.taken]
    return Flats(
        first.facts.rows,
        first.facts.cols,
        pixel_mm,
        match.sensor_name(first),
        first.facts.cfa.name[-4:],
        tuple(apertures),
        max(dates, default=None),
        tuple(_notes(first, apertures)),
    ), refused


def _shot(path: Path, frame: Frame, f_number: float | None) -> Shot:
    """One frame in parts.

    Raises
    ------
    ReadError
        If it is no frame of even light.
    """
    blocks = blocks_of(frame)
    field = shading.field_of(blocks)
    if reason := unsuited(blocks, field):
        raise ReadError(reason)
    return Shot(path, blocks, field, f_number or frame.exif.f_number, _day(path, frame.exif.taken))


def _day(path: Path, taken: str | None) -> str | None:
    """``YYYY-MM-DD`` as the camera has it, else of the file."""
    if taken and len(taken) >= 10 and taken[:4].isdigit() and taken[:4] != "0000":
        return taken[:10].replace(":", "-")
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    except OSError:
        return None


def _kind(frame: Frame) -> str:
    """Camera, size and CFA, which frames of one measurement share."""
    facts = frame.facts
    camera = " ".join(part for part in (frame.exif.make, frame.exif.model) if part)
    size = f"{facts.rows} x {facts.cols} {facts.cfa.name if facts.cfa else 'without sites'}"
    return f"{camera}, {size}" if camera else size


def _together(f_number: float | None, shots: Sequence[Shot]) -> Aperture:
    """Mean of the frames of one aperture."""
    fields, blocks = [shot.field for shot in shots], shots[0].blocks
    terms = np.mean([f.terms for f in fields], axis=0)
    radial, strange = terms[: shading.RADIAL], terms[shading.RADIAL :]
    v, u = blocks.points()
    parts = np.concatenate([shading.radial(v, u), shading.strange(v, u)], -1)
    own, common = np.stack([f.left + parts @ f.terms for f in fields]), parts @ terms
    weights = np.stack([f.weights for f in fields])
    left = ((own - common) * weights).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-9)
    return Aperture(
        f_number,
        tuple(shots),
        radial,
        strange,
        shading.colour_terms(fields, blocks),
        shading.radial_spread(fields, blocks),
        left * _EV,
        law_of(radial),
    )


def law_of(radial: Array) -> Law:
    """A law of light, in half diagonals, for terms of `shading.radial`: ``pa`` where that follows, else a table."""
    radius = np.linspace(0, 1, 201)
    powers = shading.radial(radius, np.zeros_like(radius))
    light = np.exp(powers @ radial)
    terms = np.linalg.lstsq(powers[:, :3], light - 1, rcond=None)[0]
    fitted = 1 + powers[:, :3] @ terms
    if fitted.min() > 0 and np.abs(np.log2(fitted / light)).max() < _PA_MISFIT_EV:
        return Law("pa", tuple(terms.tolist()), 1.0)
    points = np.linspace(0, 1, _TABLE_POINTS)
    lost = shading.radial(points, np.zeros_like(points)) @ radial * _EV
    return Law("table", tuple(np.stack([points, lost], -1).reshape(-1).tolist()), 1.0)


def _notes(frame: Frame, apertures: Sequence[Aperture]) -> list[str]:
    """What people should know beside the figures."""
    notes = []
    if any(a.f_number is None for a in apertures):
        notes.append("the files say no aperture: the measurement is taken for every one; --f-number tells it")
    if any(opcode.name in ("GainMap", "FixVignetteRadial") for opcode in frame.facts.opcodes):
        notes.append("the files have a correction of their own, which comes before this one when they are developed")
    if any(len(a.shots) < 4 for a in apertures):
        notes.append("few frames: four or more, half of them turned by 180 degrees, average out what light is uneven")
    return notes
