"""Pictures into one file, in a thread of their own: the next frame is developed meanwhile."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.errors import WriteError
from tenbit.pipeline.images import replaced
from tenbit.pipeline.video.codec import BEST_CRF, CONTAINERS, Codec, pyav
from tenbit.pipeline.video.planes import COLOURS, FULL, LIMITED, RGB_MATRIX, Colours, fill

_WAITING = 2  # pictures that may wait for the encoder: 50 MB each of 3840 × 2160


@dataclass(frozen=True)
class Look:
    """What all pictures of a video have in common.

    Parameters
    ----------
    codec : Codec
    rate : Fraction
        Frames per second.
    timecode : str
        Of the first frame; empty for none.
    crf : float, optional
        Of HEVC: 0 is the best, 51 the smallest.
    threads : int
        Of the encoder; 0 leaves it to FFmpeg.
    """

    codec: Codec
    rate: Fraction
    timecode: str = ""
    crf: float | None = None
    threads: int = 0


@contextmanager
def opened(target: Path, look: Look) -> Iterator[Reel]:
    """A video to put pictures in; the file is complete or absent.

    Raises
    ------
    RequestError
        If PyAV is not installed.
    WriteError
        If the file cannot be written, or the encoder fails.
    """
    av = pyav()
    try:
        with replaced(target) as handle:
            reel = Reel(handle, target, look)
            try:
                yield reel
                reel.finish()
            finally:
                reel.let_go()
    except av.FFmpegError as error:
        # One that is an OSError too, as of a full disk, has become a WriteError already.
        said = error.strerror or type(error).__name__
        raise WriteError(f"{target}: the {look.codec.name} encoder failed: {said}") from error


class Reel:
    """A video that is being written."""

    def __init__(self, handle: BinaryIO, target: Path, look: Look) -> None:
        self.count = 0
        self.size: tuple[int, int] | None = None
        self._handle, self._target, self._look = handle, target, look
        self._space = ""
        self._pool = ThreadPoolExecutor(1, "tenbit-video")
        self._waiting: deque[Future[None]] = deque()
        self._container: Any = None
        self._stream: Any = None

    def begin(self, rows: int, cols: int, *, space: str, record: Mapping[str, Any]) -> None:
        """Say how large the pictures are, in which space, and how they were made; before the first one."""
        row_step, col_step = self._look.codec.subsampling
        self.size, self._space = (rows, cols), space
        self._even = (rows // row_step * row_step, cols // col_step * col_step)
        self._wait(self._pool.submit(self._open, dict(record)))

    def put(self, samples: Array, *, times: int = 1) -> None:
        """Add a picture, (rows, cols, 3) of uint16, which must not be written to any more; as often as said."""
        self._wait(self._pool.submit(self._encode, samples, times))

    def black(self, times: int) -> None:
        """Add black pictures."""
        if times:
            self.put(np.broadcast_to(np.uint16(0), (*self._even, 3)), times=times)

    def finish(self) -> None:
        """Wait for the encoder and close the file."""
        self._wait(self._pool.submit(self._close))
        while self._waiting:
            self._waiting.popleft().result()

    def let_go(self) -> None:
        """End the thread; what was not finished stays half a file, which is removed."""
        self._pool.shutdown(cancel_futures=True)
        if self._container is not None:
            with suppress(pyav().FFmpegError, OSError):
                self._container.close()
        self._container = self._stream = None

    def _wait(self, task: Future[None]) -> None:
        self._waiting.append(task)
        while len(self._waiting) > _WAITING:
            self._waiting.popleft().result()

    def _open(self, record: dict[str, Any]) -> None:
        look, codec = self._look, self._look.codec
        container = CONTAINERS[self._target.suffix.lower()][0]
        self._container = pyav().open(self._handle, "w", format=container)
        self._container.metadata["comment"] = json.dumps(record)
        if look.timecode:
            # A track of its own in .mov and .mp4, a tag in .mkv.
            self._container.metadata["timecode"] = look.timecode
        options = dict(codec.options)
        if codec.name == "hevc":
            options["crf"] = f"{BEST_CRF if look.crf is None else look.crf:g}"
        self._stream = self._container.add_stream(codec.encoder, rate=look.rate, options=options)
        self._stream.height, self._stream.width = self._even
        self._stream.pix_fmt = codec.pixels
        context = self._stream.codec_context
        context.thread_count = look.threads
        context.time_base = 1 / look.rate
        if codec.tag and container != "matroska":
            context.codec_tag = codec.tag
        self._tag(context)

    def _encode(self, samples: Array, times: int) -> None:
        rows, cols = self._even
        for _ in range(times):
            # The encoder keeps what it was given for as long as it likes.
            frame = pyav().VideoFrame(cols, rows, self._look.codec.pixels)
            fill(frame, samples[:rows, :cols], self._colours)
            self._tag(frame)
            frame.pts, frame.time_base = self.count, 1 / self._look.rate
            self._container.mux(self._stream.encode(frame))
            self.count += 1

    def _close(self) -> None:
        if self._container is not None:
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self._container = self._stream = None

    @property
    def _colours(self) -> Colours:
        return COLOURS[self._space]

    def _tag(self, what: Any) -> None:
        """Say the colours; what is not said is guessed by every player in its own way."""
        is_rgb = self._look.codec.is_rgb
        what.color_primaries, what.color_trc = self._colours.primaries, self._colours.transfer
        what.colorspace = RGB_MATRIX if is_rgb else self._colours.matrix
        what.color_range = FULL if is_rgb else LIMITED
