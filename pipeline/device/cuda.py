"""A CUDA device through CuPy's memory and streams and numba's kernels. The only module that imports cupy."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._pass import Pass, Slot
from tenbit.pipeline.device.buffers import Buffers, an_eighth_of_memory
from tenbit.pipeline.device.contract import WHOLE, DeviceFullError, Rows, Said, Target, native, said_once
from tenbit.pipeline.device.driver import install_hint
from tenbit.pipeline.device.lanes import CudaPending, Errand, Lane
from tenbit.pipeline.device.program import Program, pinned
from tenbit.pipeline.errors import DeviceError

LANES = 2
"""One computes while the other's next frame goes up and its last one comes down."""

LENT_AT_MOST = 8
"""Pinned arrays that callers may hold before further ones are copied to ordinary memory."""


class CudaDevice:
    """A card. Two frames are on their way at a time; which thread begins and finishes them does not matter.

    Parameters
    ----------
    number : int
    lanes : int, optional
        Frames on their way at a time; by default what ``tenbit tune`` has kept for cards of this name, else `LANES`.
    """

    target: Target = "cuda"

    def __init__(self, number: int = 0, lanes: int | None = None) -> None:
        if reason := unusable(number):
            raise DeviceError(f"cuda:{number}: {reason}")
        # numba warns of every launch that leaves most of a card idle, as small frames must.
        os.environ.setdefault("NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS", "0")
        import cupy

        from tenbit.pipeline.tune.kept import Kept, Machine, kept

        self._number = number
        self.cupy: Any = cupy
        self.name = f"cuda:{number}"
        with self.errors():
            card = cupy.cuda.runtime.getDeviceProperties(number)["name"].decode()
        self.name += f" {card}"
        there = Kept() if lanes else kept(Machine(card))
        self._note = there.note
        self.lanes = lanes or there.setting.lanes or LANES
        self.said_before: set[str] = set()
        self.pinned = Buffers(an_eighth_of_memory(), lambda count: pinned(cupy, count))
        self._ordinary = Buffers(an_eighth_of_memory())
        self._lock = threading.RLock()
        with self.here():
            self._lanes = [Lane(cupy, f"cuda:{number} stream {n + 1}") for n in range(self.lanes)]

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """This device as the calling thread's own, for one thread at a time; CuPy's errors as ours."""
        with self._lock, self.errors(), self.cupy.cuda.Device(self._number):
            yield

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """CuPy's errors as ours."""
        try:
            yield
        except MemoryError:
            # CuPy's own kind of it, or no more host memory that can be pinned.
            raise DeviceFullError(f"the frame does not fit into the memory of {self.name}") from None
        except self.cupy.cuda.runtime.CUDARuntimeError as error:
            raise DeviceError(f"{self.name}: {error}") from error

    def empty(self, shape: tuple[int, ...], dtype: str) -> Array:
        with self.here():
            return self.pinned.empty(shape, dtype)

    def free_bytes(self) -> int:
        with self.here():
            # What CuPy's pool and the lanes hold of earlier frames is free for this one.
            held = self.cupy.get_default_memory_pool().free_bytes() + sum(lane.nbytes for lane in self._lanes)
            return int(self.cupy.cuda.runtime.memGetInfo()[0] + held)

    def keep_at_most(self, count: int) -> None:
        self.pinned.most_bytes = self._ordinary.most_bytes = min(count, an_eighth_of_memory())

    def begin(
        self,
        passes: Sequence[Pass],
        planes: Mapping[str, Array],
        wanted: Sequence[str],
        *,
        known: Mapping[str, Any] | None = None,
        rows: Rows = WHOLE,
        said: Said | None = None,
    ) -> CudaPending:
        frame = {name: native(plane) for name, plane in planes.items()}
        ins = [Slot(name, plane.shape, plane.dtype.str) for name, plane in frame.items()]
        errand = Errand(passes, frame, wanted, known or {}, rows, said)
        if self._note:
            said_once(self, said, "tuning", self._note)
        with self.here():
            try:
                return self._lane(passes, ins).start(self, errand)
            except MemoryError:
                # The other lane's buffers are for other frames, or one frame at a time is all that fits.
                self.drop()
            return self._lane(passes, ins).start(self, errand)

    def _lane(self, passes: Sequence[Pass], ins: Sequence[Slot]) -> Lane:
        """A settled lane with a program: an idle one that has it already, else an idle one, else the oldest."""
        key = (tuple((work.signature, work.shape, work.outs, work.frees) for work in passes), tuple(ins))
        idle = [lane for lane in self._lanes if lane.is_idle()]
        lane = next((lane for lane in idle if lane.key == key), idle[0] if idle else self._lanes[0])
        # The one that was started longest ago stands first.
        self._lanes.remove(lane)
        self._lanes.append(lane)
        lane.settle()
        if lane.key != key:
            lane.drop()
            lane.program = Program(self.cupy, lane.stream, passes, ins)
            lane.key = key
        return lane

    def drop(self) -> None:
        """Give back the device memory that is kept for later frames; frames on their way are waited for."""
        with self.here():
            for lane in self._lanes:
                lane.settle()
                lane.drop()
            self.cupy.get_default_memory_pool().free_all_blocks()

    def kept(self, array: Array) -> Array:
        """A finished array as it is handed out: a caller who keeps many must not use up the memory that is pinned."""
        if self.pinned.lent <= LENT_AT_MOST:
            return array
        copy = self._ordinary.empty(array.shape, array.dtype)
        np.copyto(copy, array)
        return copy


def unusable(number: int) -> str | None:
    """Why a CUDA device cannot be used, and what would help; None when it can."""
    if importlib.util.find_spec("cupy") is None:
        return f"CuPy is not installed ({install_hint()})"
    if importlib.util.find_spec("numba_cuda") is None:
        # The numba.cuda inside numba (0.68) cannot compile max(a, b).
        return f"numba-cuda is not installed ({install_hint()})"
    try:
        import cupy

        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # CuPy raises its own kinds for a missing driver or library, ImportError among them.
        return f"no usable NVIDIA driver ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
    if number >= count:
        return f"there are {count} CUDA devices, numbered from 0"
    return None
