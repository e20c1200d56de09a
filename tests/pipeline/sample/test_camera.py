"""One exposure: each site's colour, the lens's geometry measured in the mosaic, the truth, the clipping."""

import numpy as np
import pytest

from tenbit.kernels._facts import Cfa
from tenbit.pipeline.sample.camera import expose
from tenbit.pipeline.sample.optics import LensModel
from tenbit.pipeline.sample.scene import Picture, StillLife
from tenbit.pipeline.sample.sensor import SensorModel, neutral

STILL = {"is_noisy": False, "bits": 16, "black": 0}


@pytest.mark.parametrize("cfa", ["RGGB", "GRBG", "GBRG", "BGGR", "QRGGB", "QGBRG"])
def test_grey_reads_neutral_at_every_site(cfa):
    mosaic, truth = expose(Picture(np.full((10, 13, 3), 0.5)), LensModel(), SensorModel(cfa=cfa, **STILL), seed=1)
    for row in range(10):
        for col in range(13):
            expected = 65535 * 0.5 * neutral()[Cfa(cfa).colour(row, col)]
            assert mosaic[row, col] == pytest.approx(expected, abs=0.51)
    assert (truth == 32768).all()


def test_light_lands_where_the_lens_says():
    """Centroids of soft spots, per colour, against the forward formula."""
    rows, cols, half = 300, 400, 250.0
    lens = LensModel(k=(-0.08, 0.02), red_scale=1.004, blue_scale=0.996)
    row, col = np.mgrid[:rows, :cols]
    sites = np.array(Cfa("RGGB").sites).reshape(2, 2)[row % 2, col % 2]
    for at in ((60.0, 70.0), (150.0, 330.0), (250.5, 200.25)):
        spot = np.exp(-((row - at[0]) ** 2 + (col - at[1]) ** 2) / (2 * 5.0**2))
        mosaic, _ = expose(Picture(np.repeat(spot[..., None], 3, -1)), lens, SensorModel(**STILL), seed=1)
        y, x = ((at[0] - 149.5) / half, (at[1] - 199.5) / half)
        down, right = lens.distorted(np.array([y]), np.array([x]))
        for colour, scale in enumerate((1.004, 1.0, 0.996)):
            weight = np.where(sites == colour, mosaic, 0).astype(np.float64)
            centroid = [(weight * axis).sum() / weight.sum() for axis in (row, col)]
            expected = [down[0] * scale * half + 149.5, right[0] * scale * half + 199.5]
            # The spot itself is bent a little, which moves its centroid by less than this.
            assert centroid == pytest.approx(expected, abs=0.06)


def test_fall_off_and_shading_multiply_the_light():
    rows, cols = 60, 80
    lens = LensModel(vignetting=(-0.5, 0.0, 0.0), red_shading=(0.2, 0.0, 0.0))
    mosaic, _ = expose(Picture(np.full((rows, cols, 3), 0.8)), lens, SensorModel(**STILL), seed=1)
    for row, col, colour in ((0, 0, 0), (58, 78, 0), (1, 1, 2), (30, 41, 1)):
        y, x = (row - 29.5) / 50, (col - 39.5) / 50
        gain = (1 - 0.5 * (y * y + x * x)) * (1 + 0.2 * x if colour == 0 else 1)
        assert mosaic[row, col] == pytest.approx(65535 * 0.8 * neutral()[colour] * gain, abs=1)


def test_truth_is_the_scene_and_tiles_leave_no_trace():
    scene = StillLife(270, 360)
    light = scene.at(*np.mgrid[:270, :360].astype(np.float64))
    mosaic, truth = expose(scene, LensModel(k=(-0.1,)), SensorModel(), seed=4)
    assert np.abs(truth - np.clip(light, 0, 1).astype(np.float64) * 65535).max() <= 0.51
    again = expose(scene, LensModel(k=(0.05,), vignetting=(-0.3, 0, 0)), SensorModel(), seed=4)
    assert np.array_equal(truth, again[1])
    assert not np.array_equal(mosaic, again[0])


def test_a_lens_of_zeros_changes_nothing():
    scene = StillLife(80, 100)
    plain = expose(scene, LensModel(), SensorModel(), seed=2)[0]
    assert np.array_equal(plain, expose(scene, LensModel(form="ptlens", k=(0, 0, 0)), SensorModel(), seed=2)[0])


def test_bulbs_clip_and_the_rest_does_not():
    scene = StillLife(270, 360)
    light = scene.at(*np.mgrid[:270, :360].astype(np.float64))
    mosaic, truth = expose(scene, LensModel(), SensorModel(is_noisy=False), seed=1)
    brightest, darkest = light.max(axis=-1), light.min(axis=-1)
    assert mosaic.max() == 1023
    # Red and blue reach white at 1 / 0.55 and 1 / 0.65 times the light that green does.
    assert (mosaic[darkest > 1.9] == 1023).all()
    assert (mosaic[brightest < 0.99] < 1023).all()
    assert (truth[darkest > 1] == 65535).all()


def test_exposure_moves_the_counts_and_not_the_truth():
    scene = Picture(np.full((8, 8, 3), 0.4))
    bright, truth = expose(scene, LensModel(), SensorModel(**STILL), seed=1)
    dark, same = expose(scene, LensModel(), SensorModel(**STILL), seed=1, exposure_ev=-2.0)
    assert np.abs(bright - dark * 4.0).max() <= 2
    assert np.array_equal(truth, same)


def test_defects_read_white_and_zero():
    sensor = SensorModel(hot_pixels=9, dead_pixels=5)
    mosaic, _ = expose(Picture(np.full((20, 30, 3), 0.3)), LensModel(), sensor, seed=6)
    hot, dead = sensor.defects(20, 30, 6)
    assert np.flatnonzero(mosaic == 1023).tolist() == hot.tolist()
    assert np.flatnonzero(mosaic == 0).tolist() == dead.tolist()
