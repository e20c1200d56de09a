"""Values between pixels: a made-up stage moves each plane by parts of a pixel, against weights made of sines."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels._reference import run_step
from tenbit.kernels._resample import limited, windowed_weights
from tenbit.kernels._stage import PLANES, Access, PerPlane, Prepared, Stage, Step
from tenbit.pipeline.device import choose
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.run import run_plan

KINDS = [("bicubic", False), ("bicubic", True), ("lanczos3", False), ("lanczos3", True)]


def leaning(row, col, k):
    """A shift that differs from plane to plane and grows with the column."""
    return k.down + k.lean * np.float32(col), k.right - k.lean * np.float32(row)


@dataclasses.dataclass(frozen=True)
class Nothing:
    """No parameters."""


def mover(taps, is_clamped, *, down=(0.0,) * 3, right=(0.0,) * 3, lean=0.0):
    """A link that moves the three planes; all alike where ``down`` and ``right`` are numbers."""
    ways = {"down": down, "right": right}
    constants = {name: PerPlane(way) if isinstance(way, tuple) else way for name, way in ways.items()} | {"lean": lean}

    def prepare(parameters, facts):
        planes = PLANES[facts.state]
        step = Step("move", Access.WARP, leaning, planes, planes, constants, taps=taps, is_clamped=is_clamped)
        return Prepared(facts, (step,))

    return Link(Stage("move", Nothing, ("linear",), prepare), Nothing())


@pytest.fixture
def moved(target):
    def run(frame, *arguments, **options):
        return run_plan(frame, plan([mover(*arguments, **options)], frame.facts), choose(target)[0]).samples

    return run


def lanczos(x):
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


def test_weights_are_those_of_the_sines():
    t = np.linspace(0, 1, 4097)
    exact = np.stack([lanczos(t + 2 - n) for n in range(6)])
    exact /= exact.sum(axis=0)
    found = np.stack([[float(w) for w in windowed_weights(np.float32(v))] for v in t], axis=1)
    np.testing.assert_allclose(found, exact[[0, 1, 3, 4, 5]], atol=4e-6)
    np.testing.assert_array_equal(found[:, [0, -1]], [[0, 0], [0, 0], [0, 1], [0, 0], [0, 0]])


def test_hand_worked_half_pixel(moved, planes):
    samples = np.zeros((9, 11, 3))
    samples[4, 5] = 1
    out = moved(planes(samples), "lanczos3", False, right=(0.5,) * 3)
    # sinc(1/2) sinc(1/6) = 0.60793, at 3/2 -0.13510, at 5/2 0.02432; twice their sum is 0.99430
    np.testing.assert_allclose(out[4, 2:8, 1], [0.02446, -0.13587, 0.61141, 0.61141, -0.13587, 0.02446], atol=1e-5)
    np.testing.assert_array_equal(out[3], 0)


@pytest.mark.parametrize("shape", [(11, 17), (3, 5), (1, 1)])
def test_is_the_sum_of_36_pixels(moved, planes, shape):
    samples = np.random.default_rng(1).random((*shape, 3))
    down, right = (0.3, -1.8, 0.0), (0.75, 0.1, -0.5)
    out = moved(planes(samples), "lanczos3", False, down=down, right=right)
    for n in range(3):
        expected = np.zeros(shape)
        sides = []
        for count, by in zip(shape, (down[n], right[n]), strict=True):
            side = np.zeros((count, count))
            for to in range(count):
                first = int(np.floor(to + by)) - 2
                weights = lanczos(to + by - (first + np.arange(6)))
                for at, weight in zip(first + np.arange(6), weights / weights.sum(), strict=True):
                    side[to, min(max(at, 0), count - 1)] += weight
            sides.append(side)
        expected = sides[0] @ samples[..., n] @ sides[1].T
        np.testing.assert_allclose(out[..., n], expected, atol=2e-5)


@pytest.mark.parametrize(("taps", "is_clamped"), KINDS)
def test_whole_pixels_and_flats_keep_their_bits(moved, planes, taps, is_clamped):
    samples = np.random.default_rng(2).random((7, 19, 3)).astype(np.float32)
    out = moved(planes(samples), taps, is_clamped, down=(1.0, 0.0, -2.0), right=(0.0, -1.0, 3.0))
    np.testing.assert_array_equal(out[:-1, :, 0], samples[1:, :, 0])
    np.testing.assert_array_equal(out[:, 1:, 1], samples[:, :-1, 1])
    np.testing.assert_array_equal(out[2:, :-3, 2], samples[:-2, 3:, 2])
    flat = moved(planes(np.full((7, 19, 3), 0.3)), taps, is_clamped, right=(0.4, 0.1, -0.7), lean=0.03)
    np.testing.assert_array_equal(flat, np.float32(0.3))


@pytest.mark.parametrize("lean", [0.021, 0.0])
@pytest.mark.parametrize(("taps", "is_clamped"), KINDS)
def test_equals_plain_python(moved, planes, taps, is_clamped, lean):
    """Short runs of alike moves and lone pixels, or runs as long as a row; places beyond the frame on all sides."""
    shape = (9, 37) if lean else (7, 71)
    frame = planes(np.random.default_rng(3).random((*shape, 3)))
    options = {"down": (0.2, -0.9, 0.0), "right": (0.45, 2.6, -7.3), "lean": lean}
    link = mover(taps, is_clamped, **options)
    (step,) = link.stage.prepare(link.parameters, frame.facts).steps
    expected = {name: frame.samples[..., n] for n, name in enumerate(PLANES["linear"])}
    run_step(step, expected, step.resolved({}), 1)
    out = moved(frame, taps, is_clamped, **options)
    np.testing.assert_array_equal(out, np.stack([expected[name] for name in PLANES["linear"]], axis=-1))


@pytest.mark.parametrize(("taps", "is_clamped"), [KINDS[0], KINDS[3]])
def test_planes_that_move_alike_are_moved_together(moved, planes, taps, is_clamped):
    frame = planes(np.random.default_rng(4).random((9, 37, 3)))
    together = moved(frame, taps, is_clamped, down=-0.9, right=2.6, lean=0.021)
    apart = moved(frame, taps, is_clamped, down=(-0.9,) * 3, right=(2.6,) * 3, lean=0.021)
    np.testing.assert_array_equal(together, apart)


@pytest.mark.parametrize("taps", ["bicubic", "lanczos3"])
def test_an_edge_gets_no_halo(moved, planes, taps):
    row, col = np.indices((9, 24))
    edge = np.repeat((0.1 + 0.8 / (1 + np.exp(-4 * (col - 11.4 + 0.2 * row))))[..., None], 3, axis=2)
    options = {"down": (0.3, 0.0, 0.6), "right": (0.5, 0.25, 0.8)}
    loose = moved(planes(edge), taps, False, **options)
    held = moved(planes(edge), taps, True, **options)
    assert loose.max() > 0.915 > 0.9 + 1e-6 > held.max()
    assert loose.min() < 0.085 < 0.1 - 1e-6 < held.min()


@pytest.mark.parametrize("taps", ["bicubic", "lanczos3"])
def test_a_wave_loses_nothing(moved, planes, taps):
    """0.3 cycles a pixel, along columns: its peaks lie between pixels, higher than any."""
    row, col = np.indices((9, 40))
    wave = np.repeat((0.5 + 0.4 * np.sin(2 * np.pi * 0.3 * col + 0.1 * row))[..., None], 3, axis=2)
    options = {"right": (0.5, 0.25, 0.8)}
    loose, held = (moved(planes(wave), taps, is_clamped, **options) for is_clamped in (False, True))
    # Lanczos-3's own peaks stand out a little farther than a quarter step at one phase in ten
    np.testing.assert_allclose(held[:, 4:-4], loose[:, 4:-4], atol=1e-6 if taps == "bicubic" else 0.002)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        # an edge ends: no step down behind it
        ((0.0, 1.0, 1.0, 1.0), 1.0),
        # a peak: a quarter of the smaller step, 0.4, above the larger
        ((0.2, 1.0, 0.9, 0.5), 1.1),
        # the same upside down
        ((0.8, 0.0, 0.1, 0.5), -0.1),
    ],
)
def test_hand_worked_limits(samples, expected):
    far = 9.0 if expected > 0 else -9.0
    assert limited(np.float32(far), *map(np.float32, samples)) == pytest.approx(expected)
