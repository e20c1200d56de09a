"""Rounds of an experiment, what is noted of them, and the table that comes of it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fake_bench import PLACE, FakeBench

from tenbit.pipeline.errors import RequestError, WriteError
from tenbit.pipeline.profile.experiment import table, written
from tenbit.pipeline.profile.experiment.declared import Experiment
from tenbit.pipeline.profile.experiment.journal import Journal
from tenbit.pipeline.profile.experiment.points import Point, order, points
from tenbit.pipeline.profile.experiment.running import run
from tenbit.pipeline.profile.experiment.workbench import Workbench

Made = Callable[[str], Experiment]
TEXT = """\
chain: small.yaml
axes:
  threads: [1, 2]
  sample: [64x64, 128x128]
  exposure.ev: [0, 0.5]
baseline: {threads: 1}
repeats: 3
"""


@pytest.fixture
def asked(made: Made, here: Path) -> Experiment:
    (here / "small.yaml").write_text("chain: [black_level, demosaic, exposure, colour, tone]", "utf-8")
    return made(TEXT)


def journal(asked: Experiment, number: int = 0, **options: bool) -> Journal:
    return Journal(Path("t.csv.jsonl"), {"experiment": asked.key, "run": f"run{number}", **PLACE}, **options)


def timed(asked: Experiment, kept: Journal, bench: FakeBench, number: int = 0) -> list[str]:
    """What is said while it runs."""
    said: list[str] = []
    about = {"run": f"run{number}", "host": "node", "worker": None}
    with kept:
        run(asked, points(asked), kept, bench, said=said.append, about=about)
    return said


def keys(found: Sequence[Point]) -> list[str]:
    return [point.key for point in found]


@pytest.fixture
def bench() -> FakeBench:
    return FakeBench()


def test_every_round_does_all_points_in_another_order(asked: Experiment, bench: FakeBench) -> None:
    found = points(asked)
    said = timed(asked, journal(asked), bench)
    work = [key for kind, key in bench.calls if kind == "timed"]
    sound = {point.key for point in found if point.values["sample"] == "64x64"}
    assert [key for kind, key in bench.calls if kind == "first"] == keys(order(found, 0, 0))
    for turn in (1, 2, 3):
        assert work[4 * (turn - 1) : 4 * turn] == [key for key in keys(order(found, 0, turn)) if key in sound]
    assert sum(kind == "end" for kind, _ in bench.calls) == 4
    assert len(said) == 4 and all(line.endswith(": too large") for line in said)


def test_the_table_has_a_row_per_point(asked: Experiment, bench: FakeBench) -> None:
    kept = journal(asked)
    timed(asked, kept, bench)
    found = table.rows(asked, points(asked), kept.known)
    assert [(row["threads"], row["frame"], row["exposure.ev"]) for row in found] == [
        (threads, frame, ev) for threads in (1, 2) for frame in ("64x64", "128x128") for ev in (0.0, 0.5)
    ]
    assert Counter(row["status"] for row in found) == {"done": 4, "failed": 4}
    assert {row["error"] for row in found} == {None, "too large"}
    row = found[4]
    assert (row["rounds"], row["cpu_s"], row["first_s"], row["megapixels"], row["passes"]) == (3, 1.0, 9.0, 0.004096, 2)
    assert row["low_s"] <= row["q1_s"] <= row["median_s"] <= row["q3_s"] <= row["high_s"]
    assert row["mp_per_s"] == pytest.approx(0.004096 / row["median_s"])
    assert row["ratio"] == pytest.approx(row["median_s"] / found[0]["median_s"], rel=0.01)
    assert row["ratio"] == pytest.approx(0.5, rel=0.1)
    assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"] and found[0]["ratio"] == 1.0
    assert (row["host"], row["machine"], row["cores"], row["numpy"], row["commit"]) == ("node", "one", 2, "2", "abc")
    assert row["is_conclusive"] is True and row["schedule"] == '{"bands": 4}'
    assert sorted(row["order"] for row in found) == list(range(8))
    assert list(found[0]) == list(table.columns(asked))


def test_tables_are_the_same_as_csv_and_parquet(asked: Experiment, bench: FakeBench) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    kept = journal(asked)
    timed(asked, kept, bench)
    rows, columns = table.rows(asked, points(asked), kept.known), table.columns(asked)
    for name in "t.csv", "t.parquet":
        written.write(Path(name), rows, columns, table.record(asked, kept.known))
    read = pq.read_table("t.parquet")
    assert read.to_pylist() == rows
    record = json.loads(read.schema.metadata[b"tenbit"])
    assert (record["axes"]["threads"], record["seed"], record["commit"]) == ([1, 2], 0, "abc")
    with Path("t.csv").open(newline="") as handle:
        plain = list(csv.DictReader(handle))
    assert [float(row["median_s"]) if row["median_s"] else None for row in plain] == [row["median_s"] for row in rows]
    assert (plain[0]["fuse"], plain[0]["iso"], plain[0]["error"]) == ("true", "100.0", "")


def test_what_was_timed_is_not_timed_again(asked: Experiment) -> None:
    """Killed in the middle of a line, gone on with, and gone on with once more with more rounds."""

    class Killed(FakeBench):
        def timed(self, point: Point) -> dict[str, object]:
            if len(self.calls) == 15:
                raise KeyboardInterrupt
            return super().timed(point)

    first = journal(asked)
    with pytest.raises(KeyboardInterrupt):
        timed(asked, first, Killed())
    assert first.known.count == 5
    with Path("t.csv.jsonl").open("a") as handle:
        handle.write('{"kind": "timed", "poi')
    second = FakeBench()
    kept = journal(asked, 1, may_go_on=True)
    timed(asked, kept, second, 1)
    # Points that failed are tried again: what they lacked may be there now.
    assert Counter(kind for kind, _ in second.calls) == {"first": 4, "timed": 7, "end": 4}
    again = table.observations(kept.known)
    assert Counter((row["point"], row["round"]) for row in again).most_common(1)[0][1] == 1
    assert [row["number"] for row in again] == list(range(12))
    assert {row["run"] for row in again} == {"run0", "run1"}
    more = FakeBench()
    timed(asked.__class__(**{**asked.__dict__, "repeats": 4}), journal(asked, 2, may_go_on=True), more, 2)
    assert sum(kind == "timed" for kind, _ in more.calls) == 4


@pytest.mark.parametrize(
    ("seed", "commit", "text", "fault"),
    [
        (1, "abc", "", "t.csv.jsonl: of another experiment: its axes, chains or seed were others"),
        (0, "def", "", "t.csv.jsonl: measured with commit abc, not def; --mix goes on, --overwrite begins anew"),
        (0, "abc", "[]\n", "t.csv.jsonl:2: no observation; --overwrite begins anew"),
    ],
)
def test_another_experiment_is_not_gone_on_with(
    asked: Experiment, made: Made, seed: int, commit: str, text: str, fault: str
) -> None:
    with journal(asked):
        pass
    with Path("t.csv.jsonl").open("a") as handle:
        handle.write(text)
    other = made(f"{TEXT}seed: {seed}")
    begin = {"experiment": other.key, "run": "run1", **PLACE, "commit": commit}
    with pytest.raises(RequestError) as caught:
        Journal(Path("t.csv.jsonl"), begin, may_go_on=True)
    assert str(caught.value) == fault
    if commit == "def":
        with Journal(Path("t.csv.jsonl"), begin, may_go_on=True, may_mix=True) as mixed:
            assert len(mixed.known.begins) == 2


def test_a_journal_that_cannot_be_written_says_so(asked: Experiment) -> None:
    Path("t.csv.jsonl").mkdir()
    with pytest.raises(WriteError, match=r"^t\.csv\.jsonl: cannot be written: "):
        journal(asked)


@pytest.mark.parametrize(
    ("axes", "fault"),
    [
        ("cfa: QRGGB", "small.yaml:5:5: chain[2]: demosaic: the mosaic is quad-Bayer (QRGGB)"),
        ("{bits: 12, packed: true}", "sample '64x64': RAW10 holds 10 bits, not 12"),
        ("device: 'cuda:7'", "cuda:7: "),
        ("files: none.dng", "none.dng: "),
    ],
)  # fmt: skip
def test_a_point_that_cannot_work_is_a_row_with_the_reason(
    here: Path, made: Made, axes: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)
    given = axes.strip("{}")
    sample = "" if "files" in axes else ", sample: 64x64"
    asked = made(f"chain: small.yaml\naxes: {{{given}{sample}}}\nrepeats: 1")
    kept = journal(asked)
    said = timed(asked, kept, Workbench(asked))
    (row,) = table.rows(asked, points(asked), kept.known)
    assert row["status"] == "failed" and row["rounds"] == 0 and row["median_s"] is None
    assert fault in row["error"] and len(said) == 1 and "\n" not in row["error"]


def test_tables_have_one_of_two_suffixes() -> None:
    with pytest.raises(RequestError, match=r"^t\.xlsx: a table ends in \.parquet or \.csv$"):
        written.check(Path("t.xlsx"))
