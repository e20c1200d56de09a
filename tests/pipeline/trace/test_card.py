"""What a card's own clock says of copies and passes, on a strict stand-in for CuPy whose every deed takes 1 ms."""

import itertools
import time
from contextlib import nullcontext

import numpy as np
import pytest

from tenbit.kernels._pass import label
from tenbit.kernels._spans import recording
from tenbit.pipeline import run
from tenbit.pipeline.trace import recording_to

CHAIN = ("black_level", ("white_balance", {"mode": "grey_world"}), "demosaic", "tone", "histogram")
SHORT = ("black_level", "demosaic", "tone")


class Told:
    """A recorder that keeps what another clock has measured."""

    def __init__(self, *kinds):
        self.kinds, self.told = kinds, []

    def span(self, kind, name, facts):
        return nullcontext()

    def wants(self, kind):
        return kind in self.kinds

    def add(self, *told):
        self.told.append(told)


@pytest.fixture
def frame(scene):
    return scene(8, 8)


def test_each_pass_and_copy_has_its_time_by_the_cards_clock(card, frame, planned):
    what, told = planned(frame, *CHAIN), Told("pass", "up", "down")
    began = time.perf_counter()
    with recording(told):
        run.run_plan(frame, what, card)
    passes = [(name, facts["number"]) for kind, name, *_, facts in told.told if kind == "pass"]
    assert passes == [(label(work), n) for n, work in enumerate(what.cuda_passes)]
    # Constants follow from counters: those come down, and further constants go up.
    again = [("up", "constants"), ("down", "counters")]
    copies = [(kind, name) for kind, name, *_ in told.told if kind != "pass"]
    assert copies == [("up", "mosaic"), *again, *again, ("down", "rgb")]
    assert {track for _, _, track, *_ in told.told} == {"cuda:0 stream 1"}
    assert [seconds for *_, seconds, _ in told.told] == pytest.approx([0.001] * len(told.told))
    ends = [(at, at + seconds) for _, _, _, at, seconds, _ in told.told]
    assert ends[0][0] >= began
    assert all(before[1] <= after[0] + 1e-9 for before, after in itertools.pairwise(ends))
    assert next(facts["bytes"] for kind, *_, facts in told.told if kind == "up") == frame.samples.nbytes


def test_kernels_are_launched_while_passes_are_wanted_and_replayed_otherwise(card, frame, planned):
    what = planned(frame, *SHORT)

    def done(recorder=None):
        """The picture, and how many captures, replays and events it took."""
        before = np.array([card.cupy.captures, card.cupy.replays, card.cupy.events])
        with recording(recorder) if recorder else nullcontext():
            picture = run.run_plan(frame, what, card).samples
        return picture, [*(np.array([card.cupy.captures, card.cupy.replays, card.cupy.events]) - before)]

    done()
    # Three events: before the kernels, behind them, at the end.
    plain, how = done()
    assert how == [1, 1, 3]
    told = Told("pass")
    seen, how = done(told)
    assert how[:2] == [0, 0] and len(told.told) == len(what.cuda_passes)
    np.testing.assert_array_equal(seen, plain)
    assert done(Told("file", "band"))[1] == [0, 1, 3]


def test_two_frames_are_on_two_tracks_and_one_that_comes_later_is_nobodys(card, frame, planned, tmp_path, read_trace):
    what = planned(frame, *SHORT)
    with recording_to(tmp_path / "t.json"):
        pending = [run.begin(frame, what, card) for _ in range(3)]
        for there in pending[:2]:
            there.finish()
    pending[2].finish()
    trace = read_trace(tmp_path / "t.json")
    assert trace.order == ["cuda:0 stream 1", "cuda:0 stream 2"]
    for track in trace.order:
        assert len(trace.of("pass", track)) == len(what.cuda_passes)
        assert [len(trace.of(kind, track)) for kind in ("up", "down")] == [2, 1]
    assert all("cpu_ms" not in span["args"] for span in trace.spans)
