"""Crops of developed pictures side by side, every pixel four times as large, for docs/quality.md."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import ours
import simulated
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import tenbit
from tenbit.kernels._spaces import encode
from tenbit.pipeline.frame import Frame

Picture = NDArray[np.uint8]
Columns = Mapping[str, ours.Chain]

SIDE, TIMES = 64, 4
GAP, HEAD, LETTERS = 4, 26, 18
# Centres of crops in the simulator's scene of 1080 by 1440: row, col.
STAR, SMALL_TEXT, FINE_LINES, CLOTH, RINGS = (324, 240), (466, 640), (550, 838), (950, 232), (836, 620)
PATCHES, BULB, GREEN_BULB, GLINT = (290, 1150), (104, 149), (103, 657), (671, 1123)
# The scale beside the chart of the photograph.
RULER = (1432, 1762)
SHOWN = ("bilinear", "malvar", "gbtf", "mlri", "adaptive")

BEFORE: ours.Chain = ["black_level", "white_balance"]
AFTER: ours.Chain = ["colour", {"tone": {"curve": "linear"}}]
# The second exposure is as dark as a camera's own light meter makes a scene with lamps in it.
BRIGHT: ours.Chain = [{"exposure": {"ev": -1.0}}, "colour", {"tone": {"curve": "filmic"}}]


def demosaics() -> Columns:
    """A column for each method."""
    return {method: [*BEFORE, {"demosaic": {"method": method}}, *AFTER] for method in SHOWN}


def quads() -> Columns:
    """A column for each way with a quad-Bayer mosaic."""
    return {
        way: [*BEFORE, {"quad_bayer": {"method": way}}, *_demosaic(way), *AFTER] for way in ("bin", "direct", "auto")
    }


def _demosaic(way: str) -> ours.Chain:
    return ["demosaic"] if way == "bin" else []


def highlights() -> Columns:
    """A column for each treatment of what is brighter than the sensor can hold."""
    keep = ["black_level", {"white_balance": {"highlights": "keep"}}]
    return {
        method: [*keep, {"highlights": {"method": method}}, "demosaic", *BRIGHT]
        for method in ("clip", "blend", "opposed")
    }


def with_and_without(name: str) -> Columns:
    """Two columns: the chain without a stage of linear light, and with it."""
    return {
        f"without {name}": [*BEFORE, "demosaic", *AFTER],
        f"with {name}": [*BEFORE, "demosaic", name, *AFTER],
    }


@dataclasses.dataclass(frozen=True)
class Row:
    """One place of one frame, (row, col) in its middle, and what it should look like, if that is known."""

    frame: Frame
    at: tuple[int, int]
    truth: Picture | None = None


def shown(light: simulated.Light) -> Picture:
    """Code values of linear sRGB, 8 bits."""
    return np.asarray(np.rint(255 * encode("srgb", np.clip(light, 0, 1))), np.uint8)


def places(at: Sequence[tuple[int, int]], *, iso: int = 100, cfa: str = "RGGB", blur_px: float = 0.0) -> list[Row]:
    """Rows of the simulator's scene; the truth has no blur."""
    frame, truth = simulated.exposure(iso, cfa, blur_px)
    return [Row(frame, each, shown(truth)) for each in at]


def cornered() -> Row:
    """A frame whose first pixel is the middle of the star: what a method does where it has no neighbours."""
    frame, truth = simulated.exposure()
    top, left = STAR
    samples = np.ascontiguousarray(frame.samples[top:, left:])
    rows, cols = samples.shape
    facts = dataclasses.replace(frame.facts, rows=rows, cols=cols, optical_centre=((rows - 1) / 2, (cols - 1) / 2))
    half = SIDE // 2
    return Row(Frame(samples, facts), (half, half), shown(truth[top:, left:]))


def figure(rows: Sequence[Row], columns: Columns) -> Image.Image:
    """Rows of crops below the names of their columns; the truth is the last column where it is known."""
    names = [*columns, *(["truth"] if rows[0].truth is not None else [])]
    step = SIDE * TIMES + GAP
    sheet = Image.new("RGB", (step * len(names) - GAP, HEAD + step * len(rows) - GAP), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    for across, name in enumerate(names):
        draw.text((across * step + 2, 2), name, (0, 0, 0), ImageFont.load_default(LETTERS))
    # By what the samples are, since rows of one frame share its pictures.
    made: dict[tuple[int, str], Picture] = {}
    for down, row in enumerate(rows):
        for across, name in enumerate(names):
            if name == "truth":
                picture = row.truth
            else:
                key = (id(row.frame), name)
                if key not in made:
                    made[key] = ours.developed(row.frame, columns[name], bits=8).samples
                picture = made[key]
            assert picture is not None
            sheet.paste(enlarged(picture, row), (across * step, HEAD + down * step))
    return sheet


def enlarged(picture: Picture, row: Row) -> Image.Image:
    """The crop of a picture, each pixel a square; of a binned picture the same field, in squares twice as large."""
    share = row.frame.facts.rows // picture.shape[0]
    side = SIDE // share
    top, left = (max(0, centre // share - side // 2) for centre in row.at)
    crop = Image.fromarray(picture[top : top + side, left : left + side])
    return crop.resize((SIDE * TIMES, SIDE * TIMES), Image.Resampling.NEAREST)


def drawn(folder: Path, photograph: Path | None, said: Callable[[str], None]) -> list[str]:
    """Write the pictures of the page and return their names; that of a photograph only where there is one."""
    figures: dict[str, Callable[[], Image.Image]] = {
        "demosaic": lambda: figure(
            [*places([STAR]), cornered(), *places([SMALL_TEXT, FINE_LINES, RINGS])], demosaics()
        ),
        "cloth": lambda: figure(places([CLOTH]), demosaics()),
        "quad": lambda: figure(places([STAR, SMALL_TEXT], cfa="QRGGB"), quads()),
        "quad-noise": lambda: figure(places([SMALL_TEXT, CLOTH], iso=1600, cfa="QRGGB"), quads()),
        "denoise": lambda: figure(places([SMALL_TEXT, CLOTH, PATCHES], iso=3200), with_and_without("denoise")),
        "highlights": lambda: figure(
            [Row(row.frame, row.at) for row in places([BULB, GREEN_BULB, GLINT])], highlights()
        ),
        "sharpen": lambda: figure(places([STAR, SMALL_TEXT], blur_px=0.6), with_and_without("sharpen")),
    }
    if photograph is not None:
        figures["photograph"] = lambda: figure([Row(tenbit.read(photograph), RULER)], demosaics())
    written = []
    for name, draw in figures.items():
        path = folder / f"quality-{name}.png"
        draw().save(path, optimize=True)
        written.append(path.name)
        said(f"{path.name}: {path.stat().st_size // 1024} KiB")
    return written
