"""Zebra against numpy comparisons of the whole frame."""

import numpy as np
import pytest

from tenbit.kernels._draw import COLOURS
from tenbit.kernels.errors import StageError

# Y of the primaries: IEC 61966-2-1, SMPTE EG 432-1, ITU-R BT.2020
WEIGHTS = {
    "srgb": (0.2126, 0.7152, 0.0722),
    "display-p3": (0.2290, 0.6917, 0.0793),
    "rec2020": (0.2627, 0.6780, 0.0593),
    "camera": (0.2126, 0.7152, 0.0722),
}


@pytest.mark.parametrize("space", list(WEIGHTS))
@pytest.mark.parametrize("source", ["luma", "max"])
def test_counts_what_is_too_bright_and_too_dark(develop, planes, space, source):
    weights = np.array(WEIGHTS[space])
    samples = np.random.default_rng(1).uniform(-0.1, 1.1, (15, 26, 3))
    near = np.abs(samples @ weights - np.array([[[0.3]], [[0.7]]])).min(axis=0) < 1e-3
    samples[near] = 0.5  # no pixel hangs on the fourth digit of the weights
    value = samples @ weights if source == "luma" else samples.max(axis=-1)
    frame = planes(samples, state="display", space=space)
    out = develop(frame, ("zebra", {"high": 0.7, "low": 0.3, "source": source}))
    assert out.results["zebra"] == {"high": (value >= 0.7).mean(), "low": (value < 0.3).mean()}
    untouched = (out.samples == samples.astype(np.float32)).all(axis=-1)
    assert untouched[(value < 0.7) & (value >= 0.3)].all()


def test_hand_worked_thresholds(develop, planes):
    """At or above high, below low; 0 is never below 0, and what lies under 0 counts as 0."""
    values = np.array([-0.5, 0.0, 0.125, 0.25, 0.75, 1.0, 2.0])
    samples = values[None, :, None] * np.ones((1, 1, 3))
    chain = {"high": 0.75, "low": 0.25, "source": "max"}
    out = develop(planes(samples, state="display"), ("zebra", chain))
    assert out.results["zebra"] == {"high": 3 / 7, "low": 3 / 7}
    out = develop(planes(samples, state="display"), ("zebra", chain | {"low": 0.0}))
    assert out.results["zebra"] == {"high": 3 / 7, "low": 0}


# The period is worked out before either target sees it, and the simulator is slow: there the smallest frame is enough.
@pytest.mark.parametrize(
    ("target", "rows", "period"),
    [("cpu", 8, 4), ("cuda", 8, 4), ("cpu", 540, 8), ("cpu", 1080, 16), ("cpu", 3000, 44)],
    indirect=["target"],
)
def test_stripes_are_diagonal_and_scale_with_the_picture(develop, planes, rows, period):
    samples = np.ones((rows, 90, 3))
    samples[:, 45:] = 0.0
    out = develop(planes(samples, state="display"), ("zebra", {"opacity": 1.0, "low": 0.1})).samples
    bright, dark = out[:, :45, 1], out[:, 45:, 2]
    # along its own diagonal a stripe does not change, and half of every period is painted
    np.testing.assert_array_equal(bright[1:, :-1], bright[:-1, 1:])
    np.testing.assert_array_equal(dark[1:, 1:], dark[:-1, :-1])
    for stripes in (bright[0], dark[0]):
        np.testing.assert_array_equal(stripes[period:], stripes[:-period])
        assert not np.array_equal(stripes[period // 2 :], stripes[: -(period // 2)])
    cover = (1 - bright[0, :period]) / (1 - COLOURS["red"][1])
    assert cover.mean() == pytest.approx(0.5, abs=1e-6)
    assert (cover.min(), cover.max()) == (0, pytest.approx(1))


def test_phase_moves_the_stripes(develop, planes):
    frame = planes(np.ones((8, 12, 3)), state="display")
    still = develop(frame, ("zebra", {})).samples
    moved = develop(frame, ("zebra", {"phase": 1})).samples
    np.testing.assert_array_equal(moved[:, :-1], still[:, 1:])
    assert not np.array_equal(moved, still)
    around = develop(frame, ("zebra", {"phase": 1001})).samples
    np.testing.assert_array_equal(around, moved)


def test_without_opacity_the_picture_stays_bit_for_bit(develop, planes):
    samples = np.random.default_rng(4).random((5, 7, 3)).astype(np.float32)
    out = develop(planes(samples, state="display"), ("zebra", {"opacity": 0.0, "high": 0.5}))
    assert out.samples.tobytes() == samples.tobytes()
    assert out.results["zebra"]["high"] > 0


def test_a_picture_in_the_middle_stays_bit_for_bit(develop, planes):
    samples = np.random.default_rng(2).uniform(0.1, 0.9, (5, 7, 3)).astype(np.float32)
    assert develop(planes(samples, state="display"), ("zebra", {})).samples.tobytes() == samples.tobytes()


def test_equals_plain_python(develop, plain, planes):
    frame = planes(np.random.default_rng(3).random((13, 9, 3)), state="display")
    chain = ("zebra", {"high": 0.6, "low": 0.4, "source": "luma", "phase": 3})
    there, here = develop(frame, chain), plain(frame, chain)
    np.testing.assert_array_equal(there.samples, here.samples)
    assert there.results == here.results


def test_low_above_high_is_refused(develop, planes):
    with pytest.raises(StageError, match=r"zebra: low 0.6 is above high 0.5"):
        develop(planes(np.zeros((4, 4, 3)), state="display"), ("zebra", {"high": 0.5, "low": 0.6}))
