"""Spans of several threads in a file: what is told, when it is written, what is left out."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tenbit.kernels._spans import recorder, recording, span
from tenbit.pipeline.errors import RequestError, WriteError
from tenbit.pipeline.trace import Trace, recording_to
from tenbit.pipeline.trace import recorder as recorder_module


def test_a_span_has_its_time_its_facts_and_the_cpu_time_of_its_thread(tmp_path, read_trace):
    before = time.perf_counter()
    with recording_to(tmp_path / "t.json"), span("pass", "demosaic", number=3):
        deadline = time.thread_time() + 0.002
        while time.thread_time() < deadline:
            pass
    took = time.perf_counter() - before
    trace = read_trace(tmp_path / "t.json")
    (one,) = trace.spans
    assert (one["name"], one["cat"], one["args"]["number"]) == ("demosaic", "pass", 3)
    assert 1.9 < one["args"]["cpu_ms"] <= one["dur"] / 1e3 + 0.1 and one["dur"] / 1e6 < took
    assert set(trace.other) == {"tenbit", "python", "began", "bands_left_out"}


def test_spans_lie_in_each_other_and_each_thread_has_a_track(tmp_path, read_trace):
    def work():
        with span("file", "a.dng"), span("read", "read"), span("pass", "x"), span("band", "y"):
            pass

    with recording_to(tmp_path / "t.json"):
        threads = [threading.Thread(target=work, name=name) for name in ("tenbit_0", "tenbit-lane_1", "tenbit-lane_0")]
        for thread in (*threads, work):
            if thread is work:
                work()
            else:
                thread.start()
                thread.join()
    trace = read_trace(tmp_path / "t.json")
    assert trace.order == ["MainThread", "tenbit-lane_0", "tenbit-lane_1", "tenbit_0"]
    for file in trace.of("file"):
        assert trace.inside(file) == {"read", "pass", "band"}
    flying = [event["args"]["files"] for event in trace.counters if event["name"] == "files under way"]
    assert flying == [1, 0] * 4


def test_what_ends_by_an_exception_says_so_and_the_file_is_there(tmp_path, read_trace):
    with (
        pytest.raises(KeyboardInterrupt),
        recording_to(tmp_path / "t.json"),
        span("file", "a.dng"),
        span("read", "read"),
    ):
        raise KeyboardInterrupt("Ctrl-C")
    trace = read_trace(tmp_path / "t.json")
    assert [one["args"]["error"] for one in trace.spans] == ["KeyboardInterrupt: Ctrl-C"] * 2
    assert recorder() is None


def test_facts_of_any_kind_become_json(tmp_path, read_trace):
    with recording_to(tmp_path / "t.json"):
        facts = {"path": Path("a"), "nan": float("nan"), "count": np.int64(3), "text": "\udcff", "none": None, "f": 0.5}
        with span("read", "\udcffa\n", **facts):
            pass
    (one,) = read_trace(tmp_path / "t.json").spans
    cpu_ms = one["args"].pop("cpu_ms")
    assert cpu_ms >= 0
    assert one["name"] == "\\udcffa\\n"
    assert one["args"] == {"path": "a", "nan": "nan", "count": 3, "text": "\\udcff", "none": None, "f": 0.5}


def test_what_another_clock_has_measured_has_a_track_of_its_own(tmp_path, read_trace):
    with recording_to(tmp_path / "t.json") as trace:
        began = time.perf_counter()
        trace.add("up", "mosaic", "cuda:0 stream 1", began, 0.001, {"bytes": 7})
        # Begun a little before the other has ended, as clocks differ.
        trace.add("pass", "x", "cuda:0 stream 1", began + 0.0009999, 0.002, {"number": 0})
        with span("develop", "develop"):
            pass
    trace = read_trace(tmp_path / "t.json")
    assert trace.order == ["MainThread", "cuda:0 stream 1"]
    up, done = trace.of("up", "cuda")[0], trace.of("pass", "cuda")[0]
    assert (up["dur"], done["dur"]) == (1000.0, 2000.0)
    assert done["ts"] == pytest.approx(up["ts"] + up["dur"], abs=0.002)


def test_bands_beyond_a_limit_are_left_out_and_said(tmp_path, read_trace):
    said = []
    with recording_to(tmp_path / "t.json", said=said.append, most_bands=3):
        for _ in range(5):
            with span("pass", "x"), span("band", "x"):
                pass
    trace = read_trace(tmp_path / "t.json")
    assert (len(trace.of("band")), len(trace.of("pass"))) == (3, 5)
    assert trace.labels == ["2 bands are left out"] and trace.other["bands_left_out"] == 2
    assert said == [f"{tmp_path}/t.json: 2 bands after the first 3 are left out"]


@pytest.mark.parametrize("name", ["_MOST_WAITING", "_MOST_OF_A_THREAD"])
def test_memory_does_not_grow_with_a_run(name, tmp_path, read_trace, monkeypatch):
    monkeypatch.setattr(recorder_module, name, 10)
    most = 0
    with recording_to(tmp_path / "t.json") as trace:
        for n in range(20):
            with span("file", f"{n}.dng"), span("read", "read"), span("pass", "x"):
                pass
            most = max(most, sum(len(track.waiting) for track in trace._tracks))
    assert most <= 14
    assert len(read_trace(tmp_path / "t.json").spans) == 60


def test_nobody_who_records_costs_nothing():
    assert span("band", "x", row=1) is span("file", "a.dng")
    with span("band", "x") as nothing:
        assert nothing is None


def test_one_recorder_listens_at_a_time(tmp_path):
    with recording(Trace()), pytest.raises(RuntimeError, match="recorded already"), recording_to(tmp_path / "t.json"):
        pass


def test_a_file_that_cannot_be_written_is_told_at_once(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    for path, said in ((tmp_path / "file" / "t.json", "cannot be written"), (tmp_path, "is no ordinary file")):
        with pytest.raises(RequestError, match=f"^trace: .*{said}"), recording_to(path):
            raise AssertionError
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_fills_up_leaves_no_file_and_fails_no_span(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder_module, "_MOST_WAITING", 0)
    done = []
    with (
        pytest.raises(WriteError, match=r"t\.json: cannot be written: No space left"),
        recording_to(tmp_path / "t.json") as trace,
    ):
        handle = trace._handle

        class Full:
            def write(self, data):
                raise OSError(28, "No space left on device")

        trace._handle = Full()
        for n in range(3):
            with span("file", f"{n}.dng"):
                done.append(n)
        assert handle is not None
    assert done == [0, 1, 2]
    assert list(tmp_path.iterdir()) == []
