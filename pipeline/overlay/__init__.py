"""Monitors over a finished picture, on the host: what they measure there, their paint, their layers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache

from tenbit.kernels._facts import Array
from tenbit.kernels._overlay import Seen
from tenbit.kernels._spans import span
from tenbit.pipeline.device import CpuDevice, Device
from tenbit.pipeline.device.contract import Said
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.overlay.layers import draw_layers
from tenbit.pipeline.overlay.raw import counts_of
from tenbit.pipeline.plan import Plan


def overlaid(
    came: Frame, clean: Frame, what: Plan, planes: Mapping[str, Array], device: Device, *, said: Said | None = None
) -> Frame:
    """The finished frame with what its monitors draw over it.

    Parameters
    ----------
    came : Frame
        As it was read.
    clean : Frame
        Finished, nothing painted; its samples are painted over.
    what : Plan
    planes : mapping
        The side planes that it keeps, by name.
    device : Device
        Where it was developed; what a card has developed is painted on the CPU.
    said : callable, optional
        Told, a line each, of compiles that take seconds.

    Returns
    -------
    Frame
        Its results have those of the meters; it is wider where panels stand beside the picture.
    """
    overlay = what.overlay
    if not (overlay.meters or overlay.paint or overlay.layers):
        return clean
    with span("overlay", "monitors"):
        results = dict(clean.results)
        raw = counts_of(came) if came.state == "mosaic" else None
        seen = Seen(results, clean.facts, clean.samples, planes, came.facts, raw)
        for meter in overlay.meters:
            results[meter.name] = meter.measure(seen)
        painted = clean
        if what.paint_passes:
            host = device if device.target == "cpu" else _cpu()
            done = host.begin(what.paint_passes, {"rgb": clean.samples}, ("rgb",), known=results, said=said).finish()
            painted = dataclasses.replace(clean, samples=done.arrays["rgb"])
        return draw_layers(dataclasses.replace(painted, results=results), overlay.layers, seen)


@cache
def _cpu() -> CpuDevice:
    return CpuDevice()
