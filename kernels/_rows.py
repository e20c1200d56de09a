"""What the sources of the CPU's rows have in common: the pass, its legs, and where a row of the scratch lies.

Names in the generated text: ``y`` and ``x`` count CFA periods, ``row`` and ``col`` pixels; ``pr`` and ``pc`` are the
place inside a period, ``site`` its number. ``lo`` … ``hi`` is what a leg does of a row. ``top`` … ``bottom`` are the
periods that the last leg is at, ``margin`` the columns, in periods, that the scratch holds beyond a strip. A plane that
is kept has ``deep<n>`` rows per site in the scratch, from row ``first<n>`` on, used in turn; ``near`` says in which
period a row lies, and for one beyond the frame the row that stands for it.
"""

from __future__ import annotations

from tenbit.kernels._bound import Bound
from tenbit.kernels._legs import MEMORY, Leg, legs_of, planes_of
from tenbit.kernels._pass import Pass
from tenbit.kernels._source import Writer, called, mirror
from tenbit.kernels._stage import ANYWHERE, Access, Step

# Pixels of a WARP that are done together: the widest vectors that there are.
LANES = 16


class Rows:
    """One pass, as the writers of its loops see it.

    Parameters
    ----------
    work : Pass
    bound : Bound
        Where its constants are found.
    """

    def __init__(self, work: Pass, bound: Bound) -> None:
        self.work, self.bound = work, bound
        self.legs = legs_of(work)
        self.period = work.period
        self.sites = work.period**2
        self.margin = max(leg.halo for leg in self.legs) + 1
        self.writer = Writer(bound, work.steps)
        self.writer.helpers[called(mirror)] = mirror

    @property
    def anywhere(self) -> Step | None:
        core = self.legs[0].core
        return core if core and core.access in ANYWHERE else None

    def values_of(self, tally: Step) -> int:
        """How many counters one pixel may raise."""
        body = tally.body[0] if isinstance(tally.body, tuple) else tally.body
        return self.writer.values(body)

    def is_here(self, leg: Leg, plane: str) -> bool:
        """Whether the leg needs a plane's value at its own pixel, beside what its STENCIL reads."""
        made = set(leg.core.writes) if leg.core else set()
        for step in leg.steps:
            if plane in step.reads and plane not in made:
                return True
            made |= set(step.writes)
        return any(plane in planes_of(slot) and plane not in made for slot in leg.slots)

    def kept(self, source: int, plane: str, *, site: str = "site", y: str = "y") -> str:
        """Where a row of the scratch begins, the whole reach of it."""
        place = self.legs[source].keeps[plane].place
        return f"(first{place} + ({site}) * deep{place} + (({y}) & (deep{place} - 1))) * wide"

    def seen(self, leg: Leg) -> dict[tuple[int, str], int]:
        """What counts of some rows alone look at: number of the step and plane, to the line that holds its values."""
        lines: dict[tuple[str, int], int] = {}
        found: dict[tuple[int, str], int] = {}
        times: dict[str, int] = {}
        for number, step in enumerate(leg.steps):
            if step.access is Access.REDUCE and step.is_sampled:
                for plane in step.reads:
                    found[number, plane] = lines.setdefault((plane, times.get(plane, 0)), len(lines))
            elif step.access is not Access.REDUCE:
                for plane in step.writes:
                    times[plane] = times.get(plane, 0) + 1
        return found

    @property
    def reach(self) -> int:
        """Rows beyond the frame that are read."""
        return reach_of(self.work)

    def planes_in(self, leg: Leg) -> list[str]:
        """Planes of a mosaic's pass that a leg takes from memory."""
        return [plane for plane, source in leg.takes.items() if source == MEMORY] if self.period > 1 else []


def tables(tally: Step, values: int = 1) -> int:
    """In how many tables a REDUCE counts so many values a pixel, or at most.

    Several, so that equal neighbours need not wait; few, where they are large or little is counted.
    """
    if tally.is_sampled:
        return 1
    return 2 if tally.counters > 2**12 or values > 1 else 4


def reach_of(work: Pass) -> int:
    """Rows beyond the frame that a pass reads."""
    return max((step.radius for step in work.steps), default=0)
