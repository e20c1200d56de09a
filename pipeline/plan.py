"""Plan: a chain and a frame's facts become passes, each one trip over the frame. Pure: no device, no samples."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from tenbit.kernels import _shared, quantise, unpack
from tenbit.kernels._facts import Facts
from tenbit.kernels._overlay import SEEN, Overlay
from tenbit.kernels._pass import Layout, Packing, Pass
from tenbit.kernels._stage import ANYWHERE, PICTURE, PLANES, Access, Step, Told, require_signal
from tenbit.kernels.errors import StageError
from tenbit.pipeline.draft import Draft, Link, PlanError, WrongStateError, at_place, left_undone
from tenbit.pipeline.passes import Placed, passes_of

__all__ = ["Link", "Plan", "PlanError", "paint_passes", "plan"]


@dataclass(frozen=True)
class Plan:
    """What will be done to one frame.

    Parameters
    ----------
    facts : Facts
        Of the finished frame.
    notes : tuple of str
        What the user should be told, a line each.
    overlay : Overlay
        What is measured and drawn once the picture is finished.
    keeps : tuple of str
        Side planes that the overlay wants to see.
    bits : int or None
        As which whole numbers the picture is stored; None for float32.
    grouped : callable
        The steps in as few passes as can be of which each meets a condition, if there is one.
    """

    facts: Facts
    notes: tuple[str, ...]
    overlay: Overlay
    keeps: tuple[str, ...]
    bits: int | None
    grouped: Callable[[Callable[[Pass], bool] | None], tuple[Pass, ...]] = field(repr=False, compare=False)

    @cached_property
    def passes(self) -> tuple[Pass, ...]:
        """For the CPU."""
        return self.grouped(None)

    @cached_property
    def cuda_passes(self) -> tuple[Pass, ...]:
        """For CUDA, where a pass must fit the shared memory of a block; they make the same picture."""
        return self.grouped(_shared.fits)

    @cached_property
    def paint_passes(self) -> tuple[Pass, ...]:
        """What paints the finished picture pixel by pixel, on the host whatever the target was."""
        return paint_passes(self.overlay.paint, self.facts, self.bits)

    def passes_for(self, target: Literal["cpu", "cuda"]) -> tuple[Pass, ...]:
        """The passes of one target."""
        return self.cuda_passes if target == "cuda" else self.passes


def plan(
    chain: Sequence[Link],
    facts: Facts,
    *,
    bits: int | None = None,
    packing: Packing | None = None,
    came_bits: int | None = None,
    fuse: bool = True,
) -> Plan:
    """Passes that do a chain to a frame.

    Parameters
    ----------
    chain : sequence of Link
    facts : Facts
        Of the frame as read.
    bits : int, optional
        8 or 16: the picture is stored as whole numbers. By default it stays float32.
    packing : Packing, optional
        How the samples of the frame as read are packed, if they are.
    came_bits : int, optional
        8 or 16 when the samples of a display frame are whole code values; by default they are 0 … 1.
    fuse : bool
        False makes every step a pass of its own: the same picture, slower.

    Raises
    ------
    PlanError
        If stages cannot work on the frame at their places; every fault begins with the place. After a stage that takes
        no frame of this state, the ones behind it are not looked at.
    """
    start = facts
    draft = Draft(facts, came_as=facts.state)
    faults: list[str] = []
    for link in chain:
        try:
            draft.add(link)
        except WrongStateError as error:
            faults.append(at_place(link, str(error)))
            break
        except StageError as error:
            faults.append(at_place(link, str(error)))
    if faults:
        raise PlanError(faults)
    if draft.left_out:
        draft.notes.append(Told(f"{' and '.join(draft.left_out)} left out: the file is demosaiced already"))
    draft.notes += left_undone(draft.facts)
    overlay, keeps = draft.overlay(), tuple(dict.fromkeys(draft.keeps))
    draft.notes += _of_drawing(overlay, draft.facts)
    facts, shape = draft.facts, (draft.facts.rows, draft.facts.cols)
    placed = list(draft.placed)
    if bits is not None:
        try:
            require_signal("output", facts)
        except StageError as error:
            raise PlanError([str(error)]) from None
        placed.append(Placed(quantise.step(facts, bits), facts, shape))
    if came_bits is not None and start.state == "display":
        placed.insert(0, Placed(unpack.from_codes(start, came_bits), start, (start.rows, start.cols)))
    came: Layout = packing or ("planar" if draft.came_as == "mosaic" else "interleaved")

    def grouped(can: Callable[[Pass], bool] | None) -> tuple[Pass, ...]:
        passes = passes_of(placed, came, facts.state, keeps=keeps, fuse=fuse, can=can)
        if packing and not (passes and passes[0].outs and passes[0].steps[0].access not in ANYWHERE):
            # Bodies that look at computed places need samples, and a loop that writes nothing an array to go by.
            first = Placed(unpack.step(start), start, (start.rows, start.cols))
            passes = passes_of([first, *placed], came, facts.state, keeps=keeps, fuse=fuse, can=can)
        elif came == "interleaved" and passes and passes[0].steps[0].access is Access.WARP:
            # Sixteen neighbours are read of every plane: each pays for being apart from the next.
            first = Placed(unpack.step(start), start, (start.rows, start.cols))
            passes = passes_of([first, *placed], came, facts.state, keeps=keeps, fuse=fuse, can=can)
        return tuple(passes if bits is None else _stored(passes, bits))

    return Plan(facts, tuple(draft.notes), overlay, keeps, bits, grouped)


def _of_drawing(overlay: Overlay, facts: Facts) -> list[str]:
    """What a user should know of what is drawn over the picture, files of their own left aside."""
    layers = [layer for layer in overlay.layers if layer.place is None or layer.place.to in ("picture", "beside")]
    # A stage with several layers calls them as loupe.marker.
    drawn = ", ".join(dict.fromkeys(layer.name.partition(".")[0] for layer in layers))
    if drawn and facts.state != "display":
        return [Told(f"{drawn}: measured, not drawn, for the picture is {facts.state} to the end; put tone before")]
    if drawn and facts.orientation != 1:
        return [f"{drawn}: drawn as the samples lie, and a viewer will turn the picture; put orient first"]
    return []


def paint_passes(paint: Sequence[Step], facts: Facts, bits: int | None) -> tuple[Pass, ...]:
    """Passes that paint a finished picture: each step goes by the picture as it was before any of them.

    Parameters
    ----------
    paint : sequence of Step
        See `tenbit.kernels._overlay.Overlay`.
    facts : Facts
        Of the finished frame.
    bits : int or None
        Of its code values, which stay what they are where nothing is painted; None for float32.
    """
    if not paint:
        return ()
    rgb = PLANES["display"]
    steps = [Step("seen", Access.POINT, unpack.same_of_three, rgb, SEEN), *paint]
    if bits is not None:
        steps = [unpack.from_codes(facts, bits), *steps, quantise.step(facts, bits)]
    shape = facts.rows, facts.cols
    passes = passes_of([Placed(step, facts, shape) for step in steps], "interleaved", "display")
    return tuple(passes if bits is None else _stored(passes, bits))


def _stored(passes: list[Pass], bits: int) -> list[Pass]:
    """Passes whose last one stores the picture as whole numbers."""
    last = max(n for n, work in enumerate(passes) if set(work.writes) & PICTURE)
    return [dataclasses.replace(p, dtype=f"uint{bits}") if n == last else p for n, p in enumerate(passes)]
