"""A compiled kernel of a pass, as it is launched."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from tenbit.kernels._pass import Pass, label
from tenbit.kernels._shared import blocks_of
from tenbit.kernels._spans import span


class CudaPass:
    """A compiled pass, ready to be launched on frames of any size.

    Parameters
    ----------
    work : Pass
    kernel : numba kernel
    first : str, optional
        The kind of span that the first launch is, where it takes long.
    """

    def __init__(self, work: Pass, kernel: Any, first: str | None = None) -> None:
        self.work, self.kernel, self._first = work, kernel, first
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
        launch = self.kernel[grid, (wide, tall), stream]
        with span(self._first, label(self.work)) if self._first else nullcontext():
            launch(kf, ki, *ins, *arrays, *outs, *counters)
        self._first = None
