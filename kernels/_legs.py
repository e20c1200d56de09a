"""The legs of a pass: what may be done at one place of the frame before neighbours are needed.

A pass goes over the frame once. Its first leg loads samples, or resamples them (GATHER, WARP); every STENCIL begins
another leg, which reads what earlier legs keep in a scratch. A leg that others read around their pixels is done around
the tile too, as far as they look.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from tenbit.kernels._pass import Pass, Slot
from tenbit.kernels._stage import ANYWHERE, PLANES, Access, Step

# Where a value comes from that no leg makes.
MEMORY = -1


@dataclass(eq=False)
class Kept:
    """A plane that a leg keeps for later ones.

    Parameters
    ----------
    place : int
        Its number among all that are kept.
    halo : int
        CFA periods around a tile that are read of it.
    low : int
        CFA periods beyond the first row of a tile at which the reading begins, for the reader that looks back most.
    last : int
        The last leg that reads it.
    pixels : int
        Pixels around a tile that are read of it; ``halo`` is that in CFA periods, each leg's rounded up.
    """

    place: int
    halo: int = 0
    low: int = 0
    last: int = 0
    pixels: int = 0


@dataclass(eq=False)
class Leg:
    """Steps that need no neighbour of what the same leg makes.

    Parameters
    ----------
    core : Step or None
        The STENCIL it begins with, or the GATHER or WARP of a first leg; None for loads.
    steps : list of Step
        POINT, CELLS and REDUCE steps behind it, in order.
    takes : dict
        Plane to the earlier leg whose scratch holds it, or `MEMORY`.
    makes : dict
        Planes that its steps give a value.
    keeps : dict
        Planes, made or loaded here, that later legs read from the scratch.
    slots : list of Slot
        Arrays that it writes.
    halo : int
        CFA periods around a tile that it is done for.
    pixels : int
        As many as are needed of that, in pixels; whole periods where a body differs from site to site.
    """

    core: Step | None = None
    steps: list[Step] = field(default_factory=list)
    takes: dict[str, int] = field(default_factory=dict)
    makes: dict[str, None] = field(default_factory=dict)
    keeps: dict[str, Kept] = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)
    halo: int = 0
    pixels: int = 0

    @property
    def is_by_site(self) -> bool:
        """Whether one of its steps has a body per site."""
        return any(isinstance(step.body, tuple) for step in (*((self.core,) if self.core else ()), *self.steps))

    def is_around(self, plane: str) -> bool:
        """Whether it reads neighbours of a plane."""
        return self.core is not None and self.core.access is Access.STENCIL and plane in self.core.reads

    def reads(self, step: Step, where: dict[str, int]) -> None:
        """Note where a step's planes come from, unless the leg has made them itself."""
        for plane in step.reads:
            if plane not in self.makes:
                self.takes.setdefault(plane, where.get(plane, MEMORY))


@lru_cache(maxsize=256)
def legs_of(work: Pass) -> list[Leg]:
    """The legs of a pass, in order; not to be changed."""
    legs, where = _split(work)
    kept = 0
    for index, leg in enumerate(legs):
        for plane, source in leg.takes.items():
            if leg.is_around(plane) and source == MEMORY and index:
                # Neighbours are read from the scratch alone: the first leg loads them into it.
                leg.takes[plane] = source = 0
                legs[0].takes.setdefault(plane, MEMORY)
            if source != MEMORY and source != index and plane not in legs[source].keeps:
                legs[source].keeps[plane] = Kept(kept)
                kept += 1
    for index in reversed(range(len(legs))):
        leg = legs[index]
        for plane, source in leg.takes.items():
            if source not in (MEMORY, index):
                radius = leg.core.radius if leg.core and leg.is_around(plane) else 0
                around = -(-radius // work.period)
                legs[source].halo = max(legs[source].halo, leg.halo + around)
                known = legs[source].keeps[plane]
                known.low = min(known.low, leg.halo - around) if known.last else leg.halo - around
                known.halo, known.last = max(known.halo, leg.halo + around), max(known.last, index)
                # Beyond its edge a quad-Bayer mosaic goes on by whole periods, so by these is looked back.
                known.pixels = max(known.pixels, leg.pixels + (around * work.period if work.period > 2 else radius))
                whole = work.period if legs[source].is_by_site else 1
                legs[source].pixels = max(legs[source].pixels, -(-known.pixels // whole) * whole)
    for slot in pixelwise(work):
        legs[_last(slot, where)].slots.append(slot)
    return legs


def pixelwise(work: Pass) -> list[Slot]:
    """The arrays that a pass writes pixel by pixel: all but its cells."""
    return [slot for slot in work.outs if slot.name not in work.small]


def _split(work: Pass) -> tuple[list[Leg], dict[str, int]]:
    """The steps in their legs, and the leg that makes each plane last."""
    legs = [Leg()]
    where: dict[str, int] = {}
    for step in work.steps:
        leg = legs[-1]
        if step.access in ANYWHERE:
            leg.core = step
            leg.makes |= dict.fromkeys(step.writes)
            where |= dict.fromkeys(step.writes, 0)
            continue
        if step.access is Access.STENCIL:
            leg = Leg(core=step)
            legs.append(leg)
        else:
            leg.steps.append(step)
        leg.reads(step, where)
        if step.access not in (Access.REDUCE, Access.CELLS):
            leg.makes |= dict.fromkeys(step.writes)
            where |= dict.fromkeys(step.writes, len(legs) - 1)
    for slot in pixelwise(work):
        last = _last(slot, where)
        for plane in planes_of(slot):
            if where.get(plane) != last:
                legs[last].takes.setdefault(plane, where.get(plane, MEMORY))
    return legs, where


def _last(slot: Slot, where: dict[str, int]) -> int:
    """The leg in which all planes of an array are known."""
    return max(where.get(plane, 0) for plane in planes_of(slot))


def planes_of(slot: Slot) -> tuple[str, ...]:
    """The planes that an array holds."""
    return PLANES["linear"] if slot.name == "rgb" else (slot.name,)
