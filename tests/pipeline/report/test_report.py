"""The report: lines that are there at once, whatever ends the batch; several reports as one."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from tenbit.pipeline.config import Chain, load
from tenbit.pipeline.errors import ReadError, WriteError
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome
from tenbit.pipeline.report import Report, merged, read


@pytest.fixture(scope="module")
def chain() -> Chain:
    return load(["black_level", {"demosaic": {"method": "bilinear"}}, "tone"])


def outcome(name: str, status: Any = "done", **more: Any) -> Outcome:
    return Outcome(Job(Path(f"{name}.dng"), Path(f"{name}.jpg")), status, **more)


def failed(name: str, error: str = "cut off", **more: Any) -> Outcome:
    return outcome(name, "failed", error=error, kind="ReadError", **more)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in path.read_text("utf-8").splitlines()]


def test_every_line_is_there_as_soon_as_its_file(chain: Chain, tmp_path: Path) -> None:
    path = tmp_path / "new" / "r.jsonl"
    with Report(path, chain) as report:
        (first,) = lines(path)
        assert first["batch"]["chain"] == chain.as_record()
        assert {"tenbit", "numpy", "python"} <= set(first["batch"]["versions"])
        report.add(outcome("a", results={"spot": {"ev": math.nan, "most": [math.inf]}}))
        assert [record["input"] for record in lines(path)[1:]] == ["a.dng"]
        assert lines(path)[1]["results"] == {"spot": {"ev": None, "most": ["inf"]}}
        report.add(failed("b"))
        report.add(outcome("c", "skipped"))
    end = lines(path)[-1]["end"]
    seconds = end.pop("seconds")
    assert end == {"files": 3, "done": 1, "skipped": 1, "failed": 1, "interrupted": False}
    assert 0 <= seconds < 600


def test_an_interrupt_is_told_and_a_report_without_an_end_is_read(chain: Chain, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with pytest.raises(KeyboardInterrupt), Report(path, chain) as report:
        report.add(outcome("a"))
        report.add(outcome("b"))
        raise KeyboardInterrupt
    assert lines(path)[-1]["end"]["interrupted"]
    assert not read(path).is_whole
    # As a process that is killed leaves it.
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3])[:-9])
    told = read(path)
    assert ([record["input"] for record in told.files], told.end, told.is_whole) == (["a.dng"], None, False)
    assert told.batch["chain"] == chain.as_record()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_once_at_the_end(chain: Chain) -> None:
    added = []
    with (
        pytest.raises(WriteError, match=r"^/dev/full: the report cannot be written: No space left on device$"),
        Report(Path("/dev/full"), chain) as report,
    ):
        for name in "abc":
            report.add(outcome(name))
            added.append(name)
    assert added == ["a", "b", "c"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_reader_that_goes_away_leaves_the_batch_alone(chain: Chain, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    report = Report(path, chain).__enter__()
    assert json.loads(os.read(reader, 1 << 20))["batch"]["chain"] == chain.as_record()
    os.close(reader)
    report.add(outcome("a"))
    with pytest.raises(WriteError, match="the report cannot be written: Broken pipe"):
        report.__exit__(None, None, None)
    # What ended the batch matters more than its report.
    report.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)


def test_a_report_that_cannot_be_opened_ends_it_before_it_begins(chain: Chain, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(WriteError, match=r"r\.jsonl: the report cannot be written: "),
        Report(tmp_path / "file" / "r.jsonl", chain),
    ):
        pytest.fail("entered")


def test_no_report_is_none(chain: Chain) -> None:
    with Report(None, chain) as report:
        report.add(outcome("a"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{\n  'chain': 1\n}\n", "line 1 is no JSON object: this is no report of tenbit"),
        (b'{"a": 1}\n', "line 1 is of no file: this is no report of tenbit"),
        (b'{"input": "a", "status": "done"}\n', "has no line of a batch: this is no report of tenbit"),
    ],
)
def test_what_is_no_report_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_bytes(content)
    with pytest.raises(ReadError) as caught:
        read(tmp_path / "r.jsonl")
    assert str(caught.value) == f"{tmp_path / 'r.jsonl'}: {reason}"


def test_shards_become_one_report_and_the_last_try_counts(chain: Chain, tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.jsonl" for n in range(3)]
    with Report(paths[0], chain) as report:
        report.add(outcome("a", seconds=1.0, phases={"read": 0.25, "develop": 0.75}, device="cpu"))
        report.add(failed("b", attempts=2))
        report.add(failed("c", "not a raw file"))
    with Report(paths[1], chain) as report:
        report.add(outcome("d", seconds=3.0, phases={"read": 1.0}, device="cuda:0", warnings=("no matrix",)))
    with pytest.raises(KeyboardInterrupt), Report(paths[2], chain) as report:
        report.add(outcome("a", "skipped"))
        report.add(outcome("b", seconds=2.0, phases={"read": 1.0}, device="cpu", warnings=("no matrix",)))
        raise KeyboardInterrupt
    whole = tmp_path / "all.jsonl"
    found = merged(paths[::-1], whole)
    assert {name: found[name] for name in ("files", "done", "skipped", "failed", "attempts", "repeated")} == {
        "files": 4,
        "done": 3,
        "skipped": 0,
        "failed": 1,
        "attempts": 6,
        "repeated": 2,
    }
    assert found["failures"] == {
        "ReadError": {"count": 1, "files": [{"input": "c.dng", "error": "not a raw file", "attempts": 1}]}
    }
    assert found["phases"] == {"read": 2.25, "develop": 0.75}
    assert found["devices"] == {"cpu": 2, "cuda:0": 1}
    assert [each["input"] for each in found["slowest"][:2]] == ["d.dng", "b.dng"]
    assert found["warnings"] == {"no matrix": 2}
    assert (found["reports"], found["unfinished"], found["chains"]) == (3, [str(paths[2])], 1)
    told = read(whole)
    assert [(record["input"], record["status"], record["attempts"]) for record in told.files] == [
        ("a.dng", "done", 1),
        ("b.dng", "done", 3),
        ("c.dng", "failed", 1),
        ("d.dng", "done", 1),
    ]
    assert told.end is not None and told.end["done"] == 3
    assert merged([whole])["attempts"] == 6
