"""The small pictures of one frame: its thumbnail, what monitors mark on it, their panels."""

from __future__ import annotations

import base64
import dataclasses
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array, Facts
from tenbit.kernels._overlay import Layer, Overlay, Seen
from tenbit.pipeline.contact.marks import MarkCanvas
from tenbit.pipeline.device import CpuDevice
from tenbit.pipeline.draft import Link
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.images import icc_profile
from tenbit.pipeline.overlay.canvas import PictureCanvas
from tenbit.pipeline.plan import plan
from tenbit.pipeline.run import run_plan

MARKS = ("peaking", "zebra", "raw_zebra", "false_colour")
"""Monitors that are laid over a thumbnail."""
PANELS = ("histogram", "waveform", "vectorscope")
"""Monitors that are shown below it."""

# px; and of a unit of text and lines, larger than in a picture: panels are looked at alone.
_PANEL_ROWS, _PANEL_UNIT = 150, 0.75
# A channel that is lost in so many of the pixels behind one of the thumbnail's is lost there.
_LOST = 1 / 32
_COLOURS = 24  # of marks and panels; more are not told apart at this size
# WebP, in the time and the bytes of a 360 px thumbnail of the sample: 22 ms and 16 kB, where JPEG of quality 80 has 24.
_PICTURE: dict[str, Any] = {"quality": 72, "method": 4}
# 10 ms; the best method takes 5 % off in three times as long.
_FLAT: dict[str, Any] = {"lossless": True, "quality": 40, "method": 2}
# The waveform is a cloud: 7 kB instead of 16.
_CLOUD: dict[str, Any] = {"quality": 65, "method": 2}


@dataclass(frozen=True, eq=False)
class Watched:
    """What is needed of a finished frame to draw its small pictures.

    Parameters
    ----------
    seen : Seen
    overlay : Overlay
        What its monitors would draw over it.
    links : tuple of Link
        The stages that it went through.
    """

    seen: Seen
    overlay: Overlay
    links: tuple[Link, ...]


def small_pictures(watched: Watched, long_edge: int) -> dict[str, Any]:
    """Data URLs: ``thumb``, and by monitor ``marks`` over it and ``panels`` below it; ``rows`` and ``cols`` of thumb.

    Parameters
    ----------
    watched : Watched
        Of a display frame with whole code values.
    long_edge : int
        Of the thumbnail, px.
    """
    seen = watched.seen
    picture = _as_bytes(seen.picture)
    thumb = thumbnail(picture, long_edge)
    # What is painted in stripes and bands shows as much at half the size, in a third of the bytes.
    lost = with_lost_light(picture, thumbnail(picture, -(-long_edge // 2)))
    marks = {}
    for name in MARKS:
        mark = _mark(name, watched, thumb, lost)
        if mark is not None and mark[..., 3].any():
            marks[name] = _url(_few(mark), _FLAT)
    panels = {}
    for layer in watched.overlay.layers:
        if layer.name in PANELS and layer.place is not None:
            drawn = panel(layer, seen)
            panels[layer.name] = _url(drawn, _CLOUD) if layer.name == "waveform" else _url(_few(drawn), _FLAT)
    return {
        "rows": thumb.shape[0],
        "cols": thumb.shape[1],
        "thumb": _url(thumb, {**_PICTURE, "icc_profile": _profile(seen.facts.space)}),
        "marks": marks,
        "panels": panels,
    }


def thumbnail(picture: Array, long_edge: int) -> Array:
    """The picture with a longer side of ``long_edge`` pixels, or as it is when it is smaller: (rows, cols, 3) uint8."""
    from PIL import Image

    rows, cols = picture.shape[:2]
    scale = min(1.0, long_edge / max(rows, cols))
    size = max(1, round(cols * scale)), max(1, round(rows * scale))
    if size == (cols, rows):
        return picture.copy()
    # Whole factors by plain means first: twelve megapixels in a tenth of the time, and no difference is seen.
    return np.array(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))


def with_lost_light(picture: Array, thumb: Array) -> Array:
    """The thumbnail, but a channel stays at full scale where it is in the picture: means hide small lights."""
    from PIL import Image

    out = thumb.copy()
    size = thumb.shape[1], thumb.shape[0]
    for channel in range(3):
        is_lost = (picture[..., channel] == 255).view(np.uint8) * np.uint8(255)
        share = np.asarray(Image.fromarray(is_lost).resize(size, Image.Resampling.BOX, reducing_gap=3.0))
        out[..., channel] = np.where(share >= 255 * _LOST, 255, out[..., channel])
    return out


def panel(layer: Layer, seen: Seen) -> Array:
    """A panel by itself: (rows, cols, 3) uint8."""
    assert layer.place is not None
    pixels = np.zeros((_PANEL_ROWS, round(_PANEL_ROWS * layer.place.aspect), 3), np.uint8)
    layer.draw(PictureCanvas(pixels, _PANEL_UNIT), seen)
    return pixels


def _mark(name: str, watched: Watched, thumb: Array, lost: Array) -> Array | None:
    """What a monitor lays over the thumbnail, (rows, cols, 4) uint8: what it has measured, or what it would paint."""
    # Measured before tone, where that is what the chain asks for.
    names = {name, f"{name}_light"}
    layers = [one for one in watched.overlay.layers if one.name in names and one.place is None]
    if layers:
        canvas = MarkCanvas(thumb.shape[:2], watched.seen.picture.shape[:2])
        for layer in layers:
            layer.draw(canvas, watched.seen)
        if canvas.is_marked:
            return canvas.pixels()
    link = next((link for link in reversed(watched.links) if link.stage.name == name), None)
    return None if link is None else _painted(link, lost, watched.seen.facts)


def _painted(link: Link, thumb: Array, facts: Facts) -> Array | None:
    """The pixels that a monitor paints of a thumbnail, in their colours."""
    rows, cols, _ = thumb.shape
    small = dataclasses.replace(
        facts, rows=rows, cols=cols, moves=(), optical_centre=((rows - 1) / 2, (cols - 1) / 2), optics=None
    )
    what = plan((link,), small, bits=8, came_bits=8)
    if not what.overlay.paint:
        return None
    painting = dataclasses.replace(what, overlay=Overlay(what.overlay.meters, what.overlay.paint))
    done = run_plan(Frame(thumb, small), painting, _cpu()).samples
    is_painted = (done != thumb).any(axis=-1, keepdims=True)
    return np.concatenate([done, np.where(is_painted, 255, 0).astype(np.uint8)], axis=-1)


@cache
def _cpu() -> CpuDevice:
    """One of its own: it paints while the next frame is developed."""
    return CpuDevice(1)


def _as_bytes(picture: Array) -> Array:
    return picture if picture.dtype == np.uint8 else np.asarray(picture >> 8, np.uint8)


def _profile(space: str) -> bytes | None:
    """Of a thumbnail; what says nothing is sRGB."""
    return None if space in ("srgb", "camera") else icc_profile(space, "display")


def _few(pixels: Array) -> Array:
    """The same in few colours."""
    from PIL import Image

    kind = "RGBA" if pixels.shape[2] == 4 else "RGB"
    method = Image.Quantize.FASTOCTREE if kind == "RGBA" else Image.Quantize.MEDIANCUT
    few = Image.fromarray(pixels).quantize(_COLOURS, method, dither=Image.Dither.NONE)
    return np.asarray(few.convert(kind))


def _url(pixels: Array, options: Mapping[str, Any]) -> str:
    """A WebP picture as the address of itself."""
    from PIL import Image

    handle = io.BytesIO()
    Image.fromarray(pixels).save(handle, "WEBP", **options)
    return f"data:image/webp;base64,{base64.b64encode(handle.getvalue()).decode('ascii')}"
