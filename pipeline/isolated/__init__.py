"""Reading in processes of their own: what a broken file does there happens to nobody else.

====== ===================================================
pool   processes as they are needed, and the reading by them
worker what such a process does
header a frame without its samples as bytes, and back
====== ===================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tenbit.pipeline.errors import ReadError

if TYPE_CHECKING:
    from tenbit.pipeline.batch.order import Isolate, Limits
    from tenbit.pipeline.foreseen import CameraLike
    from tenbit.pipeline.frame import Frame

__all__ = ["Reading", "reading"]


class Reading:
    """Reads files, in this process or in others; see `reading`."""

    def __init__(self, isolate: Isolate, limits: Limits, read: str) -> None:
        from tenbit.pipeline.isolated.pool import Readers

        self._isolate = isolate
        self._readers = Readers(limits, read)

    def __call__(self, path: str | Path, *, camera: CameraLike = None, keep_packed: bool = False) -> Frame:
        """The frame of a file, as `tenbit.pipeline.raw.read` gives it."""
        from tenbit.pipeline.foreseen import read_here

        if self._isolate == "always" or (self._isolate == "auto" and _needs_libraw(path, camera)):
            return self._readers.read(path, camera=camera, keep_packed=keep_packed)
        return read_here(path, camera=camera, keep_packed=keep_packed)

    def close(self) -> None:
        """End the other processes; threads that wait for one of them get a `ReadError` at once."""
        self._readers.close()


@contextmanager
def reading(isolate: Isolate, limits: Limits, *, read: str = "tenbit.pipeline.raw:read") -> Iterator[Reading]:
    """Inside, what reads files as `tenbit.pipeline.raw.read` does, from any thread.

    A process is started when a call needs one and none is idle, and kept for further calls: there are as many as calls
    at once. The next file after one that has ended its process gets a new one.

    What this defends against is a file over which a decoder crashes, hangs, or asks for ever more memory: it costs
    itself. What comes back is checked, and cannot run code here. It is no sandbox: a decoder that a file has taken over
    has the rights of the user, and may lie about that file and all that the same process reads after it.

    Parameters
    ----------
    isolate : {"auto", "always", "never"}
        Read in another process what LibRaw must decode, everything, or nothing.
    limits : Limits
        Of each file; of memory only where the system has such a limit (not on Windows, hardly on macOS).
    read : str
        What the other process calls, as ``module:function``.

    Yields
    ------
    Reading
        Raises what `tenbit.pipeline.raw.read` does; `ReadError` too for a file that ends its process or passes a limit.
    """
    # On two cores of an EPYC: 0.25 s to the first frame, 10 ms for 12 MP on their way, where LibRaw takes 200 to decode
    # them. In one process it decodes one file at a time (its words are caught from stderr), in these as many as cores.
    made = Reading(isolate, limits, read)
    try:
        yield made
    finally:
        made.close()


def _needs_libraw(path: str | Path, camera: CameraLike) -> bool:
    from tenbit.pipeline.raw import reader_of

    try:
        return reader_of(path, camera=camera) == "libraw"
    except ReadError:
        # Read here it raises the same.
        return False
