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
    slug, name : str
        Of the lens.
    path : Path
    """

    slug: str
    name: str
    path: Path


def place_for(lens: str, output: Path | None = None) -> Place:
    """Where measurements of a lens belong.

    Parameters
    ----------
    lens : str
        Slug or name.
    output : Path, optional
        By default the lens's file in the folder of the user's profiles.

    Raises
    ------
    RequestError
        If there is no such lens, it could be several, or the output is no YAML file.
    """
    from tenbit.pipeline.lenses import catalogue, names

    if output is not None and output.suffix not in (".yaml", ".yml"):
        raise RequestError(f"--output: {output} is no .yaml file")
    found = names.resolved(lens, "--lens")
    if len(found) != 1:
        raise RequestError(f"--lens: {lens!r} could be {', '.join(found)}; name one")
    return Place(found[0], catalogue.lens(found[0]).name, output or catalogue.user_folder() / f"{found[0]}.yaml")


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
