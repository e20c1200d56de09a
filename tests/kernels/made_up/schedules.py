"""A chain by the reference schedule and on a device, and what must be the same."""

import numpy as np

from tenbit.kernels._reference import run_step
from tenbit.kernels._stage import PLANES


def by_definition(what, planes):
    """The picture and the counts by the reference schedule."""
    planes, counts = dict(planes), {}
    for work in what.passes:
        (step,) = work.steps
        counted = run_step(step, planes, step.resolved(counts), work.period)
        if counted is not None:
            counts[step.writes[0]] = counted
    finished = [planes[plane] for plane in PLANES[what.facts.state]]
    picture = finished[0] if len(finished) == 1 else np.stack(finished, axis=-1)
    return picture.astype(what.passes[-1].dtype), counts


def done(device, what, frame):
    """The picture and the counts on a device."""
    name = "mosaic" if what.facts.state == "mosaic" else "rgb"
    out = device.begin(what.passes_for(device.target), frame, (name,)).finish()
    return out.arrays[name], out.counters


def assert_same(found, expected):
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[0].dtype == expected[0].dtype and set(found[1]) == set(expected[1])
    for name, counts in expected[1].items():
        np.testing.assert_array_equal(found[1][name], counts, err_msg=name)
