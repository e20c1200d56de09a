"""The noise of a frame: profiles carried along by stages, and measured from the frame itself."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels._noise import LEAST_OFFSET, known, multiplied, profile_of
from tenbit.pipeline.frame import Frame

PROFILE = ((1e-3, 1e-5),)


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
    out = develop(frame, ("white_balance", {"mode": "grey_world"}), ("exposure", {"ev": 1.0}))
    found = profile_of(out.facts, {"white_balance": {"gains": (2.0, 1.0, 4.0)}})
    np.testing.assert_allclose(found, [(4e-3, 16e-5), (2e-3, 4e-5), (8e-3, 64e-5)])
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
