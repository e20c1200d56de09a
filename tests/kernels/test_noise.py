"""The noise of a frame: profiles carried along by stages, and measured from the frame itself."""

import dataclasses

import numpy as np
import pytest
from conftest import links

from tenbit.kernels import _noise
from tenbit.kernels._noise import LEAST_OFFSET, MEANS, SPREADS, known, multiplied, profile_of
from tenbit.kernels._reference import run_step
from tenbit.kernels._stage import PLANES, Prepared, Stage
from tenbit.pipeline.device import choose
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, plan
from tenbit.pipeline.run import run_plan
from tenbit.pipeline.sample.camera import expose
from tenbit.pipeline.sample.optics import LensModel
from tenbit.pipeline.sample.scene import StillLife
from tenbit.pipeline.sample.sensor import SensorModel

PROFILE = ((1e-3, 1e-5),)


@dataclasses.dataclass(frozen=True)
class Nothing:
    """A stage that only wants to know the noise."""


def asked(parameters, facts):
    measured = known(facts)
    return Prepared(measured.facts, measured.steps, notes=measured.notes)


ASKING = Link(Stage("asking", Nothing, ("mosaic", "linear"), asked), Nothing())


def measured(frame, *steps, on="cpu"):
    """The frame after some stages and after its noise has been measured."""
    return run_plan(frame, plan([*links(steps), ASKING], frame.facts), choose(on)[0])


def facts_of(cfa="RGGB", shape=(8, 12), **facts):
    frame = Frame.from_mosaic(np.zeros(shape, np.float32), cfa=cfa)
    return dataclasses.replace(frame.facts, **facts)


def frame_of(**facts):
    frame = Frame.from_mosaic(np.full((8, 12), 0.25, np.float32), cfa=facts.pop("cfa", "RGGB"))
    return dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **facts))


def test_what_the_file_says_is_taken():
    measured = known(facts_of(noise=PROFILE))
    assert measured.steps == ()
    assert measured.notes == ()
    assert measured.profile({}) == PROFILE * 3


def test_a_frame_that_says_nothing_is_measured_once_and_it_is_said():
    first = known(facts_of())
    assert "estimated from the picture" in first.notes[0]
    assert first.facts.measured_noise == (1.0, 1.0, 1.0)
    again = known(first.facts)
    assert (again.steps, again.notes) == ((), ())


def test_gains_multiply_scale_and_their_squares_offset(develop):
    frame = frame_of(noise=PROFILE, neutral=(0.5, 1.0, 0.8))
    out = develop(frame, ("white_balance", {}), ("exposure", {"ev": 1.0}))
    expected = [(4e-3, 16e-5), (2e-3, 4e-5), (2.5e-3, 6.25e-5)]
    np.testing.assert_allclose(profile_of(out.facts, {}), expected)


def test_gains_are_kept_for_a_profile_measured_before_them():
    facts = multiplied(facts_of(measured_noise=(1.0, 1.0, 2.0)), (3.0, 1.0, 0.5))
    assert facts.measured_noise == (3.0, 1.0, 1.0)
    found = profile_of(facts, {"noise": ((1e-3, 1e-5), (2e-3, 2e-5), (3e-3, 3e-5))})
    np.testing.assert_allclose(found, [(3e-3, 9e-5), (2e-3, 2e-5), (3e-3, 3e-5)])


def test_gains_measured_meanwhile_are_looked_up(develop):
    frame = frame_of(noise=PROFILE)
    chain = (("white_balance", {"mode": "grey_world"}), ("exposure", {"ev": 1.0}))
    found = profile_of(plan(links(chain), frame.facts).facts, {"white_balance": {"gains": (2.0, 1.0, 4.0)}})
    np.testing.assert_allclose(found, [(4e-3, 16e-5), (2e-3, 4e-5), (8e-3, 64e-5)])
    # a finished frame knows its gains: those of a flat one are 1
    assert develop(frame, *chain).facts.noise == ((2e-3, 4e-5),) * 3
    # and what was measured before them is no longer what it was
    assert multiplied(facts_of(measured_noise=(1.0, 1.0, 1.0)), None).measured_noise is None


def test_binning_divides_by_four(develop):
    out = develop(frame_of(cfa="QRGGB", noise=PROFILE), ("quad_bayer", {}))
    np.testing.assert_allclose(profile_of(out.facts, {}), [(2.5e-4, 2.5e-6)] * 3)
    again = develop(frame_of(cfa="QRGGB", measured_noise=(1.0, 1.0, 1.0)), ("quad_bayer", {}))
    assert again.facts.measured_noise is None


def test_other_levels_stretch_the_profile(develop):
    frame = Frame.from_mosaic(np.full((4, 6), 200, np.uint16), black=64, white=1023)
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, noise=PROFILE))
    out = develop(frame, ("black_level", {"black_counts": 100.0, "white_counts": 500.0}))
    ((scale, offset),) = out.facts.noise
    # at 200 counts: by the file's levels, and by these
    by_file = (1e-3 * (200 - 64) / 959 + 1e-5) * 959**2
    assert (scale * (200 - 100) / 400 + offset) * 400**2 == pytest.approx(by_file)
    assert develop(frame, ("black_level", {})).facts.noise == PROFILE


def test_variance_is_never_nothing():
    assert profile_of(facts_of(noise=((0.0, 0.0),)), {}) == ((0.0, LEAST_OFFSET),) * 3


def test_noise_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match=r"ask known\(\)"):
        profile_of(facts_of(), {})


def counted_by_numpy(frame):
    """The counters, from a least-squares plane through every window of one colour (or the diagonals of nine blocks)."""
    rows, cols = frame.samples.shape[:2]
    planes = frame.samples[..., None] if frame.state == "mosaic" else frame.samples
    counters = np.zeros((3, MEANS, SPREADS), int)
    down, right = (grid.ravel() for grid in np.mgrid[-2:3, -2:3])
    ground = np.stack([np.ones(25), down, right], axis=1)
    for n in range(planes.shape[-1]):
        padded = np.pad(planes[..., n].astype(float), 8, mode="reflect")
        for row in range(rows):
            for col in range(cols):
                cfa = frame.facts.cfa
                colour = n if cfa is None else cfa.colour(row, col)
                if cfa is not None and cfa.is_quad:
                    # The frame's border is left to the other schedules: it goes on by periods there.
                    if row % 2 or col % 2 or not (4 <= row < rows - 5 and 4 <= col < cols - 5):
                        continue
                    blocks = np.array(
                        [[padded[row + 8 + r :, col + 8 + c :][:2, :2] for c in (-4, 0, 4)] for r in (-4, 0, 4)]
                    )
                    diagonals = blocks[..., 0, 0] + blocks[..., 1, 1] - blocks[..., 0, 1] - blocks[..., 1, 0]
                    mean, spread, most = blocks[1, 1].mean(), (diagonals**2).mean() / 4, 0.0
                else:
                    window = padded[row + 4 : row + 13 : 2, col + 4 : col + 13 : 2].ravel()
                    residual = np.linalg.lstsq(ground, window, rcond=None)[1][0]
                    mean, spread, most = window.mean(), residual / 22, window.max()
                if most < _noise.HIGHEST:
                    bright = min(int(np.sqrt(max(mean, 0.0)) * MEANS), MEANS - 1)
                    wide = (spread**0.125 - _noise.SPREAD_LOW) / _noise.SPREAD_STEP
                    counters[colour, bright, min(max(int(wide), 0), SPREADS - 1)] += 1
    return counters.ravel()


@pytest.mark.parametrize("cfa", ["RGGB", "GBRG", "QGRBG", None])
def test_windows_are_counted_by_brightness_and_spread(target, planes, cfa):
    rng = np.random.default_rng(3)
    samples = rng.uniform(0.0, 0.8, (16, 20, 1 if cfa else 3)) + rng.normal(0, 0.01, (16, 20, 1 if cfa else 3))
    frame = Frame.from_mosaic(np.float32(samples[..., 0]), cfa=cfa) if cfa else planes(samples)
    *steps, count = known(frame.facts).steps
    (kept,) = [dataclasses.replace(count, summary=None)]
    stage = Stage("asking", Nothing, ("mosaic", "linear"), lambda p, f: Prepared(f, (*steps, kept)))
    found = run_plan(frame, plan([Link(stage, Nothing())], frame.facts), choose(target)[0]).results["noise"]
    period = frame.facts.cfa.period if cfa else 1
    named = dict(zip(PLANES[frame.state], np.moveaxis(np.atleast_3d(frame.samples), -1, 0), strict=True))
    for step in steps:
        run_step(step, named, step.constants, period)
    np.testing.assert_array_equal(found, run_step(kept, named, {}, 1))
    expected = counted_by_numpy(frame)
    if cfa != "QGRBG":
        # float32 may put a window into the next bin
        assert np.abs(found - expected).sum() <= 0.02 * expected.sum()
        assert found.sum() == expected.sum()
    else:
        assert (found >= expected).mean() > 0.99


@pytest.mark.parametrize("cfa", ["RGGB", "QRGGB"])
@pytest.mark.parametrize("iso", [100, 800, 3200])
def test_the_noise_of_a_textured_scene_is_found(cfa, iso):
    sensor = SensorModel(cfa=cfa, iso=iso, bits=12, black=256)
    mosaic, _ = expose(StillLife(480, 640, 5), LensModel(), sensor, seed=5)
    frame = Frame.from_mosaic(mosaic, cfa=cfa, black=sensor.black, white=sensor.white, neutral=(0.55, 1.0, 0.65))
    out = measured(frame, ("black_level", {}), ("white_balance", {}))
    assert "estimated from the picture" in out.warnings[-1]
    scale, offset = sensor.noise_profile
    for (found_scale, found_offset), gain in zip(profile_of(out.facts, out.results), out.facts.gains, strict=True):
        for signal in (0.05, 0.18, 0.5):
            truth = gain * np.sqrt(scale * signal + offset)
            assert np.sqrt(found_scale * gain * signal + found_offset) == pytest.approx(truth, rel=0.2)


def test_counts_and_signal_show_the_same_profile():
    sensor = SensorModel(iso=1600, bits=12, black=256)
    mosaic, _ = expose(StillLife(320, 480, 6), LensModel(), sensor, seed=6)
    frame = Frame.from_mosaic(mosaic, black=sensor.black, white=sensor.white)
    before = measured(frame).results["noise"]
    after = measured(frame, ("black_level", {})).results["noise"]
    np.testing.assert_allclose(before, after, rtol=0.02, atol=1e-8)


def test_a_frame_without_windows_that_count_has_hardly_any_noise():
    out = measured(Frame.from_mosaic(np.ones((16, 20), np.float32)))
    assert out.results["noise"] == ((0.0, LEAST_OFFSET),) * 3


def test_colours_of_unknown_gains_are_fitted_one_by_one():
    sensor = SensorModel(iso=1600, bits=12, black=256)
    mosaic, _ = expose(StillLife(320, 480, 6), LensModel(), sensor, seed=6)
    frame = Frame.from_mosaic(mosaic, black=sensor.black, white=sensor.white)
    out = measured(frame, ("black_level", {}), ("white_balance", {"mode": "grey_world", "highlights": "keep"}))
    scale, offset = sensor.noise_profile
    for (own, other), gain in zip(out.results["noise"], out.results["white_balance"]["gains"], strict=True):
        found, truth = own * gain * 0.2 + other, gain**2 * (scale * 0.2 + offset)
        assert np.sqrt(found) == pytest.approx(np.sqrt(truth), rel=0.25)


def test_planes_behind_a_demosaic_show_the_noise_of_the_mosaic():
    sensor = SensorModel(iso=1600, bits=12, black=256)
    mosaic, _ = expose(StillLife(480, 640, 5), LensModel(), sensor, seed=5)
    frame = Frame.from_mosaic(mosaic, black=sensor.black, white=sensor.white, neutral=(0.55, 1.0, 0.65))
    out = measured(frame, ("black_level", {}), ("white_balance", {}), ("demosaic", {"method": "malvar"}))
    scale, offset = sensor.noise_profile
    for (found_scale, found_offset), gain in zip(out.results["noise"], out.facts.gains, strict=True):
        truth = gain * np.sqrt(scale * 0.18 + offset)
        assert np.sqrt(found_scale * gain * 0.18 + found_offset) == pytest.approx(truth, rel=0.3)
