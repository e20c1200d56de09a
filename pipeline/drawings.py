"""What monitors draw to files of their own, beside the picture: ``a.histogram.png`` beside ``a.jpg``."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tenbit.pipeline.errors import RequestError, StageError, WriteError
from tenbit.pipeline.images import replaced
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.jobs.places import Places, folded

if TYPE_CHECKING:
    from tenbit.pipeline.config import Chain


def paths_of(target: Path, names: Iterable[str]) -> tuple[Path, ...]:
    """The files of drawings of these names beside a picture."""
    return tuple(target.with_name(f"{target.stem}.{name}") for name in names)


def names_of(chain: Chain) -> tuple[str, ...]:
    """What the files of a chain's drawings are called behind the picture's name, as far as no frame is needed to know.

    A chain that no usual frame goes through has none: it fails for a better reason.
    """
    from tenbit.pipeline.config import nominal
    from tenbit.pipeline.overlay.layers import drawings_of
    from tenbit.pipeline.plan import plan

    with suppress(StageError):
        return drawings_of(plan(chain.links, nominal()[0]).overlay.layers)
    return ()


def check_drawings(chain: Chain, jobs: Sequence[Job], report: Path | None = None) -> None:
    """Refuse drawings that would be written over an input, a picture, one another, or the report.

    Raises
    ------
    RequestError
        Naming both.
    """
    names = names_of(chain)
    if not names:
        return
    places = Places()
    taken = {folded(places.file(job.source)): f"{job.source} is an input" for job in jobs}
    taken |= {folded(places.name(job.target)): f"{job.source} is written there" for job in jobs}
    taken |= {} if report is None else {folded(places.file(report)): "the report is written there"}
    for job in jobs:
        for name, path in zip(names, paths_of(job.target, names), strict=True):
            if (key := folded(places.name(path))) in taken:
                raise RequestError(f"{name} of {job.source} would be written to {path}, but {taken[key]}")
            taken[key] = f"{name} of {job.source} is written there"


@contextmanager
def written(target: Path, drawings: Mapping[str, bytes]) -> Iterator[tuple[Path, ...]]:
    """Drawings in their files beside a picture that is written inside; when it is not, older ones stay as they were.

    So a picture that is there has its drawings, and not those of another.

    Parameters
    ----------
    target : Path
        The picture's file.
    drawings : mapping
        Bytes by the end of the file's name; a file that is there is replaced.

    Yields
    ------
    tuple of Path

    Raises
    ------
    WriteError
        If one of them cannot be written; the picture is not begun then.
    """
    paths = paths_of(target, drawings)
    with ExitStack() as stack:
        # All are on the disk before the picture is, and take their names right behind it.
        for path, drawing in zip(paths, drawings.values(), strict=True):
            if path.is_dir():
                raise WriteError(f"{path}: cannot be written: {os.strerror(errno.EISDIR)}")
            handle = stack.enter_context(replaced(path))
            handle.write(drawing)
            handle.flush()
        yield paths
