"""``tenbit profile compare``: sides, exit codes, what is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from made_profiles import profile, program

from tenbit.cli import commands
from tenbit.pipeline.profile.record import read_profile

WRITES = "a profile is what tenbit profile --save writes"


def compare(*arguments: str) -> Result:
    result = CliRunner().invoke(commands, ["profile", "compare", *arguments], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def saved(here: Path) -> Path:
    """A folder with the profiles ``a``, its equal ``b``, ``slow`` by a fifth and ``noisy``."""
    made = {
        "a": profile(seed=1),
        "b": profile(seed=2),
        "slow": profile(1.2, seed=2),
        "noisy": profile(seed=2, within=0.5, between=0.3),
    }
    for name, one in made.items():
        (here / f"{name}.json").write_text(one.as_json(), "utf-8")
    return here


def test_saved_profiles_are_compared_and_the_exit_code_says_what_is_found(saved: Path) -> None:
    found = compare("a.json", "slow.json")
    assert found.exit_code == 1
    lines = found.stdout.splitlines()
    assert lines[:3] == [
        "A: a.json: made on 1mp sample, cpu, commit 0123456789ab; 8 runs of 12 rounds",
        "B: slow.json: made on 1mp sample, cpu, commit 0123456789ab; 8 runs of 12 rounds",
        "measured at different times; wall time",
    ]
    assert lines[-1] == "slower by more than 2%: frame, black_level + demosaic, denoise"
    assert compare("a.json", "slow.json", "--tolerance", "0.3").exit_code == 0
    assert compare("slow.json", "a.json").exit_code == 0
    same = compare("a.json", "b.json", "--metric", "cpu")
    assert (same.exit_code, same.stdout.splitlines()[-1]) == (0, "nothing is found to be slower by more than 2%")


def test_what_is_too_noisy_is_said_and_fails_where_that_is_asked(saved: Path) -> None:
    found = compare("a.json", "noisy.json")
    assert found.exit_code == 0
    assert "note: too noisy to tell: frame, " in found.stdout
    assert compare("a.json", "noisy.json", "--strict").exit_code == 3


def test_the_comparison_as_json(saved: Path) -> None:
    found = compare("a.json", "slow.json", "--json")
    record = json.loads(found.stdout)
    assert (found.exit_code, record["slower"][0], record["rows"][0]["verdict"]) == (1, "frame", "slower")


def test_chains_are_timed_in_turns_and_their_profiles_kept(here: Path) -> None:
    a, b = (program(here / name, profile(n + 1, seed=n, runs=1)) for n, name in enumerate(("a.py", "b.py")))
    order = ["small.yaml", "small.yaml", "--a-program", str(a), "--b-program", str(b), "--runs", "3"]
    order += ["--b-options", "--set tone.curve=linear", "--save-b", "kept.json"]
    found = compare(*order)
    assert found.exit_code == 1
    assert found.stderr.count(" of 3: ") == 3
    assert "measured in turns, round by round; wall time" in found.stdout
    assert "--set tone.curve=linear --rounds 20 --json --in-turns" in (here / "log").read_text("utf-8")
    assert len(read_profile(here / "kept.json").frame_timing.wall_s) == 3
    again = compare(*order)
    assert (again.exit_code, again.stderr.splitlines()[-1]) == (
        2, "Error: kept.json exists already; --overwrite replaces it",
    )  # fmt: skip
    # What is kept is a side like any other.
    mixed = compare("small.yaml", "kept.json", "--a-program", str(a), "--runs", "1")
    assert "A: small.yaml: made on 1mp sample, cpu, commit 0123456789ab; 1 run of 12 rounds" in mixed.stdout


def test_wrong_use_is_a_line(saved: Path) -> None:
    for order, said in (
        (
            ["a.json", "gone.json"],
            "gone.json: No such file or directory; " + WRITES,
        ),
        (["a.json", "b.json", "--b-device", "cpu"], "Error: --b-…: of a chain that is timed now; b.json was saved"),
        (["a.json", "small.yaml", "--b-options", "'"], "Error: --b-options: No closing quotation"),
        (
            ["a.json", "b.json", "--sample", "1mp"],
            "Error: --sample and --options are of chains that are timed now; a.json and b.json were saved",
        ),
        (
            ["small.yaml", "small.yaml", "--save-a", "k.json", "--save-b", "k.json"],
            "Error: --save-a and --save-b need a file each",
        ),
        (["a.json", "b.json", "--tolerance", "nan"], "Error: --tolerance is a number, 0.02 for 2 %"),
    ):
        found = compare(*order)
        assert (found.exit_code, found.stderr.splitlines()[-1]) == (2, said)


def test_a_chain_takes_the_turns_that_it_is_given(here: Path) -> None:
    order = ["profile", "small.yaml", "--sample", "64x64", "--rounds", "2", "--json", "--no-check", "--in-turns"]
    given = CliRunner().invoke(commands, order, input="turn\n" * 3, catch_exceptions=False)
    assert given.exit_code == 0
    *asked, told = given.stdout.splitlines()
    assert asked == ["turn?"] * 3
    assert len(json.loads(told)["frame_timing"]["wall_s"][0]) == 2
    alone = CliRunner().invoke(commands, order, catch_exceptions=False)
    assert (alone.exit_code, alone.stderr.splitlines()[-1]) == (
        2, "--in-turns: nobody gives turns; tenbit profile compare does",
    )  # fmt: skip
