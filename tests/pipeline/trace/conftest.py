"""Whether a file is a trace as the trace-event format has it; what is in it, track by track."""

import json
import math

import pytest

METADATA = {
    "process_name": {"name"},
    "process_labels": {"labels"},
    "thread_name": {"name"},
    "thread_sort_index": {"sort_index"},
}
ALLOWED = {
    "X": ({"name", "cat", "ph", "ts", "dur", "pid", "tid"}, {"args", "cname"}),
    "C": ({"name", "ph", "ts", "pid", "args"}, {"tid"}),
    "M": ({"name", "ph", "pid", "tid", "args"}, {"ts"}),
}
# Reserved names of colours, as Chrome's viewer has them: it refuses others.
COLOURS = {"thread_state_iowait", "thread_state_running", "good", "bad", "terrible", "yellow", "olive", "grey"}
COLOURS |= {"rail_response", "rail_load", "rail_animation", "rail_idle"}


def read(path):
    """The events of a trace file by phase, checked."""
    document = json.loads(path.read_text("utf-8"), parse_constant=lambda name: 1 / 0)
    assert set(document) == {"displayTimeUnit", "traceEvents", "otherData"}
    assert document["displayTimeUnit"] in ("ms", "ns")
    events = document["traceEvents"]
    for event in events:
        check(event)
    tracks = {event["tid"] for event in events if event["ph"] == "X"}
    named = [event["tid"] for event in events if event["name"] == "thread_name"]
    assert sorted(named) == sorted(set(named)), "a track with two names"
    assert tracks <= set(named)
    assert len({event["pid"] for event in events}) == 1
    spans = [event for event in events if event["ph"] == "X"]
    for track in tracks:
        check_nested([span for span in spans if span["tid"] == track])
    return Trace(document, events)


def check(event):
    """One event has the fields of its phase, and they are what they must be."""
    required, more = ALLOWED[event["ph"]]
    assert required <= set(event) <= required | more, event
    assert isinstance(event["name"], str) and event["name"].isprintable()
    for field in ("pid", "tid"):
        assert type(event.get(field, 0)) is int and event.get(field, 0) >= 0
    for field in ("ts", "dur"):
        value = event.get(field, 0)
        assert type(value) in (int, float) and math.isfinite(value) and value >= 0, event
    args = event.get("args", {})
    assert isinstance(args, dict)
    if event["ph"] == "C":
        assert args and all(type(value) in (int, float) and math.isfinite(value) for value in args.values())
    if event["ph"] == "M":
        assert set(args) == METADATA[event["name"]]
    if event["ph"] == "X":
        assert event["cat"] and event.get("cname", "good") in COLOURS


def check_nested(spans):
    """Of two spans on one track one lies in the other, or behind it (to the nanosecond that JSON's numbers keep)."""
    open_ends = []
    for span in sorted(spans, key=lambda span: (round(span["ts"] * 1e3), -round(span["dur"] * 1e3))):
        began = round(span["ts"] * 1e3)
        ended = began + round(span["dur"] * 1e3)
        while open_ends and open_ends[-1] <= began:
            open_ends.pop()
        assert not open_ends or ended <= open_ends[-1], span
        open_ends.append(ended)


class Trace:
    """What a checked trace holds."""

    def __init__(self, document, events):
        self.other = document["otherData"]
        self.spans = [event for event in events if event["ph"] == "X"]
        self.counters = [event for event in events if event["ph"] == "C"]
        self.names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
        self.order = [
            self.names[event["tid"]]
            for event in sorted(
                (event for event in events if event["name"] == "thread_sort_index"),
                key=lambda event: event["args"]["sort_index"],
            )
        ]
        self.labels = [event["args"]["labels"] for event in events if event["name"] == "process_labels"]

    def of(self, kind, track=""):
        """Spans of a kind, on tracks whose name begins so, as they began."""
        found = [span for span in self.spans if span["cat"] == kind and self.names[span["tid"]].startswith(track)]
        return sorted(found, key=lambda span: span["ts"])

    def inside(self, outer):
        """Kinds of the spans that lie in one, on its track."""
        end = outer["ts"] + outer["dur"]
        return {
            span["cat"]
            for span in self.spans
            if span is not outer
            and span["tid"] == outer["tid"]
            and outer["ts"] <= span["ts"]
            and span["ts"] + span["dur"] <= end + 1e-3
        }


@pytest.fixture
def read_trace():
    """``read_trace(path)``: what a trace file holds, after checks that it is one."""
    return read
