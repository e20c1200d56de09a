"""What others have measured, as profiles: lensfun's database, Adobe's, CornerFix's and gyroflow's files."""

from __future__ import annotations

from pathlib import Path

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses.imports.imported import Imported, Wishes

__all__ = ["SUFFIXES", "Imported", "Wishes", "import_file"]

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
