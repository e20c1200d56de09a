"""Two programs that take turns."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_profiles import profile, program

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.profile.compare.turns import Wanted, in_turns
from tenbit.pipeline.profile.record import Profile


@pytest.fixture
def told() -> Profile:
    return profile(runs=1, rounds=2)


def measured(*wanted: Wanted, runs: int = 1) -> list[str]:
    """Lines that are said; each side has its runs."""
    lines: list[str] = []
    sides = in_turns(wanted, runs=runs, rounds=7, said=lines.append)
    assert [side.runs for side in sides] == [runs] * len(wanted)
    return lines


def test_rounds_alternate_and_each_run_starts_anew(tmp_path: Path, told: Profile) -> None:
    a, b = (program(tmp_path / name, told, turns=4) for name in ("a.py", "b.py"))
    lines = measured(
        Wanted("A", "small", ("--sample", "1mp"), str(a)), Wanted("B", "other.yaml", (), str(b)), runs=2
    )  # fmt: skip
    assert [line.partition(":")[0] for line in lines] == ["run 1 of 2", "run 2 of 2"]
    log = (tmp_path / "log").read_text("utf-8")
    starts = sorted(line[line.index(":") - 1 :] for line in log.splitlines())
    common = "--rounds 7 --json --in-turns"
    assert starts == [
        f"a: profile chain small --sample 1mp {common}",
        f"a: profile chain small --sample 1mp {common} --no-check",
        f"b: profile chain other.yaml {common}",
        f"b: profile chain other.yaml {common} --no-check",
    ]
    turns = [line.partition(":")[0][:-1] for line in log.splitlines()]
    # The first of a run to end does so before the other's last turn: a b  b a  a b  b|a.
    first, second = turns[0] + turns[1], turns[2] + turns[3]
    for order in (first, second):
        assert order in ("abbaabba", "baabbaab")


def test_one_side_may_be_measured_alone(tmp_path: Path, told: Profile) -> None:
    assert measured(Wanted("B", "small", (), str(program(tmp_path / "b.py", told))))[0].endswith(" ms a frame")
    assert in_turns([], runs=3, rounds=1, said=lambda _: None) == []


def test_a_checkout_is_run_by_this_python(tmp_path: Path, told: Profile) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "__init__.py").touch()
    (program(tmp_path / "cli.py", told)).rename(checkout / "cli.py")
    assert len(measured(Wanted("A", "small", (), str(checkout)))) == 1
    assert "c: profile chain small" in (tmp_path / "log").read_text("utf-8")


def test_a_program_that_fails_is_told_by_its_last_line(tmp_path: Path, told: Profile) -> None:
    fails = "print('first', file=sys.stderr)\nsys.exit('tone.yaml: no such chain')"
    a = program(tmp_path / "a.py", told)
    b = program(tmp_path / "b.py", told, turns=0, then=fails)
    with pytest.raises(RequestError, match=r"^B: tone.yaml: no such chain$"):
        measured(Wanted("A", "small", (), str(a)), Wanted("B", "tone.yaml", (), str(b)))
    silent = program(tmp_path / "c.py", told, turns=1, then="sys.exit(9)")
    with pytest.raises(RequestError, match=r"^A: it ended with status 9$"):
        measured(Wanted("A", "small", (), str(silent)))


def test_a_program_that_tells_no_profile_is_refused(tmp_path: Path, told: Profile) -> None:
    path = program(tmp_path / "a.py", told)
    path.with_suffix(".json").write_text("{}\n{}\n", "utf-8")
    with pytest.raises(RequestError, match=r"^A: not JSON; .*; it takes one frame$"):
        measured(Wanted("A", "small", (), str(path)))


def test_programs_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program", "utf-8")
    for name, said in (
        (tmp_path / "gone", "no such program"),
        (tmp_path, "a folder, but no checkout of tenbit"),
        (tmp_path / "text", "Permission denied"),
    ):
        with pytest.raises(RequestError, match=rf"^A: .*: {said}$"):
            measured(Wanted("A", "small", (), str(name)))
