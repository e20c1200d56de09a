"""NVTX ranges, on a stand-in for nvtx that keeps what it is told."""

import sys
import threading
import types

import pytest

from tenbit.kernels._spans import recording, span
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.trace import Ranges, recorded


@pytest.fixture
def pushed(monkeypatch):
    """What is pushed and popped, by thread's name."""
    told = []

    class Domain:
        def __init__(self, name):
            self.name = name

        def get_event_attributes(self, *, message, category):
            return types.SimpleNamespace(message=message, category=category)

        def push_range(self, attributes):
            told.append((threading.current_thread().name, self.name, attributes.category, attributes.message))

        def pop_range(self):
            told.append((threading.current_thread().name, "pop"))

    module = types.ModuleType("nvtx")
    module.get_domain = Domain
    monkeypatch.setitem(sys.modules, "nvtx", module)
    return told


def test_spans_are_ranges_of_a_domain_by_kind(pushed):
    with recording(Ranges()), span("file", "a.dng"), pytest.raises(ValueError, match="x"), span("read", "read"):
        raise ValueError("x")
    assert pushed == [
        ("MainThread", "tenbit", "file", "a.dng"),
        ("MainThread", "tenbit", "read", "read"),
        ("MainThread", "pop"),
        ("MainThread", "pop"),
    ]


def test_the_same_spans_may_go_to_a_trace(pushed, tmp_path, read_trace):
    with recorded(trace=tmp_path / "t.json", nvtx=True), span("file", "a.dng"), span("read", "read"):
        pass
    assert [one["cat"] for one in read_trace(tmp_path / "t.json").spans] == ["read", "file"]
    assert [one[2:] for one in pushed] == [("file", "a.dng"), ("read", "read"), (), ()]


def test_ranges_alone_keep_a_cards_kernels_replayed(pushed, card, scene, planned):
    from tenbit.pipeline import run

    frame = scene(8, 8)
    what = planned(frame, "black_level", "demosaic", "tone")
    with recorded(nvtx=True):
        for _ in range(2):
            run.run_plan(frame, what, card)
    assert card.cupy.replays == 1


def test_the_real_nvtx_takes_what_we_give_it():
    nvtx = pytest.importorskip("nvtx")
    with recorded(nvtx=True), span("file", "a.dng"):
        pass
    # Without Nsight around the process there is nobody to push to; what is called must be there all the same.
    assert {"get_event_attributes", "push_range", "pop_range"} <= set(dir(nvtx.Domain))


def test_a_missing_nvtx_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "nvtx", None)
    with (
        pytest.raises(RequestError, match=r"^nvtx is not installed: pip install 'tenbit\[profile\]'$"),
        recorded(nvtx=True),
    ):
        pass
