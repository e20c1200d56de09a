"""The search: which setting it finds, that it finds none where none is faster, and that no picture may change."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from tenbit.kernels import _compile
from tenbit.kernels._schedule import Schedule
from tenbit.pipeline.config import load
from tenbit.pipeline.device import CpuDevice, choose
from tenbit.pipeline.device.contract import Done
from tenbit.pipeline.errors import DeviceError
from tenbit.pipeline.profile.frames import sample
from tenbit.pipeline.tune.card import CardSubject
from tenbit.pipeline.tune.search import Search
from tenbit.pipeline.tune.session import Found, searched, tuned
from tenbit.pipeline.tune.setting import Setting
from tenbit.pipeline.tune.subject import Case, ChangedError, CpuSubject, Group, check_same

BANDS = tuple(Setting(Schedule(bands=count)) for count in range(1, 9))
DEFAULT = BANDS[3]


class Told:
    """A subject that says how long it took: by number of bands, with noise of so much."""

    def __init__(self, seconds: dict[int, float], noise: float = 0.02) -> None:
        self.cases = [cast(Case, SimpleNamespace(name=name)) for name in ("one", "two")]
        self._seconds, self._noise, self._rng = seconds, noise, random.Random(3)
        self.gone: list[int] = []

    def titles(self) -> tuple[str, ...]:
        return ("bands",)

    def group(self, title: str, best: Setting) -> Group:
        return Group(title, (best, *(setting for setting in BANDS if setting != best)))

    def go(self, setting: Setting, case: Case) -> float:
        self.gone.append(setting.schedule.bands)
        return 1e-4 * self._seconds.get(setting.schedule.bands, 1.0) * (1 + self._noise * self._rng.random())

    def done(self, setting: Setting, case: Case) -> Done:
        return Done({"rgb": np.zeros(3, np.uint8)}, {"histogram": np.zeros(2, np.int64)}, {})

    def is_same(self, one: Setting, other: Setting) -> bool:
        return one == other

    def renewed(self) -> None:
        pass


def found_among(seconds: dict[int, float], earlier: Setting = DEFAULT) -> tuple[Found, Told, list[str]]:
    subject, said = Told(seconds), list[str]()
    return searched(subject, earlier, seconds=0.2, said=said.append), subject, said


def test_the_fastest_is_found_and_what_it_gains_is_told() -> None:
    found, subject, said = found_among({6: 0.9, 7: 0.8, 2: 1.3})
    assert found.setting == BANDS[6] and found.is_faster
    assert [row.chain for row in found.rows] == ["one", "two", "all"]
    for row in found.rows:
        assert row.interval.low <= row.ratio <= row.interval.high < 1 and row.ratio == pytest.approx(0.8, abs=0.02)
    assert found.rows[0].default_ms == pytest.approx(0.101, rel=0.01) and found.rows[-1].default_ms is None
    assert next(iter(found.tried)) == str(BANDS[6]) and len(found.tried) == len(BANDS)
    # The slow ones go first, and the duel is of two alone.
    assert subject.gone.count(2) < subject.gone.count(6) < subject.gone.count(7)
    assert set(subject.gone[-72:]) == {4, 7}
    assert said[0] == "bands: 8 settings" and said[-1].endswith("% faster than the default")


def test_where_none_is_faster_none_is_found() -> None:
    # The best of many by luck: the duel finds it out, or the default is ahead by itself.
    found, _, _ = found_among({})
    assert not found.is_faster
    slow, _, _ = found_among(dict.fromkeys((1, 2, 3, 5, 6, 7, 8), 1.5))
    assert slow.setting == Setting() and slow.rows == () and slow.as_record()["gained"] == []


def test_what_was_kept_takes_part() -> None:
    found, _, _ = found_among({7: 0.8}, earlier=BANDS[6])
    assert found.setting == BANDS[6] and found.is_faster


def test_a_picture_that_changes_ends_it() -> None:
    class Wrong(Told):
        def done(self, setting: Setting, case: Case) -> Done:
            counts = np.array([0, setting.schedule.bands == 5], np.int64)
            return Done({"rgb": np.zeros(3, np.uint8)}, {"histogram": counts}, {})

    wrong = Wrong({5: 0.1})
    with pytest.raises(ChangedError, match=r"^one: counts of histogram changed with .*bands 5: a fault of tenbit"):
        searched(wrong, DEFAULT, seconds=0.1, said=lambda text: None)
    assert 5 not in wrong.gone  # not even timed
    nan = np.full(2, np.nan, np.float32)
    check_same(Done({"rgb": nan}, {}, {}), Done({"rgb": nan.copy()}, {}, {}), DEFAULT, wrong.cases[0])


def test_settings_that_come_to_the_same_are_tried_once(here: Path) -> None:
    case = Case.of(load("small.yaml"), sample("64x64").frame)
    subject = CpuSubject([case], cores=2)
    groups = [subject.group(title, Setting()) for title in subject.titles()]
    assert [group.settings[0] for group in groups] == [Setting()] * 3
    assert [len(group.settings) for group in groups] == [6, 3, 2]
    assert {setting.threads for setting in CpuSubject([case], cores=8).group("threads", Setting()).settings} == {
        *(None, 1, 2, 4, 6, 7)
    }


def test_no_setting_compiles_anything_or_changes_a_bit(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case.of(load("small.yaml"), sample("136x96").frame)
    case.done(CpuDevice(2, Schedule()))

    def first(self: Any, kinds: Any, arguments: Any) -> Any:
        raise AssertionError("a loop was compiled, or loaded, once more")

    monkeypatch.setattr(_compile._Loop, "_first", first)
    search = Search(CpuSubject([case], cores=3), lambda text: None)
    search.settle()
    for scratch in (1, 1 << 14, 1 << 26):
        for deep, wide, bands in ((1, 1, 1), (12, 1, 64), (2, 64, 5)):
            for threads in (1, 3):
                search.check(Setting(Schedule(scratch, deep, wide, bands), threads))


def test_frames_that_overlap_on_a_card_are_the_same(strict: Any, scene: Any, planned: Any) -> None:
    strict()
    frame = scene(4, 6)
    subject = CardSubject([Case("small", planned(frame, "black_level", "demosaic", "tone", "histogram"), frame)])
    (title,) = subject.titles()
    settings = subject.group(title, Setting()).settings
    assert [setting.lanes for setting in settings] == [None, 1, 3, 4]
    assert subject.is_same(Setting(lanes=2), Setting())
    expected = subject.done(Setting(), subject.cases[0])
    check_same(subject.done(settings[2], subject.cases[0]), expected, settings[2], subject.cases[0])
    subject.renewed()


def test_a_simulator_is_not_tuned(here: Path) -> None:
    with pytest.raises(DeviceError, match=r"^cuda:0 \(simulator\) cannot be tuned: its times say nothing of a card's"):
        tuned([], sample("64x64").frame, choose("cuda")[0], seconds=1, said=lambda text: None)
