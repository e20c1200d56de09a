"""Frames of one lens on one sensor, looked at one after the other; those that do not fit are left out with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tenbit.pipeline.errors import ReadError, RequestError, StageError, TenbitError
from tenbit.pipeline.frame import Frame

if TYPE_CHECKING:
    from tenbit.pipeline.foreseen import CameraLike
    from tenbit.pipeline.lenses.asked import Asked

Seen = TypeVar("Seen")
NO_SENSOR = "the size of the sensor is not known; give --sensor, 24x36 or the like, in mm"


@dataclass(frozen=True)
class Series:
    """What frames share.

    Parameters
    ----------
    rows, cols : int
    axis : tuple of float
        (row, col) of the middle.
    pixel_mm : float
    sensor : str
        Camera, as profiles name it; empty when the files do not say.
    dates : tuple of str
        ``YYYY-MM-DD`` of the frames that count.
    kind : str
        For messages.
    focal_mm : float or None
        What the files say, for zooms.
    """

    rows: int
    cols: int
    axis: tuple[float, float]
    pixel_mm: float
    sensor: str
    dates: tuple[str, ...]
    kind: str
    focal_mm: float | None = None

    @property
    def half_px(self) -> float:
        """Half of the diagonal."""
        return float(np.hypot(self.rows, self.cols) / 2)

    @property
    def half_mm(self) -> float:
        return self.half_px * self.pixel_mm


def looked_at(
    paths: Sequence[Path],
    look: Callable[[Frame], Seen],
    *,
    asked: Asked,
    camera: CameraLike = None,
    said: Callable[[str], None],
) -> tuple[Series, list[tuple[Path, Seen]], int]:
    """What is seen in each frame; one is in memory at a time.

    Parameters
    ----------
    paths : sequence of Path
    look : callable
        Raises `ReadError` or `StageError` for a frame that is not to be used.
    asked : Asked
        Size of the sensor, for files that do not say it; what lies beside a file comes after it.
    camera : str or mapping, optional
        For packed dumps, see `tenbit.pipeline.raw.read`.
    said : callable
        Told, a line each, why a frame is not used.

    Returns
    -------
    Series
    list of (Path, seen)
    int
        How many frames are not used.

    Raises
    ------
    RequestError
        If the sensor's size is not known, or no frame can be used.
    """
    series: Series | None = None
    dates: list[str] = []
    found: list[tuple[Path, Seen]] = []
    for path, frame in _each(paths, camera, said):
        try:
            here = _series(frame, asked)
            if series is not None and here.kind != series.kind:
                raise ReadError(f"a frame of {here.kind}; the first was of {series.kind}")
            found.append((path, look(frame)))
        except (ReadError, StageError) as error:
            said(f"{path}: {error.reason if isinstance(error, ReadError) else error}")
            continue
        series = series or here
        dates += filter(None, [_day(path, frame.exif.taken)])
    if series is None:
        raise RequestError(f"none of {len(paths)} file{'s' * (len(paths) != 1)} can be used")
    series = Series(**{**series.__dict__, "dates": tuple(dates)})
    return series, found, len(paths) - len(found)


def once(said: Callable[[str], None]) -> Callable[[str], None]:
    """The same, but that what it was told before it is not told again."""
    told: set[str] = set()

    def new(text: str) -> None:
        if text not in told:
            told.add(text)
            said(text)

    return new


def aperture_of(frame: Frame, asked: Asked) -> tuple[float | None, str]:
    """The f-number of a frame, as it is when the frame is developed; and why the one in its file is not believed.

    A phone or an adapter tells its own aperture, not that of the lens on it.
    """
    from tenbit.pipeline.lenses import match

    identity = match.identify(frame, asked=match.asked_for(frame.source, asked))
    if identity.f_number is None:
        return None, identity.sources.get("not_used", "")
    # What a camera guesses is another number in every frame.
    return (frame.exif.f_number if identity.is_f_number_estimated else identity.f_number), ""


def _each(paths: Sequence[Path], camera: CameraLike, said: Callable[[str], None]) -> Iterator[tuple[Path, Frame]]:
    from tenbit.pipeline.raw import read

    for path in paths:
        try:
            frame = read(path, camera=camera)
        except TenbitError as error:
            said(f"{path}: {error.reason if isinstance(error, ReadError) else error}")
            continue
        yield path, frame


def _series(frame: Frame, asked: Asked) -> Series:
    from tenbit.pipeline.lenses import match

    facts, exif = frame.facts, frame.exif
    pixel_mm = match.pixel_mm(frame, match.asked_for(frame.source, asked))
    if pixel_mm is None:
        raise RequestError(NO_SENSOR)
    camera = " ".join(part for part in (exif.make, exif.model) if part)
    size = f"{facts.rows} x {facts.cols} {facts.cfa.name if facts.cfa else 'without sites'}"
    focal = f" at {exif.focal_mm:g} mm" if exif.focal_mm else ""
    kind = (f"{camera}, {size}" if camera else size) + focal
    return Series(
        facts.rows, facts.cols, facts.optical_centre, pixel_mm, match.sensor_name(frame), (), kind, exif.focal_mm
    )


def _day(path: Path, taken: str | None) -> str | None:
    """``YYYY-MM-DD`` as the camera has it, else of the file."""
    if taken and len(taken) >= 10 and taken[:4].isdigit() and taken[:4] != "0000":
        return taken[:10].replace(":", "-")
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    except OSError:
        return None
