"""A profile whose file the user names, of ours or of another program; and for which focal lengths profiles are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tenbit.pipeline.errors import RequestError

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.profile import Profile

_KINDS = ("distortion", "lateral_colour", "vignetting", "flat")


def profile_in(path: Path, sensor_mm: tuple[float, float] | None = None) -> tuple[Profile, tuple[str, ...]]:
    """The profile in a file, and what of it is left out; read again when the file has changed.

    Parameters
    ----------
    path : Path
    sensor_mm : tuple of float, optional
        (height, width) of the frame: a map of CornerFix's is of its own sensor. Other files may be of another's.

    Raises
    ------
    ReadError
        If it is not there or broken.
    RequestError
        If it is of a kind that has to be imported with more than its file says.
    """
    changed_ns = path.stat().st_mtime_ns if path.is_file() else 0  # it may have gone; reading it says so
    return _loaded(path, changed_ns, sensor_mm if path.suffix.lower() == ".cpf" else None)


@lru_cache(maxsize=16)
def _loaded(path: Path, _changed_ns: int, sensor_mm: tuple[float, float] | None) -> tuple[Profile, tuple[str, ...]]:
    from tenbit.pipeline.lenses import files, imports

    if path.suffix.lower() not in imports.SUFFIXES:
        return files.load_profile(path), ()
    if sensor_mm is not None:
        imported = imports.import_file(path, imports.Wishes(sensor_mm=sensor_mm))
    else:
        try:
            imported = imports.import_file(path)
        except RequestError as fault:
            raise RequestError(f"{fault}, to tenbit lenses import") from None
    return imported.profile, tuple(f"{path.name}: {text}" for text in imported.left_out)


def focals_of(profiles: Iterable[Profile]) -> tuple[float, ...]:
    """Focal lengths, mm, at which profiles were measured; empty where they do not say."""
    found: set[float] = set()
    for measurement in (m for profile in profiles for m in profile.measurements):
        entries = [entry.focal_mm for kind in _KINDS for entry in getattr(measurement, kind) if entry.focal_mm]
        found |= set(entries or ([measurement.focal_mm] if measurement.focal_mm else []))
    return tuple(sorted(found))
