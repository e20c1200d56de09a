"""Raw files that were simulated once and are kept in the user's cache: 12 MP take five seconds, to read them 0.02."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenbit.kernels._compile import cache_folder
from tenbit.pipeline import sample

_LEAST_PIXELS = 1_000_000  # smaller ones are as soon simulated
_MOST = 8


@contextlib.contextmanager
def simulated(name: str, **asked: Any) -> Iterator[list[Path]]:
    """Paths of a simulated raw file and of what lies beside it, the raw file first; read them inside.

    Parameters
    ----------
    name : str
        Of the file; its suffix is its format.
    **asked
        See `tenbit.pipeline.sample.make`. With its truth it is not kept: that is five times as large.

    Raises
    ------
    ValueError
        If there is no such frame.
    """
    kept = None
    if not asked["truth"] and asked["rows"] * asked["cols"] >= _LEAST_PIXELS:
        kept = cache_folder() / "samples" / _key(name, asked)
        if (kept / name).is_file():
            with contextlib.suppress(OSError):
                os.utime(kept)
            yield [kept / name]
            return
    with tempfile.TemporaryDirectory(prefix="tenbit-") as folder:
        made = sample.make(Path(folder) / name, **asked)
        yield made
        if kept is not None:
            # A cache that cannot be used costs time, never a failure.
            with contextlib.suppress(OSError):
                _keep(Path(folder), kept)


def _key(name: str, asked: dict[str, Any]) -> str:
    """Of what was asked for and of the simulator as it is: another commit's may simulate another frame."""
    known = hashlib.sha256(json.dumps([name, asked], sort_keys=True).encode())
    for path in sorted(Path(sample.__file__).parent.glob("*.py")):
        known.update(path.read_bytes())
    return known.hexdigest()[:16]


def _keep(made: Path, kept: Path) -> None:
    """A copy beside the others, there as a whole or not at all; those that were not used for longest go."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=kept.parent) as folder:
        shutil.copytree(made, Path(folder) / kept.name)
        (Path(folder) / kept.name).rename(kept)
    every = sorted(kept.parent.glob("[!.]*"), key=lambda path: path.stat().st_mtime)
    for old in every[:-_MOST]:
        shutil.rmtree(old, ignore_errors=True)
