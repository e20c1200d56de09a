"""Every monitor on the simulated scene, and on a photograph where one is given: the pictures of docs/monitors.md.

python benchmarks/monitor_pictures.py docs/pictures [--photograph CRW_0101.CRW]
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import tenbit
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.sample import make

COLS, GAP, LINE = 640, 8, 26
ROWS_OF_SCENE, COLS_OF_SCENE = 1080, 1440
# A 35 mm lens on a sensor of 13.2 mm width, for the framelines.
FOCAL_MM, SENSOR_MM = 35.0, 13.2
LIGHT: list[Any] = ["black_level", "white_balance", {"demosaic": {"method": "malvar"}}]
SHOWN: list[Any] = [*LIGHT, {"exposure": {"ev": 0.5}}, "colour", {"tone": {"curve": "filmic"}}, "orient"]
STOPS = [*SHOWN[:-2], {"false_colour": {"scale": "stops"}}, *SHOWN[-2:]]
CUSTOM = {"scale": "custom", "custom": [[0, 5, "blue"], [40, 50, "green"], [65, 75, "yellow"], [95, 100, "red"]]}
PLACES = {"points": [[0.47, 0.6]], "areas": [[0.37, 0.66, 0.07, 0.05]], "names": ["ball", "white"]}

Titled = tuple[str, list[Any]]
SHEETS: dict[str, list[Titled]] = {
    "monitors-focus": [
        ("peaking: {mode: sharpness}", [*SHOWN, "peaking"]),
        ("peaking: {mode: gradient, colour: cyan}", [*SHOWN, {"peaking": {"mode": "gradient", "colour": "cyan"}}]),
        (
            'peaking: {share: 0.02, draw: edges_only, colour: "#F9310F"}',
            [*SHOWN, {"peaking": {"share": 0.02, "draw": "edges_only", "colour": "#F9310F"}}],
        ),
        ("loupe: {zoom: 200}", [*SHOWN, {"loupe": {}}]),
    ],
    "monitors-exposure": [
        ("zebra", [*SHOWN, "zebra"]),
        ("zebra on the mosaic: which channels the sensor has lost", ["zebra", *SHOWN]),
        (
            "histogram, on the mosaic and of the picture; exposure_advice",
            ["histogram", "exposure_advice", *SHOWN, "histogram"],
        ),
        ("spot", [*SHOWN, {"spot": PLACES}]),
    ],
    "monitors-false-colour": [
        ("false_colour: {scale: arri}", [*SHOWN, "false_colour"]),
        ("false_colour: {scale: red}", [*SHOWN, {"false_colour": {"scale": "red"}}]),
        ("false_colour: {scale: stops}, before tone", STOPS),
        ("false_colour: {scale: custom}", [*SHOWN, {"false_colour": CUSTOM}]),
    ],
    "monitors-scopes": [
        ("waveform; vectorscope", [*SHOWN, "waveform", "vectorscope"]),
        (
            "waveform: {channels: rgb, scale: bit10}; parade: {scale: mv}",
            [*SHOWN, {"waveform": {"channels": "rgb", "scale": "bit10"}}, {"parade": {"scale": "mv"}}],
        ),
        (
            "framelines: {focal: [50, 90], guides: thirds}, behind a 35 mm lens",
            [*SHOWN, {"framelines": {"focal": [50, 90], "guides": "thirds"}}],
        ),
        (
            "framelines: {aspect: 2.39:1, safe: both}",
            [*SHOWN, {"framelines": {"focal": "none", "aspect": "2.39:1", "safe": "both"}}],
        ),
    ],
}


def scene(folder: Path) -> Frame:
    """The simulated scene, a stop over, so that something clips."""
    path = folder / "scene.dng"
    make(path, rows=ROWS_OF_SCENE, cols=COLS_OF_SCENE, truth=False)
    return tenbit.read(path)


def with_lens(frame: Frame) -> Frame:
    """The frame as if a lens that is known had been on."""
    facts = dataclasses.replace(frame.facts, focal_mm=FOCAL_MM, pixel_mm=SENSOR_MM / frame.facts.cols)
    return dataclasses.replace(frame, facts=facts)


def picture(frame: Frame, chain: list[Any], cols: int) -> Image.Image:
    """One developed picture, so many pixels wide."""
    done = tenbit.run(frame, chain, device="cpu", bits=8)
    shown = Image.fromarray(np.ascontiguousarray(done.samples))
    return shown.resize((cols, round(cols * shown.height / shown.width)), Image.Resampling.LANCZOS)


def sheet(titled: Sequence[tuple[str, Image.Image]], columns: int = 2) -> Image.Image:
    """Pictures in columns, each under its title."""
    wide, high = titled[0][1].width, max(image.height for _, image in titled) + LINE
    rows = math.ceil(len(titled) / columns)
    out = Image.new("RGB", (columns * (wide + GAP) - GAP, rows * (high + GAP) - GAP), (255, 255, 255))
    draw, font = ImageDraw.Draw(out), ImageFont.load_default(17 * wide // COLS if columns == 2 else 10)
    for n, (title, image) in enumerate(titled):
        left, top = n % columns * (wide + GAP), n // columns * (high + GAP)
        draw.text((left + 2, top + 2), title, (0, 0, 0), font)
        out.paste(image, (left, top + LINE))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photograph", type=Path)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        simulated = with_lens(scene(Path(folder)))
    for name, chains in SHEETS.items():
        made = [(title, picture(simulated, chain, COLS)) for title, chain in chains]
        sheet(made).save(asked.folder / f"{name}.jpg", quality=80, optimize=True)
    if asked.photograph:
        photograph = tenbit.read(asked.photograph)
        every = [one for chains in SHEETS.values() for one in chains]
        made = [(title, picture(photograph, chain, COLS * 9 // 16)) for title, chain in every]
        sheet(made, 4).save(asked.folder / "monitors-photograph.jpg", quality=78, optimize=True)


if __name__ == "__main__":
    main()
