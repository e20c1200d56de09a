"""What an output is made of, as hashes: the input's bytes, what lies beside it, the chain and the rest of the order."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit import __version__
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.lenses.resolve import OF_FOCAL, STAGES
from tenbit.pipeline.raw import DUMPS

if TYPE_CHECKING:
    from tenbit.pipeline.batch.order import Order

# A file may change again within one tick of its clock, which is 2 s on FAT: what is younger is not known by its stat.
_TICK_NS = 2 * 10**9

Stat = tuple[int, int, int, int]
"""Size, times of the last change of content and of the inode, ns, and the inode."""


@dataclass(frozen=True)
class Entry:
    """One output and what it is made of.

    Parameters
    ----------
    source, target : Path
    output : str
        The target's name from the manifest's folder.
    stat : tuple
        Of the input when it was hashed.
    is_settled : bool
        Whether the input had not been written to for so long that another change would change its stat.
    made_of : mapping
        Hashes: ``sha256`` of the input, ``beside`` of what is said of it elsewhere, ``order`` of the chain and the
        order; and ``tenbit``, the version.
    """

    source: Path
    target: Path
    output: str
    stat: Stat
    is_settled: bool
    made_of: Mapping[str, str]


def stat_of(path: Path) -> Stat:
    """What tells that a file has changed.

    Raises
    ------
    ReadError
        If it is not there.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise ReadError("no such file") from None
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror or error}") from None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def is_settled(stat: Stat) -> bool:
    """Whether the last change is longer ago than the ticks of a file system."""
    return max(stat[1], stat[2]) + _TICK_NS < time.time_ns()


def hash_of(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Raises
    ------
    ReadError
        If it cannot be read.
    """
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror or error}") from None


class Hashes:
    """Hashes of what a batch's outputs are made of, but for the inputs' own bytes; the same for every thread.

    Parameters
    ----------
    order : Order
        Of it counts what changes pixels: the chain with every value, the output, camera, defects, and what is asked
        of lenses. Not the chain's name, the device, memory or tries.
    """

    def __init__(self, order: Order) -> None:
        chain = order.chain.as_record()
        defects = order.defects
        self._order = order
        self._asks_lens = any(link.stage.name in (*STAGES, *OF_FOCAL) for link in order.chain.links)
        self._whole = {
            "chain": [chain["chain"], chain["output"]],
            "defects": defects and [_hashed(defects.sites.tobytes()), defects.rows, defects.cols],
        }
        self._profiles = _profiles_of_user() if self._asks_lens else None
        self._cameras: dict[str, str] = {}
        camera = order.camera
        file = Path(camera) if isinstance(camera, str) else None
        stamp = stat_of(file) if file is not None and file.is_file() else None
        self.key = _hashed_text([self._whole, self._profiles, camera, stamp, repr(order.asked)])
        """The same for all orders that these hashes are right for."""

    def of_order(self, job: Job) -> str:
        """Of the chain, and what is the same for all files but what a frame is given."""
        given = job.given and [(f.name, getattr(job.given, f.name)) for f in fields(job.given)]
        return _hashed_text([self._whole, given])

    def beside(self, path: Path) -> str:
        """Of what camera files, sidecars, folders and profiles say of one input, as far as it is asked for."""
        return _hashed_text([self._camera(path), self._lens(path) if self._asks_lens else None, self._profiles])

    def _camera(self, path: Path) -> str | None:
        """What a dump is told, by camera file, sidecar and fields together."""
        from tenbit.pipeline.raw.camera import load_camera, sidecar_paths

        suffix = path.suffix.lower()
        if suffix == ".dng" or (self._order.camera is None and suffix not in DUMPS):
            return None
        # A camera file takes 10 ms to read; without a sidecar it is the same for all dumps of that suffix.
        is_alone = not any(place.is_file() for place in sidecar_paths(path))
        if is_alone and suffix in self._cameras:
            return self._cameras[suffix]
        try:
            found = repr(load_camera(self._order.camera, path))
        except ReadError as error:
            found = str(error)  # the reader tells of it
        if is_alone:
            self._cameras[suffix] = found
        return found

    def _lens(self, path: Path) -> list[Any]:
        from tenbit.pipeline.lenses.asked import Asked, asked_for

        try:
            asked = asked_for(path, self._order.asked or Asked(), self._order.chain)
            file = hash_of(asked.lens) if isinstance(asked.lens, Path) else None
        except ReadError as error:
            return [str(error)]
        return [[str(getattr(asked, f.name)) for f in fields(asked) if f.name != "places"], file]


def _profiles_of_user() -> list[Any]:
    """Profiles that a lens may be found among, beside those that come with this version."""
    from tenbit.pipeline.lenses import catalogue

    folder = catalogue.user_folder()
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    try:
        lensfun = metadata.version("lensfunpy")
    except metadata.PackageNotFoundError:
        lensfun = None
    return [[str(path.relative_to(folder)), hash_of(path)] for path in files] + [lensfun]


def _hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hashed_text(value: Any) -> str:
    return _hashed(json.dumps(value, sort_keys=True, default=str).encode())


def made_of(job: Job, hashes: Hashes, sha256: str) -> dict[str, str]:
    """All hashes of one output."""
    return {
        "sha256": sha256,
        "beside": hashes.beside(job.source),
        "order": hashes.of_order(job),
        "tenbit": __version__,
    }


def from_folder(path: Path, folder: Path) -> str:
    """A path as it is seen from a folder, with ``/``; as it is where there is no way (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.absolute().as_posix()
