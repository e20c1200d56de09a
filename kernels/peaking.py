"""Peaking: marks what is in focus."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy import float32 as f32

from tenbit.kernels._cells import cell_of, cell_shape
from tenbit.kernels._draw import Colour, colour_of
from tenbit.kernels._facts import Array, Facts, Triple
from tenbit.kernels._focus import focus_steps
from tenbit.kernels._luma import luma_of, shares
from tenbit.kernels._overlay import SEEN, Canvas, Layer, Meter, Overlay, Seen, opacity_param
from tenbit.kernels._stage import PLANES, Access, Body, Constants, Prepared, Results, Stage, Step, param

Mode = Literal["sharpness", "gradient", "contrast"]
RESPONSE: dict[Mode, tuple[float, float]] = {
    "sharpness": (0.42, 0.19),
    "gradient": (0.16, 0.025),
    "contrast": (0.1, 0.015),
}
"""What has to be passed to be marked, from the least to the most sensitive."""
# Responses are counted by their square root: the small ones matter.
STEPS = 256


@dataclass(frozen=True)
class Parameters:
    """Mark what is in focus.

    The picture is looked at as large as a screen shows it, about 1080 rows. With `sharpness` an edge counts when its
    slope is a large part of the contrast around it and stands clear of the noise, so that a strong edge out of focus is
    left alone, a weak one in focus is not, and noise marks nothing. The other two go by strength alone, as viewfinders
    do. The share of the picture that is marked, and a focus score of the frame and of its tiles, are in the results.
    """

    mode: Mode = param(
        "sharpness",
        "sharpness: slope over contrast, above the noise; gradient: slope (Scharr); contrast: a pixel against its four "
        "neighbours (Laplacian).",
    )
    sensitivity: float = param(0.5, "0: only the sharpest edges; 1: every edge that is nearly sharp.", low=0, high=1)
    share: float = param(
        0.0,
        "Mark the sharpest so much, whatever the sensitivity; 0 goes by that.",
        unit="fraction of the picture",
        low=0,
        high=0.2,
    )
    colour: Colour = param("red", "Of the marks: a name (red, green, blue, yellow …) or #RRGGBB.")
    draw: Literal["overlay", "edges_only"] = param(
        "overlay", "overlay: marks over the picture; edges_only: over a grey and darker one."
    )
    ground: float = param(0.25, "Brightness of the picture that edges_only shows; 0 is black.", low=0, high=1)
    thickness: float = param(1.0, "Of the marks.", unit="pixels at 1080 rows", low=1, high=9)
    clean: bool = param(True, "Leave out marks that have fewer than two others around them.")
    opacity: float = opacity_param(1.0)


@dataclass(frozen=True)
class Peaking:
    """What was marked.

    Parameters
    ----------
    share : float
        Part of the picture, 0 … 1, before marks were thickened.
    threshold : float
        Response that had to be passed: for ``sharpness`` slope over contrast, else encoded values per cell.
    """

    share: float
    threshold: float

    def as_record(self) -> dict[str, Any]:
        """The same as numbers, fit for JSON."""
        return dataclasses.asdict(self)


def slope_of(slope):
    """Slope of the luma, parts of white per cell, of its square."""
    return min(f32(math.sqrt(slope)), 1.0)


def laplacian(y):
    """What a cell differs from the mean of its four neighbours by."""
    return abs(y(0, 0) - 0.25 * ((y(-1, 0) + y(1, 0)) + (y(0, -1) + y(0, 1))))


def step_of(response):
    """The counter of a response; none of 0."""
    step = int(min(f32(math.sqrt(response)) * f32(STEPS), f32(STEPS - 1)))
    return step if response > 0.0 else -1


def is_over(response, k):
    """1 where the response is over the threshold, else 0."""
    return 1.0 if response > k.threshold else 0.0


def cleaned(mark):
    """The mark where two of the eight around it are marked too."""
    beside = (mark(-1, 0) + mark(1, 0)) + (mark(0, -1) + mark(0, 1))
    corners = (mark(-1, -1) + mark(1, 1)) + (mark(-1, 1) + mark(1, -1))
    return mark(0, 0) if beside + corners > 1.5 else 0.0


def marked(mark):
    """The one counter, where there is a mark."""
    return 0 if mark > 0.5 else -1


def darkened(seen_red, seen_green, seen_blue, k):
    """Grey of the picture's luma, darker."""
    grey = k.ground * luma_of(seen_red, seen_green, seen_blue, k.red_share, k.green_share, k.blue_share)
    return grey, grey, grey


def marked_share(counters: Array, *, cells: int, threshold: float) -> Peaking:
    """What one counter of marks says."""
    return Peaking(int(counters[0]) / cells, threshold)


def threshold_for(counters: Array, *, wanted: float, least: float) -> float:
    """The least threshold that no more than the wanted number of cells pass.

    Parameters
    ----------
    counters : array
        (STEPS,): cells by the square root of their response.
    wanted : float
        Number of cells.
    least : float
        What the threshold is not below: the most sensitive one of the mode.
    """
    over = np.cumsum(counters[::-1])[::-1]
    enough = np.flatnonzero(over <= wanted)
    edge = (int(enough[0]) if enough.size else STEPS) / STEPS
    return max(edge * edge, least)


def found_threshold(results: Results) -> Constants:
    """The threshold that the counted responses ask for."""
    return {"threshold": results["peaking_threshold"]}


def thickened(mask: Array, px: int) -> Array:
    """A mask whose marks have grown to discs of so many cells across."""
    out = mask.copy()
    reach = px / 2
    for down in range(-(px // 2), px // 2 + 1):
        for right in range(-(px // 2), px // 2 + 1):
            if (down or right) and down * down + right * right <= reach * reach:
                rows, cols = mask.shape
                into = out[max(down, 0) : rows + min(down, 0), max(right, 0) : cols + min(right, 0)]
                moved = mask[max(-down, 0) : rows + min(-down, 0), max(-right, 0) : cols + min(-right, 0)]
                np.maximum(into, moved, out=into)
    return out


def draw_marks(canvas: Canvas, seen: Seen, *, cell: int, colour: Triple, thickness: float) -> None:
    """Lay the marks over the picture."""
    mask = seen.planes["peaking_marks"]
    px = round(thickness * canvas.unit / cell)
    canvas.marks(thickened(mask, px) if px > 1 else mask, cell, colour)


def told_threshold(seen: Seen) -> Peaking:
    """The share with the threshold that was found."""
    counted: Peaking = seen.results["peaking"]
    return dataclasses.replace(counted, threshold=float(seen.results["peaking_threshold"]))


def response_steps(mode: Mode) -> tuple[Step, ...]:
    """Steps that make the plane ``peaking_response`` of those of `focus_steps`; none of ``sharpness``."""
    if mode == "sharpness":
        return ()
    known: dict[str, tuple[Access, Body, str, int]] = {
        "gradient": (Access.POINT, slope_of, "focus_slope", 0),
        "contrast": (Access.STENCIL, laplacian, "focus_cells", 1),
    }
    access, body, plane, radius = known[mode]
    return (Step(f"peaking.{mode}", access, body, (plane,), ("peaking_response",), radius=radius),)


def prepare(parameters: Parameters, facts: Facts) -> Prepared:
    """Steps that measure into the small side plane ``peaking_marks``, and the layer that shows it.

    The results are ``peaking``, a `Peaking`, and those of `focus_steps`.

    Raises
    ------
    StageError
        If ``colour`` is none.
    """
    p, cell = parameters, cell_of(facts)
    colour = colour_of(p.colour, "peaking.colour")
    rows, cols = cell_shape(facts, cell)
    strict, loose = RESPONSE[p.mode]
    threshold = strict * (loose / strict) ** p.sensitivity
    plane = "focus_response" if p.mode == "sharpness" else "peaking_response"
    steps = [*focus_steps(facts), *response_steps(p.mode)]
    constants: Any = {"threshold": threshold}
    if p.share:
        find = partial(threshold_for, wanted=p.share * rows * cols, least=loose)
        steps += [
            Step(
                "peaking.steps", Access.REDUCE, step_of, (plane,), ("peaking_threshold",), counters=STEPS, summary=find
            )
        ]
        constants = found_threshold
    over = "peaking_over" if p.clean else "peaking_marks"
    steps += [Step("peaking", Access.POINT, is_over, (plane,), (over,), constants)]
    if p.clean:
        steps += [Step("peaking.clean", Access.STENCIL, cleaned, (over,), ("peaking_marks",), radius=1)]
    share = partial(marked_share, cells=rows * cols, threshold=threshold)
    steps += [Step("peaking.share", Access.REDUCE, marked, ("peaking_marks",), ("peaking",), counters=1, summary=share)]

    def overlay(finished: Facts) -> Overlay:
        meters = (Meter("peaking", told_threshold),) if p.share else ()
        if p.opacity == 0:
            return Overlay(meters)
        rgb, weights = PLANES["display"], {"ground": p.ground, **shares(finished.space)}
        grey = Step("peaking.ground", Access.POINT, darkened, SEEN, rgb, weights)
        draw = partial(draw_marks, cell=cell, colour=colour, thickness=p.thickness)
        return Overlay(meters, (grey,) if p.draw == "edges_only" else (), (Layer("peaking", draw, opacity=p.opacity),))

    return Prepared(facts, tuple(steps), overlay=overlay, keeps=() if p.opacity == 0 else ("peaking_marks",))


STAGE = Stage("peaking", Parameters, ("display",), prepare)
