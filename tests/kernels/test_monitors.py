"""Law 4: a monitor measures the picture, never another monitor's paint."""

import itertools

import numpy as np
import pytest

from tenbit.kernels._draw import COLOURS
from tenbit.kernels.errors import StageError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.outcome import as_json

MONITORS = {
    "peaking": {"colour": "green"},
    "zebra": {"high": 0.7, "low": 0.2},
    "histogram": {"size": 0.5},
}


@pytest.fixture
def frame(planes):
    """Boxes of random grey: edges in focus, lights and shadows. One block of threads: the simulator is slow."""
    boxes = np.kron(np.random.default_rng(1).random((2, 8)), np.ones((4, 4)))
    return planes(boxes[..., None] * np.array([1.0, 0.9, 0.8]), state="display", space="srgb")


def measured(out):
    return {name: as_json(result) for name, result in sorted(out.results.items()) if name in MONITORS}


@pytest.mark.parametrize("order", list(itertools.permutations(MONITORS)))
def test_measures_do_not_depend_on_the_other_monitors(develop, frame, order):
    alone = {}
    for name in MONITORS:
        alone |= measured(develop(frame, (name, MONITORS[name])))
    assert alone["peaking"]["share"] > 0.01
    assert min(alone["zebra"].values()) > 0.05
    assert measured(develop(frame, *[(name, MONITORS[name]) for name in order])) == alone


def test_masks_do_not_depend_on_the_other_monitors(develop, frame):
    """Peaking painted over zebra marks the very pixels that it marks alone."""
    green = np.array(COLOURS["green"], np.float32)
    zebra, peaking = ("zebra", MONITORS["zebra"]), ("peaking", MONITORS["peaking"])
    marks = (develop(frame, peaking).samples == green).all(axis=-1)
    stripes = develop(frame, zebra).samples
    assert marks.any()
    assert (stripes != frame.samples).any()
    expected = np.where(marks[..., None], green, stripes)
    np.testing.assert_array_equal(develop(frame, zebra, peaking).samples, expected)


def test_panels_lie_over_marks_and_what_comes_later_on_top(develop, frame):
    marks, panel = ("peaking", {"opacity": 0.5}), ("histogram", {"size": 0.5, "opacity": 1.0})
    first, last = develop(frame, panel, marks).samples, develop(frame, marks, panel).samples
    np.testing.assert_array_equal(first, last)
    zebra, colours = ("zebra", {"high": 0.5, "mid": 0.0}), ("false_colour", {"to": "none"})
    assert (develop(frame, zebra, colours).samples != develop(frame, colours, zebra).samples).any()


def test_counts_of_a_saved_picture_are_those_before_the_paint(develop, frame):
    bare = develop(frame, ("histogram", {"to": "none"}), bits=8)
    painted = develop(frame, *MONITORS.items(), bits=8)
    counts = painted.results["histogram"]
    for n, channel in enumerate(("red", "green", "blue")):
        np.testing.assert_array_equal(counts[channel], np.bincount(bare.samples[..., n].ravel(), minlength=256))


@pytest.mark.parametrize("name", list(MONITORS))
def test_monitors_stand_behind_tone(develop, name):
    mosaic = Frame.from_mosaic(np.zeros((8, 8), np.float32))
    with pytest.raises(StageError, match=f"{name} takes a (mosaic or )?display frame; here it is linear"):
        develop(mosaic, ("demosaic", {"method": "malvar"}), (name, {}))
