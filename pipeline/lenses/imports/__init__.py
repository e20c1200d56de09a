"""What others have measured, as profiles: lensfun's database, Adobe's, CornerFix's and gyroflow's files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses.imports.imported import Imported, Wishes

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.asked import Asked
    from tenbit.pipeline.lenses.profile import Profile

__all__ = ["SUFFIXES", "Imported", "Wishes", "import_file", "keep", "meant_for", "place_for", "wishes_of"]

SUFFIXES = (".lcp", ".cpf", ".json")


def import_file(path: Path, wishes: Wishes | None = None) -> Imported:
    """A profile from a file of another program, which its suffix tells.

    Parameters
    ----------
    path : Path
        ``.lcp`` (Adobe), ``.cpf`` (CornerFix) or ``.json`` (gyroflow).
    wishes : Wishes, optional
        What the file does not say.

    Raises
    ------
    ReadError
        If the file is broken or cannot be represented.
    RequestError
        If the suffix is of none of these, or something has to be told.
    """
    wishes = wishes or Wishes()
    suffix = path.suffix.lower()
    if suffix == ".lcp":
        from tenbit.pipeline.lenses.imports.lcp import read_lcp

        return read_lcp(path, wishes)
    if suffix == ".cpf":
        from tenbit.pipeline.lenses.imports.cornerfix import read_cpf

        return read_cpf(path, wishes)
    if suffix == ".json":
        from tenbit.pipeline.lenses.imports.gyroflow import read_gyroflow

        return read_gyroflow(path, wishes)
    raise RequestError(f"{path}: {', '.join(SUFFIXES)} are imported")


def wishes_of(
    asked: Asked, *, unit_mm: float | None = None, aperture_is: Literal["apex", "f-number"] = "apex"
) -> Wishes:
    """What options of the command line say, with the lens by its slug.

    Raises
    ------
    RequestError
        If the lens is none of the catalogue, or could be several.
    """
    from tenbit.pipeline.lenses import names

    slug = None
    if asked.lens is not None:
        if not isinstance(asked.lens, str) or asked.lens == "none":
            raise RequestError(f"--lens: {asked.lens} is no lens that a profile could be for")
        slug = names.resolved(asked.lens, "--lens")[0]
    return Wishes(slug, asked.sensor_mm, None, asked.f_number, asked.focus_m, unit_mm, aperture_is)


def place_for(path: Path, wishes: Wishes, output: Path | None = None) -> Path:
    """Where a profile belongs: by default among the user's, called after the lens and the kind of file.

    Raises
    ------
    RequestError
        If the output is no YAML file.
    """
    from tenbit.pipeline.lenses import catalogue

    if output is not None:
        if output.suffix not in (".yaml", ".yml"):
            raise RequestError(f"--output: {output} is no .yaml file")
        return output
    stem = re.sub(r"[^a-z0-9.]+", "-", path.stem.lower()).strip("-.") or "lens"
    return catalogue.user_folder() / (
        f"{wishes.lens}-{path.suffix[1:].lower()}.yaml" if wishes.lens else f"{stem}.yaml"
    )


def keep(place: Path, path: Path, imported: Imported) -> None:
    """Write a profile, with where it comes from and what is missing above it.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    from tenbit.pipeline.lenses.files import write_profile

    write_profile(place, imported.profile, "\n".join((f"Imported from {path.name}.", *imported.left_out)))


def meant_for(profile: Profile, place: Path) -> str:
    """Which files a profile will be used for."""
    from tenbit.pipeline.lenses import catalogue

    if place.absolute().parent != catalogue.user_folder().absolute():
        return f"for files developed with --lens {place}; those in {catalogue.user_folder()} are found by themselves"
    if profile.lenses:
        return f"for {', '.join(profile.lenses)}"
    if profile.exif_names:
        names = ", ".join(map(repr, profile.exif_names))
        return f"for files that name {names}; --lens gives it to a lens of the catalogue"
    return f"for files developed with --lens {place.stem}; --lens here gives it to a lens of the catalogue"
