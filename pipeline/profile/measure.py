"""What one frame takes: the whole of it, each pass, what monitors draw; a card is timed by its own clock."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tenbit.kernels._spans import recording
from tenbit.pipeline import foreseen
from tenbit.pipeline.config import Chain
from tenbit.pipeline.device import Device, Said
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Plan
from tenbit.pipeline.profile.checked import checked
from tenbit.pipeline.profile.parts import First
from tenbit.pipeline.run import begin

_HOST_CLOCKS = "pass", "overlay", "compile", "load"


class Spent(NamedTuple):
    """Seconds of one thing; those of all the process's threads are not known of a card."""

    wall_s: float
    cpu_s: float | None = None


@dataclass(frozen=True)
class Once:
    """What one frame took.

    Parameters
    ----------
    frame : Spent
        From its samples in memory to the finished picture.
    passes : tuple of Spent
        In the plan's order; of a pass that is done more than once, as tiles are, the sum.
    overlay : Spent or None
        What monitors did to the finished picture.
    copies : Spent or None
        To a card and back.
    host : Spent
        All else: the host's own work; on a card, where copies and kernels overlap with it, what is left of them.
    """

    frame: Spent
    passes: tuple[Spent, ...]
    overlay: Spent | None
    copies: Spent | None
    host: Spent


@dataclass
class Clock:
    """Adds up what it is told of, by kind and number; what lies inside an overlay belongs to that."""

    spent: dict[tuple[str, int], Spent] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    _is_drawing: bool = False

    def wants(self, kind: str) -> bool:
        return kind in (*_HOST_CLOCKS, "up", "down")

    def span(self, kind: str, name: str, facts: dict[str, Any]) -> AbstractContextManager[object]:
        wanted = kind in _HOST_CLOCKS and not (self._is_drawing and kind == "pass")
        return self._timed(kind, int(facts.get("number", 0))) if wanted else nullcontext()

    @contextlib.contextmanager
    def _timed(self, kind: str, number: int) -> Iterator[None]:
        was_drawing, self._is_drawing = self._is_drawing, self._is_drawing or kind == "overlay"
        began, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self._is_drawing = was_drawing
            self._count(kind, number, Spent(time.perf_counter() - began, time.process_time() - cpu))

    def add(self, kind: str, name: str, track: str, began_s: float, seconds: float, facts: dict[str, Any]) -> None:
        self._count(kind, int(facts.get("number", 0)), Spent(seconds))

    def _count(self, kind: str, number: int, more: Spent) -> None:
        self.times[kind] = self.times.get(kind, 0) + 1
        known = self.spent.get((kind, number))
        if known is None:
            self.spent[kind, number] = more
        else:
            cpu_s = None if known.cpu_s is None or more.cpu_s is None else known.cpu_s + more.cpu_s
            self.spent[kind, number] = Spent(known.wall_s + more.wall_s, cpu_s)

    def of(self, kind: str) -> Spent | None:
        """All of a kind; None where there was nothing."""
        every = [spent for (other, _), spent in self.spent.items() if other == kind]
        if not every:
            return None
        cpu = [spent.cpu_s for spent in every if spent.cpu_s is not None]
        return Spent(sum(spent.wall_s for spent in every), sum(cpu) if len(cpu) == len(every) else None)


class Bench:
    """A chain, a frame and a device, planned.

    Parameters
    ----------
    chain : Chain
        With its output settled.
    frame : Frame
    device : Device
    frame_name : str
        As reports show it.
    fuse : bool
        False makes every step a pass of its own.

    Raises
    ------
    StageError, WriteError
        If the chain cannot work on this frame.
    """

    def __init__(
        self, chain: Chain, frame: Frame, device: Device, *, frame_name: str = "frame", fuse: bool = True
    ) -> None:
        self.chain, self.frame, self.device, self.frame_name, self.fuse = chain, frame, device, frame_name, fuse
        self.plan = self.planned(frame)

    def planned(self, frame: Frame) -> Plan:
        """The plan of the chain for a frame of this kind."""
        return foreseen.planned(frame.facts, self.chain, packing=frame.packing, fuse=self.fuse)

    def check(self) -> str:
        """How near the picture is to its reference, as a line; see `tenbit.pipeline.profile.checked`."""
        return checked(self.chain, self.frame, self.device, fuse=self.fuse)

    def developed(self, *, said: Said | None = None) -> Frame:
        """The picture."""
        return begin(self.frame, self.plan, self.device, said=said).finish()

    def once(self) -> Once:
        """What one frame takes; warm it by an earlier one.

        A card replays its kernels as a graph while nobody wants to know of each: there a frame is timed by itself, and
        its passes in another one.
        """
        frame = _spent(self.developed) if self.device.target == "cuda" else None
        clock = Clock()
        with recording(clock):
            watched = _spent(self.developed)
        count = len(self.plan.passes_for(self.device.target))
        passes = tuple(clock.spent.get(("pass", n), Spent(0.0)) for n in range(count))
        overlay = clock.of("overlay")
        copies = [spent for kind in ("up", "down") if (spent := clock.of(kind)) is not None]
        inside = [*passes, *copies, *([overlay] if overlay else [])]
        return Once(
            frame or watched,
            passes,
            overlay,
            Spent(sum(each.wall_s for each in copies)) if copies else None,
            Spent(watched.wall_s - sum(each.wall_s for each in inside)),
        )

    def plan_s(self) -> Spent:
        """What making the plan takes."""
        return _spent(lambda: self.planned(self.frame).passes_for(self.device.target))

    def first(self, *, said: Said | None = None) -> First:
        """What the first frame takes: loops are compiled, or come from the cache."""
        clock = Clock()
        with recording(clock):
            began = time.perf_counter()
            self.developed(said=said)
            frame_s = time.perf_counter() - began
        compiled, loaded = clock.of("compile"), clock.of("load")
        return First(
            frame_s,
            clock.times.get("compile", 0),
            compiled.wall_s if compiled else 0.0,
            clock.times.get("load", 0),
            loaded.wall_s if loaded else 0.0,
        )


def _spent(work: Callable[[], object]) -> Spent:
    """What a call takes; what it returns is let go of afterwards."""
    began, cpu = time.perf_counter(), time.process_time()
    found = work()
    spent = Spent(time.perf_counter() - began, time.process_time() - cpu)
    del found
    return spent


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Inside, Python collects no garbage by itself: what the clock sees is the chain's own."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()
