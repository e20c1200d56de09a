"""Zebra of raw samples against numpy on the mosaic, and where its colours lie on the finished picture."""

import dataclasses

import numpy as np
import pytest
from conftest import links

from tenbit.kernels._draw import COLOURS
from tenbit.kernels._facts import Cfa, Opcode
from tenbit.kernels._optics import Correction
from tenbit.kernels.errors import StageError
from tenbit.pipeline.device import choose
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import plan
from tenbit.pipeline.run import begin

BLACK, WHITE = 64.0, 1000.0
DEVELOPED = [
    ("black_level", {}),
    ("demosaic", {"method": "bilinear"}),
    ("tone", {"curve": "linear"}),
    ("crop", {}),
    ("orient", {}),
]


def colours(shape, cfa):
    pattern = np.array(Cfa(cfa).sites).reshape(Cfa(cfa).period, -1)
    rows, cols = np.indices(shape) % len(pattern)
    return pattern[rows, cols]


def mosaic(samples, cfa="RGGB", **facts):
    frame = Frame.from_mosaic(np.asarray(samples, np.uint16), cfa=cfa, black=BLACK, white=WHITE, neutral=(1, 1, 1))
    return dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, **facts))


@pytest.mark.parametrize("cfa", ["RGGB", "GRBG", "GBRG", "BGGR", "QRGGB", "QGBRG"])
def test_shares_of_each_channel_are_exact(develop, cfa):
    samples = np.random.default_rng(1).integers(900, 1024, (13, 18))
    # Each channel has a white level of its own.
    whites = tuple((960.0, 980.0, 1000.0)[colour] for colour in Cfa(cfa).sites)
    frame = mosaic(samples, cfa, white=whites)
    is_of = colours(samples.shape, cfa)
    clip = np.array([960.0, 980.0, 1000.0])
    clip = (clip - 0.02 * (clip - BLACK))[is_of]
    gone = samples >= clip
    expected = {name: gone[is_of == n].mean() for n, name in enumerate(("red", "green", "blue"))}
    zebra = ("zebra", {"margin": 0.02, "opacity": 0.0})
    raw = develop(frame, zebra)
    assert raw.results["raw_zebra"] == expected | {"any": gone.mean()}
    np.testing.assert_array_equal(raw.samples, samples)
    if not Cfa(cfa).is_quad:
        behind = develop(frame, ("black_level", {}), zebra)
        assert behind.results["raw_zebra"] == expected | {"any": gone.mean()}


def test_by_hand(develop):
    """One red of four and both blues of a 4 x 4 mosaic reach white; a percent under it is as good."""
    samples = np.full((4, 4), 500)
    samples[0, 0], samples[1, 1], samples[1, 3] = 1000, 991, 1023
    samples[3, 1], samples[3, 3] = 990, 64
    found = develop(mosaic(samples), ("zebra", {"opacity": 0.0})).results["raw_zebra"]
    assert found == {"red": 1 / 4, "green": 0, "blue": 2 / 4, "any": 3 / 16}


def test_the_floor_is_where_green_is_its_own_noise(develop):
    """scale 0.04, offset 0.0021: s² = 0.04 s + 0.0021 at 0.07, which is 129.5 counts."""
    samples = np.full((4, 6), 100)
    samples[:, 3:] = 130
    samples[0, 5] = 129  # a green one
    frame = mosaic(samples, noise=((0.04, 0.0021),))
    out = develop(frame, ("zebra", {"floor": True, "opacity": 0.0}))
    assert out.results["raw_zebra_floor"] == 7 / 12
    told = develop(mosaic(samples), ("zebra", {"floor": True, "opacity": 0.0}))
    assert "raw_zebra_floor" not in told.results
    assert "zebra: the file says nothing of its noise: no floor is marked" in told.warnings


def test_equals_plain_python(develop, plain):
    frame = mosaic(np.random.default_rng(2).integers(60, 1024, (8, 12)), noise=((0.01, 0.001),))
    zebra = ("zebra", {"floor": True})
    there, here = develop(frame, zebra), plain(frame, zebra)
    assert there.results == here.results
    np.testing.assert_array_equal(there.samples, here.samples)


host = pytest.mark.parametrize("target", ["cpu"], indirect=True)
# Which channels are gone, and the colour that says so.
SETS = [
    ("r", "red"), ("g", "green"), ("b", "blue"), ("rg", "yellow"), ("rb", "magenta"), ("gb", "cyan"), ("rgb", "black"),
]  # fmt: skip


@host
def test_colour_tells_which_channels_are_gone(develop):
    """Squares of 16 px; stripes so wide that they cover all."""
    samples = np.full((16, 16 * len(SETS)), 300)
    is_of = colours(samples.shape, "RGGB")
    for n, (gone, _) in enumerate(SETS):
        for letter in gone:
            part = samples[:, 16 * n : 16 * n + 16]
            part[is_of[:, 16 * n : 16 * n + 16] == "rgb".index(letter)] = 1000
    frame = mosaic(samples, orientation=3, crop=(0, 0, 16, 16 * len(SETS) - 1))
    out = develop(frame, ("zebra", {"duty": 1.0, "opacity": 1.0}), *DEVELOPED).samples[:, ::-1]
    for n, (_, name) in enumerate(SETS):
        found = out[2:14, 16 * n + 2 : 16 * n + 14].reshape(-1, 3)
        assert (np.abs(found - np.array(COLOURS[name])) <= 1e-6).all(), name


@host
@pytest.mark.parametrize("orientation", [6, 7])
def test_marks_lie_where_the_samples_went(develop, orientation):
    """A clipped square at rows 40 to 59, columns 20 to 49, cut and turned."""
    samples = np.full((100, 120), 300)
    samples[40:60, 20:50] = 1000
    frame = mosaic(samples, orientation=orientation, crop=(10, 11, 80, 100))
    out = develop(frame, ("zebra", {"duty": 1.0, "opacity": 1.0}), *DEVELOPED).samples
    marked = (out == 0).all(axis=-1)
    expected = np.zeros((80, 100), bool)
    expected[30:50, 9:39] = True
    expected = {6: np.rot90(expected, -1), 7: expected[::-1, ::-1].T}[orientation]
    np.testing.assert_array_equal(marked, expected)


def test_nothing_is_drawn_on_what_is_no_picture():
    frame = mosaic(np.full((8, 8), 1000))
    assert plan(links([("zebra", {}), *DEVELOPED]), frame.facts).overlay.layers
    assert not plan(links([("zebra", {}), *DEVELOPED[:2]]), frame.facts).overlay.layers


@host
def test_white_itself_is_clipped_behind_black_level(develop):
    """Less black, times a rounded reciprocal, white is 1 or the float32 below it: it counts with no margin too."""
    for black, white in ((52.0, 951.0), (67.0, 1020.0), (49.0, 16383.0), (64.0, 1023.0)):
        samples = np.full((4, 4), white)
        samples[0, 0] -= 1
        frame = mosaic(samples, black=(black,) * 4, white=(white,) * 4)
        out = develop(frame, ("black_level", {}), ("zebra", {"margin": 0.0, "opacity": 0.0}))
        assert out.results["raw_zebra"] == {"red": 3 / 4, "green": 1, "blue": 1, "any": 15 / 16}


@host
def test_codes_of_a_table_are_refused(develop):
    """They are not on the scale of the white level."""
    frame = mosaic(np.zeros((8, 8)), opcodes=(Opcode(1, "LinearizationTable", {}),))
    with pytest.raises(StageError, match=r"zebra: samples are codes until .*; put linearise before it"):
        develop(frame, ("zebra", {}))


@host
@pytest.mark.parametrize(
    ("facts", "steps", "before"),
    [
        ({}, [("black_level", {}), ("white_balance", {})], "white_balance"),
        ({}, [("black_level", {}), ("exposure", {"ev": 1.0})], "exposure"),
        (
            {"corrections": (Correction("vignetting", "a profile", "made up"),)},
            [],
            r"what has undone vignetting \(a profile\)",
        ),
    ],
)
def test_multiplied_samples_are_refused(develop, facts, steps, before):
    text = f"zebra: on a mosaic it goes by the sensor's own white levels; put it before {before}"
    with pytest.raises(StageError, match=text):
        develop(mosaic(np.zeros((8, 8)), **facts), *steps, ("zebra", {}))


def test_packed_samples_are_the_same():
    """Four samples of RAW10: their high bytes, then a byte with the low two bits of each."""
    samples = np.random.default_rng(3).integers(700, 1024, (12, 16))
    groups = samples.reshape(12, 4, 4)
    low = (groups % 4 * 4 ** np.arange(4)).sum(axis=-1, keepdims=True)
    packed = np.concatenate([groups // 4, low], axis=-1).reshape(12, 20).astype(np.uint8)
    found = []
    for frame in (mosaic(samples), dataclasses.replace(mosaic(samples), samples=packed, packing="raw10")):
        what = plan(links([("zebra", {}), ("black_level", {})]), frame.facts, packing=frame.packing)
        begun = begin(frame, what, choose("cpu")[0])
        found.append((begun.finish(), begun.pending.finish().arrays))
    (plain, planes), (there, its_planes) = found
    assert there.results == plain.results
    np.testing.assert_array_equal(there.samples, plain.samples)
    np.testing.assert_array_equal(its_planes["raw_zebra_gone_cells"], planes["raw_zebra_gone_cells"])
    assert planes["raw_zebra_gone_cells"].any()
