"""FFmpeg's scopes through PyAV: accumulations that tenbit's are compared with."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

Array = np.ndarray


def _filtered(frame, *filters: tuple[str, str]):
    graph = pytest.importorskip("av.filter").Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25))
    chain = [source, *(graph.add(name, options) for name, options in filters), graph.add("buffersink")]
    for before, after in pairwise(chain):
        before.link_to(after)
    graph.configure()
    source.push(frame)
    return chain[-1].pull()


def _frame(planes: Array, kind: str):
    """A frame of three planes, (3, rows, cols) uint8."""
    av = pytest.importorskip("av")
    frame = av.VideoFrame(planes.shape[2], planes.shape[1], kind)
    for plane, samples in zip(frame.planes, planes, strict=True):
        line = np.zeros((plane.height, plane.line_size), np.uint8)
        line[:, : plane.width] = samples
        plane.update(line.tobytes())
    frame.pts = 0
    return frame


def _planes(frame) -> list[Array]:
    """Its planes; filters may hand them out upside down, with lines that go backwards."""
    if frame.planes[0].line_size < 0:
        return list(frame.to_ndarray())
    return [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    ]


def waveform(plane: Array) -> Array:
    """Counts of a plane of code values by column: (cols, 256). At most 255 of a kind in a column."""
    options = "mode=column:intensity=0.00392157:mirror=1:components=1:filter=lowpass:graticule=none:envelope=none"
    grey = np.full_like(plane, 128)
    out = _filtered(_frame(np.stack([plane, grey, grey]), "yuv444p"), ("waveform", options))
    return _planes(out)[0][::-1].T.astype(np.int64)


def parade(rgb: Array) -> Array:
    """Counts of three planes, (3, rows, cols), by column: (3, cols, 256)."""
    options = "mode=column:intensity=0.00392157:mirror=1:components=7:display=parade:filter=lowpass"
    frame = _frame(rgb[[1, 2, 0]], "gbrp")
    out = _planes(_filtered(frame, ("waveform", f"{options}:graticule=none:envelope=none")))
    cols = rgb.shape[2]
    # Planes of this format stand in the order green, blue, red, and so do their waveforms, as red, green, blue.
    shown = [out[(2, 0, 1)[n]][::-1, n * cols : (n + 1) * cols].T for n in range(3)]
    return np.stack(shown).astype(np.int64)


def vectorscope(cb: Array, cr: Array) -> Array:
    """Counts of pairs of codes, (Cr, Cb): (256, 256). At most 255 of a kind."""
    options = "mode=gray:x=1:y=2:intensity=0.00392157:graticule=none:envelope=none"
    out = _filtered(_frame(np.stack([np.full_like(cb, 128), cb, cr]), "yuv444p"), ("vectorscope", options))
    return _planes(out)[0][::-1].astype(np.int64)


def differences(rgb: Array, *, matrix: str, span: str) -> tuple[Array, Array, Array]:
    """Y, Cb and Cr of (3, rows, cols) by FFmpeg's own conversion."""
    scale = f"out_color_matrix={matrix}:out_range={span}:in_range=full:flags=accurate_rnd+full_chroma_int"
    out = _filtered(_frame(rgb[[1, 2, 0]], "gbrp"), ("scale", scale), ("format", "yuv444p"))
    y, cb, cr = _planes(out)
    return y, cb, cr
