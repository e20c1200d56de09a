"""Lateral colour: how much larger or smaller red and blue are imaged than green, measured from edges of the frame.

Red and blue are held against green where all three are sharp: in windows of 5 × 5 the part of a colour that looks like
green's slope along the radius says how far the colour is displaced (B. D. Lucas, T. Kanade, "An iterative image
registration technique with an application to stereo vision", IJCAI 1981; with a gain per window, as colours of edges
differ). Every window that is sure enough votes for one ratio of radii, in a histogram per ring and quadrant; `fitted`
turns those into the scales that `lens` undoes.

This is done on lattices of one red, green and blue per 2 × 2 sites (of a quad-Bayer mosaic, 4 × 4), from coarse to
fine, each but the first after what the one before it has found is undone, so that what is left to find is small.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from tenbit.kernels._facts import Facts
from tenbit.kernels._stage import Prepared, Stage, Step, require_signal
from tenbit.kernels.errors import StageError
from tenbit.kernels.lateral_colour.lattice import Lattice, half_px
from tenbit.kernels.lateral_colour.windows import LAST, measured

# The shorter side of the smallest frame that is measured.
SMALLEST_PX = 16
# The coarsest lattice: one on which a colour 0.3 % too large is less than a pixel of the lattice astray, but no coarser
# than this, of which so few samples would be seen that detail turns into false shapes.
LARGEST, COARSEST = 0.003, 8


@dataclass(frozen=True)
class Parameters:
    """Measure lateral colour from the frame's own edges, for `lens` to undo: no profile is needed.

    Changes no sample. Radii are counted as in `lens`, whose ``lateral`` says what it does with the figures.
    """


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Steps that measure; they write side planes only.

    ``results["lateral_colour"]`` is what `fitted` says.

    Raises
    ------
    StageError
        If the samples still hold their black level, or lateral colour was measured already.
    """
    require_signal("lateral_colour", facts)
    if facts.has_lateral_colour:
        raise StageError("lateral_colour: it was measured already; once is allowed")
    if min(facts.rows, facts.cols) < SMALLEST_PX:
        return Prepared(facts, notes=(f"a frame below {SMALLEST_PX} pixels is too small to measure lateral colour in",))
    period = facts.cfa.period if facts.cfa else 2
    spacings = [period, 2 * period]
    while spacings[-1] < COARSEST and LARGEST * half_px(facts) > spacings[-1]:
        spacings.append(2 * spacings[-1])
    if period > 2:
        # A pixel of the lattice is four of the frame: what is left to find must be smaller still.
        spacings.insert(0, period)
    steps: list[Step] = []
    before: str | None = None
    for left, spacing in reversed(list(enumerate(spacings))):
        lattice = Lattice(facts, spacing)
        name = f"{LAST}.before_{left}" if left else LAST
        steps += [*lattice.taken(before), *measured(lattice, name, before)]
        before = name
    return Prepared(dataclasses.replace(facts, has_lateral_colour=True), tuple(steps))


STAGE = Stage("lateral_colour", Parameters, ("mosaic", "linear"), prepare)
