"""Where pixels came from: frames whose samples are their own places, so that the picture says it itself."""

import dataclasses

import numpy as np
import pytest
from opcode_samples import trim

from tenbit.kernels import stage
from tenbit.kernels._facts import Opcode
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Link, plan

SIZE = 64, 88
STEPS = 128.0
LENS = ("lens", {"distortion": (-0.08, 0.02, 0.0), "centre": (0.02, -0.01), "autoscale": True})
HALF = ("resize", {"scale": 0.5, "filter": "bilinear"})
BARE = [("black_level", {}), ("demosaic", {"method": "bilinear"})]


def links(steps):
    return [Link(stage(name), stage(name).parameters(**parameters)) for name, parameters in steps]


def places(axis, cfa, **facts):
    """A mosaic in which each sample is its own row (0) or column (1)."""
    samples = np.indices(SIZE)[axis].astype(np.float32)
    frame = Frame.from_mosaic(samples, cfa=cfa, white=STEPS)
    return dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **facts))


def differences(plain, steps, cfa="GBRG", inside=4, **facts):
    """What `came_from` says, less what green of the finished pixels says; away from the border, which is mirrored."""
    found = []
    for axis in (0, 1):
        done = plain(places(axis, cfa, **facts), *steps)
        came = done.facts.came_from(*np.indices((done.facts.rows, done.facts.cols)))[axis]
        found.append((came - done.samples[..., 1] * STEPS)[inside:-inside, inside:-inside])
    return np.stack(found)


@pytest.mark.parametrize("orientation", [1, 4, 5, 6])
def test_a_whole_chain_is_led_back(plain, orientation):
    """Trimmed by the file, binned, undistorted, cut, made smaller, turned and mirrored."""
    steps = [
        ("linearise", {}),
        ("black_level", {}),
        ("quad_bayer", {}),
        ("demosaic", {"method": "bilinear"}),
        LENS,
        ("crop", {}),
        HALF,
        ("orient", {}),
    ]
    known = {"opcodes": (trim(1, 4, 8, 60, 84),), "orientation": orientation, "crop": (6, 8, 48, 72)}
    assert np.abs(differences(plain, steps, "QGBRG", **known)).max() < 0.01


@pytest.mark.parametrize(
    ("steps", "most"),
    [
        ([("crop", {})], 1e-4),
        ([("orient", {"degrees": 90})], 1e-4),
        ([("orient", {"mirror": True})], 1e-4),
        ([("resize", {"rows": 37, "cols": 56, "filter": "bilinear"})], 0.15),
        ([LENS], 2e-3),
        ([("lens", {"distortion": (0.1, 0.0, 0.0), "red_scale": 1.002, "scale": 1.3})], 2e-3),
    ],
)
def test_each_stage_alone(plain, steps, most):
    assert np.abs(differences(plain, [*BARE, *steps], crop=(3, 5, 50, 70))).max() < most


def test_warps_of_the_file_with_tangential_terms(plain):
    table = np.array([(1.0, -0.03, 0.01, 0.0, 0.004, -0.003)])
    where = {"CenterX": 0.55, "CenterY": 0.45, "Names": ()}
    warp = Opcode(3, "WarpRectilinear", {"Planes": 1, "Coefficients": table, **where})
    assert np.abs(differences(plain, [*BARE, ("lens", {})], opcodes=(warp,), inside=10)).max() < 0.01


def test_a_marked_sample_is_found_again():
    """One bright sample at row 40, column 60, and the pixel in which it ends, by hand: cut at (10, 20), halved, turned.

    It lies at (30, 40) of the rectangle of 100 x 120, at (14.75, 19.75) of 50 x 60; turned clockwise row 19.75, column
    49 - 14.75.
    """
    frame = Frame.from_mosaic(np.zeros((120, 150), np.float32))
    facts = dataclasses.replace(frame.facts, crop=(10, 20, 100, 120))
    steps = [*BARE, ("crop", {}), ("resize", {"scale": 0.5}), ("orient", {"degrees": 90})]
    facts = plan(links(steps), facts).facts
    assert (facts.rows, facts.cols) == (60, 50)
    row, col = facts.came_from(np.array([19.75]), np.array([34.25]))
    assert (row.item(), col.item()) == (40, 60)
