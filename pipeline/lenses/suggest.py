"""A draft of a profile, from ordinary pictures by one lens: what they say of it, how surely, what they leave open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tenbit.pipeline.calibrate.colour import COLOURS, Fringes, Shift, shifts_in, together
from tenbit.pipeline.calibrate.edges import Edge, edges
from tenbit.pipeline.calibrate.lines import Straightened
from tenbit.pipeline.calibrate.plumb import Demands, plumbed
from tenbit.pipeline.calibrate.shots import Series, aperture_of, looked_at, once
from tenbit.pipeline.errors import ReadError, RequestError, StageError, TenbitError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.lenses.profile import Light, Measurement, Profile
from tenbit.pipeline.lenses.suggest_light import FallOff, fall_off
from tenbit.pipeline.plots import Curve, Panel

if TYPE_CHECKING:
    from tenbit.pipeline.foreseen import CameraLike
    from tenbit.pipeline.lenses.asked import Asked

SOURCE = "tenbit lenses suggest"
WITHHELD = "draft: estimated from ordinary pictures; applied only where this file is named as the lens"
COMMENT = """\
Written by tenbit lenses suggest: estimated from ordinary pictures, not measured.
Applied only where this file is named as the lens, tenbit develop --lens FILE. Take out 'withheld' to believe it."""
COLUMNS = ("file", "smooth edges", "red at the corner", "blue at the corner")
# Half diagonals from end to end of the shortest edge that is looked at.
SHORTEST = 0.15
# Of ordinary pictures: fewer of the edges are straight, and not so well.
DEMANDS = Demands(fewest=20, straight_part=0.25, reach=0.6, error=0.005)
# Standard deviations of the terms of r² and r⁴ among lenses, half diagonals: half of all bend a corner by 3 % at most.
USUAL = (0.05, 0.02)
# Standard errors from nothing below which a distortion is not told from none.
SURE = 2.0


@dataclass(frozen=True, eq=False)
class _Seen:
    """What one picture shows."""

    lines: list[Edge]
    shifts: Mapping[str, Shift]
    f_number: float | None


@dataclass(frozen=True, eq=False)
class Suggestion:
    """What ordinary pictures say of a lens.

    Parameters
    ----------
    series : Series
    pictures : list of (Path, lines, shifts)
    distortion, colour, light : Straightened, Fringes, FallOff or None
        What was found; None for what pictures leave open.
    left_open : tuple of str
        A line each, why.
    f_number : float or None
        That the fall-off is of.
    """

    series: Series
    pictures: list[tuple[Path, _Seen]]
    distortion: Straightened | None
    colour: Fringes | None
    light: FallOff | None
    left_open: tuple[str, ...]
    f_number: float | None = None

    def table(self) -> list[tuple[str, ...]]:
        """A row per picture, as `COLUMNS`."""
        half, rows = self.series.half_px, []
        for path, seen in self.pictures:
            shifts = (seen.shifts.get(name) for name in COLOURS)
            texts = ("-" if s is None else f"{s.corner * half:+.2f} ± {s.error * half:.2f} px" for s in shifts)
            rows.append((path.name, str(len(seen.lines)), *texts))
        return rows

    def lines(self) -> list[str]:
        """What was found, with its error, then what was not."""
        said = []
        if self.distortion is not None:
            said += self.distortion.lines()
        if self.colour is not None:
            said += self.colour.lines()
        if self.light is not None:
            at = f" at f/{self.f_number:g}" if self.f_number else ""
            said.append(
                f"fall-off {float(self.light.ev(1.0)):+.2f} ± {float(self.light.spread_ev(1.0)):.2f} EV at the corner"
                f"{at}, from {self.light.pictures} pictures"
            )
        return said + [f"left open: {text}" for text in self.left_open]

    def panels(self) -> list[Panel]:
        """A plot of each that was found."""
        panels = [panel for part in (self.distortion, self.colour) if part is not None for panel in part.panels()]
        if self.light is not None:
            radius = np.linspace(0, min(self.light.reach, 1.0), 61)
            at, found, error = radius * self.series.half_mm, self.light.ev(radius), self.light.spread_ev(radius)
            curves = [
                Curve("fall-off", at, found),
                Curve("", at, found - error, "dashed"),
                Curve("± standard error", at, found + error, "dashed"),
            ]
            panels.append(Panel("Fall-off", "mm from the middle", "EV", curves))
        return panels

    def profile(self, *, slug: str, name: str, focal_mm: float | None = None, focus_m: float | None = None) -> Profile:
        """The draft; nothing of it is applied unless the file is named.

        Raises
        ------
        RequestError
            If the pictures say nothing.
        """
        found = [
            part.measurement(focal_mm=focal_mm, focus_m=focus_m)
            for part in (self.distortion, self.colour)
            if part is not None
        ]
        if self.light is not None:
            found.append(self._light(self.light, focal_mm))
        if not found:
            raise RequestError(
                f"nothing of {slug or name} can be told from these pictures: {'; '.join(self.left_open)}"
            )
        drafts = tuple(m.model_copy(update={"source": SOURCE, "withheld": WITHHELD}) for m in found)
        return Profile(name=f"{name} (draft)", lenses=(slug,) if slug else (), measurements=drafts)

    def _light(self, light: FallOff, focal_mm: float | None) -> Measurement:
        law = light.law(self.series.half_mm)
        entry = Light(
            model=law.model,  # type: ignore[arg-type]  # one of a profile's
            unit_mm=round(law.unit_mm, 5),
            terms=tuple(round(term, 5) for term in law.terms),
            focal_mm=focal_mm,
            f_number=self.f_number,
        )
        return Measurement(
            provenance="P0",
            source=SOURCE,
            date=max(self.series.dates, default=None),
            sensor=self.series.sensor or None,
            focal_mm=focal_mm,
            valid_mm=round(min(light.reach, 1.0) * self.series.half_mm + 0.001, 3),
            note=f"fall-off: {light.pictures} pictures, corner ± {float(light.spread_ev(1.0)):.2f} EV",
            vignetting=(entry,),
        )


def suggest(
    paths: Sequence[Path],
    *,
    asked: Asked,
    focal_mm: float | None = None,
    camera: CameraLike = None,
    device: str | None = None,
    said: Callable[[str], None],
) -> tuple[Suggestion, int]:
    """What ordinary pictures say of a lens; one is in memory at a time.

    Parameters
    ----------
    paths : sequence of Path
        Of different things, by one lens on one sensor.
    asked : Asked
        The lens; aperture, and size of the sensor, for files that do not say it.
    focal_mm : float, optional
        What fall-off is usual follows from it.
    camera : str or mapping, optional
        For packed dumps, see `tenbit.pipeline.raw.read`.
    device : str, optional
        See `tenbit.run`.
    said : callable
        Told, a line each, why a file is not used.

    Returns
    -------
    Suggestion
    int
        How many files are not used.

    Raises
    ------
    RequestError
        If the sensor's size is not known, or no file can be used.
    """
    tell = once(said)

    def look(frame: Frame) -> _Seen:
        long = SHORTEST * float(np.hypot(frame.facts.rows, frame.facts.cols)) / 2
        shifts: Mapping[str, Shift] = {}
        with suppress(ReadError, StageError):
            shifts = shifts_in(frame, device=device, said=tell)
        return _Seen(edges(frame, shortest_px=long), shifts, aperture_of(frame, asked)[0])

    series, pictures, refused = looked_at(paths, look, asked=asked, camera=camera, said=said)
    left_open: list[str] = []
    distortion = _distortion(series, pictures, left_open)
    colour: Fringes | None = None
    try:
        shifts = [(path, seen.shifts) for path, seen in pictures]
        colour = Fringes(series, shifts, together([found for _, found in shifts], half_px=series.half_px))
    except RequestError as error:
        left_open.append(f"lateral colour: {error}")
    numbers = Counter(seen.f_number for _, seen in pictures)
    f_number = asked.f_number or numbers.most_common(1)[0][0]
    usable = [path for path, seen in pictures if asked.f_number or seen.f_number == f_number]
    light: FallOff | None = None
    try:
        light = fall_off(_again(usable, camera), focal=focal_mm and focal_mm / series.half_mm)
    except RequestError as error:
        at = f" at f/{f_number:g}" if f_number and len(usable) < len(pictures) else ""
        left_open.append(str(error).replace("fall-off:", f"fall-off{at}:", 1))
    return Suggestion(series, pictures, distortion, colour, light, tuple(left_open), f_number), refused


def _distortion(series: Series, pictures: Sequence[tuple[Path, _Seen]], left_open: list[str]) -> Straightened | None:
    """What makes most of all edges straight, if that is something."""
    shots = [(path, seen.lines) for path, seen in pictures]
    every = [edge for _, found in shots for edge in found]
    try:
        fit = plumbed(every, axis=series.axis, half_px=series.half_px, demands=DEMANDS, usual=USUAL)
    except RequestError as error:
        left_open.append(f"distortion: {error}")
        return None
    found, open_by = float(100 * fit.distortion(fit.valid)), float(100 * fit.error(fit.valid))
    if abs(found) < SURE * open_by:
        at = f"{fit.valid * series.half_mm:.2f} mm"
        left_open.append(f"distortion: {found:+.2f} ± {open_by:.2f} % at {at} cannot be told from none")
        return None
    return Straightened(series, shots, fit)


def _again(paths: Sequence[Path], camera: CameraLike) -> Iterator[Frame]:
    """Frames that were read before."""
    from tenbit.pipeline.raw import read

    for path in paths:
        with suppress(TenbitError):
            yield read(path, camera=camera)
