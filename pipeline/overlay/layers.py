"""Layers drawn: panels in corners, beside the picture, or to files; marks and lines over all of it."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import combinations, repeat

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.kernels._overlay import GROUND, Layer, Seen, To
from tenbit.pipeline.device.host import usable_cores
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.overlay.blend import peak_of
from tenbit.pipeline.overlay.canvas import PictureCanvas
from tenbit.pipeline.overlay.places import Box, beside, in_corners, panel_shape, unit_of
from tenbit.pipeline.overlay.svg import SvgCanvas

FILES: tuple[To, ...] = ("png", "svg")
"""Where to a panel goes that is a file of its own."""


def drawings_of(layers: Sequence[Layer]) -> tuple[str, ...]:
    """How the names of the files end that layers will draw: ``histogram.png`` …"""
    return tuple(f"{layer.name}.{layer.place.to}" for layer in layers if layer.place and layer.place.to in FILES)


def draw_layers(frame: Frame, layers: Sequence[Layer], seen: Seen) -> Frame:
    """The frame with layers drawn over its samples, which are written to.

    Parameters
    ----------
    frame : Frame
        Finished, painted or not. A mosaic or a linear frame is not drawn on; panels that go to files are drawn.
    layers : sequence of Layer
        In order, from the lowest; panels lie over what is drawn on the whole picture.
    seen : Seen

    Returns
    -------
    Frame
        Wider where panels stand beside the picture; what goes to files is in its ``drawings``.
    """
    rows, cols = frame.facts.rows, frame.facts.cols
    unit = unit_of(rows, cols)
    drawings = dict(frame.drawings)
    for layer in layers:
        if layer.place and layer.place.to in FILES:
            drawings[f"{layer.name}.{layer.place.to}"] = _file(layer, panel_shape(layer.place, rows, cols), unit, seen)
    if drawings:
        frame = dataclasses.replace(frame, drawings=drawings)
    shown = [layer for layer in layers if layer.place is None or layer.place.to in ("picture", "beside")]
    shown.sort(key=lambda layer: layer.place is not None)
    if frame.state != "display" or not shown:
        return frame
    boxes, added = _placed(shown, rows, cols)
    samples = _wider(frame.samples, added)

    def draw(layer: Layer, box: Box) -> None:
        part = samples[box.top : box.top + box.rows, box.left : box.left + box.cols]
        layer.draw(PictureCanvas(part, unit, layer.opacity), seen)

    whole = sum(layer.place is None for layer in shown)
    for layer, box in zip(shown[:whole], boxes[:whole], strict=True):
        draw(layer, box)
    # Panels that do not overlap, which is most often all, are drawn at once.
    for_each = _pool().map if _are_apart(boxes[whole:]) else map
    list(for_each(draw, shown[whole:], boxes[whole:]))
    return dataclasses.replace(frame, samples=samples, facts=dataclasses.replace(frame.facts, cols=cols + added))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(usable_cores(), thread_name_prefix="tenbit-draw")


def _are_apart(boxes: Sequence[Box]) -> bool:
    """Whether there are several boxes and none covers a pixel of another."""
    return len(boxes) > 1 and not any(a.meets(b) for a, b in combinations(boxes, 2))


def _placed(layers: Sequence[Layer], rows: int, cols: int) -> tuple[list[Box], int]:
    """The box of each layer, and by how many columns the picture grows."""
    panels = [(layer, layer.place) for layer in layers if layer.place]
    corners = in_corners([place for _, place in panels if place.to == "picture"], rows, cols)
    column, added = beside([place for _, place in panels if place.to == "beside"], rows, cols)
    inside, aside, whole = iter(corners), iter(column), Box(0, 0, rows, cols)
    chosen: dict[str | None, Iterator[Box]] = {None: repeat(whole), "picture": inside, "beside": aside}
    return [next(chosen[layer.place.to if layer.place else None]) for layer in layers], added


def _wider(samples: Array, added: int) -> Array:
    """Samples to draw on, with a dark column of pixels added at the right."""
    if not added:
        return samples if samples.flags.writeable else samples.copy()
    rows, cols = samples.shape[:2]
    wide = np.empty((rows, cols + added, 3), samples.dtype)
    wide[:, :cols] = samples
    wide[:, cols:] = _ground(samples)
    return wide


def _ground(samples: Array) -> Array:
    """The colour of panels' ground, as code values."""
    half = 0.5 if samples.dtype.kind == "u" else 0.0
    return (np.asarray(GROUND) * peak_of(samples) + half).astype(samples.dtype)


def _file(layer: Layer, shape: tuple[int, int], unit: float, seen: Seen) -> bytes:
    """A panel as a PNG or an SVG, on a dark ground that hides nothing."""
    if layer.place and layer.place.to == "svg":
        canvas = SvgCanvas(*shape, unit)
        canvas.rect(0, 0, *shape, GROUND)
        layer.draw(canvas, seen)
        return canvas.svg().encode()
    from PIL import Image

    pixels = np.empty((*shape, 3), np.uint8)
    pixels[...] = _ground(pixels)
    layer.draw(PictureCanvas(pixels, unit), seen)
    handle = io.BytesIO()
    Image.fromarray(pixels).save(handle, "PNG")
    return handle.getvalue()
