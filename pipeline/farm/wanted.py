"""What the tasks of a farm's job do together, told once for every kind of farm."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.progress import shown

# Controls, halves of characters (names that are no UTF-8), line and paragraph separators: no template, and no list of
# names with a line each, carries them.
_UNFIT = ("Cc", "Cs", "Zl", "Zp")


@dataclass(frozen=True)
class Wanted:
    """The work of all tasks.

    Parameters
    ----------
    chain : str
        A shipped chain's name, or a chain file.
    inputs : tuple of str
        As `tenbit.pipeline.jobs.find_inputs` takes them.
    paths : tuple of Path
        The files that they are.
    output : str
        As `tenbit.pipeline.jobs.name_outputs` takes it.
    frames : tuple of int
        Numbers of the frames, where the one input is a shot, ``A001_####.dng``; else empty.
    options : tuple of (str, str or Path)
        More options of ``tenbit develop`` and their values, ``("--lens", "summilux 35")``; a file is a Path, an option
        that is a flag has an empty value.
    is_recursive : bool
        Whether folders below folders are looked into.
    device : str
        ``auto``, ``cpu``, ``cuda`` …
    reports : Path
        A folder for the reports of tasks.
    """

    chain: str
    inputs: tuple[str, ...]
    paths: tuple[Path, ...]
    output: str
    frames: tuple[int, ...] = ()
    options: tuple[tuple[str, str | Path], ...] = ()
    is_recursive: bool = False
    device: str = "auto"
    reports: Path = Path("reports")

    @property
    def title(self) -> str:
        """A name for the job, of 60 characters at most."""
        more = f" and {len(self.inputs) - 1} more" if self.inputs[1:] else ""
        text = f"tenbit {Path(self.chain).stem}: {Path(self.inputs[0]).name}"
        return f"{text[: 60 - len(more)]}{more}"


def split_output(template: str) -> tuple[Path, str]:
    """The folder that an output's name begins with, and what comes behind it.

    Raises
    ------
    RequestError
        If the folder has braces in its name.
    """
    before = template.partition("{")[0]
    is_folder = template.endswith("/") or Path(template).is_dir() or ("{" not in template and not Path(template).suffix)
    folder, name = (template, "{stem}.{ext}") if is_folder else (before[: before.rfind("/") + 1], "")
    if "{" in folder or "}" in folder:
        raise RequestError(f"output {template!r}: a farm gives tasks their folder by name: give one without braces")
    return Path(folder or "."), name or template[len(folder) :]


def check_names(names: Sequence[str]) -> None:
    """Refuse names that no job file can carry: with newlines and other controls, or that are no UTF-8.

    Raises
    ------
    RequestError
        With the first of them, and how many more there are.
    """
    bad = [name for name in names if any(unicodedata.category(c) in _UNFIT for c in name)]
    if bad:
        more = f" (and {len(bad) - 1} more)" if bad[1:] else ""
        raise RequestError(f"{shown(bad[0])}{more}: no job file can carry such a name; rename it, or give its folder")
