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
    from tenbit.pipeline.foreseen import CameraLike, Read
    from tenbit.pipeline.frame import Frame

__all__ = ["reading"]


@contextmanager
def reading(isolate: Isolate, limits: Limits, *, read: str = "tenbit.pipeline.raw:read") -> Iterator[Read]:
    """Inside, a function that reads files as `tenbit.pipeline.raw.read` does, from any thread.

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
    Read
        Raises what `tenbit.pipeline.raw.read` does; `ReadError` too for a file that ends its process or passes a limit.
    """
    # On two cores of an EPYC: 0.25 s to the first frame, 10 ms for 12 MP on their way, where LibRaw takes 200 to decode
    # them. In one process it decodes one file at a time (its words are caught from stderr), in these as many as cores.
    from tenbit.pipeline.foreseen import read_here
    from tenbit.pipeline.isolated.pool import Readers
    from tenbit.pipeline.raw import reader_of

    readers = Readers(limits, read)

    def needs_libraw(path: str | Path, camera: CameraLike) -> bool:
        try:
            return reader_of(path, camera=camera) == "libraw"
        except ReadError:
            # Read here it raises the same.
            return False

    def chosen(path: str | Path, *, camera: CameraLike = None, keep_packed: bool = False) -> Frame:
        if isolate == "always" or (isolate == "auto" and needs_libraw(path, camera)):
            return readers.read(path, camera=camera, keep_packed=keep_packed)
        return read_here(path, camera=camera, keep_packed=keep_packed)

    try:
        yield chosen
    finally:
        readers.close()
