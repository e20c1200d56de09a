"""A card: how many frames are on their way through it at a time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from tenbit.pipeline.device import CudaDevice
from tenbit.pipeline.device.contract import Done
from tenbit.pipeline.device.cuda import LANES
from tenbit.pipeline.tune.setting import Setting
from tenbit.pipeline.tune.subject import Case, Group

_LANES = (1, 2, 3, 4)
_FRAMES = 12  # timed together: with one there is nothing to overlap


class CardSubject:
    """A card. Blocks of threads and what they keep are of the kernels, which are not made anew for a search.

    Parameters
    ----------
    cases : sequence of Case
    number : int
        Of the card.
    """

    def __init__(self, cases: Sequence[Case], number: int = 0) -> None:
        self.cases, self._number = cases, number
        self._devices: dict[int, CudaDevice] = {}

    def titles(self) -> tuple[str, ...]:
        return ("lanes",)

    def group(self, title: str, best: Setting) -> Group:
        others = [Setting(lanes=count) for count in _LANES if count != _lanes(best)]
        return Group(title, (best, *others))

    def go(self, setting: Setting, case: Case) -> float:
        """Seconds of a frame, of several that follow each other."""
        self._device(setting)
        began = time.perf_counter()
        self._last(setting, case, _FRAMES)
        return (time.perf_counter() - began) / _FRAMES

    def done(self, setting: Setting, case: Case) -> Done:
        """The last of a few that overlap."""
        return self._last(setting, case, _lanes(setting) + 1)

    def is_same(self, one: Setting, other: Setting) -> bool:
        return _lanes(one) == _lanes(other)

    def renewed(self) -> None:
        for device in self._devices.values():
            device.drop()
        self._devices.clear()

    def _last(self, setting: Setting, case: Case, count: int) -> Done:
        device, begun = self._device(setting), deque([case.begun(self._device(setting))])
        done = None
        for _ in range(count - 1):
            begun.append(case.begun(device))
            if len(begun) > device.lanes:
                done = begun.popleft().finish()
        while begun:
            done = begun.popleft().finish()
        assert done is not None
        return done

    def _device(self, setting: Setting) -> CudaDevice:
        lanes = _lanes(setting)
        if lanes not in self._devices:
            self._devices[lanes] = CudaDevice(self._number, lanes)
        return self._devices[lanes]


def _lanes(setting: Setting) -> int:
    return setting.lanes or LANES
