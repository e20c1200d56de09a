"""What denoise gains: PSNR, time and fine texture kept, beside OpenCV's non-local means on the same 8-bit picture.

Run:  python benchmarks/denoise.py [PICTURE.png …] [--iso 1600] [--demosaic gbtf] [--rounds 5]

The simulator's still life, a chart, and any photographs (taken as sRGB) are seen by a simulated 10-bit sensor. PSNR is
of sRGB code values. `fastNlMeansDenoisingColored` gets the best of several h for each scene.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import ours
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr
from timing import Case, in_turns

from tenbit.kernels._facts import Cfa
from tenbit.kernels._spaces import encode
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.sample.camera import expose
from tenbit.pipeline.sample.optics import LensModel
from tenbit.pipeline.sample.scene import StillLife
from tenbit.pipeline.sample.sensor import COLOR_MATRIX, SensorModel, neutral

Picture = NDArray[np.float64]
STRENGTHS = (2, 3, 4, 5, 6, 8)
# Of the photographs, whose colours are taken for the camera's.
GAINS = (2.0, 1.0, 1.6)


@dataclass(frozen=True)
class Shot:
    """A noisy frame of a scene, what it should look like as sRGB 0 … 1, and the stages around denoise."""

    frame: Frame
    truth: Picture
    before: ours.Chain
    after: ours.Chain


def said(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def srgb(light: NDArray[np.float32]) -> Picture:
    """sRGB code values, 0 … 1, of linear light."""
    return np.asarray(encode("srgb", np.clip(light, 0, 1)), np.float64)


def framed(mosaic: NDArray[np.uint16], sensor: SensorModel, **facts: object) -> Frame:
    """A mosaic with its levels and its noise profile."""
    frame = Frame.from_mosaic(mosaic, cfa=sensor.cfa, black=sensor.black, white=sensor.white, **facts)  # type: ignore[arg-type]
    return replace(frame, facts=replace(frame.facts, noise=(sensor.noise_profile,)))


def still_life(sensor: SensorModel, method: str) -> Shot:
    """The simulator's scene."""
    mosaic, truth = expose(StillLife(1536, 2048, 1), LensModel(), sensor, seed=1)
    frame = framed(mosaic, sensor, neutral=neutral(), color_matrix=COLOR_MATRIX)
    before = ["black_level", "white_balance", {"demosaic": {"method": method}}]
    return Shot(frame, srgb(truth / np.float32(65535)), before, [{"colour": {"space": "srgb-linear"}}])


def photograph(light: Picture, sensor: SensorModel, method: str, *, seed: int) -> Shot:
    """Linear light, (rows, cols, 3), as seen by a sensor with filters of its very colours."""
    rows, cols, _ = light.shape
    cfa = Cfa(sensor.cfa)
    colour = np.array([[cfa.colour(r, c) for c in range(2)] for r in range(2)])
    colour = np.tile(colour, (rows // 2 + 1, cols // 2 + 1))[:rows, :cols]
    seen = np.take_along_axis(light / GAINS, colour[..., None], axis=2)[..., 0]
    frame = framed(sensor.counts(seen, np.random.default_rng(seed)), sensor)
    before = ["black_level", {"white_balance": {"mode": "gains", "gains": GAINS}}, {"demosaic": {"method": method}}]
    return Shot(frame, srgb(light.astype(np.float32)), before, [])


def chart(side: int = 768) -> Picture:
    """Linear light: an edge of 2 : 1 that leans by 5 degrees, above grey discs of all sizes (dead leaves)."""
    rng = np.random.default_rng(4)
    row, col = np.mgrid[:side, :side].astype(float)
    away = (col - side / 2) + (row - side / 4) * np.tan(np.radians(5))
    light = 0.18 * (1.0 + ndtr(away * np.cos(np.radians(5)) / 0.6))
    for _ in range(9000):
        # Areas fall off as radius cubed: the same texture at every scale.
        radius = 1 / np.sqrt(rng.uniform(1 / 60**2, 1 / 1.5**2))
        down, right, grey = rng.uniform(side / 2, side), rng.uniform(0, side), rng.uniform(0.08, 0.4)
        box = np.s_[int(max(down - radius, side / 2)) : int(down + radius) + 1, int(max(right - radius, 0)) :]
        box = (box[0], slice(box[1].start, int(right + radius) + 1))
        light[box] = np.where(np.hypot(row[box] - down, col[box] - right) < radius, grey, light[box])
    light[side // 2 :] = gaussian_filter(light, 0.5)[side // 2 :]
    return np.repeat(light[..., None], 3, axis=2)


def luma(picture: Picture) -> Picture:
    return picture @ np.array([0.25, 0.5, 0.25])


def edge_mtf50(picture: Picture) -> float:
    """Cycles per pixel at which the edge of `chart` has half its contrast left (ISO 12233: an oversampled edge)."""
    side = picture.shape[0]
    part = luma(picture)[24 : side // 2 - 24]
    row, col = np.mgrid[24 : side // 2 - 24, :side].astype(float)
    away = ((col - side / 2) + (row - side / 4) * np.tan(np.radians(5))) * np.cos(np.radians(5))
    bins = np.floor(away * 4).astype(int) + 96
    inside = (bins >= 0) & (bins < 192)
    counts = np.bincount(bins[inside], minlength=192)
    spread = np.diff(np.bincount(bins[inside], part[inside], minlength=192) / counts)
    return half(np.abs(np.fft.rfft(spread * np.hanning(len(spread)))), 4 / len(spread))


def texture_mtf50(picture: Picture, truth: Picture) -> float:
    """Cycles per pixel at which half of the discs' spectrum is left; noise, which is not like them, does not count."""
    side = picture.shape[0] // 2
    window = np.hanning(side)[:, None] * np.hanning(side)
    seen, true = (luma(p)[side:, :side] for p in (picture, truth))
    seen, true = (np.fft.fft2((p - p.mean()) * window) for p in (seen, true))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side))
    ring = np.minimum((frequency * 64).astype(int), 63)
    cross, power = (np.bincount(ring.ravel(), p.ravel()) for p in ((seen * true.conj()).real, np.abs(true) ** 2))
    return half(cross / power, 1 / 64)


def half(transfer: NDArray[np.float64], step: float) -> float:
    """Frequency at which a transfer function that begins at about 1 first reaches a half."""
    transfer = transfer / transfer[:3].max()
    below = int(np.argmax(transfer < 0.5))
    if not below:
        return float("nan")
    over = (transfer[below - 1] - 0.5) / (transfer[below - 1] - transfer[below])
    return float((below - 1 + over) * step)


def psnr(picture: Picture, truth: Picture) -> float:
    error = np.clip(picture, 0, 1)[16:-16, 16:-16] - truth[16:-16, 16:-16]
    return float(10 * np.log10(1 / np.mean(error**2)))


def opencv(picture: NDArray[np.uint8], h: float) -> NDArray[np.uint8]:
    """Non-local means with OpenCV's default windows (7, 21)."""
    return np.asarray(cv2.fastNlMeansDenoisingColored(picture, None, h, h, 7, 21))


def compared(shot: Shot, threads: int) -> dict[str, Picture]:
    """The shot without denoise, with it, and with OpenCV's, of which the best h goes into the name."""
    plain = srgb(ours.developed(shot.frame, [*shot.before, *shot.after], bits=None, threads=threads).samples)
    clean = srgb(ours.developed(shot.frame, [*shot.before, "denoise", *shot.after], bits=None, threads=threads).samples)
    codes = np.asarray(np.rint(plain * 255), np.uint8)
    others = {f"opencv h={h}": opencv(codes, h) / 255.0 for h in STRENGTHS}
    best = max(others, key=lambda name: psnr(others[name], shot.truth))
    return {"none": plain, "denoise": clean, best: others[best]}


def times(rounds: int, threads: int, iso: float) -> None:
    """Median times on one megapixel of flat grey with noise, three float32 planes against 8 bits."""
    sensor = SensorModel(iso=iso)
    shot = photograph(np.full((1024, 1024, 3), 0.2), sensor, "malvar", seed=1)
    linear = ours.developed(shot.frame, shot.before, bits=None, threads=threads)
    codes = np.asarray(np.rint(srgb(linear.samples) * 255), np.uint8)
    run: Callable[[], object] = partial(ours.developed, linear, ["denoise"], bits=None, threads=threads)
    cases = [Case("denoise", run, 1.048576), Case("opencv", partial(opencv, codes, 4), 1.048576)]
    timed = in_turns(cases, rounds)
    for one in timed.values():
        said(f"{one.name:12s} {1e9 * one.median_s / 2**20:8.1f} ns a pixel, {threads} threads, median of {rounds}")
    said(f"opencv takes {timed['opencv'].median_s / timed['denoise'].median_s:.0f} times as long")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="*", type=Path)
    parser.add_argument("--iso", type=float, default=1600)
    parser.add_argument("--demosaic", default="gbtf")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(options.threads)
    sensor = SensorModel(iso=options.iso)
    gains: list[list[float]] = []

    def told(name: str, shot: Shot) -> dict[str, Picture]:
        pictures = compared(shot, options.threads)
        found = [psnr(picture, shot.truth) for picture in pictures.values()]
        gains.append(found)
        said(f"{name:24s}" + "  ".join(f"{way} {level:.2f}" for way, level in zip(pictures, found, strict=True)))
        return pictures

    said(f"PSNR of sRGB, dB, ISO {options.iso:g}, demosaic {options.demosaic}")
    told("still life", still_life(sensor, options.demosaic))
    for number, path in enumerate(options.pictures):
        code = cv2.imread(str(path))[..., ::-1] / 255.0
        light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
        told(path.stem, photograph(light, sensor, options.demosaic, seed=number))
    if options.pictures:
        mean = np.mean(gains[1:], axis=0)
        said(f"{'mean of photographs':24s}none {mean[0]:.2f}  denoise {mean[1]:.2f}  opencv {mean[2]:.2f}")
    shot = photograph(chart(), sensor, options.demosaic, seed=1)
    pictures = {"truth": shot.truth} | told("chart", shot)
    said("MTF50, cycles per pixel: slanted edge of 2 : 1, dead leaves")
    for way, picture in pictures.items():
        said(f"{way:24s}{edge_mtf50(picture):.3f}  {texture_mtf50(picture, shot.truth):.3f}")
    times(options.rounds, options.threads, options.iso)


if __name__ == "__main__":
    main()
