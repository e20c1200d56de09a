"""Lists of defective sites: in a camera file, or in a file of their own as `tenbit calibrate dark` writes it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.frame import Frame

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, eq=False)
class DefectList:
    """Defective sites of one sensor.

    Parameters
    ----------
    sites : array
        (count, 2) int64: row and column from the first pixel of a frame.
    rows, cols : int or None
        Of the frames that it is for; None when the file does not say.
    name : str
        Of the file, for messages.
    """

    sites: Array
    rows: int | None = None
    cols: int | None = None
    name: str = "defects"

    def on(self, frame: Frame) -> Frame:
        """The frame with these sites known to be defective, beside those that it knows already.

        Raises
        ------
        ReadError
            If the list is for frames of another size, or the frame has no sites.
        """
        facts = frame.facts
        if facts.state != "mosaic":
            raise ReadError(f"{self.name} lists sites of a sensor; this file is demosaiced already")
        for name, wanted, found in (("rows", self.rows, facts.rows), ("columns", self.cols, facts.cols)):
            if wanted not in (None, found):
                raise ReadError(f"{self.name} is for frames of {wanted} {name}; this one has {found}")
        sites = self.sites if facts.defects is None else np.unique(np.concatenate([facts.defects, self.sites]), axis=0)
        return dataclasses.replace(frame, facts=dataclasses.replace(facts, defects=sites))


def load_defects(path: str | Path, named_by: tuple[Path, ...] = ()) -> DefectList:
    """The list in a YAML file: what `tenbit calibrate dark` writes, or a camera file with ``defects``.

    Parameters
    ----------
    path : path or str
    named_by : tuple of Path
        Files whose list is this one.

    Raises
    ------
    ReadError
        If there is no such file, or no list of sites in it.
    """
    path = Path(path)
    if not path.is_file() or path.suffix not in _SUFFIXES:
        raise ReadError(f"{path}: a YAML file with a list of defects belongs here")
    if path.resolve() in named_by:
        raise ReadError(f"{path.name}: its list of defects leads back to itself")
    fields = _yaml(path)
    if "defects" not in fields:
        raise ReadError(f"{path.name}: has no defects")
    rows, cols = (fields.get(name) if isinstance(fields.get(name), int) else None for name in ("rows", "cols"))
    sites = sites_of(placed(fields["defects"], path.parent), f"{path.name}: ", (*named_by, path.resolve()))
    return DefectList(sites, rows, cols, path.name)


def defects_from(path: str | None) -> DefectList | None:
    """What ``--defects`` names; None when it names nothing.

    Raises
    ------
    RequestError
        If it is no file with a list of sites.
    """
    try:
        return None if path is None else load_defects(path)
    except ReadError as error:
        raise RequestError(f"--defects: {error}") from None


def _is_path(value: Any) -> bool:
    """Whether a list is a file's name, not a text of digits and blanks."""
    return isinstance(value, str) and any(not (c.isdigit() or c.isspace()) for c in value)


def placed(value: Any, folder: Path) -> Any:
    """A list as it is; where it is a file's name, that file as seen from a folder."""
    return str(folder / value) if _is_path(value) else value


def sites_of(value: Any, place: str = "", named_by: tuple[Path, ...] = ()) -> Array:
    """(count, 2) rows and columns from ``[[row, col], …]``, from a text of such pairs, or from the file that it names.

    Parameters
    ----------
    value : list or str
        A text of digits and blanks alone is pairs, any other a file's name.
    place : str
        Where it was said, for messages.
    named_by : tuple of Path
        Files that led here.

    Raises
    ------
    ReadError
        If these are no pairs of whole numbers of 0 and more, or the file is not there or has none.
    """
    if _is_path(value):
        return load_defects(value, named_by).sites
    try:
        if isinstance(value, str):
            numbers = np.array(value.split(), np.int64).reshape(-1, 2)
        else:
            found = np.array(value, object).reshape(-1, 2)
            if not all(type(number) is int for number in found.ravel()):
                raise ValueError
            numbers = found.astype(np.int64)
    except (ValueError, OverflowError, TypeError):
        raise ReadError(f"{place}defects: pairs of row and column belong there, such as [[12, 40], [7, 9]]") from None
    if (numbers < 0).any():
        raise ReadError(f"{place}defects: {numbers.min()} is below 0; rows and columns count from 0")
    return numbers


def _yaml(path: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        fields = YAML(typ="safe").load(path.read_text("utf-8"))
    except (YAMLError, ValueError, OSError) as fault:
        raise ReadError(f"{path.name}: {' '.join(str(fault).split())}") from None
    except RecursionError:
        raise ReadError(f"{path.name}: nested too deeply for a list of defects") from None
    if not isinstance(fields, dict):
        raise ReadError(f"{path.name}: a mapping with a list of defects belongs here")
    return fields
