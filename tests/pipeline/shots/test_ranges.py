"""Frame ranges, numbered shots and shards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.shots import pattern, ranges, shard


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("7", [7]),
        ("1-3", [1, 2, 3]),
        ("7-7", [7]),
        ("7,9,10", [7, 9, 10]),
        ("1-3,20-26x2", [1, 2, 3, 20, 22, 24, 26]),
        ("1-10:4", [1, 5, 9]),
        ("10-7x-1", [10, 9, 8, 7]),
        ("-2-1", [-2, -1, 0, 1]),
        ("-3--1,-9", [-3, -2, -1, -9]),
        (" 1 - 3 , 5 - 9 x 2 ", [1, 2, 3, 5, 7, 9]),
        # A coarse pass first, then what is left: each frame once.
        ("0-4x2,0-4", [0, 2, 4, 1, 3]),
        ("007", [7]),
    ],
)
def test_frames_are_in_the_order_written_and_each_once(text: str, numbers: list[int]) -> None:
    assert ranges.parse(text) == numbers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "frames '', part 1: '' is no frame number and no range; write 7, 1-100, "),
        ("1,,2", "part 2: '' is no"),
        ("1-5,a", "part 2: 'a' is no"),
        ("1-", "part 1: '1-' is no"),
        ("1-5x", "part 1: '1-5x' is no"),
        ("1.5", "part 1: '1.5' is no"),
        ("٣", "part 1: '٣' is no"),
        ("1-9x0", "part 1: '1-9x0' has a step of 0"),
        ("10-1", "part 1: '10-1' never arrives; backwards is 10-1x-1"),
        ("1-10x-2", "part 1: '1-10x-2' never arrives; backwards is 10-1x-2"),
        ("1-999999999", "is more than 20000000 frames"),
        ("1-99999999999999999999", "is too large"),
    ],
)
def test_a_wrong_range_is_said_by_its_place(text: str, says: str) -> None:
    with pytest.raises(RequestError) as raised:
        ranges.parse(text)
    assert says in str(raised.value)


def test_numbers_are_shown_as_ranges_that_can_be_read_again() -> None:
    assert ranges.compact([9, 3, 4, 5, -2, -1, 4]) == "-2--1,3-5,9"
    assert ranges.parse(ranges.compact([9, 3, 4, 5, -2, -1])) == [-2, -1, 3, 4, 5, 9]
    assert ranges.compact([]) == ""
    assert ranges.shown(range(0, 40, 2)) == "0,2,4,6,8,10,12,14, … (20 in all)"


def test_frames_that_are_not_there_are_named() -> None:
    items, numbers = ["a1", "a2", "b2", "a3"], [1, 2, 2, 3]
    assert ranges.select(items, numbers, "2-3") == ["a2", "b2", "a3"]
    assert ranges.select(items, numbers, "3-1x-1") == ["a3", "a2", "b2", "a1"]
    with pytest.raises(RequestError) as raised:
        ranges.select(items, numbers, "2-5,9")
    assert str(raised.value) == "frames '2-5,9': 4-5,9 not there; there are 1-3"
    with pytest.raises(RequestError, match=r"4 not there; there are none at all"):
        ranges.select([], [], "4")


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).touch()


@pytest.mark.parametrize("name", ["A_####.dng", "A_@@@@.dng", "A_%04d.dng"])
def test_a_shot_is_every_number_that_printf_would_write_so(tmp_path: Path, name: str) -> None:
    _touch(tmp_path, "A_0002.dng", "A_0010.dng", "A_9999.dng", "A_10000.dng")
    _touch(tmp_path, "A_00003.dng", "A_04.dng", "A_0005.tif", "B_0006.dng", "A_0007b.dng", "A_-008.dng", "A_٠٠٠٩.dng")
    (tmp_path / "A_0011.dng").mkdir()
    text = str(tmp_path / name)
    assert pattern.is_pattern(text)
    assert [(n, path.name) for n, path in pattern.expanded(text)] == [
        *((2, "A_0002.dng"), (10, "A_0010.dng"), (9999, "A_9999.dng"), (10000, "A_10000.dng"))
    ]


def test_a_number_without_zeros_and_the_last_of_several_marks(tmp_path: Path) -> None:
    _touch(tmp_path, "1.dng", "20.dng", "03.dng", "a#_7@2x.dng")
    assert [n for n, _ in pattern.expanded(str(tmp_path / "%d.dng"))] == [1, 20]
    assert [n for n, _ in pattern.expanded(str(tmp_path / "#.dng"))] == [1, 20]
    assert [n for n, _ in pattern.expanded(str(tmp_path / "a#_7@#x.dng"))] == [2]


def test_a_file_of_that_very_name_is_no_pattern(tmp_path: Path) -> None:
    _touch(tmp_path, "A_####.dng", "me@home.dng", "A_0001.dng")
    assert not pattern.is_pattern(str(tmp_path / "A_####.dng"))
    assert not pattern.is_pattern(str(tmp_path / "me@home.dng"))
    assert not pattern.is_pattern(str(tmp_path / "A_0001.dng"))
    assert not pattern.is_pattern("shot_##/a.dng")
    assert not pattern.is_pattern("a" * 5000)
    assert not pattern.is_pattern("@selects.txt")
    assert pattern.gap_notes(["@selects.txt"]) == []


def test_a_shot_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"B_####\.dng: no file of such a name, with 4 digits or more"):
        pattern.expanded(str(tmp_path / "B_####.dng"))
    with pytest.raises(RequestError, match=r"cannot be read: No such file"):
        pattern.expanded(str(tmp_path / "none" / "B_####.dng"))
    with pytest.raises(RequestError, match=r"a\.dng: no pattern; a shot is named like"):
        pattern.expanded("a.dng")


def test_gaps_are_told_but_not_of_a_shot_of_every_tenth_frame() -> None:
    assert pattern.gaps([1, 2, 5, 6]) == [3, 4]
    assert pattern.gaps([31, 1, 11, 41]) == [21]
    assert pattern.gaps([1, 11, 21]) == pattern.gaps([4]) == []
    assert pattern.gap_note("A_####.dng", [1, 2, 5, 9]) == "A_####.dng: 5 missing of 1-9: 3-4,6-8"
    assert pattern.gap_note("A_####.dng", [1, 2]) == ""


def test_shots_that_lack_frames_are_told(tmp_path: Path) -> None:
    _touch(tmp_path, "A_1.dng", "A_2.dng", "A_4.dng", "B_1.dng", "B_2.dng")
    texts = [str(tmp_path / name) for name in ("A_#.dng", "B_#.dng", "A_1.dng")]
    assert pattern.gap_notes(texts) == [f"{texts[0]}: 1 missing of 1-4: 3"]


def test_shards_are_even_and_hold_every_item_once() -> None:
    items = list(range(19))
    parts = [shard.part(items, f"{i}/8") for i in range(8)]
    assert sorted(item for part in parts for item in part) == items
    assert {len(part) for part in parts} == {2, 3}
    # Files that come later leave the others where they were.
    assert shard.part(items, "3/8") == shard.part([*items, 19, 20, 21], "3/8")[: len(parts[3])]
    assert shard.part(items, " 0 / 1 ") == items
    assert shard.part([], "0/2") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("8/8", "shard '8/8': pieces are counted from 0: 0/8 … 7/8"),
        ("0/0", "shard '0/0': in 0 pieces there is nothing"),
        ("x", "shard 'x': not i/n, such as 0/8 … 7/8"),
        ("-1/8", "not i/n"),
        ("1/", "not i/n"),
        ("1.0/2", "not i/n"),
    ],
)
def test_a_wrong_shard_is_refused(text: str, says: str) -> None:
    with pytest.raises(RequestError) as raised:
        shard.part([1], text)
    assert says in str(raised.value)
