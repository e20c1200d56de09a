"""Where a measurement of a lens is kept: the user's profile of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses.profile import Measurement, Profile


@dataclass(frozen=True)
class Place:
    """A profile file of the user's.

    Parameters
    ----------
    slug : str
        Of the lens; empty for one that is in no catalogue.
    name : str
    path : Path
    focals_mm : tuple of float
        That the lens can be set to, as far as the catalogue knows.
    """

    slug: str
    name: str
    path: Path
    focals_mm: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        return self.slug or self.name


def place_for(lens: str, output: Path | None = None, *, focal_mm: float | None = None) -> Place:
    """Where measurements of a lens belong; fails before anything is measured if they cannot be kept.

    Parameters
    ----------
    lens : str
        Slug or name; with an output also of a lens that is in no catalogue.
    output : Path, optional
        By default the lens's file in the folder of the user's profiles.
    focal_mm : float, optional
        That the lens was set to; needed of a lens that has several.

    Raises
    ------
    RequestError
        If there is no such lens, it could be several, its focal length is not told, or the output is no YAML file.
    ReadError
        If the file is there and is no profile.
    """
    from tenbit.pipeline.lenses import files, names

    if output is not None and output.suffix not in (".yaml", ".yml"):
        raise RequestError(f"--output: {output} is no .yaml file")
    is_own = output is not None and not names.find(lens).slugs
    place = Place("", lens, output) if is_own and output else _known_place(lens, output)
    if len(place.focals_mm) > 1 and focal_mm not in place.focals_mm:
        lengths = ", ".join(f"{length:g}" for length in place.focals_mm)
        raise RequestError(f"--focal: {place.slug} has {lengths} mm; which of them was it set to?")
    if place.path.exists():
        files.load_profile(place.path)
    return place


def _known_place(lens: str, output: Path | None) -> Place:
    from tenbit.pipeline.lenses import catalogue, names

    try:
        found = names.resolved(lens, "--lens")
    except RequestError as error:
        if names.find(lens).slugs:
            raise
        raise RequestError(f"{error}; a lens that is in no catalogue needs -o, a file named after it") from None
    if len(found) != 1:
        raise RequestError(f"--lens: {lens!r} could be {', '.join(found)}; name one")
    known = catalogue.lens(found[0])
    return Place(found[0], known.name, output or catalogue.user_folder() / f"{found[0]}.yaml", known.focal_mm)


def keep(place: Place, measurement: Measurement, *, is_replacing: bool = False) -> None:
    """Write a measurement into its place, beside what is there.

    Raises
    ------
    RequestError
        If one for the same settings is there and may not be replaced.
    ReadError
        If what is there is no profile.
    WriteError
        If it cannot be written.
    """
    from tenbit.pipeline.calibrate.merging import merged
    from tenbit.pipeline.lenses import files

    old: Profile | None = files.load_profile(place.path) if place.path.exists() else None
    whole = merged(old, measurement, slug=place.slug, name=place.name, path=place.path, is_replacing=is_replacing)
    files.write_profile(place.path, whole, f"Written by {measurement.source}.")
