"""The plan: points fused around at most one other step; an impossible order is refused with the reason."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels import stage
from tenbit.kernels._stage import Access, Step
from tenbit.kernels.errors import StageError
from tenbit.pipeline.device import CpuDevice
from tenbit.pipeline.errors import DeviceError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, PlanError, _grouped, _Placed, plan
from tenbit.pipeline.run import bytes_needed, run_plan


def facts(**more):
    frame = Frame.from_mosaic(np.zeros((12, 16), np.uint16), black=64, white=1023, neutral=(0.5, 1.0, 0.7))
    return dataclasses.replace(frame.facts, **more)


def links(*names):
    return [Link(stage(n), stage(n).parameters(), f"job.yaml:{i}:5: chain[{i}]") for i, n in enumerate(names)]


def shape(found):
    return [
        ([s.name for s in w.before], w.core.name if w.core else None, [s.name for s in w.after]) for w in found.passes
    ]


def test_points_are_fused_around_one_stencil():
    found = plan(links("black_level", "white_balance", "demosaic", "tone"), facts(), bits=8)
    assert len(found.passes) == 1
    (work,) = found.passes
    assert [s.name for s in work.before] == ["black_level", "white_balance"]
    assert work.core.name == "demosaic"
    assert [s.name for s in work.after] == ["tone", "quantise"]
    assert (work.dtype, work.period, work.reads) == ("uint8", 2, ("mosaic",))


def test_unfused_is_one_pass_a_step():
    found = plan(links("black_level", "demosaic"), facts(), fuse=False)
    assert shape(found) == [(["black_level"], None, []), ([], "demosaic", [])]


def test_measures_come_before_all_paint():
    found = plan(links("black_level", "demosaic", "tone", "zebra", "peaking", "histogram"), facts())
    names = [(step.name.split(".")[0], step.writes) for work in found.passes for step in work.steps]
    monitors = ("zebra", "peaking", "histogram")
    painted = [i for i, (name, writes) in enumerate(names) if name in monitors and "red" in writes]
    measured = [i for i, (name, writes) in enumerate(names) if name in monitors and "red" not in writes]
    assert len(measured) >= 3
    assert len(painted) == 3
    assert max(measured) < min(painted)


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        (("demosaic", "demosaic"), r"chain\[1\]: demosaic takes a mosaic frame; here it is linear"),
        (("tone",), r"chain\[0\]: tone takes a linear frame; here it is mosaic \(put demosaic before it\)"),
        (("black_level", "demosaic", "tone", "zebra", "zebra"), r"chain\[4\]: zebra stands twice"),
        (("black_level", "demosaic", "tone", "zebra", "tone"), r"chain\[4\]: tone takes"),
    ],
)
def test_an_impossible_order_is_refused_with_the_reason(chain, reason):
    with pytest.raises(StageError, match=reason):
        plan(links(*chain), facts())


def test_what_changes_the_picture_stands_before_the_monitors():
    small = Link(stage("resize"), stage("resize").parameters(long_edge_px=8))
    with pytest.raises(StageError, match=r"resize changes the frame's size; put it before zebra"):
        plan([*links("black_level", "demosaic", "tone", "zebra"), small], facts())


def test_counts_are_never_stored_as_a_picture():
    with pytest.raises(StageError, match="output: the samples are counts above a black level; put black_level before"):
        plan(links("demosaic"), facts(), bits=8)
    assert plan(links("demosaic"), facts()).facts.state == "linear"


def test_points_whose_planes_a_stencil_drops_are_a_pass_of_their_own():
    def same(red, green, blue):
        return red, green, blue

    def first(green):
        return green(0, 0)

    rgb = ("red", "green", "blue")
    linear = dataclasses.replace(facts(), state="linear", cfa=None, black=(0.0,) * 3, white=(1.0,) * 3)
    steps = [
        Step("points", Access.POINT, same, rgb, rgb),
        Step("one plane", Access.STENCIL, first, ("green",), ("green",), radius=1),
    ]
    passes = _grouped([_Placed(step, linear, (12, 16)) for step in steps], fuse=True)
    assert [work.writes for work in passes] == [rgb, ("green",)]


def test_a_demosaiced_file_needs_no_demosaic():
    linear = dataclasses.replace(facts(), state="linear", cfa=None, black=(0.0,) * 3, white=(1.0,) * 3)
    found = plan(links("demosaic", "tone"), linear)
    assert "demosaic left out: the file is demosaiced already" in found.notes
    assert found.facts.state == "display"


def test_memory_is_counted_before_it_is_asked_for(monkeypatch):
    frame = Frame.from_mosaic(np.zeros((12, 16), np.float32))
    what = plan(links("demosaic"), frame.facts)
    # the mosaic and three planes of float32
    assert bytes_needed(what, frame) == 4 * 12 * 16 * 4
    small = CpuDevice(1)
    small.name = "cuda:0 small"
    monkeypatch.setattr(small, "free_bytes", lambda: 1000)
    with pytest.raises(DeviceError, match="the frame needs 0 MiB, more than cuda:0 small has free"):
        run_plan(frame, what, small)
    said = []
    assert run_plan(frame, what, small, said=said.append, may_fall_back=True).samples.shape == (12, 16, 3)
    assert said[0].startswith("developed on the CPU: the frame needs")


def test_a_frame_smaller_than_its_pattern_is_refused():
    frame = Frame.from_mosaic(np.zeros((1, 9), np.float32))
    with pytest.raises(StageError, match="1 x 9 is smaller than one period of its CFA"):
        run_plan(frame, plan(links("demosaic"), frame.facts), CpuDevice(1))


def test_a_late_step_reads_what_was_measured():
    grey = Link(stage("white_balance"), stage("white_balance").parameters(mode="grey_world"))
    found = plan([*links("black_level"), grey, *links("demosaic")], facts())
    assert Access.REDUCE in [work.core.access for work in found.passes if work.core]


def test_every_stage_that_cannot_work_is_named():
    wrong = [
        Link(stage("black_level"), stage("black_level").parameters(black_counts=5000), "chain[0]"),
        Link(stage("demosaic"), stage("demosaic").parameters(), "chain[1]"),
        Link(stage("crop"), stage("crop").parameters(aspect="x"), "chain[2]"),
        Link(stage("demosaic"), stage("demosaic").parameters(), "chain[3]"),
        Link(stage("tone"), stage("tone").parameters(), "chain[4]"),
    ]
    with pytest.raises(PlanError) as caught:
        plan(wrong, facts())
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["chain[0]", "chain[2]", "chain[3]"]
    assert caught.value.faults[2].endswith("here it is linear (it has been through demosaic)")
