"""What whole chains give back of the simulator's scene, whose truth is known: PSNR at several sensitivities."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import ours
import tifffile
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

import tenbit
from tenbit.kernels import stage
from tenbit.pipeline.config import load
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.profile.experiment.quality import psnr
from tenbit.pipeline.run import run_plan
from tenbit.pipeline.sample import make
from tenbit.pipeline.sample.scene import StillLife

Light = NDArray[np.float32]

ROWS, COLS = 1080, 1440
ISOS = (100, 800, 3200)
# What is not in the truth: exposure comes before the tone curve, which the truth has not been through.
LEFT_OUT = ("exposure",)


@dataclasses.dataclass(frozen=True)
class Way:
    """A shipped chain, cut off behind `colour`, and what is changed in it.

    Parameters
    ----------
    name : str
        In the table.
    cfa, chain : str
    without : sequence of str
        Stages left out.
    given : mapping
        Parameters by stage, instead of the chain's.
    blur_px : float
        Standard deviation of what the lens blurs by; the truth is not blurred.
    """

    name: str
    cfa: str
    chain: str
    without: Sequence[str] = ()
    given: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    blur_px: float = 0.0


WAYS = (
    Way("`standard`, `demosaic: {method: malvar}`", "RGGB", "standard", given={"demosaic": {"method": "malvar"}}),
    Way("`standard`", "RGGB", "standard"),
    Way("`quality` without `sharpen`", "RGGB", "quality", without=("sharpen",)),
    Way("`quality`", "RGGB", "quality"),
    Way("blur of 0.6 px: `standard`", "RGGB", "standard", blur_px=0.6),
    Way("blur of 0.6 px: `quality` without `sharpen`", "RGGB", "quality", without=("sharpen",), blur_px=0.6),
    Way("blur of 0.6 px: `quality`", "RGGB", "quality", blur_px=0.6),
    Way("`standard` (binned)", "QRGGB", "standard"),
    Way("`quality` without `sharpen` (binned)", "QRGGB", "quality", without=("sharpen",)),
    Way("`quality` (binned)", "QRGGB", "quality"),
    Way("`quad-binned`", "QRGGB", "quad-binned"),
    Way(
        "`quad-full`, `quad_bayer: {method: direct}`", "QRGGB", "quad-full", given={"quad_bayer": {"method": "direct"}}
    ),
    Way("`quad-full`", "QRGGB", "quad-full"),
)


@cache
def exposure(iso: int = 100, cfa: str = "RGGB", blur_px: float = 0.0) -> tuple[Frame, Light]:
    """A simulated frame, 10 bits, with its noise profile, and its truth: linear sRGB, (rows, cols, 3), 0 … 1."""
    light = scene = None
    if blur_px:
        # What is above white is blurred before the sensor cuts it off.
        light = StillLife(ROWS, COLS).at(*np.mgrid[:ROWS, :COLS].astype(np.float64))
        scene = gaussian_filter(light, (blur_px, blur_px, 0))
    with tempfile.TemporaryDirectory() as folder:
        path, truth = make(Path(folder) / "a.dng", rows=ROWS, cols=COLS, iso=iso, cfa=cfa, scene=scene)
        frame, ideal = tenbit.read(path), tifffile.imread(truth) / np.float32(65535)
    return frame, ideal if light is None else np.clip(light, 0, 1)


def links(way: Way) -> tuple[Link, ...]:
    """The stages of the way, down to linear sRGB."""
    found = []
    for link in load(way.chain).links:
        name = link.stage.name
        if name in way.without or name in LEFT_OUT:
            continue
        given = way.given.get(name)
        found.append(link if given is None else Link(stage(name), stage(name).parameters(**given)))
        if name == "colour":
            break
    return tuple(found)


def developed(frame: Frame, way: Way) -> Light:
    """Linear sRGB, not cut off."""
    return run_plan(frame, plan(links(way), frame.facts), ours.cpu()).samples


def measure(said: Callable[[str], None]) -> dict[str, Any]:
    """``{way: {iso: [dB of linear light, dB of sRGB]}}``, and the size of the frames."""
    found: dict[str, dict[str, list[float]]] = {}
    for way in WAYS:
        levels = {}
        for iso in ISOS:
            frame, truth = exposure(iso, way.cfa, way.blur_px)
            levels[str(iso)] = [round(each, 2) for each in psnr(developed(frame, way), truth)]
        found[f"{way.cfa} {way.name}"] = levels
        said(f"{way.cfa} {way.name}: {levels}")
    return {"rows": ROWS, "cols": COLS, "psnr_db": found}
