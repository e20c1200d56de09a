"""Cells: means of squares of pixels, made on the way through the frame, the same whatever the schedule."""

import dataclasses
from functools import partial

import numpy as np
import pytest
from made_up.chains import frame_facts, given_as
from made_up.steps import at_first, detail, levels, side_of

from tenbit.kernels._cells import cell_of, cells
from tenbit.kernels._facts import Cfa
from tenbit.kernels._reference import run_step
from tenbit.kernels._schedule import Schedule
from tenbit.kernels._stage import PLANES, Access, Prepared, Stage, Step
from tenbit.pipeline import tiles
from tenbit.pipeline.device import CpuDevice, SimulatedDevice
from tenbit.pipeline.plan import Link, plan

RGB = PLANES["linear"]
WIDE = ("y_cells", "red_cells", "green_cells")


def grey(red, green, blue):
    return 0.25 * red + 0.5 * green + 0.25 * blue


def spread(m):
    return 0.5 * m(0, 0) + 0.25 * m(-1, 0) + 0.25 * m(1, 2)


def coloured(m):
    return m(0, 0), 0.5 * (m(0, -1) + m(0, 1)), 0.5 * (m(-1, 0) + m(1, 1))


def halved(red, green, blue):
    return 0.5 * red, 0.5 * green, 0.5 * blue


def stage_of(name, steps, after, keeps=()):
    prepared = Prepared(after, steps, keeps=keeps)
    return Link(Stage(name, object, ("mosaic", "display"), partial(given_as, prepared)), None)


def chain(rows, cols, cell, quads=4):
    """A mosaic's cells, and those of planes that are made of it; what looks at them; what has nothing to do with it."""
    raw, seen = frame_facts(Cfa("GRBG"), rows, cols), frame_facts(None, rows, cols)
    parts = cells("parts", ("y", "red"), WIDE[:2], seen, cell), cells("green", ("green",), WIDE[2:], seen, cell + 1)
    return raw, [
        stage_of("raw", (cells("raw", ("mosaic",), ("raw_cells",), raw, quads),), raw, ("raw_cells",)),
        stage_of("near", (Step("near", Access.STENCIL, spread, ("mosaic",), ("mosaic",), radius=2),), raw),
        stage_of("colour", (Step("colour", Access.STENCIL, coloured, ("mosaic",), RGB, radius=1),), seen),
        stage_of(
            "marks",
            (
                Step("grey", Access.POINT, grey, RGB, ("y",)),
                *parts,
                Step("detail", Access.STENCIL, detail, ("y_cells",), ("mask",), radius=1),
                Step("sides", Access.REDUCE, side_of, ("mask",), ("sides",), counters=2),
            ),
            seen,
            (*WIDE, "mask"),
        ),
        # Nothing to do with cells: one trip with what comes before them.
        stage_of("soft", (Step("soft", Access.STENCIL, at_first, ("y",), ("soft",), radius=2),), seen, ("soft",)),
        stage_of("levels", (Step("levels", Access.REDUCE, levels, RGB, ("levels",), counters=31),), seen),
        stage_of("half", (Step("half", Access.POINT, halved, RGB, RGB),), seen),
    ]


def by_definition(links, facts, samples):
    planes, counts = {"mosaic": samples}, {}
    for work in plan(links, facts, fuse=False).passes:
        (step,) = work.steps
        counted = run_step(step, planes, step.resolved(counts), work.period)
        if counted is not None:
            counts[step.writes[0]] = counted
    return planes, counts


def assert_as(expected, device, what, samples):
    planes, counts = expected
    found = device.begin(what.passes_for(device.target), {"mosaic": samples}, ("rgb", *what.keeps)).finish()
    for name in what.keeps:
        np.testing.assert_array_equal(found.arrays[name], planes[name], err_msg=name)
    np.testing.assert_array_equal(found.arrays["rgb"], np.stack([planes[p] for p in RGB], axis=-1))
    for name, count in counts.items():
        np.testing.assert_array_equal(found.counters[name], count)


def samples_of(rows, cols):
    return np.random.default_rng(rows + cols).uniform(-0.1, 1.1, (rows, cols)).astype(np.float32)


@pytest.mark.parametrize(
    ("rows", "cols", "cell"), [(13, 22, 3), (14, 17, 2), (12, 9, 1), (2, 3, 5), (31, 2, 7), (2, 40, 4)]
)
def test_cells_are_those_of_the_definition(rows, cols, cell):
    facts, links = chain(rows, cols, cell)
    samples, what = samples_of(rows, cols), plan(links, facts)
    expected = by_definition(links, facts, samples)
    assert_as(expected, CpuDevice(1), what, samples)
    assert_as(expected, CpuDevice(3, Schedule(scratch_bytes=1)), what, samples)


def test_a_card_looks_at_computed_places():
    facts, links = chain(6, 9, 2)
    samples, what = samples_of(6, 9), plan(links, facts)
    assert_as(by_definition(links, facts, samples), SimulatedDevice(), what, samples)
    assert not any(step.access is Access.CELLS for work in what.cuda_passes for step in work.steps)


@pytest.mark.parametrize("device", [CpuDevice(2), SimulatedDevice()], ids=["cpu", "cuda"])
def test_cells_that_are_counted_alone(device):
    # What is counted are the cells: the pass writes no array that would tell how many there are.
    facts = frame_facts(None, 8, 9)
    count = Step("sides", Access.REDUCE, side_of, ("means",), ("sides",), counters=2)
    what = plan([stage_of("few", (cells("few", ("green",), ("means",), facts, 3), count), facts)], facts)
    frame = {"rgb": np.full((8, 9, 3), 0.5, np.float32)}
    assert device.begin(what.passes_for(device.target), frame, ("rgb",)).finish().counters["sides"].tolist() == [6, 0]


def test_tiles_of_rows_begin_at_whole_cells():
    facts, links = chain(38, 4, 3)
    links = links[2:4]
    samples, what = samples_of(38, 4), plan(links, facts)
    assert tiles.why_not(what.cuda_passes, 38) is None
    # colour looks 1 pixel far, detail one cell.
    assert tiles.margin_of(what.cuda_passes) == 1 + 3
    parts = list(tiles.tiles(38, 12, 4, 12))
    assert [tile.first for tile in parts] == [0, 0, 12, 24]
    done = tiles._each(SimulatedDevice(), what.cuda_passes, {"mosaic": samples}, ("rgb", *what.keeps), parts, None)
    planes, counts = by_definition(links, facts, samples)
    for name in what.keeps:
        np.testing.assert_array_equal(done.arrays[name], planes[name], err_msg=name)
    np.testing.assert_array_equal(done.counters["sides"], counts["sides"])


def test_no_strip_and_no_band_shows_in_cells():
    for rows, cols, cell in ((301, 90, 3), (90, 700, 4), (64, 333, 13)):
        facts, links = chain(rows, cols, cell)
        samples, what = samples_of(rows, cols), plan(links, facts)
        planes = [(work, name) for work in what.passes for name in ("raw_cells", *WIDE) if name in work.small]
        assert len(planes) == 4
        whole = CpuDevice(1).begin(what.passes, {"mosaic": samples}, ("rgb", *what.keeps)).finish()
        thin = CpuDevice(5, Schedule(scratch_bytes=1))
        parts = thin.begin(what.passes, {"mosaic": samples}, ("rgb", *what.keeps)).finish()
        for name, array in whole.arrays.items():
            np.testing.assert_array_equal(parts.arrays[name], array, err_msg=name)


@pytest.mark.parametrize("size", [(12, 18), (3000, 4000)])
def test_cells_ride_and_what_looks_at_them_comes_after(size):
    # Of any size in the same passes: what is compiled for small frames serves large ones.
    facts, links = chain(*size, 3)
    first, small = plan(links, facts).passes
    assert [step.name for step in first.steps] == [
        *("raw", "near", "colour", "grey", "parts", "green", "soft", "levels", "half")
    ]
    assert [step.name for step in small.steps] == ["detail", "sides"]
    assert first.shape == size and small.shape == (size[0] // 3, size[1] // 3)


def test_means_by_hand():
    facts = dataclasses.replace(frame_facts(None, 5, 7))
    values = np.arange(35, dtype=np.float32).reshape(5, 7)
    step = cells("by_hand", ("green",), ("means",), facts, 2)
    what = plan([stage_of("by_hand", (step,), facts, ("means",))], facts)
    frame = {"rgb": np.stack([values] * 3, axis=-1)}
    found = CpuDevice(1).begin(what.passes, frame, ("rgb", "means")).finish().arrays["means"]
    assert found.tolist() == [[4, 6, 8], [18, 20, 22]]


@pytest.mark.parametrize(("rows", "cols", "cell"), [(3072, 4096, 3), (4096, 3072, 3), (1080, 1920, 1), (90, 60, 1)])
def test_a_picture_has_about_as_many_rows_of_cells_as_a_screen(rows, cols, cell):
    assert cell_of(frame_facts(None, rows, cols)) == cell
