"""What is said of two profiles."""

from __future__ import annotations

import dataclasses

import pytest
from made_profiles import PASSES, profile

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.profile import statistics
from tenbit.pipeline.profile.compare import told
from tenbit.pipeline.profile.compare.rows import Comparison, Row, compared
from tenbit.pipeline.profile.compare.sides import Side, check_metric, is_saved
from tenbit.pipeline.profile.parts import Timing
from tenbit.pipeline.profile.record import Profile

DEMOSAIC, DENOISE = PASSES


def of(a: Profile, b: Profile, *, is_in_turns: bool = True, metric: str = "wall") -> Comparison:
    return compared(Side("a", (a,)), Side("b", (b,)), metric=metric, is_in_turns=is_in_turns)  # type: ignore[arg-type]


def row(found: Comparison, name: str) -> Row:
    return next(row for row in found.rows if row.name == name)


def verdicts(found: Comparison) -> dict[str, str]:
    return {row.name: row.verdict for row in found.rows if row.verdict}


@pytest.mark.parametrize("metric", ["wall", "cpu"])
def test_what_takes_a_tenth_longer_is_slower(metric: str) -> None:
    found = of(profile(seed=1), profile(1.1, seed=2), metric=metric)
    assert verdicts(found) == {"frame": "slower", DEMOSAIC: "slower", DENOISE: "slower"}
    frame = found.rows[0]
    assert frame.ratio is not None
    assert frame.ratio.value == pytest.approx(1.1, abs=0.02)
    assert [one.name for one in found.slower(0.02)] == ["frame", DEMOSAIC, DENOISE]
    assert found.slower(0.15) == []


def test_one_pass_alone_is_found_among_others() -> None:
    found = of(profile(seed=1), profile({DENOISE: 0.8}, seed=2))
    assert verdicts(found) == {"frame": "faster", DEMOSAIC: "no difference found", DENOISE: "faster"}
    assert found.slower(0.0) == []


@pytest.mark.parametrize("is_in_turns", [True, False])
def test_a_change_of_nothing_is_hardly_ever_found(is_in_turns: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "RESAMPLES", 300)
    wrong = 0
    for seed in range(0, 40, 2):
        found = of(profile(seed=seed), profile(seed=seed + 1), is_in_turns=is_in_turns)
        wrong += bool({"slower", "faster"} & {*verdicts(found).values()})
    # Of twenty, 0.2 are promised.
    assert wrong <= 1


@pytest.mark.parametrize("is_in_turns", [True, False])
def test_two_rounds_let_nothing_be_said(is_in_turns: bool) -> None:
    found = of(profile(runs=1, rounds=2), profile(2.0, runs=1, rounds=2), is_in_turns=is_in_turns)
    assert {*verdicts(found).values()} == {"too noisy to tell"}
    assert found.slower(0.0) == []


def test_a_wide_spread_lets_nothing_be_said() -> None:
    found = of(profile(seed=1, within=0.5, between=0.3), profile(seed=2, within=0.5, between=0.3))
    assert verdicts(found) == dict.fromkeys(("frame", DEMOSAIC, DENOISE), "too noisy to tell")
    assert [one.name for one in found.noisy] == ["frame", DEMOSAIC, DENOISE]
    assert any(note.startswith("too noisy to tell: frame, ") for note in told.notes(found))


def test_more_rows_make_each_interval_wider() -> None:
    one = of(profile(seed=1, passes={"tone": 0.01}), profile(seed=2, passes={"tone": 0.01}))
    many = {f"stage{n}": 0.01 for n in range(5)}
    assert one.level == pytest.approx(1 - 0.01 / 2)
    assert of(profile(passes=many), profile(passes=many)).level == pytest.approx(1 - 0.01 / 6)


def test_a_single_run_assumes_how_runs_differ_and_says_so() -> None:
    a, b = profile(seed=1, runs=1, within=0.001), profile(1.05, seed=2, runs=1, within=0.001)
    found = of(a, b)
    assert verdicts(found)["frame"] == "too noisy to tell"
    assert any(note.startswith("of A and B there is one run: ") for note in told.notes(found))
    assert verdicts(of(a, profile(1.5, seed=2, runs=1)))["frame"] == "slower"


def test_what_was_measured_at_other_times_assumes_more_and_says_so() -> None:
    a, b = profile(seed=1), profile(1.06, seed=2)
    assert verdicts(of(a, b))["frame"] == "slower"
    apart = of(a, b, is_in_turns=False)
    assert verdicts(apart)["frame"] == "too noisy to tell"
    assert [note.partition(":")[0] for note in told.notes(apart)] == [
        "measured at different times",
        "too noisy to tell",
    ]


def test_a_machine_that_copies_at_another_speed_is_told() -> None:
    a, b = profile(seed=1), profile(seed=2)
    slow = dataclasses.replace(b.ceilings, copy_bytes_per_s=1e10)
    found = of(a, dataclasses.replace(b, ceilings=slow), is_in_turns=False)
    assert "a plain copy ran at 20 GB/s beside A, at 10 beside B: the machine was not the same" in [*told.notes(found)]


def test_passes_that_one_side_has_alone_stand_without_a_ratio() -> None:
    found = of(profile(seed=1), profile(seed=2, passes={DEMOSAIC: 0.010, "lens": 0.02}, name="other"))
    assert verdicts(found)["frame"] == "slower"
    assert (
        row(found, DENOISE).b is row(found, DENOISE).ratio is row(found, "lens").a is row(found, "lens").verdict is None
    )
    shown = {cells[0]: cells[1:] for cells in told.rows(found)}
    assert shown["lens"][0] == "-"
    assert shown[DENOISE][1:] == ("-", "-", "-", "")
    assert "compared: chain made with other" in [*told.head(found)]


def test_passes_of_the_same_steps_are_matched_in_their_order() -> None:
    a, b = profile(seed=1), profile(seed=2)
    a, b = (dataclasses.replace(one, passes=(*one.passes, one.passes[0])) for one in (a, b))
    assert [one.name for one in of(a, b).rows[1:4]] == [DEMOSAIC, DENOISE, DEMOSAIC]


def test_frames_of_other_sizes_are_compared_per_pixel() -> None:
    a, b = profile(seed=1), profile(2.0, seed=2)
    large = dataclasses.replace(b, frame={**b.frame, "rows": 1728})
    found = of(a, large)
    frame = found.rows[0]
    assert frame.a is not None
    assert frame.b == pytest.approx(2 * frame.a, rel=0.1)
    assert frame.ratio is not None
    assert frame.ratio.value == pytest.approx(1.0, abs=0.03)
    assert "compared: 864 x 1152 with 1728 x 1152, per pixel" in [*told.head(found)]


def test_small_things_the_plan_the_host_and_memory_are_shown_alone() -> None:
    a = profile(seed=1, passes={"demosaic": 0.01, "tiny": 0.0001}, overlay_timing=Timing(((0.004,) * 12,) * 8))
    found = of(a, dataclasses.replace(a, peak_bytes=2 * a.peak_bytes))
    assert {*verdicts(found)} == {"frame", "demosaic", "drawing on the picture"}
    assert [one.name for one in found.rows if one.verdict is None] == [
        "tiny", "host", "plan", "first frame", "compile", "memory",
    ]  # fmt: skip
    memory = row(found, "memory").ratio
    assert memory is not None
    assert memory.value == pytest.approx(2.0)
    assert {cells[0]: cells[1] for cells in told.rows(found)}["memory"] == "95 MiB"


def test_the_record_has_all_of_it() -> None:
    found = told.record(of(profile(seed=1), profile(1.1, seed=2)), 0.02)
    assert (found["kind"], found["slower"], found["too_noisy"]) == (
        "tenbit comparison", ["frame", DEMOSAIC, DENOISE], [],
    )  # fmt: skip
    frame = found["rows"][0]
    assert frame["low"] < frame["ratio"] < frame["high"]
    assert found["a"]["runs"] == 8


def test_cpu_time_of_a_card_is_refused() -> None:
    a = profile()
    card = dataclasses.replace(a, device="cuda:0", frame_timing=Timing(a.frame_timing.wall_s))
    with pytest.raises(RequestError, match="b: CPU time is not known on cuda:0; --metric wall"):
        check_metric((Side("a", (a,)), Side("b", (card,))), "cpu")


def test_a_side_is_a_file_where_its_name_says_so() -> None:
    assert is_saved("a/b.JSON")
    assert not is_saved("fast")
    assert not is_saved("a.yaml")


def test_runs_of_one_side_are_joined() -> None:
    one, other = profile(seed=1, runs=1), profile(seed=2, runs=1)
    side = Side("a", (one, other))
    assert side.runs == 2
    assert side.joined().frame_timing.wall_s == (*one.frame_timing.wall_s, *other.frame_timing.wall_s)
