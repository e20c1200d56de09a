"""``tenbit tune``: what it keeps, shows and removes; an interrupt leaves all as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tenbit.cli import commands
from tenbit.kernels._schedule import Schedule
from tenbit.pipeline.profile.statistics import Interval
from tenbit.pipeline.tune import kept, session
from tenbit.pipeline.tune.session import Found, Row
from tenbit.pipeline.tune.setting import Setting

TUNED = Setting(Schedule(scratch_bytes=1 << 20))
ROWS = (Row("small", 2.0, 1.5, 0.75, Interval(0.7, 0.8)), Row("all", None, None, 0.75, Interval(0.7, 0.8)))
FOUND = Found(TUNED, ROWS, {str(TUNED): 0.75}, 1.0)
NONE = Found(TUNED, (Row("all", None, None, 0.99, Interval(0.9, 1.01)),), {str(TUNED): 0.9}, 1.0)


def tune(*arguments: str) -> Result:
    result = CliRunner().invoke(commands, ["tune", *arguments], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where tunings are kept: an empty place."""
    monkeypatch.delenv("TENBIT_TUNING")
    monkeypatch.setattr(kept, "folder", lambda: here / "cache" / "tuning")
    monkeypatch.setattr("tenbit.commands.tune._SMALL", 0)
    return here / "cache" / "tuning"


def finds(monkeypatch: pytest.MonkeyPatch, found: Found | BaseException) -> None:
    """The search ends with that."""

    def searched(*arguments: Any, **more: Any) -> Found:
        if isinstance(found, BaseException):
            raise found
        return found

    monkeypatch.setattr(session, "searched", searched)


SMALL = ("-c", "small.yaml", "--sample", "64x64")


def test_a_search_ends_in_its_time_and_tells_what_it_did(here: Path) -> None:
    result = tune(*SMALL, "--seconds", "0.3", "--dry-run", "--json")
    record = json.loads(result.stdout)
    assert result.exit_code == 0 and record["kept"] is None and record["seconds"] < 60
    assert record["tried"] and set(record["setting"]) >= {"scratch_bytes", "most_deep", "least_wide", "bands"}
    assert "nothing is kept" not in result.stderr


def test_nothing_is_kept_from_a_small_frame(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenbit.commands.tune._SMALL", 64 * 64 + 1)
    finds(monkeypatch, FOUND)
    result = tune(*SMALL)
    assert "nothing is kept from a frame below 0.004097 MP: on large ones threads bring more" in result.stderr
    assert result.stdout.endswith("not kept\n") and not list(folder.iterdir())


def test_what_is_faster_is_kept_shown_and_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = "nothing is kept for this machine: the default sizes are used\n"
    assert tune("--show").stdout == tune("--reset").stdout == nothing
    finds(monkeypatch, FOUND)
    dry = tune(*SMALL, "--dry-run")
    assert dry.stdout.endswith("not kept\n") and not folder.exists()
    result = tune(*SMALL)
    (path,) = folder.iterdir()
    text = "scratch 1024 KiB, deep 6, wide 4, bands 4\n"
    assert (result.exit_code, result.stdout.partition("\n")[0].split()) == (
        *(0, ["chain", "default", "ms", "tuned", "ms", "ratio", "95", "%", "interval"]),
    )
    assert result.stdout.endswith(f"{text}kept in {path}\n") and "0.750  0.700..0.800" in result.stdout
    record = json.loads(path.read_text("utf-8"))
    assert record["setting"] == TUNED.as_record() and record["tried"] == {str(TUNED): 0.75}
    shown = f"{text}for {kept.this_cpu()}, on 64x64; kept in {path}\n"
    assert tune("--show").stdout.endswith(shown)
    monkeypatch.setenv("TENBIT_TUNING", "off")
    assert tune("--show").stdout.endswith(f"{shown}left out: TENBIT_TUNING is off\n")
    assert json.loads(tune("--show", "--json").stdout)["gained"][0]["chain"] == "small"
    assert tune("--reset").stdout == f"{path} is gone\n"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("stop", [False, True])
def test_what_was_kept_stays(stop: bool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kept.keep(kept.this_cpu(), TUNED, {})
    before = path.read_bytes()
    finds(monkeypatch, KeyboardInterrupt() if stop else NONE)
    result = tune(*SMALL)
    assert (result.exit_code, result.stderr.endswith("interrupted\n")) == ((130, True) if stop else (0, False))
    said = f"nothing found that is faster than the defaults; {path} stays until --reset\n"
    assert stop or result.stdout.endswith(said)
    assert path.read_bytes() == before and list(folder.iterdir()) == [path]


def test_a_place_that_takes_no_file_is_found_out_before_the_search(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_bytes(b"")
    result = tune(*SMALL)
    assert result.exit_code == 1
    assert result.stderr == f"{folder}: File exists; TENBIT_CACHE names another folder\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--show", "--reset"], "--dry-run, --show and --reset exclude each other"),
        (["--seconds", "nan"], "--seconds is a number, above 0"),
        (["--device", "auto"], "--device is cpu, cuda or cuda:N: what is tuned is named"),
        (["--device", "cuda"], "cuda:0 (simulator) cannot be tuned: its times say nothing of a card's"),
        (["--seconds", "0"], "0.0 is not in the range 0<x<=86400"),
        (["--sample", "1x1", "-c", "small.yaml"], "sample '1x1': 1 x 1; both sides"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], said: str, folder: Path) -> None:
    result = tune(*arguments)
    assert result.exit_code == 2 and said in result.stderr
