"""Scene, lens and sensor together: one exposure, and the truth beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from tenbit.kernels._facts import Array, Cfa
from tenbit.pipeline.sample.optics import LensModel
from tenbit.pipeline.sample.scene import Scene
from tenbit.pipeline.sample.sensor import SensorModel, camera_from_srgb

# Small enough for a core's cache, large enough to hide numpy's overhead (12.5 MP with a lens: 10 s, 190 MB, one core of
# an EPYC).
_TILE = 256


def expose(
    scene: Scene, lens: LensModel, sensor: SensorModel, *, seed: int, exposure_ev: float = 0.0
) -> tuple[Array, Array]:
    """One exposure of a scene.

    Parameters
    ----------
    scene : Scene
        Its size is the sensor's.
    lens : LensModel
    sensor : SensorModel
    seed : int
        Of the noise and of the places of the defects.
    exposure_ev : float
        Light on the sensor, stops; the truth is not changed by it.

    Returns
    -------
    mosaic : array
        (rows, cols), uint16, counts.
    truth : array
        (rows, cols, 3), uint16: the ideal scene at the same pixels, linear sRGB, 65535 is diffuse white, clipped.
    """
    rows, cols = scene.rows, scene.cols
    mosaic, truth = np.empty((rows, cols), np.uint16), np.empty((rows, cols, 3), np.uint16)
    rng = np.random.default_rng([seed, 0x5E450])
    cfa = Cfa(sensor.cfa)
    sites = np.array(cfa.sites).reshape(cfa.period, cfa.period)
    weights = (camera_from_srgb() * 2.0**exposure_ev).astype(np.float32)
    half, aspect = np.hypot(rows, cols) / 2, max(rows, cols) / min(rows, cols)
    scales = np.array([lens.red_scale, 1.0, lens.blue_scale])
    for top, left, high, wide in _tiles(rows, cols):
        row, col = np.mgrid[top : top + high, left : left + wide].astype(np.float64)
        colour = sites[row.astype(np.intp) % cfa.period, col.astype(np.intp) % cfa.period]
        light = scene.at(row, col)
        truth[top : top + high, left : left + wide] = np.rint(np.clip(light, 0, 1) * 65535)
        down, right = (row - (rows - 1) / 2) / half, (col - (cols - 1) / 2) / half
        if not lens.is_straight:
            # Each site asks for the point that its own colour sees: one evaluation of the scene, not three.
            v, u = lens.ideal(down, right, aspect, scales[colour])
            light = scene.at(v * half + (rows - 1) / 2, u * half + (cols - 1) / 2)
        signal = np.einsum("ijk,ijk->ij", light, weights[colour])
        signal *= np.choose(colour, lens.gains(down, right))
        mosaic[top : top + high, left : left + wide] = sensor.counts(signal, rng)
    hot, dead = sensor.defects(rows, cols, seed)
    mosaic.flat[hot], mosaic.flat[dead] = sensor.white, 0
    return mosaic, truth


def record(
    lens: LensModel, sensor: SensorModel, shape: tuple[int, int], *, seed: int, exposure_ev: float
) -> dict[str, Any]:
    """How the exposure was made, fit for JSON: every parameter, and (row, col) of every defective site."""
    hot, dead = (np.stack(np.unravel_index(sites, shape), -1).tolist() for sites in sensor.defects(*shape, seed))
    return {
        "space": "srgb-linear",
        "seed": seed,
        "exposure_ev": exposure_ev,
        "lens": asdict(lens),
        "sensor": asdict(sensor),
        "hot": hot,
        "dead": dead,
    }


def _tiles(rows: int, cols: int) -> Iterator[tuple[int, int, int, int]]:
    for top in range(0, rows, _TILE):
        for left in range(0, cols, _TILE):
            yield top, left, min(_TILE, rows - top), min(_TILE, cols - left)
