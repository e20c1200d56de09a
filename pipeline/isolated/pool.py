"""Processes that read files, made as they are needed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tenbit.kernels._facts import Array, Facts
from tenbit.pipeline import errors, raw
from tenbit.pipeline.child import Child
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.frame import Exif, Frame
from tenbit.pipeline.isolated.header import Fault, Header, loaded
from tenbit.pipeline.isolated.worker import Request, Setup
from tenbit.pipeline.raw import CameraLike

if TYPE_CHECKING:
    from tenbit.pipeline.batch.order import Limits

# Black levels of rows and gain maps are the largest things in it; camera files have 8 kB at most.
_MOST_HEADER_BYTES = 2**26
_DTYPES = (np.uint8, np.uint16, np.float32)


class Readers:
    """As many processes as calls of `read` at once.

    Parameters
    ----------
    limits : Limits
    target : str
        What they call, ``module:function``.
    """

    def __init__(self, limits: Limits, target: str) -> None:
        self._limits, self._target = limits, target
        self._all: set[_Reader] = set()
        self._idle: list[_Reader] = []
        self._lock = threading.Lock()
        self._is_closed = False

    def read(self, path: str | Path, *, camera: CameraLike = None, keep_packed: bool = False) -> Frame:
        """The frame of a file, see `reading`."""
        request = Request(Path(path).absolute(), camera, keep_packed, raw.MOST_PIXELS)
        reader = self._taken()
        try:
            return reader.read(request, Path(path))
        except ReadError as error:
            error.path = Path(path)
            raise
        finally:
            self._give_back(reader)

    def close(self) -> None:
        """End the processes; calls that still wait for one of them raise `ReadError`."""
        with self._lock:
            self._is_closed = True
            ending = list(self._all)
        for reader in ending:
            reader.child.process.kill()
        for reader in ending:
            reader.child.process.wait()
        for reader in self._idle:
            reader.child.kill()

    def _taken(self) -> _Reader:
        with self._lock:
            if self._is_closed:
                raise ReadError("was not read: the batch has ended")
            if self._idle:
                return self._idle.pop()
            reader = _Reader(self._limits, self._target)
            self._all.add(reader)
            return reader

    def _give_back(self, reader: _Reader) -> None:
        with self._lock:
            if reader.is_ready and not self._is_closed:
                self._idle.append(reader)
                return
            self._all.discard(reader)
        reader.child.kill()


class _Reader:
    """One process."""

    def __init__(self, limits: Limits, target: str) -> None:
        self.limits = limits
        self.child = Child("tenbit.pipeline.isolated.worker:serve")
        self.is_new = True
        self.is_ready = False
        """Whether it waits for the next file."""
        self._setup = Setup(target, limits.seconds, limits.memory_bytes)

    def read(self, request: Request, source: Path) -> Frame:
        is_late = threading.Event()

        def stop() -> None:
            is_late.set()
            self.child.process.kill()

        self.is_ready = False
        timer = threading.Timer(self.limits.seconds, stop)
        timer.start()
        try:
            if self.is_new:
                self.child.send(self._setup)
                self.is_new = False
            self.child.send(request)
            message = self.child.receive(loads=loaded, most_bytes=_MOST_HEADER_BYTES)
            frame = message if isinstance(message, Fault) else self._frame(message, source)
        except (EOFError, OSError):
            how = self.child.ended()
            if is_late.is_set():
                raise ReadError(f"reading it takes longer than {self.limits.seconds:g} s") from None
            raise ReadError(f"the process that read it {how}") from None
        except (ValueError, TypeError, AttributeError) as error:
            raise ReadError(f"the process that read it answered nonsense ({error})") from None
        finally:
            timer.cancel()
        self.is_ready = not is_late.is_set()
        if isinstance(frame, Fault):
            raise self._raised(frame)
        return frame

    def _frame(self, header: Header, source: Path) -> Frame:
        """The frame whose samples follow.

        Raises
        ------
        ValueError
            If the header cannot be true; before memory is taken for it.
        """
        samples = _room(header)
        self.child.fill(samples.reshape(-1).view(np.uint8).data)
        # The rules of a frame and of its facts hold for this one too.
        facts, exif, warnings = Facts(**vars(header.facts)), Exif(**vars(header.exif)), tuple(header.warnings)
        if not all(isinstance(text, str) for text in (header.reader, *warnings)):
            raise ValueError("a text is none")
        return Frame(samples, facts, exif, source, header.reader, warnings, packing=header.packing)

    def _raised(self, fault: Fault) -> Exception:
        if fault.is_memory:
            return ReadError(f"reading it takes more than {self.limits.memory_bytes / 2**30:.3g} GiB of memory")
        kind = getattr(errors, str(fault.kind), None)
        if isinstance(kind, type) and issubclass(kind, ReadError):
            return kind(" ".join(str(fault.text).split()))
        unexpected = RuntimeError(f"{fault.kind}: {fault.text}")
        unexpected.add_note(str(fault.trace))
        return unexpected


def _room(header: Header) -> Array:
    """An array for the samples of a header."""
    kind, shape = np.dtype(header.dtype), tuple(header.shape)
    if kind.newbyteorder("=") not in [np.dtype(able) for able in _DTYPES]:
        raise ValueError(f"samples of {kind}")
    if not all(type(side) is int and side > 0 for side in shape):
        raise ValueError(f"a shape of {shape}")
    # RAW12 takes three bytes for two samples.
    if len(shape) not in (2, 3) or shape[0] * shape[1] > 2 * raw.MOST_PIXELS or (*shape, 3)[2] != 3:
        raise ValueError(f"a shape of {shape}")
    return np.empty(shape, kind)
