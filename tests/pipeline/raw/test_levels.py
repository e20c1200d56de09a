"""Black and white levels of a DNG, each case worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.raw import read


def test_one_black_for_all(dng: Any, mosaic: np.ndarray) -> None:
    frame = read(dng.write(dng.cfa_tags(24, 40, t50714=("H", 64), t50717=("H", 1023)), mosaic.tobytes()))
    assert (frame.facts.black, frame.facts.white) == ((64.0,) * 4, (1023.0,) * 4)


@pytest.mark.parametrize(
    ("repeat", "black", "expected"),
    [
        ([2, 2], [60, 61, 62, 63], (60, 61, 62, 63)),
        ([1, 2], [60, 61], (60, 61, 60, 61)),
        ([2, 1], [60, 61], (60, 60, 61, 61)),
    ],
)
def test_repeat_patterns_that_follow_the_cfa(
    dng: Any, mosaic: np.ndarray, repeat: list[int], black: list[int], expected: tuple[int, ...]
) -> None:
    tags = dng.cfa_tags(24, 40, t50713=("H", repeat), t50714=("H", black))
    frame = read(dng.write(tags, mosaic.tobytes()))
    assert frame.facts.black == expected
    assert frame.samples.dtype == np.uint16


def test_a_pattern_longer_than_the_cfa_is_folded_into_the_samples(dng: Any, mosaic: np.ndarray) -> None:
    """Four columns of black 60, 61, 62, 67: sites have means 61 and 64, and -1, -3, +1, +3 are left to subtract."""
    tags = dng.cfa_tags(24, 40, t50713=("H", [1, 4]), t50714=("H", [60, 61, 62, 67]))
    frame = read(dng.write(tags, mosaic.tobytes()))
    assert frame.facts.black == (61.0, 64.0, 61.0, 64.0)
    np.testing.assert_array_equal(frame.samples, mosaic - np.tile(np.float32([-1, -3, 1, 3]), 10))
    assert any("does not follow the CFA" in line for line in frame.warnings)


def test_row_and_column_deltas(dng: Any, mosaic: np.ndarray) -> None:
    rows, cols = np.arange(24) / 4 - 2, np.arange(40) / 8
    tags = dng.cfa_tags(24, 40, t50715=("q", dng.rationals(cols)), t50716=("q", dng.rationals(rows)))
    facts = read(dng.write(tags, mosaic.tobytes())).facts
    np.testing.assert_allclose(facts.black_rows, rows, rtol=1e-6)
    np.testing.assert_allclose(facts.black_cols, cols, rtol=1e-6)


def test_black_measured_in_masked_areas_when_there_is_no_tag(dng: Any, mosaic: np.ndarray) -> None:
    """Two masked columns at the left and one row at the top; the active area's first pixel is red."""
    stored = mosaic.copy()
    stored[:, :2] = [[50, 51], [52, 53]] * 12
    tags = dng.cfa_tags(24, 40, t50829=("I", [1, 2, 24, 40]), t50830=("I", [0, 0, 24, 2]))
    frame = read(dng.write(tags, stored.tobytes()))
    assert frame.facts.black == (52.0, 53.0, 50.0, 51.0)
    assert frame.warnings == ("no BlackLevel: black measured in the masked areas, 52.0, 53.0, 50.0, 51.0",)
    with_tag = read(dng.write(dng.changed(tags, t50714=("H", 64)), stored.tobytes()))
    assert with_tag.facts.black == (64.0,) * 4


def test_levels_of_three_planes(dng: Any) -> None:
    samples = np.full((4, 6, 3), 500, np.uint16)
    tags = dng.linear_tags(4, 6, t50714=("H", [1, 2, 3]), t50717=("I", [1001, 1002, 1003]))
    facts = read(dng.write(tags, samples.tobytes())).facts
    assert (facts.black, facts.white) == ((1, 2, 3), (1001, 1002, 1003))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"t50714": ("H", [1, 2, 3])}, r"BlackLevel has 3 numbers, 1 × 1 × 1 belong there"),
        ({"t50713": ("H", [0, 2]), "t50714": ("H", [1, 2])}, "BlackLevelRepeatDim 0 × 2"),
        ({"t50714": ("Q", [1, 0])}, "BlackLevel has 1 numbers"),
        ({"t50715": ("q", [1, 1])}, "BlackLevelDeltaH has 1 numbers, the active area needs 40"),
        ({"t50716": ("q", [1, 1])}, "BlackLevelDeltaV has 1 numbers, the active area needs 24"),
        ({"t50717": ("H", [1, 2])}, "WhiteLevel has 2 numbers"),
        ({"t50830": ("I", [0, 0, 1])}, "MaskedAreas are not rectangles"),
        ({"t50830": ("I", [0, 0, 1, 1])}, "MaskedAreas hold no pixel of some colour"),
    ],
)
def test_levels_that_contradict_themselves(dng: Any, mosaic: np.ndarray, change: dict[str, Any], text: str) -> None:
    with pytest.raises(ReadError, match=text):
        read(dng.write(dng.cfa_tags(24, 40, **change), mosaic.tobytes()))


def with_covered(black: tuple[float, ...], drift: np.ndarray, *, cols: int = 16, seed: int = 3) -> np.ndarray:
    """Counts of 60 x 40 behind ``cols`` covered columns; noise of 2 counts, a hot pixel among the covered."""
    rng = np.random.default_rng(seed)
    level = np.tile(np.reshape(black, (2, 2)), (30, 40))[:, : 40 + cols]
    stored = level + drift[:, None] + rng.normal(0, 2, level.shape)
    stored[:, cols:] += rng.integers(0, 900, (60, 40))
    stored[11, 3] = 1023
    return np.rint(stored).astype(np.uint16)


def covered_tags(dng: Any, *, cols: int = 16, **more: Any) -> Any:
    return dng.cfa_tags(60, 40 + cols, t50829=("I", [0, cols, 60, 40 + cols]), t50830=("I", [0, 0, 60, cols]), **more)


def test_covered_pixels_beside_a_black_level_tell_sites_and_rows(dng: Any) -> None:
    drift = 3 * np.sin(np.arange(60) / 5)
    stored = with_covered((60.0, 61.0, 62.0, 65.0), drift)
    facts = read(dng.write(covered_tags(dng, t50714=("H", 64)), stored.tobytes())).facts
    assert facts.black == (64.0,) * 4
    # 240 pixels a site with noise of 2 and drift of 2 counts; the hot one is left out
    np.testing.assert_allclose(facts.masked_black, (60, 61, 62, 65), atol=0.5)
    assert facts.masked_rows is not None
    # sixteen pixels a row: noise of 0.5 counts
    assert np.abs(facts.masked_rows - drift).std() < 0.5


def test_rows_that_do_not_drift_stay_nearly_as_they_are(dng: Any) -> None:
    stored = with_covered((64.0,) * 4, np.zeros(60))
    facts = read(dng.write(covered_tags(dng, t50714=("H", 64)), stored.tobytes())).facts
    assert facts.masked_rows is not None
    # Their means are noise of 0.5 counts; most of it is recognised as such.
    assert facts.masked_rows.std() < 0.15


def test_covered_rows_alone_tell_no_drift(dng: Any, mosaic: np.ndarray) -> None:
    tags = dng.cfa_tags(24, 40, t50829=("I", [2, 0, 24, 40]), t50830=("I", [0, 0, 2, 40]), t50714=("H", 64))
    facts = read(dng.write(tags, mosaic.tobytes())).facts
    assert facts.masked_black is not None
    assert facts.masked_rows is None


@pytest.mark.parametrize("areas", [[0, 0, 1], [0, 0, 1, 1]])
def test_broken_masked_areas_beside_a_black_level_tell_nothing(dng: Any, mosaic: np.ndarray, areas: list[int]) -> None:
    facts = read(dng.write(dng.cfa_tags(24, 40, t50830=("I", areas), t50714=("H", 64)), mosaic.tobytes())).facts
    assert (facts.black, facts.masked_black, facts.masked_rows) == ((64.0,) * 4, None, None)
