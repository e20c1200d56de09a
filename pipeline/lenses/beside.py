"""What files beside a raw file say of its lens: the sidecar of one file, and ``tenbit.yaml`` for a whole folder.

Both read the same, ``a.dng.tenbit.yaml`` beside ``a.dng`` and ``tenbit.yaml``::

    lens:
      profile: summilux-m-35-1.4-asph-fle   # a slug, a name, or a profile's path from here
      f_number: 2.8
      focus_m: 3                            # .inf is infinity
      sensor_mm: [24, 36]                   # height, width

The nearest ``tenbit.yaml`` counts, from the file's folder upwards to a folder with ``.git``, the user's home, or the
top. The JSON sidecar of a sensor dump may hold a ``lens`` of the same fields.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from tenbit.pipeline.document import Document, Way, parse
from tenbit.pipeline.errors import ChainError, ReadError
from tenbit.pipeline.lenses.asked import CHECKS, Asked

FOLDER_FILE, SIDECAR_SUFFIX = "tenbit.yaml", ".tenbit.yaml"
_KEYS = {"profile": "lens", "f_number": "f_number", "focus_m": "focus_m", "sensor_mm": "sensor_mm"}


def asked_beside(path: Path) -> Asked:
    """What is said beside a raw file: in its sidecars, and for its folder.

    Raises
    ------
    ReadError
        If a sidecar or a ``tenbit.yaml`` is broken: every fault with its place.
    """
    asked = Asked()
    for place in (path.with_name(path.name + SIDECAR_SUFFIX), *_json_sidecars(path), folder_file(path)):
        if place is not None and place.is_file():
            asked = asked.over(_read(place))
    return asked


def folder_file(path: Path) -> Path | None:
    """The ``tenbit.yaml`` that counts for a file; None without one."""
    home = None
    with contextlib.suppress(RuntimeError):
        home = Path.home()
    folder = path.parent.resolve()
    while True:
        if (found := folder / FOLDER_FILE).is_file():
            return found
        if folder in (home, folder.parent) or (folder / ".git").exists():
            return None
        folder = folder.parent


def remember(folder: Path, asked: Asked) -> Path:
    """Write what is said into a folder's ``tenbit.yaml``, in one step; what else the file says, comments too, stays.

    Parameters
    ----------
    folder : Path
    asked : Asked
        What is None leaves what the file has.

    Returns
    -------
    Path

    Raises
    ------
    ReadError
        If there is one that is broken.
    WriteError
        If it cannot be written.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    from tenbit.pipeline.images.atomic import replaced

    path = folder / FOLDER_FILE
    yaml = YAML()
    tree = None
    if path.is_file():
        _read(path)
        tree = yaml.load(path.read_text("utf-8"))
    tree = CommentedMap() if tree is None else tree
    if not isinstance(tree.get("lens"), CommentedMap):
        tree["lens"] = CommentedMap()
    for key, name in _KEYS.items():
        value = getattr(asked, name)
        if isinstance(value, tuple):
            value = CommentedSeq(value)
            value.fa.set_flow_style()
        if value is not None:
            tree["lens"][key] = str(value.absolute()) if isinstance(value, Path) else value
    with replaced(path) as handle:
        yaml.dump(tree, handle)
    return path


_SEEN: dict[Path, tuple[tuple[int, int], Asked]] = {}


def _read(path: Path) -> Asked:
    """What a sidecar or a folder's file says; read again when it has changed."""
    path = path.parent.resolve() / path.name
    try:
        status = path.stat()
    except OSError as error:
        raise ReadError(f"{path.name}: cannot be read: {error.strerror or error}") from None
    stamp = status.st_size, status.st_mtime_ns
    if (kept := _SEEN.get(path)) is None or kept[0] != stamp:
        kept = _SEEN[path] = stamp, _checked(_document(path), path)
    return kept[1]


def _document(path: Path) -> Document:
    if path.suffix == ".json":
        # JSON as the camera's reader takes it may be no YAML (tabs), or too long for a chain (a list of defects).
        whole: Any = None
        with contextlib.suppress(OSError, ValueError, RecursionError):
            whole = json.loads(path.read_text("utf-8"))
        if not isinstance(whole, dict) or "lens" not in whole:
            return Document(None)  # what is broken the reader tells of
        with contextlib.suppress(ChainError):
            return parse(path, path.name)
        return Document({"lens": whole["lens"]}, values={(): path.name})
    try:
        return parse(path, path.name)
    except ChainError as fault:
        raise ReadError("; ".join(fault.faults)) from None


def _checked(document: Document, path: Path) -> Asked:
    whole, is_json = document.value, path.suffix == ".json"
    faults: list[str] = []
    if whole is None:
        return Asked()
    if not isinstance(whole, dict):
        raise ReadError(document.fault((), "a mapping with 'lens' belongs here"))
    if not is_json:  # there the other fields are the camera's
        faults += [document.fault((k,), "no such field; there is 'lens'", is_key=True) for k in whole if k != "lens"]
    block = whole.get("lens")
    if isinstance(block, str):
        block = {"profile": block}
    if not isinstance(block, dict | None):
        faults.append(document.fault(("lens",), f"a name, or a mapping of {', '.join(_KEYS)} belongs here"))
        block = None
    found, places = {}, {}
    for key, value in (block or {}).items():
        way: Way = ("lens", key)
        if key not in _KEYS:
            faults.append(document.fault(way, f"no such field; there are {', '.join(_KEYS)}", is_key=True))
        elif value is not None:
            try:
                found[_KEYS[key]] = CHECKS[_KEYS[key]](value, path.parent)
                places[_KEYS[key]] = document.values.get(way) or document.values.get(("lens",)) or path.name
            except ValueError as fault:
                faults.append(document.fault(way, str(fault)))
    if faults:
        raise ReadError("; ".join(faults))
    return Asked(**found, places=places)


def _json_sidecars(path: Path) -> tuple[Path, ...]:
    from tenbit.pipeline.raw import DUMPS
    from tenbit.pipeline.raw.camera import sidecar_paths

    if path.suffix.lower() not in DUMPS:
        return ()
    return next(((place,) for place in sidecar_paths(path) if place.is_file()), ())
