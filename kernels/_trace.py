"""Scopes drawn: traces whose brightness tells how many, and graticules with their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from tenbit.kernels._facts import Array, Triple
from tenbit.kernels._overlay import GRID, GROUND, GROUND_ALPHA, INK, TEXT, Canvas
from tenbit.kernels._scope import LEVELS, Range, code_of

Scale = Literal["ire", "percent", "bit10", "mv"]
TraceColour = Literal["own", "green", "white"]

LABEL = 0.9 * TEXT
TRACES: dict[str, Triple] = {
    "luma": (0.88, 0.92, 0.88),
    "red": (1.0, 0.3, 0.26),
    "green": (0.28, 0.95, 0.38),
    "blue": (0.36, 0.52, 1.0),
}
"""Colours of traces, which add up where they meet."""
PHOSPHOR: dict[str, Triple] = {"green": (0.35, 1.0, 0.5), "white": (0.92, 0.95, 0.92)}
# Brightness of one pixel alone: still seen on the ground, and no dust.
_LEAST = 0.16
# How much denser than spread evenly a place is at which brightness has risen from nothing to a fair part.
_KNEE = 0.1
# Of the light of several traces over each other: where all are brightest is white, and below it colour is left.
_TOGETHER = 0.65


class Box(NamedTuple):
    """A rectangle of a canvas, px."""

    top: float
    left: float
    rows: float
    cols: float


def trace_colour(channel: str, colour: TraceColour) -> Triple:
    """Colour of a channel's trace."""
    return TRACES[channel] if colour == "own" else PHOSPHOR[colour]


def ground(canvas: Canvas) -> None:
    """The panel's own dark ground."""
    canvas.rect(0, 0, canvas.rows, canvas.cols, GROUND, GROUND_ALPHA)


def fitted(counts: Array, shape: tuple[float, float]) -> Array:
    """Counts on a grid no finer than the pixels that show them: (n, m), float32, of the same sum.

    A count is spread over the places that its bin overlaps, so that no pattern of bins and pixels arises.
    """
    out = np.asarray(counts, np.float64)
    for axis, room in enumerate(shape):
        have = out.shape[axis]
        want = max(1, min(have, round(room)))
        if want == have:
            continue
        lines = np.moveaxis(out, axis, 0)
        so_far = np.concatenate([np.zeros_like(lines[:1]), lines.cumsum(axis=0)])
        at = np.linspace(0, have, want + 1)
        low = np.minimum(at.astype(np.intp), have - 1)
        part = (at - low).reshape(-1, *(1,) * (lines.ndim - 1))
        edges = so_far[low] * (1 - part) + so_far[low + 1] * part
        out = np.moveaxis(np.maximum(np.diff(edges, axis=0), 0.0), 0, axis)
    return out.astype(np.float32)


def brightness(counts: Array, even: Array | float, intensity: float) -> Array:
    """How bright a trace is, 0 … 1: it grows as the logarithm of the counts, and one alone is seen.

    Parameters
    ----------
    counts : array
    even : array or float
        What every place would hold if all were spread evenly.
    intensity : float
        See `tenbit.kernels._scope.intensity_param`.
    """
    f32 = np.float32
    density = counts * (1 / (np.maximum(even, 1e-9) * _KNEE)).astype(f32)
    bright = np.minimum(np.log1p(density) * f32(1 / np.log1p(LEVELS / _KNEE)), 1)
    bright **= f32(2.0 ** (1.0 - 3.0 * intensity))
    # A pixel that `fitted` has spread over two places counts in both.
    return np.asarray(np.minimum(counts, 1) * f32(_LEAST) + f32(1 - _LEAST) * bright, f32)


def draw_waveforms(canvas: Canvas, box: Box, counts: Array, colours: Sequence[Triple], intensity: float) -> None:
    """Waveforms over each other, their light added up.

    Parameters
    ----------
    canvas : Canvas
    box : Box
        The highest level is at its top.
    counts : array
        (channels, columns, levels).
    colours : sequence of Triple
        One per channel.
    intensity : float
    """
    lights = []
    for channel in counts:
        shown = fitted(channel.T[::-1], (box.rows, box.cols))
        lights.append(brightness(shown, shown.sum(axis=0) / len(shown), intensity))
    if len(lights) == 1:
        draw_trace(canvas, box, lights[0], colours[0])
    else:
        shares = zip(lights, colours, strict=True)
        parts = [light[..., None] * np.array(colour, np.float32) for light, colour in shares]
        draw_light(canvas, box, np.float32(_TOGETHER) * np.sum(parts, axis=0))


def draw_trace(canvas: Canvas, box: Box, bright: Array, colour: Triple) -> None:
    """A trace of one colour, (n, m) 0 … 1 bright, over what is there: as bright as it is, so it covers."""
    most = max(colour)
    pure = np.array([[colour]], np.float32) / most
    canvas.image(*box, np.broadcast_to(pure, (*bright.shape, 3)), bright * most)


def draw_light(canvas: Canvas, box: Box, light: Array, *, is_smooth: bool = False) -> None:
    """Light of (n, m, 3) over what is there: as bright as its brightest channel, so it covers."""
    cover = np.maximum(np.maximum(light[..., 0], light[..., 1]), light[..., 2])
    colours = light / np.maximum(cover, np.float32(1e-6))[..., None]
    # Where the sum is beyond white its channels are cut off one by one.
    colours = np.minimum(colours * np.maximum(cover, 1)[..., None], 1) if cover.max(initial=0) > 1 else colours
    canvas.image(*box, colours, np.minimum(cover, 1), is_smooth=is_smooth)


def marks_of(scale: Scale, span: Range) -> Mapping[float, str]:
    """Lines of a graticule: IRE to label; those without a label are fainter.

    10-bit codes are those of FFmpeg's graticule: 64, 283, 502, 721, 940 legal, and 0, 256, 512, 768, 1023.
    """
    if scale == "mv":
        return {n * 100 / 7: f"{100 * n}" for n in (0, 1, 2, 3, 4, 5, 6, 7)}
    if scale == "bit10":
        codes = (64, 283, 502, 721, 940) if span == "legal" else (0, 256, 512, 768, 1023)
        return {25.0 * n: f"{code}" for n, code in enumerate(codes)} | {12.5 + 25.0 * n: "" for n in (0, 1, 2, 3)}
    sign = "%" if scale == "percent" else ""
    return {10.0 * n: "" if n % 2 else f"{10 * n}{sign}" for n in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)}


def row_of(level: float, box: Box) -> float:
    """The middle of a code value of 0 … 255."""
    return box.top + box.rows * (1.0 - (level + 0.5) / LEVELS)


def graticule(canvas: Canvas, scale: Scale, span: Range) -> Box:
    """Lines and labels of a waveform; returns the box that traces go into."""
    marks, unit = marks_of(scale, span), canvas.unit
    gap, high = 4.0 * unit, LABEL * unit
    # Where labels would touch there are none: the panel is as small as a thumbnail's.
    has_labels = canvas.rows > 6.0 * high
    wide = max(canvas.text_cols(text, LABEL) for text in marks.values()) + 2.0 * gap if has_labels else gap
    pad = 0.7 * high if has_labels else gap
    box = Box(pad, wide, max(canvas.rows - 2 * pad, 1.0), max(canvas.cols - wide - gap, 1.0))
    drawn_at = [np.inf]
    for ire, text in sorted(marks.items(), key=lambda mark: (not mark[1], mark[0])):
        row = row_of(code_of(ire, span), box)
        is_end = ire in (0.0, 100.0)
        ends = np.array([[row, box.left], [row, box.left + box.cols]])
        canvas.polyline(ends, GRID, 1.0, 0.75 if is_end else 0.38 if text else 0.2)
        if text and has_labels and min(abs(row - other) for other in drawn_at) > 1.2 * high:
            canvas.text(row, wide - gap, text, INK, LABEL, 0.9, "right")
            drawn_at.append(row)
    return box
