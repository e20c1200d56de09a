"""What monitors do once the picture is finished: they measure it unpainted, paint by what it was, and share steps."""

import dataclasses

import numpy as np
import pytest

from tenbit.kernels import stage
from tenbit.kernels._cells import cells
from tenbit.kernels._facts import Facts
from tenbit.kernels._overlay import SEEN, Meter, Overlay
from tenbit.kernels._stage import PLANES, Access, Prepared, Stage, Step
from tenbit.kernels.errors import StageError
from tenbit.pipeline.device import CpuDevice
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, PlanError, plan
from tenbit.pipeline.run import run_plan

RGB = PLANES["display"]


@dataclasses.dataclass(frozen=True)
class Nothing:
    """No parameters."""


def green_of(red, green, blue):
    return green


def bright(green_plane):
    return 0 if green_plane > 0.5 else 1


def white_where_dark(red, green, blue, seen_red, seen_green, seen_blue):
    return (
        1.0 if seen_green < 0.5 else red,
        1.0 if seen_green < 0.5 else green,
        1.0 if seen_green < 0.5 else blue,
    )


def inverted(red, green, blue):
    return 1.0 - red, 1.0 - green, 1.0 - blue


def unchanged(red, green, blue):
    return red, green, blue


def monitor(name, body, *, reads=RGB, fails=False):
    """A stage that counts bright pixels of green, keeps cells of it, meters the picture's mean and paints."""

    def prepare(parameters, facts):
        steps = (
            Step("green", Access.POINT, green_of, RGB, ("green_plane",), is_shared=True),
            Step(f"{name}.count", Access.REDUCE, bright, ("green_plane",), (name,), counters=2),
            cells("green_cells", ("green_plane",), ("green_cells",), facts, 4),
        )

        def overlay(final):
            if fails:
                raise StageError("no such picture")
            meter = Meter(f"{name}_mean", lambda seen: (float(seen.picture.mean()), seen.planes["green_cells"].copy()))
            return Overlay((meter,), (Step(f"{name}.paint", Access.POINT, body, reads, RGB),))

        return Prepared(facts, steps, overlay=overlay, keeps=("green_cells",))

    return Link(Stage(name, Nothing, ("display",), prepare), Nothing(), f"chain[{name}]")


FIRST = monitor("first", inverted)
SECOND = monitor("second", white_where_dark, reads=(*RGB, *SEEN))


def picture(dtype):
    rng = np.random.default_rng(3)
    top = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    samples = (rng.random((10, 14, 3)) * top).astype(dtype)
    return Frame(samples, Facts(state="display", rows=10, cols=14, space="srgb"))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_it_is_measured_unpainted_and_painted_by_what_it_was(dtype):
    frame = picture(dtype)
    before = frame.samples.copy()
    bits = None if dtype == np.float32 else 8 * before.itemsize
    what = plan([FIRST, SECOND], frame.facts, bits=bits, came_bits=bits)
    done = run_plan(frame, what, CpuDevice(1))
    top = 1.0 if bits is None else float(np.iinfo(dtype).max)
    is_bright = before[..., 1].astype(np.float32) * np.float32(1 / top) > 0.5
    assert done.results["first"].tolist() == done.results["second"].tolist() == [is_bright.sum(), (~is_bright).sum()]
    for name in ("first_mean", "second_mean"):
        mean, small = done.results[name]
        assert mean == before.mean()
        assert small.shape == (2, 3)
        blocks = before[:8, :12, 1].reshape(2, 4, 3, 4).mean(axis=(1, 3)) / top
        np.testing.assert_allclose(small, blocks, atol=1e-6)
    expected = np.where(is_bright[..., None], top - before.astype(np.float64), top)
    np.testing.assert_allclose(done.samples, expected, atol=1e-6 if bits is None else 0)
    np.testing.assert_array_equal(frame.samples, before)


def test_steps_that_several_ask_for_are_done_once():
    what = plan([FIRST, SECOND], picture(np.uint8).facts, bits=8, came_bits=8)
    steps = [step.name for work in what.passes for step in work.steps]
    assert steps.count("green") == steps.count("green_cells") == 1
    assert what.keeps == ("green_cells",)
    assert [[step.name for step in work.steps] for work in what.paint_passes] == [
        ["unpack", "seen", "first.paint", "second.paint", "quantise"]
    ]


def test_code_values_that_nothing_paints_stay_what_they_are():
    for dtype, bits in ((np.uint8, 8), (np.uint16, 16)):
        codes = np.arange(2**bits, dtype=dtype).reshape(-1, 16, 1).repeat(3, axis=2)
        facts = Facts(state="display", rows=codes.shape[0], cols=16, space="srgb")
        nothing = monitor("nothing", unchanged)
        passes = plan([nothing], facts, bits=bits, came_bits=bits).paint_passes
        done = CpuDevice(1).begin(passes, {"rgb": codes}, ("rgb",)).finish()
        np.testing.assert_array_equal(done.arrays["rgb"], codes)


def test_an_overlay_that_cannot_be_is_a_fault_of_its_stage():
    with pytest.raises(PlanError, match=r"chain\[broken\]: no such picture"):
        plan([FIRST, monitor("broken", inverted, fails=True)], picture(np.uint8).facts)


def test_nothing_changes_the_picture_behind_a_monitor():
    size = Link(stage("crop"), stage("crop").parameters(rows=4, cols=4), "chain[1]")
    with pytest.raises(PlanError, match=r"chain\[1\]: crop changes the frame's size; put it before first"):
        plan([FIRST, size], picture(np.uint8).facts)
    with pytest.raises(PlanError, match="first stands twice"):
        plan([FIRST, FIRST], picture(np.uint8).facts)
    raw = Link(stage("histogram"), stage("histogram").parameters())
    mosaic = Frame.from_mosaic(np.zeros((8, 8), np.uint16), white=1023).facts
    with pytest.raises(PlanError, match="histogram stands twice"):
        plan([raw, raw], mosaic)


@pytest.mark.parametrize("name", ["false_colour", "zebra", "peaking", "histogram", "waveform", "parade", "vectorscope"])
def test_a_monitor_that_draws_nothing_is_one_too(name):
    unseen = Link(stage(name), stage(name).parameters(opacity=0.0))
    size = Link(stage("crop"), stage("crop").parameters(rows=4, cols=4))
    facts = picture(np.uint8).facts
    with pytest.raises(PlanError, match=f"put it before {name}"):
        plan([unseen, size], facts)
    with pytest.raises(PlanError, match=f"{name} stands twice"):
        plan([unseen, unseen], facts)


def test_what_is_drawn_on_a_turned_frame_is_told():
    facts = dataclasses.replace(picture(np.uint8).facts, orientation=6)
    histogram = Link(stage("histogram"), stage("histogram").parameters())
    loupe = Link(stage("loupe"), stage("loupe").parameters(at=(0.5, 0.5)))
    assert plan([histogram, loupe], facts).notes == (
        "histogram, loupe: drawn as the samples lie, and a viewer will turn the picture; put orient first",
    )
    assert not plan([Link(stage("orient"), stage("orient").parameters()), histogram], facts).notes


def test_monitors_of_the_mosaic_are_left_out_where_there_is_none():
    linear = dataclasses.replace(picture(np.uint8).facts, state="linear")
    chain = [Link(stage(name), stage(name).parameters()) for name in ("histogram", "zebra", "tone", "histogram")]
    what = plan(chain, linear)
    assert "histogram and zebra left out: the file is demosaiced already" in what.notes
    assert [layer.name for layer in what.overlay.layers] == ["histogram"]


def test_what_cannot_be_drawn_is_told():
    linear = dataclasses.replace(picture(np.uint8).facts, state="linear")
    mosaic = Frame.from_mosaic(np.zeros((8, 8), np.uint16), white=1023).facts
    histogram = [Link(stage("histogram"), stage("histogram").parameters(to=to)) for to in ("picture", "png")]
    assert plan(histogram[:1], mosaic).notes[-1:] == (
        "raw_histogram: measured, not drawn, for the picture is mosaic to the end; put tone before",
    )
    assert not any("not drawn" in note for note in plan(histogram[1:], mosaic).notes)
    assert not any("not drawn" in note for note in plan([], linear).notes)
