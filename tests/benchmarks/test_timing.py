"""The benchmark's clock and report, without a clock that counts."""

import json
import math

import pytest


@pytest.fixture
def clock(module, monkeypatch):
    """``clock(name, seconds, said)``: a case whose calls last the seconds of the iterator; no time passes otherwise."""
    timing, now = module("timing"), [0.0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now[0])

    def case(name, seconds, said, megapixels=10.0):
        def call():
            said.append(name)
            now[0] += next(seconds)

        return timing.Case(name, call, megapixels, before=lambda: said.append(f"before {name}"))

    return case


def test_cases_take_turns_and_the_first_round_does_not_count(module, clock):
    said = []
    a, b = clock("a", iter([9, 1, 2, 3]), said), clock("b", iter([9, 4, 4, 4]), said)
    timed = module("timing").in_turns([a, b], 3)
    assert said == ["before a", "a", "before b", "b"] * 4
    assert timed["a"].times_s == (1, 2, 3)
    assert timed["a"].median_s == 2
    assert timed["a"].rate == 5
    assert timed["a"].rate_over(timed["b"]) == 2


def test_quartiles(module):
    timed = module("timing").Timed("a", 1.0, (5.0, 1.0, 4.0, 2.0, 3.0))
    assert timed.quartiles_s == (2.0, 4.0)
    assert module("timing").Timed("a", 1.0, (2.0, 1.0)).quartiles_s == (1.0, 2.0)


def test_two_cases_of_one_name_are_refused(module, clock):
    with pytest.raises(ValueError, match="same name"):
        module("timing").in_turns([clock("a", iter([1]), []), clock("a", iter([1]), [])], 1)


@pytest.mark.parametrize(
    ("figure", "is_at_least", "is_met"),
    [(2.4, True, True), (2.39, True, False), (2.4, False, True), (2.41, False, False)],
)
def test_a_target_is_met_at_its_limit(module, figure, is_at_least, is_met):
    assert module("timing").Target("x", figure, 2.4, is_at_least).is_met is is_met


def test_pictures_that_differ_are_told(module):
    import numpy as np

    frames = module("frames")
    flat = np.full((32, 32, 3), 100, np.uint8)
    assert frames.agreement(flat, flat, least_db=99) == "PSNR inf dB, at most 0 of 255"
    other = flat.copy()
    other[16, 16] = 110
    psnr = 10 * math.log10(255**2 * 256 / 100)
    with pytest.raises(ValueError, match=f"PSNR {psnr:.1f} dB, at most 10 of 255; at least 60 dB"):
        frames.agreement(flat, other, least_db=60)


def test_a_record_is_json_with_machine_versions_and_commit(module, tmp_path):
    report, timing = module("report"), module("timing")
    timed = timing.Timed("a", 12.0, (0.012, 0.010, 0.011))
    section = timing.Section("fast", "Fast", [timed], {"b": "same"}, [timing.Target("x", 2.0, 2.4)], {"ratio": 2.0})
    report.save(tmp_path / "deep" / "cpu.json", report.record([section], rounds=3, cores=[0, 1]))
    found = json.loads((tmp_path / "deep" / "cpu.json").read_text("utf-8"))
    assert found["sections"]["fast"]["timed"]["a"]["median_ms"] == 11
    assert found["sections"]["fast"]["targets"] == [{"claim": "x", "figure": 2.0, "wanted": "≥ 2.4", "is_met": False}]
    assert found["machine"]["cores_used"] == 2
    assert found["versions"]["numpy"]
    assert "commit" in found
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["cpu.json"]


def test_wrong_use_is_one_line(module, capsys):
    for arguments in (["fats"], ["--rounds", "0"]):
        with pytest.raises(SystemExit) as stop:
            module("cpu").main(arguments)
        assert stop.value.code == 2
        assert "error: " in capsys.readouterr().err.splitlines()[-1]
