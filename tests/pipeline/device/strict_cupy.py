"""A strict stand-in for CuPy: as much of it as tenbit uses, and no forgiveness.

Nothing that is queued on a stream happens before something waits for it, so that a missing wait shows. Faults that a
card would let pass, or that would show as a wrong pixel once in a thousand frames, are errors here:

- numpy takes a device array, or a copy's host end is not pinned;
- memory is used that was given back, or given back while queued work needs it;
- a pinned buffer is written to while a copy from or to it is on its way;
- work on one stream touches what work on another is still to write or read, with no event between;
- something allocates, waits or copies by itself while a stream captures;
- anything is done on the default stream, or while the device is not current.

Kernels run in numba's simulator, on the memory behind the arrays. By the card's clock each thing takes a millisecond.
Every fault is kept in ``faults`` too, for code that swallows exceptions.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import types
import weakref
import zlib

import numpy as np

POISON = 0xA5


class FaultError(Exception):
    """The card was used wrongly."""


class OutOfMemoryError(MemoryError):
    """As CuPy's."""


class CUDARuntimeError(RuntimeError):
    """As CuPy's."""

    status = 999


class Block:
    """Memory of the card, or pinned memory of the host, and the queued work that touches it."""

    def __init__(self, count, *, is_pinned=False):
        self.bytes = np.full(count, POISON, np.uint8)
        self.first, self.count, self.is_pinned = self.bytes.ctypes.data, count, is_pinned
        self.is_free = False
        self.waiting = []

    def holds(self, pointer, count):
        return self.first <= pointer and pointer + count <= self.first + self.count


class Owner:
    """What the arrays of a block keep alive."""


class Work:
    """Something queued: what it does, what it touches, what must still be so when it happens."""

    def __init__(self, do, blocks, check=lambda: None):
        self.do, self.blocks, self.check, self.is_done = do, blocks, check, False
        self.ended_ms = 0.0


class OnDevice:
    """An array of the card: the host gets at it by copies alone."""

    def __init__(self, cupy, block, held, owner):
        self._cupy, self.block, self.held, self._owner = cupy, block, held, owner
        self.shape, self.dtype, self.nbytes = held.shape, held.dtype, held.nbytes
        self.data = types.SimpleNamespace(ptr=held.ctypes.data)

    def __array__(self, *arguments, **more):
        self._cupy.fault("implicit conversion of a device array")

    def _seen(self, held):
        return OnDevice(self._cupy, self.block, held, self._owner)

    def __getitem__(self, part):
        return self._seen(self.held[part])

    def view(self, dtype):
        return self._seen(self.held.view(dtype))

    def reshape(self, shape):
        return self._seen(self.held.reshape(shape))


class Stream:
    """A queue. Nothing in it happens before something waits for it."""

    def __init__(self, cupy, non_blocking=False):
        if not non_blocking:
            cupy.fault("a stream that waits for the default stream")
        self._cupy, self.ptr = cupy, next(cupy.numbers)
        self.queue, self.captured, self.awaited = [], None, set()
        cupy.streams[self.ptr] = self

    def __enter__(self):
        self._cupy.current.append(self)
        return self

    def __exit__(self, *error):
        self._cupy.current.pop()

    def put(self, work):
        """Queue work, after checks of what a card would not check."""
        self._cupy.must_be_here()
        if self.captured is not None:
            self.captured.append(work)
            return
        for block in work.blocks:
            if block.is_free:
                self._cupy.fault("use after free")
            for stream, other in block.waiting:
                if stream is not self and not other.is_done and other not in self.awaited:
                    self._cupy.fault("work on two streams with no event between")
            block.waiting = [(s, w) for s, w in block.waiting if not w.is_done] + [(self, work)]
        self.queue.append(work)

    def done_up_to(self, last=None):
        """Let happen what is queued, up to some work or all of it."""
        while self.queue and (last is None or not last.is_done):
            work = self.queue.pop(0)
            if any(block.is_free for block in work.blocks):
                self._cupy.fault("use after free")
            work.check()
            work.do()
            self._cupy.clock_ms += 1.0
            work.is_done, work.ended_ms = True, self._cupy.clock_ms

    def synchronize(self):
        self._cupy.must_not_capture("waiting")
        self.done_up_to()

    def wait_event(self, event):
        self.awaited |= set(event.before)

    def begin_capture(self):
        if self._cupy.cannot_capture:
            raise CUDARuntimeError("cudaErrorStreamCaptureUnsupported")
        self.captured = []

    def end_capture(self):
        captured, self.captured = self.captured, None
        self._cupy.captures += 1
        return Graph(self._cupy, captured)


class Graph:
    """Work that was recorded, to be queued again and again."""

    def __init__(self, cupy, captured):
        self._cupy, self._captured = cupy, captured

    def launch(self, stream):
        self._cupy.replays += 1
        for work in self._captured:
            stream.put(Work(work.do, work.blocks))


class Event:
    """A mark in a stream."""

    def __init__(self, cupy, disable_timing=False):
        self._cupy, self._stream, self.before = cupy, None, []
        self.is_timed = not disable_timing
        self._recorded_ms = 0.0
        cupy.events += 1

    def record(self, stream):
        self._cupy.must_be_here()
        if stream.captured is not None:
            self._cupy.fault("an event recorded while capturing")
        self._stream, self.before = stream, list(stream.queue)
        self._recorded_ms = self._cupy.clock_ms

    @property
    def happened_ms(self):
        return max([self._recorded_ms, *(work.ended_ms for work in self.before)])

    @property
    def done(self):
        return all(work.is_done for work in self.before)

    def synchronize(self):
        self._cupy.must_not_capture("waiting")
        if self.before:
            self._stream.done_up_to(self.before[-1])


class StrictCupy(types.ModuleType):
    """The module.

    Parameters
    ----------
    capacity : int
        Bytes of the card.
    number : int
        The device that must be current whenever something is asked of it.
    """

    def __init__(self, capacity, number=0):
        super().__init__("cupy")
        self.capacity, self.number, self.used = capacity, number, 0
        self.numbers = itertools.count(1000)
        self.here, self.current, self.streams, self.blocks, self.faults = [], [], {}, [], []
        self.captures = self.replays = self.launches = self.events = 0
        self.clock_ms = 0.0
        self.cannot_capture = False
        self.most_pinned = 2**40
        self.log, self.loaded = [], set()
        runtime = types.SimpleNamespace(
            CUDARuntimeError=CUDARuntimeError,
            memcpyHostToDevice=1,
            memcpyDeviceToHost=2,
            memcpyDeviceToDevice=3,
            memcpyAsync=self._copy,
            getDeviceCount=lambda: number + 1,
            getDeviceProperties=lambda device: {"name": b"Strict"},
            memGetInfo=lambda: (self.capacity - self.used, self.capacity),
        )
        self.cuda = types.SimpleNamespace(
            runtime=runtime,
            memory=types.SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
            Device=self._device,
            Stream=lambda non_blocking=False: Stream(self, non_blocking),
            Event=lambda disable_timing=False: Event(self, disable_timing),
            get_elapsed_time=self._elapsed,
            alloc_pinned_memory=self._pinned,
        )

    def fault(self, text):
        self.faults.append(text)
        raise FaultError(text)

    def must_be_here(self):
        if not self.here or self.here[-1] != self.number:
            self.fault("the device is not current")

    def must_not_capture(self, what):
        if any(stream.captured is not None for stream in self.streams.values()):
            self.fault(f"{what} while capturing")

    @contextlib.contextmanager
    def _device(self, number):
        self.here.append(number)
        try:
            yield
        finally:
            self.here.pop()

    def empty(self, shape, dtype):
        self.must_be_here()
        self.must_not_capture("allocating")
        if not self.current:
            self.fault("allocating on the default stream")
        count = max(1, int(np.prod(shape)) * np.dtype(dtype).itemsize)
        if self.used + count > self.capacity:
            raise OutOfMemoryError(f"out of memory allocating {count} bytes")
        self.used += count
        block = Block(count)
        self.blocks.append(block)
        held = block.bytes[:count].view(dtype).reshape(shape)
        owner = Owner()
        weakref.finalize(owner, self._freed, block)
        return OnDevice(self, block, held, owner)

    def _freed(self, block):
        block.is_free = True
        if not block.is_pinned:
            self.used -= block.count
        if any(not work.is_done for _, work in block.waiting):
            self.faults.append("memory given back while queued work needs it")

    def get_default_memory_pool(self):
        return types.SimpleNamespace(free_bytes=lambda: 0, free_all_blocks=lambda: None)

    def _pinned(self, count):
        self.must_be_here()
        if count > self.most_pinned:
            error = CUDARuntimeError("cudaErrorMemoryAllocation: out of memory")
            error.status = 2
            raise error
        block = Block(count, is_pinned=True)
        self.blocks.append(block)
        # As CuPy's pointer: a buffer, and no more.
        memory = type("Pinned", (ctypes.Array,), {"_type_": ctypes.c_uint8, "_length_": count}).from_buffer(block.bytes)
        weakref.finalize(memory, self._freed, block)
        return memory

    def _block(self, pointer, count, *, is_pinned):
        found = [block for block in self.blocks if block.holds(pointer, count)]
        if not found or found[-1].is_pinned is not is_pinned:
            self.fault("the host end of a copy is not pinned" if is_pinned else "no such memory on the card")
        return found[-1]

    def _copy(self, target, source, count, kind, stream):
        self.must_be_here()
        self.must_not_capture("copying")
        if kind == self.cuda.runtime.memcpyDeviceToDevice:
            ends = [self._block(end, count, is_pinned=False) for end in (target, source)]
            self.streams[stream].put(Work(lambda: ctypes.memmove(target, source, count), ends))
            return
        is_up = kind == self.cuda.runtime.memcpyHostToDevice
        card = self._block(target if is_up else source, count, is_pinned=False)
        host = self._block(source if is_up else target, count, is_pinned=True)
        pinned = host.bytes[(source if is_up else target) - host.first :][:count]
        if not is_up:
            pinned[:] = POISON
        mark = zlib.crc32(pinned)

        def check():
            if zlib.crc32(pinned) != mark:
                self.fault("pinned memory written to while a copy is on its way")

        self.log.append("up" if is_up else "down")
        work = Work(lambda: ctypes.memmove(target, source, count), [card, host], check)
        self.streams[stream].put(work)

    def launch(self, stream, arrays, do, kernel=None):
        """A kernel on a numba stream made by `kernel_stream`; its first launch compiles and loads it."""
        if not isinstance(stream, Stream):
            self.fault("a kernel on the default stream")
        if kernel not in self.loaded:
            self.must_not_capture("loading a kernel")
        self.loaded.add(kernel)
        self.launches += 1
        self.log.append("kernel")
        stream.put(Work(do, [array.block for array in arrays]))

    def _elapsed(self, began, ended):
        if not (began.is_timed and ended.is_timed and began.done and ended.done):
            self.fault("timing of events that keep no time or are not done")
        return ended.happened_ms - began.happened_ms
