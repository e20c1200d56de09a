"""What memory allows: copies between buffers that are kept, and into fresh ones."""

from __future__ import annotations

import mmap
from functools import partial

import frames
import numpy as np
from timing import Case, Section, copying, in_turns

# Of a copy: what a frame of 12.5 MP takes as float32 RGB, larger than any cache.
BYTES_PER_PIXEL = 12


def measure(rounds: int, threads: int) -> Section:
    """Copies by one thread and by all, and into memory that nobody has touched yet."""
    size = frames.ROWS * frames.COLS * BYTES_PER_PIXEL
    source = np.full(size, 1, np.uint8)
    kept = {f"copy, kept buffers, {n} thread{'s' * (n > 1)}": copying(size, n) for n in sorted({1, threads})}
    fresh = {
        "copy into a fresh buffer of NumPy's, 1 thread": source.copy,
        "copy into fresh pages of 4 KiB, 1 thread": partial(_into_small_pages, source),
    }
    # "Megapixels" are millions of bytes that are read, and as many that are written.
    cases = [Case(name, call, size / 1e6) for name, call in (kept | fresh).items()]
    timed = in_turns(cases, rounds)
    figures = {f"{one.name}, GB/s read and written": 2e-3 * one.rate for one in timed.values()}
    first, *_, paged = timed.values()
    figures["copy into fresh pages, time over that into a kept buffer"] = paged.median_s / first.median_s
    figures["fresh pages of 4 KiB, GB/s that their faults alone allow"] = (
        1e-9 * size / max(paged.median_s - first.median_s, 1e-9)
    )
    return Section("limits", "Memory", list(timed.values()), figures=figures)


def _into_small_pages(source: np.ndarray) -> None:
    """Copy into new memory that the system gives in pages of 4 KiB, where it can be told so."""
    with mmap.mmap(-1, source.size) as memory:
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            memory.madvise(mmap.MADV_NOHUGEPAGE)
        to = np.frombuffer(memory, np.uint8)
        np.copyto(to, source)
        del to
