"""Fall-off from simulated pictures of different surfaces and of parts of a still life, taken with known lenses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest

from tenbit.kernels import _laws
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.lenses.suggest_light import FallOff, fall_off
from tenbit.pipeline.sample import LensModel, SensorModel
from tenbit.pipeline.sample.camera import expose
from tenbit.pipeline.sample.scene import Picture, StillLife

ROWS, COLS = 192, 256
LENSES = {
    "none": LensModel(),
    "mild": LensModel(vignetting=(-0.5, 0.1, 0.0)),
    "strong": LensModel(vignetting=(-1.1, 0.6, -0.15)),
    "late": LensModel(vignetting=(-0.1, -0.3, 0.0)),
}
Scene = Callable[[np.random.Generator], np.ndarray]


def surfaces(rng: np.random.Generator) -> np.ndarray:
    """Many patches of unlike brightness, each with light of its own slope."""
    v, u = np.mgrid[:ROWS, :COLS] / COLS
    count = rng.integers(6, 25)
    rows, cols = rng.uniform(-0.1, 0.85, count), rng.uniform(-0.1, 1.1, count)
    patch = np.argmin((v[..., None] - rows) ** 2 + (u[..., None] - cols) ** 2, -1)
    level, slope = np.exp(rng.normal(-1.2, 0.7, count)), rng.normal(0, 0.5, (2, count))
    light = level[patch] * np.exp(slope[0][patch] * (v - rows[patch]) + slope[1][patch] * (u - cols[patch]))
    return np.repeat(light[..., None], 3, -1)


@cache
def room() -> np.ndarray:
    scene = StillLife(540, 720, 1)
    return scene.at(*np.mgrid[:540, :720].astype(float))


def corners(rng: np.random.Generator) -> np.ndarray:
    """A part of a still life, mirrored or not."""
    row, col = rng.integers(0, 540 - ROWS), rng.integers(0, 720 - COLS)
    part = room()[row : row + ROWS, col : col + COLS]
    return part[:, ::-1] if rng.random() < 0.5 else part


def textured(rng: np.random.Generator) -> np.ndarray:
    """Leaves of some pixels, everywhere: nothing in it is smooth."""
    leaves = np.exp(rng.normal(-1.5, 0.6, (ROWS // 8, COLS // 8, 1)))
    return np.repeat(leaves.repeat(8, 0).repeat(8, 1) * rng.uniform(0.9, 1.1, (ROWS, COLS, 1)), 3, -1)


def pictures(scene: Scene, lens: LensModel, count: int, seed: int) -> Iterator[Frame]:
    rng = np.random.default_rng(seed)
    for number in range(count):
        mosaic, _ = expose(Picture(scene(rng)), lens, SensorModel(), seed=number)
        yield Frame.from_mosaic(mosaic, black=64, white=1023)


def truth(lens: LensModel, radius: np.ndarray) -> np.ndarray:
    k1, k2, k3 = lens.vignetting
    return np.asarray(np.log2(1 + k1 * radius**2 + k2 * radius**4 + k3 * radius**6))


@pytest.mark.parametrize("scene", [surfaces, corners])
@pytest.mark.parametrize("name", LENSES)
def test_the_truth_is_within_two_standard_deviations(scene: Scene, name: str) -> None:
    radius = np.linspace(0.2, 1, 9)
    for seed in (1, 2):
        found = fall_off(pictures(scene, LENSES[name], 14, seed))
        assert found.pictures == 14
        off = found.ev(radius) - truth(LENSES[name], radius)
        assert (np.abs(off) < 2 * found.spread_ev(radius)).all()
        # It is worth something, and claims no more than it is worth.
        assert np.abs(off).max() < 0.2
        assert 0.1 < found.spread_ev(1.0) < 0.3
        assert found.reach > 0.9


def test_its_law_is_the_same_in_millimetres() -> None:
    found = FallOff(np.array([-0.5, 0.1, 0.0]), np.diag([0.01, 0.0, 0.0]), 12, 1.0)
    assert found.ev(0.5) == pytest.approx((-0.5 * 0.25 + 0.1 * 0.0625) / np.log(2))
    assert found.spread_ev(0.5) == pytest.approx(0.1 * 0.25 / np.log(2))
    law = found.law(21.6)
    assert law.unit_mm == 21.6
    radius = np.linspace(0, 1, 5)
    np.testing.assert_allclose(np.log2(_laws.light(law, radius * 21.6)), found.ev(radius), atol=0.02)


def test_of_what_the_focal_length_says_little_is_left_where_pictures_speak() -> None:
    radius = np.ones(1)
    said = [fall_off(pictures(surfaces, LENSES["mild"], 14, 1), focal=focal).ev(radius) for focal in (None, 1.0, 5.0)]
    np.testing.assert_allclose(said, truth(LENSES["mild"], radius)[0], atol=0.2)


def test_few_pictures_are_refused() -> None:
    with pytest.raises(RequestError, match="fall-off: 4 can be used, 10 different ones are needed"):
        fall_off(pictures(surfaces, LENSES["mild"], 4, 1))


def test_pictures_without_anything_smooth_are_refused() -> None:
    with pytest.raises(RequestError, match=r"12 of 12 pictures have too few smooth parts; 0 can be used"):
        fall_off(pictures(textured, LENSES["mild"], 12, 1))


def test_pictures_that_are_clipped_or_demosaiced_do_not_count() -> None:
    white = Frame.from_mosaic(np.full((ROWS, COLS), 1023, np.uint16), black=64, white=1023)
    with pytest.raises(RequestError, match=r"2 of 13 pictures have too few smooth parts; 11 can be used, 12 "):
        fall_off([*pictures(surfaces, LENSES["mild"], 11, 1), white, white], least=12)


def test_pictures_that_do_not_agree_are_refused() -> None:
    def another(rng: np.random.Generator) -> np.ndarray:
        v, u = np.mgrid[:ROWS, :COLS] / COLS
        # Lit in the middle, or everywhere but there.
        light = 0.25 * np.exp(rng.choice([-3.0, 3.0]) * ((v - 0.375) ** 2 + (u - 0.5) ** 2 - 0.15))
        return np.repeat(light[..., None], 3, -1)

    with pytest.raises(RequestError, match=r"the pictures do not agree: ± \d\.\d EV in the corner; more may help"):
        fall_off(pictures(another, LENSES["mild"], 12, 5))
