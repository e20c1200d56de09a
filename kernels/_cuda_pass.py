"""A compiled kernel of a pass, as it is launched."""

from __future__ import annotations

from typing import Any

from tenbit.kernels._pass import Pass
from tenbit.kernels._shared import blocks_of


class CudaPass:
    """A compiled pass, ready to be launched on frames of any size."""

    def __init__(self, work: Pass, kernel: Any) -> None:
        self.work, self.kernel = work, kernel
        self.blocks = blocks_of(work)

    def __call__(
        self,
        ins: list[Any],
        outs: list[Any],
        packed: tuple[Any, Any, list[Any]],
        *,
        shape: tuple[int, int],
        counters: list[Any],
        stream: Any = 0,
    ) -> None:
        """Launch over arrays of the device, for a frame of ``shape``; every REDUCE adds to its ``counters`` (int32).

        ``packed`` is what `Bound.packed` makes, with five numbers behind the whole ones: see `_cuda.source`.
        ``stream`` is one of numba's; 0 is the default stream.
        """
        rows, cols = shape
        tall, wide = self.blocks.threads
        grid = (-(-cols // (wide * self.blocks.span)), -(-rows // (tall * self.blocks.span)))
        kf, ki, arrays = packed
        self.kernel[grid, (wide, tall), stream](kf, ki, *ins, *arrays, *outs, *counters)
