"""Opcode list 2 on samples of 0 … 1, against the opcodes applied sample by sample as the specification says."""

import dataclasses

import numpy as np
import pytest
from opcode_samples import area, by_the_book, gain_map, lines, polynomial, table, trim

from tenbit.kernels._facts import Opcode
from tenbit.kernels.errors import StageError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.run import run

BAYER = ("RGGB", "GRBG", "GBRG", "BGGR")
rng = np.random.default_rng(8)


def signal(shape=(11, 14), seed=1, *, opcodes=(), cfa="RGGB", **facts):
    samples = np.random.default_rng(seed).random(shape, np.float32) * np.float32(1.1) - np.float32(0.05)
    frame = Frame.from_mosaic(samples, cfa=cfa)
    return dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, opcodes=tuple(opcodes), **facts))


def four_maps(rows, cols, *, points=(4, 5), spacing=None, origin=(0.0, 0.0)):
    """One map per site of a Bayer pattern, as cameras write them."""
    return tuple(
        gain_map(2, area(r, c, rows, cols, pitch=(2, 2)), 1 + rng.random(points) / 2, spacing=spacing, origin=origin)
        for r in (0, 1)
        for c in (0, 1)
    )


CASES = {
    "four maps": four_maps(11, 14),
    "maps inside": four_maps(11, 14, spacing=(0.2, 0.1), origin=(0.1, 0.3)),
    "maps of odd areas": (
        gain_map(2, area(1, 2, 9, 9), 1 + rng.random((2, 2))),
        gain_map(2, area(3, 0, 11, 14, pitch=(3, 2)), 1 + rng.random((5, 3))),
    ),
    "one point": (gain_map(2, area(0, 0, 11, 14), [[0.5]]),),
    "table": (table(2, area(0, 0, 11, 14), np.sqrt(np.arange(65536) / 65535) * 65535),),
    "polynomial": (polynomial(2, area(0, 0, 11, 13), 0.01, 0.5, 0.3, 0.1),),
    "lines": (
        lines(2, "DeltaPerRow", area(0, 0, 11, 14), rng.random(11) * 999),
        lines(2, "ScalePerColumn", area(0, 1, 11, 14, pitch=(2, 2)), rng.random(7) + 0.5),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_equals_the_specification(develop, case):
    frame = signal(opcodes=CASES[case])
    expected = frame.samples
    for opcode in CASES[case]:
        expected = by_the_book(expected, opcode)
    out = develop(frame, ("file_corrections", {}))
    # A square root is steep at 0: there the table's entries are far apart, and positions in it are float32.
    np.testing.assert_allclose(out.samples, expected, atol=2e-6)
    assert out.facts.opcodes == ()


@pytest.mark.parametrize("cfa", BAYER)
def test_a_map_per_site_in_one_step(develop, plain, cfa):
    frame = signal((9, 11), opcodes=four_maps(9, 11), cfa=cfa)
    expected = frame.samples
    for opcode in frame.facts.opcodes:
        expected = by_the_book(expected, opcode)
    out = develop(frame, ("file_corrections", {}))
    np.testing.assert_allclose(out.samples, expected, atol=5e-7)
    np.testing.assert_array_equal(out.samples, plain(frame, ("file_corrections", {})).samples)
    assert out.warnings == ("file_corrections: opcode list 2 of the file applied: 4 GainMap",)


def test_hand_worked_gains(develop):
    """Points at 0 and 1 of the height with gains 1 and 3: pixels lie at 1/8, 3/8, 5/8 and 7/8."""
    frame = Frame.from_mosaic(np.full((4, 4), 0.4, np.float32))
    opcode = gain_map(2, area(0, 0, 4, 4), [[1.0], [3.0]])
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, opcodes=(opcode,)))
    out = develop(frame, ("file_corrections", {})).samples
    np.testing.assert_allclose(out[:, 2], [0.5, 0.7, 0.9, 1.0], rtol=1e-6)


@pytest.mark.parametrize("opcodes", [(), (gain_map(2, area(0, 0, 11, 14), np.ones((3, 2))),), (trim(2, 0, 0, 11, 14),)])
def test_what_changes_nothing_changes_no_bit(develop, opcodes):
    frame = signal(opcodes=opcodes)
    np.testing.assert_array_equal(develop(frame, ("file_corrections", {})).samples, frame.samples)


def test_planes_have_a_map_each_or_share_the_last(develop, planes):
    gains = np.array([[[2.0, 3.0]]])
    frame = planes(np.full((3, 4, 3), 0.25), opcodes=(gain_map(2, area(0, 0, 3, 4, planes=3), gains),))
    out = develop(frame, ("file_corrections", {})).samples
    np.testing.assert_allclose(out, np.broadcast_to([0.5, 0.75, 0.75], (3, 4, 3)))


def test_noise_follows_the_gains(develop):
    opcodes = tuple(
        gain_map(2, area(r, c, 10, 10, pitch=(2, 2)), np.full((2, 2), gain))
        for (r, c), gain in zip(((0, 0), (0, 1), (1, 0), (1, 1)), (2.0, 1.0, 3.0, 1.5), strict=True)
    )
    frame = signal((10, 10), opcodes=opcodes, noise=((1e-3, 1e-5),))
    out = develop(frame, ("file_corrections", {})).facts.noise
    np.testing.assert_allclose(out, [[2e-3, 4e-5], [2e-3, 4e-5], [1.5e-3, 2.25e-5]])


def test_lists_1_and_2_with_levels_between(develop):
    """Counts are doubled, black 100 is taken off, and the gain makes 0.5 of a quarter of white."""
    opcodes = (polynomial(1, area(0, 0, 9, 9), 0, 2), gain_map(2, area(0, 0, 9, 9), [[2.0]]))
    opcodes += (Opcode(3, "WarpRectilinear", {}),)
    frame = Frame.from_mosaic(np.full((4, 6), 150, np.uint16), black=100, white=900)
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, opcodes=opcodes))
    out = develop(frame, ("linearise", {}), ("black_level", {}), ("file_corrections", {}))
    np.testing.assert_allclose(out.samples, 0.5, rtol=1e-6)
    assert [opcode.list for opcode in out.facts.opcodes] == [3]


def test_a_frame_that_is_no_longer_the_one_that_was_read_is_refused(develop):
    opcode = gain_map(2, area(0, 0, 12, 16), [[2.0]])
    for of_frame, ahead in (((12, 16, True), "demosaic"), ((24, 32, True), "exposure")):
        opcode.parameters["OfFrame"] = of_frame
        frame = signal((12, 16), opcodes=(opcode,))
        chain = [(ahead, {"method": "bilinear"} if ahead == "demosaic" else {}), ("file_corrections", {})]
        with pytest.raises(StageError, match="opcode list 2 of the file is of the frame as read"):
            develop(frame, *chain)
    opcode.parameters["OfFrame"] = (12, 16, True)
    np.testing.assert_allclose(
        develop(frame, ("file_corrections", {})).samples, np.minimum(2 * frame.samples, 1), rtol=1e-6
    )


def test_wrong_places_are_refused(develop):
    opcodes = four_maps(11, 14)
    counts = Frame.from_mosaic(np.ones((11, 14), np.uint16), black=64, white=1023)
    counts = dataclasses.replace(counts, facts=dataclasses.replace(counts.facts, opcodes=opcodes))
    with pytest.raises(StageError, match="put black_level before it"):
        develop(counts, ("file_corrections", {}))
    for late in ("white_balance", "exposure"):
        with pytest.raises(StageError, match=f"is of unbalanced samples; put it before {late}"):
            options = {"ev": 1.0} if late == "exposure" else {}
            develop(signal(opcodes=opcodes), (late, options), ("file_corrections", {}))


def test_the_maps_of_a_real_file(shared_data):
    """An action camera's four maps of 23 x 23 points: 1 in the middle, 1.6 to 2 in corners, on every site."""
    from tenbit.pipeline.raw.opcodes import parse_opcodes
    from tenbit.pipeline.raw.tiff import Tiff

    path = shared_data / "raw" / "gpr" / "gopro_gpr__data_samples_Hero6_GOPR0024.GPR"
    with path.open("rb") as stream:
        data = next(home.raw(51009) for home in Tiff(stream).directories if 51009 in home)
    opcodes = parse_opcodes(data, 2)
    frame = Frame.from_mosaic(np.full((60, 80), 0.25, np.float32))
    frame = dataclasses.replace(frame, facts=dataclasses.replace(frame.facts, opcodes=opcodes))
    out = run(frame, ["file_corrections"], device="cpu").samples
    expected = frame.samples
    for opcode in opcodes:
        expected = by_the_book(expected, opcode)
    np.testing.assert_allclose(out, expected, rtol=1e-6)
    np.testing.assert_allclose(out[29:31, 39:41], 0.25, rtol=0.01)
    assert (out[[0, 0, 1, 1, -1, -1, -2, -2], [0, 1, 0, 1, -1, -2, -1, -2]] > 0.4).all()
