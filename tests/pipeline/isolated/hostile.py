"""What a decoder may do to its process, by the file's name; imported by the process that reads."""

import os
import signal
import sys
import time

import numpy as np

from tenbit.kernels._stage import Told
from tenbit.pipeline import raw
from tenbit.pipeline.errors import ReadError, UnsupportedError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.isolated import header, worker


def read(path, *, camera=None, keep_packed=False, max_pixels=0):
    return {name.removeprefix("_"): does for name, does in globals().items() if name.startswith("_")}[path.stem](path)


def _pid(path):
    frame = Frame.from_mosaic(np.full((2, 4), os.getpid() % 60000, np.uint16))
    return Frame(frame.samples, frame.facts, source=path, warnings=("a warning", Told("a note")))


def _slow(path):
    # Two of them are read at once, or this takes for ever.
    path.with_suffix(f".{os.getpid()}").touch()
    while len(list(path.parent.glob("slow.*"))) < 2:
        time.sleep(0.01)
    return _pid(path)


def _hang(path):
    path.with_suffix(".pid").write_text(str(os.getpid()))
    time.sleep(600)


def _segfault(path):
    os.kill(os.getpid(), signal.SIGSEGV)


def _exit(path):
    os._exit(3)


def _memory(path):
    bytearray(2**33)


def _broken(path):
    raise ReadError("cut\noff")


def _foreign(path):
    raise UnsupportedError("an X-Trans CFA")


def _bug(path):
    raise ZeroDivisionError("division by zero")


def _chatter(path):
    sys.stdout.write("a word")
    sys.stdout.flush()
    os.write(1, b"a word\n")
    os.write(2, b"a word\n")
    return _pid(path)


def _code(path):
    """A process that was taken over: its answer would run a command."""

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {path.with_suffix('.done')}",)

    worker.Header = type("Lying", (header.Header,), {"of": classmethod(lambda cls, frame: Evil())})
    return _pid(path)


def _huge(path):
    """A process that was taken over: it tells of more samples than any picture has."""
    frame = _pid(path)
    told = header.Header(frame.facts, frame.exif, "x", (), None, (2**40, 2), "<u2")
    worker.Header = type("Lying", (header.Header,), {"of": classmethod(lambda cls, frame: told)})
    return frame


def _objects(path):
    frame = _pid(path)
    told = header.Header(frame.facts, frame.exif, "x", (), None, (2, 4), "|O")
    worker.Header = type("Lying", (header.Header,), {"of": classmethod(lambda cls, frame: told)})
    return frame


def _module(path):
    assert raw.__name__ in sys.modules and "numba" not in sys.modules and "pydantic" not in sys.modules
    return _pid(path)
