"""How bright a frame is, place by place; and the course of many values."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenbit.kernels._facts import Array, Facts
from tenbit.pipeline.config import Chain, load
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.raw import read
from tenbit.pipeline.sample import make
from tenbit.pipeline.shots import course
from tenbit.pipeline.shots.brightness import ACROSS, DOWN, places_of

PLAIN = load(["black_level"])


def mosaic(cfa: str, light: Array, *, black: float = 64.0, white: float = 1023.0) -> Frame:
    """A frame whose greens see ``light``, 0 … 1, and whose other sites are full."""
    frame = Frame.from_mosaic(np.zeros(light.shape, np.uint16), cfa=cfa, black=black, white=white)
    assert frame.facts.cfa is not None
    period = frame.facts.cfa.period
    counts = np.full(light.shape, white)
    for site, colour in enumerate(frame.facts.cfa.sites):
        if colour == 1:
            at = (slice(site // period, None, period), slice(site % period, None, period))
            counts[at] = (black + light * (white - black))[at]
    return dataclasses.replace(frame, samples=np.rint(counts).astype(np.uint16))


@pytest.mark.parametrize("cfa", ["RGGB", "GBRG", "QRGGB", "QBGGR"])
@pytest.mark.parametrize("shape", [(16, 32), (97, 130), (400, 600)])
def test_only_green_counts_wherever_it_is(cfa: str, shape: tuple[int, int]) -> None:
    light = np.where(np.arange(shape[1]) < shape[1] // 2, 0.5, 0.125) * np.ones(shape)
    places = places_of(mosaic(cfa, light), PLAIN).reshape(DOWN, ACROSS)
    seen = places[:, ~np.isnan(places).all(axis=0)]
    assert seen[0, 0] == pytest.approx(-1.0, abs=0.01)
    assert seen[0, -1] == pytest.approx(-3.0, abs=0.02)
    assert np.nanmin(places) > -3.02
    assert np.nanmax(places) < -0.99


def test_places_that_are_clipped_or_black_say_nothing() -> None:
    light = np.full((64, 96), 0.25)
    light[:32, :48], light[32:, 48:] = 1.0, 0.001
    places = places_of(mosaic("RGGB", light), PLAIN).reshape(DOWN, ACROSS)
    assert np.isnan(places[: DOWN // 2, : ACROSS // 2]).all()
    assert np.isnan(places[DOWN // 2 :, ACROSS // 2 :]).all()
    assert np.allclose(places[: DOWN // 2, ACROSS // 2 :], -2.0, atol=0.01)
    assert np.isnan(places_of(mosaic("RGGB", np.ones((2, 2))), PLAIN)).all()


@pytest.mark.parametrize(
    ("parameters", "facts", "level"),
    [
        ({}, {}, np.log2(64 / 959)),
        ({"black_counts": 0.0}, {}, np.log2(128 / 1023)),
        ({"white_counts": 576.0}, {}, -3.0),
        ({"source": "masked"}, {"masked_black": (96.0,) * 4}, np.log2(32 / 927)),
        ({}, {"black_rows": np.full(64, 16.0, np.float32)}, np.log2(48 / 959)),
        ({}, {"black_cols": np.full(96, -64.0, np.float32)}, np.log2(128 / 959)),
    ],
)
def test_levels_are_those_that_the_chain_takes(parameters: Any, facts: Any, level: float) -> None:
    frame = mosaic("RGGB", np.full((64, 96), 64 / 959))
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **facts))
    chain = load([{"black_level": parameters}])
    assert np.allclose(places_of(frame, chain), level, atol=1e-5)


def test_three_planes_and_packed_rows_are_seen_too(tmp_path: Path) -> None:
    facts = Facts(state="linear", rows=64, cols=96)
    planes = np.stack([np.ones((64, 96)), np.full((64, 96), 0.25), np.ones((64, 96))], -1).astype(np.float32)
    assert np.allclose(places_of(Frame(planes, facts), Chain("none", ())), -2.0)
    packed, _ = make(tmp_path / "a.raw10", rows=66, cols=98, row_padding=3, truth=False)
    kept, unpacked = read(packed, keep_packed=True), read(packed)
    assert (kept.packing, unpacked.packing) == ("raw10", None)
    assert np.array_equal(places_of(kept, PLAIN), places_of(unpacked, PLAIN), equal_nan=True)


def test_the_median_of_what_is_known() -> None:
    rows = np.array([[3.0, np.nan, 1.0, 2.0], [np.nan, 4.0, 2.0, np.nan], [np.nan] * 4, [5.0, np.nan, np.nan, np.nan]])
    assert np.array_equal(course.medians(rows), [2.0, 3.0, np.nan, 5.0], equal_nan=True)
    assert np.array_equal(course.medians(rows, 2), [2.0, 3.0, np.nan, np.nan], equal_nan=True)


@pytest.mark.parametrize("count", [1, 2, 3, 30])
def test_the_course_of_a_straight_line_is_that_line_to_its_ends(count: int) -> None:
    values = np.arange(count) * 0.1 - 4
    none = np.zeros(count, bool)
    found = course.to_course(count, 9, lambda frame, others: values[others] - values[frame], none)
    assert np.allclose(found, 0.0, atol=1e-9)
    assert not course.standing_out(count, lambda frame, others: values[others] - values[frame], least=0.5).any()


def test_a_steep_drift_stands_out_nowhere_and_a_flash_at_either_end_does() -> None:
    values = np.arange(30) * 0.4
    values[[0, 29]] += 3.0, -2.0

    def differences(frame: int, others: Array) -> Array:
        return np.asarray(values[others] - values[frame])

    assert np.flatnonzero(course.standing_out(30, differences, least=0.5)).tolist() == [0, 29]
