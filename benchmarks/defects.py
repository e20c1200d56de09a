"""What finding defective sites costs and spares: stars that are touched, hot pixels that are found, and a picture.

Run:  python benchmarks/defects.py [--picture docs/pictures/stars.png]

A simulated sky of coloured stars at any place between pixels, seen through lenses of several blurs, with hot pixels of
5 to 100 % of white between them.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.special import erf

from tenbit.kernels._facts import Cfa
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.run import run
from tenbit.pipeline.sample.sensor import COLOR_MATRIX, SensorModel, neutral

Array = NDArray[Any]
FIND: dict[str, Any] = {"defect_pixels": {"detect": True}}
SHOWN: list[Any] = ["black_level", "white_balance", {"demosaic": {"method": "malvar"}}, {"colour": {"space": "srgb"}}]
ENLARGED = 3
# Standard deviations of noise beside which a star is bright enough to be missed, and a hot pixel to be seen.
BRIGHT = (8.0, 20.0)


def sky(rows: int, cols: int, cfa: str, rng: np.random.Generator, *, blur_px: float, count: int) -> tuple[Array, Array]:
    """(rows, cols) light on a sensor, 0 to 1 and more, and (count, 3) row, column and height of the stars."""
    light = np.full((rows, cols, 3), 0.004)
    stars = np.column_stack(
        [
            rng.uniform(8, rows - 8, count),
            rng.uniform(8, cols - 8, count),
            np.exp(rng.uniform(np.log(0.02), 0.7, count)),
        ]
    )
    for row, col, height in stars:
        at = [int(place) + np.arange(-6, 7) for place in (row, col)]
        edges = [np.append(a, a[-1] + 1) - 0.5 for a in at]
        spread = [np.diff(erf((e - place) / blur_px / 2**0.5)) for e, place in zip(edges, (row, col), strict=True)]
        star = np.outer(*spread)
        light[np.ix_(*at)] += height * (star / star.max())[..., None] * np.exp(rng.normal(0, 0.35, 3))
    pattern = Cfa(cfa)
    sites = np.array(pattern.sites).reshape(pattern.period, pattern.period)
    colour = np.tile(sites, (-(-rows // pattern.period), -(-cols // pattern.period)))[:rows, :cols]
    filtered = light * neutral()
    return np.take_along_axis(filtered, colour[..., None], 2)[..., 0], stars


def frame_of(counts: Array, sensor: SensorModel) -> Frame:
    """A frame of a simulated sensor that tells its noise."""
    frame = Frame.from_mosaic(
        counts, cfa=sensor.cfa, black=sensor.black, white=sensor.white, neutral=neutral(), color_matrix=COLOR_MATRIX
    )
    return replace(frame, facts=replace(frame.facts, noise=(sensor.noise_profile,)))


def with_hot(counts: Array, sensor: SensorModel, rng: np.random.Generator, number: int) -> tuple[Array, Array, Array]:
    """Counts with hot pixels, their flat indices, and what was added to each, of white."""
    sites = rng.choice(counts.size, number, replace=False)
    added = np.exp(rng.uniform(np.log(0.01), 0, number))
    hot = counts.copy()
    more = np.rint(added * (sensor.white - sensor.black)).astype(int)
    hot.ravel()[sites] = np.minimum(hot.ravel()[sites].astype(int) + more, sensor.white)
    return hot, sites, added


def changed(frame: Frame) -> Array:
    """Where samples were taken for defects."""
    return np.asarray(run(frame, [FIND], device="cpu").samples != frame.samples)


def row_of(cfa: str, blur_px: float, iso: float) -> tuple[str, ...]:
    """One line of the table."""
    rng = np.random.default_rng(7)
    sensor = SensorModel(cfa=cfa, iso=iso)
    light, stars = sky(800, 1000, cfa, rng, blur_px=blur_px, count=900)
    counts = sensor.counts(light, rng)
    taken = changed(frame_of(counts, sensor))
    scale, offset = sensor.noise_profile
    sigma = (scale * 0.004 + offset) ** 0.5
    is_star = np.zeros(taken.shape, bool)
    touched = seen = 0
    for row, col, height in stars:
        r, c = round(row), round(col)
        is_star[r - 3 : r + 4, c - 3 : c + 4] = True
        if height > BRIGHT[0] * sigma:
            seen += 1
            touched += bool(taken[r - 1 : r + 2, c - 1 : c + 2].any())
    hot, sites, added = with_hot(counts, sensor, rng, 800)
    found = changed(frame_of(hot, sensor)).ravel()[sites]
    free = ~is_star.ravel()[sites]
    recall = [f"{found[free & (added > k * sigma)].mean():.1%}" for k in BRIGHT]
    false = int(taken[~is_star].sum())
    return cfa, f"{blur_px:g} px", f"{iso:g}", f"{touched} of {seen}", *recall, str(false)


def picture(path: Path) -> None:
    """The sky, the same with hot pixels, and with those that were found filled; side by side, enlarged."""
    rng = np.random.default_rng(3)
    sensor = SensorModel(iso=800)
    light, _ = sky(160, 200, "RGGB", rng, blur_px=0.7, count=60)
    counts = sensor.counts(light, rng)
    hot, _, _ = with_hot(counts, sensor, rng, 60)
    shown = []
    for samples, chain in ((counts, SHOWN), (hot, SHOWN), (hot, [FIND, *SHOWN])):
        linear = run(frame_of(samples, sensor), chain, device="cpu").samples
        code = np.rint(255 * np.clip(linear, 0, 1) ** (1 / 2.4)).astype(np.uint8)
        shown.append(code.repeat(ENLARGED, 0).repeat(ENLARGED, 1))
    Image.fromarray(np.concatenate(shown, axis=1)).save(path, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--picture", type=Path, help="Write the picture too.")
    wanted = parser.parse_args()
    print("| CFA | blur | ISO | stars touched | found at 8 sigma | at 20 sigma | false, of 0.8 MP |")  # noqa: T201
    print("|" + "---|" * 7)  # noqa: T201
    for cfa, blurs in (("RGGB", (0.45, 0.6, 0.8)), ("QRGGB", (0.9, 1.2))):
        for blur_px in blurs:
            for iso in (100.0, 1600.0):
                print("|", " | ".join(row_of(cfa, blur_px, iso)), "|")  # noqa: T201
    if wanted.picture:
        picture(wanted.picture)


if __name__ == "__main__":
    main()
