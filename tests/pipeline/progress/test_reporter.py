"""What is told of a batch, to people and to machines."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tenbit.kernels._stage import Told
from tenbit.pipeline import progress
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.outcome import Outcome
from tenbit.pipeline.progress import machines
from tenbit.pipeline.progress.bar import clock
from tenbit.pipeline.progress.reporter import Reporter
from tenbit.pipeline.progress.tally import Tally

Lines = Callable[[], tuple[list[str], list[str]]]


def outcome(name: str, status: Any = "done", **more: Any) -> Outcome:
    return Outcome(Job(Path(f"{name}.dng"), Path(f"{name}.jpg")), status, seconds=0.25, **more)


def ticking(*seconds: float) -> Callable[[], float]:
    """A clock that shows these seconds, one at each look."""
    times: Iterator[float] = iter(seconds)
    return lambda: next(times)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """Lines of stdout and of stderr since the last look."""

    def read() -> tuple[list[str], list[str]]:
        said = capsys.readouterr()
        return said.out.splitlines(), said.err.splitlines()

    return read


def shown(reporter: Reporter, *outcomes: Outcome, is_stopped: bool = False) -> None:
    with reporter:
        for one in outcomes:
            reporter.show(one)
    reporter.sum_up(is_stopped=is_stopped)


SOME = (
    outcome("a", warnings=("no lens", Told("gain map used"))),
    outcome("b", "failed", error="not a raw file", kind="ReadError", trace="Traceback\n  line"),
    outcome("c", "skipped"),
    outcome("d", warnings=("no lens",)),
    outcome("e", warnings=("no lens",)),
)


def test_results_on_stdout_the_rest_on_stderr(lines: Lines) -> None:
    shown(progress.reporter("auto", 5), *SOME)
    out, err = lines()
    assert out == ["a.jpg  0.25 s", "c.jpg  exists, skipped", "d.jpg  0.25 s", "e.jpg  0.25 s"]
    assert err == [
        "a.dng: warning: no lens",
        "a.dng: note: gain map used",
        "b.dng: not a raw file",
        "2 more files: warning: no lens",
        "3 done, 1 failed, 1 skipped",
    ]


def test_none_tells_no_count_but_that_of_an_interrupted_batch(lines: Lines) -> None:
    shown(progress.reporter("none", 5), *SOME)
    assert lines()[1][-1] == "2 more files: warning: no lens"
    shown(progress.reporter("none", None), SOME[0], is_stopped=True)
    assert lines()[1][-1] == "interrupted after 1, 1 done"


@pytest.mark.parametrize(
    ("total", "is_stopped", "text"),
    [(4, False, "stopped after 1 of 4, 1 failed"), (4, True, "interrupted after 1 of 4, 1 failed"), (1, False, "no x")],
)
def test_a_batch_that_ends_early(total: int, is_stopped: bool, text: str, lines: Lines) -> None:
    shown(progress.reporter("auto", total), outcome("a", "failed", error="no x"), is_stopped=is_stopped)
    assert lines()[1][-1].endswith(text)


def test_no_outcome_at_all(lines: Lines) -> None:
    shown(progress.reporter("auto", 0))
    assert lines()[1] == ["no file"]


@pytest.mark.parametrize("kind", ["auto", "none"])
def test_one_file_is_not_counted(kind: progress.Kind, lines: Lines) -> None:
    shown(progress.reporter(kind, 1), SOME[2])
    assert lines() == (["c.jpg  exists, skipped"], [])


def test_a_traceback_is_shown_on_demand(lines: Lines) -> None:
    with progress.reporter("auto", 1) as reporter:
        reporter.show(SOME[1], is_debug=True)
    assert lines()[1] == ["b.dng: not a raw file", "Traceback", "  line"]


def test_the_log_as_json(lines: Lines) -> None:
    reporter = progress.reporter("auto", 2, log="json")
    with reporter:
        reporter.say("compiling a loop")
        reporter.say("compiling a loop")
        reporter.show(SOME[0])
        reporter.show(SOME[1], is_debug=True)
    reporter.sum_up()
    out, err = lines()
    records = [json.loads(line) for line in err]
    assert out == ["a.jpg  0.25 s"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("time")) for record in records)
    assert records == [
        {"event": "log", "level": "info", "message": "compiling a loop", "file": None},
        {"event": "log", "level": "warning", "message": "no lens", "file": "a.dng"},
        {"event": "log", "level": "info", "message": "gain map used", "file": "a.dng"},
        {"event": "log", "level": "error", "message": "not a raw file", "file": "b.dng", "trace": "Traceback\n  line"},
        {"event": "log", "level": "info", "message": "1 done, 1 failed", "file": None},
    ]


def test_json_tells_each_file_and_the_end(lines: Lines) -> None:
    reporter = progress.reporter("json", 5)
    with reporter:
        for job in reporter.at_work(one.job for one in SOME):
            reporter.show(SOME[[one.job for one in SOME].index(job)])
    reporter.sum_up()
    out, err = lines()
    assert len(out) == 4, "the list of results stays on stdout"
    told = [json.loads(line) for line in err]
    assert [record["event"] for record in told if record["event"] != "log"] == [
        *("begin", "file", "progress", "file", "file", "file", "file", "progress", "end")
    ]
    begin, end = told[0], told[-1]
    assert (begin["doing"], begin["total"], begin["rate"], begin["eta_s"]) == ("developing", 5, None, None)
    bad = next(record for record in told if record["event"] == "file" and record["status"] == "failed")
    assert (bad["input"], bad["output"], bad["error"]) == ("b.dng", "b.jpg", "not a raw file")
    assert (bad["error_class"], bad["done"], bad["failed"], bad["skipped"]) == ("ReadError", 1, 1, 0)
    last = [record for record in told if record["event"] == "progress"][-1]
    assert (last["percent"], last["file"], last["eta_s"]) == (100, "e.dng", 0)
    assert (end["status"], end["error"], end["done"]) == ("failed", "b.dng: not a raw file", 3)


@pytest.mark.parametrize("error", [None, RuntimeError("the card\nis gone"), KeyboardInterrupt()])
def test_json_has_one_end(error: BaseException | None, lines: Lines) -> None:
    reporter = progress.reporter("json", None)
    try:
        with reporter:
            if error:
                raise error
        reporter.sum_up()
    except RuntimeError:
        pass
    except KeyboardInterrupt:
        reporter.sum_up(is_stopped=True)
    told = [json.loads(line) for line in lines()[1]]
    ends = [(record["status"], record["error"]) for record in told if record["event"] == "end"]
    expected = {"NoneType": ("done", None), "RuntimeError": ("failed", "the card is gone")}
    assert ends == [expected.get(type(error).__name__, ("interrupted", None))]


def test_machines_are_told_once_a_second(lines: Lines) -> None:
    # A look at the beginning, then two per file: for the rate and for the pause.
    clock = ticking(0, *(0.25 * step for step in range(1, 13) for _ in range(2)))
    reporter = machines.JsonLines(12, "developing", clock=clock, is_counting=False)
    shown(reporter, *(outcome(str(n)) for n in range(12)))
    told = [json.loads(line) for line in lines()[1]]
    heard = [record for record in told if record["event"] == "progress"]
    assert [record["done"] for record in heard] == [1, 5, 9, 12]
    assert [(record["rate"], record["eta_s"]) for record in heard][1:3] == [(4, 1.8), (4, 0.8)]


def test_open_job_descriptions_messages(lines: Lines) -> None:
    clock = ticking(0, *(step for step in range(1, 4) for _ in range(2)))
    shown(machines.OpenJobDescription(3, "developing", clock=clock), *SOME[:2], SOME[3])
    out, err = lines()
    assert out == [
        "a.jpg  0.25 s",
        "openjd_progress: 33.3",
        "openjd_status: 1 of 3 finished, 1.00 frames/s, a.dng",
        "openjd_progress: 66.7",
        "openjd_status: 2 of 3 finished, 1 failed, 1.00 frames/s, b.dng",
        "d.jpg  0.25 s",
        "openjd_progress: 100.0",
        "openjd_status: 3 of 3 finished, 1 failed, 1.00 frames/s, d.dng",
        "openjd_fail: 1 of 3 failed; the first: b.dng: not a raw file",
    ]
    assert err[-1] == "2 done, 1 failed"
    shown(progress.reporter("openjd", None), is_stopped=True)
    assert lines()[0] == ["openjd_fail: interrupted: "]


@pytest.mark.parametrize("log", ["text", "json"])
def test_no_file_can_forge_a_message(log: progress.Log, lines: Lines) -> None:
    matcher = pytest.importorskip("openjd.sessions._action_filter")
    forged = (
        "openjd_env: A=1",
        " OpenJD_ENV: A=1",
        "a\nopenjd_fail: no",
        "a\ropenjd_fail: no",
        "a\u2028openjd_fail: no",
    )
    tried = [outcome(name) for name in forged]
    tried += [outcome(name, "failed", error=name, trace=name, warnings=(name,)) for name in forged]
    reporter = progress.reporter("openjd", None, log=log)
    with reporter:
        for one in tried:
            reporter.say(one.job.source.name)
            reporter.show(one, is_debug=True)
    reporter.sum_up()
    out, err = lines()
    for line in (*out, *err):
        assert not matcher.openjd_env_actions_filter_matcher.match(line.lstrip().lower())
        if line.startswith("openjd_"):
            assert line.startswith(("openjd_status: 1 finished, ", "openjd_fail: 5 failed; the first: ")), line


def test_a_thousand_texts_are_remembered_and_no_more(lines: Lines) -> None:
    reporter = progress.reporter("none", None)
    for number in range(1100):
        reporter.tell(Path("a.dng"), (f"a number of its own: {number}",), "")
    reporter.sum_up()
    assert len(lines()[1]) == 1100
    assert len(reporter._warned) == 1000


def test_many_threads_may_say(lines: Lines) -> None:
    reporter = progress.reporter("none", None)
    threads = [
        threading.Thread(target=lambda: [reporter.say(f"line {number}") for number in range(100)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lines()[1] == [f"line {number}" for number in range(100)]


@pytest.mark.parametrize(
    ("kind", "log", "text"),
    [
        ("jsn", "text", "--progress: 'jsn'; did you mean 'json'?"),
        ("auto", "yaml", "--log: 'yaml'; there are text, json"),
    ],
)
def test_a_kind_that_there_is_not(kind: Any, log: Any, text: str) -> None:
    with pytest.raises(RequestError) as caught:
        progress.reporter(kind, 1, log=log)
    assert str(caught.value) == text


def test_what_was_skipped_says_nothing_of_the_rate() -> None:
    tally = Tally(10, ticking(0, 5, 5, 7, 9))
    tally.add("skipped")
    tally.add("skipped")
    assert (tally.rate, tally.eta_s) == (None, None)
    tally.add("done", 12_000_000)
    tally.add("failed")
    assert (tally.rate, tally.megapixels_per_second, tally.eta_s) == (0.5, 3, 12)
    assert str(tally) == "1 done, 1 failed, 2 skipped"


def test_the_rate_is_that_of_late() -> None:
    tally = Tally(1000, ticking(0, *range(100, 200)))
    for _ in range(100):
        tally.add("done")
    assert tally.rate == 1, "a first file that took 100 s is forgotten"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (62, "1:02"), (3723, "1:02:03")])
def test_the_time_to_go(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_no_file_at_all() -> None:
    assert Tally(0, lambda: 0.0).percent == 0
    assert Tally(None, lambda: 0.0).percent is None
