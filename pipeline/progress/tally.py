"""How many files are done, how fast that goes and how long it will take; as much memory for a million as for one."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

# The rate is that of so many files: a first one that compiled is soon forgotten, a burst from a card is not a rate.
_WINDOW = 64


class Tally:
    """Counts of a batch.

    Parameters
    ----------
    total : int or None
        Files to come.
    clock : callable
        Seconds.
    """

    def __init__(self, total: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self.clock = total, clock
        self.counts: Counter[str] = Counter()
        self._recent: deque[tuple[float, int]] = deque([(clock(), 0)], maxlen=_WINDOW + 1)

    def add(self, status: str, pixels: int = 0) -> None:
        """Count one more file; one that was skipped says nothing of the rate."""
        self.counts[status] += 1
        if status != "skipped":
            self._recent.append((self.clock(), pixels))
        elif len(self._recent) == 1:
            self._recent[0] = (self.clock(), 0)

    @property
    def finished(self) -> int:
        """Files that are done, failed or skipped."""
        return self.counts.total()

    @property
    def rate(self) -> float | None:
        """Files per second of late; None before the first."""
        seconds = self._recent[-1][0] - self._recent[0][0]
        return (len(self._recent) - 1) / seconds if seconds > 0 else None

    @property
    def megapixels_per_second(self) -> float | None:
        """Of late; None where no file has said how large it is."""
        seconds = self._recent[-1][0] - self._recent[0][0]
        pixels = sum(pixels for _, pixels in list(self._recent)[1:])
        return pixels / 1e6 / seconds if seconds > 0 and pixels else None

    @property
    def eta_s(self) -> float | None:
        """Seconds that the rest will take, None where nobody knows."""
        rate = self.rate
        return None if self.total is None or rate is None else max(self.total - self.finished, 0) / rate

    @property
    def percent(self) -> float | None:
        """Of the files, None where nobody knows how many there are."""
        return None if self.total is None else 100 * min(self.finished / max(self.total, 1), 1)

    @property
    def speed(self) -> list[str]:
        """``3.25 frames/s``, ``40 MP/s``, as far as they are known."""
        rate, megapixels = self.rate, self.megapixels_per_second
        said = [] if rate is None else [f"{rate:.{2 if rate < 10 else 1 if rate < 100 else 0}f} frames/s"]
        return said if megapixels is None else [*said, f"{megapixels:.0f} MP/s"]

    def as_record(self) -> dict[str, Any]:
        """Counts, files per second and seconds to go, fit for JSON."""
        rate, eta_s, speed = self.rate, self.eta_s, self.megapixels_per_second
        return {
            **{status: self.counts[status] for status in ("done", "failed", "skipped")},
            "total": self.total,
            "rate": None if rate is None else round(rate, 3),
            "mp_per_s": None if speed is None else round(speed, 1),
            "eta_s": None if eta_s is None else round(eta_s, 1),
        }

    def __str__(self) -> str:
        """``3 done, 1 failed``."""
        return ", ".join(f"{number} {status}" for status, number in sorted(self.counts.items()))
