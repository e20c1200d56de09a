"""Bytes and operations of passes, by hand; a schedule changes none of them."""

import dataclasses
import math

import numpy as np
import pytest

from tenbit.kernels._count import operations
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.profile.traffic import traffic

_CHAIN = ("black_level", "demosaic", "tone", ("zebra", {"source": "max"}), "histogram")


@pytest.fixture
def frame():
    return Frame.from_mosaic(np.zeros((100, 200), np.uint16), black=64, white=1023)


def test_bytes_and_operations_of_one_pass(frame, planned):
    what = planned(frame, *_CHAIN)
    (one,) = traffic(what, frame.facts)
    assert (one.bytes_read, one.bytes_written) == (2 * 100 * 200, 3 * 100 * 200)
    steps = what.passes[0].steps
    assert one.operations == tuple(operations(step) * 100 * 200 for step in steps)
    # (count - black) * scale
    assert one.operations[0] == 2 * 100 * 200


def test_packed_samples_are_fewer_bytes(frame, planned):
    what = planned(frame, "black_level", "demosaic", packing="raw10")
    (one,) = traffic(what, frame.facts, packing="raw10")
    assert one.bytes_read == 1.25 * 100 * 200


def test_a_pass_reads_what_another_has_stored_at_its_size(frame, planned):
    what = planned(frame, "black_level", "demosaic", ("resize", {"scale": 0.5}), bits=16)
    every = traffic(what, frame.facts)
    assert len(every) == 3
    assert every[0].bytes_written == every[1].bytes_read == 3 * 4 * 100 * 200
    assert every[1].bytes_written == every[2].bytes_read == 3 * 4 * 100 * 100
    assert every[2].bytes_written == 3 * 2 * 50 * 100


def test_fused_or_not_the_operations_are_the_same(frame, planned):
    fused, apart = (traffic(planned(frame, *_CHAIN, fuse=fuse), frame.facts) for fuse in (True, False))
    assert len(apart) > len(fused)
    totals = [math.fsum(sum(one.operations) for one in every) for every in (fused, apart)]
    assert totals[0] == totals[1] > 0
    assert sum(one.bytes_read for one in apart) > sum(one.bytes_read for one in fused)


def test_cells_are_counted_by_the_pixels_that_they_average(frame, planned):
    facts = dataclasses.replace(frame.facts, rows=2160, cols=2880)
    large = Frame(np.zeros((2160, 2880), np.uint16), facts)
    what = planned(large, "black_level", "demosaic", "tone", "peaking")
    every = {
        step.name: (work, count)
        for work, one in zip(what.passes, traffic(what, facts), strict=True)
        for step, count in zip(work.steps, one.operations, strict=True)
    }
    # Cells of 2 x 2: two sums of two, which are added up, and a product.
    _, count = every["focus.light_cells"]
    assert count == pytest.approx(7 / 4 * 2160 * 2880)
    work, count = every["focus.slope"]
    assert work.shape == (1080, 1440)
    assert count == operations(next(step for step in work.steps if step.name == "focus.slope")) * 1080 * 1440
