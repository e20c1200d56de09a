"""What the files of lenses and profiles say, kept as JSON in the user's cache folder.

A hundred YAML files take half a second to read; the index of them takes a millisecond. A file is read again only where
its size or time has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit.pipeline.errors import ReadError, WriteError

if TYPE_CHECKING:
    from tenbit.pipeline.lenses.lens import Lens

Stamp = tuple[int, int]


def stamp(path: Path) -> Stamp:
    """Size and time of a file: another one has another."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def read(stamps: Iterable[tuple[Path, Stamp]], lenses: Path) -> dict[Path, tuple[Any, str]]:
    """Plain value and fault of each file, from the index where it knows the file as it is now.

    Parameters
    ----------
    stamps : iterable of (path, Stamp)
    lenses : Path
        The folder whose files are lenses; all others are profiles. A lens has no fault, as a test knows.
    """
    index = place()
    kept: dict[str, Any] = {}
    with suppress(OSError, ValueError, TypeError, LookupError):
        whole = json.loads(index.read_text("utf-8"))
        kept = dict(whole["files"]) if whole["edition"] == edition() else {}
    found: dict[Path, tuple[Any, str]] = {}
    files: dict[str, Any] = {}
    for path, now in stamps:
        name = str(path.absolute())
        entry = kept.get(name)
        if not (isinstance(entry, list) and len(entry) == 4 and tuple(entry[:2]) == now):
            value, fault = parsed(path, is_lens=path.parent == lenses)
            entry = [*now, value, fault]
        files[name] = entry
        found[path] = entry[2], entry[3]
    if files != kept:
        _keep(index, {"edition": edition(), "files": files})
    return found


def parsed(path: Path, *, is_lens: bool) -> tuple[Any, str]:
    """What a file says, in JSON's kinds, or its fault."""
    from tenbit.pipeline.lenses import files, lens, profile

    if is_lens:
        return json.loads(json.dumps(lens.as_plain(load_lens(path)))), ""
    try:
        return json.loads(json.dumps(profile.as_plain(files.load_profile(path)))), ""
    except ReadError as fault:
        return None, str(fault)


def load_lens(path: Path) -> Lens:
    """The lens in a YAML file."""
    from ruamel.yaml import YAML

    from tenbit.pipeline.lenses.lens import Lens

    return Lens.model_validate(YAML(typ="safe", pure=True).load(path.read_text("utf-8")))


@cache
def edition() -> list[Any]:
    """Of the program: what another one has read may be another thing to this one."""
    from tenbit import __version__

    here = Path(__file__)
    return [__version__, *(list(stamp(here.with_name(name))) for name in ("index.py", "lens.py", "profile.py"))]


def place() -> Path:
    """Of the index: one per place that tenbit is installed at."""
    from tenbit.kernels._compile import cache_folder

    name = hashlib.sha256(str(Path(__file__).parent).encode()).hexdigest()[:12]
    return cache_folder() / f"lenses-{name}.json"


def _keep(index: Path, whole: Any) -> None:
    """Write the index; a cache folder that cannot be used costs time, never a failure."""
    from tenbit.pipeline.images.atomic import replaced

    with suppress(WriteError), replaced(index) as handle:
        handle.write(json.dumps(whole).encode())
