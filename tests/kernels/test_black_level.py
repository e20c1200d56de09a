"""Black level against arrays tiled from the levels."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels.errors import StageError
from tenbit.pipeline.frame import Frame


def mosaic(shape=(9, 11), seed=1, **facts):
    samples = np.random.default_rng(seed).integers(0, 1023, shape).astype(np.uint16)
    return Frame.from_mosaic(samples, **({"black": 64, "white": 1023} | facts))


def test_hand_worked(develop):
    frame = Frame.from_mosaic(np.array([[64, 1023], [304, 0]], np.uint16), black=64, white=1023)
    out = develop(frame, ("black_level", {})).samples
    # 240 / 959 and −64 / 959: values below black stay
    np.testing.assert_allclose(out, [[0, 1], [0.2502607, -0.0667362]], atol=1e-6)


@pytest.mark.parametrize("cfa", ["RGGB", "GBRG", "QRGGB"])
@pytest.mark.parametrize("shape", [(4, 4), (9, 11), (6, 75)])
def test_each_site_has_its_own_level(develop, cfa, shape):
    period = 4 if cfa.startswith("Q") else 2
    black = tuple(float(60 + n) for n in range(period**2))
    frame = mosaic(shape, cfa=cfa, black=black)
    out = develop(frame, ("black_level", {}))
    tiled = np.tile(np.reshape(black, (period, period)), (40, 40))[: shape[0], : shape[1]]
    # one subtraction and one product in float32
    np.testing.assert_allclose(out.samples, (frame.samples - tiled) / (1023 - tiled), atol=2e-7)
    assert set(out.facts.black) == {0.0}
    assert set(out.facts.white) == {1.0}


def test_black_that_differs_by_row_and_column(develop, plain):
    frame = mosaic((7, 10))
    rows, cols = np.arange(7.0), np.arange(10.0) / 2
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, black_rows=rows, black_cols=cols))
    out = develop(frame, ("black_level", {}))
    expected = (frame.samples - (64 + rows[:, None] + cols)) / 959
    np.testing.assert_allclose(out.samples, expected, atol=2e-7)
    np.testing.assert_array_equal(out.samples, plain(frame, ("black_level", {})).samples)


def test_planes_of_a_linear_file(develop, planes):
    frame = planes(np.random.default_rng(3).random((3, 5, 3)) * 255, black=(1.0, 2.0, 3.0), white=(255.0, 250.0, 200.0))
    out = develop(frame, ("black_level", {})).samples
    np.testing.assert_allclose(out, (frame.samples - [1, 2, 3]) / [254, 248, 197], atol=3e-7)


def test_planes_with_black_that_differs_by_row_and_column(develop, planes):
    rows, cols = np.arange(3.0), np.arange(5.0) / 4
    levels = {"black": (1.0, 2.0, 3.0), "white": (255.0, 250.0, 200.0)}
    frame = planes(np.random.default_rng(6).random((3, 5, 3)) * 255, black_rows=rows, black_cols=cols, **levels)
    out = develop(frame, ("black_level", {})).samples
    expected = (frame.samples - [1, 2, 3] - (rows[:, None] + cols)[..., None]) / [254, 248, 197]
    np.testing.assert_allclose(out, expected, atol=3e-7)


def test_levels_can_be_given(develop):
    out = develop(mosaic(), ("black_level", {"black_counts": 0, "white_counts": 511.5})).samples
    np.testing.assert_allclose(out, mosaic().samples / 511.5, atol=3e-7)


def test_a_given_level_is_that_of_every_row_and_column(develop):
    frame = mosaic((5, 6))
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, black_rows=np.full(5, 10.0)))
    out = develop(frame, ("black_level", {"black_counts": 64})).samples
    np.testing.assert_allclose(out, (frame.samples - 64.0) / 959, atol=2e-7)


def test_signal_stays_bit_for_bit(develop):
    samples = np.random.default_rng(4).standard_normal((5, 6)).astype(np.float32)
    np.testing.assert_array_equal(develop(Frame.from_mosaic(samples), ("black_level", {})).samples, samples)


def test_twice_is_once(develop):
    once, twice = develop(mosaic(), ("black_level", {})), develop(mosaic(), ("black_level", {}), ("black_level", {}))
    np.testing.assert_array_equal(once.samples, twice.samples)


def test_white_below_black_is_refused(develop):
    with pytest.raises(StageError, match="black_level: white 60 is not above black 64"):
        develop(mosaic(), ("black_level", {"white_counts": 60}))


def with_facts(frame, **facts):
    return dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **facts))


def test_black_of_covered_pixels(develop):
    frame = with_facts(mosaic((7, 10), black=70), masked_black=(60.0, 61.0, 62.0, 63.5))
    black = np.tile([[60, 61], [62, 63.5]], (4, 5))[:7]
    out = develop(frame, ("black_level", {"source": "masked"}))
    np.testing.assert_allclose(out.samples, (frame.samples - black) / (1023 - black), atol=2e-7)
    note = "black of the covered pixels, 60.0, 61.0, 62.0, 63.5 counts; the file says 70.0, 70.0, 70.0, 70.0"
    assert out.warnings == (f"black_level: {note}",)
    np.testing.assert_allclose(develop(frame, ("black_level", {})).samples, (frame.samples - 70.0) / 953, atol=2e-7)


def test_drift_of_rows_stands_for_the_rows_of_the_file(develop, plain):
    """Rows are corrected once: what covered pixels show now, not what the file says of rows; columns stay."""
    drift, cols = np.float32([0.5, -1, 2, 0, 0.25]), np.arange(6.0)
    frame = with_facts(mosaic((5, 6)), masked_rows=drift, black_rows=np.full(5, 9.0), black_cols=cols)
    out = develop(frame, ("black_level", {"drift": True}))
    np.testing.assert_allclose(out.samples, (frame.samples - (64 + drift[:, None] + cols)) / 959, atol=2e-7)
    np.testing.assert_array_equal(out.samples, plain(frame, ("black_level", {"drift": True})).samples)
    assert out.warnings == ("black_level: rows drift by 0.97 counts (standard deviation), taken off",)
    assert (out.facts.masked_rows, out.facts.masked_black, out.facts.is_signal) == (None, None, True)


@pytest.mark.parametrize(
    ("parameters", "facts", "text"),
    [
        ({"source": "masked"}, {}, "source masked needs covered pixels, which the file lacks"),
        ({"drift": True}, {"masked_black": (64.0,) * 4}, "drift needs covered pixels beside every row"),
        ({"black_counts": 64.0, "drift": True}, {}, "black_counts and drift exclude each other"),
        ({"black_counts": 64.0, "source": "masked"}, {}, "black_counts and source: masked exclude each other"),
        ({"source": "masked"}, {"masked_black": (64.0,) * 16}, "put it before quad_bayer"),
    ],
)
def test_covered_pixels_that_are_not_there(develop, parameters, facts, text):
    with pytest.raises(StageError, match=text):
        develop(with_facts(mosaic((4, 4)), **facts), ("black_level", parameters))
