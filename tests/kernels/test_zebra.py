"""Zebra of the picture against numpy comparisons of the whole frame, and its stripes against turned coordinates."""

import numpy as np
import pytest

from tenbit.kernels._draw import COLOURS
from tenbit.kernels._signal import code_of
from tenbit.kernels.errors import StageError

# Y of the primaries: IEC 61966-2-1, SMPTE EG 432-1, ITU-R BT.2020; BT.709, BT.601
SRGB, P3, REC2020 = (0.2126, 0.7152, 0.0722), (0.2290, 0.6917, 0.0793), (0.2627, 0.6780, 0.0593)
BT601 = (0.299, 0.587, 0.114)


@pytest.mark.parametrize(
    ("space", "source", "weights"),
    [
        ("srgb", "luma", SRGB),
        ("display-p3", "luma", P3),
        ("rec2020", "luma", REC2020),
        ("camera", "luma", SRGB),
        ("rec2020", "luma_709", SRGB),
        ("srgb", "luma_601", BT601),
        ("srgb", "max", None),
    ],
)
def test_counts_what_is_in_each_band(develop, planes, space, source, weights):
    samples = np.random.default_rng(1).uniform(-0.1, 1.1, (9, 14, 3))

    def signal(samples):
        return samples.max(axis=-1) if weights is None else samples @ np.array(weights)

    edges = np.array([0.8, 0.3, 0.5, 0.6])
    near = (np.abs(signal(samples)[..., None] - edges) < 1e-3).any(axis=-1)
    samples[near] = 0.7  # no pixel hangs on the fourth digit of the weights
    value = signal(samples)
    frame = planes(samples, state="display", space=space)
    out = develop(frame, ("zebra", {"high": 0.8, "low": 0.3, "mid": 0.55, "source": source}))
    in_band = (value >= 0.5) & (value <= 0.6)
    assert out.results["zebra"] == {
        "high": (value >= 0.8).mean(),
        "low": (value < 0.3).mean(),
        "mid": in_band.mean(),
    }
    untouched = (out.samples == samples.astype(np.float32)).all(axis=-1)
    assert untouched[(value < 0.8) & (value >= 0.3) & ~in_band].all()


def grey(values):
    return np.asarray(values, np.float64)[None, :, None] * np.ones((1, 1, 3))


def test_hand_worked_thresholds(develop, planes):
    """At or above high, below low, both ends of the band; highlights first, then shadows; 0 marks none."""
    frame = planes(grey([-0.5, 0.0, 0.125, 0.25, 0.5, 0.625, 0.75, 1.0, 2.0]), state="display")
    chain = {"high": 0.75, "low": 0.25, "mid": 0.5, "mid_range": 0.125, "source": "max"}
    found = develop(frame, ("zebra", chain)).results["zebra"]
    assert found == {"high": 3 / 9, "low": 3 / 9, "mid": 2 / 9}
    found = develop(frame, ("zebra", chain | {"mid_range": 0.5})).results["zebra"]
    assert found == {"high": 3 / 9, "low": 3 / 9, "mid": 3 / 9}
    found = develop(frame, ("zebra", chain | {"low": 0.0, "mid": 0.0})).results["zebra"]
    assert found == {"high": 3 / 9, "low": 0, "mid": 0}


def test_what_is_no_number_is_dark(develop, planes):
    frame = planes(grey([np.nan, 0.5, -np.inf, np.inf]), state="display")
    found = develop(frame, ("zebra", {"low": 0.25, "source": "max"})).results["zebra"]
    assert found == {"high": 1 / 4, "low": 2 / 4, "mid": 0}


def test_ire_of_a_legal_range(develop, planes):
    """10-bit codes, by hand: 70 IRE is 677, 95 is 896, 100 is 940; the largest code is 109 IRE."""
    assert [round(1023 * code_of(level, "ire")) for level in (0, 0.5, 0.7, 0.75, 0.95, 1.0, 1.09)] == [
        *(64, 502, 677, 721, 896, 940, 1019),
    ]
    frame = planes(grey(np.array([644, 676, 678, 895, 897, 1023]) / 1023), state="display")
    chain = {"levels": "ire", "mid_range": 0.03, "source": "max"}
    # 67 IRE is code 650.9 and 73 is 703.5: 676 and 678 are in the band.
    assert develop(frame, ("zebra", chain)).results["zebra"] == {"high": 2 / 6, "low": 0, "mid": 2 / 6}


def lit(planes, rows, cols, value, **facts):
    return planes(np.full((rows, cols, 3), float(value)), state="display", **facts)


def cover(samples, colour):
    """How much of each pixel is painted: white with the red or the yellow of a zebra shows it in blue."""
    return (1 - samples[..., 2]) / (1 - COLOURS[colour][2])


# What is drawn is drawn on the host, whatever the target.
host = pytest.mark.parametrize("target", ["cpu"], indirect=True)


@host
@pytest.mark.parametrize(
    ("rows", "cols", "period"), [(40, 60, 4.0), (540, 40, 4.0), (1080, 1100, 16.0), (1620, 1640, 24.0)]
)
def test_stripes_scale_with_the_picture(develop, planes, rows, cols, period):
    """16 px from one to the next where the shorter side has 1080, half of it painted, edges soft; never under 4 px."""
    options = {"opacity": 1.0, "angle": 90.0}
    found = cover(develop(lit(planes, rows, cols, 1.0), ("zebra", options)).samples, "red")
    np.testing.assert_allclose(found, np.broadcast_to(found[:1], found.shape), atol=1e-5)
    across = np.arange(cols)
    away = np.abs((across + period / 2) % period - period / 2)
    expected = np.clip((period / 4 - away) / max(period / 8, 1) + 0.5, 0, 1)
    np.testing.assert_allclose(found[0], expected, atol=1e-4)
    assert found[0, : int(period)].mean() == pytest.approx(0.5, abs=0.02)


@host
def test_the_two_zebras_run_opposite_ways(develop, planes):
    """Stripes of highlights rise to the right; those of the band, and of shadows, are mirrored."""
    options = {"opacity": 1.0, "period": 64.0}
    high = cover(develop(lit(planes, 120, 120, 1.0), ("zebra", options)).samples, "red")
    np.testing.assert_allclose(high[1:, :-1], high[:-1, 1:], atol=1e-4)
    assert not np.allclose(high[1:, 1:], high[:-1, :-1], atol=0.1)
    for value, more, colour in ((0.7, {}, "yellow"), (0.1, {"low": 0.2}, "blue")):
        samples = develop(lit(planes, 120, 120, value), ("zebra", options | more)).samples
        falling = (samples[..., 2] - value) / (COLOURS[colour][2] - value)
        np.testing.assert_allclose(falling[1:, 1:], falling[:-1, :-1], atol=1e-4)
        assert not np.allclose(falling[1:, :-1], falling[:-1, 1:], atol=0.1)


@host
def test_stripes_are_those_of_turned_coordinates(develop, planes):
    """30 degrees, 40 % painted, moved: the place across a stripe is that of a complex number turned."""
    options = {"opacity": 1.0, "period": 108.0, "angle": 30.0, "duty": 0.4, "phase": 27}
    found = cover(develop(lit(planes, 100, 130, 1.0), ("zebra", options)).samples, "red")
    row, col = np.indices((100, 130))
    across = ((col - 1j * row) * np.exp(-1j * np.radians(30))).imag  # up is positive
    turns = -across / 10 + 0.25
    away = 10 * np.abs(turns - np.round(turns))
    np.testing.assert_allclose(found, np.clip((2 - away) / 1.25 + 0.5, 0, 1), atol=1e-3)


@host
def test_stripes_walk_with_the_frame_number(develop, planes):
    """One px at 1080 rows per frame, on top of the phase; after a period they are where they were."""
    still = develop(lit(planes, 270, 30, 1.0), ("zebra", {})).samples
    third = develop(lit(planes, 270, 30, 1.0, number=3), ("zebra", {})).samples
    by_phase = develop(lit(planes, 270, 30, 1.0), ("zebra", {"phase": 3})).samples
    around = develop(lit(planes, 270, 30, 1.0, number=16 * 5000 + 1), ("zebra", {"phase": 2})).samples
    np.testing.assert_array_equal(third, by_phase)
    np.testing.assert_array_equal(third, around)
    assert not np.array_equal(third, still)


def test_without_opacity_the_picture_stays_bit_for_bit(develop, planes):
    samples = np.random.default_rng(4).random((5, 7, 3)).astype(np.float32)
    out = develop(planes(samples, state="display"), ("zebra", {"opacity": 0.0, "high": 0.5}))
    assert out.samples.tobytes() == samples.tobytes()
    assert out.results["zebra"]["high"] > 0


def test_a_picture_outside_of_the_bands_stays_bit_for_bit(develop, planes):
    samples = np.random.default_rng(2).uniform(0.1, 0.6, (5, 7, 3)).astype(np.float32)
    assert develop(planes(samples, state="display"), ("zebra", {})).samples.tobytes() == samples.tobytes()


def test_equals_plain_python(develop, plain, planes):
    frame = planes(np.random.default_rng(3).random((13, 9, 3)), state="display")
    chain = ("zebra", {"high": 0.6, "low": 0.4, "mid": 0.5, "source": "luma"})
    assert develop(frame, chain).results == plain(frame, chain).results


def test_low_above_high_is_refused(develop, planes):
    with pytest.raises(StageError, match=r"zebra: low 0.6 is above high 0.5"):
        develop(planes(np.zeros((4, 4, 3)), state="display"), ("zebra", {"high": 0.5, "low": 0.6}))


@host
def test_a_colour_that_is_none_is_refused(develop, planes):
    with pytest.raises(StageError, match=r"zebra.mid_colour: 'gren' is no colour; did you mean 'green'"):
        develop(planes(np.zeros((4, 4, 3)), state="display"), ("zebra", {"mid_colour": "gren"}))
