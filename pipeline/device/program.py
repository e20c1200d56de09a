"""A plan's passes on fixed buffers of one lane: launched once, captured as CUDA graphs, then replayed.

A launch through numba costs tens of microseconds of Python, a graph's few for all its kernels. What changes from
frame to frame (constants, counters that begin at zero) crosses the bus in one copy before the kernels run, so that
a graph never has to be made again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._pass import Pass, Slot, label
from tenbit.pipeline.device.contract import Said
from tenbit.pipeline.device.layout import Place, layout
from tenbit.pipeline.device.numbers import Numbers
from tenbit.pipeline.device.timeline import UNTIMED, Untimed

MEMORY_ALLOCATION = 2
"""``cudaErrorMemoryAllocation``, which CuPy (14) has no name for in Python."""


class Program:
    """Passes of one signature on frames of one shape.

    Parameters
    ----------
    cupy : module
    stream : cupy.cuda.Stream
        The lane's: all that a program does is queued on it, in order.
    passes : sequence of Pass
    ins : sequence of Slot
        The frame's own arrays.

    Raises
    ------
    cupy.cuda.memory.OutOfMemoryError
    """

    def __init__(self, cupy: Any, stream: Any, passes: Sequence[Pass], ins: Sequence[Slot]) -> None:
        self._cupy, self._stream = cupy, stream
        self.places = layout(passes, ins)
        with stream:
            self._block = cupy.empty((max(1, self.places.nbytes),), np.uint8)
        self._stretches: dict[int, Stretch] = {}

    @property
    def nbytes(self) -> int:
        """Device memory that it holds."""
        return self.places.nbytes + sum(stretch.nbytes for stretch in self._stretches.values())

    def array(self, place: Place) -> Any:
        """The device's array at a place."""
        return part(self._block, place.first, place.slot.shape, place.slot.dtype)

    def queue(
        self, first: int, passes: Sequence[Pass], numbers: Numbers, said: Said | None, timeline: Untimed = UNTIMED
    ) -> Stretch:
        """Queue some passes, the first of which is number ``first``, with their constants."""
        stretch = self._stretches.get(first)
        if stretch is None or stretch.signature != numbers.signature:
            everywhere = range(first, first + len(passes))
            ins = [[self.array(place) for place in self.places.read[n]] for n in everywhere]
            outs = [[self.array(place) for place in self.places.made[n]] for n in everywhere]
            stretch = self._stretches[first] = Stretch(self._cupy, self._stream, passes, numbers, ins, outs, said)
        stretch.queue(numbers, timeline, first)
        return stretch


class Stretch:
    """Passes between which the host is not needed, with the arguments of every launch: a capture finds them ready."""

    def __init__(
        self,
        cupy: Any,
        stream: Any,
        passes: Sequence[Pass],
        numbers: Numbers,
        ins: Sequence[list[Any]],
        outs: Sequence[list[Any]],
        said: Said | None,
    ) -> None:
        from tenbit.kernels._compile import cuda_pass, kernel_array, kernel_stream

        self._cupy, self._stream, self._numbers = cupy, stream, numbers
        self.signature, self.nbytes = numbers.signature, numbers.nbytes
        self._up, self._down = pinned(cupy, self.nbytes), pinned(cupy, self.nbytes)
        self._up[:] = 0
        with stream:
            self._block = cupy.empty((self.nbytes,), np.uint8)
        launch_on = kernel_stream(stream.ptr)
        self._launches = []
        for n, work in enumerate(passes):
            kernel = cuda_pass(work, numbers.bounds[n], said)
            kf, ki, *arrays = (kernel_array(part(self._block, *spot)) for spot in numbers.constant_spots[n])
            counters = [kernel_array(part(self._block, *spot)) for spot in numbers.counter_spots[n]]
            arguments = [*map(kernel_array, ins[n])], [*map(kernel_array, outs[n])], (kf, ki, arrays)
            self._launches.append((kernel, arguments, {"shape": work.shape, "counters": counters, "stream": launch_on}))
        self._graph: Any = None
        self._is_loaded = False
        self.no_graph = ""
        """Why its launches could not be captured; empty while nothing is known against it."""

    def queue(self, numbers: Numbers, timeline: Untimed = UNTIMED, first: int = 0) -> None:
        """Constants up, kernels, counters down. The card must have done with the frame before.

        Kernels whose times are kept are launched, never replayed: a graph has no events between its kernels.
        """
        self._numbers = numbers
        numbers.write(self._up)
        timeline.mark()
        copied_up(self._cupy, self._block, self._up, self._stream)
        timeline.mark("up", "constants", bytes=self._up.nbytes)
        if self._graph is None and self._is_loaded and not (self.no_graph or timeline.is_kept):
            self._capture()
        if self._graph is not None and not timeline.is_kept:
            self._graph.launch(self._stream)
        else:
            self._launch(timeline, first)
            # Compiled and loaded by now, which a capture must not meet.
            self._is_loaded = True
        if place := numbers.first_counter:
            copied_down(self._cupy, self._down[place:], self._block[place:], self._stream)
            timeline.mark("down", "counters", bytes=self._down[place:].nbytes)

    def _launch(self, timeline: Untimed = UNTIMED, first: int = 0) -> None:
        for number, (kernel, arguments, more) in enumerate(self._launches, first):
            kernel(*arguments, **more)
            timeline.mark("pass", label(kernel.work), number=number, is_first=not self._is_loaded)

    def _capture(self) -> None:
        """Record the launches as a graph; where the card's driver cannot, they stay launches."""
        graph = None
        try:
            self._stream.begin_capture()
            try:
                self._launch()
            finally:
                graph = self._stream.end_capture()
        except (
            Exception
        ) as error:  # numba, CuPy and the driver have each their own; the same launches have worked before.
            self.no_graph = " ".join(str(error).split()) or type(error).__name__
            return
        self._graph = graph

    def counters(self) -> list[list[Array]]:
        """Per pass, the counters of each tally, int64. The stream must have got so far."""
        return [[part(self._down, *spot).astype(np.int64) for spot in spots] for spots in self._numbers.counter_spots]


def part(block: Any, first: int, shape: tuple[int, ...], dtype: str) -> Any:
    """A part of a block of bytes as an array."""
    count = math.prod(shape) * np.dtype(dtype).itemsize
    return block[first : first + count].view(np.dtype(dtype)).reshape(shape)


def pinned(cupy: Any, count: int) -> Array:
    """Host memory that a card reaches by itself, uint8 of any content.

    Raises
    ------
    MemoryError
        If there is no more of it.
    """
    try:
        memory = cupy.cuda.alloc_pinned_memory(count)
    except cupy.cuda.runtime.CUDARuntimeError as error:
        if error.status != MEMORY_ALLOCATION:
            raise
        raise MemoryError(str(error)) from error
    return np.frombuffer(memory, np.uint8, count)


def copied_up(cupy: Any, target: Any, source: Array, stream: Any) -> None:
    """Queue a copy of pinned memory to the card."""
    runtime = cupy.cuda.runtime
    runtime.memcpyAsync(target.data.ptr, source.ctypes.data, source.nbytes, runtime.memcpyHostToDevice, stream.ptr)


def copied_down(cupy: Any, target: Array, source: Any, stream: Any) -> None:
    """Queue a copy of the card's memory to pinned memory."""
    runtime = cupy.cuda.runtime
    runtime.memcpyAsync(target.ctypes.data, source.data.ptr, source.nbytes, runtime.memcpyDeviceToHost, stream.ptr)
