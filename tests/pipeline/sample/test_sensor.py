"""The simulated sensor: levels by hand, noise against its statistics, colour against D65."""

import numpy as np
import pytest

from tenbit.pipeline.sample.sensor import COLOR_MATRIX, SensorModel, camera_from_srgb, neutral


def test_white_light_reads_neutral():
    assert neutral() == pytest.approx((0.55, 1.0, 0.65), abs=3e-4)
    # D65 from its chromaticity, not from the sRGB matrix.
    x, y = 0.3127, 0.3290
    camera = np.array(COLOR_MATRIX) @ [x / y, 1, (1 - x - y) / y]
    # Four-digit chromaticities are good for this much.
    np.testing.assert_allclose(camera / camera[1], neutral(), atol=2e-4)


def test_colour_matrix_undoes_the_camera():
    """ColorMatrix1 inverted and taken from XYZ to sRGB gives the scene's colours back."""
    srgb_from_xyz = np.array(
        [
            [3.2404542, -1.5371385, -0.4985314],
            [-0.969266, 1.8760108, 0.041556],
            [0.0556434, -0.2040259, 1.0572252],
        ]
    )
    colours = np.random.default_rng(1).uniform(0, 1, (50, 3))
    camera = colours @ camera_from_srgb().T
    back = camera @ np.linalg.inv(COLOR_MATRIX).T @ srgb_from_xyz.T
    np.testing.assert_allclose(back / back.max(), colours / colours.max() * (back / back.max()).max(), atol=1e-3)


def test_counts_without_noise_by_hand():
    sensor = SensorModel(is_noisy=False)
    signal = np.array([0.0, 0.25, 1.0, 1.0001, 7.0, -1.0])
    # 64 + 0.25 * 959 = 303.75
    assert sensor.counts(signal, np.random.default_rng(0)).tolist() == [64, 304, 1023, 1023, 1023, 0]
    assert SensorModel(is_noisy=False, bits=12, black=256).counts(np.array([0.5]), np.random.default_rng(0)) == 2176


@pytest.mark.parametrize("iso", [100, 3200])
@pytest.mark.parametrize("signal", [0.0, 0.02, 0.18, 0.6])
def test_noise_has_the_mean_and_the_variance_of_its_profile(iso, signal):
    sensor = SensorModel(iso=iso, bits=14, black=1024)
    count = 200_000
    samples = (sensor.counts(np.full(count, signal), np.random.default_rng(3)) - 1024.0) / (sensor.white - 1024)
    scale, offset = sensor.noise_profile
    expected = scale * signal + offset
    # Five standard errors of a mean and of a variance.
    assert samples.mean() == pytest.approx(signal, abs=5 * np.sqrt(expected / count))
    assert samples.var() == pytest.approx(expected, rel=5 * np.sqrt(2 / count) + 0.01)
    assert (scale, offset) == pytest.approx((iso / 1.5e6, (2.5 * iso / 1.5e6) ** 2 + 1 / 12 / 15359**2))


def test_values_below_black_are_kept():
    counts = SensorModel(iso=6400).counts(np.zeros(10_000), np.random.default_rng(1))
    assert counts.min() < 64 < counts.max()
    assert counts.mean() == pytest.approx(64, abs=0.5)


def test_defects_are_as_many_as_asked_and_never_on_one_site():
    sensor = SensorModel(hot_pixels=40, dead_pixels=25)
    hot, dead = sensor.defects(30, 40, 7)
    assert (len(hot), len(dead)) == (40, 25)
    assert len(set(hot) | set(dead)) == 65
    assert max(*hot, *dead) < 1200
    assert np.array_equal(hot, sensor.defects(30, 40, 7)[0])
    assert not np.array_equal(hot, sensor.defects(30, 40, 8)[0])
    with pytest.raises(ValueError, match="65 are more than the 60 sites"):
        sensor.defects(6, 10, 7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cfa": "RGBG"}, "cfa: 'RGBG' is not one of RGGB"),
        ({"bits": 11}, "bits: 11 is not one of 8, 10, 12, 14, 16"),
        ({"black": 1023}, "black: 1023 is outside 0..1022 counts"),
        ({"iso": 0}, "iso: 0 is not above 0"),
        ({"read_noise_e": -1}, "read_noise_e: -1 is below 0"),
    ],
)
def test_values_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError) as caught:
        SensorModel(**arguments)
    assert message in str(caught.value)
