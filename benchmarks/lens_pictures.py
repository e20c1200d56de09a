"""A wall seen through a lens of the catalogue, as the sensor sees it and as `lens` puts it right, for docs/lenses.md.

python benchmarks/lens_pictures.py docs/pictures/lens-fle.jpg [--lens summilux-m-35-1.4-asph-fle]
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import tenbit
from tenbit.pipeline.lenses import catalogue
from tenbit.pipeline.sample import LensModel, make

ROWS, SHOWN_COLS, STRIP, TIMES = 1024, 760, 6, 6
# Height and width in millimetres; the phone's 1-inch sensor is 4:3.
SENSORS = {"24 x 36 mm": (24.0, 36.0), "1-inch": (9.83, 13.11)}
CHAIN = [
    "black_level",
    "white_balance",
    {"demosaic": {"method": "malvar"}},
    "lens",
    "colour",
    {"tone": {"curve": "linear"}},
]


def wall(rows: int, cols: int) -> NDArray[np.float32]:
    """Bricks whose courses are straight, linear sRGB; soft edges, so that what is not straight is the lens."""
    course, length = rows / 24, rows / 9
    down, across = np.mgrid[0:rows, 0:cols].astype(np.float64) + 0.5
    row = np.floor(down / course)
    along = across / length + 0.5 * (row % 2)
    edge = 0.05 * course
    to_joint = np.minimum(
        np.minimum(down % course, course - down % course), length * np.minimum(along % 1, 1 - along % 1)
    )
    brick = np.clip((to_joint - edge) / 2 + 0.5, 0, 1)[..., None]
    shade = np.random.default_rng(5).uniform(0.6, 1.0, 1 << 16)[
        (row * 977 + np.floor(along) * 131).astype(int) % (1 << 16)
    ]
    clay = shade[..., None] * np.array([0.34, 0.12, 0.07])
    return (clay * brick + np.array([0.55, 0.52, 0.47]) * (1 - brick)).astype(np.float32)


def simulated(slug: str, sensor: tuple[float, float]) -> LensModel:
    """The simulator's lens with the distortion that the catalogue applies first."""
    entry = next(
        m.distortion[0]
        for _, profile in catalogue.profiles_for(slug)
        for m in profile.measurements
        if m.distortion and not m.withheld
    )
    if entry.model != "acm":
        raise SystemExit(f"{slug}: its distortion is {entry.model}; acm is simulated here")
    return LensModel(form="acm", k=entry.terms, focal=entry.unit_mm / (math.hypot(*sensor) / 2))


def pair(slug: str, name: str, folder: Path) -> Image.Image:
    """Before and after, whole and the upper edge drawn out, beside a line that is straight."""
    sensor = SENSORS[name]
    cols = round(ROWS * sensor[1] / sensor[0])
    path = folder / "wall.dng"
    make(path, scene=wall(ROWS, cols), lens=simulated(slug, sensor), truth=False)
    frame = tenbit.read(path)
    high = round(SHOWN_COLS * ROWS / cols)
    strip = STRIP * TIMES * 3
    sheet = Image.new("RGB", (2 * SHOWN_COLS + 8, high + strip + 34), (255, 255, 255))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for number, lens in enumerate(("none", slug)):
        done = tenbit.run(frame, CHAIN, device="cpu", bits=8, lens=lens, sensor_mm=sensor)
        left = number * (SHOWN_COLS + 8)
        said = "as the sensor sees it"
        if number:
            (found,) = [c for c in done.record["corrections"] if c["applied"]]
            said = f"corrected: {found['corner_pct']:+.2f} % at the corner, {found['provenance']}"
        draw.text((left + 2, 4), f"{name}, {said}", (0, 0, 0), font)
        picture = Image.fromarray(done.samples)
        sheet.paste(picture.resize((SHOWN_COLS, high), Image.Resampling.LANCZOS), (left, 28))
        # A course near the upper edge, its height drawn out, so that a bow is seen.
        course = round(ROWS / 24)
        band = picture.crop((0, course - 3 * STRIP // 2, cols, course + 3 * STRIP // 2))
        top = 28 + high + 6
        sheet.paste(band.resize((SHOWN_COLS, strip), Image.Resampling.BICUBIC), (left, top))
        draw.line((left, top + strip // 2, left + SHOWN_COLS, top + strip // 2), (255, 230, 0), 1)
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--lens", default="summilux-m-35-1.4-asph-fle")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pairs = [pair(asked.lens, name, Path(folder)) for name in SENSORS]
    sheet = Image.new("RGB", (pairs[0].width, sum(p.height for p in pairs)), (255, 255, 255))
    top = 0
    for each in pairs:
        sheet.paste(each, (0, top))
        top += each.height
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    shown = sheet.resize((sheet.width * 3 // 4, sheet.height * 3 // 4), Image.Resampling.LANCZOS)
    shown.save(asked.out, quality=84)


if __name__ == "__main__":
    main()
