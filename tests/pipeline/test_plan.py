"""The plan: points fused around at most one other step; an impossible order is refused with the reason."""

import dataclasses
from itertools import chain

import numpy as np
import pytest

from tenbit.kernels import _shared, stage
from tenbit.kernels._facts import Cfa, Opcode
from tenbit.kernels._pass import Slot
from tenbit.kernels._stage import Access, Step
from tenbit.kernels.errors import StageError
from tenbit.pipeline.device import CpuDevice
from tenbit.pipeline.errors import DeviceError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.passes import Placed, passes_of
from tenbit.pipeline.plan import Link, PlanError, plan
from tenbit.pipeline.run import bytes_needed, run_plan


def facts(**more):
    frame = Frame.from_mosaic(np.zeros((12, 16), np.uint16), black=64, white=1023, neutral=(0.5, 1.0, 0.7))
    return dataclasses.replace(frame.facts, **more)


def links(*names):
    """Stages as they are by default, but for a demosaic of one step."""
    given = {"demosaic": {"method": "malvar"}}
    return [
        Link(stage(n), stage(n).parameters(**given.get(n, {})), f"job.yaml:{i}:5: chain[{i}]")
        for i, n in enumerate(names)
    ]


def names(passes):
    return [[step.name for step in work.steps] for work in passes]


def test_a_picture_without_measures_is_one_pass():
    found = plan(links("black_level", "white_balance", "demosaic", "tone"), facts(), bits=8)
    (work,) = found.passes
    assert names([work]) == [["black_level", "white_balance", "demosaic", "tone", "quantise"]]
    assert (work.dtype, work.period, work.ins) == ("uint8", 2, ("mosaic",))
    assert work.outs == (Slot("rgb", (12, 16, 3), "uint8"),)
    assert names(found.cuda_passes) == names(found.passes)


def test_monitors_ride_on_the_pass_that_makes_the_picture():
    monitors = "peaking", "zebra", "histogram", "waveform"
    found = plan(links("black_level", "demosaic", "tone", *monitors), facts(rows=3000, cols=4000), bits=8)
    first, *small = found.passes
    assert {"zebra", "histogram", "waveform"} <= {tally.name for tally in first.tallies}
    assert (first.steps[-1].name, first.frees) == ("quantise", ("mosaic",))
    picture, *sides = first.outs
    assert picture == Slot("rgb", (3000, 4000, 3), "uint8") and sides
    # What looks at cells comes after, and looks at nothing else.
    assert {slot.shape for slot in sides} == {work.shape for work in small} == {(1000, 1333)}
    assert not any(set(work.ins) & {"mosaic", "rgb"} for work in small)


def test_side_planes_that_nobody_reads_are_not_written():
    found = plan(links("black_level", "demosaic", "tone", "zebra", "false_colour"), facts(), bits=8)
    (work,) = found.passes
    assert [slot.name for slot in work.outs] == ["rgb"]


def test_a_pass_that_no_block_can_hold_is_split_for_cuda(monkeypatch):
    monkeypatch.setattr(_shared, "SHARED_BYTES", 8 * 1024)
    found = plan(links("black_level", "demosaic", "sharpen", "tone"), facts(), bits=8)
    assert len(found.cuda_passes) > len(found.passes)
    steps = [sorted(chain.from_iterable(names(passes))) for passes in (found.cuda_passes, found.passes)]
    assert steps[0] == steps[1]


def test_unfused_is_one_pass_a_step():
    found = plan(links("black_level", "demosaic"), facts(), fuse=False)
    assert names(found.passes) == names(found.cuda_passes) == [["black_level"], ["demosaic"]]


def test_measures_see_no_paint():
    found = plan(links("black_level", "demosaic", "tone", "zebra", "peaking", "histogram"), facts())
    monitors = ("zebra", "peaking", "focus", "histogram")
    measured = [step for work in found.passes for step in work.steps if step.name.split(".")[0] in monitors]
    assert len(measured) >= 3
    assert not any({"red", "green", "blue"} & set(step.writes) for step in measured)
    assert [step.name for step in found.overlay.paint] == ["zebra.paint"]
    assert {layer.name for layer in found.overlay.layers} == {"peaking", "histogram"}


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


@pytest.mark.parametrize(
    "mover", [("orient", {"degrees": 90}), ("crop", {"aspect": "1:1"}), ("resize", {"scale": 0.5})]
)
def test_black_that_differs_by_row_is_taken_off_before_pixels_move(mover):
    linear = facts(state="linear", cfa=None, black=(64.0,) * 3, white=(1023.0,) * 3, black_rows=np.ones(12))
    name, given = mover
    moving = Link(stage(name), stage(name).parameters(**given))
    with pytest.raises(PlanError, match=f"{name} moves pixels, and in this file black differs by row or column"):
        plan([moving, *links("black_level")], linear)
    assert plan([*links("black_level"), moving], linear).passes


def test_counts_are_never_stored_as_a_picture():
    with pytest.raises(StageError, match="output: the samples are counts above a black level; put black_level before"):
        plan(links("demosaic"), facts(), bits=8)
    assert plan(links("demosaic"), facts()).facts.state == "linear"


def test_planes_that_one_step_leaves_alone_are_handed_through():
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
    placed = [Placed(step, linear, (12, 16)) for step in steps]
    (fused,) = passes_of(placed, "interleaved", "linear", fuse=lambda work: True)
    assert (fused.ins, [slot.name for slot in fused.outs]) == (("rgb",), ["rgb"])
    first_pass, second_pass = passes_of(placed, "interleaved", "linear", fuse=None)
    assert [slot.name for slot in first_pass.outs] == list(rgb)
    assert set(second_pass.ins) == set(rgb)
    assert [slot.name for slot in second_pass.outs] == ["rgb"]


@pytest.mark.parametrize("quad", [False, True])
def test_a_packed_mosaic_is_unpacked_where_it_is_read(quad):
    start = facts(cfa=Cfa("QRGGB"), black=(64.0,) * 16, white=(1023.0,) * 16) if quad else facts()
    found = plan(links("quad_bayer", "black_level", "demosaic", "tone"), start, bits=8, packing="raw10")
    assert found.passes[0].comes == "raw10"
    assert found.passes[0].steps[0].name == ("unpack" if quad else "black_level")
    assert all(work.comes != "raw10" for work in found.passes[1:])


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
    assert names(found.passes)[0][-1] == grey.stage.name + ".measure"
    assert found.passes[0].tallies and not found.passes[1].tallies


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


def test_what_the_file_knows_and_no_stage_puts_right_is_told():
    area = {"Top": 0, "Left": 0, "Bottom": 8, "Right": 8, "Plane": 0, "Planes": 1, "RowPitch": 1, "ColPitch": 1}
    flat = Opcode(2, "GainMap", area | {"MapOriginV": 0.0, "MapOriginH": 0.0, "MapSpacingV": 1.0, "MapSpacingH": 1.0})
    flat.parameters.update({"MapPlanes": 1, "Gains": np.full((1, 1, 1), 1.5, np.float32)})
    row = Opcode(1, "DeltaPerRow", area | {"Values": np.ones(8, np.float32)})
    others = (
        Opcode(3, "WarpRectilinear", {}),
        Opcode(1, "Unknown99", {}),
        Opcode(2, "Unknown98", {}, is_optional=True),
    )
    frame = facts(opcodes=(row, flat, flat, *others), defects=np.array([[1, 2]]))
    notes = [
        "opcode list 1 of the file is not applied: 1 DeltaPerRow, 1 Unknown99; put linearise first",
        "opcode list 2 of the file is not applied: 2 GainMap; put file_corrections behind black_level",
        "opcode list 3 of the file is not applied: 1 WarpRectilinear; lens and vignetting apply such",
        "1 known defects are not repaired; put defect_pixels before black_level",
    ]
    assert list(plan(links("black_level"), frame).notes) == notes
    assert list(plan(links("linearise", "black_level", "file_corrections"), frame).notes) == [
        "linearise: opcode list 1 of the file applied: 1 DeltaPerRow",
        "file_corrections: opcode list 2 of the file applied: 2 GainMap",
        "opcode list 1 of the file is not applied: 1 Unknown99",
        notes[2],
        notes[3],
    ]
